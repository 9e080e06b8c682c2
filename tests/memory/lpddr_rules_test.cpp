// Every rule of the device model: illegal one CK early, legal on time.
#include <catch2/catch.hpp>
#include <set>

#include "tests/memory/lpddr_cases.hpp"

using namespace s4;
using memory_test::at;
using sim::LpddrKind;

TEST_CASE("lpddr: every rule is broken one CK too early and kept on time") {
  std::set<std::string> rules;
  for (memory_test::Case c : memory_test::lpddr_cases()) {
    const auto timings = memory_test::timings_with(c.settings);
    INFO(c.rule << ": "
                << sim::describe(c.commands[c.commands.size() - 2 + (c.commands.size() < 2)])
                << ", then " << sim::describe(c.commands.back()));
    if (c.step != 0) {
      const auto legal = memory_test::judge(c.commands, timings);
      INFO(legal.text);
      CHECK(legal.rule.empty());
    }
    c.commands.back().first += static_cast<std::uint64_t>(static_cast<std::int64_t>(c.step));
    const auto verdict = memory_test::judge(c.commands, timings);
    INFO(verdict.text);
    CHECK(verdict.rule == c.rule);
    CHECK(verdict.line == c.commands.size());
    rules.insert(c.rule);
  }
  CHECK(rules.size() == 37);
}

TEST_CASE("lpddr: a report names the rule, both commands and their clocks") {
  const auto verdict =
      memory_test::judge({at(LpddrKind::kAct, 1000, 3, 0, 77), at(LpddrKind::kRd, 1032, 3, 0, 16)});
  CHECK(verdict.text ==
        "tRCD broken: RD of rank 0 bank 3 column 16 at CK 1029 (last edge 1032) comes 32 CK after "
        "ACT of rank 0 bank 3 row 77 at CK 997 (last edge 1000), at least 33 are needed");
}

TEST_CASE("lpddr: time itself makes a refresh overdue") {
  sim::LpddrRules rules({}, 1);
  rules.start_refresh(0, 500);
  CHECK_NOTHROW(rules.advance(500 + 9 * 7027));
  CHECK_THROWS_WITH(rules.advance(501 + 9 * 7027),
                    Catch::Contains("refresh_debt") && Catch::Contains("its last refresh: none"));
}

TEST_CASE("lpddr: refreshes walk through the rows") {
  sim::LpddrRules rules({}, 1);
  std::uint64_t clock = 1000;
  for (unsigned i = 0; i < 20; ++i) {
    rules.command(at(LpddrKind::kRefPb, clock, (i * 3) % 8));
    clock += 800;
  }
  CHECK(rules.refresh_row(0) == 2);  // the third round is at its fourth bank
  rules.command(at(LpddrKind::kRefAb, clock));
  CHECK(rules.refresh_row(0) == 3);  // and ends with REFAB
  rules.command(at(LpddrKind::kRefPb, clock + 800, 0));
  CHECK(rules.refresh_row(0) == 3);
}

TEST_CASE("lpddr: ranks are apart") {
  CHECK_THROWS_AS(sim::LpddrRules({}, 3), std::invalid_argument);
  sim::LpddrRules rules({}, 1);
  CHECK_THROWS_WITH(rules.command(at(LpddrKind::kAct, 100, 0, 1)), Catch::Contains("no such rank"));
  // Neither tRRD nor tFAW nor the state of a bank reaches over to the other rank.
  CHECK(memory_test::judge({at(LpddrKind::kAct, 1000), at(LpddrKind::kAct, 1004, 0, 1),
                            at(LpddrKind::kRefPb, 1018, 1), at(LpddrKind::kPreAb, 1080)})
            .rule == "tRFCpb");
  CHECK(memory_test::judge({at(LpddrKind::kAct, 1000), at(LpddrKind::kRefAb, 1004, 0, 1),
                            at(LpddrKind::kRd, 1033), at(LpddrKind::kPrePb, 1076)})
            .rule.empty());
}
