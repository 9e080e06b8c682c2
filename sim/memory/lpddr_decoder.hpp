// Commands from the CA pins of a channel, one CK after the other.
#pragma once
#include <cstdint>
#include <optional>

#include "sim/memory/lpddr_command.hpp"

namespace s4::sim {

class LpddrDecoder {
 public:
  /// Pins of one CK: `cs` one bit a rank, `ca` CA[5:0]. Gives the command whose last edge this is.
  /// Throws LpddrViolation (ca_bus, coding).
  std::optional<LpddrCommand> clock(std::uint64_t ck, unsigned cs, unsigned ca);
  [[nodiscard]] bool is_busy() const { return edges_ != 0; }
  void reset() { edges_ = 0; }

 private:
  [[nodiscard]] LpddrCommand seen() const;

  unsigned edges_ = 0, length_ = 0;
  std::uint64_t first_ = 0;
  std::uint8_t rank_ = 0;
  LpddrPart parts_[2];
};

}  // namespace s4::sim
