//===- Rearrangement.cpp - Parsing and composing patterns -----------------===//

#include "dialects/nn/IR/Rearrangement.h"
#include "dialects/nn/IR/NNTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {
/// One side of a pattern: axes in order, each a list of names; `...` is an axis
/// of that one name, and "1" an axis of no name.
using Side = SmallVector<SmallVector<StringRef, 2>>;
constexpr StringLiteral kRest = "...";

bool isNameChar(char c) { return llvm::isAlnum(c) || c == '_'; }

Result<Side> parseSide(StringRef text, StringRef pattern) {
  Side side;
  bool inGroup = false, hasRest = false;
  auto fail = [&](const Twine &what) {
    return Error("", ("pattern '" + pattern + "' " + what).str());
  };
  auto add = [&](StringRef name) {
    if (!inGroup)
      side.emplace_back();
    if (name != "1")
      side.back().push_back(name);
  };
  while (!(text = text.ltrim(' ')).empty()) {
    if (text.consume_front("(")) {
      if (inGroup)
        return fail("has a '(' inside a group");
      inGroup = true;
      side.emplace_back();
    } else if (text.consume_front(")")) {
      if (!inGroup)
        return fail("has a ')' without its '('");
      inGroup = false;
    } else if (text.consume_front(kRest)) {
      if (inGroup || hasRest)
        return fail("may have one '...' on each side, outside of groups");
      hasRest = true;
      add(kRest);
    } else {
      StringRef name = text.take_while(isNameChar);
      if (name.empty())
        return fail("has an unexpected '" + text.take_front(1) + "'");
      if (name != "1" && llvm::isDigit(name.front()))
        return fail("has the axis '" + name + "': only 1 is a size");
      add(name);
      text = text.drop_front(name.size());
    }
  }
  if (inGroup)
    return fail("lacks a ')'");
  return side;
}

/// Replaces `...` by one axis per unnamed leading axis. The names that stand
/// for them can not be written by a user.
void expandRest(Side &side, unsigned count) {
  static const char *const kNames[] = {".0",  ".1",  ".2",  ".3", ".4",  ".5",
                                       ".6",  ".7",  ".8",  ".9", ".10", ".11",
                                       ".12", ".13", ".14", ".15"};
  auto *rest = llvm::find_if(side, [](const auto &axis) {
    return axis.size() == 1 && axis[0] == kRest;
  });
  if (rest == side.end())
    return;
  Side replacement;
  for (unsigned i = 0; i < count; ++i)
    replacement.push_back({StringRef(kNames[i])});
  auto *at = side.erase(rest);
  side.insert(at, replacement.begin(), replacement.end());
}
} // namespace

SmallVector<unsigned> Rearrangement::permutation() const {
  SmallVector<unsigned> order;
  for (ArrayRef<unsigned> axis : resultAxes)
    order.append(axis.begin(), axis.end());
  return order;
}

bool Rearrangement::isPermutationIdentity() const {
  return llvm::is_sorted(permutation());
}

int64_t Rearrangement::innermostKept() const {
  SmallVector<unsigned> order = permutation();
  int64_t kept = 1;
  for (size_t n = order.size(); n-- > 0 && order[n] == n;) {
    if (ShapedType::isDynamic(sizes[n]))
      break;
    kept *= sizes[n];
  }
  return kept;
}

Result<Rearrangement> nn::parseRearrangement(StringRef pattern,
                                             DictionaryAttr sizes,
                                             ArrayRef<int64_t> shape) {
  auto fail = [&](const Twine &what) {
    return Error("", ("pattern '" + pattern + "' " + what).str());
  };
  auto [leftText, rightText] = pattern.split("->");
  if (!pattern.contains("->") || rightText.contains("->"))
    return fail("expects one '->'");
  Result<Side> left = parseSide(leftText, pattern);
  if (!left)
    return left.takeErrors();
  Result<Side> right = parseSide(rightText, pattern);
  if (!right)
    return right.takeErrors();

  auto isRest = [](const auto &axis) {
    return axis.size() == 1 && axis[0] == kRest;
  };
  bool leftRest = llvm::any_of(*left, isRest);
  if (leftRest != llvm::any_of(*right, isRest))
    return fail("has '...' on one side only");
  size_t named = left->size() - leftRest;
  if (leftRest ? named > shape.size() : named != shape.size())
    return fail("has " + Twine(named) + (leftRest ? " axes or more" : " axes") +
                ", but the value has shape " + shapeText(shape));
  if (leftRest) {
    if (shape.size() - named > 16)
      return fail("expects at most 16 axes under '...', but got " +
                  Twine(shape.size() - named));
    expandRest(*left, shape.size() - named);
    expandRest(*right, shape.size() - named);
  }

  Rearrangement result;
  llvm::StringMap<unsigned> numbers;
  // Sizes given by name, and the one of each group that follows from the rest.
  for (auto [axis, total] : llvm::zip_equal(*left, shape)) {
    SmallVector<unsigned, 2> &elementary = result.operandAxes.emplace_back();
    int64_t known = 1;
    std::optional<unsigned> open;
    for (StringRef name : axis) {
      unsigned number = result.sizes.size();
      if (!numbers.try_emplace(name, number).second)
        return fail("has the axis '" + name + "' twice on the left");
      elementary.push_back(number);
      Attribute given = sizes ? sizes.get(name) : Attribute();
      if (!given) {
        if (open)
          return fail("needs the size of '" + name +
                      "' or of another axis of "
                      "its group");
        open = number;
        result.sizes.push_back(0);
        continue;
      }
      auto size = dyn_cast<IntegerAttr>(given);
      if (!size || size.getValue().getSignificantBits() > 64 ||
          size.getInt() <= 0 || llvm::MulOverflow(known, size.getInt(), known))
        return fail("expects the size of '" + name +
                    "' to be a positive "
                    "integer");
      result.sizes.push_back(size.getInt());
    }
    if (ShapedType::isDynamic(total)) {
      if (axis.size() != 1 || !open)
        return fail("may not split, name or give a size to a dynamic axis "
                    "other than by one name");
      result.sizes[*open] = total;
      continue;
    }
    if (open ? total % known != 0 : total != known)
      return fail("splits an axis of " + Twine(total) +
                  " by sizes of product " + Twine(known));
    if (open)
      result.sizes[*open] = total / known;
  }
  if (sizes)
    for (NamedAttribute size : sizes)
      if (!numbers.contains(size.getName()))
        return fail("has no axis '" + size.getName().getValue() +
                    "', but its size is given");

  llvm::SmallVector<bool> seen(result.sizes.size());
  for (auto [position, axis] : llvm::enumerate(*right)) {
    SmallVector<unsigned, 2> &elementary = result.resultAxes.emplace_back();
    int64_t total = 1;
    for (StringRef name : axis) {
      auto number = numbers.find(name);
      if (number == numbers.end())
        return fail("has the axis '" + name + "' on the right only");
      if (seen[number->second])
        return fail("has the axis '" + name + "' twice on the right");
      seen[number->second] = true;
      elementary.push_back(number->second);
      int64_t size = result.sizes[number->second];
      if (ShapedType::isDynamic(size)) {
        if (axis.size() != 1 || position != 0)
          return fail("moves or merges the dynamic axis '" + name + "'");
        total = size;
      } else if (llvm::MulOverflow(total, size, total)) {
        return fail("merges axes into one of more than 63 bits");
      }
    }
    result.resultShape.push_back(total);
  }
  for (const auto &entry : numbers)
    if (!seen[entry.second])
      return fail("has the axis '" + entry.first() + "' on the left only");
  return result;
}

