// Check sum of the ring over a word, bit by bit: the remainder of word * x^16, inverted.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/ring/gen/ring.hpp"

namespace s4::sim {

/// `bits[i]` is bit i of the word.
[[nodiscard]] inline std::uint16_t ring_crc(const std::vector<bool>& bits) {
  std::uint32_t remainder = 0;
  for (std::size_t i = bits.size(); i-- > 0;) {
    const bool top = (remainder >> (ring::kCrcWidth - 1) & 1) != (bits[i] ? 1u : 0u);
    remainder = (remainder << 1 ^ (top ? ring::kCrcPolynomial : 0)) & 0xffff;
  }
  return static_cast<std::uint16_t>(~remainder);
}

}  // namespace s4::sim
