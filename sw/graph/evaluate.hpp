// Runs a graph on the host: float operators in plain C++, byte operators on the reference.
#pragma once

#include <functional>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// Result of one node. `inputs` as in the node, nullptr where an optional one is missing.
/// Throws GraphError if they do not fit the operator.
[[nodiscard]] TensorData evaluate_node(const Node& node,
                                       const std::vector<const TensorData*>& inputs);

/// Called with every input and every result, as soon as it is there; what it changes in a result
/// is what the nodes behind read.
using Observer = std::function<void(TensorId, TensorData&)>;

/// Results of the graph for inputs in the order of Graph::inputs. Throws GraphError if an input has
/// another type or shape than the graph says.
[[nodiscard]] std::vector<TensorData> evaluate(const Graph& graph, std::vector<TensorData> inputs,
                                               const Observer& observer = nullptr);

}  // namespace s4::sw::graph
