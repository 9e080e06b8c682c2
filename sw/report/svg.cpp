#include "sw/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace s4::sw::svg {
namespace {

// The Okabe-Ito palette.
constexpr std::array<const char*, 8> kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#7a6a00", "#777777"};

struct Frame {
  double left, top, width, height;
};

/// Place of a value on an axis, 0 at its low end and 1 at its high end.
double fraction(const Axis& axis, double value) {
  if (axis.log2) return std::log2(value / axis.low) / std::log2(axis.high / axis.low);
  return (value - axis.low) / (axis.high - axis.low);
}

void check(const Axis& axis) {
  const bool good = std::isfinite(axis.low) && std::isfinite(axis.high) && axis.low < axis.high &&
                    (!axis.log2 || axis.low > 0);
  if (!good) {
    throw std::invalid_argument(
        fmt::format("axis '{}': no range from {} to {}", axis.title, axis.low, axis.high));
  }
}

/// About five round numbers.
std::vector<double> ticks_of(const Axis& axis) {
  if (!axis.ticks.empty()) return axis.ticks;
  std::vector<double> ticks;
  if (axis.log2) {
    for (double t = std::exp2(std::ceil(std::log2(axis.low))); t <= axis.high * 1.0001; t *= 2) {
      ticks.push_back(t);
    }
    return ticks;
  }
  const double rough = (axis.high - axis.low) / 5;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = power * factor;
    if (step >= rough) break;
  }
  for (double t = std::ceil(axis.low / step) * step; t <= axis.high + step * 1e-6; t += step) {
    ticks.push_back(std::fabs(t) < step * 1e-6 ? 0 : t);
  }
  return ticks;
}

std::string number(double value) {
  if (std::fabs(value) >= 1e6) return fmt::format("{:.4g} M", value / 1e6);
  if (std::fabs(value) >= 1e4) return fmt::format("{:.4g} k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

std::string text(double x, double y, const char* anchor, const std::string& what,
                 const char* style = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y,
                     anchor, style, escape(what));
}

std::string open(double width, double height, const std::string& title) {
  return fmt::format(
             "<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-label=\"{2}\" "
             "xmlns=\"http://www.w3.org/2000/svg\" font-family=\"system-ui, sans-serif\" "
             "font-size=\"12\" fill=\"currentColor\">\n",
             width, height, escape(title)) +
         text(0, 14, "start", title, "font-weight=\"600\" font-size=\"14\"");
}

/// Colored squares with names, from `x` on, in one line.
std::string legend(const std::vector<std::pair<std::string, int>>& entries, double x, double y) {
  std::string out;
  for (const auto& [name, index] : entries) {
    out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\" fill=\"{}\"/>\n",
                       x, y - 9, color(index));
    out += text(x + 14, y, "start", name);
    x += 26 + 6.6 * static_cast<double>(name.size());
  }
  return out;
}

}  // namespace

const char* color(int index) { return kColors[static_cast<std::size_t>(index) % kColors.size()]; }

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string line_chart(const LineChart& chart) {
  check(chart.x);
  check(chart.y);
  const Frame f{52, 46, 390, 206};
  const auto px = [&](double v) { return f.left + f.width * fraction(chart.x, v); };
  const auto py = [&](double v) { return f.top + f.height * (1 - fraction(chart.y, v)); };
  std::string out = open(460, 300, chart.title);
  for (const double t : ticks_of(chart.y)) {
    out += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"currentColor\" "
        "stroke-opacity=\"0.15\"/>\n",
        f.left, f.left + f.width, py(t));
    out += text(f.left - 6, py(t) + 4, "end", number(t) + chart.y.suffix);
  }
  for (const double t : ticks_of(chart.x)) {
    out += text(px(t), f.top + f.height + 17, "middle", number(t) + chart.x.suffix);
  }
  out += text(f.left + f.width / 2, f.top + f.height + 38, "middle", chart.x.title);
  std::vector<std::pair<std::string, int>> names;
  for (const Series& s : chart.series) {
    if (s.x.size() != s.y.size()) {
      throw std::invalid_argument(
          fmt::format("series '{}': {} x values and {} y values", s.name, s.x.size(), s.y.size()));
    }
    std::string points;
    std::string marks;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i]) || (chart.x.log2 && s.x[i] <= 0) ||
          (chart.y.log2 && s.y[i] <= 0)) {
        throw std::invalid_argument(
            fmt::format("series '{}': no place for {}, {}", s.name, s.x[i], s.y[i]));
      }
      points += fmt::format("{:.1f},{:.1f} ", px(s.x[i]), py(s.y[i]));
      marks += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{} at {}{}: "
          "{:.4g}{}</title></circle>\n",
          px(s.x[i]), py(s.y[i]), color(s.color), escape(s.name), number(s.x[i]),
          escape(chart.x.suffix), s.y[i], escape(chart.y.suffix));
    }
    out +=
        fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{}/>\n",
                    points, color(s.color), s.dashed ? " stroke-dasharray=\"5 4\"" : "");
    if (!s.dashed) out += marks;
    names.emplace_back(s.name, s.color);
  }
  out += legend(names, f.left, 34);
  return out + "</svg>\n";
}

