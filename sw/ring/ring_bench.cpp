#include "sw/ring/ring_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "sim/ring/ring_scoreboard.hpp"
#include "sw/report/svg.hpp"

namespace s4::sw {
namespace {

std::vector<RingPattern> patterns_of(const std::vector<RingBenchCurve>& curves) {
  std::vector<RingPattern> patterns;
  for (const RingBenchCurve& curve : curves) {
    if (std::find(patterns.begin(), patterns.end(), curve.pattern) == patterns.end()) {
      patterns.push_back(curve.pattern);
    }
  }
  return patterns;
}

std::vector<const RingBenchCurve*> curves_of(const std::vector<RingBenchCurve>& curves,
                                             RingPattern pattern) {
  std::vector<const RingBenchCurve*> found;
  for (const RingBenchCurve& curve : curves) {
    if (curve.pattern == pattern) found.push_back(&curve);
  }
  return found;
}

RingBenchPoint measure(const RingSettings& settings, double load) {
  const RingResult result = run_ring(settings);
  RingBenchPoint point{load, 0, 0};
  double packets = 0;
  for (const RingLatency& l : result.latency) {
    packets += static_cast<double>(l.packets);
    point.latency += l.total * static_cast<double>(l.packets);
    point.most = std::max(point.most, static_cast<double>(l.most));
  }
  if (packets == 0) throw std::invalid_argument("too few clocks: no packet was delivered");
  point.latency /= packets;
  return point;
}

}  // namespace

double ring_saturation(RingPattern pattern, unsigned stations) {
  if (pattern != RingPattern::kHotspot) return ring_theory(pattern, stations);
  std::array<unsigned, 2> sources{};
  for (unsigned s = 1; s < stations; ++s) ++sources[sim::ring_path(stations, s, 0).lane];
  return 1.0 / std::max(sources[0], sources[1]);
}

std::vector<RingBenchCurve> bench_ring(const RingBenchSettings& settings,
                                       const std::function<void(const RingBenchCurve&)>& progress) {
  for (const double load : settings.loads) {
    if (!(load > 0 && load <= 1)) {
      throw std::invalid_argument(fmt::format("a load is above 0 and at most 1, not {}", load));
    }
  }
  std::vector<RingBenchCurve> curves;
  for (const RingPattern pattern : settings.patterns) {
    for (const unsigned stations : settings.stations) {
      RingSettings one;
      one.stations = stations;
      one.pattern = pattern;
      one.seed = settings.seed;
      one.clocks = settings.clocks;
      one.parameters = settings.parameters;
      RingBenchCurve curve{pattern, stations, {}, 0, 0};
      for (const double load : settings.loads) {
        one.rate = load * ring_saturation(pattern, stations);
        curve.points.push_back(measure(one, load));
      }
      one.rate = -1;
      const RingResult full = run_ring(one);
      curve.full = full.accepted / full.theory;
      curve.fairness = full.fairness;
      progress(curve);
      curves.push_back(curve);
    }
  }
  return curves;
}

std::string to_text(const std::vector<RingBenchCurve>& curves) {
  std::string text;
  for (const RingPattern pattern : patterns_of(curves)) {
    const auto own = curves_of(curves, pattern);
    text += fmt::format("{}: mean clocks from source to ejection, waiting included\n{:>12}",
                        to_string(pattern), "load");
    for (const RingBenchCurve* curve : own) text += fmt::format("{:>10}", curve->stations);
    text += "\n";
    for (std::size_t i = 0; i < own.front()->points.size(); ++i) {
      text += fmt::format("{:12.2f}", own.front()->points[i].load);
      for (const RingBenchCurve* curve : own)
        text += fmt::format("{:10.1f}", curve->points[i].latency);
      text += "\n";
    }
    text += fmt::format("{:>12}", "full, %");
    for (const RingBenchCurve* curve : own) text += fmt::format("{:10.1f}", 100 * curve->full);
    text += fmt::format("\n{:>12}", "fairness");
    for (const RingBenchCurve* curve : own) text += fmt::format("{:10.2f}", curve->fairness);
    text += "\n\n";
  }
  return text;
}

nlohmann::json to_json(const std::vector<RingBenchCurve>& curves) {
  nlohmann::json rows = nlohmann::json::array();
  for (const RingBenchCurve& curve : curves) {
    nlohmann::json points = nlohmann::json::array();
    for (const RingBenchPoint& p : curve.points) {
      points.push_back({{"load", p.load}, {"latency", p.latency}, {"most", p.most}});
    }
    rows.push_back({{"pattern", to_string(curve.pattern)},
                    {"stations", curve.stations},
                    {"saturation", ring_saturation(curve.pattern, curve.stations)},
                    {"points", points},
                    {"full", curve.full},
                    {"fairness", curve.fairness}});
  }
  return {{"curves", rows}};
}

std::string to_html(const std::vector<RingBenchCurve>& curves) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Ring: latency against "
      "load</title>\n<style>:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, "
      "sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; } .charts { display: "
      "grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1.5rem; } svg { "
      "max-width: 100%; height: auto; }</style>\n<h1>Ring: latency against load</h1>\n<p>Measured "
      "on the verilated ring. Load is the part of the rate at which the busiest link or port is "
      "full; latency is the mean from when the source has a packet to its ejection.</p>\n"
      "<div class=\"charts\">\n";
  for (const RingPattern pattern : patterns_of(curves)) {
    svg::LineChart chart;
    chart.title = std::string(to_string(pattern)) + ", clocks";
    chart.x = {"load, part of saturation", 0, 1, false, {0, 0.2, 0.4, 0.6, 0.8, 1}, ""};
    double highest = 4;
    int color = 0;
    for (const RingBenchCurve* curve : curves_of(curves, pattern)) {
      svg::Series line{fmt::format("{} stations", curve->stations), {}, {}, color++, false};
      for (const RingBenchPoint& p : curve->points) {
        line.x.push_back(p.load);
        line.y.push_back(p.latency);
        highest = std::max(highest, p.latency);
      }
      chart.series.push_back(line);
    }
    chart.y = {"clocks", 2, std::exp2(std::ceil(std::log2(highest))), true, {}, ""};
    page += "<div>" + svg::line_chart(chart) + "</div>\n";
  }
  return page + "</div>\n</html>\n";
}

}  // namespace s4::sw
