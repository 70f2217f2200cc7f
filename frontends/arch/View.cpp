#include "frontends/arch/View.h"
#include "support/Text.h"
#include <algorithm>
#include <fmt/format.h>
#include <set>

using namespace tombolo;
using namespace tombolo::arch;

//===----------------------------------------------------------------------===//
// Which elements
//===----------------------------------------------------------------------===//

StoredPtr StoredTensors::one(const TensorInfo &tensor) {
  return std::make_shared<StoredTensors>(
      StoredTensors{{&tensor}, tensor.shape, tensor.name, false});
}

StoredPtr StoredTensors::stack(std::vector<const TensorInfo *> tensors,
                               std::string name) {
  std::vector<int64_t> shape = tensors.front()->shape;
  shape.insert(shape.begin(), tensors.size());
  return std::make_shared<StoredTensors>(StoredTensors{
      std::move(tensors), std::move(shape), std::move(name), true});
}

std::string StoredTensors::describe() const {
  return (stacked ? "tensors " : "tensor ") + quote(name);
}

ElementMap ElementMap::whole(StoredPtr stored) {
  const std::vector<int64_t> &shape = stored->shape;
  ElementMap map{stored, std::vector<int64_t>(shape.size()), {}};
  for (unsigned axis = 0; axis < shape.size(); ++axis)
    map.axes.push_back({{axis, 1, shape[axis]}});
  return map;
}

void ElementMap::normalize() {
  for (std::vector<Digit> &digits : axes) {
    std::vector<Digit> joined;
    for (const Digit &digit : digits) {
      if (digit.extent == 1 && digits.size() > 1)
        continue;
      if (!joined.empty() && joined.back().storedAxis == digit.storedAxis &&
          joined.back().stride == digit.stride * digit.extent) {
        joined.back().stride = digit.stride;
        joined.back().extent *= digit.extent;
      } else {
        joined.push_back(digit);
      }
    }
    digits = std::move(joined);
  }
}

bool ElementMap::keepsBlocks(int64_t block) const {
  if (block == 1)
    return true;
  if (axes.empty() || axes.back().empty())
    return false;
  unsigned innermost = stored->shape.size() - 1;
  const Digit &last = axes.back().back();
  if (last.storedAxis != innermost || last.stride != 1 ||
      last.extent % block != 0 || offsets[innermost] % block != 0)
    return false;
  for (size_t axis = 0; axis < axes.size(); ++axis)
    for (size_t i = 0; i < axes[axis].size(); ++i) {
      const Digit &digit = axes[axis][i];
      bool isLast = axis + 1 == axes.size() && i + 1 == axes[axis].size();
      if (!isLast && digit.storedAxis == innermost && digit.stride % block != 0)
        return false;
    }
  return true;
}

