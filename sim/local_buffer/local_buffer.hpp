// Activation memory of a subsystem: 64-byte words with a word address.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sim/memory_port/gen/memory_port.hpp"

namespace s4::sim {

inline constexpr std::uint32_t kWordBytes = memory_port::kBeatBytes;
using Word = std::array<std::uint8_t, kWordBytes>;

/// Contents of the local buffer; addresses were checked by the sequencer.
/// RTL: rtl/local_buffer/local_buffer.sv, which adds banks and their conflicts.
class LocalBuffer {
 public:
  explicit LocalBuffer(const config::Configuration& config) : words_(config.local_words) {}

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(words_.size()); }
  [[nodiscard]] const Word& word(std::uint64_t addr) const {
    assert(addr < words_.size());
    return words_[addr];
  }
  [[nodiscard]] Word& word(std::uint64_t addr) {
    assert(addr < words_.size());
    return words_[addr];
  }

  /// Bytes of `words` words from `addr` on.
  [[nodiscard]] std::span<std::uint8_t> bytes(std::uint64_t addr, std::uint64_t words) {
    assert(addr + words <= words_.size());
    return {words_.data()->data() + addr * kWordBytes, words * kWordBytes};
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::uint64_t addr, std::uint64_t words) const {
    assert(addr + words <= words_.size());
    return {words_.data()->data() + addr * kWordBytes, words * kWordBytes};
  }

 private:
  std::vector<Word> words_;
};

}  // namespace s4::sim
