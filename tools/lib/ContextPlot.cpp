#include "tools/lib/BenchPlots.h"
#include "tools/lib/Svg.h"
#include <algorithm>
#include <fmt/format.h>

namespace tombolo {

/// One panel: points with the range of the repetitions, the straight line
/// through them, and (`limits`) the least time that reading allows.
static void drawPanel(Svg &svg, double left, const char *colour, Svg::Mark mark,
                      const std::string &title, const std::string &unit,
                      const std::vector<ContextTime> &times,
                      const std::vector<double> &limits) {
  std::vector<double> xs, ys;
  for (const ContextTime &time : times) {
    xs.push_back(time.before);
    ys.push_back(time.most * 1e3);
  }
  for (double limit : limits)
    ys.push_back(limit * 1e3);
  PlotArea area{left,
                84,
                440,
                340,
                Axis::fromZero("tokens before", xs),
                Axis::fromZero(unit, ys)};
  area.draw(svg);
  Svg::Font bold{13.5, Svg::Start, colour};
  bold.bold = true;
  svg.text(left, 70, title, bold);
  for (size_t i = 1; limits.size() == times.size() && i < times.size(); ++i)
    svg.line(area.px(times[i - 1].before), area.py(limits[i - 1] * 1e3),
             area.px(times[i].before), area.py(limits[i] * 1e3),
             {"#222222", 1.4, "6 4"});
  ContextLine line = lineThrough(times);
  if (times.size() > 1) {
    auto at = [&](double x) {
      return std::max(line.start + line.slope * x, 0.0) * 1e3;
    };
    svg.line(area.px(0), area.py(at(0)), area.px(times.back().before),
             area.py(at(times.back().before)), {colour, 1.4, ""});
  }
  for (const ContextTime &time : times) {
    double x = area.px(time.before);
    for (double end : {time.least, time.most})
      svg.line(x - 5, area.py(end * 1e3), x + 5, area.py(end * 1e3),
               {colour, 1.2, ""});
    svg.line(x, area.py(time.least * 1e3), x, area.py(time.most * 1e3),
             {colour, 1.2, ""});
    svg.mark(mark, x, area.py(time.seconds * 1e3), 5, colour);
  }
  if (times.size() > 1)
    svg.text(
        left, 84 + 340 + 62,
        fmt::format("{:.3g} ms + {:.3g} ms for each 1000 before; off the line "
                    "by {:.1f}% at most",
                    line.start * 1e3, line.slope * 1e6, 100 * line.worst),
        {12});
}

std::string contextsSvg(const BenchReport &report) {
  BenchReport sorted = report;
  std::sort(sorted.contexts.begin(), sorted.contexts.end(),
            [](const auto &a, const auto &b) { return a.context < b.context; });
  std::string title =
      fmt::format("{}, {} threads: time over the length of the sequence",
                  report.model.empty() ? "model" : shorten(report.model, 60),
                  report.threads);
  Svg svg(1100, 530, title);
  Svg::Font bold{15};
  bold.bold = true;
  svg.text(24, 30, title, bold);
  // What was read in the time that was measured, at the rate of the limit.
  std::vector<double> limits;
  for (const BenchReport::AtContext &point : sorted.contexts)
    if (point.decode.fraction > 0)
      limits.push_back(point.decode.fraction / point.decode.tokensPerSecond);
  drawPanel(svg, 84, "#d55e00", Svg::Square, "decode: one token",
            "milliseconds", decodeTimes(sorted), limits);
  drawPanel(svg, 618, "#0072b2", Svg::Circle,
            fmt::format("prefill: {} tokens", report.prefill.tokens),
            "milliseconds", prefillTimes(sorted), {});
  svg.text(
      24, 516,
      "Marks: median of the repetitions, with the least and the most. Solid: "
      "the straight line nearest to the marks. Dashed: reading weights and "
      "states at the measured limit.",
      {11.5, Svg::Start, "#555555"});
  return svg.str();
}

} // namespace tombolo
