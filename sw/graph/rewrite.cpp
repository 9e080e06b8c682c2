#include "sw/graph/rewrite.hpp"

#include <utility>

namespace s4::sw::graph {

void remove_dead_nodes(Graph& graph) {
  const Uses uses(graph);
  std::vector<bool> live(graph.nodes.size());
  std::vector<std::size_t> open;
  const auto need = [&](TensorId id) {
    if (id == kNoTensor) return;
    const std::size_t n = uses.producer[id];
    if (n == Uses::kNone || live[n]) return;
    live[n] = true;
    open.push_back(n);
  };
  for (const TensorId id : graph.outputs) need(id);
  while (!open.empty()) {
    const std::size_t n = open.back();
    open.pop_back();
    for (const TensorId id : graph.nodes[n].inputs) need(id);
  }
  std::size_t kept = 0;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!live[n]) continue;
    if (kept != n) graph.nodes[kept] = std::move(graph.nodes[n]);
    ++kept;
  }
  graph.nodes.resize(kept);
}

bool redirect(Graph& graph, const Uses& uses, TensorId from, TensorId to) {
  if (uses.is_output[from]) {
    if (uses.producer[to] == Uses::kNone || uses.is_output[to]) return false;
    std::swap(graph.at(to).name, graph.at(from).name);
  }
  for (Node& node : graph.nodes) {
    for (TensorId& id : node.inputs) {
      if (id == from) id = to;
    }
  }
  for (TensorId& id : graph.outputs) {
    if (id == from) id = to;
  }
  return true;
}

TensorId append_node(Graph& graph, Node node, const std::string& tensor_name) {
  TensorInfo info = infer_node(graph, node);
  const TensorId id =
      graph.add_tensor({tensor_name, info.type, std::move(info.shape), std::nullopt});
  node.output = id;
  graph.nodes.push_back(std::move(node));
  return id;
}

}  // namespace s4::sw::graph
