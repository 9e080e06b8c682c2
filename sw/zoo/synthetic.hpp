// Networks of bytes or BF16 with the layer shapes of well-known ones and random weights: what the
// chip does with a layer depends on its sizes and sparsity, not on what the network has learnt.
#pragma once

#include <cstdint>

#include "sw/graph/graph.hpp"

namespace s4::sw {

struct SyntheticOptions {
  std::int64_t batch = 1;
  /// Weights kept of 64, 1 to 64. The weights are dense, for a caller who prunes; only the scales
  /// follow, so that results spread over the byte range.
  std::uint32_t keep = 64;
  std::uint64_t seed = 1;
  /// Layers, additions included, compute in BF16; inputs and outputs are float32, and pools run on
  /// the host.
  bool bf16 = false;
};

/// ResNet-50 v1.5 (stride in the 3x3 convolutions): 53 convolutions, max pool, residual additions,
/// global average pool and one matrix product. Input uint8 [batch,3,size,size], output uint8
/// [batch,1000] (BF16: float32). `size`: height and width of the images, a multiple of 32; channels
/// of every stage are divided by `thinner`, for tests.
[[nodiscard]] graph::Graph synthetic_resnet50(const SyntheticOptions& options,
                                              std::int64_t size = 224, std::int64_t thinner = 1);

/// Matrix products with constant weights of a BERT-base encoder layer, one after the other: query,
/// key and value from the input, output projection, both feed-forward products. Input uint8
/// (BF16: float32) [batch * rows, 768]; `width` replaces 768 in tests.
[[nodiscard]] graph::Graph synthetic_bert_layer(const SyntheticOptions& options,
                                                std::int64_t rows = 384, std::int64_t width = 768);

/// One 3x3 convolution of `channels` to `results`, images of size x size. Input and output uint8.
[[nodiscard]] graph::Graph synthetic_convolution(const SyntheticOptions& options,
                                                 std::int64_t channels, std::int64_t results,
                                                 std::int64_t size);

/// Random bytes for every input of the graph; for one of float32 numbers from -1 to 1.
[[nodiscard]] std::vector<graph::TensorData> synthetic_inputs(const graph::Graph& graph,
                                                              std::uint64_t seed);

}  // namespace s4::sw
