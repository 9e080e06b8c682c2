// The device model's rules and tools/memory/check_commands.py agree on every file of commands:
// legal ones, each rule broken by one clock, and commands that were mutated at random.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <sstream>

#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/memory/legal_commands.hpp"
#include "tests/memory/lpddr_cases.hpp"

using namespace s4;
using memory_test::Verdict;
using Commands = std::vector<sim::LpddrCommand>;
using Settings = std::vector<std::pair<std::string, unsigned>>;

namespace {

/// A run of the other judge over several files.
class Judgement {
 public:
  explicit Judgement(const std::string& name)
      : folder_(std::filesystem::path(tb::root()) / "build" / "tests" / ("judges_" + name)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void add(const Commands& commands) {
    std::ofstream file(path(files_++));
    for (const auto& command : commands) file << to_text(command) << '\n';
  }
  [[nodiscard]] std::string path(std::size_t file) const {
    return (folder_ / std::to_string(file)).string();
  }
  /// One verdict per file; `code` is the exit code.
  std::vector<Verdict> run(const Settings& settings = {}) {
    std::string command =
        fmt::format("cd '{}' && {}", folder_.string(), memory_test::check_commands());
    for (const auto& [name, value] : settings) command += fmt::format(" --set {}={}", name, value);
    for (std::size_t i = 0; i < files_; ++i) command += fmt::format(" {}", i);
    command += " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    std::array<char, 4096> buffer;
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
    const int status = pclose(pipe);
    code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::vector<Verdict> verdicts;
    const std::regex broken(R"(^(\d+): (\w+) broken by line (\d+) .*)");
    const std::regex legal(R"(^(\d+): \d+ commands, legal$)");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::smatch match;
      Verdict verdict;
      verdict.text = line;
      if (std::regex_match(line, match, broken)) {
        verdict.rule = match[2];
        verdict.line = std::stoul(match[3]);
      } else if (!std::regex_match(line, match, legal)) {
        FAIL(line);
      }
      REQUIRE(std::stoul(match[1]) == verdicts.size());
      verdicts.push_back(verdict);
    }
    REQUIRE(verdicts.size() == files_);
    return verdicts;
  }
  int code = 0;

 private:
  std::filesystem::path folder_;
  std::size_t files_ = 0;
};

void compare(const Commands& commands, const Verdict& theirs, const std::string& path) {
  const Verdict ours = memory_test::judge(commands);
  INFO("seed " << tb::seed() << ", file " << path);
  INFO("device model: " << (ours.text.empty() ? "legal" : ours.text));
  INFO("check_commands: " << theirs.text);
  CHECK(ours.rule == theirs.rule);
  CHECK(ours.line == theirs.line);
}

}  // namespace

TEST_CASE("judges: both name the rule that is broken by one clock") {
  std::map<Settings, std::vector<memory_test::Case>> groups;
  for (auto& c : memory_test::lpddr_cases()) groups[c.settings].push_back(c);
  unsigned number = 0;
  for (auto& [settings, cases] : groups) {
    Judgement judgement("rules_" + std::to_string(number++));
    bool all_legal = true;
    for (auto& c : cases) {
      judgement.add(c.commands);
      all_legal = all_legal && c.step != 0;
      c.commands.back().first += static_cast<std::uint64_t>(static_cast<std::int64_t>(c.step));
      judgement.add(c.commands);
    }
    const auto verdicts = judgement.run(settings);
    CHECK(judgement.code == 1);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      INFO(cases[i].rule << ", " << verdicts[2 * i].text << ", " << verdicts[2 * i + 1].text);
      CHECK(verdicts[2 * i].rule == (cases[i].step == 0 ? cases[i].rule : ""));
      CHECK(verdicts[2 * i + 1].rule == cases[i].rule);
      CHECK(verdicts[2 * i + 1].line == cases[i].commands.size());
    }
  }
}

