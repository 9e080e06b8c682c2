// Sums, differences, products and maxima of a layer's result and another tensor, computed in the
// epilogue of the layer.
#include <algorithm>
#include <vector>

#include "sw/graph/byte_difference.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

/// The result of a product of long matrices that `id` shows as stacked ones, or `id`.
TensorId result_of(Graph& graph, const Uses& uses, TensorId id) {
  const Node* reshape = producer(graph, uses, id);
  if (reshape == nullptr || reshape->op != Op::kReshape) return id;
  const TensorId from = reshape->inputs[0];
  const Node* layer = producer(graph, uses, from);
  const bool rows = layer != nullptr && layer->op == Op::kQMatMul &&
                    graph.at(from).shape.size() == 2 && graph.at(id).shape.size() == 3 &&
                    graph.at(from).shape.back() == graph.at(id).shape.back();
  return rows ? from : id;
}

bool combines(Op op) {
  return op == Op::kQAdd || op == Op::kQSub || op == Op::kQMul || op == Op::kQMax;
}

/// What the epilogue computes as the operator does, whichever operands are constant.
bool fits_epilogue(const QBinaryAttributes& q, Op op, DataType type) {
  if (op == Op::kQSub) return difference_constants(q.a, q.b, q.y, type).has_value();
  return op != Op::kQMax || (q.a == q.y && q.b == q.y);
}

}  // namespace

void fuse_residual_adds(Graph& graph) {
  spread_constants(graph);
  std::vector<TensorId> left_alone;  // found not to fit the epilogue
  rewrite(graph, [&](const Uses& uses, std::size_t n) {
    const Node& add = graph.nodes[n];
    if (!combines(add.op)) return false;
    if (add.op == Op::kQMul &&
        (graph.is_constant(add.inputs[0]) || graph.is_constant(add.inputs[1]))) {
      return false;
    }
    const Shape& shape = graph.at(add.output).shape;
    if (graph.at(add.inputs[0]).shape != shape || graph.at(add.inputs[1]).shape != shape) {
      return false;
    }
    const auto sum = add.get<QBinaryAttributes>();
    const auto fits = [&](TensorId id, const Quant& quant) {
      const TensorId result = uses.read_once(id) ? result_of(graph, uses, id) : id;
      const Node* layer = producer(graph, uses, result);
      const auto* q =
          layer == nullptr ? nullptr : std::get_if<QLayerAttributes>(&layer->attributes);
      return q != nullptr && !q->add && q->y == quant && uses.read_once(id) &&
             uses.read_once(result);
    };
    const bool left = fits(add.inputs[0], sum.a);
    const bool right = fits(add.inputs[1], sum.b);
    if (!left && !right) return false;
    if (std::count(left_alone.begin(), left_alone.end(), add.output) != 0) return false;
    if (!fits_epilogue(sum, add.op, graph.at(add.output).type)) {
      left_alone.push_back(add.output);
      return false;
    }
    const Op op = add.op;
    // Of two layers the later one takes the sum: the other is done by then.
    const std::size_t side = left && right
                                 ? (uses.producer[result_of(graph, uses, add.inputs[0])] <
                                            uses.producer[result_of(graph, uses, add.inputs[1])]
                                        ? 1
                                        : 0)
                                 : (left ? 0 : 1);
    const TensorId own = result_of(graph, uses, add.inputs[side]);
    TensorId second = add.inputs[1 - side];
    const std::string name = add.name;
    if (!redirect(graph, uses, add.output, add.inputs[side])) return false;
    if (own != add.inputs[side]) {
      const Shape rows = graph.at(own).shape;
      second = append_node(
          graph, {Op::kReshape, name + "_rows", {second}, kNoTensor, ReshapeAttributes{rows}},
          graph.at(second).name + "_rows");
    }
    Node& layer = graph.nodes[uses.producer[own]];
    auto& q = layer.get<QLayerAttributes>();
    q.add = QSum{side == 0 ? sum.b : sum.a, sum.y, sum.low, sum.high, side == 1, op};
    layer.inputs.resize(4, kNoTensor);
    layer.inputs[3] = second;
    return true;
  });
}

}  // namespace s4::sw::graph
