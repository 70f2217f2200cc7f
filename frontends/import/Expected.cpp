//===- Expected.cpp - The tensors that a config asks for ------------------===//
//
// A cell says how a weight is made of stored tensors. Here it is followed the
// other way: from the weight's shape to those of the tensors.
//
//===----------------------------------------------------------------------===//

#include "frontends/import/Expected.h"
#include "frontends/arch/Config.h"
#include "support/Text.h"
#include <algorithm>
#include <map>
#include <sstream>

using namespace tombolo;
using namespace tombolo::arch;

namespace {

/// A size, or the least it can be: a slice without an end says no more.
struct Size {
  int64_t value;
  bool exact;
};
using Sizes = std::vector<Size>;

/// What a cell does to a stored tensor, outermost last.
struct Step {
  std::vector<Subscript> subscripts;
  /// Of a rearrangement; empty: a slice.
  std::string pattern;
  std::map<std::string, int64_t> sizes;
};

struct NamedTensor : Tensor {
  std::string describe() const override { return "tensor '" + name + "'"; }
  std::string name;
  std::vector<Step> steps;
};

std::shared_ptr<NamedTensor> namedIn(const Value &value) {
  auto tensor = std::dynamic_pointer_cast<const NamedTensor>(value.asTensor());
  return tensor ? std::make_shared<NamedTensor>(*tensor) : nullptr;
}

/// Cells as chains of steps; weights have no values.
class Cells : public TensorDomain {
public:
  bool namesTensors() const override { return true; }
  Value tensorNamed(Evaluator &, const std::string &name,
                    const Loc &) override {
    auto tensor = std::make_shared<NamedTensor>();
    tensor->name = prefix + name;
    return Value::of(std::move(tensor));
  }
  Value slice(Evaluator &evaluator, const Loc &loc, const Value &value,
              const std::vector<Subscript> &subscripts) override {
    std::shared_ptr<NamedTensor> tensor = namedIn(value);
    if (!tensor)
      return cannot(evaluator, loc);
    tensor->steps.push_back({subscripts, "", {}});
    return Value::of(std::move(tensor));
  }
  Value call(Evaluator &evaluator, const OpCall &call) override {
    if (call.name == "rearrange" && call.operands[1].asString()) {
      std::shared_ptr<NamedTensor> tensor = namedIn(call.operands[0]);
      if (!tensor)
        return cannot(evaluator, call.loc);
      Step step;
      step.pattern = *call.operands[1].asString();
      for (const auto &[name, value] : call.attributes)
        if (value.asInt())
          step.sizes[name] = *value.asInt();
      tensor->steps.push_back(std::move(step));
      return Value::of(std::move(tensor));
    }
    // Arithmetic with numbers leaves shapes alone.
    Value only;
    for (const Value &operand : call.operands) {
      if (operand.isNumber())
        continue;
      if (!only.isNone() || !operand.asTensor() || call.name == "concat")
        return cannot(evaluator, call.loc);
      only = operand;
    }
    return only;
  }
  Value weight(Evaluator &evaluator, const RowDecl &, const Loc &loc) override {
    return cannot(evaluator, loc);
  }

