// Every time between commands, on the controller: with a device that asks for t all is legal, with
// one that asks for t + 1 the controller is caught, so it keeps t and uses it. Then the same
// with wrong times in the controller.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/memory/memory_bug.hpp"
#include "tests/memory/memory_traffic.hpp"

using namespace s4;
using tests::MemoryRequest;

namespace {

enum class Load { kReads, kMixed, kMasked, kPauses, kWake };

struct Rule {
  const char* name;       ///< as the device calls it
  const char* parameter;  ///< of the controller, in lpddr4_pkg
  unsigned sim::LpddrTimings::*time;
  Load load;
  bool two_ranks = false;
  unsigned step = 1;  ///< CK that the controller rounds up to
};

using T = sim::LpddrTimings;
const Rule kRules[] = {
    {"tRCD", "TRcd", &T::rcd, Load::kReads},
    {"tRPpb", "TRp", &T::rp_bank, Load::kMixed},
    {"tRAS", "TRas", &T::ras, Load::kMixed},
    {"tRRD", "TRrd", &T::rrd, Load::kReads},
    {"tCCD", "TCcd", &T::ccd, Load::kReads},
    {"tCCDMW", "TCcdMw", &T::ccd_masked, Load::kMasked},
    {"tRTP", "TRtp", &T::rtp, Load::kMixed},
    {"tWR", "TWrPre", &T::wr, Load::kMixed},
    {"tRTW", "TRdWr", &T::write_preamble, Load::kMixed},
    {"tWTR", "TWrRd", &T::wtr, Load::kMixed},
    {"rank_switch", "TRankSwitch", &T::rank_switch, Load::kMixed, true},
    {"tPPD", "TPpd", &T::ppd, Load::kMixed},
    {"tRFCpb", "TRfcPb", &T::rfc_bank, Load::kReads},
    {"tpbR2pbR", "TPbr2Pbr", &T::pbr_to_pbr, Load::kPauses},
    // CKE changes with the clock, every second CK.
    {"tXP", "TXp", &T::xp, Load::kPauses, false, 2},
    {"tCKE", "TCke", &T::cke, Load::kWake, false, 2},
};

/// An automatic precharge begins tRTP after its read: too early, the activate after it is too
/// early.
bool is_caught(const std::string& broken, const Rule& rule) {
  return broken == rule.name || (rule.time == &T::rtp && broken == "tRPpb");
}

/// Name of the rule that is broken, or nothing.
std::string broken(Load load, const tests::MemorySetup& setup, std::uint64_t requests = 4000) {
  tests::MemoryTraffic traffic(setup);
  std::mt19937_64 random(tb::seed());
  try {
    for (std::uint64_t left = requests; left > 0;) {
      traffic.run([&]() -> std::optional<MemoryRequest> {
        const unsigned part = load == Load::kPauses ? 500 : load == Load::kWake ? 2 : 0;
        if (left == 0 || (part != 0 && left % part == 1 && left-- > 0)) return std::nullopt;
        --left;
        MemoryRequest r;
        r.write = load != Load::kReads && random() % 2 == 0;
        r.two = random() % 2 == 0;
        // Eight banks (of two ranks), four rows, or all rows.
        const auto line =
            random() % (load == Load::kMixed && left % 1024 < 512 ? 1 << 11 : 1 << 23);
        r.address = static_cast<std::uint32_t>(line << 6);
        if (load == Load::kMasked) {
          r.write = true;
          r.strobes = random();
        }
        return r;
      });
      if (load == Load::kPauses) traffic.idle(4000);
      // Requests that come just when CKE falls.
      if (load == Load::kWake) traffic.idle(50 + left % 60);
    }
  } catch (const sim::LpddrViolation& violation) {
    return violation.rule;
  }
  return "";
}

}  // namespace

TEST_CASE("memory: times are kept, and used") {
  for (const Rule& rule : kRules) {
    INFO(rule.name);
    tests::MemorySetup setup;
    setup.config = "tiny";
    setup.kind = tb::Kind::kChecked;
    setup.two_ranks = rule.two_ranks;
    CHECK(broken(rule.load, setup) == "");
    setup.timings.*rule.time += 1;
    const std::string rule_broken = broken(rule.load, setup);
    INFO(rule_broken);
    CHECK(is_caught(rule_broken, rule));
  }
}

TEST_CASE("memory: times that never bind, made longer") {
  tests::MemorySetup setup;
  setup.config = "tiny";
  setup.replace = tests::memory_times({{"TFaw", 101}, {"TRc", 141}});
  setup.timings.faw = 101;
  setup.timings.rc_bank = 141;
  CHECK(broken(Load::kReads, setup) == "");
  auto later = setup;
  later.timings.faw = 102;
  CHECK(broken(Load::kReads, later) == "tFAW");
  later = setup;
  later.timings.rc_bank = 142;
  CHECK(broken(Load::kMixed, later) == "tRCpb");
}

TEST_CASE("memory: a wrong time in the controller is caught") {
  for (const Rule& rule : kRules) {
    if (!tb::full_run() && rule.name != std::string("tRCD")) continue;
    INFO(rule.name);
    tests::MemorySetup setup;
    setup.config = "tiny";
    setup.two_ranks = rule.two_ranks;
    static const std::map<std::string, unsigned> kWritten = {
        {"tWR", lpddr4::kTWrPre}, {"tRTW", lpddr4::kTRdWr}, {"tWTR", lpddr4::kTWrRd}};
    const auto found = kWritten.find(rule.name);
    const unsigned right = found != kWritten.end() ? found->second : setup.timings.*rule.time;
    if (rule.name == std::string("tCCD")) continue;  // less than a burst is no legal parameter
    setup.replace = tests::memory_times({{rule.parameter, right - rule.step}});
    const std::string rule_broken = broken(rule.load, setup);
    INFO(rule_broken);
    CHECK(is_caught(rule_broken, rule));
  }
}

TEST_CASE("memory: refresh keeps up") {
  // For a device that wants it a little more often the controller owes too much in the end.
  tests::MemorySetup setup;
  setup.config = "tiny";
  setup.kind = tb::Kind::kChecked;
  setup.timings.refi = setup.timings.refi * 7 / 8;
  CHECK(broken(Load::kReads, setup, 40000).substr(0, 8) == "refresh_");
}
