// Order between engines: who must have finished what before a command may start.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {

inline constexpr std::size_t kEngines = 6;

/// Per engine the position of a command in the program, or kNoCommand.
using LastCommands = std::array<std::int64_t, kEngines>;
inline constexpr std::int64_t kNoCommand = -1;

/// Who last read and wrote every word of an address space.
class AccessMap {
 public:
  /// Command `index` of `engine` reads or writes words [begin, end). Raises `needs` to the commands
  /// that must be complete before. An engine runs its own commands in order, but the array starts
  /// to read before its last command has written.
  void access(std::uint64_t begin, std::uint64_t end, commands::Engine engine, std::int64_t index,
              bool write, LastCommands& needs);
  /// A read by an engine of which nobody needs to know the end: it is over before the command
  /// `index` of `user` is, which counts as the reader; kNoCommand: somebody else noted it.
  void read_for(std::uint64_t begin, std::uint64_t end, commands::Engine user, std::int64_t index,
                LastCommands& needs);

 private:
  struct Users {
    LastCommands readers;
    LastCommands writers;
    Users() {
      readers.fill(kNoCommand);
      writers.fill(kNoCommand);
    }
  };
  /// Makes `at` the start of an interval.
  std::map<std::uint64_t, Users>::iterator split(std::uint64_t at);

  std::map<std::uint64_t, Users> intervals_;  ///< each reaches to the next; no entry: no users
};

/// Tokens of one command.
struct TokenMasks {
  bool after_former = false;  ///< of the array: it waits for its own former command
  std::uint16_t wait = 0;
  std::uint16_t signal = 0;
};

/// Turns needs into tokens: one token per pair of engines, the n-th wait on it belongs to the n-th
/// signal. The array waits for its own commands by itself: it holds two, so that only the former
/// one can be incomplete. Needs name earlier commands only, so a machine that runs the commands one
/// after another never waits, and no queue depth can deadlock.
class TokenPlanner {
 public:
  /// The next command of the program.
  void add(commands::Engine engine, const LastCommands& needs);
  [[nodiscard]] const std::vector<TokenMasks>& masks() const { return masks_; }
  /// Largest number of signals of one token that stand before their waits in the program; the
  /// hardware adds at most the commands of one queue.
  [[nodiscard]] std::uint32_t most_outstanding() const;

 private:
  std::vector<TokenMasks> masks_;
  std::int64_t last_array_ = kNoCommand;
  /// Latest command of the first engine that the second knows to be complete.
  std::array<LastCommands, kEngines> known_ = [] {
    std::array<LastCommands, kEngines> none;
    for (auto& row : none) row.fill(kNoCommand);
    return none;
  }();
};

}  // namespace s4::sw
