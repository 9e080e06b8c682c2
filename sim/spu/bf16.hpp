// Arithmetic of BF16 layers, bit by bit: what rtl/spu/bf16_*.sv compute. docs/blocks/bf16.md is the
// contract. Integers only, on top of the IEEE 754 functions of sim/epilogue/float32.hpp.
#pragma once

#include <bit>
#include <cstdint>

#include "sim/epilogue/float32.hpp"
#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim::bf16 {

using float32::Bits;

/// A subnormal number becomes zero of its sign.
[[nodiscard]] constexpr Bits flush(Bits x) {
  return (x & float32::kInfinity) == 0 ? x & float32::kSignBit : x;
}

/// a + b; subnormal operands and results are zero.
[[nodiscard]] constexpr Bits add(Bits a, Bits b) { return flush(float32::add(flush(a), flush(b))); }

/// a * b; zero if the product, rounded to 24 bits with any exponent, lies below 2^-126.
[[nodiscard]] constexpr Bits multiply(Bits a, Bits b) {
  constexpr int kSmallest = float32::kMinExponent;
  a = flush(a);
  b = flush(b);
  const Bits result = float32::multiply(a, b);
  if ((result & ~float32::kSignBit) != 0x00800000U) return flush(result);
  // 2^-126 may come from a number that 24 bits hold below it.
  const auto x = float32::unpack(a);
  const auto y = float32::unpack(b);
  int exponent = x.exponent + y.exponent + 23;
  std::uint64_t mantissa = x.mantissa * y.mantissa;
  if (mantissa >> 47 != 0) {
    mantissa = float32::shift_right_half_even(mantissa, 24);
    ++exponent;
  } else {
    mantissa = float32::shift_right_half_even(mantissa, 23);
  }
  const bool tiny = exponent < kSmallest && mantissa >> 24 == 0;
  return tiny ? result & float32::kSignBit : result;
}

/// A BF16 as float32.
[[nodiscard]] constexpr Bits widen(std::uint16_t x) { return Bits{x} << 16; }

/// One step of a sum: sum + x * w, or sum if w is zero or subnormal.
[[nodiscard]] constexpr Bits multiply_add(Bits sum, std::uint16_t x, std::uint16_t w) {
  if ((w & 0x7F80U) == 0) return sum;
  // Ordinary numbers of similar size, which most are: the exact sum, in units of the last place of
  // the smaller operand, fits 64 bits. Everything else takes the general way below.
  const int sum_exponent = static_cast<int>(sum >> 23 & 0xFFU);
  const int x_exponent = x >> 7 & 0xFF;
  const int exponent = x_exponent + (w >> 7 & 0xFF) - 127;
  const int distance = sum_exponent - exponent;
  const bool ordinary = sum_exponent - 1U < 254U && x_exponent - 1U < 254U && (~w & 0x7F80U) != 0 &&
                        exponent - 1U < 253U && distance + 31U < 63U;
  if (ordinary) {
    const std::uint64_t product = std::uint64_t{((x & 0x7FU) | 0x80U) * ((w & 0x7FU) | 0x80U)} << 9;
    const std::uint64_t total = (sum & 0x7FFFFFU) | 0x800000U;
    auto a = static_cast<std::int64_t>(total << (distance > 0 ? distance : 0));
    auto b = static_cast<std::int64_t>(product << (distance < 0 ? -distance : 0));
    if (sum >> 31 != 0) a = -a;
    if (((x ^ w) & 0x8000U) != 0) b = -b;
    const std::int64_t exact = a + b;
    if (exact == 0) return 0;
    const Bits sign = exact < 0 ? float32::kSignBit : 0;
    const auto magnitude = static_cast<std::uint64_t>(exact < 0 ? -exact : exact);
    const int shift = 40 - std::countl_zero(magnitude);
    const int result = (distance < 0 ? sum_exponent : exponent) + shift;
    if (result - 1U < 253U) {
      // A carry out of the mantissa adds one to the exponent.
      const std::uint64_t mantissa =
          shift > 0 ? float32::shift_right_half_even(magnitude, shift) : magnitude << -shift;
      return sign | ((static_cast<Bits>(result - 1) << 23) + static_cast<Bits>(mantissa));
    }
  }
  return add(sum, multiply(widen(x), widen(w)));
}

/// Nearest BF16, ties to even; NaN is 0x7FC0.
[[nodiscard]] constexpr std::uint16_t narrow(Bits x) {
  if (float32::is_nan(x)) return 0x7FC0;
  return static_cast<std::uint16_t>(float32::shift_right_half_even(flush(x), 16));
}

