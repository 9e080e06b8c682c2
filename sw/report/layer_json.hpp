// A layer's report as JSON and as text; its timeline as a trace.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sw/driver/layer_runner.hpp"

namespace s4::sw {

/// Keys that scripts rely on: ok, mismatches, cycles, ideal_cycles, utilisation, bound, macs_dense,
/// macs_nonzero, weight_bytes, dense_weight_bytes, wall_s, mac_per_s. `cycles` and `utilisation`
/// are null unless the RTL ran to completion.
[[nodiscard]] nlohmann::json to_json(const LayerReport& report);

/// For people, several lines.
[[nodiscard]] std::string to_text(const LayerReport& report);

/// Trace events for Perfetto or chrome://tracing: one row per engine, one slice per command;
/// a microsecond of the trace is a clock. Only the RTL has a timeline.
[[nodiscard]] nlohmann::json to_trace(const LayerReport& report);

/// Writes to a file; throws std::runtime_error if that fails.
void write_json(const std::string& path, const nlohmann::json& value, int indent = 2);

}  // namespace s4::sw
