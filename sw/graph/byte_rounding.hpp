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

/// Pixels inside the image, of each window of a pool of `in` [N,C,H,W] with results `out`, row by
/// row: what a mean divides by that does not count padding.
[[nodiscard]] std::vector<std::int64_t> window_pixels(const PoolAttributes& pool, const Shape& in,
                                                      const Shape& out);

/// Means whose windows have different numbers of pixels. Share s of a window is what divides
/// `least_multiple`, and its result round_half_even(float32(sum) * float32(s * factor)) + zero
/// point of the result, limited to the bytes.
struct ShareRounding {
  std::int64_t least_multiple = 1;  ///< of the numbers of pixels
  float factor = 1;
  [[nodiscard]] std::int64_t share(std::int64_t pixels) const { return least_multiple / pixels; }
};
/// With which every window of one of these numbers of pixels gives the byte of the quantised
/// AveragePool that does not count padding. None as above, or if a share is not a byte of the type.
[[nodiscard]] std::optional<ShareRounding> share_rounding(const Quant& x, const Quant& y,
                                                          const std::vector<std::int64_t>& pixels,
                                                          DataType type, std::string& why_not);

/// With which every byte of `x`, without its zero point and times an integer of `factors`, gives
/// the byte of the quantised Mul, whose scale is `scale`; one for each factor, all of one zero
/// point.
[[nodiscard]] std::optional<std::vector<SumRounding>> product_rounding(
    const Quant& x, const std::vector<std::int32_t>& factors, float scale, const Quant& y,
    DataType type);

}  // namespace s4::sw::graph
