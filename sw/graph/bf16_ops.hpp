// Layers that compute in BF16, on the reference.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// Result of a kBf16Conv or kBf16MatMul: `shape` is the inferred one. Inputs as in the node,
/// nullptr where an optional one is missing. Throws std::invalid_argument.
[[nodiscard]] TensorData bf16_layer(const Node& node, const std::vector<const TensorData*>& inputs,
                                    Shape shape);

/// Result of a kBf16Unary: MPFR's, rounded once.
[[nodiscard]] TensorData bf16_function(const TensorData& x, Function function);

/// Rounded to BF16, element by element, subnormal numbers too; NaN is 0x7FC0. And back, which is
/// exact.
[[nodiscard]] std::vector<std::uint16_t> to_bf16(const std::vector<float>& values);
[[nodiscard]] std::vector<float> from_bf16(const std::vector<std::uint16_t>& values);

}  // namespace s4::sw::graph
