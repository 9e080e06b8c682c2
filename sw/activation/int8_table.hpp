// Tables of 256 bytes for quantised unary functions, correctly rounded.
#pragma once
#include <array>
#include <cstdint>

#include "sim/activation/activation_function.hpp"

namespace s4::sw {

/// Quantisation of one side: real = scale * (byte - zero). Scales are positive and finite, zeros
/// lie in the type's range.
struct ByteQuantization {
  float scale = 1.0F;
  std::int32_t zero = 0;
  bool is_unsigned = false;
};

struct Int8Table {
  /// Output byte by the bit pattern of the input byte.
  std::array<std::uint8_t, 256> bytes{};
  /// Inputs where the function has no value; their byte is the output's zero point.
  unsigned undefined = 0;
};

/// y = saturate(round_half_even(f(x) / y_scale) + y_zero) with f(x) / y_scale as a real number: one
/// rounding, ties decided exactly. Infinities saturate. Throws std::invalid_argument for a scale or
/// zero point that is out of range, std::runtime_error if long double cannot decide a rounding.
[[nodiscard]] Int8Table int8_table(activation::Function function, const ByteQuantization& x,
                                   const ByteQuantization& y);

}  // namespace s4::sw
