// Command sequences whose last command breaks a rule if it comes one CK too early (or, for the
// deadlines of refresh, too late), shared by the tests of both judges.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/memory/lpddr_rules.hpp"

namespace s4::memory_test {

/// A command by its last edge.
[[nodiscard]] sim::LpddrCommand at(sim::LpddrKind kind, std::uint64_t last, unsigned bank = 0,
                                   unsigned rank = 0, unsigned row_or_value = 0);

struct Case {
  std::string rule;
  std::vector<sim::LpddrCommand> commands;
  int step = -1;  ///< added to the time of the last command, the rule breaks; 0: it is broken as is
  std::vector<std::pair<std::string, unsigned>> settings =
      {};  ///< numbers by the names of the docs
};

/// At least one case for every rule that a list of commands can break.
[[nodiscard]] std::vector<Case> lpddr_cases();

/// The table with other numbers. Throws std::invalid_argument for names that it has not.
[[nodiscard]] sim::LpddrTimings timings_with(
    const std::vector<std::pair<std::string, unsigned>>& settings);

/// Shell command of the other judge, without files. The distribution's Python where there is one:
/// wrappers of it are slow to start and have been seen to hang.
[[nodiscard]] std::string check_commands();

struct Verdict {
  std::string rule;      ///< "" if all are legal
  std::size_t line = 0;  ///< of the command that broke it, from 1
  std::string text;      ///< the report
};
/// Verdict of the device model's rules.
[[nodiscard]] Verdict judge(const std::vector<sim::LpddrCommand>& commands,
                            const sim::LpddrTimings& timings = {});

}  // namespace s4::memory_test
