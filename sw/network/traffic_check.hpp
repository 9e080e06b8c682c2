// Bytes that the commands of a network move, against what the RTL and the memory devices counted.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/driver/layer_runner.hpp"
#include "sw/driver/traffic.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// Words fetched, loaded, read as weights and stored: by the commands of every program, and by the
/// counters of the RTL's runs, which are those of the programs in their order. Not made if not all
/// of them were completed.
[[nodiscard]] Comparison check_counters(const CompiledNetwork& compiled,
                                        const std::vector<DeviceRun>& runs, std::size_t first = 0);

/// What moved until all programs had ended and every write was in the devices.
struct TrafficReport {
  Traffic layers;    ///< by the commands of all layers
  Traffic host;      ///< by the host, over the chip's AXI4 port
  Traffic measured;  ///< bursts of the devices, beats on the links; ring_beats is not measured
  std::vector<std::uint64_t> merged;  ///< by channel: writes that became part of a waiting one
  bool ecc = false;                   ///< check bits are read and written too
  std::vector<Comparison> checks;

  /// Makes `checks`; `complete`: every program has ended well.
  void check(bool complete);
};
[[nodiscard]] nlohmann::json to_json(const TrafficReport& report);
/// Some lines for people.
[[nodiscard]] std::string to_text(const TrafficReport& report);

}  // namespace s4::sw