std::optional<IndexRuns> tombolo::arch::runsOf(const ElementMap &map,
                                               unsigned storedAxis,
                                               size_t limit) {
  std::vector<ElementMap::Digit> digits;
  for (const auto &axis : map.axes)
    for (const ElementMap::Digit &digit : axis)
      if (digit.storedAxis == storedAxis && digit.extent != 1)
        digits.push_back(digit);
  // The fastest digits that run on make one run.
  std::sort(digits.begin(), digits.end(),
            [](const auto &a, const auto &b) { return a.stride > b.stride; });
  int64_t run = 1;
  while (!digits.empty() && digits.back().stride == run) {
    run *= digits.back().extent;
    digits.pop_back();
  }
  IndexRuns runs{{map.offsets[storedAxis], map.offsets[storedAxis] + run}};
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    if (static_cast<uint64_t>(digit->extent) > limit / runs.size())
      return std::nullopt;
    IndexRuns more;
    more.reserve(runs.size() * digit->extent);
    for (int64_t i = 0; i < digit->extent; ++i)
      for (auto [begin, end] : runs)
        more.emplace_back(begin + i * digit->stride, end + i * digit->stride);
    runs = std::move(more);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

//===----------------------------------------------------------------------===//
// Making views
//===----------------------------------------------------------------------===//

std::string View::describe() const {
  return kind == Kind::Stored ? stored->describe()
                              : "a view of shape " + shapeText(shape);
}

std::string View::key() const {
  std::string out = fmt::format("{}{}{}", static_cast<int>(kind),
                                shapeText(shape), infoOf(encoding).name);
  if (kind == Kind::Stored)
    out += "\"" + name + "\"";
  for (const Range &range : ranges)
    out += fmt::format("<{}:{}:{}:{}>", range.begin, range.end, range.step,
                       range.drop);
  if (!pattern.empty())
    out += "'" + pattern + "'";
  for (const auto &[axisName, size] : sizes)
    out += fmt::format("{}={},", axisName, size);
  if (kind == Kind::Concat)
    out += fmt::format("@{}", axis);
  out += op + "(";
  for (const Part &part : parts)
    out +=
        (part.view ? part.view->key() : fmt::format("{}", part.number)) + ";";
  return out + ")";
}

ViewPtr tombolo::arch::storedView(StoredPtr stored, std::string name,
                                  const Loc &loc) {
  auto view = std::make_shared<View>();
  view->loc = loc;
  view->shape = stored->shape;
  view->encoding = stored->first().encoding;
  view->name = std::move(name);
  view->sources = {ElementMap::whole(stored)};
  view->stored = std::move(stored);
  return view;
}

static std::shared_ptr<View> over(View::Kind kind, const ViewPtr &view,
                                  const Loc &loc) {
  auto made = std::make_shared<View>();
  made->kind = kind;
  made->loc = loc;
  made->shape = view->shape;
  made->encoding = view->encoding;
  made->parts.push_back({view});
  made->sources = view->sources;
  return made;
}

ViewPtr tombolo::arch::decodedView(const ViewPtr &view) {
  if (view->encoding == Encoding::F32)
    return view;
  std::shared_ptr<View> made = over(View::Kind::Decode, view, view->loc);
  made->encoding = Encoding::F32;
  return made;
}

/// A movement of `view`; decodes first where blocks would be cut.
static ViewPtr moved(std::shared_ptr<View> made, const ViewPtr &view) {
  int64_t block = infoOf(view->encoding).blockElements;
  bool whole = std::all_of(
      made->sources.begin(), made->sources.end(),
      [&](const ElementMap &source) { return source.keepsBlocks(block); });
  if (!whole) {
    made->parts[0].view = decodedView(view);
    made->encoding = Encoding::F32;
  }
  return made;
}

static std::optional<Error> notFollowed(const ViewPtr &view, const Loc &loc) {
  if (view->kind != View::Kind::Concat)
    return std::nullopt;
  return Error(loc.str(), "cannot move the elements of joined tensors; move "
                          "those of the parts before");
}

Result<ViewPtr>
tombolo::arch::slicedView(const ViewPtr &view,
                          const std::vector<View::Range> &ranges,
                          const Loc &loc) {
  if (std::optional<Error> error = notFollowed(view, loc))
    return *error;
  std::shared_ptr<View> made = over(View::Kind::Slice, view, loc);
  made->ranges = ranges;
  for (size_t axis = ranges.size(); axis < view->shape.size(); ++axis)
    made->ranges.push_back({0, view->shape[axis], 1, false});
  made->shape.clear();
  for (const View::Range &range : made->ranges)
    if (!range.drop)
      made->shape.push_back((range.end - range.begin + range.step - 1) /
                            range.step);
  for (ElementMap &source : made->sources) {
    std::vector<std::vector<ElementMap::Digit>> axes;
    for (size_t axis = 0; axis < made->ranges.size(); ++axis) {
      const View::Range &range = made->ranges[axis];
      std::vector<ElementMap::Digit> digits = source.axes[axis];
      if (range.begin == 0 && range.end == view->shape[axis] &&
          range.step == 1 && !range.drop) {
        axes.push_back(std::move(digits));
        continue;
      }
      // Of an axis made of several, take apart the fastest ones that the range
      // takes whole.
      std::vector<ElementMap::Digit> whole;
      int64_t begin = range.begin, end = range.end, step = range.step;
      while (digits.size() > 1 && step == 1 &&
             begin % digits.back().extent == 0 &&
             end % digits.back().extent == 0) {
        begin /= digits.back().extent;
        end /= digits.back().extent;
        whole.insert(whole.begin(), digits.back());
        digits.pop_back();
      }
      if (digits.size() != 1)
        return Error(loc.str(), "cannot follow a slice across the parts of a "
                                "merged axis; slice before merging");
      ElementMap::Digit &digit = digits[0];
      source.offsets[digit.storedAxis] += begin * digit.stride;
      digit.extent = (end - begin + step - 1) / step;
      digit.stride *= step;
      digits.insert(digits.end(), whole.begin(), whole.end());
      if (!range.drop)
        axes.push_back(std::move(digits));
    }
    source.axes = std::move(axes);
    source.normalize();
  }
  return moved(std::move(made), view);
}

//===----------------------------------------------------------------------===//
// Rearranging
//===----------------------------------------------------------------------===//

namespace {
/// One side of a pattern: groups of names; `...` is a group of its own.
using Side = std::vector<std::vector<std::string>>;
} // namespace

static std::optional<Side> parseSide(std::string_view text) {
  Side side;
  bool open = false;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == ' ') {
      ++at;
    } else if (c == '(' || c == ')') {
      if (open != (c == ')'))
        return std::nullopt;
      open = c == '(';
      if (open)
        side.emplace_back();
      ++at;
    } else {
      size_t end = at;
      while (end < text.size() && text[end] != ' ' && text[end] != '(' &&
             text[end] != ')')
        ++end;
      if (!open)
        side.emplace_back();
      side.back().emplace_back(text.substr(at, end - at));
      at = end;
    }
  }
  return open ? std::nullopt : std::optional(side);
}

