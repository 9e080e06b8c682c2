// Scalar number rules of the reference: quantisation parameters, rounding, requantisation.
#pragma once

#include <cstdint>
#include <limits>

namespace s4::ref {

/// real = scale * (quantised - zero_point). One scale per tensor.
struct Quant {
  float scale = 1.0F;
  int32_t zero_point = 0;
};

/// Inclusive range of quantised values, the output zero point included in them.
struct Range {
  int32_t low = 0;
  int32_t high = 0;
};

/// The full range of the 8-bit type T (int8_t or uint8_t).
template <typename T>
[[nodiscard]] constexpr Range full_range() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

/// How a real result becomes an integer. kHalfEven is the contract; the others are seeded faults
/// with which the tests show that the vectors notice a wrong rounding.
enum class Rounding {
  kHalfEven,        ///< nearest, ties to even
  kHalfAway,        ///< nearest, ties away from zero
  kHalfUp,          ///< floor(v + 1/2)
  kTowardZero,      ///< truncation
  kZeroPointFirst,  ///< half-even, but after the zero point was added
  kExactProduct,    ///< half-even of the exact acc * scale, without the two float32 roundings
};

/// round_half_even in float32 (exact; does not depend on the rounding mode of the environment).
[[nodiscard]] float round_half_even(float value);

/// saturate(round(value) + zero_point) into `range`. A NaN gives range.low.
/// kZeroPointFirst adds the zero point before rounding.
[[nodiscard]] int32_t round_and_saturate(float value, int32_t zero_point, Range range,
                                         Rounding rounding = Rounding::kHalfEven);

/// x_scale * w_scale / y_scale in float32, left to right.
[[nodiscard]] float requantize_scale(float x_scale, float w_scale, float y_scale);

/// The requantisation of QLinearConv and QLinearMatMul:
///   v = float32(acc + bias) * scale          (int32 sum wraps, two float32 roundings)
///   y = round_half_even(clamp(v, qmin - y_zp, qmax - y_zp)) + y_zp
[[nodiscard]] int32_t requantize(int32_t acc, int32_t bias, float scale, int32_t y_zp, int32_t qmin,
                                 int32_t qmax, Rounding rounding = Rounding::kHalfEven);

}  // namespace s4::ref
