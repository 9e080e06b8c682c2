#include "tests/memory/lpddr_cases.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "tb/root.hpp"

namespace s4::memory_test {
namespace {

using Kind = sim::LpddrKind;
using Commands = std::vector<sim::LpddrCommand>;

constexpr unsigned kInterval = 9 * 7027;  // most CK between refreshes of a bank

/// Opening of bank 0 after it was closed, by every command that opens or refreshes.
void add_openings(std::vector<Case>& cases, const std::string& rule, const Commands& before,
                  std::uint64_t limit) {
  for (const Kind kind : {Kind::kAct, Kind::kRefPb, Kind::kRefAb, Kind::kSre}) {
    Commands commands = before;
    commands.push_back(at(kind, limit));
    cases.push_back({rule, commands});
  }
}

void add_rows(std::vector<Case>& cases) {
  const auto act = at(Kind::kAct, 1000);
  cases.push_back({"ca_bus", {act, at(Kind::kPrePb, 1002, 1)}});
  cases.push_back({"ca_bus", {act, at(Kind::kAct, 1004, 0, 1)}});
  cases.push_back({"tRCD", {act, at(Kind::kRd, 1033)}});
  cases.push_back({"tRCD", {act, at(Kind::kWr, 1033)}});
  cases.push_back({"tRCD", {act, at(Kind::kMwr, 1033)}});
  cases.push_back({"tRAS", {act, at(Kind::kPrePb, 1076)}});
  cases.push_back({"tRAS", {act, at(Kind::kPreAb, 1076)}});
  cases.push_back({"tRTP", {act, at(Kind::kRd, 1070), at(Kind::kPrePb, 1084)}});
  cases.push_back({"tRTP", {act, at(Kind::kRd, 1070), at(Kind::kPreAb, 1084)}});
  cases.push_back({"tRTP", {act, at(Kind::kRda, 1070), at(Kind::kPrePb, 1084)}});
  cases.push_back({"tWR", {act, at(Kind::kWr, 1033), at(Kind::kPrePb, 1091)}});
  cases.push_back({"tWR", {act, at(Kind::kMwr, 1033), at(Kind::kPreAb, 1091)}});
  add_openings(cases, "tRPpb", {act, at(Kind::kPrePb, 1076)}, 1109);
  add_openings(cases, "tRPpb", {act, at(Kind::kRda, 1062)}, 1109);
  add_openings(cases, "tRPpb", {act, at(Kind::kWra, 1033)}, 1125);
  add_openings(cases, "tRPab", {act, at(Kind::kPreAb, 1080)}, 1118);
  add_openings(cases, "tRCpb", {act, at(Kind::kRda, 1033)}, 1108);
  cases.push_back(
      {"tRCpb", {act, at(Kind::kPrePb, 1076), at(Kind::kAct, 1130)}, -1, {{"tRCpb", 130}}});
  cases.push_back(
      {"tRCab", {act, at(Kind::kPreAb, 1076), at(Kind::kAct, 1120)}, -1, {{"tRCab", 120}}});
  cases.push_back({"tPPD", {at(Kind::kPrePb, 1000), at(Kind::kPrePb, 1004, 1)}});
  cases.push_back({"tPPD", {at(Kind::kPreAb, 1000), at(Kind::kPreAb, 1004)}});
  for (const Kind first : {Kind::kAct, Kind::kRefPb}) {
    cases.push_back({"tRRD", {at(first, 1000), at(Kind::kAct, 1018, 1)}});
    if (first == Kind::kAct) cases.push_back({"tRRD", {act, at(Kind::kRefPb, 1018, 1)}});
    Commands five{at(first, 1000)};
    for (unsigned b = 1; b < 5; ++b)
      five.push_back(at(Kind::kAct, b < 4 ? 1000 + 18 * b : 1100, b));
    cases.push_back({"tFAW", five, -1, {{"tFAW", 100}}});
    five.back() = at(Kind::kRefPb, 1170, 4);
    cases.push_back({"tFAW", five, -1, {{"tFAW", 170}}});
  }
}

void add_columns(std::vector<Case>& cases) {
  const Commands open{at(Kind::kAct, 1000), at(Kind::kAct, 1018, 1), at(Kind::kAct, 1040, 0, 1)};
  const auto add = [&](const std::string& rule, Kind first, Kind second, unsigned interval,
                       unsigned bank = 0, unsigned rank = 0) {
    Commands commands = open;
    commands.push_back(at(first, 1100));
    commands.push_back(at(second, 1100 + interval, bank, rank));
    cases.push_back({rule, commands});
  };
  add("tCCD", Kind::kRd, Kind::kRd, 8);
  add("tCCD", Kind::kRda, Kind::kRda, 8, 1);
  add("tCCD", Kind::kRd, Kind::kMrr, 8);
  add("tCCD", Kind::kWr, Kind::kWr, 8);
  add("tCCD", Kind::kWr, Kind::kMwr, 8, 1);
  add("tCCD", Kind::kMwr, Kind::kWra, 8);
  add("tCCDMW", Kind::kWr, Kind::kMwr, 32);
  add("tCCDMW", Kind::kMwr, Kind::kMwr, 32);
  add("tRTW", Kind::kRd, Kind::kWr, 33);
  add("tRTW", Kind::kRd, Kind::kMwr, 33, 1);
  add("tRTW", Kind::kMrr, Kind::kWr, 33);
  add("tWTR", Kind::kWr, Kind::kRd, 43);
  add("tWTR", Kind::kMwr, Kind::kRda, 43, 1);
  add("tWTR", Kind::kWra, Kind::kMrr, 43);
  add("rank_switch", Kind::kRd, Kind::kRd, 14, 0, 1);
  add("rank_switch", Kind::kWr, Kind::kWr, 14, 0, 1);
  add("rank_switch", Kind::kRd, Kind::kMwr, 36, 0, 1);
  add("ca_bus", Kind::kWr, Kind::kRd, 4, 0, 1);
  add("rank_switch", Kind::kWr, Kind::kRd, 6, 0, 1);
  cases.back().settings = {{"gap", 20}};
}

void add_refresh(std::vector<Case>& cases) {
  cases.push_back({"tpbR2pbR", {at(Kind::kRefPb, 1000), at(Kind::kRefPb, 1162, 1)}});
  const Commands bank{at(Kind::kRefPb, 1000)};
  cases.push_back({"tRFCpb", {bank[0], at(Kind::kPrePb, 1252)}});
  cases.push_back({"tRFCpb", {bank[0], at(Kind::kPreAb, 1252)}});
  for (const Kind kind : {Kind::kAct, Kind::kRefAb, Kind::kSre}) {
    cases.push_back({"tRFCpb", {bank[0], at(kind, 1252)}});
  }
  for (const Kind kind : {Kind::kAct, Kind::kRefPb, Kind::kRefAb, Kind::kPrePb, Kind::kPreAb,
                          Kind::kSre, Kind::kMrw, Kind::kMrr, Kind::kZq}) {
    cases.push_back({"tRFCab", {at(Kind::kRefAb, 1000), at(kind, 1504)}});
  }
  // Deadlines: legal on time, illegal one CK later.
  cases.push_back(
      {"refresh_debt", {at(Kind::kPreAb, 1000), at(Kind::kRefAb, 1000 + kInterval)}, 1});
  cases.push_back({"refresh_debt",
                   {at(Kind::kPreAb, 1000), at(Kind::kRefAb, 1000 + kInterval),
                    at(Kind::kRefAb, 1000 + kInterval + 7027)},
                   1});
  cases.push_back(
      {"refresh_interval", {at(Kind::kRefAb, 1000), at(Kind::kRefAb, 1000 + kInterval)}, 1});
  // Ten ahead count as eight: the next is due when 18 intervals are over.
  Commands ahead{at(Kind::kPreAb, 1000)};
  for (unsigned i = 0; i < 10; ++i) ahead.push_back(at(Kind::kRefAb, 1600 + 504 * i));
  ahead.push_back(at(Kind::kRefAb, ahead.back().last() + kInterval));
  ahead.push_back(at(Kind::kRefAb, 1000 + 18 * 7027));
  cases.push_back({"refresh_debt", ahead, 1});
  // Self refresh stops the count.
  cases.push_back({"refresh_debt",
                   {at(Kind::kPreAb, 1000), at(Kind::kSre, 2000), at(Kind::kSrx, 902000),
                    at(Kind::kRefAb, 902000 + kInterval - 1000)},
                   1});
  // One bank left out.
  Commands seven{at(Kind::kPreAb, 1000)};
  for (unsigned b = 0; b < 7; ++b) seven.push_back(at(Kind::kRefPb, 2000 + 200 * b, b));
  seven.push_back(at(Kind::kRefPb, 1000 + kInterval, 7));
  cases.push_back({"refresh_debt", seven, 1});
  // A round of REFPB takes every bank once.
  seven.back() = at(Kind::kRefPb, 5000, 3);
  cases.push_back({"refresh_order", seven, 0});
}

void add_others(std::vector<Case>& cases) {
  const auto act = at(Kind::kAct, 1000);
  const auto down = at(Kind::kPde, 1010), up = at(Kind::kPdx, 1030);
  cases.push_back({"tXP", {act, down, up, at(Kind::kAct, 1047, 1)}});
  cases.push_back({"tXP", {act, down, up, at(Kind::kPrePb, 1045, 1)}});
  cases.push_back({"tCKE", {act, at(Kind::kPde, 1004), at(Kind::kPdx, 1018)}});
  cases.push_back({"tCKE", {act, down, up, at(Kind::kPde, 1044)}});
  cases.push_back({"tCMDCKE", {act, at(Kind::kPde, 1004)}});
  cases.push_back({"tRDPDE", {act, at(Kind::kRd, 1033), at(Kind::kPde, 1080)}});
  cases.push_back({"tWRPDE", {act, at(Kind::kWr, 1033), at(Kind::kPde, 1091)}});
  cases.push_back({"tWRPDE", {act, at(Kind::kWra, 1033), at(Kind::kPde, 1092)}});
  cases.push_back({"power_down", {act, down, at(Kind::kAct, 1040, 1)}, 0});
  cases.push_back({"power_down", {act, down, at(Kind::kPde, 1040)}, 0});
  cases.push_back({"power_down", {act, at(Kind::kPdx, 1040)}, 0});

  const auto mode = at(Kind::kMrw, 1000);
  cases.push_back({"tMRW", {mode, at(Kind::kMrw, 1018)}});
  for (const Kind kind : {Kind::kAct, Kind::kMrr, Kind::kZq, Kind::kPde, Kind::kPreAb}) {
    cases.push_back({"tMRD", {mode, at(kind, 1026)}});
  }
  const auto start = at(Kind::kZq, 1000);
  const auto latch = at(Kind::kZq, 2800, 0, 0, 1);
  cases.push_back({"tZQCAL", {start, latch}});
  cases.push_back({"tZQLAT", {start, latch, at(Kind::kAct, 2854)}});
  cases.push_back({"tZQLAT", {start, latch, at(Kind::kMrw, 2854)}});
  cases.push_back(
      {"refresh_debt", {start, latch, at(Kind::kRefAb, 2800 + kInterval)}, 1});  // counted from it

  cases.push_back({"tSR", {at(Kind::kSre, 1000), at(Kind::kSrx, 1027)}});
  cases.push_back({"tXSR", {at(Kind::kSre, 1000), at(Kind::kSrx, 1027), at(Kind::kAct, 1545)}});
  cases.push_back({"self_refresh", {at(Kind::kSre, 1000), at(Kind::kAct, 3000)}, 0});
  cases.push_back({"self_refresh", {at(Kind::kSrx, 1000)}, 0});

  cases.push_back({"bank_state", {at(Kind::kRd, 1000)}, 0});
  cases.push_back({"bank_state", {act, at(Kind::kRda, 1100), at(Kind::kRd, 1200)}, 0});
  cases.push_back({"bank_state", {act, at(Kind::kPrePb, 1100), at(Kind::kWr, 1200)}, 0});
  cases.push_back({"bank_state", {act, at(Kind::kAct, 2000)}, 0});
  cases.push_back({"bank_state", {act, at(Kind::kRefPb, 2000)}, 0});
  cases.push_back({"bank_state", {act, at(Kind::kRefAb, 2000)}, 0});
  cases.push_back({"bank_state", {act, at(Kind::kSre, 2000)}, 0});
}

}  // namespace

sim::LpddrCommand at(Kind kind, std::uint64_t last, unsigned bank, unsigned rank,
                     unsigned row_or_value) {
  sim::LpddrCommand command;
  command.kind = kind;
  command.first = last + 1 - sim::lpddr_length(kind);
  command.rank = static_cast<std::uint8_t>(rank);
  if (sim::has_bank(kind)) command.bank = static_cast<std::uint8_t>(bank);
  if (sim::has_row(kind)) command.row = static_cast<std::uint16_t>(row_or_value);
  if (sim::has_column(kind) || kind == Kind::kZq) {
    command.column = static_cast<std::uint16_t>(row_or_value);
  }
  return command;
}

std::vector<Case> lpddr_cases() {
  std::vector<Case> cases;
  add_rows(cases);
  add_columns(cases);
  add_refresh(cases);
  add_others(cases);
  return cases;
}

sim::LpddrTimings timings_with(const std::vector<std::pair<std::string, unsigned>>& settings) {
  sim::LpddrTimings t;
  for (const auto& [name, value] : settings) {
    if (name == "tFAW") {
      t.faw = value;
    } else if (name == "tRCpb") {
      t.rc_bank = value;
    } else if (name == "tRCab") {
      t.rc_all = value;
    } else if (name == "gap") {
      t.rank_switch = value;
    } else {
      throw std::invalid_argument("no number of the name " + name);
    }
  }
  return t;
}

std::string check_commands() {
  const char* python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
  return fmt::format("{} '{}/tools/memory/check_commands.py'", python, tb::root());
}

Verdict judge(const std::vector<sim::LpddrCommand>& commands, const sim::LpddrTimings& timings) {
  sim::LpddrRules rules(timings, 2);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    try {
      rules.command(commands[i]);
    } catch (const sim::LpddrViolation& violation) {
      return {violation.rule, i + 1, violation.what()};
    }
  }
  return {};
}

}  // namespace s4::memory_test
