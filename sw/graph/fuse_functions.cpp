#include "sw/graph/fuse_functions.hpp"

#include <utility>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

/// gamma or beta as a constant of float32: as it is, or dequantised.
std::optional<TensorId> real_constant(Graph& graph, const Uses& uses, TensorId id) {
  if (graph.is_constant(id)) return id;
  const Node* node = producer(graph, uses, id);
  if (node == nullptr || node->op != Op::kDequantize || !graph.is_constant(node->inputs[0])) {
    return std::nullopt;
  }
  TensorData real = evaluate_node(*node, {&graph.constant(node->inputs[0])});
  return graph.add_constant(graph.at(id).name, std::move(real));
}

}  // namespace

bool is_over_rows(const Graph& graph, const Node& layer) {
  const auto rank = static_cast<std::int64_t>(graph.at(layer.inputs[0]).shape.size());
  const std::int64_t axis = layer.op == Op::kSoftmax ? layer.get<AxisAttributes>().axis
                                                     : layer.get<LayerNormAttributes>().axis;
  return axis == rank - 1;
}

std::optional<Node> fused_function(Graph& graph, const Uses& uses, const Node& layer,
                                   TensorId bytes, const Quant& x, const Quant& y,
                                   std::string& why) {
  if (layer.op == Op::kUnary) {
    const QFunctionAttributes q{x, y, layer.get<UnaryAttributes>().function};
    return Node{Op::kQUnary, "", {bytes}, kNoTensor, q};
  }
  if (!is_over_rows(graph, layer)) {
    why = "it is not over the last axis alone";
    return std::nullopt;
  }
  if (layer.op == Op::kSoftmax) {
    return Node{Op::kQSoftmax, "", {bytes}, kNoTensor, QRowAttributes{x, y, 0.0F}};
  }
  const QRowAttributes q{x, y, layer.get<LayerNormAttributes>().epsilon};
  Node fused{Op::kQLayerNorm, "", {bytes}, kNoTensor, q};
  for (std::size_t i = 1; i < layer.inputs.size(); ++i) {
    TensorId affine = kNoTensor;
    if (layer.inputs[i] != kNoTensor) {
      const auto found = real_constant(graph, uses, layer.inputs[i]);
      if (!found) {
        why = std::string("its ") + (i == 1 ? "gamma" : "beta") + " is not constant";
        return std::nullopt;
      }
      affine = *found;
    }
    fused.inputs.push_back(affine);
  }
  return fused;
}

}  // namespace s4::sw::graph
