// A graph as JSON and, apart from it, the bytes of its constants.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw {

/// Appends the constants to `constants`, little-endian, in the order of the tensors.
[[nodiscard]] nlohmann::json graph_to_json(const graph::Graph& graph,
                                           std::vector<std::uint8_t>& constants);

/// Inverse of graph_to_json(). Throws nlohmann::json::exception or graph::GraphError if the text is
/// no graph, or one that check_graph() refuses, or does not use up the constants.
[[nodiscard]] graph::Graph graph_from_json(const nlohmann::json& json,
                                           std::span<const std::uint8_t> constants);

}  // namespace s4::sw
