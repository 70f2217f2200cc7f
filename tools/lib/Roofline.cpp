#include "tools/lib/BenchPlots.h"
#include "tools/lib/Svg.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <tuple>

namespace tombolo {

namespace {
/// Okabe and Ito's blue and vermilion, which all kinds of colour vision tell
/// apart; the marks' shapes differ too.
struct PhaseStyle {
  const char *name, *colour;
  Svg::Mark mark;
};
constexpr PhaseStyle kPrefill{"prefill", "#0072b2", Svg::Circle};
constexpr PhaseStyle kDecode{"decode", "#d55e00", Svg::Square};

/// An operation with its number, from 1, where it is drawn.
struct Entry {
  const OpTime *op;
  const PhaseStyle *phase;
  double part;
  int number = 0;

  double intensity() const { return op->operations / op->bytes; }
  double rate() const { return op->operations / op->seconds; }
  bool isDrawn() const {
    return op->bytes > 0 && op->operations > 0 && op->seconds > 0 &&
           std::isfinite(intensity()) && std::isfinite(rate());
  }
  double radius() const { return 4 + 14 * std::sqrt(part); }
};

struct Roof {
  const char *name;
  double operations;
};

struct Box {
  double left, top, right, bottom;
  double overlap(const Box &other) const {
    double width = std::min(right, other.right) - std::max(left, other.left);
    double height = std::min(bottom, other.bottom) - std::max(top, other.top);
    return std::max(width, 0.0) * std::max(height, 0.0);
  }
};
} // namespace

/// Rows of the table for each phase; what is beyond takes next to no time.
static constexpr size_t kMostRows = 16;

/// The operations of a phase, longest first, and all that are not shown as one
/// number in `rest`.
static std::vector<Entry> entriesOf(const std::vector<OpTime> &ops,
                                    const PhaseStyle &phase, size_t &rest) {
  double total = 0;
  for (const OpTime &op : ops)
    total += op.seconds;
  std::vector<Entry> entries;
  for (const OpTime &op : ops)
    entries.push_back({&op, &phase, total > 0 ? op.seconds / total : 0});
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return std::tie(b.part, a.op->op) < std::tie(a.part, b.op->op);
  });
  rest = entries.size() - std::min(entries.size(), kMostRows);
  entries.resize(entries.size() - rest);
  return entries;
}

static std::vector<Roof> roofsOf(const Limits &limits) {
  std::vector<Roof> roofs;
  for (Roof roof :
       {Roof{"int8", limits.int8Operations},
        Roof{"bf16", limits.bf16Operations}, Roof{"f32", limits.f32Operations}})
    if (roof.operations > 0)
      roofs.push_back(roof);
  return roofs;
}

static void drawRoofs(Svg &svg, const PlotArea &area, const Limits &limits,
                      const std::vector<Roof> &roofs) {
  double highest = 0;
  for (const Roof &roof : roofs)
    highest = std::max(highest, roof.operations);
  const Svg::Stroke stroke{"#222222", 1.6, ""};
  double right = area.left + area.width;
  for (const Roof &roof : roofs) {
    double ridge = std::max(roof.operations / limits.readBytes, area.x.low);
    svg.line(area.px(ridge), area.py(roof.operations), right,
             area.py(roof.operations), stroke);
    svg.text(
        right - 4, area.py(roof.operations) - 5,
        fmt::format("{}: {}", roof.name, withPrefix(roof.operations, "OPS")),
        {12, Svg::End});
  }
  // From where the slope enters the area to the highest ridge.
  double begin = std::max(area.x.low, area.y.low / limits.readBytes);
  double end = highest / limits.readBytes;
  svg.line(area.px(begin), area.py(begin * limits.readBytes), area.px(end),
           area.py(highest), stroke);
  svg.text(area.px(end) - 8, area.py(highest) + 2,
           "reading: " + withPrefix(limits.readBytes, "B/s"), {12, Svg::End});
}

/// The marks, and each one's number at the nearest place that is free.
static void drawMarks(Svg &svg, const PlotArea &area,
                      const std::vector<Entry> &entries) {
  std::vector<Box> taken;
  for (const Entry &entry : entries) {
    double x = area.px(entry.intensity()), y = area.py(entry.rate());
    double radius = entry.radius();
    svg.mark(entry.phase->mark, x, y, radius, entry.phase->colour);
    taken.push_back({x - radius, y - radius, x + radius, y + radius});
  }
  for (const Entry &entry : entries) {
    double x = area.px(entry.intensity()), y = area.py(entry.rate());
    double width = entry.number < 10 ? 9 : 16, height = 12;
    Box best{};
    double least = INFINITY;
    for (int ring = 0; ring != 7; ++ring)
      for (int step = 0; step != 16; ++step) {
        double angle = step * M_PI / 8 - M_PI / 4;
        double distance = entry.radius() + 8 + 9 * ring;
        double middle = x + distance * std::cos(angle);
        double line = y + distance * std::sin(angle);
        Box box{middle - width / 2, line - height / 2, middle + width / 2,
                line + height / 2};
        if (box.left < area.left || box.right > area.left + area.width ||
            box.top < area.top || box.bottom > area.top + area.height)
          continue;
        double overlap = 0;
        for (const Box &other : taken)
          overlap += box.overlap(other);
        // Far away only where it is worth it.
        double cost = overlap + ring;
        if (cost < least) {
          least = cost;
          best = box;
        }
      }
    if (!std::isfinite(least))
      continue;
    taken.push_back(best);
    double middle = (best.left + best.right) / 2;
    double line = (best.top + best.bottom) / 2;
    if (std::hypot(middle - x, line - y) > entry.radius() + 12) {
      double away = std::hypot(middle - x, line - y);
      double from = entry.radius() / away, to = 1 - 7 / away;
      svg.line(x + from * (middle - x), y + from * (line - y),
               x + to * (middle - x), y + to * (line - y),
               {entry.phase->colour, 0.8, ""});
    }
    Svg::Font font{12, Svg::Middle, entry.phase->colour};
    font.bold = true;
    svg.text(middle, line + 4, std::to_string(entry.number), font);
  }
}

