//===- Svg.h - Drawings and axes for plots ----------------------*- C++ -*-===//

#ifndef TOOLS_LIB_SVG_H
#define TOOLS_LIB_SVG_H

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo {

/// `text` for XML: markup escaped, what XML or UTF-8 does not allow replaced.
std::string escapeXml(std::string_view text);
/// At most `most` characters of UTF-8, the last `…` where some were left out.
std::string shorten(std::string_view text, size_t most);
/// 1500 as "1.5k", or with a unit "1.5 kB": three digits and the prefix of the
/// International System.
std::string withPrefix(double value, std::string_view unit = "");

/// A drawing, in pixels from the left and top. It has a white ground, so that
/// it is legible on any page.
class Svg {
public:
  enum Anchor { Start, Middle, End };
  enum Mark { Circle, Square };
  struct Stroke {
    std::string colour = "#222222";
    double width = 1;
    /// "6 4", or empty for a solid line.
    std::string dashes;
  };
  struct Font {
    double size = 12;
    Anchor anchor = Start;
    std::string colour = "#222222";
    bool bold = false, upwards = false;
  };

  Svg(double width, double height, std::string_view title);
  void line(double x1, double y1, double x2, double y2, const Stroke &stroke);
  void mark(Mark mark, double x, double y, double radius,
            std::string_view colour);
  void text(double x, double y, std::string_view text, const Font &font);
  /// The document.
  std::string str() const;

private:
  std::string body;
};

struct Axis {
  std::string title;
  double low, high;
  bool logarithmic;

  /// Whole decades around the values, which are positive.
  static Axis decades(std::string title, const std::vector<double> &values);
  /// From 0 to a round number behind the values.
  static Axis fromZero(std::string title, const std::vector<double> &values);

  /// Where `value` lies between low (0) and high (1).
  double place(double value) const;
  std::vector<double> ticks() const;
  /// Of decades: lines between the ticks.
  std::vector<double> minorTicks() const;
};

/// The rectangle that two axes span.
struct PlotArea {
  double left, top, width, height;
  Axis x, y;

  double px(double value) const { return left + x.place(value) * width; }
  double py(double value) const { return top + (1 - y.place(value)) * height; }
  /// Grid, ticks and titles.
  void draw(Svg &svg) const;
};

} // namespace tombolo

#endif // TOOLS_LIB_SVG_H
