// Means and products of bytes that one rounding of an integer sum gives as the float32 steps of
// ONNX Runtime do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// The result is round_half_even(float32(sum + bias) * factor) + zero, limited to the bytes.
struct SumRounding {
  std::int32_t bias = 0;
  float factor = 1;
  std::int32_t zero = 0;
  [[nodiscard]] bool operator==(const SumRounding&) const = default;
};

/// With which every window of `taps` bytes, summed without their zero point, gives the byte of the
/// quantised AveragePool, whose float32 numbers are summed in order: those of padding are 0 and
/// count. None if the order of a sum or a rounding that one product cannot follow decides a byte;
/// `why_not` says so.
[[nodiscard]] std::optional<SumRounding> average_rounding(const Quant& x, const Quant& y,
                                                          std::int64_t taps, DataType type,
                                                          std::string& why_not);

/// With which every byte of `x`, without its zero point and times an integer of `factors`, gives
/// the byte of the quantised Mul, whose scale is `scale`; one for each factor, all of one zero
/// point.
[[nodiscard]] std::optional<std::vector<SumRounding>> product_rounding(
    const Quant& x, const std::vector<std::int32_t>& factors, float scale, const Quant& y,
    DataType type);

}  // namespace s4::sw::graph
