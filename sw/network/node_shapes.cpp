// Tensors of the graph as the chip sees their shapes.
#include <algorithm>
#include <limits>

#include "sw/network/node_layer.hpp"

namespace s4::sw {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

const Node* producer_of(const Graph& graph, TensorId tensor) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& node) { return node.output == tensor; });
  return found == graph.nodes.end() ? nullptr : &*found;
}

std::optional<TensorShape> image_shape(const Shape& shape) {
  if (shape.size() < 2) return std::nullopt;
  std::int64_t width = 1;
  for (std::size_t i = 3; i < shape.size(); ++i) width *= shape[i];
  const std::int64_t height = shape.size() < 3 ? 1 : shape[2];
  for (const std::int64_t size : {shape[0], shape[1], height, width}) {
    if (size < 1 || size > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  }
  return TensorShape{static_cast<std::uint32_t>(shape[0]), static_cast<std::uint32_t>(shape[1]),
                     static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width)};
}

std::optional<TensorShape> rows_shape(const Shape& shape) {
  if (shape.size() < 2) return std::nullopt;
  std::int64_t images = 1;
  for (std::size_t i = 0; i + 2 < shape.size(); ++i) images *= shape[i];
  std::int64_t rows = 1;
  (shape.size() > 2 ? rows : images) *= shape[shape.size() - 2];
  return TensorShape{static_cast<std::uint32_t>(images), static_cast<std::uint32_t>(shape.back()),
                     1, static_cast<std::uint32_t>(rows)};
}

TensorId stacked_rows(const Graph& graph, TensorId tensor) {
  const Shape& shape = graph.at(tensor).shape;
  if (shape.size() != 2) return tensor;
  TensorId from = tensor;
  for (const Node* node = producer_of(graph, tensor); node != nullptr && node->op == Op::kReshape;
       node = producer_of(graph, from)) {
    from = node->inputs[0];
    const Shape& stacked = graph.at(from).shape;
    if (stacked.size() == 3 && stacked.back() == shape.back()) return from;
  }
  return tensor;
}

std::optional<Flattened> flattened(const Graph& graph, TensorId tensor) {
  std::optional<Flattened> found;
  for (const Node* node = producer_of(graph, tensor); node != nullptr && node->op == Op::kReshape;
       node = producer_of(graph, node->inputs[0])) {
    const Shape& from = graph.at(node->inputs[0]).shape;
    if (from.size() < 3 || from[0] != graph.at(tensor).shape[0]) continue;
    const bool rows = from.size() == 3;
    if (rows && found) continue;
    const auto shape = rows ? rows_shape(from) : image_shape(from);
    if (!shape) continue;
    found = Flattened{node->inputs[0], *shape, rows};
    if (!rows) break;
  }
  return found;
}

std::size_t product_place(std::size_t k, const WeightTensor& weights, bool rows) {
  if (!rows) return k;
  return k % weights.in_channels * weights.taps() + k / weights.in_channels;
}

TensorId without_reshapes(const Graph& graph, TensorId tensor, const TensorShape& shape,
                          bool rows_view) {
  for (const Node* node = producer_of(graph, tensor); node != nullptr && node->op == Op::kReshape;
       node = producer_of(graph, tensor)) {
    const Shape& from = graph.at(node->inputs[0]).shape;
    const auto before = rows_view ? rows_shape(from) : image_shape(from);
    // Rows lie behind each other whatever images they belong to, if these stand in one order.
    if (!before || before->channels != shape.channels || before->pixels() != shape.pixels() ||
        (!rows_view && before->batch != shape.batch) ||
        (rows_view && image_order(from) != image_order(graph.at(tensor).shape))) {
      break;
    }
    tensor = node->inputs[0];
  }
  return tensor;
}

}  // namespace s4::sw