/// Splits both factorizations of one size until they are the same; nothing
/// where neither divides the other on the way.
static std::optional<SmallVector<int64_t>> refine(SmallVector<int64_t> a,
                                                  SmallVector<int64_t> b) {
  SmallVector<int64_t> reversed;
  while (!a.empty() && !b.empty()) {
    int64_t x = a.pop_back_val(), y = b.pop_back_val();
    if (x == y) {
      reversed.push_back(x);
    } else if (x % y == 0) {
      reversed.push_back(y);
      a.push_back(x / y);
    } else if (y % x == 0) {
      reversed.push_back(x);
      b.push_back(y / x);
    } else {
      return std::nullopt;
    }
  }
  // What is left over are axes of size 1.
  return SmallVector<int64_t>(llvm::reverse(reversed));
}

std::optional<RearrangementText> nn::compose(const Rearrangement &first,
                                             const Rearrangement &second) {
  // Refined parts of each elementary axis of either movement, as numbers of
  // new names. An axis of size 1 needs no name.
  SmallVector<SmallVector<unsigned>> ofFirst(first.sizes.size()),
      ofSecond(second.sizes.size());
  SmallVector<int64_t> sizes;
  for (auto [made, taken] :
       llvm::zip_equal(first.resultAxes, second.operandAxes)) {
    if (made.size() == 1 && ShapedType::isDynamic(first.sizes[made[0]])) {
      ofFirst[made[0]] = ofSecond[taken[0]] = {unsigned(sizes.size())};
      sizes.push_back(ShapedType::kDynamic);
      continue;
    }
    SmallVector<int64_t> a, b;
    for (unsigned axis : made)
      if (first.sizes[axis] != 1)
        a.push_back(first.sizes[axis]);
    for (unsigned axis : taken)
      if (second.sizes[axis] != 1)
        b.push_back(second.sizes[axis]);
    std::optional<SmallVector<int64_t>> parts = refine(a, b);
    if (!parts)
      return std::nullopt;
    auto deal = [&](ArrayRef<unsigned> axes, ArrayRef<int64_t> axisSizes,
                    SmallVector<SmallVector<unsigned>> &into) {
      size_t next = 0;
      for (unsigned axis : axes)
        for (int64_t left = axisSizes[axis]; left != 1; ++next) {
          into[axis].push_back(sizes.size() + next);
          left /= (*parts)[next];
        }
    };
    deal(made, first.sizes, ofFirst);
    deal(taken, second.sizes, ofSecond);
    sizes.append(*parts);
  }

  RearrangementText text;
  auto write = [&](const auto &axes, const auto &parts) {
    for (auto [i, axis] : llvm::enumerate(axes)) {
      SmallVector<std::string> names;
      for (unsigned elementary : axis)
        for (unsigned part : parts[elementary])
          names.push_back("a" + std::to_string(part));
      text.pattern += i ? " " : "";
      text.pattern += names.empty()       ? "1"
                      : names.size() == 1 ? names[0]
                                          : "(" + llvm::join(names, " ") + ")";
    }
  };
  write(first.operandAxes, ofFirst);
  text.pattern += " -> ";
  write(second.resultAxes, ofSecond);
  for (auto [i, size] : llvm::enumerate(sizes))
    if (!ShapedType::isDynamic(size))
      text.sizes.emplace_back("a" + std::to_string(i), size);
  return text;
}
