// IEEE 754 single precision on bit patterns, with integers only: what the epilogue computes with.
// Round to nearest, ties to even; subnormals, infinities and NaN as the standard says.
#pragma once

#include <bit>
#include <cstdint>

namespace s4::sim::float32 {

/// Bit pattern of a single-precision number.
using Bits = std::uint32_t;

inline constexpr int kMantissaBits = 24;   ///< hidden bit included
inline constexpr int kMinExponent = -149;  ///< of the last bit of a subnormal
inline constexpr int kMaxExponent = 104;   ///< of the last bit of the largest numbers
inline constexpr Bits kSignBit = 0x80000000U;
inline constexpr Bits kInfinity = 0x7f800000U;
inline constexpr Bits kNan = 0x7fc00000U;

[[nodiscard]] constexpr bool is_negative(Bits x) { return (x & kSignBit) != 0; }
[[nodiscard]] constexpr bool is_zero(Bits x) { return (x & ~kSignBit) == 0; }
[[nodiscard]] constexpr bool is_infinite(Bits x) { return (x & ~kSignBit) == kInfinity; }
[[nodiscard]] constexpr bool is_nan(Bits x) { return (x & ~kSignBit) > kInfinity; }

/// value >> shift, rounded to nearest, ties to even.
[[nodiscard]] constexpr std::uint64_t shift_right_half_even(std::uint64_t value, int shift) {
  if (shift <= 0) return value;
  if (shift > 64) return 0;
  if (shift == 64) return value > (std::uint64_t{1} << 63) ? 1 : 0;
  const std::uint64_t kept = value >> shift;
  const std::uint64_t rest = value & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  return kept + (rest > half || (rest == half && (kept & 1U) != 0) ? 1 : 0);
}

/// Magnitude of a finite, non-zero number: mantissa * 2^exponent, mantissa of exactly 24 bits
/// (the exponent of a subnormal thus goes below kMinExponent).
struct Magnitude {
  std::uint64_t mantissa;
  int exponent;
};

[[nodiscard]] constexpr Magnitude unpack(Bits x) {
  const int biased = static_cast<int>((x & ~kSignBit) >> (kMantissaBits - 1));
  std::uint64_t mantissa = x & ((Bits{1} << (kMantissaBits - 1)) - 1);
  if (biased != 0) {
    return {mantissa | std::uint64_t{1} << (kMantissaBits - 1), biased - 1 + kMinExponent};
  }
  const int shift = kMantissaBits - static_cast<int>(std::bit_width(mantissa));
  return {mantissa << shift, kMinExponent - shift};
}

/// The number nearest to (-1)^negative * mantissa * 2^exponent.
[[nodiscard]] constexpr Bits round_and_pack(bool negative, std::uint64_t mantissa, int exponent) {
  const Bits sign = negative ? kSignBit : 0;
  if (mantissa == 0) return sign;
  int shift = static_cast<int>(std::bit_width(mantissa)) - kMantissaBits;
  if (exponent + shift < kMinExponent) shift = kMinExponent - exponent;
  std::uint64_t rounded = shift >= 0 ? shift_right_half_even(mantissa, shift) : mantissa << -shift;
  exponent += shift;
  if (rounded >> kMantissaBits != 0) {  // rounded up to the next power of two
    rounded >>= 1;
    ++exponent;
  }
  if (exponent > kMaxExponent) return sign | kInfinity;
  // Below 2^23 only at kMinExponent: a subnormal, whose exponent field is 0.
  const bool normal = (rounded >> (kMantissaBits - 1)) != 0;
  const Bits field = normal ? static_cast<Bits>(exponent - kMinExponent + 1) : 0;
  return sign | field << (kMantissaBits - 1) |
         (static_cast<Bits>(rounded) & ((Bits{1} << (kMantissaBits - 1)) - 1));
}

[[nodiscard]] constexpr Bits from_int(std::int64_t value) {
  return round_and_pack(value < 0, static_cast<std::uint64_t>(value < 0 ? -value : value), 0);
}

[[nodiscard]] constexpr Bits multiply(Bits a, Bits b) {
  const bool negative = is_negative(a) != is_negative(b);
  if (is_nan(a) || is_nan(b)) return kNan;
  if (is_infinite(a) || is_infinite(b)) {
    if (is_zero(a) || is_zero(b)) return kNan;
    return (negative ? kSignBit : 0) | kInfinity;
  }
  if (is_zero(a) || is_zero(b)) return negative ? kSignBit : 0;
  const Magnitude x = unpack(a);
  const Magnitude y = unpack(b);
  return round_and_pack(negative, x.mantissa * y.mantissa, x.exponent + y.exponent);
}

[[nodiscard]] constexpr Bits add(Bits a, Bits b) {
  if (is_nan(a) || is_nan(b)) return kNan;
  if (is_infinite(a)) return is_infinite(b) && a != b ? kNan : a;
  if (is_infinite(b)) return b;
  if (is_zero(a)) return is_zero(b) ? a & b : b;
  if (is_zero(b)) return a;
  Magnitude x = unpack(a);
  Magnitude y = unpack(b);
  if (x.exponent < y.exponent) {
    const Magnitude other = x;
    x = y;
    y = other;
    const Bits bits = a;
    a = b;
    b = bits;
  }
  // From a distance of 36 bits on, the smaller operand only says on which side of x the sum lies.
  constexpr int kFar = 36;
  const int distance = x.exponent - y.exponent;
  const int shift = distance < kFar ? distance : kFar;
  const auto larger = static_cast<std::int64_t>(x.mantissa << shift);
  const auto smaller = static_cast<std::int64_t>(distance <= kFar ? y.mantissa : 1);
  const std::int64_t sum =
      (is_negative(a) ? -larger : larger) + (is_negative(b) ? -smaller : smaller);
  return round_and_pack(sum < 0, static_cast<std::uint64_t>(sum < 0 ? -sum : sum),
                        x.exponent - shift);
}

/// Nearest integer, ties to even, limited to [low, high]; NaN counts as below low. If low > high,
/// high wins.
[[nodiscard]] constexpr std::int32_t to_int_clamped(Bits x, std::int32_t low, std::int32_t high) {
  if (is_nan(x)) return low < high ? low : high;
  constexpr std::int64_t kBeyond = std::int64_t{1} << 40;  // of every clamp
  std::int64_t value = 0;
  if (!is_zero(x)) {
    const Magnitude m = unpack(x);
    if (m.exponent > 8 || is_infinite(x)) {
      value = kBeyond;
    } else if (m.exponent >= 0) {
      value = static_cast<std::int64_t>(m.mantissa << m.exponent);
    } else {
      value = static_cast<std::int64_t>(shift_right_half_even(m.mantissa, -m.exponent));
    }
    if (is_negative(x)) value = -value;
  }
  if (value < low) value = low;
  if (value > high) value = high;
  return static_cast<std::int32_t>(value);
}

}  // namespace s4::sim::float32
