// Judge of the commands of an LPDDR4 channel: bank state, every interval, refresh, power-down.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/memory/lpddr_command.hpp"
#include "sim/memory/lpddr_timings.hpp"

namespace s4::sim {

/// A broken rule, and the commands that break it.
struct LpddrViolation : std::runtime_error {
  LpddrViolation(std::string broken, const std::string& text, std::optional<LpddrCommand> before,
                 std::optional<LpddrCommand> after)
      : std::runtime_error(text), rule(std::move(broken)), earlier(before), later(after) {}
  std::string rule;                     ///< name in docs/blocks/memory_judges.md
  std::optional<LpddrCommand> earlier;  ///< none for rules of one command
  std::optional<LpddrCommand> later;    ///< none when time itself breaks the rule
};

class LpddrRules {
 public:
  /// `ranks` 1 or 2.
  LpddrRules(const LpddrTimings& timings, unsigned ranks);

  /// Counting of refreshes of a rank starts at `clock` (see docs). Without this call it starts at
  /// the last edge of the second ZQ of the rank, or at its first command that no initialisation
  /// has (anything but MRW, MRR, ZQ, PDE, PDX).
  void start_refresh(unsigned rank, std::uint64_t clock);

  /// Judges a command and takes it over. Commands come in order of their first edges. Throws
  /// LpddrViolation; of several broken intervals the one that asks for the latest clock, and of
  /// those the first of the table.
  void command(const LpddrCommand& command);

  /// Throws LpddrViolation when a refresh is overdue at `clock`.
  void advance(std::uint64_t clock) {
    if (clock > deadline_) overdue(clock, std::nullopt);
  }

  [[nodiscard]] bool is_open(unsigned rank, unsigned bank) const;
  /// Row of an open bank.
  [[nodiscard]] unsigned row(unsigned rank, unsigned bank) const;
  /// Rows that REFPB and REFAB have passed over in every bank of the rank.
  [[nodiscard]] std::uint64_t refresh_row(unsigned rank) const { return ranks_[rank].refresh_row; }

 private:
  /// A command and the clock from which intervals after it count.
  struct Stamp {
    LpddrCommand command;
    std::uint64_t at = 0;
    bool set = false;

    Stamp& operator=(const LpddrCommand& c) { return *this = Stamp{c, c.last(), true}; }
  };
  struct Bank {
    bool open = false;
    bool all = false;  // the last row was closed by a precharge of all banks
    std::uint16_t row = 0;
    Stamp act, read, write, precharge, precharge_all, refresh;
    // Refreshes counted, and the last one.
    std::uint64_t done = 0, last_refresh = 0;
    Stamp refreshed;
  };
  struct Rank {
    std::array<Bank, 8> banks;
    Stamp act, read, write, precharge, refresh_bank, refresh_all, down, up, mode, zq_start,
        zq_latch, self_entry, self_exit, any;
    std::array<Stamp, 4> window;  // of the last ACT and REFPB, oldest at `oldest`
    unsigned oldest = 0;
    bool powered_down = false, self_refresh = false, counting = false;
    unsigned calibrations = 0;
    unsigned refreshed_banks = 0;  // mask of this round of REFPB
    std::uint64_t refresh_row = 0;
    std::uint64_t start = 0;  // of the count of refreshes
  };

  /// Intervals, in the order of the table of docs/blocks/memory_judges.md.
  enum class Interval : unsigned;
  static const char* name(Interval rule);

  void need(Interval rule, const Stamp& stamp, std::uint64_t interval);
  [[noreturn]] void refuse(const char* rule, const std::string& why,
                           const Stamp* earlier = nullptr) const;
  [[noreturn]] void overdue(std::uint64_t clock, std::optional<LpddrCommand> by) const;

  void check_state(const LpddrCommand& c, const Rank& rank) const;
  void check_rank(const LpddrCommand& c, const Rank& rank);
  void check_bank(const LpddrCommand& c, const Rank& rank, const Bank& bank);
  void check_column(const LpddrCommand& c, const Rank& rank, const Bank* bank);
  void check_down(const Rank& rank);
  void take(const LpddrCommand& c, Rank& rank);
  void take_refresh(const LpddrCommand& c, Rank& rank, unsigned banks);
  void find_deadline();

  LpddrTimings t_;
  std::vector<Rank> ranks_;
  Stamp bus_;  // the last command on the CA bus
  std::uint64_t deadline_ = std::numeric_limits<std::uint64_t>::max();
  // Of the command under judgement.
  LpddrCommand now_;
  std::uint64_t worst_ = 0;
  Interval worst_rule_{};
  const Stamp* worst_stamp_ = nullptr;  // nullptr: nothing is broken
  std::uint64_t worst_interval_ = 0;
};

}  // namespace s4::sim
