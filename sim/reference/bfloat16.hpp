// BF16 layers by the host's arithmetic: each float32 operation is done in double, which holds
// products of two floats exactly and sums so closely that rounding them once more to float is
// rounding once; the tests hold it against the host's own float operations.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "sim/reference/ops.hpp"

namespace s4::ref {

/// The value of a BF16, subnormals as zero.
[[nodiscard]] float from_bfloat16(std::uint16_t x);

/// Nearest BF16, ties to even; subnormals to zero, NaN to 0x7FC0.
[[nodiscard]] std::uint16_t to_bfloat16(float x);

/// Sum and product of single precision, subnormal operands and results taken as zero.
[[nodiscard]] float add_flushed(float a, float b);
[[nodiscard]] float multiply_flushed(float a, float b);

/// sum of x[i] * w[i] in the order of the index, a float32 rounding after every addition, starting
/// from +0. Weights of zero are left out, whatever x is. Both of equal length.
[[nodiscard]] float dot_bfloat16(std::span<const std::uint16_t> x,
                                 std::span<const std::uint16_t> w);

/// Convolution of BF16, [B,C,H,W] by [M,C,R,S], to float sums: as dot_bfloat16 over the window in
/// the order block of 64 channels, kernel row, kernel column, channel; padding is +0. groups is 1.
[[nodiscard]] Tensor<float> conv_bfloat16(const Tensor<std::uint16_t>& x,
                                          const Tensor<std::uint16_t>& w,
                                          const QConvParams& params);

/// The largest of each window, [B,C,H,W], as maximum() of IEEE 754-2019: +0 above -0, and NaN,
/// 0x7FC0, where the window has one. Subnormal numbers count; a window in the padding alone gives
/// minus infinity.
[[nodiscard]] Tensor<std::uint16_t> max_pool_bfloat16(const Tensor<std::uint16_t>& x,
                                                      const PoolParams& params);

/// What becomes of a sum, and of the element of a second tensor beside it.
enum class SecondUse { kNone, kAdd, kSubtract, kMultiply, kMaximum };
struct FloatEpilogue {
  bool integer_sums = false;  ///< of an INT8 product, bias int32; else float
  SecondUse use = SecondUse::kNone;
  float second_scale = 1.0F;
  float negative_slope = 1.0F;  ///< factor of negative numbers
  float low = -INFINITY;        ///< limits of a BF16 result
  float high = INFINITY;
  bool integer_result = false;
  std::int32_t least = -128;  ///< limits of an INT8 result without its zero point
  std::int32_t most = 127;
  std::int32_t zero = 0;
};

/// Scale and bias. Float sums: sum * scale + bias; integer sums: (sum + bias) * scale, the first
/// wrapping.
[[nodiscard]] float scaled(const FloatEpilogue& e, float sum, float scale, float bias);
[[nodiscard]] float scaled(const FloatEpilogue& e, std::int32_t sum, float scale,
                           std::int32_t bias);
/// x with its second operand (already a real number before second_scale) and its slope.
[[nodiscard]] float combined(const FloatEpilogue& e, float x, float second);
/// Limited and converted: a BF16, or (integer_result) a byte of either signedness.
[[nodiscard]] std::uint16_t converted(const FloatEpilogue& e, float x);

}  // namespace s4::ref
