// How a node of a graph becomes a layer: node_layer.cpp those with operands to multiply,
// node_elements.cpp those that go through the chip element by element or row by row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sw/network/node_layer.hpp"

namespace s4::sw {

class NodeBuilder {
  using Graph = graph::Graph;
  using Node = graph::Node;
  using Shape = graph::Shape;
  using TensorId = graph::TensorId;

 public:
  /// A node that has no form on the chip.
  struct NotOnChip {
    std::string why;
  };

  NodeBuilder(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}
  /// Throws NotOnChip.
  [[nodiscard]] NodeLayer build();

 private:
  /// Throws NotOnChip.
  static void require(bool condition, const std::string& why) {
    if (!condition) throw NotOnChip{why};
  }
  static QuantParams quant(const graph::Quant& q) { return {q.scale, q.zero}; }
  void note(const std::string& text) { out_.why += (out_.why.empty() ? "" : "; ") + text; }
  [[nodiscard]] const Shape& shape_of(TensorId tensor) const { return graph_.at(tensor).shape; }
  TensorShape image_of(TensorId tensor) const;
  void use_input(TensorId tensor, const TensorShape& shape);
  [[nodiscard]] bool bf16() const;
  /// What layers of one type share; geometry and weights are set.
  void epilogue() { bf16() ? float_epilogue() : quantisation(); }
  void float_epilogue();
  void quantisation();
  /// Calls use(values, of the tensor) with the weights as their tensor holds them, whose elements
  /// are those of WeightTensor::data or of WeightTensor::bf16.
  template <typename Use>
  void with_weights(WeightTensor& tensor, const Use& use) const;

  void convolution();
  void product();
  /// Both operands are activations: the second one takes the place of weights.
  void dense_product();
  /// All dimensions but the last two.
  static Shape leading(Shape shape);
  static bool swaps_last(const Node& node);

  // node_elements.cpp

  /// Weights of one per channel, so that filter c reads channel c alone.
  void diagonal();
  void full_range();
  void addition();
  /// A product with a constant, input `side`, of one number per channel.
  void scaled(std::size_t side);
  /// What the epilogue does with the layer's own result and the second tensor.
  [[nodiscard]] ResidualAdd combination(const graph::QSum& q, const graph::Quant& own) const;
  static const char* combination_name(graph::Op op);
  /// Geometry of a pool, with padding as far as its windows reach.
  void windows(const graph::PoolAttributes& a);
  void maximum();
  void average();
  /// Of windows with these numbers of pixels, which are not all alike.
  void shared_average(const std::vector<std::int64_t>& pixels);
  /// Through the pooling unit, whose windows are single pixels.
  void single_pixels();
  /// Whether the words of a tensor are those of rows, as its producer leaves them; a function of
  /// each element can read either.
  [[nodiscard]] bool lies_as_rows(TensorId tensor) const;
  void float_function();
  void function();
  void rows();
  /// Constant input of a LayerNorm, `missing` of every column without it.
  [[nodiscard]] std::vector<float> row_constant(std::size_t input, float missing) const;
  void global_average();
  /// Of an image larger than a kernel: a row of ones times its pixels.
  void product_with_ones();

  const Graph& graph_;
  const Node& node_;
  NodeLayer out_;
};

}  // namespace s4::sw
