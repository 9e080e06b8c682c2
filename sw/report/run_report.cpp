#include "sw/report/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace s4::sw {
namespace {

using nlohmann::json;

std::string percent(double fraction) { return fmt::format("{:.2f} %", 100 * fraction); }

/// A cell of a figure that not every report has: none if this one has not.
std::string beside(const std::string& head, const std::optional<double>& figure) {
  if (head.empty()) return "";
  return figure ? fmt::format("<td>{:.1f}</td>", *figure) : "<td></td>";
}

std::string table(const RunReport& report) {
  std::string out = fmt::format(
      "<table><tr><th>sparsity</th><th>float</th><th>INT8</th><th>RTL</th><th>cycles / image</th>"
      "{}{}<th>speed-up</th><th>utilisation</th><th>weight bytes</th><th>simulated kHz</th>"
      "<th>mismatches</th></tr>\n",
      report.lpddr4_memory.empty() ? "" : "<th>with LPDDR4X</th>",
      report.chip_column.empty() ? "" : "<th>" + svg::escape(report.chip_column) + "</th>");
  for (const Variant& v : report.variants) {
    out += fmt::format(
        "<tr><td>{:g}x</td><td>{}</td><td>{}</td><td>{}</td><td>{:.1f}</td>{}{}"
        "<td>{:.2f}x</td><td>{:.1f} %</td><td>{}</td><td>{:.0f}</td><td{}>{}{}</td></tr>\n",
        v.sparsity, percent(v.accuracy_float), percent(v.accuracy_int8), percent(v.accuracy_rtl),
        v.cycles_per_image, beside(report.lpddr4_memory, v.lpddr4_cycles_per_image),
        beside(report.chip_column, v.chip_cycles_per_image), v.speedup, 100 * v.utilisation,
        v.weight_bytes, v.khz, v.ok ? "" : " class=\"bad\"", v.mismatches, v.ok ? "" : " FAILED");
  }
  return out + "</table>\n";
}

std::vector<double> sparsities(const RunReport& report) {
  std::vector<double> x;
  for (const Variant& v : report.variants) x.push_back(v.sparsity);
  return x;
}

template <typename Get>
svg::Series series(const RunReport& report, const char* name, int color, Get get) {
  svg::Series s{name, sparsities(report), {}, color, false};
  for (const Variant& v : report.variants) s.y.push_back(get(v));
  return s;
}

svg::Axis sparsity_axis(const RunReport& report) {
  std::vector<double> ticks = sparsities(report);
  const auto [low, high] = std::minmax_element(ticks.begin(), ticks.end());
  // One variant alone still needs a range.
  return {"sparsity of the weights", *low, std::max(*high, 2 * *low), true, ticks, "x"};
}

std::string accuracy_chart(const RunReport& report) {
  double low = 1;
  for (const Variant& v : report.variants) {
    low = std::min({low, v.accuracy_float, v.accuracy_int8, v.accuracy_rtl});
  }
  const double floor = std::max(0.0, 100 * low - 2);
  svg::LineChart chart{"Accuracy on test images",
                       sparsity_axis(report),
                       {"", floor - 1e-9, 100, false, {}, " %"},
                       {}};
  chart.series.push_back(
      series(report, "float", 0, [](const Variant& v) { return 100 * v.accuracy_float; }));
  chart.series.push_back(
      series(report, "INT8", 1, [](const Variant& v) { return 100 * v.accuracy_int8; }));
  chart.series.push_back(
      series(report, "RTL", 2, [](const Variant& v) { return 100 * v.accuracy_rtl; }));
  chart.series.push_back({"dense float",
                          {chart.x.low, chart.x.high},
                          {100 * report.accuracy_dense_float, 100 * report.accuracy_dense_float},
                          7,
                          true});
  return svg::line_chart(chart);
}

std::string cycles_chart(const RunReport& report) {
  double low = 1e300;
  double high = 0;
  for (const Variant& v : report.variants) {
    low = std::min({low, v.cycles_per_image, v.ideal_cycles_per_image});
    high = std::max({high, v.cycles_per_image, v.ideal_cycles_per_image});
  }
  if (!(low > 0)) return "<p>No cycles: the RTL did not run.</p>\n";
  svg::LineChart chart{
      "Clocks per image", sparsity_axis(report), {"", low / 1.5, high * 1.5, true, {}, ""}, {}};
  chart.series.push_back(
      series(report, "RTL", 2, [](const Variant& v) { return v.cycles_per_image; }));
  svg::Series ideal = series(report, "non-zero weights / peak rate", 7,
                             [](const Variant& v) { return v.ideal_cycles_per_image; });
  ideal.dashed = true;
  chart.series.push_back(ideal);
  return svg::line_chart(chart);
}

std::string speedup_chart(const RunReport& report) {
  const svg::Axis x = sparsity_axis(report);
  svg::LineChart chart{"Speed-up against the first", x, {"", 1, x.high, true, x.ticks, "x"}, {}};
  for (const Variant& v : report.variants) {
    if (!(v.speedup > 0)) return "<p>No speed-up: the RTL did not run.</p>\n";
    chart.y.low = std::min(chart.y.low, v.speedup);
  }
  chart.series.push_back(series(report, "RTL", 2, [](const Variant& v) { return v.speedup; }));
  svg::Series linear = series(report, "linear", 7, [](const Variant& v) { return v.sparsity; });
  linear.dashed = true;
  chart.series.push_back(linear);
  return svg::line_chart(chart);
}

std::string size_chart(const RunReport& report) {
  svg::BarChart chart{"Weights as stored", "bytes", {"indices and values"}, {}};
  for (const Variant& v : report.variants) {
    chart.rows.push_back({fmt::format("{:g}x", v.sparsity), {static_cast<double>(v.weight_bytes)}});
  }
  return svg::bar_chart(chart);
}

std::string digits(const RunReport& report) {
  std::string out = "<div class=\"digits\">\n";
  for (std::size_t i = 0; i < report.samples.size(); ++i) {
    const Sample& s = report.samples[i];
    out += fmt::format("<div class=\"digit\">{}image {}, a {}<br>",
                       svg::image(s.pixels, s.width, s.height, 12), s.number, s.label);
    for (const Variant& v : report.variants) {
      if (i >= v.answers.size()) continue;
      const bool right = v.answers[i] == s.label;
      out += fmt::format("{:g}x: <span{}>{}</span><br>", v.sparsity,
                         right ? "" : " class=\"wrong\"", v.answers[i]);
    }
    out += "</div>\n";
  }
  return out + "</div>\n";
}

}  // namespace

