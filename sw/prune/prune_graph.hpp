// Bank-balanced pruning of the float layers of a graph: layers as rows of banks, magnitude.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/sparse/prune_rows.hpp"

namespace s4::sw {

/// Constant float32 weights of a Conv, Gemm or MatMul as rows of one output channel, in the order
/// of the chip: [filters][kernel row][kernel column][channel]. A product whose operand is a
/// flattened image reads it like a convolution with a kernel of the image's size, as long as the
/// chip can have such a kernel.
struct LayerRows {
  std::size_t node = 0;  ///< in Graph::nodes
  std::string name;
  std::size_t filters = 0;
  std::size_t channels = 0;  ///< that one output channel reads
  std::size_t kernel_h = 1;
  std::size_t kernel_w = 1;
  std::size_t groups = 1;
  graph::TensorId image = graph::kNoTensor;  ///< what it reads, before Flatten
  std::vector<float> weights;

  [[nodiscard]] std::size_t taps() const { return kernel_h * kernel_w; }
  [[nodiscard]] std::size_t reduction() const { return taps() * channels; }
  [[nodiscard]] std::span<float> row(std::size_t filter) {
    return {weights.data() + filter * reduction(), reduction()};
  }
  [[nodiscard]] std::span<const float> row(std::size_t filter) const {
    return {weights.data() + filter * reduction(), reduction()};
  }
  [[nodiscard]] std::vector<BankSpan> banks(std::size_t filter) const;
  [[nodiscard]] std::size_t fullest() const;  ///< non-zero weights of the fullest bank
  [[nodiscard]] std::size_t largest() const;  ///< weights, zero or not, of the largest bank
  [[nodiscard]] std::uint64_t non_zeros() const;
};

/// Every Conv, Gemm and MatMul with a matrix of constant weights, in the order of the nodes.
[[nodiscard]] std::vector<LayerRows> float_layers(const graph::Graph& graph);
/// Position in the constant of weight `index` of the rows.
[[nodiscard]] std::size_t position_in_constant(const graph::Graph& graph, const LayerRows& layer,
                                               std::size_t filter, std::size_t index);
/// Gives the node the weights as a new constant.
void set_rows(graph::Graph& graph, const LayerRows& layer);

struct PrunedLayer {
  std::string name;
  std::size_t reduction = 0;
  std::uint64_t weights = 0;
  std::uint64_t before = 0;  ///< non-zero
  std::uint64_t after = 0;
  std::size_t fullest = 0;     ///< non-zero weights of the fullest bank, afterwards
  std::string note;            ///< why nothing was done, or empty
  double output_error = -1.0;  ///< second-order: error of the result, relative; else below 0
};

/// The layers, or std::invalid_argument if there is none to prune or `keep` is not 1 to 64.
[[nodiscard]] std::vector<LayerRows> prunable_layers(const graph::Graph& graph, std::uint32_t keep);
/// What is known of a layer before it is pruned. The note says why it is to stay as it is, if so.
[[nodiscard]] PrunedLayer examine(const LayerRows& layer, std::uint32_t keep);

/// Keeps at most `keep` weights of every bank, 1 to 64, those of largest magnitude. Layers in which
/// no bank holds more stay as they are. Throws std::invalid_argument if there is nothing to prune:
/// a network without float layers.
std::vector<PrunedLayer> prune_by_magnitude(graph::Graph& graph, std::uint32_t keep);

/// A table of the layers.
[[nodiscard]] std::string describe(const std::vector<PrunedLayer>& layers);

}  // namespace s4::sw
