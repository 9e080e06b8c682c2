// Charts as SVG text, for pages that need no network and no script.
#pragma once

#include <string>
#include <vector>

namespace s4::sw::svg {

/// Text with the characters that mean something in XML replaced.
[[nodiscard]] std::string escape(const std::string& text);

/// Points joined by a line; `x` and `y` have the same length.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  int color = 0;        ///< of the palette, 0 to 7
  bool dashed = false;  ///< for bounds and ideals
};

struct Axis {
  std::string title;
  double low = 0;
  double high = 1;
  bool log2 = false;          ///< low and high above 0
  std::vector<double> ticks;  ///< empty: about five round numbers
  std::string suffix;         ///< of tick labels: "x", " %"
};

struct LineChart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series;
};
/// A chart of 460 x 300 units. Throws std::invalid_argument on an empty range, on series of
/// unequal lengths and on values that are not finite.
[[nodiscard]] std::string line_chart(const LineChart& chart);

/// A bar of several parts per row.
struct BarRow {
  std::string name;
  std::vector<double> parts;  ///< as many as BarChart::parts
};
struct BarChart {
  std::string title;
  std::string unit;
  std::vector<std::string> parts;
  std::vector<BarRow> rows;
};
[[nodiscard]] std::string bar_chart(const BarChart& chart);

/// A stretch of time in a row of a timeline.
struct Slice {
  std::size_t row = 0;
  double begin = 0;
  double end = 0;
  int color = 0;
  std::string label;  ///< shown when pointed at
};
struct Timeline {
  std::string title;
  std::string unit;
  std::vector<std::string> rows;
  std::vector<std::string> colors;  ///< what color i stands for
  std::vector<Slice> slices;
};
/// A chart of 960 units width. Throws std::invalid_argument if a slice names no row.
[[nodiscard]] std::string timeline(const Timeline& chart);

/// A grey image of `width` x `height` values from 0 (paper) to 1 (ink), `scale` units per pixel.
[[nodiscard]] std::string image(const std::vector<float>& values, unsigned width, unsigned height,
                                unsigned scale);

/// Colors that stay apart for people who see few of them.
[[nodiscard]] const char* color(int index);

}  // namespace s4::sw::svg
