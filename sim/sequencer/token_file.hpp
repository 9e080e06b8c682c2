// Dependency tokens: counting semaphores shared by the sequencer and its engines.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// RTL: rtl/sequencer/token_file.sv.
class TokenFile {
 public:
  static constexpr std::uint32_t kMaxCount = (1U << commands::kTokenWidth) - 1;

  void clear() { counts_.fill(0); }

  /// Decrements all tokens of the mask if none of them is zero; whether it did.
  [[nodiscard]] bool take(std::uint16_t mask) {
    for (std::uint32_t token = 0; token < commands::kNumTokens; ++token) {
      if (has(mask, token) && counts_[token] == 0) return false;
    }
    for (std::uint32_t token = 0; token < commands::kNumTokens; ++token) {
      if (has(mask, token)) --counts_[token];
    }
    return true;
  }

  /// Increments all tokens of the mask. Returns the lowest that can count no further.
  [[nodiscard]] std::optional<std::uint32_t> signal(std::uint16_t mask) {
    std::optional<std::uint32_t> overflow;
    for (std::uint32_t token = 0; token < commands::kNumTokens; ++token) {
      if (!has(mask, token)) continue;
      if (counts_[token] < kMaxCount) {
        ++counts_[token];
      } else if (!overflow) {
        overflow = token;
      }
    }
    return overflow;
  }

 private:
  static bool has(std::uint16_t mask, std::uint32_t token) { return ((mask >> token) & 1U) != 0; }

  std::array<std::uint32_t, commands::kNumTokens> counts_{};
};

}  // namespace s4::sim
