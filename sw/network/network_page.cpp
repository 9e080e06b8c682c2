#include "sw/network/network_page.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sw {
namespace {

constexpr std::size_t kTrafficPoints = 60;
constexpr std::size_t kLegendNames = 8;

std::string paragraph(bool good, const std::string& text) {
  return fmt::format("<p{}>{}</p>\n", good ? "" : " class=\"bad\"", svg::escape(text));
}

std::string comparison_list(const std::vector<Comparison>& comparisons) {
  std::string out;
  for (const Comparison& c : comparisons) {
    const bool good = c.made && c.mismatches == 0;
    out += paragraph(good, fmt::format("{}: {}", c.what,
                                       !c.made ? "not compared"
                                       : good  ? "equal"
                                               : fmt::format("{} bytes differ", c.mismatches)));
    if (!c.first.empty()) out += paragraph(false, c.first);
  }
  return out;
}

std::string plural(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What a subsystem, or all of them together, made of the network.
std::string network_body(const NetworkReport& report) {
  std::string out;
  if (report.cycles) {
    out += paragraph(
        true, fmt::format("{} clocks for {}, expected {}, ideal {:.0f}: utilisation {:.1f} %. "
                          "Bound: {}.",
                          *report.cycles, plural(report.batch, "image"), report.predicted_cycles,
                          report.ideal_cycles(), 100 * report.utilisation(), report.bound()));
  }
  const std::vector<LayerRow> rows = layer_rows(report);
  out += layer_table(rows) + layer_charts(rows);
  const svg::Timeline chart = engine_timeline(report, "The engines during the first program");
  if (!chart.slices.empty()) out += svg::timeline(chart);
  out += comparison_list(report.comparisons) + comparison_list(report.counts);
  if (!report.error.empty()) out += paragraph(false, report.error);
  return out;
}

/// Bytes per clock of all places together, between samples.
svg::Series rate_series(const std::vector<TrafficSample>& samples, const char* name, int color,
                        std::vector<std::uint64_t> TrafficSample::*counts, std::uint64_t unit) {
  svg::Series series{name, {}, {}, color, false};
  const auto sum = [&](const TrafficSample& sample) {
    std::uint64_t total = 0;
    for (const std::uint64_t count : sample.*counts) total += count;
    return total;
  };
  const std::size_t step = samples.size() / kTrafficPoints + 1;
  for (std::size_t i = step; i < samples.size(); i += step) {
    const TrafficSample &before = samples[i - step], &now = samples[i];
    const auto clocks = static_cast<double>(now.cycle - before.cycle);
    series.x.push_back(static_cast<double>(now.cycle));
    series.y.push_back(static_cast<double>(unit * (sum(now) - sum(before))) / clocks);
  }
  return series;
}

std::string traffic_chart(const std::vector<TrafficSample>& samples) {
  svg::LineChart chart;
  chart.title = "Bytes per clock";
  chart.x.title = "clocks";
  chart.series = {
      rate_series(samples, "all DRAM channels", 0, &TrafficSample::bursts, kBurstBytes),
      rate_series(samples, "all links of the ring", 1, &TrafficSample::beats, kBeatBytes)};
  if (chart.series.front().x.size() < 2) return "";
  chart.x.low = chart.series.front().x.front();
  chart.x.high = chart.series.front().x.back();
  chart.y.high = 1;
  for (const svg::Series& series : chart.series) {
    chart.y.high =
        std::max(chart.y.high, *std::max_element(series.y.begin(), series.y.end()) * 1.05);
  }
  return "<div class=\"charts\"><div>" + svg::line_chart(chart) + "</div></div>\n";
}

/// Memory and ring of a chip.
std::string chip_body(const TrafficReport& moved, const std::vector<TrafficSample>& samples,
                      const std::vector<std::string>& faults) {
  std::string out = "<h2>Memory and ring</h2>\n";
  out += paragraph(
      true,
      fmt::format("From DRAM {} bytes were read, {} written; of these {} and {} by layers, {} and "
                  "{} by the host. {} bytes of data were on the ring's links.",
                  moved.measured.bytes_read(), moved.measured.bytes_written(),
                  moved.layers.bytes_read(), moved.layers.bytes_written(), moved.host.bytes_read(),
                  moved.host.bytes_written(), moved.measured.link_bytes()));
  out += traffic_chart(samples) + comparison_list(moved.checks);
  for (const std::string& fault : faults) out += paragraph(false, fault);
  return out;
}

std::string verdict(bool ok) {
  return paragraph(
      ok, ok ? "Every comparison was made and held." : "A comparison failed or could not be made.");
}

std::string step_table(const SplitReport& report) {
  std::string out =
      "<table><tr><th>step</th><th>cut</th><th>parts</th><th>one subsystem, expected</th>"
      "<th>expected</th><th>cycles</th><th>speed-up</th></tr>\n";
  for (const SplitStepReport& step : report.steps) {
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        svg::escape(step.name), cut_name(step.cut), step.parts.size(), step.alone, step.predicted,
        step.cycles ? std::to_string(*step.cycles) : "",
        step.speed_up() ? fmt::format("{:.2f}", *step.speed_up()) : "");
  }
  return out + "</table>\n";
}

}  // namespace

