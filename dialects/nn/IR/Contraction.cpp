//===- Contraction.cpp - The loops of a sum of products -------------------===//

#include "dialects/nn/IR/Contraction.h"
#include "dialects/nn/IR/NNTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

using Names = SmallVector<StringRef>;

static Error patternError(StringRef pattern, const Twine &what) {
  return Error("", ("pattern '" + pattern + "' " + what).str());
}

/// Names between spaces, each once.
static Result<Names> parseNames(StringRef text, StringRef pattern) {
  Names names;
  auto isNameChar = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  while (!(text = text.ltrim(' ')).empty()) {
    StringRef name = text.take_while(isNameChar);
    if (name.empty())
      return patternError(pattern,
                          "has an unexpected '" + text.take_front(1) + "'");
    if (llvm::is_contained(names, name))
      return patternError(pattern,
                          "has the axis '" + name + "' twice in a row");
    names.push_back(name);
    text = text.drop_front(name.size());
  }
  return names;
}

Result<Contraction> nn::parseContraction(StringRef pattern,
                                         ArrayRef<int64_t> aShape,
                                         ArrayRef<int64_t> bShape) {
  auto [operands, resultText] = pattern.split("->");
  auto [aText, bText] = operands.split(',');
  if (pattern.count("->") != 1 || operands.count(',') != 1)
    return patternError(pattern, "expects the form 'axes, axes -> axes'");
  Result<Names> a = parseNames(aText, pattern), b = parseNames(bText, pattern),
                result = parseNames(resultText, pattern);
  for (auto *side : {&a, &b, &result})
    if (!*side)
      return side->takeErrors();
  for (auto [names, shape] : {std::pair(&*a, aShape), std::pair(&*b, bShape)})
    if (names->size() != shape.size())
      return patternError(pattern, "has " + Twine(names->size()) +
                                       " axes for shape " + shapeText(shape));

  Names loops = *result;
  for (const Names &names : {*a, *b})
    for (StringRef name : names)
      if (!llvm::is_contained(loops, name))
        loops.push_back(name);
  Contraction contraction;
  contraction.resultRank = result->size();
  for (auto [loop, name] : llvm::enumerate(loops)) {
    std::optional<int64_t> size;
    bool first = true;
    for (auto [names, shape] :
         {std::pair(&*a, aShape), std::pair(&*b, bShape)}) {
      auto at = llvm::find(*names, name);
      if (at == names->end())
        continue;
      first &= at == names->begin();
      int64_t here = shape[at - names->begin()];
      if (size && *size != here)
        return patternError(
            pattern, "has axis '" + name + "' in two sizes, for shapes " +
                         shapeText(aShape) + " and " + shapeText(bShape));
      size = here;
    }
    if (!size)
      return patternError(pattern,
                          "has the axis '" + name + "' in the result only");
    if (ShapedType::isDynamic(*size) &&
        !(first && loop == 0 && !result->empty()))
      return patternError(pattern,
                          "moves or sums the dynamic axis '" + name + "'");
    contraction.sizes.push_back(*size);
  }
  auto loopsOf = [&](const Names &names, SmallVector<unsigned> &to) {
    for (StringRef name : names)
      to.push_back(llvm::find(loops, name) - loops.begin());
  };
  loopsOf(*a, contraction.aLoops);
  loopsOf(*b, contraction.bLoops);
  return contraction;
}
