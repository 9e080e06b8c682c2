// What a memory must hold: lines of 64 bytes, made up from their address until they are written.
#pragma once
#include <array>
#include <cstdint>
#include <unordered_map>

namespace s4::sw {

using MemoryLine = std::array<std::uint8_t, 64>;

/// Content of a line that was never written; `address` a multiple of 64.
[[nodiscard]] MemoryLine initial_line(std::uint64_t address);

class PlainMemory {
 public:
  [[nodiscard]] MemoryLine read(std::uint64_t address) const;
  /// Bit i of `strobes`: byte i is written.
  void write(std::uint64_t address, const MemoryLine& data, std::uint64_t strobes);
  /// Lines that were written, by address.
  [[nodiscard]] const std::unordered_map<std::uint64_t, MemoryLine>& lines() const {
    return lines_;
  }

 private:
  std::unordered_map<std::uint64_t, MemoryLine> lines_;
};

}  // namespace s4::sw