/// Takes the fastest `size` places off an axis; nothing if they do not fall on
/// a boundary between digits or within one.
static std::optional<std::vector<ElementMap::Digit>>
takeFastest(std::vector<ElementMap::Digit> &digits, int64_t size) {
  std::vector<ElementMap::Digit> taken;
  while (size > 1) {
    if (digits.empty())
      return std::nullopt;
    ElementMap::Digit &last = digits.back();
    if (size % last.extent == 0) {
      size /= last.extent;
      taken.insert(taken.begin(), last);
      digits.pop_back();
    } else if (last.extent % size == 0) {
      taken.insert(taken.begin(), {last.storedAxis, last.stride, size});
      last.stride *= size;
      last.extent /= size;
      size = 1;
    } else {
      return std::nullopt;
    }
  }
  return taken;
}

Result<ViewPtr> tombolo::arch::rearrangedView(
    const ViewPtr &view, const std::string &pattern,
    std::vector<std::pair<std::string, int64_t>> sizes, const Loc &loc) {
  auto bad = [&](const std::string &why) {
    return Error(loc.str(), "rearrange: " + quote(pattern) + " " + why +
                                " (the tensor is " + shapeText(view->shape) +
                                ")");
  };
  if (std::optional<Error> error = notFollowed(view, loc))
    return *error;
  size_t arrow = pattern.find("->");
  std::optional<Side> left, right;
  if (arrow != std::string::npos) {
    left = parseSide(std::string_view(pattern).substr(0, arrow));
    right = parseSide(std::string_view(pattern).substr(arrow + 2));
  }
  if (!left || !right)
    return bad("is not 'axes -> axes'");
  // `...` stands for the axes that no group names.
  std::vector<std::string> rest;
  auto dots = [](const std::vector<std::string> &group) {
    return group.size() == 1 && group[0] == "...";
  };
  size_t dotted = std::count_if(left->begin(), left->end(), dots);
  if (dotted != static_cast<size_t>(
                    std::count_if(right->begin(), right->end(), dots)) ||
      dotted > 1)
    return bad("has '...' on one side only, or twice");
  if (left->size() - dotted > view->shape.size() ||
      (!dotted && left->size() != view->shape.size()))
    return bad("has " + std::to_string(left->size()) + " axes");
  for (size_t i = left->size() - dotted; dotted && i < view->shape.size(); ++i)
    rest.push_back("." + std::to_string(i));
  for (Side *side : {&*left, &*right}) {
    Side expanded;
    for (auto &group : *side)
      if (dots(group))
        for (const std::string &name : rest)
          expanded.push_back({name});
      else
        expanded.push_back(group);
    *side = std::move(expanded);
  }
  std::map<std::string, int64_t> size;
  for (const auto &[axisName, value] : sizes) {
    if (value < 1)
      return bad("expects sizes of at least 1");
    size[axisName] = value;
  }
  std::set<std::string> onLeft, onRight;
  for (size_t axis = 0; axis < left->size(); ++axis) {
    int64_t known = 1;
    std::string unknown;
    for (const std::string &axisName : (*left)[axis]) {
      if (axisName == "1")
        continue;
      if (!onLeft.insert(axisName).second)
        return bad("names axis '" + axisName + "' twice");
      auto given = size.find(axisName);
      if (given == size.end()) {
        if (!unknown.empty())
          return bad("leaves the sizes of '" + unknown + "' and '" + axisName +
                     "' open");
        unknown = axisName;
      } else if (__builtin_mul_overflow(known, given->second, &known)) {
        return bad("does not fit");
      }
    }
    int64_t whole = view->shape[axis];
    if (whole % known != 0 || (unknown.empty() && known != whole))
      return bad("does not fit: axis " + std::to_string(axis) + " of " +
                 std::to_string(whole) + " is not " +
                 (unknown.empty() ? "" : "a multiple of ") +
                 std::to_string(known));
    if (!unknown.empty())
      size[unknown] = whole / known;
  }
  for (const auto &group : *right)
    for (const std::string &axisName : group)
      if (axisName != "1" &&
          (!onLeft.count(axisName) || !onRight.insert(axisName).second))
        return bad("names axis '" + axisName +
                   "' twice, or on the right side only");
  if (onLeft.size() != onRight.size())
    return bad("has an axis on the left that the right side lacks");

  std::shared_ptr<View> made = over(View::Kind::Rearrange, view, loc);
  made->pattern = pattern;
  std::erase_if(sizes,
                [&](const auto &entry) { return !onLeft.count(entry.first); });
  made->sizes = std::move(sizes);
  made->shape.clear();
  for (const auto &group : *right) {
    int64_t product = 1;
    for (const std::string &axisName : group)
      product *= axisName == "1" ? 1 : size[axisName];
    made->shape.push_back(product);
  }
  for (ElementMap &source : made->sources) {
    std::map<std::string, std::vector<ElementMap::Digit>> parts;
    for (size_t axis = 0; axis < left->size(); ++axis) {
      std::vector<ElementMap::Digit> digits = source.axes[axis];
      const auto &group = (*left)[axis];
      for (auto axisName = group.rbegin(); axisName != group.rend();
           ++axisName) {
        if (*axisName == "1")
          continue;
        auto taken = takeFastest(digits, size[*axisName]);
        if (!taken)
          return bad("splits an axis across the parts it was merged from");
        parts[*axisName] = std::move(*taken);
      }
    }
    source.axes.clear();
    for (const auto &group : *right) {
      std::vector<ElementMap::Digit> digits;
      for (const std::string &axisName : group)
        digits.insert(digits.end(), parts[axisName].begin(),
                      parts[axisName].end());
      source.axes.push_back(std::move(digits));
    }
    source.normalize();
  }
  return moved(std::move(made), view);
}

