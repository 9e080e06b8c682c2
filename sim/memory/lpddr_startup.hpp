// Initialisation of a channel and its mode registers.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "sim/memory/lpddr_command.hpp"
#include "sim/memory/lpddr_timings.hpp"

namespace s4::sim {

class LpddrStartup {
 public:
  explicit LpddrStartup(const LpddrTimings& timings) : t_(timings) {}

  /// RESET_n as it is in this CK, CKE one bit a rank (both in effect from `ck` on). Gives the ranks
  /// whose CKE rose in the initialisation. Throws LpddrViolation.
  unsigned pins(std::uint64_t ck, bool reset_n, unsigned cke);
  /// A command that the channel saw, before it is judged otherwise. Throws LpddrViolation.
  void command(const LpddrCommand& command);
  /// Value of a mode register, 0 if it was not written.
  [[nodiscard]] unsigned mode(unsigned rank, unsigned number) const {
    return ranks_[rank].modes[number];
  }
  [[nodiscard]] bool is_ready(unsigned rank) const { return ranks_[rank].ready; }

 private:
  struct Rank {
    bool up = false;  // CKE was high since RESET_n rose
    bool ready = false;
    std::uint64_t up_since = 0;
    std::uint64_t written = 0;  // mask of mode registers
    std::array<std::uint8_t, 64> modes{};
    std::optional<LpddrCommand> started;  // calibration
  };
  void check_mode(const LpddrCommand& command) const;

  LpddrTimings t_;
  std::array<Rank, 2> ranks_;
  bool reset_n_ = false, seen_ = false;
  std::uint64_t low_since_ = 0, high_since_ = 0;
  std::optional<std::uint64_t> cke_high_;  // last CK with CKE high while RESET_n was low
};

}  // namespace s4::sim
