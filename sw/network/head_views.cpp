#include "sw/network/head_views.hpp"

#include <fmt/format.h>

#include <vector>

#include "sw/network/node_layer.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

constexpr std::int64_t kWordChannels = kHeadWord;
using Order = std::vector<std::int64_t>;
const Order kHeadsFirst{0, 2, 1, 3};       // and back
const Order kHeadsTransposed{0, 2, 3, 1};  // [B,S,h,C] to [B,h,C,S]
// The same of heads of several words, [B,S,words,h,64] as graph::order_heads makes them, and back.
const Order kWordsFirst{0, 3, 1, 2, 4};
const Order kWordsTransposed{0, 3, 2, 4, 1};
const Order kWordsBack{0, 2, 3, 1, 4};

bool has_order(const Node& node, const Order& order) {
  return node.op == Op::kTranspose && node.get<graph::TransposeAttributes>().permutation == order;
}

bool is_word(const graph::Tensor& tensor) {
  return graph::is_byte(tensor.type) && tensor.shape.back() == kWordChannels;
}

/// Sizes of heads.
struct HeadShape {
  std::int64_t batch, heads, rows, channels;

  [[nodiscard]] TensorShape split() const { return shape(batch * heads, channels); }
  [[nodiscard]] TensorShape merged() const { return shape(batch, heads * channels); }

 private:
  [[nodiscard]] TensorShape shape(std::int64_t images, std::int64_t width) const {
    return {static_cast<std::uint32_t>(images), static_cast<std::uint32_t>(width), 1,
            static_cast<std::uint32_t>(rows)};
  }
};

/// The first node in front of a tensor that is no Reshape.
const Node* before_reshapes(const Graph& graph, TensorId tensor) {
  const Node* node = producer_of(graph, tensor);
  while (node != nullptr && node->op == Op::kReshape) node = producer_of(graph, node->inputs[0]);
  return node;
}

}  // namespace

ImageOrder image_order(const Shape& shape) {
  if (shape.size() != 4 || shape[0] == 1 || shape[1] == 1) return {};
  return {static_cast<std::uint32_t>(shape[0]), static_cast<std::uint32_t>(shape[1])};
}

std::optional<HeadView> split_heads(const Graph& graph, TensorId tensor, bool transposed) {
  const Shape& shape = graph.at(tensor).shape;
  const Node* node = before_reshapes(graph, tensor);
  if (node == nullptr || shape.size() != 4) return std::nullopt;
  const bool words = has_order(*node, transposed ? kWordsTransposed : kWordsFirst);
  if ((!words && !has_order(*node, transposed ? kHeadsTransposed : kHeadsFirst)) ||
      !is_word(graph.at(node->inputs[0]))) {
    return std::nullopt;
  }
  const Shape& s = graph.at(node->inputs[0]).shape;  // [B,S,h,64] or [B,S,words,h,64]
  const HeadShape h{s[0], words ? s[3] : s[2], s[1], words ? s[2] * s[4] : s[3]};
  if (shape != (transposed ? Shape{h.batch, h.heads, h.channels, h.rows}
                           : Shape{h.batch, h.heads, h.rows, h.channels})) {
    return std::nullopt;
  }
  for (node = producer_of(graph, node->inputs[0]); node != nullptr && node->op == Op::kReshape;
       node = producer_of(graph, node->inputs[0])) {
    const Shape& from = graph.at(node->inputs[0]).shape;
    if ((from.size() != 2 && from.size() != 3) || from.back() != h.heads * h.channels) continue;
    return HeadView{node->inputs[0], h.merged(), h.split()};
  }
  return std::nullopt;
}

std::optional<HeadView> merged_heads(const Graph& graph, TensorId tensor) {
  const Shape& to = graph.at(tensor).shape;
  const Node* node = before_reshapes(graph, tensor);
  if (node == nullptr || !is_word(graph.at(node->output))) return std::nullopt;
  TensorId from = node->inputs[0];
  if (has_order(*node, kWordsBack)) {
    const Node* words = producer_of(graph, from);
    if (words == nullptr || words->op != Op::kReshape) return std::nullopt;
    from = words->inputs[0];
    const Shape& w = graph.at(node->inputs[0]).shape;  // [B,h,S,words,64]
    if (graph.at(from).shape != Shape{w[0], w[1], w[2], w[3] * w[4]}) return std::nullopt;
  } else if (!has_order(*node, kHeadsFirst)) {
    return std::nullopt;
  }
  const Shape& s = graph.at(from).shape;  // [B,h,S,C]
  const HeadShape h{s[0], s[1], s[2], s[3]};
  if (to != Shape{h.batch * h.rows, h.heads * h.channels} &&
      to != Shape{h.batch, h.rows, h.heads * h.channels}) {
    return std::nullopt;
  }
  return HeadView{from, h.split(), h.merged()};
}

std::string why_no_view(const Graph& graph, const Node& node) {
  if (!has_order(node, kHeadsFirst) && !has_order(node, kHeadsTransposed)) return "";
  const graph::Tensor& heads = graph.at(node.inputs[0]);
  if (is_word(heads)) return "";
  if (!graph::is_byte(heads.type)) return "its heads are not of bytes, of which 64 are a word";
  if (heads.shape.back() % kWordChannels == 0) {
    return "its heads have several words, and it is not between products that could order them";
  }
  return fmt::format("its heads have {} channels, a word has 64", heads.shape.back());
}

}  // namespace s4::sw