/// Order of numbers with -0 below +0; not for NaN.
[[nodiscard]] constexpr bool below(Bits a, Bits b) {
  const bool negative = float32::is_negative(a);
  if (negative != float32::is_negative(b)) return negative;
  return negative ? a > b : a < b;
}

/// The larger; NaN if one is.
[[nodiscard]] constexpr Bits maximum(Bits a, Bits b) {
  if (float32::is_nan(a) || float32::is_nan(b)) return float32::kNan;
  return below(b, a) ? a : b;
}

/// The larger of two BF16, whose subnormal numbers count as they are.
[[nodiscard]] constexpr std::uint16_t maximum_of_bf16(std::uint16_t a, std::uint16_t b) {
  return static_cast<std::uint16_t>(maximum(widen(a), widen(b)) >> 16);
}

/// Raised to low, then lowered to high; NaN stays.
[[nodiscard]] constexpr Bits clamp(Bits x, Bits low, Bits high) {
  if (float32::is_nan(x)) return float32::kNan;
  if (below(x, low)) x = low;
  return below(high, x) ? high : x;
}

enum class Operation : std::uint8_t { kNone, kAdd, kSubtract, kMultiply, kMaximum };

/// What a command says of the epilogue.
struct Epilogue {
  bool acc_int = false;  ///< accumulators and biases are INT32, else float32
  bool second_int = false;
  bool second_unsigned = false;
  std::int32_t second_zero = 0;
  Bits second_scale = 0x3F800000U;
  Operation operation = Operation::kNone;
  Bits negative_factor = 0x3F800000U;
  Bits low = 0xFF800000U;  ///< limits of a BF16 result
  Bits high = 0x7F800000U;
  bool out_int = false;
  std::int32_t out_min = -128;  ///< limits of an INT8 result, before its zero point is added
  std::int32_t out_max = 127;
  std::int32_t out_zero = 0;
};

/// The epilogue of a command whose operands or results are BF16, or that wants it for bytes.
[[nodiscard]] inline Epilogue settings_of(const commands::SpuCommand& command) {
  Epilogue e;
  e.acc_int = command.dtype == static_cast<std::uint8_t>(commands::Dtype::kInt8);
  e.second_int = command.out_bf16 == 0;
  e.second_unsigned = command.add_unsigned != 0;
  e.second_zero = command.second_zero;
  e.second_scale = command.add_rb;
  if (command.add_enable != 0) e.operation = static_cast<Operation>(command.second_use + 1);
  e.negative_factor = command.negative_factor;
  e.low = command.float_low;
  e.high = command.float_high;
  e.out_int = command.out_bf16 == 0;
  e.out_min = command.requant_min;
  e.out_max = command.requant_max;
  e.out_zero = command.requant_zero;
  return e;
}

/// One result: BF16, or a byte in the low half. `second` is a BF16 or a byte.
[[nodiscard]] constexpr std::uint16_t epilogue(const Epilogue& settings, Bits acc, Bits bias,
                                               Bits scale, std::uint16_t second) {
  using float32::from_int;
  Bits x = settings.acc_int ? from_int(static_cast<std::int32_t>(acc + bias)) : acc;
  x = multiply(x, scale);
  if (!settings.acc_int) x = add(x, bias);
  Bits e = widen(second);
  if (settings.second_int) {
    const std::int32_t byte = settings.second_unsigned ? static_cast<std::uint8_t>(second)
                                                       : static_cast<std::int8_t>(second);
    e = from_int(byte - settings.second_zero);
  }
  e = multiply(e, settings.second_scale);
  switch (settings.operation) {
    case Operation::kNone:
      break;
    case Operation::kAdd:
      x = add(x, e);
      break;
    case Operation::kSubtract:
      x = add(x, e ^ float32::kSignBit);
      break;
    case Operation::kMultiply:
      x = multiply(x, e);
      break;
    case Operation::kMaximum:
      x = maximum(x, e);
      break;
  }
  if (float32::is_negative(x)) x = multiply(x, settings.negative_factor);
  if (!settings.out_int) return narrow(clamp(x, settings.low, settings.high));
  const std::int32_t q = float32::is_nan(x)
                             ? settings.out_min
                             : float32::to_int_clamped(x, settings.out_min, settings.out_max);
  return static_cast<std::uint8_t>(q + settings.out_zero);
}

}  // namespace s4::sim::bf16
