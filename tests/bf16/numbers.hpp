// Numbers for the floating-point tests, and the host's own float operations with its flush modes.
#pragma once

#include <xmmintrin.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/spu/random.hpp"

namespace s4::tests {

/// Zeros, subnormals, smallest, around one, largest, infinities, NaNs of both signs.
inline constexpr std::array<std::uint16_t, 26> kSpecials = {
    0x0000, 0x0001, 0x007F, 0x0080, 0x0081, 0x3F7F, 0x3F80, 0x3F81, 0x4000,
    0x7F00, 0x7F7F, 0x7F80, 0x7F81, 0x8000, 0x8001, 0x807F, 0x8080, 0xBF80,
    0xBF81, 0xC000, 0xFF00, 0xFF7F, 0xFF80, 0xFFFF, 0x1F80, 0x2000};

/// A BF16 of any class; half of them near one, so that sums meet.
inline std::uint16_t random_bf16(SeededRandom& random) {
  if (random.percent(6)) return kSpecials[random.below(kSpecials.size())];
  const auto bits = static_cast<std::uint16_t>(random.bits());
  if (random.percent(50)) return bits;
  return static_cast<std::uint16_t>((bits & 0x807F) | random.between(120, 134) << 7);
}

/// A float32 of any class; many of them of neighbouring exponents and of few bits (ties).
inline std::uint32_t random_float(SeededRandom& random, int centre) {
  auto bits = static_cast<std::uint32_t>(random.bits());
  const auto kind = random.below(10);
  if (kind == 0) return std::uint32_t{kSpecials[random.below(kSpecials.size())]} << 16;
  if (kind < 7) {
    int exponent = centre + random.between(-26, 26);
    exponent = exponent < 0 ? 0 : (exponent > 255 ? 255 : exponent);
    bits = (bits & 0x807FFFFFU) | static_cast<std::uint32_t>(exponent) << 23;
  }
  if (kind == 6 || kind == 9) bits &= 0xFFFFF000U;
  if (kind == 5) bits |= 0x007FFFFFU;
  return bits;
}

/// Makes the host's SSE unit take and give zero for subnormals while it lives.
class FlushMode {
 public:
  FlushMode() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040U); }
  ~FlushMode() { _mm_setcsr(saved_); }
  FlushMode(const FlushMode&) = delete;
  FlushMode& operator=(const FlushMode&) = delete;

 private:
  unsigned saved_;
};

inline std::uint32_t canonical(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return (bits & 0x7FFFFFFFU) > 0x7F800000U ? 0x7FC00000U : bits;
}

/// One addition or multiplication by the host's instruction; under FlushMode.
inline std::uint32_t host_add(std::uint32_t a, std::uint32_t b) {
  volatile float x = std::bit_cast<float>(a);
  volatile float y = std::bit_cast<float>(b);
  volatile float z = x + y;
  return canonical(z);
}
inline std::uint32_t host_multiply(std::uint32_t a, std::uint32_t b) {
  volatile float x = std::bit_cast<float>(a);
  volatile float y = std::bit_cast<float>(b);
  volatile float z = x * y;
  return canonical(z);
}

}  // namespace s4::tests