//===----------------------------------------------------------------------===//
// Joining and arithmetic
//===----------------------------------------------------------------------===//

Result<ViewPtr> tombolo::arch::joinedView(std::vector<ViewPtr> parts,
                                          int64_t axis, const Loc &loc) {
  int64_t rank = parts.empty() ? 0 : parts[0]->shape.size();
  if (axis < 0)
    axis += rank;
  if (axis < 0 || axis >= rank)
    return Error(loc.str(), "concat: there is no such axis");
  auto made = std::make_shared<View>();
  made->kind = View::Kind::Concat;
  made->loc = loc;
  made->axis = axis;
  made->shape = parts[0]->shape;
  made->shape[axis] = 0;
  bool same = true;
  for (const ViewPtr &part : parts) {
    std::vector<int64_t> shape = part->shape;
    if (static_cast<int64_t>(shape.size()) != rank)
      return Error(loc.str(), "concat: parts of " + shapeText(parts[0]->shape) +
                                  " and " + shapeText(shape));
    int64_t size = std::exchange(shape[axis], made->shape[axis]);
    if (shape != made->shape ||
        __builtin_add_overflow(made->shape[axis], size, &made->shape[axis]))
      return Error(loc.str(), "concat: parts of " + shapeText(parts[0]->shape) +
                                  " and " + shapeText(part->shape));
    same &= part->encoding == parts[0]->encoding;
  }
  // Along the innermost axis blocks meet only if each part fills them.
  made->encoding = same ? parts[0]->encoding : Encoding::F32;
  for (ViewPtr &part : parts) {
    if (!same)
      part = decodedView(part);
    made->sources.insert(made->sources.end(), part->sources.begin(),
                         part->sources.end());
    made->parts.push_back({std::move(part)});
  }
  return ViewPtr(std::move(made));
}

Result<ViewPtr> tombolo::arch::arithmeticView(const std::string &op,
                                              View::Part left, View::Part right,
                                              const Loc &loc) {
  const ViewPtr &shaped = left.view ? left.view : right.view;
  for (const View::Part *part : {&left, &right})
    if (part->view && part->view->shape != shaped->shape)
      return Error(loc.str(), "arithmetic on stored tensors of " +
                                  shapeText(left.view->shape) + " and " +
                                  shapeText(right.view->shape));
  auto made = std::make_shared<View>();
  made->kind = View::Kind::Arithmetic;
  made->loc = loc;
  made->shape = shaped->shape;
  made->op = op;
  for (View::Part *part : {&left, &right}) {
    if (part->view) {
      part->view = decodedView(part->view);
      made->sources.insert(made->sources.end(), part->view->sources.begin(),
                           part->view->sources.end());
    }
    made->parts.push_back(std::move(*part));
  }
  return ViewPtr(std::move(made));
}

ViewPtr tombolo::arch::unaryView(View::Kind kind, const ViewPtr &view,
                                 const Loc &loc) {
  return over(kind, decodedView(view), loc);
}