std::vector<LayerRow> layer_rows(const NetworkReport& report) {
  std::vector<LayerRow> rows;
  for (const NetworkLayerReport& l : report.layers) {
    LayerRow row{l.name,
                 l.engine,
                 l.macs_dense,
                 l.macs_nonzero,
                 l.cycles.value_or(0),
                 l.ideal_cycles,
                 l.bound,
                 l.weight_bytes,
                 l.sparsity,
                 l.predicted_cycles,
                 l.bytes.dram_read,
                 l.bytes.dram_written,
                 std::nullopt,
                 l.bytes.local_peak,
                 l.bytes.spilled};
    if (report.on_ring) row.ring = l.bytes.ring;
    rows.push_back(std::move(row));
  }
  return rows;
}

svg::Timeline engine_timeline(const NetworkReport& report, const std::string& title) {
  svg::Timeline chart;
  chart.title = title;
  chart.unit = "clocks";
  chart.rows = {"load", "weights", "array", "store"};
  if (report.has_rows) chart.rows.push_back("rows");
  if (report.layers.size() <= kLegendNames) {
    for (const NetworkLayerReport& layer : report.layers) chart.colors.push_back(layer.name);
  }
  for (const DeviceRun& run : report.runs) {
    if (run.device != "rtl") continue;
    const auto program = std::find_if(report.programs.begin(), report.programs.end(),
                                      [&](const Program& p) { return p.name == run.program; });
    if (program == report.programs.end()) continue;
    for (const TimelineEvent& event : run.result.timeline) {
      const auto engine = static_cast<std::size_t>(event.engine);
      if (engine < 1 || engine > chart.rows.size()) continue;
      const CommandInfo& info = program->info.at(event.command);
      chart.slices.push_back({engine - 1, static_cast<double>(event.begin),
                              static_cast<double>(event.end), info.layer,
                              fmt::format("{} {}, command {}", report.layers.at(info.layer).name,
                                          info.what, event.command)});
    }
    break;
  }
  return chart;
}

std::string to_html(const NetworkReport& report, const std::string& title) {
  const std::string sub =
      fmt::format("Configuration {}, {}. Memory: {}.", svg::escape(report.config),
                  plural(report.batch, "image"), memory_text(report.memory, report.stalls));
  return page_head(title, sub) + verdict(report.ok()) + network_body(report) + page_end();
}

std::string to_html(const ChipRunReport& report, const std::string& title) {
  const std::string sub = fmt::format(
      "{} on {} of the chip, mode {}, configuration {}. {} clocks from the first doorbell to the "
      "last result, {:.1f} each image.",
      plural(report.images, "image"), plural(report.subsystems.size(), "subsystem"),
      mode_name(report.mode), svg::escape(report.config), report.cycles, report.cycles_per_image());
  std::string out = page_head(title, sub) + verdict(report.ok());
  for (std::size_t n = 0; n < report.subsystems.size(); ++n) {
    out += fmt::format("<h2>Subsystem {}</h2>\n", n) + network_body(report.subsystems[n]);
  }
  return out + chip_body(report.moved, report.traffic, report.faults) + page_end();
}

std::string to_html(const SplitReport& report, const std::string& title) {
  std::string sub =
      fmt::format("{} on {} of the chip together, mode {}, configuration {}. {} clocks expected",
                  plural(report.images, "image"), plural(report.subsystems, "subsystem"),
                  report.mode, svg::escape(report.network.config), report.predicted);
  sub += report.cycles ? fmt::format(", {} measured.", *report.cycles) : ".";
  return page_head(title, sub) + verdict(report.ok()) + "<h2>Steps</h2>\n" + step_table(report) +
         "<h2>Layers</h2>\n" + network_body(report.network) +
         (report.cycles ? chip_body(report.moved, report.traffic, report.faults) : "") + page_end();
}

}  // namespace s4::sw
