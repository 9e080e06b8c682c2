#include "sim/memory/memory_code.hpp"

#include <array>

namespace s4::sim {
namespace {

constexpr unsigned ones(unsigned value) {
  unsigned count = 0;
  for (; value != 0; value &= value - 1) ++count;
  return count;
}

const std::array<std::uint8_t, 64>& columns() {
  static const auto table = [] {
    std::array<std::uint8_t, 64> made{};
    unsigned n = 0;
    for (unsigned value = 0; value < 256; ++value) {
      if (ones(value) == 3) made[n++] = static_cast<std::uint8_t>(value);
    }
    for (unsigned turn = 0; turn < 8; ++turn) {
      made[n++] = static_cast<std::uint8_t>(0x1f << turn | 0x1f >> (8 - turn));
    }
    return made;
  }();
  return table;
}

}  // namespace

std::uint8_t memory_checks(std::uint64_t word) {
  std::uint8_t checks = 0;
  for (; word != 0; word &= word - 1) {
    checks ^= columns()[static_cast<unsigned>(__builtin_ctzll(word))];
  }
  return checks;
}

MemoryCodeWord memory_correct(std::uint64_t word, std::uint8_t checks) {
  const unsigned syndrome = memory_checks(word) ^ checks;
  if (syndrome == 0) return {MemoryCodeState::kRight, word};
  if (ones(syndrome) == 1) return {MemoryCodeState::kCorrected, word};
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (columns()[bit] == syndrome) {
      return {MemoryCodeState::kCorrected, word ^ std::uint64_t{1} << bit};
    }
  }
  return {MemoryCodeState::kWrong, word};
}

}  // namespace s4::sim