TEST_CASE("judges: random legal commands are legal, and illegal one clock earlier") {
  memory_test::LegalCommands random(tb::seed());
  Judgement legal("legal"), early("early");
  const unsigned traces = tb::full_run() ? 400 : 20;
  std::vector<Commands> all, mutated;
  std::vector<std::string> bounds;
  std::map<std::string, unsigned> seen;
  for (unsigned i = 0; i < traces; ++i) {
    const auto made = random.make(i == 0 ? 3000 : 300);
    Commands commands;
    for (const auto& [command, bound] : made) {
      // The commands up to here, with the last one CK earlier: a few of each rule.
      if (!bound.empty() && seen[bound] < (tb::full_run() ? 40u : 4u)) {
        ++seen[bound];
        mutated.push_back(commands);
        mutated.back().push_back(command);
        --mutated.back().back().first;
        bounds.push_back(bound);
        early.add(mutated.back());
      }
      commands.push_back(command);
    }
    legal.add(commands);
    all.push_back(commands);
  }
  const auto verdicts = legal.run();
  CHECK(legal.code == 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Verdict ours = memory_test::judge(all[i]);
    INFO("seed " << tb::seed() << ", file " << legal.path(i) << ": " << ours.text);
    CHECK(ours.rule.empty());
    CHECK(verdicts[i].text == fmt::format("{}: {} commands, legal", i, all[i].size()));
  }
  const auto broken = early.run();
  for (std::size_t i = 0; i < mutated.size(); ++i) {
    compare(mutated[i], broken[i], early.path(i));
    INFO("bound by " << bounds[i] << ": " << broken[i].text);
    CHECK(broken[i].rule == bounds[i]);
    CHECK(broken[i].line == mutated[i].size());
  }
  for (const auto& [rule, count] : seen) UNSCOPED_INFO(rule << " " << count);
  CHECK(seen.size() >= 24);
}

TEST_CASE("judges: whatever is mutated, both say the same") {
  memory_test::LegalCommands random(tb::seed() + 1);
  std::mt19937_64 dice(tb::seed());
  Judgement judgement("mutated");
  std::vector<Commands> all;
  unsigned legal = 0;
  for (unsigned i = 0; i < (tb::full_run() ? 3000u : 150u); ++i) {
    Commands commands;
    for (const auto& made : random.make(120)) commands.push_back(made.command);
    const std::size_t at = 1 + dice() % (commands.size() - 1);
    switch (dice() % 6) {
      case 0:  // a little earlier, in order
        commands[at].first = std::max(commands[at].first - dice() % 12, commands[at - 1].first);
        break;
      case 1:  // everything from here on a little earlier
      {
        const std::uint64_t shift =
            std::min<std::uint64_t>(dice() % 6, commands[at].first - commands[at - 1].first);
        for (std::size_t j = at; j < commands.size(); ++j) commands[j].first -= shift;
        break;
      }
      case 2:
        commands.erase(commands.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 3:
        if (sim::has_bank(commands[at].kind)) commands[at].bank ^= 1 + dice() % 7;
        break;
      case 4:
        commands[at].rank ^= 1;
        break;
      case 5: {
        const auto kind = static_cast<sim::LpddrKind>(dice() % sim::kLpddrKinds);
        commands[at] = memory_test::at(kind, commands[at].first + sim::lpddr_length(kind) - 1,
                                       dice() % 8, commands[at].rank);
        break;
      }
    }
    // Calibrations start and latch in turns, as a file is read.
    std::array<unsigned, 2> calibrations{};
    for (auto& command : commands) {
      if (command.kind == sim::LpddrKind::kZq) command.column = calibrations[command.rank]++ % 2;
    }
    judgement.add(commands);
    all.push_back(commands);
  }
  const auto verdicts = judgement.run();
  for (std::size_t i = 0; i < all.size(); ++i) {
    compare(all[i], verdicts[i], judgement.path(i));
    legal += verdicts[i].rule.empty() ? 1 : 0;
    // What was written is what is read.
    if (i % 10 == 0) CHECK(sim::read_commands(judgement.path(i)) == all[i]);
  }
  CHECK(legal > 0);
  CHECK(legal < all.size());
}

TEST_CASE("judges: a file that holds no commands is refused by line") {
  const auto folder = std::filesystem::path(tb::root()) / "build" / "tests";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "judges_bad.txt").string();
  for (const auto& [line, why] : std::map<std::string, std::string>{
           {"100 ACT 0 1 2", ":2: expected"},
           {"100 ACT 0 1 2 - -", ":2: expected"},
           {"100 NOP 0 - - -", ":2: no such command: NOP"},
           {"x ACT 0 1 2 -", ":2: not a clock"},
           {"100 ACT 2 1 2 -", "'2' is not a rank"},
           {"100 ACT 0 8 2 -", "'8' is not a bank"},
           {"100 ACT 0 - 2 -", "'-' is not a bank"},
           {"100 REFAB 0 3 - -", "'3' is not a bank"},
           {"100 RD 0 3 - 1024", "'1024' is not a column"},
       }) {
    std::ofstream(path) << "0 PREAB 0 - - -\n" << line << '\n';
    CHECK_THROWS_WITH(sim::read_commands(path), Catch::Contains(why));
    const std::string command =
        fmt::format("{} '{}' 2>/dev/null", memory_test::check_commands(), path);
    const int status = std::system(command.c_str());
    INFO(line);
    CHECK(WEXITSTATUS(status) == 2);
  }
  CHECK_THROWS_WITH(sim::read_commands("build/no_such_file"), Catch::Contains("cannot be read"));
}