bool RunReport::ok() const {
  return !variants.empty() &&
         std::all_of(variants.begin(), variants.end(), [](const Variant& v) { return v.ok; });
}

json to_json(const RunReport& report) {
  json out = {{"ok", report.ok()},
              {"network", report.network},
              {"data", report.data},
              {"config", report.config},
              {"memory", report.memory},
              {"lpddr4_memory", report.lpddr4_memory},
              {"where", report.where},
              {"chip", report.chip},
              {"macs_per_clock", report.macs_per_clock},
              {"images", report.images},
              {"accuracy_dense_float", report.accuracy_dense_float},
              {"wall_s", report.wall_s},
              {"variants", json::array()}};
  for (const Variant& v : report.variants) {
    json layers = json::array();
    for (const LayerRow& row : v.layers) layers.push_back(to_json(row));
    out["variants"].push_back(
        {{"sparsity", v.sparsity},
         {"accuracy_float", v.accuracy_float},
         {"accuracy_int8", v.accuracy_int8},
         {"accuracy_rtl", v.accuracy_rtl},
         {"score_error",
          {{"largest", v.score_error.largest},
           {"mean", v.score_error.mean},
           {"range", v.score_error.range},
           {"same_answers", v.score_error.same_answers}}},
         {"worst_row_error", v.worst_row_error ? json(*v.worst_row_error) : json(nullptr)},
         {"cycles_per_image", v.cycles_per_image},
         {"ideal_cycles_per_image", v.ideal_cycles_per_image},
         {"speedup", v.speedup},
         {"utilisation", v.utilisation},
         {"weight_bytes", v.weight_bytes},
         {"dense_weight_bytes", v.dense_weight_bytes},
         {"lpddr4_cycles_per_image",
          v.lpddr4_cycles_per_image ? json(*v.lpddr4_cycles_per_image) : json(nullptr)},
         {"lpddr4_mismatches", v.lpddr4_mismatches},
         {"chip_cycles_per_image",
          v.chip_cycles_per_image ? json(*v.chip_cycles_per_image) : json(nullptr)},
         {"chip_mismatches", v.chip_mismatches},
         {"chip_khz", v.chip_khz},
         {"mismatches", v.mismatches},
         {"ok", v.ok},
         {"khz", v.khz},
         {"mac_per_s", v.mac_per_s},
         {"wall_s", v.wall_s},
         {"layers", layers}});
  }
  return out;
}

std::string verdict(const RunReport& report) {
  if (!report.ok()) return "A comparison failed or could not be made.";
  const bool rows = std::any_of(report.variants.begin(), report.variants.end(),
                                [](const Variant& v) { return v.worst_row_error.has_value(); });
  return rows ? "Every byte is equal in RTL and functional model; softmax and LayerNormalization "
                "are "
                "within their bounds of double precision, all other layers equal to the reference."
              : "Every byte is equal in RTL, functional model and reference.";
}

std::string to_html(const RunReport& report) {
  std::string out = page_head(
      report.title,
      fmt::format("{}. {}.<br>On {}, configuration {}: {} multiply-accumulates per clock and "
                  "subsystem. Memory: {}. {} images, {:.1f} s.",
                  svg::escape(report.network), svg::escape(report.data), svg::escape(report.where),
                  svg::escape(report.config), report.macs_per_clock,
                  svg::escape(report.lpddr4_memory.empty()
                                  ? report.memory
                                  : report.memory + "; beside it " + report.lpddr4_memory) +
                      svg::escape(report.chip.empty() ? "" : "; and " + report.chip),
                  report.images, report.wall_s));
  out += fmt::format("<p{}>{}</p>\n", report.ok() ? "" : " class=\"bad\"", verdict(report));
  out += table(report);
  if (report.variants.empty()) return out + page_end();
  out += "<h2>Accuracy and speed</h2>\n<div class=\"charts\">\n";
  for (const std::string& chart :
       {accuracy_chart(report), cycles_chart(report), speedup_chart(report), size_chart(report)}) {
    out += "<div>" + chart + "</div>\n";
  }
  out += "</div>\n<h2>The engines at work</h2>\n";
  for (const Variant& v : report.variants) {
    if (!v.timeline.slices.empty()) out += svg::timeline(v.timeline);
  }
  out += "<h2>Layers</h2>\n";
  for (const Variant& v : report.variants) {
    out += fmt::format("<h3>{:g}x</h3>\n", v.sparsity) + layer_table(v.layers) +
           layer_charts(v.layers);
  }
  if (!report.samples.empty()) out += "<h2>Some images and the answers</h2>\n" + digits(report);
  return out + page_end();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

}  // namespace s4::sw
