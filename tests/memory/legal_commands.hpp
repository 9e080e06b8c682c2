// Random legal commands of a channel of two ranks, each as early as the rules allow or a little
// later. The rules are kept as a table over pairs of commands that is looked up in the whole recent
// past: neither of the judges works that way.
#pragma once
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "sim/memory/lpddr_command.hpp"

namespace s4::memory_test {

struct LegalCommand {
  sim::LpddrCommand command;
  /// The rule that keeps the command from coming one CK earlier, "" if none does.
  std::string bound;
};

class LegalCommands {
 public:
  explicit LegalCommands(std::uint64_t seed) : random_(seed) {}
  /// Commands of a new trace, beginning at CK 10000.
  [[nodiscard]] std::vector<LegalCommand> make(unsigned count);

 private:
  struct Rank {
    int row[8] = {-1, -1, -1, -1, -1, -1, -1, -1};  // -1: closed
    bool by_all[8] = {};                            // PREAB closed the last row
    bool down = false, asleep = false, calibrating = false;
    unsigned refreshed = 0;        // banks of the round
    std::uint64_t last_round = 0;  // end of the last whole round
    std::uint64_t rounds = 0;      // so far, no more than 8 ahead of time
  };
  [[nodiscard]] bool choose(sim::LpddrCommand& command);
  [[nodiscard]] sim::LpddrKind choose_kind(const Rank& rank);
  [[nodiscard]] std::pair<std::uint64_t, std::string> earliest(
      const sim::LpddrCommand& command) const;
  void take(const sim::LpddrCommand& command);
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  std::mt19937_64 random_;
  Rank ranks_[2];
  std::deque<sim::LpddrCommand> past_;  // youngest first
};

}  // namespace s4::memory_test
