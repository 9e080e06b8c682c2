// Layers of a network checked one by one, in several processes at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sw/network/cut.hpp"

namespace s4::sw {

/// One layer, run alone from memory to memory.
struct LayerCheck {
  std::size_t layer = 0;
  bool ok = false;
  std::optional<std::uint64_t> cycles;
  double ideal_cycles = 0;
  std::uint64_t mismatches = 0;
  std::string first;  ///< the first mismatch in full, or the error
  double wall_s = 0;
};

/// Runs every cut as run_network does, `jobs` at a time, each in a process of its own: a model that
/// ends one with a signal costs its layer alone. `done` is called as results come.
[[nodiscard]] std::vector<LayerCheck> check_layers(
    const std::vector<NetworkCut>& cuts, const NetworkOptions& options,
    const config::Configuration& config, const NetworkRunSettings& settings, unsigned jobs,
    const std::function<void(const LayerCheck&)>& done);

}  // namespace s4::sw
