// Measures a verilated ring under a traffic pattern; every packet is accounted for.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/ring/ring_pattern.hpp"
#include "sw/ring/ring_pins.hpp"
#include "tb/model.hpp"

namespace s4::sw {

struct RingSettings {
  unsigned stations = 5;  // 2 to 16
  RingPattern pattern = RingPattern::kUniform;
  /// Messages per clock and source, 0 to 2; below 0: as many as theory allows (hotspot: 1).
  double rate = -1;
  std::uint64_t seed = 1;
  std::vector<RingMessage> trace;  // of the trace pattern
  std::uint64_t warm_up = 2000;    // clocks before the measurement
  std::uint64_t clocks = 20000;    // of the measurement
  std::uint32_t dead = 0;          // stations that never accept a packet, as a mask
  /// Kind of error, and its chance per clock, that strikes some link; of the whole run.
  ring::Fault fault = ring::Fault::kNone;
  double fault_rate = 0;
  /// Parameters of the module `ring` besides NumStations.
  std::map<std::string, std::string> parameters;
  tb::Kind kind = tb::Kind::kFast;
};

/// Latencies of the packets that were delivered within the measurement.
struct RingLatency {
  std::uint64_t packets = 0;
  double network = 0;       // mean clocks from the push into a lane
  double total = 0;         // mean clocks from when the source had it
  std::uint64_t least = 0;  // from the push
  std::uint64_t most = 0;   // from the push
};

struct RingResult {
  double offered = 0;    // messages per clock and station that the sources made
  double accepted = 0;   // messages per clock and station that were delivered (a multicast counts
                         // as the part of its destinations that it reached)
  double theory = 0;     // see ring_theory
  double delivered = 0;  // packets that left per clock and station, copies of a multicast each
  std::uint64_t clocks = 0;
  std::uint64_t packets = 0;         // deliveries of the whole run, warm-up and drain included
  std::vector<RingLatency> latency;  // by hops, index 0 is one hop
  std::vector<double> sent;          // by source, messages per clock
  std::vector<double> links;         // utilisation, by 2 * station + lane
  /// Delivered over offered of a source, the slowest over the fastest of a lane, the worse lane.
  double fairness = 0;
  double seconds = 0;
  // ---- What went wrong, of the whole run; all 0 unless the settings ask for it ----
  std::vector<RingErrors> errors;   // counters of each station
  std::vector<std::uint32_t> dead;  // stations that each station found dead, as a mask
  std::uint64_t flagged = 0;        // packets delivered with their error flag set
  std::uint64_t lost = 0;           // packets that did not arrive, those for dead stations left out
};

/// Builds the model on demand. Throws sim::RingError at the first packet that is lost, repeated,
/// misdirected or out of order and at an error that was not asked for, std::invalid_argument for
/// settings that make no sense.
[[nodiscard]] RingResult run_ring(const RingSettings& settings);

[[nodiscard]] std::string to_text(const RingSettings& settings, const RingResult& result);
[[nodiscard]] nlohmann::json to_json(const RingSettings& settings, const RingResult& result);

}  // namespace s4::sw
