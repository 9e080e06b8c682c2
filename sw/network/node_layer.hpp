// One node of a quantised graph as a layer of the chip.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sw/compiler/layer.hpp"
#include "sw/compiler/tensor_layout.hpp"
#include "sw/graph/graph.hpp"
#include "sw/network/head_views.hpp"

namespace s4::sw {

/// A layer, and which tensors of the graph it reads and in which shape.
struct NodeLayer {
  Layer layer;
  graph::TensorId input = graph::kNoTensor;
  TensorShape input_shape;  ///< in bytes: a BF16 channel is two of them
  graph::TensorId second = graph::kNoTensor;
  /// Takes the place of weights: dense matrix product.
  graph::TensorId operand = graph::kNoTensor;
  TensorShape operand_shape;
  std::optional<HeadView> operand_view;  ///< of a transposed operand
  TensorShape output_shape;
  bool rows_view = false;  ///< tensors are [..,S,C] matrices, not images
  std::string why;         ///< how the node became a layer, empty if it simply is one
  /// The weights are a constant of the graph that set_weights() can replace.
  bool has_weights = false;
  std::uint64_t dense_weights = 0;  ///< of the operator, without the zeros between groups
};

/// The layer that does what the node does, bit for bit; nothing, with the reason in `why_not`, if
/// the chip cannot.
[[nodiscard]] std::optional<NodeLayer> layer_of_node(const graph::Graph& graph,
                                                     const graph::Node& node, std::string& why_not);

/// Gives the node other weights, of the size that layer_of_node() made of its own. Other readers of
/// its constant keep it. Only non-zero values that the node's weights have room for are allowed
/// (groups).
void set_weights(graph::Graph& graph, graph::Node& node, const WeightTensor& weights);

/// The tensor whose bytes a chain of reshapes only shows in another shape, `tensor` if there is no
/// reshape. `shape` and the result's shape, seen as rows or as an image, have the same layout on
/// the chip, and so have rows of `tensor` itself and the result.
[[nodiscard]] graph::TensorId without_reshapes(const graph::Graph& graph, graph::TensorId tensor,
                                               const TensorShape& shape, bool rows_view);

/// The tensor [B,S,C] that `tensor` [B*S,C] is a reshape of, or `tensor` itself.
[[nodiscard]] graph::TensorId stacked_rows(const graph::Graph& graph, graph::TensorId tensor);

/// What a Flatten in front of a product made a matrix of.
struct Flattened {
  graph::TensorId tensor = graph::kNoTensor;
  TensorShape shape;
  bool rows = false;  ///< [N,S,C], an image of one line; else [N,C,H,W]
};
/// The tensor that `tensor` [N,K] is a reshape of: the nearest of four dimensions, or of three, if
/// there is none. Nothing if there is neither.
[[nodiscard]] std::optional<Flattened> flattened(const graph::Graph& graph, graph::TensorId tensor);

/// Where row k of a product's weights [K,N] stands among a filter's weights [channel][tap]: of
/// flattened rows, the channels of a pixel are neighbours.
[[nodiscard]] std::size_t product_place(std::size_t k, const WeightTensor& weights, bool rows);

/// The node that makes a tensor; nullptr if none does.
[[nodiscard]] const graph::Node* producer_of(const graph::Graph& graph, graph::TensorId tensor);

/// A tensor as a convolution takes it: [N,C,H,W]; dimensions behind the third are one.
[[nodiscard]] std::optional<TensorShape> image_shape(const graph::Shape& shape);

/// A tensor as a matrix product takes it: [N,C] is [N,C,1,1], [..,S,C] images of S rows,
/// [..,C,1,S].
[[nodiscard]] std::optional<TensorShape> rows_shape(const graph::Shape& shape);

}  // namespace s4::sw