  std::string prefix;

private:
  static Value cannot(Evaluator &evaluator, const Loc &loc) {
    return evaluator.fail(loc, "the shapes of the tensors in this cell do not "
                               "follow from the weight's");
  }
};

std::optional<Sizes> beforeSlice(const std::vector<Subscript> &subscripts,
                                 const Sizes &out) {
  Sizes in;
  size_t at = 0;
  for (const Subscript &subscript : subscripts) {
    int64_t begin = subscript.begin.value_or(0);
    if (subscript.isIndex) {
      in.push_back({begin < 0 ? -begin : begin + 1, false});
      continue;
    }
    if (at == out.size())
      return std::nullopt;
    Size size = out[at++];
    int64_t step = subscript.step.value_or(1);
    if (step == 1 && !subscript.begin && !subscript.end)
      in.push_back(size);
    else if (begin < 0) // the last so many
      in.push_back({-begin, false});
    else if (subscript.end && *subscript.end < 0)
      in.push_back({begin + size.value - *subscript.end, step == 1});
    else if (subscript.end)
      in.push_back({*subscript.end, false});
    else
      in.push_back(
          {begin + (size.value - 1) * step + 1, size.exact && step == 1});
  }
  in.insert(in.end(), out.begin() + at, out.end());
  return in;
}

/// The groups of one side of a pattern.
std::vector<std::vector<std::string>> groupsOf(const std::string &side) {
  std::vector<std::vector<std::string>> groups;
  std::string spaced;
  for (char c : side)
    spaced +=
        c == '(' || c == ')' ? std::string(" ") + c + " " : std::string(1, c);
  std::istringstream words(spaced);
  bool open = false;
  for (std::string word; words >> word;) {
    if (word == "(") {
      groups.emplace_back();
      open = true;
    } else if (word == ")") {
      open = false;
    } else if (open) {
      groups.back().push_back(word);
    } else {
      groups.push_back({word});
    }
  }
  return groups;
}

std::optional<Sizes> beforeRearrange(const Step &step, const Sizes &out) {
  size_t arrow = step.pattern.find("->");
  if (arrow == std::string::npos)
    return std::nullopt;
  auto left = groupsOf(step.pattern.substr(0, arrow));
  auto right = groupsOf(step.pattern.substr(arrow + 2));
  std::map<std::string, Size> sizes;
  for (const auto &[name, size] : step.sizes)
    sizes[name] = {size, true};
  std::map<std::string, Sizes> dots;
  size_t at = 0;
  for (const auto &group : right) {
    if (group == std::vector<std::string>{"..."}) {
      if (right.size() - 1 > out.size())
        return std::nullopt;
      size_t count = out.size() - (right.size() - 1);
      dots["..."] = Sizes(out.begin() + at, out.begin() + at + count);
      at += count;
      continue;
    }
    if (at == out.size())
      return std::nullopt;
    Size size = out[at++];
    std::string open;
    for (const std::string &name : group) {
      if (name == "1")
        continue;
      auto known = sizes.find(name);
      if (known != sizes.end())
        size.value /= std::max<int64_t>(known->second.value, 1);
      else if (open.empty())
        open = name;
      else
        return std::nullopt;
    }
    if (!open.empty())
      sizes[open] = size;
  }
  Sizes in;
  for (const auto &group : left) {
    if (group == std::vector<std::string>{"..."}) {
      in.insert(in.end(), dots["..."].begin(), dots["..."].end());
      continue;
    }
    Size size{1, true};
    for (const std::string &name : group) {
      if (name == "1")
        continue;
      auto known = sizes.find(name);
      if (known == sizes.end() ||
          __builtin_mul_overflow(size.value, known->second.value, &size.value))
        return std::nullopt;
      size.exact &= known->second.exact;
    }
    in.push_back(size);
  }
  return in;
}

/// Collects what rows say of each stored tensor.
class Finder {
public:
  explicit Finder(Evaluator &evaluator)
      : evaluator(evaluator), family(evaluator.family) {}

  Status find(WeightSource &weights, Encoding encoding);

private:
  struct Found {
    std::string name;
    Sizes sizes;
    bool integers;
  };
  void addRow(const RowDecl &row);
  void addTensor(const std::string &name, const Sizes &sizes,
                 const RowDecl &row);

  Evaluator &evaluator;
  const Family &family;
  Cells cells;
  size_t scheme = 0;
  std::vector<Found> found;
  std::map<std::string, size_t> byName;
};

} // namespace

void Finder::addTensor(const std::string &name, const Sizes &sizes,
                       const RowDecl &row) {
  auto [place, fresh] = byName.emplace(name, found.size());
  if (fresh) {
    found.push_back({name, sizes, row.integers});
    return;
  }
  Sizes &known = found[place->second].sizes;
  if (known.size() != sizes.size()) {
    evaluator.error(row.loc, "tensor " + quote(name) +
                                 " has another number of axes elsewhere");
    return;
  }
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    if (sizes[axis].exact ||
        (!known[axis].exact && sizes[axis].value > known[axis].value))
      known[axis] = sizes[axis];
}

