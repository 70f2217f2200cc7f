#include "frontends/arch/WeightBinder.h"
#include "support/Text.h"
#include <algorithm>

using namespace tombolo;
using namespace tombolo::arch;

/// Stand for `{layer}` and for the experts' axis in names while a cell is read;
/// no name of a description or checkpoint has them.
static constexpr char layerMark = '\x01', stackMark = '\x02';

static std::string replaced(std::string text, char mark,
                            const std::string &by) {
  for (size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + by.size()))
    text.replace(at, 1, by);
  return text;
}

bool tombolo::arch::matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) &&
        pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

WeightBinder::WeightBinder(Evaluator &evaluator)
    : evaluator(evaluator), family(evaluator.family),
      checkpoint(evaluator.checkpoint), diagnostics(evaluator.diagnostics) {}

const std::string &WeightBinder::fileOf(const TensorInfo &tensor) const {
  const auto &files = checkpoint.weights.files();
  return tensor.file < files.size() ? files[tensor.file]->path()
                                    : checkpoint.path;
}

const BoundWeight *WeightBinder::find(std::string_view name,
                                      std::optional<int64_t> layer) const {
  auto found = bound.find(std::pair(std::string(name), layer.value_or(-1)));
  return found == bound.end() ? nullptr : &found->second;
}

bool WeightBinder::bind(std::optional<size_t> scheme) {
  size_t before = diagnostics.count();
  TensorDomain *outer = std::exchange(evaluator.domain, this);
  indexTensors();
  if (scheme) {
    schemeIndex = *scheme;
    schemeName = family.schemes[*scheme].name;
  }
  if (diagnostics.count() == before && (scheme || chooseScheme())) {
    std::optional<int64_t> layers = evaluator.axisLength("layer");
    for (const auto &row : family.rows) {
      if (!layers)
        break;
      if (!row->perLayer) {
        bindRow(*row);
        continue;
      }
      for (int64_t layer = 0; layer < *layers; ++layer) {
        evaluator.layer = layer;
        bindRow(*row);
      }
      evaluator.layer.reset();
    }
    readUnused();
    checkCoverage();
  }
  evaluator.domain = outer;
  return diagnostics.count() == before;
}

void WeightBinder::indexTensors() {
  for (const TensorInfo &tensor : checkpoint.weights.tensors()) {
    Logical logical{&tensor, nullptr};
    std::string name = tensor.name;
    for (const Rename &rename : family.renames)
      if (name.starts_with(rename.before)) {
        name = rename.after + name.substr(rename.before.size());
        logical.rename = &rename;
        break;
      }
    auto [place, fresh] = stored.emplace(name, logical);
    if (!fresh)
      diagnostics.error(fileOf(tensor),
                        "tensors " + quote(tensor.name) + " and " +
                            quote(place->second.tensor->name) + " are both " +
                            quote(name) + " after 'rename'");
  }
}

