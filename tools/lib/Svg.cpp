#include "tools/lib/Svg.h"
#include "support/Text.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace tombolo {

std::string escapeXml(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    // `text` from here on is well-formed up to `valid`.
    size_t valid = findInvalidUtf8(text).value_or(text.size());
    for (char c : text.substr(0, valid)) {
      if (c == '&')
        result += "&amp;";
      else if (c == '<')
        result += "&lt;";
      else if (c == '>')
        result += "&gt;";
      else if (c == '"')
        result += "&quot;";
      else if (static_cast<unsigned char>(c) < 0x20)
        result += c == '\t' || c == '\n' || c == '\r' ? ' ' : '?';
      else
        result += c;
    }
    text.remove_prefix(valid);
    if (!text.empty()) {
      result += '?';
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string shorten(std::string_view text, size_t most) {
  auto begins = [](char c) { return (c & 0xc0) != 0x80; };
  if (size_t(std::count_if(text.begin(), text.end(), begins)) <= most)
    return std::string(text);
  size_t end = 0, characters = 0;
  for (; end < text.size(); ++end)
    if (begins(text[end]) && ++characters == most)
      break;
  return std::string(text.substr(0, end)) + "…";
}

std::string withPrefix(double value, std::string_view unit) {
  static constexpr const char *prefixes[] = {"", "k", "M", "G", "T", "P"};
  int prefix = 0;
  while (std::abs(value) >= 999.5 && prefix != 5) {
    value /= 1000;
    ++prefix;
  }
  return fmt::format("{:.3g}{}{}{}", value, unit.empty() ? "" : " ",
                     prefixes[prefix], unit);
}

Svg::Svg(double width, double height, std::string_view title) {
  body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" "
      "height=\"{1:g}\" viewBox=\"0 0 {0:g} {1:g}\" "
      "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', "
      "sans-serif\">\n"
      "<title>{2}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      width, height, escapeXml(title));
}

void Svg::line(double x1, double y1, double x2, double y2,
               const Stroke &stroke) {
  body += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
                      "y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"{:g}\"",
                      x1, y1, x2, y2, stroke.colour, stroke.width);
  if (!stroke.dashes.empty())
    body += fmt::format(" stroke-dasharray=\"{}\"", stroke.dashes);
  body += "/>\n";
}

void Svg::mark(Mark mark, double x, double y, double radius,
               std::string_view colour) {
  if (mark == Circle)
    body += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"", x,
                        y, radius);
  else
    body += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                        "height=\"{:.1f}\"",
                        x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius,
                        1.8 * radius);
  // Marks that lie on each other stay visible.
  body += fmt::format(" fill=\"{}\" fill-opacity=\"0.75\" stroke=\"#ffffff\" "
                      "stroke-width=\"0.8\"/>\n",
                      colour);
}

void Svg::text(double x, double y, std::string_view text, const Font &font) {
  static constexpr const char *anchors[] = {"start", "middle", "end"};
  body += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:g}\" "
                      "fill=\"{}\" text-anchor=\"{}\"",
                      x, y, font.size, font.colour, anchors[font.anchor]);
  if (font.bold)
    body += " font-weight=\"bold\"";
  if (font.upwards)
    body += fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, y);
  body += fmt::format(">{}</text>\n", escapeXml(text));
}

std::string Svg::str() const { return body + "</svg>\n"; }

Axis Axis::decades(std::string title, const std::vector<double> &values) {
  auto [low, high] = std::minmax_element(values.begin(), values.end());
  double first = std::floor(std::log10(*low));
  double last = std::max(std::ceil(std::log10(*high)), first + 1);
  return {std::move(title), std::pow(10, first), std::pow(10, last), true};
}

/// 1, 2 or 5 times a power of ten: at least a `parts`th of `range`.
static double roundStep(double range, int parts) {
  double step = range / parts;
  double power = std::pow(10, std::floor(std::log10(step)));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * power >= step)
      return factor * power;
  return 10 * power;
}

Axis Axis::fromZero(std::string title, const std::vector<double> &values) {
  double high = *std::max_element(values.begin(), values.end());
  double step = roundStep(high, 6);
  return {std::move(title), 0, std::ceil(1.02 * high / step) * step, false};
}

double Axis::place(double value) const {
  if (logarithmic)
    return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

std::vector<double> Axis::ticks() const {
  std::vector<double> ticks;
  if (logarithmic) {
    for (double tick = low; tick < 1.5 * high; tick *= 10)
      ticks.push_back(tick);
    return ticks;
  }
  double step = roundStep(high - low, 6);
  for (int i = 0; low + i * step < high + 0.5 * step; ++i)
    ticks.push_back(low + i * step);
  return ticks;
}

std::vector<double> Axis::minorTicks() const {
  std::vector<double> ticks;
  if (logarithmic)
    for (double decade = low; decade < 0.5 * high; decade *= 10)
      for (int i = 2; i != 10; ++i)
        ticks.push_back(i * decade);
  return ticks;
}

void PlotArea::draw(Svg &svg) const {
  double right = left + width, bottom = top + height;
  const Svg::Stroke minor{"#f0f0f0", 1, ""}, major{"#d0d0d0", 1, ""},
      frame{"#222222", 1, ""};
  for (double tick : x.minorTicks())
    svg.line(px(tick), top, px(tick), bottom, minor);
  for (double tick : y.minorTicks())
    svg.line(left, py(tick), right, py(tick), minor);
  for (double tick : x.ticks()) {
    svg.line(px(tick), top, px(tick), bottom, major);
    svg.text(px(tick), bottom + 17, withPrefix(tick), {12, Svg::Middle});
  }
  for (double tick : y.ticks()) {
    svg.line(left, py(tick), right, py(tick), major);
    svg.text(left - 7, py(tick) + 4, withPrefix(tick), {12, Svg::End});
  }
  svg.line(left, top, left, bottom, frame);
  svg.line(left, bottom, right, bottom, frame);
  svg.text(left + width / 2, bottom + 38, x.title, {13, Svg::Middle});
  Svg::Font upwards{13, Svg::Middle};
  upwards.upwards = true;
  svg.text(left - 48, top + height / 2, y.title, upwards);
}

} // namespace tombolo
