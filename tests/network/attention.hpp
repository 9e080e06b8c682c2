// A block of a transformer as a network of its own.
#pragma once

#include <cstdint>

#include "tests/network/random_network.hpp"

namespace s4::sw::test {

/// Products of activations, softmax, LayerNorm, a residual and a function.
inline void attention(NetworkBuilder& b, std::int64_t batch, std::int64_t tokens,
                      std::int64_t width) {
  const auto x = b.input({batch, tokens, width});
  const auto q = b.gemm(x, width);
  const auto k = b.gemm_operand(x, width);
  const auto v = b.gemm_operand(x, width);
  const auto weights = b.softmax(b.product(q, b.transpose(k)));
  const auto y = b.layer_norm(b.add(b.gemm(b.product(weights, v), width), x));
  b.output(b.function(b.gemm(y, width + 30), graph::Function::kGelu).id);
}

}  // namespace s4::sw::test
