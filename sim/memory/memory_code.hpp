// Code of the inline error correction: 64 data bits and 8 check bits, one wrong bit is corrected,
// two are seen.
#pragma once
#include <cstdint>

namespace s4::sim {

/// Check bits of a word: the exclusive or of the columns of its ones. The 64 columns are the 56
/// bytes with three ones in rising order, then 0x1f and its rotations to the left.
[[nodiscard]] std::uint8_t memory_checks(std::uint64_t word);

enum class MemoryCodeState { kRight, kCorrected, kWrong };
struct MemoryCodeWord {
  MemoryCodeState state = MemoryCodeState::kRight;
  std::uint64_t word = 0;  ///< corrected, if that is possible
};
[[nodiscard]] MemoryCodeWord memory_correct(std::uint64_t word, std::uint8_t checks);

}  // namespace s4::sim
