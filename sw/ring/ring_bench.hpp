// Latency of the ring against its load, for every pattern, as text, JSON and charts.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/ring/ring_run.hpp"

namespace s4::sw {

struct RingBenchSettings {
  std::vector<unsigned> stations{4, 5, 6, 8};
  std::vector<RingPattern> patterns{RingPattern::kUniform, RingPattern::kNeighbour,
                                    RingPattern::kHotspot, RingPattern::kTornado,
                                    RingPattern::kBroadcast};
  /// Parts of the rate at which the busiest link or port is full.
  std::vector<double> loads{0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95};
  std::uint64_t seed = 1;
  std::uint64_t clocks = 20000;  // of each measurement
  std::map<std::string, std::string> parameters;
};

struct RingBenchPoint {
  double load = 0;
  double latency = 0;  // mean clocks from when the source had the packet to its ejection
  double most = 0;     // clocks from the push into a lane, the slowest packet
};

struct RingBenchCurve {
  RingPattern pattern = RingPattern::kUniform;
  unsigned stations = 0;
  std::vector<RingBenchPoint> points;
  double full = 0;      // accepted over theory when sources offer all they can
  double fairness = 0;  // then
};

/// Messages per clock and source at which the busiest link or port is full, all sources alike.
[[nodiscard]] double ring_saturation(RingPattern pattern, unsigned stations);

/// `progress` is called with each curve when it is done. Throws as run_ring, and
/// std::invalid_argument for a trace and for loads outside 0 to 1.
[[nodiscard]] std::vector<RingBenchCurve> bench_ring(
    const RingBenchSettings& settings, const std::function<void(const RingBenchCurve&)>& progress);

/// A table of one pattern: a row per load, a column per ring.
[[nodiscard]] std::string to_text(const std::vector<RingBenchCurve>& curves);
[[nodiscard]] nlohmann::json to_json(const std::vector<RingBenchCurve>& curves);
/// A page with a chart per pattern; needs no network and no script.
[[nodiscard]] std::string to_html(const std::vector<RingBenchCurve>& curves);

}  // namespace s4::sw