/// One phase's rows from `y` on; gives where the next begins.
static double drawTable(Svg &svg, double left, double y,
                        const std::vector<Entry> &entries, size_t rest) {
  if (entries.empty())
    return y;
  const PhaseStyle &phase = *entries.front().phase;
  double part = left + 288, rate = left + 366, bytes = left + 424;
  Svg::Font bold{12.5, Svg::Start, phase.colour};
  bold.bold = true;
  svg.mark(phase.mark, left + 8, y - 4, 6, phase.colour);
  svg.text(left + 22, y, phase.name, bold);
  for (auto [at, title] :
       {std::pair(part, "time"), {rate, "GOPS"}, {bytes, "GB/s"}})
    svg.text(at, y, title, {11.5, Svg::End, "#555555"});
  auto number = [&](double at, double value) {
    svg.text(at, y, value > 0 ? fmt::format("{:.1f}", value) : "–",
             {11.5, Svg::End});
  };
  for (const Entry &entry : entries) {
    y += 17;
    if (entry.number > 0)
      svg.text(left + 15, y, std::to_string(entry.number),
               {11.5, Svg::End, phase.colour, true});
    svg.text(left + 22, y, shorten(entry.op->op, 34), {11.5});
    svg.text(part, y, fmt::format("{:.1f}%", 100 * entry.part),
             {11.5, Svg::End});
    bool timed = entry.op->seconds > 0;
    number(rate, timed ? entry.op->operations / entry.op->seconds / 1e9 : 0);
    number(bytes, timed ? entry.op->bytes / entry.op->seconds / 1e9 : 0);
  }
  if (rest > 0)
    svg.text(left + 22, y += 17, fmt::format("and {} shorter ones", rest),
             {11.5, Svg::Start, "#555555"});
  return y + 34;
}

std::string rooflineSvg(const BenchReport &report) {
  size_t prefillRest, decodeRest;
  std::vector<Entry> prefill =
      entriesOf(report.prefillOps, kPrefill, prefillRest);
  std::vector<Entry> decode = entriesOf(report.decodeOps, kDecode, decodeRest);
  std::vector<Entry> drawn;
  for (std::vector<Entry> *entries : {&prefill, &decode})
    for (Entry &entry : *entries)
      if (entry.isDrawn()) {
        entry.number = int(drawn.size()) + 1;
        drawn.push_back(entry);
      }

  std::vector<Roof> roofs = roofsOf(report.limits);
  bool hasRoofs = report.limits.readBytes > 0 && !roofs.empty();
  std::vector<double> xs{1}, ys;
  for (const Entry &entry : drawn) {
    xs.push_back(entry.intensity());
    ys.push_back(entry.rate());
  }
  for (const Roof &roof : roofs) {
    if (hasRoofs)
      xs.push_back(roof.operations / report.limits.readBytes);
    ys.push_back(roof.operations);
  }
  if (ys.empty())
    ys.push_back(1e9);

  double rows = double(prefill.size() + decode.size() + (prefillRest > 0) +
                       (decodeRest > 0));
  double height = std::max(600.0, 74 + 17 * rows + 4 * 34);
  std::string title =
      fmt::format("{}, prompt of {}, {} decoded, {} threads",
                  report.model.empty() ? "roofline" : shorten(report.model, 60),
                  report.prefill.tokens, report.decode.tokens, report.threads);
  Svg svg(1180, height, title);
  Svg::Font bold{15};
  bold.bold = true;
  svg.text(24, 30, title, bold);
  PlotArea area{84,
                54,
                606,
                height - 54 - 84,
                Axis::decades("operations for each byte read", xs),
                Axis::decades("operations per second", ys)};
  area.draw(svg);
  if (hasRoofs)
    drawRoofs(svg, area, report.limits, roofs);
  drawMarks(svg, area, drawn);
  double y = drawTable(svg, 724, 68, prefill, prefillRest);
  drawTable(svg, 724, y, decode, decodeRest);
  svg.text(24, height - 14,
           "Bytes are those of weights and states. Area of a mark: its part of "
           "the phase's time. Without a number: too few bytes or operations to "
           "count. Roofs: measured in the same run.",
           {11.5, Svg::Start, "#555555"});
  return svg.str();
}

} // namespace tombolo
