// Sums of a layer's result and another tensor, computed in the epilogue of the layer.
#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {

void fuse_residual_adds(Graph& graph) {
  rewrite(graph, [&](const Uses& uses, std::size_t n) {
    const Node& add = graph.nodes[n];
    if (add.op != Op::kQAdd) return false;
    const Shape& shape = graph.at(add.output).shape;
    if (graph.at(add.inputs[0]).shape != shape || graph.at(add.inputs[1]).shape != shape) {
      return false;
    }
    const auto sum = add.get<QBinaryAttributes>();
    const auto fits = [&](TensorId id, const Quant& quant) {
      const Node* layer = producer(graph, uses, id);
      const auto* q =
          layer == nullptr ? nullptr : std::get_if<QLayerAttributes>(&layer->attributes);
      return q != nullptr && !q->add && q->y == quant && uses.read_once(id);
    };
    const bool left = fits(add.inputs[0], sum.a);
    const bool right = fits(add.inputs[1], sum.b);
    if (!left && !right) return false;
    // Of two layers the later one takes the sum: the other is done by then.
    const std::size_t side =
        left && right ? (uses.producer[add.inputs[0]] < uses.producer[add.inputs[1]] ? 1 : 0)
                      : (left ? 0 : 1);
    const TensorId own = add.inputs[side];
    const TensorId second = add.inputs[1 - side];
    if (!redirect(graph, uses, add.output, own)) return false;
    Node& layer = graph.nodes[uses.producer[own]];
    auto& q = layer.get<QLayerAttributes>();
    q.add = QSum{side == 0 ? sum.b : sum.a, sum.y, sum.low, sum.high, side == 1};
    layer.inputs.resize(4, kNoTensor);
    layer.inputs[3] = second;
    return true;
  });
}

}  // namespace s4::sw::graph
