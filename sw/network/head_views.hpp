// Heads of attention as views: [B,S,h*64] and its transpose [B,h,S,64] are the same words.
//
// A word is 64 channels of a row, and words lie [block of 64 channels][image][row]. A head of 64
// bytes per row is such a block, so the blocks of [B,S,h*64] are the images of [B,h,S,64], all of
// the first head before those of the second. Heads of several words are views too once the products
// around them have their channels by words, [first words of all heads, second words, ...], as
// graph::order_heads() has them. Images of every tensor of four dimensions that is read
// as rows stand in this order, head by head: nothing that reads them cares for another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sw/compiler/tensor_layout.hpp"
#include "sw/graph/graph.hpp"

namespace s4::sw {

/// Channels of bytes in a word.
inline constexpr std::int64_t kHeadWord = 64;

/// How images of rows stand on the chip: [outer, inner] of the tensor, the inner ones first.
/// {1, 1}: as in the tensor.
struct ImageOrder {
  std::uint32_t outer = 1;
  std::uint32_t inner = 1;

  [[nodiscard]] bool as_in_tensor() const { return outer == 1; }
  [[nodiscard]] bool operator==(const ImageOrder&) const = default;
};
/// Of a tensor that is read as rows.
[[nodiscard]] ImageOrder image_order(const graph::Shape& shape);

/// A tensor whose words another tensor only shows in another shape.
struct HeadView {
  graph::TensorId tensor = graph::kNoTensor;
  TensorShape shape;  ///< of `tensor`, as rows
  TensorShape seen;   ///< the same words as images of rows of the other one
};

/// What `tensor` [B,h,S,C], or [B,h,C,S] if `transposed`, shows: a tensor [B,S,h*C] or [B*S,h*C].
/// Nothing if it does not come from such a one, or its heads are not whole words in their order.
[[nodiscard]] std::optional<HeadView> split_heads(const graph::Graph& graph, graph::TensorId tensor,
                                                  bool transposed);

/// What `tensor` [B,S,h*C] or [B*S,h*C] shows: a tensor [B,h,S,C].
[[nodiscard]] std::optional<HeadView> merged_heads(const graph::Graph& graph,
                                                   graph::TensorId tensor);

/// Why a Transpose that splits or merges heads is no view; empty if it does neither, or the heads
/// are not the reason.
[[nodiscard]] std::string why_no_view(const graph::Graph& graph, const graph::Node& node);

}  // namespace s4::sw
