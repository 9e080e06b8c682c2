// A compiled network for people and scripts: what runs where and why, sizes, programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sw/network/network.hpp"

namespace s4::sw {

[[nodiscard]] nlohmann::json inspect_json(const CompiledNetwork& compiled);
/// What is told beside the steps and programs.
struct InspectDetails {
  bool schedule = false;  ///< of every layer its plan, expected clocks and bounds; what is moved
  bool commands = false;  ///< every command
};

/// A line per step, then the programs.
[[nodiscard]] std::string inspect_text(const CompiledNetwork& compiled,
                                       const InspectDetails& details = {});

}  // namespace s4::sw
