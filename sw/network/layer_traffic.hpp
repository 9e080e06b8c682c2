// What the layers of a network move, by the commands of its programs.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/driver/traffic.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// The subsystem that runs a program, and with whom it reads weights.
struct Runner {
  unsigned station = 0;
  Region joint;              ///< weights that are read once for all of `joined`
  std::uint32_t joined = 0;  ///< stations; bit s: station s
};

/// Fills in LayerBytes of the report's layers: every program is run once, by runners[program]. What
/// is read once for several stations counts for the program of the lowest one. Returns what all
/// layers move.
[[nodiscard]] Traffic count_layers(const CompiledNetwork& compiled,
                                   const std::vector<Runner>& runners, const TrafficMap& map,
                                   std::uint64_t local_words, NetworkReport& report,
                                   std::size_t first = 0);

}  // namespace s4::sw
