// A network's report as JSON, as text, and as a trace.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sw/network/network.hpp"

namespace s4::sw {

/// The keys of a layer's report (sw/report/layer_json.hpp), for the network and again for each of
/// its `layers`. `cycles` and `utilisation` are null unless the RTL ran to completion.
[[nodiscard]] nlohmann::json to_json(const NetworkReport& report);

/// For a column: at most `most` characters (3 or more), the last two then "..".
[[nodiscard]] std::string cut_text(const std::string& text, std::size_t most);
/// For people: the table of the layers.
[[nodiscard]] std::string layers_text(const NetworkReport& report);
/// The same, then the figures of the network.
[[nodiscard]] std::string to_text(const NetworkReport& report);

/// Trace events for Perfetto or chrome://tracing: one row per engine, one slice per command, named
/// after its layer; a microsecond of the trace is a clock. Only the RTL has a timeline.
[[nodiscard]] nlohmann::json to_trace(const NetworkReport& report);

}  // namespace s4::sw
