// Functions as the chip has them: of bytes as tables.
#pragma once

#include <optional>

#include "sw/compiler/layer.hpp"
#include "sw/graph/graph.hpp"

namespace s4::sw {

/// The table of a QUnary node, each byte the nearest to the function's real value, or of a QClip
/// node; nothing, with the reason in `why_not`, if the table cannot stand for it.
[[nodiscard]] std::optional<FusedActivation> function_table(const graph::Graph& graph,
                                                            const graph::Node& node,
                                                            std::string& why_not);

/// A Bf16Unary node's function on the lanes.
[[nodiscard]] FusedActivation function_code(const graph::Node& node);

}  // namespace s4::sw
