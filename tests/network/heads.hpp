// Attention with several heads, as files have it.
#pragma once

#include <cstdint>

#include "tests/network/random_network.hpp"

namespace s4::sw::test {

struct Heads {
  std::int64_t batch = 1;
  std::int64_t tokens = 1;
  std::int64_t heads = 2;
  std::int64_t channels = 64;  ///< of a head
  bool stacked = true;         ///< projections of long matrices [B*S,C], as with a bias
  bool joint = true;           ///< the keys' heads and their transposition in one Transpose
};

inline NetworkBuilder::Tensor transpose(NetworkBuilder& b, const NetworkBuilder::Tensor& x,
                                        std::vector<std::int64_t> order) {
  graph::TransposeAttributes attributes;
  attributes.permutation = std::move(order);
  return {b.node(graph::Op::kTranspose, {x.id}, std::move(attributes)), x.quant};
}

/// x + projection of attention over x [B,S,C].
inline NetworkBuilder::Tensor multi_head(NetworkBuilder& b, const NetworkBuilder::Tensor& x,
                                         const Heads& h) {
  const std::int64_t width = h.heads * h.channels;
  const graph::Shape rows{h.batch * h.tokens, b.shape(x).back()};
  const auto input = h.stacked ? b.reshape(x, rows) : x;
  const graph::Shape split{h.batch, h.tokens, h.heads, h.channels};
  const auto q = transpose(b, b.reshape(b.gemm(input, width), split), {0, 2, 1, 3});
  const auto keys = b.reshape(b.gemm_operand(input, width), split);
  const auto k =
      h.joint ? transpose(b, keys, {0, 2, 3, 1}) : b.transpose(transpose(b, keys, {0, 2, 1, 3}));
  const auto v = transpose(b, b.reshape(b.gemm_operand(input, width), split), {0, 2, 1, 3});
  const auto mixed = transpose(b, b.product(b.softmax(b.product(q, k)), v), {0, 2, 1, 3});
  const auto merged = h.stacked ? b.reshape(mixed, {h.batch * h.tokens, width})
                                : b.reshape(mixed, {h.batch, h.tokens, width});
  const auto y = b.gemm(merged, b.shape(x).back());
  return b.add(h.stacked ? b.reshape(y, b.shape(x)) : y, x);
}

/// Rows of words and types, that the host gathers, and of positions, normalised.
inline NetworkBuilder::Tensor embeddings(NetworkBuilder& b, const Heads& h, std::int64_t width) {
  const auto words = b.input({h.batch, h.tokens, width});
  const auto sum = b.add(words, b.input({h.batch, h.tokens, width}));
  const auto positions = b.constant(h.batch, {h.tokens, width});
  return b.layer_norm(b.chance(2) ? b.add(sum, positions) : b.add(positions, sum));
}

/// A layer of an encoder.
inline NetworkBuilder::Tensor encoder_layer(NetworkBuilder& b, const NetworkBuilder::Tensor& x,
                                            const Heads& h) {
  const auto y = b.layer_norm(multi_head(b, x, h));
  const auto hidden = b.function(b.gemm(y, 70), graph::Function::kGelu);
  return b.layer_norm(b.add(b.gemm(hidden, b.shape(x).back()), y));
}

}  // namespace s4::sw::test