void Finder::addRow(const RowDecl &row) {
  for (const Guard &guard : row.guards) {
    std::optional<bool> holds = evaluator.truth(*guard.condition);
    if (!holds || *holds == guard.negated)
      return;
  }
  if (row.tiedIf && evaluator.truth(*row.tiedIf).value_or(true))
    return;
  Sizes sizes;
  std::string axis;
  for (const ExprPtr &size : row.shape) {
    Value value = evaluator.evaluate(*size);
    if (!value.asInt() || *value.asInt() < 1) {
      if (!value.isPoison())
        evaluator.error(size->loc, "expects a size of '" + row.name +
                                       "' to be a positive integer, but got " +
                                       value.str());
      return;
    }
    sizes.push_back({*value.asInt(), true});
    if (size->kind == Expr::Kind::Name && family.axis(size->text))
      axis = size->text;
  }
  // A character that no name has, for the place of an element of a stack.
  const std::string mark(1, '\1');
  if (!axis.empty())
    evaluator.placeholders[axis] = mark;
  cells.prefix.clear();
  if (!row.prefixes.empty() && !row.prefixes[scheme]->isNone()) {
    Value text = evaluator.evaluate(*row.prefixes[scheme]);
    cells.prefix = text.asString() ? *text.asString() : "";
  }
  const Expr &cell = *row.cells[scheme].front();
  Value value = evaluator.asTensor(evaluator.evaluate(cell), cell.loc);
  evaluator.placeholders.clear();
  std::shared_ptr<NamedTensor> tensor = namedIn(value);
  if (!tensor || row.optional)
    return;
  for (auto step = tensor->steps.rbegin(); step != tensor->steps.rend();
       ++step) {
    std::optional<Sizes> before = step->pattern.empty()
                                      ? beforeSlice(step->subscripts, sizes)
                                      : beforeRearrange(*step, sizes);
    if (!before) {
      evaluator.error(cell.loc, "the shapes of the tensors in this cell do not "
                                "follow from the weight's");
      return;
    }
    sizes = std::move(*before);
  }
  size_t at = tensor->name.find(mark);
  if (at == std::string::npos)
    return addTensor(tensor->name, sizes, row);
  if (sizes.empty() || !evaluator.spend(cell.loc, sizes.front().value))
    return;
  Sizes each(sizes.begin() + 1, sizes.end());
  for (int64_t i = 0; i < sizes.front().value; ++i) {
    std::string name = tensor->name;
    addTensor(name.replace(at, 1, std::to_string(i)), each, row);
  }
}

Status Finder::find(WeightSource &weights, Encoding encoding) {
  Diagnostics &diagnostics = evaluator.diagnostics;
  while (scheme < family.schemes.size() &&
         family.schemes[scheme].name == "gguf")
    ++scheme;
  if (scheme == family.schemes.size())
    return Error(family.loc.str(),
                 "family '" + family.name + "' has no names for safetensors");
  evaluator.domain = &cells;
  std::optional<int64_t> layers = evaluator.axisLength("layer");
  for (const auto &row : family.rows) {
    int64_t count = row->perLayer ? layers.value_or(0) : 1;
    for (int64_t layer = 0; layer < count; ++layer) {
      if (row->perLayer)
        evaluator.layer = layer;
      addRow(*row);
    }
    evaluator.layer.reset();
  }
  evaluator.domain = nullptr;
  if (diagnostics.any())
    return diagnostics.take();
  for (Found &one : found) {
    TensorInfo tensor;
    tensor.name = std::move(one.name);
    tensor.encoding = one.integers ? Encoding::I64 : encoding;
    for (const Size &size : one.sizes)
      tensor.shape.push_back(size.value);
    tensor.file = 0;
    // Nowhere in the file.
    tensor.offset = UINT64_MAX;
    std::optional<int64_t> elements = elementsOf(tensor.shape);
    tensor.bytes =
        encodedBytes(tensor.encoding, elements.value_or(0)).value_or(0);
    if (Status added = weights.addTensor(std::move(tensor)); !added)
      return added;
  }
  return success();
}

static std::optional<Encoding>
encodingOf(const nlohmann::ordered_json &config) {
  for (const char *key : {"torch_dtype", "dtype"})
    if (auto at = config.find(key); at != config.end() && at->is_string()) {
      if (*at == "float32")
        return Encoding::F32;
      if (*at == "float16")
        return Encoding::F16;
    }
  return std::nullopt;
}

Result<Checkpoint> tombolo::withExpectedTensors(const Catalog &catalog,
                                                const Family &family,
                                                Checkpoint config) {
  std::vector<nlohmann::ordered_json *> objects{&config.config};
  if (auto nested = config.config.find(family.nested);
      nested != config.config.end() && nested->is_object())
    objects.push_back(&*nested);
  for (nlohmann::ordered_json *object : objects)
    for (const char *key : {"quantization_config", "expert_dtype"})
      object->erase(key);
  Result<std::shared_ptr<MappedFile>> file =
      MappedFile::open(config.configPath);
  if (!file)
    return file.takeErrors();
  Diagnostics diagnostics;
  WeightSource weights;
  weights.addFile(std::move(*file));
  {
    Evaluator evaluator(family, *catalog.prelude, config, diagnostics);
    Config keys(evaluator);
    evaluator.config = &keys;
    keys.readAll();
    if (diagnostics.any())
      return diagnostics.take();
    Encoding encoding = Encoding::BF16;
    for (const nlohmann::ordered_json *object : objects)
      encoding = encodingOf(*object).value_or(encoding);
    if (Status made = Finder(evaluator).find(weights, encoding); !made)
      return made.takeErrors();
  }
  config.weights = std::move(weights);
  return config;
}
