// A compiled network for people and scripts: what runs where and why, sizes, programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sw/network/network.hpp"

namespace s4::sw {

[[nodiscard]] nlohmann::json inspect_json(const CompiledNetwork& compiled);
/// A line per step, then the programs. `commands`: also every command.
[[nodiscard]] std::string inspect_text(const CompiledNetwork& compiled, bool commands = false);

}  // namespace s4::sw