bool WeightBinder::chooseScheme() {
  const RowDecl &first = *family.rows.front();
  std::string looked;
  for (size_t i = 0; i < family.schemes.size(); ++i) {
    const std::string &name = family.schemes[i].name;
    bool gguf = name == "gguf";
    if (gguf != (checkpoint.container == Container::Gguf))
      continue;
    schemeIndex = i;
    schemeName = name;
    if (gguf)
      return true;
    for (const ExprPtr &cell : first.cells[i]) {
      Value value = evaluator.evaluate(*cell, Variables());
      if (value.isPoison())
        return false;
      if (!value.asString())
        continue;
      if (stored.count(*value.asString()))
        return true;
      looked += (looked.empty() ? "" : " or ") + quote(*value.asString()) +
                " (scheme " + name + ")";
    }
  }
  if (looked.empty())
    diagnostics.error(
        checkpoint.path,
        "architecture '" + family.name + "' has no names of tensors for " +
            (checkpoint.container == Container::Gguf ? "GGUF files"
                                                     : "safetensors"));
  else
    addNote(diagnostics.error(checkpoint.path, "expects tensor " + looked +
                                                   ", but no file has it"),
            first.loc, "bound here");
  return false;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

std::optional<std::vector<int64_t>> WeightBinder::shapeOf(const RowDecl &row) {
  std::vector<int64_t> shape;
  stackAxis.clear();
  for (const ExprPtr &size : row.shape) {
    Value value = evaluator.evaluate(*size);
    if (value.isPoison())
      return std::nullopt;
    if (!value.asInt() || *value.asInt() < 1) {
      evaluator.error(size->loc, "expects a size of '" + row.name +
                                     "' to be a positive integer, but got " +
                                     value.str());
      return std::nullopt;
    }
    shape.push_back(*value.asInt());
    if (size->kind == Expr::Kind::Name && family.axis(size->text) &&
        size->text != "layer") {
      stackAxis = size->text;
      stackCount = shape.back();
    }
  }
  return shape;
}

void WeightBinder::bindRow(const RowDecl &row) {
  std::optional<int64_t> layer = row.perLayer ? evaluator.layer : std::nullopt;
  for (const Guard &guard : row.guards) {
    std::optional<bool> holds = evaluator.truth(*guard.condition);
    incomplete |= !holds;
    if (!holds || *holds == guard.negated)
      return;
  }
  auto [place, fresh] = bound.emplace(std::pair(row.name, layer.value_or(-1)),
                                      BoundWeight{&row, nullptr, ""});
  if (!fresh) {
    addNote(
        evaluator.error(
            row.loc, "'" + row.name + "' is bound twice" +
                         (layer ? " in layer " + std::to_string(*layer) : "")),
        place->second.row->loc, "here first");
    return;
  }
  BoundWeight &weight = place->second;
  if (row.tiedIf) {
    std::optional<bool> tied = evaluator.truth(*row.tiedIf);
    incomplete |= !tied;
    if (!tied)
      return;
    if (*tied) {
      weight.tiedTo = row.tiedTo;
      leaveTied(row);
      return;
    }
  }
  std::optional<std::vector<int64_t>> shape = shapeOf(row);
  if (!shape) {
    incomplete = true;
    return;
  }
  prefix.clear();
  evaluator.placeholders = {{"layer", std::string(1, layerMark)}};
  if (!row.perLayer)
    evaluator.placeholders.clear();
  if (!stackAxis.empty())
    evaluator.placeholders[stackAxis] = std::string(1, stackMark);
  if (!row.prefixes.empty() && !row.prefixes[schemeIndex]->isNone()) {
    Value text = evaluator.evaluate(*row.prefixes[schemeIndex]);
    prefix = text.asString() ? *text.asString() : "";
  }
  ViewPtr chosen;
  std::vector<std::string> lacking;
  size_t present = 0;
  bool isNone = false, failed = false;
  for (const ExprPtr &cell : row.cells[schemeIndex]) {
    size_t before = diagnostics.count();
    ViewPtr view = cellView(row, *cell, isNone);
    if (isNone)
      break;
    if (!view) {
      failed |= diagnostics.count() != before || absent.empty();
      lacking.insert(lacking.end(), absent.begin(), absent.end());
      present = std::max(present, loaded.size());
      // They have their row, which lacks others.
      aside.insert(loaded.begin(), loaded.end());
      continue;
    }
    if (chosen)
      diagnostics
          .error(checkpoint.path,
                 "two alternatives of '" + row.name + "' are there")
          .notes.push_back(row.loc.str() + ": bound here");
    chosen = view;
  }
  evaluator.placeholders.clear();
  incomplete |= failed;
  if (isNone || failed || (!chosen && row.optional && present == 0))
    return;
  if (!chosen) {
    Missing &tally = missing[&row];
    if (tally.first.empty() && !lacking.empty())
      tally.first = lacking.front();
    tally.count += lacking.size();
    tally.present += present;
    return;
  }
  checkShape(row, *chosen, *shape);
  use(row, *chosen);
  weight.view = std::move(chosen);
}

ViewPtr WeightBinder::cellView(const RowDecl &row, const Expr &cell,
                               bool &isNone) {
  absent.clear();
  loaded.clear();
  inCell = true;
  Value value = evaluator.asTensor(evaluator.evaluate(cell), cell.loc);
  inCell = false;
  isNone = value.isNone();
  if (isNone || value.isPoison())
    return nullptr;
  ViewPtr view = std::dynamic_pointer_cast<const View>(value.asTensor());
  if (!view)
    evaluator.error(cell.loc, "expects the cell of '" + row.name +
                                  "' to be a stored tensor, but got " +
                                  value.kind());
  return view;
}

/// A stored copy of a tied weight is not read.
bool WeightBinder::leaveTied(const RowDecl &row) {
  std::string layerText =
      evaluator.layer ? std::to_string(*evaluator.layer) : "";
  for (const ExprPtr &cell : row.cells[schemeIndex]) {
    Value name = evaluator.evaluate(*cell);
    if (!name.asString())
      continue;
    std::string full = *name.asString();
    if (!row.prefixes.empty()) {
      Value text = evaluator.evaluate(*row.prefixes[schemeIndex]);
      full = (text.asString() ? *text.asString() : "") + full;
    }
    auto found = stored.find(full);
    if (found == stored.end())
      continue;
    aside.insert(found->second.tensor);
    leftAside.push_back({found->second.tensor->name,
                         "'" + row.name + "' is tied to '" + row.tiedTo + "'"});
  }
  return true;
}

/// `K * hd = 8 * 128, D = 4096`: the sizes with the values of their names.
static std::string sizesInWords(Evaluator &evaluator, const RowDecl &row) {
  std::string all;
  for (const ExprPtr &size : row.shape) {
    if (size->kind == Expr::Kind::Literal)
      continue;
    uint32_t begin = size->loc.offset;
    std::map<uint32_t, std::pair<std::string, std::string>> names;
    bool simple = true;
    walk(*size, [&](const Expr &part) {
      begin = std::min(begin, part.loc.offset);
      simple &= part.kind == Expr::Kind::Name ||
                part.kind == Expr::Kind::Literal ||
                part.kind == Expr::Kind::Binary;
      if (part.kind == Expr::Kind::Name)
        names[part.loc.offset] = {part.text, evaluator.evaluate(part).str()};
    });
    if (!simple)
      continue;
    std::string_view text = size->loc.source->text;
    size_t end = text.find_first_of(",]\n", begin);
    text = text.substr(begin, end - begin);
    std::string values;
    size_t at = 0;
    for (const auto &[offset, named] : names) {
      values += text.substr(at, offset - begin - at);
      values += named.second;
      at = offset - begin + named.first.size();
    }
    values += text.substr(at);
    all += (all.empty() ? "" : ", ") + std::string(text) + " = " + values;
  }
  return all.empty() ? "" : " (" + all + ")";
}

void WeightBinder::checkShape(const RowDecl &row, const View &view,
                              const std::vector<int64_t> &shape) {
  bool isStored = view.kind == View::Kind::Stored;
  std::string what = isStored ? view.stored->describe() : "'" + row.name + "'";
  const std::string &where =
      isStored ? fileOf(view.stored->first()) : checkpoint.path;
  if (view.shape != shape && reportedShapes.insert(&row).second)
    addNote(diagnostics.error(where, "expects " + what + " to be " +
                                         shapeText(shape) +
                                         sizesInWords(evaluator, row) +
                                         ", but got " + shapeText(view.shape)),
            row.loc, "'" + row.name + "' is bound here");
  else if (infoOf(view.encoding).isInteger != row.integers &&
           view.shape == shape && reportedShapes.insert(&row).second)
    addNote(diagnostics.error(where,
                              "expects " + what + " to hold " +
                                  (row.integers ? "integers" : "real numbers") +
                                  ", but got " +
                                  std::string(infoOf(view.encoding).name)),
            row.loc, "'" + row.name + "' is bound here");
}

void WeightBinder::use(const RowDecl &row, const View &view) {
  std::optional<int64_t> layer = row.perLayer ? evaluator.layer : std::nullopt;
  for (const ElementMap &source : view.sources) {
    const StoredTensors *stored = source.stored.get();
    auto [place, fresh] = uses.try_emplace(stored);
    place->second.push_back({&row, layer, source});
    for (const TensorInfo *tensor : stored->tensors) {
      if (!fresh)
        break;
      auto [as, isNew] = usedAs.emplace(tensor, stored);
      if (isNew)
        continue;
      // Of one stack, and by itself or of another one.
      const Use &other = uses.at(as->second).front();
      auto how = [&](const StoredTensors &set) {
        return set.stacked ? " as one of " + set.describe() : " by itself";
      };
      addNote(evaluator.error(row.loc, "'" + row.name + "' binds tensor " +
                                           quote(tensor->name) + how(*stored) +
                                           ", but it is bound already"),
              other.row->loc,
              "'" + other.row->name + "' binds it" + how(*as->second));
      break;
    }
  }
}

//===----------------------------------------------------------------------===//
// What cells are made of
//===----------------------------------------------------------------------===//

const WeightBinder::Logical *WeightBinder::find(const std::string &name) {
  auto found = stored.find(name);
  if (found == stored.end()) {
    absent.push_back(name);
    return nullptr;
  }
  loaded.push_back(found->second.tensor);
  return &found->second;
}

std::string WeightBinder::nameInFile(const Logical &logical,
                                     std::string shown) {
  if (!logical.rename)
    return shown;
  return shown.starts_with(logical.rename->after)
             ? logical.rename->before +
                   shown.substr(logical.rename->after.size())
             : logical.tensor->name;
}

static Value withBraces(Evaluator &evaluator, const Loc &loc,
                        const std::string &name) {
  return evaluator.fail(loc, "expects a tensor without braces in its name, "
                             "but got " +
                                 quote(name));
}

Value WeightBinder::load(const std::string &shown, const Loc &loc) {
  std::string layer = evaluator.layer ? std::to_string(*evaluator.layer) : "";
  std::string full = replaced(shown, layerMark, layer);
  const Logical *logical = find(full);
  if (!logical)
    return Value::poison();
  std::string inFile = nameInFile(*logical, shown);
  if (replaced(inFile, layerMark, layer) != logical->tensor->name)
    inFile = logical->tensor->name;
  if (inFile.find('{') != std::string::npos)
    return withBraces(evaluator, loc, inFile);
  StoredPtr &known = named[full];
  if (!known)
    known = StoredTensors::one(*logical->tensor);
  return Value::of(
      storedView(known, replaced(inFile, layerMark, "{layer}"), loc));
}

Value WeightBinder::loadStack(const std::string &shown, const Loc &loc) {
  std::string layer = evaluator.layer ? std::to_string(*evaluator.layer) : "";
  std::string full = replaced(shown, layerMark, layer);
  if (!evaluator.spend(loc, stackCount))
    return Value::poison();
  std::vector<const TensorInfo *> tensors;
  std::string inFile;
  for (int64_t i = 0; i < stackCount; ++i) {
    std::string number = std::to_string(i);
    const Logical *logical = find(replaced(full, stackMark, number));
    if (!logical)
      continue;
    const TensorInfo &tensor = *logical->tensor;
    if (tensors.empty())
      inFile = nameInFile(*logical, shown);
    tensors.push_back(&tensor);
    const TensorInfo &first = *tensors.front();
    if (tensor.shape != first.shape || tensor.encoding != first.encoding)
      return evaluator.fail(loc, "expects " + quote(tensor.name) +
                                     " to be like " + quote(first.name) +
                                     ", but they differ in shape or encoding");
    if (replaced(replaced(inFile, layerMark, layer), stackMark, number) !=
        tensor.name)
      return evaluator.fail(loc, "expects 'rename' to change the names of a "
                                 "stack alike, but not " +
                                     quote(tensor.name));
  }
  if (static_cast<int64_t>(tensors.size()) != stackCount)
    return Value::poison();
  if (inFile.find('{') != std::string::npos)
    return withBraces(evaluator, loc, tensors.front()->name);
  std::string stack = "{" + stackAxis + "}";
  StoredPtr &known = named[full + stackMark + stackAxis];
  if (!known)
    known = StoredTensors::stack(
        std::move(tensors),
        replaced(replaced(inFile, layerMark, layer), stackMark, stack));
  // In nn the leading axis has one name, whatever the description calls it.
  return Value::of(storedView(
      known,
      replaced(replaced(inFile, layerMark, "{layer}"), stackMark, "{expert}"),
      loc));
}

Value WeightBinder::tensorNamed(Evaluator &evaluator, const std::string &name,
                                const Loc &loc) {
  std::string shown = prefix + name;
  return shown.find(stackMark) == std::string::npos ? load(shown, loc)
                                                    : loadStack(shown, loc);
}

Value WeightBinder::weight(Evaluator &evaluator, const RowDecl &row,
                           const Loc &loc) {
  return evaluator.fail(loc, "weight '" + row.name +
                                 "' has no value while weights are bound");
}

Value WeightBinder::slice(Evaluator &evaluator, const Loc &loc,
                          const Value &tensor,
                          const std::vector<Subscript> &subscripts) {
  ViewPtr view = std::dynamic_pointer_cast<const View>(tensor.asTensor());
  if (subscripts.size() > view->shape.size())
    return evaluator.fail(loc, std::to_string(subscripts.size()) +
                                   " subscripts for a tensor of shape " +
                                   shapeText(view->shape));
  std::vector<View::Range> ranges;
  for (size_t axis = 0; axis < subscripts.size(); ++axis) {
    const Subscript &subscript = subscripts[axis];
    int64_t size = view->shape[axis];
    auto resolve = [&](std::optional<int64_t> bound, int64_t missing) {
      int64_t value = bound.value_or(missing);
      return value < 0 && value >= -size ? value + size : value;
    };
    View::Range range{};
    range.begin = resolve(subscript.begin, 0);
    range.drop = subscript.isIndex;
    range.end = range.drop ? range.begin + 1 : resolve(subscript.end, size);
    range.step = subscript.step.value_or(1);
    if (range.begin < 0 || range.begin >= range.end || range.end > size ||
        range.step < 1)
      return evaluator.fail(loc, "a slice outside of axis " +
                                     std::to_string(axis) + " of " +
                                     shapeText(view->shape));
    ranges.push_back(range);
  }
  Result<ViewPtr> made = slicedView(view, ranges, loc);
  if (!made)
    return evaluator.fail(loc, made.error().message);
  return Value::of(std::move(*made));
}

Value WeightBinder::call(Evaluator &evaluator, const OpCall &call) {
  auto viewAt = [&](size_t i) {
    return i < call.operands.size() ? std::dynamic_pointer_cast<const View>(
                                          call.operands[i].asTensor())
                                    : nullptr;
  };
  auto result = [&](Result<ViewPtr> made) {
    return made ? Value::of(std::move(*made))
                : evaluator.fail(call.loc, made.error().message);
  };
  if (call.name == "neg" || call.name == "exp") {
    if (ViewPtr view = viewAt(0))
      return Value::of(
          unaryView(call.name == "neg" ? View::Kind::Negate : View::Kind::Exp,
                    view, call.loc));
  } else if (!call.decl) {
    auto part = [&](size_t i) {
      ViewPtr view = viewAt(i);
      return View::Part{view, view ? 0.0 : call.operands[i].number()};
    };
    return result(arithmeticView(call.name, part(0), part(1), call.loc));
  } else if (call.name == "rearrange" && viewAt(0)) {
    if (!call.operands[1].asString())
      return evaluator.fail(call.loc, "rearrange: expects a pattern");
    std::vector<std::pair<std::string, int64_t>> sizes;
    for (const auto &[name, value] : call.attributes) {
      if (!value.asInt())
        return evaluator.fail(call.loc, "rearrange: expects size '" + name +
                                            "' to be an integer, but got " +
                                            value.kind());
      sizes.emplace_back(name, *value.asInt());
    }
    return result(rearrangedView(viewAt(0), *call.operands[1].asString(),
                                 std::move(sizes), call.loc));
  } else if (call.name == "concat") {
    const List *list = call.operands[0].asList();
    std::vector<ViewPtr> parts;
    for (const Value &item : list ? *list : List{call.operands[0]}) {
      Value tensor = evaluator.asTensor(item, call.loc);
      if (tensor.isPoison())
        return tensor;
      parts.push_back(std::dynamic_pointer_cast<const View>(tensor.asTensor()));
      if (!parts.back())
        return evaluator.fail(call.loc, "concat: expects stored tensors");
    }
    const int64_t *axis = call.attribute("axis").asInt();
    if (!axis)
      return evaluator.fail(call.loc, "concat: expects an integer as 'axis'");
    return result(joinedView(std::move(parts), *axis, call.loc));
  }
  return evaluator.fail(call.loc,
                        "'" + call.name +
                            "' cannot be used on stored tensors; there are "
                            "slices, rearrange, concat, + - * /, exp and the "
                            "sign");
}

void WeightBinder::readUnused() {
  std::vector<std::pair<const std::string *, const Logical *>> inOrder;
  for (const auto &[name, logical] : stored)
    inOrder.emplace_back(&name, &logical);
  std::sort(inOrder.begin(), inOrder.end(),
            [](const auto &a, const auto &b) { return *a.first < *b.first; });
  for (const UnusedDecl &unused : family.unused) {
    if (unused.gguf && checkpoint.container != Container::Gguf)
      continue;
    Value over = unused.over ? evaluator.evaluate(*unused.over, Variables())
                             : Value::of(List{Value()});
    Value reason = evaluator.evaluate(*unused.reason, Variables());
    const List *items = over.asList();
    if (!items || reason.isPoison()) {
      if (!over.isPoison())
        evaluator.error(unused.loc,
                        "expects a list to go through, but got " + over.kind());
      continue;
    }
    for (const Value &item : *items)
      for (const ExprPtr &pattern : unused.patterns) {
        Variables variables;
        if (!unused.variable.empty())
          variables[unused.variable] = item;
        Value text = evaluator.evaluate(*pattern, std::move(variables));
        if (!text.asString() || !evaluator.spend(unused.loc, stored.size()))
          continue;
        // By name, whatever the hash.
        for (const auto &[name, logical] : inOrder)
          if (matches(*text.asString(), *name) &&
              !usedAs.count(logical->tensor) &&
              aside.insert(logical->tensor).second)
            leftAside.push_back({logical->tensor->name, reason.interpolated()});
      }
  }
}