std::string bar_chart(const BarChart& chart) {
  double longest = 0;
  std::size_t name = 0;
  for (const BarRow& row : chart.rows) {
    name = std::max(name, row.name.size());
    if (row.parts.size() != chart.parts.size()) {
      throw std::invalid_argument(fmt::format("bar '{}': {} parts where there are {}", row.name,
                                              row.parts.size(), chart.parts.size()));
    }
    double sum = 0;
    for (const double part : row.parts) sum += part;
    longest = std::max(longest, sum);
  }
  const double left = std::max(60.0, 12 + 6.6 * static_cast<double>(name));
  const double width = 340 - left;
  const double height = 56 + 22 * static_cast<double>(chart.rows.size());
  std::string out = open(460, height, chart.title);
  std::vector<std::pair<std::string, int>> names;
  for (std::size_t i = 0; i < chart.parts.size(); ++i) {
    names.emplace_back(chart.parts[i], static_cast<int>(i));
  }
  out += legend(names, 0, 34);
  double y = 48;
  for (const BarRow& row : chart.rows) {
    out += text(left - 8, y + 12, "end", row.name);
    double x = left;
    double sum = 0;
    for (std::size_t i = 0; i < row.parts.size(); ++i) {
      const double w = longest > 0 ? width * row.parts[i] / longest : 0;
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\" fill=\"{}\"><title>{}: "
          "{} "
          "{}</title></rect>\n",
          x, y, w, color(static_cast<int>(i)), escape(chart.parts[i]), number(row.parts[i]),
          escape(chart.unit));
      x += w;
      sum += row.parts[i];
    }
    out += text(x + 6, y + 12, "start", fmt::format("{} {}", number(std::round(sum)), chart.unit));
    y += 22;
  }
  return out + "</svg>\n";
}

std::string timeline(const Timeline& chart) {
  double low = chart.slices.empty() ? 0 : chart.slices.front().begin;
  double high = low + 1;
  for (const Slice& s : chart.slices) {
    if (s.row >= chart.rows.size()) {
      throw std::invalid_argument(fmt::format("slice '{}': no row {}", s.label, s.row));
    }
    low = std::min(low, s.begin);
    high = std::max(high, s.end);
  }
  const double left = 92;
  const double width = 856;
  const double row_height = 26;
  const double top = 48;
  const double bottom = top + row_height * static_cast<double>(chart.rows.size());
  const Axis axis{"", 0, high - low, false, {}, ""};
  std::string out = open(960, bottom + 34, chart.title);
  std::vector<std::pair<std::string, int>> names;
  for (std::size_t i = 0; i < chart.colors.size(); ++i) {
    names.emplace_back(chart.colors[i], static_cast<int>(i));
  }
  out += legend(names, left, 34);
  for (const double t : ticks_of(axis)) {
    const double x = left + width * fraction(axis, t);
    out += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"currentColor\" "
        "stroke-opacity=\"0.15\"/>\n",
        x, top, bottom);
    out += text(x, bottom + 16, "middle", number(t));
  }
  out += text(left + width, bottom + 31, "end", chart.unit);
  for (std::size_t i = 0; i < chart.rows.size(); ++i) {
    out += text(left - 8, top + row_height * static_cast<double>(i) + 17, "end", chart.rows[i]);
  }
  for (const Slice& s : chart.slices) {
    const double x = left + width * fraction(axis, s.begin - low);
    const double w = std::max(0.6, width * (s.end - s.begin) / (high - low));
    out += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\" fill=\"{}\" "
        "stroke=\"#ffffff\" stroke-width=\"0.3\"><title>{}: {:.0f} to {:.0f}</title></rect>\n",
        x, top + row_height * static_cast<double>(s.row) + 4, w, row_height - 8, color(s.color),
        escape(s.label), s.begin - low, s.end - low);
  }
  return out + "</svg>\n";
}

std::string image(const std::vector<float>& values, unsigned width, unsigned height,
                  unsigned scale) {
  if (values.size() != std::size_t{width} * height) {
    throw std::invalid_argument(
        fmt::format("an image of {} x {} has {} values", width, height, values.size()));
  }
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" width=\"{2}\" height=\"{3}\" shape-rendering=\"crispEdges\" "
      "xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>",
      width, height, width * scale, height * scale);
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      const float ink = std::clamp(values[std::size_t{y} * width + x], 0.0F, 1.0F);
      if (ink <= 0) continue;
      out += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"1\" height=\"1\" fill-opacity=\"{:.2f}\" "
          "fill=\"#000\"/>",
          x, y, ink);
    }
  }
  return out + "</svg>";
}

}  // namespace s4::sw::svg
