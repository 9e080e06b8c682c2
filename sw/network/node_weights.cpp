// Weights of a chip layer back into the node that it came from.
#include <algorithm>

#include "sw/graph/bf16_ops.hpp"
#include "sw/network/node_layer.hpp"

namespace s4::sw {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::TensorId;

namespace {

/// Values of a chip layer's weights to those of the node, both in their own order.
template <typename T>
void put_weights(const Graph& graph, const Node& node, const WeightTensor& tensor,
                 const std::vector<T>& from, std::vector<T>& to) {
  const std::size_t reduction = std::size_t{tensor.in_channels} * tensor.taps();
  const std::size_t filters = tensor.out_channels;
  if (node.op == Op::kQMatMul || node.op == Op::kBf16MatMul) {
    const auto flat = flattened(graph, node.inputs[0]);
    const bool rows = tensor.taps() > 1 && flat && flat->rows;
    for (std::size_t k = 0; k < reduction; ++k) {
      const std::size_t place = product_place(k, tensor, rows);
      for (std::size_t out = 0; out < filters; ++out) {
        to[k * filters + out] = from[out * reduction + place];
      }
    }
    return;
  }
  const std::size_t inner = to.size() / filters;
  const auto& geometry = node.op == Op::kQConv ? node.get<graph::QLayerAttributes>().geometry
                                               : node.get<graph::Bf16LayerAttributes>().geometry;
  const auto groups = static_cast<std::size_t>(geometry.groups);
  for (std::size_t out = 0; out < filters; ++out) {
    const std::size_t group = out / (filters / groups);
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(out * reduction + group * inner), inner,
                to.begin() + static_cast<std::ptrdiff_t>(out * inner));
  }
}

}  // namespace

void set_weights(Graph& graph, Node& node, const WeightTensor& from) {
  graph::TensorData data = graph.constant(node.inputs[1]);
  if (from.bf16.empty()) {
    put_weights(graph, node, from, from.data, data.get<std::int8_t>());
  } else {
    std::vector<std::uint16_t> kept(from.data.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = from.value(i);
    put_weights(graph, node, from, graph::from_bf16(kept), data.get<float>());
  }
  const TensorId shared = node.inputs[1];
  std::size_t readers = 0;
  for (const Node& other : graph.nodes) {
    readers +=
        static_cast<std::size_t>(std::count(other.inputs.begin(), other.inputs.end(), shared));
  }
  if (readers == 1) {
    graph.at(shared).constant = std::move(data);
  } else {
    node.inputs[1] = graph.add_constant(node.name + "_pruned", std::move(data));
  }
}

}  // namespace s4::sw
