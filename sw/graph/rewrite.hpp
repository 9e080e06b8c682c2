// Help for the passes.
#pragma once

#include "sw/graph/graph.hpp"
#include "sw/graph/infer.hpp"

namespace s4::sw::graph {

/// Removes nodes whose result nobody reads; tensors stay.
void remove_dead_nodes(Graph& graph);

/// Lets every reader of `from` read `to`, which is equal. If `from` is an output of the graph, `to`
/// takes its name; false, with nothing changed, where it cannot (`to` is a port or constant).
bool redirect(Graph& graph, const Uses& uses, TensorId from, TensorId to);

/// Appends a node that makes a new tensor of the inferred type and shape.
TensorId append_node(Graph& graph, Node node, const std::string& tensor_name);

/// The node that makes a tensor, or nullptr.
inline Node* producer(Graph& graph, const Uses& uses, TensorId id) {
  if (id == kNoTensor || uses.producer[id] == Uses::kNone) return nullptr;
  return &graph.nodes[uses.producer[id]];
}

/// Calls attempt(uses, node index) until no call returns true, then sorts the nodes. `attempt` may
/// change nodes and append new ones.
template <typename F>
void rewrite(Graph& graph, F attempt) {
  for (bool changed = true; changed;) {
    changed = false;
    Uses uses(graph);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      if (!attempt(uses, n)) continue;
      changed = true;
      remove_dead_nodes(graph);
      uses = Uses(graph);
    }
  }
  sort_nodes(graph);
}

}  // namespace s4::sw::graph
