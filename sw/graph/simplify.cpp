// Dead nodes, constants, and data movement that does nothing.
#include <algorithm>
#include <utility>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

/// Results up to this many elements are folded whatever the operands; larger ones only if they are
/// no larger than the operands, so that a small file cannot ask for much memory.
constexpr std::int64_t kSmallResult = std::int64_t{1} << 20;

bool is_cheap(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv:
    case Op::kMax:
    case Op::kClip:
    case Op::kUnary:
    case Op::kPow:
    case Op::kReshape:
    case Op::kTranspose:
    case Op::kGather:
    case Op::kConcat:
    case Op::kSlice:
    case Op::kCast:
    case Op::kQuantize:
    case Op::kDequantize:
    case Op::kQClip:
      return true;
    default:
      return false;
  }
}

/// The permutation moves no axis longer than 1 past another such axis.
bool keeps_order(const std::vector<std::int64_t>& order, const Shape& in) {
  std::int64_t last = -1;
  for (const std::int64_t axis : order) {
    if (in[static_cast<std::size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

}  // namespace

void remove_dead(Graph& graph) {
  remove_dead_nodes(graph);
  std::vector<bool> used(graph.tensors.size());
  const auto mark = [&](TensorId id) {
    if (id != kNoTensor) used[id] = true;
  };
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) mark(id);
    mark(node.output);
  }
  for (const TensorId id : graph.inputs) mark(id);
  for (const TensorId id : graph.outputs) mark(id);
  std::vector<TensorId> renamed(graph.tensors.size(), kNoTensor);
  std::vector<Tensor> kept;
  for (std::size_t id = 0; id < used.size(); ++id) {
    if (!used[id]) continue;
    renamed[id] = static_cast<TensorId>(kept.size());
    kept.push_back(std::move(graph.tensors[id]));
  }
  graph.tensors = std::move(kept);
  const auto rename = [&](TensorId& id) {
    if (id != kNoTensor) id = renamed[id];
  };
  for (Node& node : graph.nodes) {
    for (TensorId& id : node.inputs) rename(id);
    rename(node.output);
  }
  for (TensorId& id : graph.inputs) rename(id);
  for (TensorId& id : graph.outputs) rename(id);
}

bool is_foldable(const Graph& graph, const Node& node) {
  if (!is_cheap(node.op) || node.inputs.empty()) return false;
  std::int64_t elements = 0;
  for (const TensorId id : node.inputs) {
    if (id == kNoTensor || !graph.is_constant(id)) return false;
    elements += element_count(graph.at(id).shape);
  }
  const std::int64_t result = element_count(graph.at(node.output).shape);
  return result <= kSmallResult || result <= elements;
}

void fold_constants(Graph& graph, bool dequantize) {
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    if ((node.op == Op::kDequantize && !dequantize) || !is_foldable(graph, node)) {
      kept.push_back(std::move(node));
      continue;
    }
    std::vector<const TensorData*> operands;
    for (const TensorId id : node.inputs) operands.push_back(&graph.constant(id));
    graph.at(node.output).constant = evaluate_node(node, operands);
  }
  graph.nodes = std::move(kept);
  remove_dead_nodes(graph);
}

void simplify(Graph& graph) {
  rewrite(graph, [&](const Uses& uses, std::size_t n) {
    Node& node = graph.nodes[n];
    const TensorId in = node.input(0);
    if (in == kNoTensor) return false;
    const Shape& shape = graph.at(in).shape;
    Node* before = producer(graph, uses, in);
    switch (node.op) {
      case Op::kReshape:
        if (graph.at(node.output).shape == shape) return redirect(graph, uses, node.output, in);
        if (before != nullptr && before->op == Op::kReshape) {
          node.inputs[0] = before->inputs[0];
          return true;
        }
        return false;
      case Op::kTranspose: {
        auto& order = node.get<TransposeAttributes>().permutation;
        if (before != nullptr && before->op == Op::kTranspose) {
          const auto& first = before->get<TransposeAttributes>().permutation;
          for (std::int64_t& axis : order) axis = first[static_cast<std::size_t>(axis)];
          node.inputs[0] = before->inputs[0];
          return true;
        }
        if (!keeps_order(order, shape)) return false;
        node.op = Op::kReshape;
        node.attributes = ReshapeAttributes{graph.at(node.output).shape};
        return true;
      }
      case Op::kClip:
        return node.get<ClampAttributes>().clamp.is_open() &&
               redirect(graph, uses, node.output, in);
      case Op::kCast:
        return node.get<CastAttributes>().type == graph.at(in).type &&
               redirect(graph, uses, node.output, in);
      default:
        return false;
    }
  });
}

std::vector<std::string> optimize(Graph& graph) {
  remove_dead_nodes(graph);
  fold_constants(graph);
  simplify(graph);
  fuse_patterns(graph);  // before clamps and addends move into other nodes
  fold_parameters(graph);
  fuse_activations(graph);
  auto notes = fuse_quantized(graph);
  fold_constants(graph, true);
  fold_parameters(graph);
  fuse_activations(graph);
  simplify(graph);
  remove_dead(graph);
  return notes;
}

}  // namespace s4::sw::graph
