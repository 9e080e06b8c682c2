// Errors on the ring's links while programs run: each ends in the right results or in an error with
// a name, nothing is wrong in silence, and the next program computes what it should.
#include <catch2/catch.hpp>
#include <random>

#include "sim/host/gen/chip_registers.hpp"
#include "sim/ring/gen/ring.hpp"
#include "tb/root.hpp"
#include "tests/chip/chip_job.hpp"

using namespace s4;
using namespace s4::tests;
namespace reg = chip_registers;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
// Of 256 clocks: what a lost packet is worth waiting for, here.
constexpr std::uint32_t kPatience = 16;

enum Counter { kHeader, kPayload, kCrc, kMisrouted, kDropped, kGivenUp, kLost, kStray, kCounters };

unsigned counter(ChipBench& bench, unsigned station, unsigned which) {
  bench.set(0, reg::kRingSelectOffset, station << reg::kRingSelectStationLsb | which);
  return bench.get(0, reg::kRingCountOffset);
}

unsigned counter(ChipBench& bench, unsigned which) {
  unsigned sum = 0;
  for (unsigned s = 0; s < bench.stations(); ++s) sum += counter(bench, s, which);
  return sum;
}

sw::RunRequest request_of(const ChipJob& job) {
  sw::RunRequest request;
  request.read_region = job.compiled().read_region;
  request.write_region = job.compiled().write_region;
  request.watchdog = 50000;
  return request;
}

ChipOptions options_of(const std::string& config) {
  ChipOptions options;
  options.config_argument = config;
  return options;
}

/// What the host learns of a run: its results are right, or an error that has a name.
struct Outcomes {
  unsigned right = 0, named = 0;
};

/// Jobs on all subsystems at the same time, links struck meanwhile; judges each. `joint`: all run
/// the same one and its weights are read once for all, so Control packets are struck too.
class FaultBench {
 public:
  FaultBench(const std::string& config, std::uint64_t seed, bool joint)
      : bench(config, options_of(config)), random_(seed), joint_(joint) {
    bench.set(0, reg::kPatienceOffset, kPatience);
    for (unsigned n = 0; n < bench.subsystems(); ++n) {
      jobs_.emplace_back(bench.config(), small_case(joint ? 0 : n),
                         (joint ? 0 : n * 5 * kGiB) + 0x200000);
    }
  }

  ChipBench bench;

  /// Strikes `count` links, one after the other, at random clocks, for so many clocks at most. A
  /// link that carries nothing then has nothing to lose.
  Outcomes run(ring::Fault fault, unsigned count, unsigned clocks) {
    for (const ChipJob& job : jobs_) job.place(bench);
    start();
    for (unsigned i = 0; i < count; ++i) {
      bench.clocks(random_() % 200);
      strike(fault, clocks);
    }
    return judge();
  }

  void strike(ring::Fault fault, unsigned clocks) {
    tb::Port port = bench.model->port("fault_i");
    const auto link = static_cast<unsigned>(random_() % (2 * bench.stations()));
    port.set_bits(2 * link, 2, static_cast<unsigned>(fault));
    bench.clocks(1 + random_() % clocks);
    port.set(0);
  }

  /// By the host: credits that were lost come back, counters and memories begin anew.
  void reset_chip() {
    bench.set(0, reg::kControlOffset, 1);
    while ((bench.get(0, reg::kStatusOffset) >> reg::kStatusResettingLsb & 1) != 0) {
    }
    bench.wait_ready();
  }

  /// The same programs from their beginning, as if nothing had been before.
  void check_next() {
    for (const ChipJob& job : jobs_) job.place(bench);
    start();
    const Outcomes outcomes = judge();
    CHECK(outcomes.right == jobs_.size());
  }

 private:
  void start() {
    for (unsigned n = 0; n < jobs_.size(); ++n) {
      bench.subsystem(n).reset();
      bench.subsystem(n).prepare(jobs_[n].program(), jobs_[n].compiled().config_hash,
                                 request_of(jobs_[n]));
    }
    if (joint_) {
      sw::Region weights = jobs_[0].compiled().weight_region;
      weights.size = (weights.size + 1023) / 1024 * 1024;
      bench.begin_broadcast((1U << jobs_.size()) - 1, weights);
    }
    for (unsigned n = 0; n < jobs_.size(); ++n) bench.subsystem(n).start();
  }

  Outcomes judge() {
    Outcomes outcomes;
    for (unsigned n = 0; n < jobs_.size(); ++n) {
      REQUIRE(bench.subsystem(n).wait([](std::uint64_t clocks) { return clocks < 400000; }));
      const sw::RunResult result = bench.subsystem(n).collect();
      INFO("subsystem " << n << ": " << result.describe());
      REQUIRE(result.done != result.error);
      if (result.error) {
        ++outcomes.named;
        // An answer with an error, or one engine or command that waits in vain.
        const bool known = result.error_code == commands::Error::kMemoryResponse ||
                           result.error_code == commands::Error::kWatchdog;
        CHECK(known);
      } else {
        ++outcomes.right;
        CHECK(jobs_[n].compare(bench) == "");
      }
    }
    if (joint_) bench.end_broadcast();
    return outcomes;
  }

  std::mt19937_64 random_;
  bool joint_;
  std::vector<ChipJob> jobs_;
};

std::string pair() { return tb::root() + "/tests/chip/pair.json"; }

/// So many rounds of programs under faults, each followed by one without.
void run_rounds(const std::string& config, unsigned rounds) {
  for (const ring::Fault fault :
       {ring::Fault::kPayload, ring::Fault::kPayloadPair, ring::Fault::kHeader}) {
    for (const bool joint : {false, true}) {
      FaultBench faults(config, tb::seed() * 100 + static_cast<unsigned>(fault), joint);
      INFO("fault " << static_cast<unsigned>(fault) << (joint ? ", joint reads" : ""));
      Outcomes all;
      unsigned struck = 0;
      for (unsigned round = 0; round < rounds; ++round) {
        INFO("round " << round << " of seed " << tb::seed());
        const bool header = fault == ring::Fault::kHeader;
        const Outcomes outcomes = faults.run(fault, header ? 2 : 1 + round % 4, header ? 1 : 40);
        all.right += outcomes.right;
        all.named += outcomes.named;
        faults.check_next();
        // A slot that is lost costs a credit of eight until the ring is reset.
        if (header && round % 3 == 2) {
          struck += counter(faults.bench, kHeader);
          faults.reset_chip();
          CHECK(counter(faults.bench, kHeader) == 0);
          faults.check_next();
        }
      }
      struck += counter(faults.bench, fault == ring::Fault::kHeader ? kHeader : kCrc);
      INFO(all.right << " right, " << all.named << " named, " << struck << " counted");
      // A wrong check sum is never taken for data.
      if (struck == 0) CHECK(all.named == 0);
      if (tb::full_run()) CHECK(all.named > 0);
      for (const std::string& text : faults.bench.faults()) {
        CHECK(text.find("an error on the ring at the interface of station") == 0);
      }
    }
  }
}

}  // namespace

TEST_CASE("chip: errors on links end in right results or a named error, the next programs run") {
  run_rounds(pair(), tb::full_run() ? 40 : 2);
}

TEST_CASE("chip: errors on links of more than one hop") {
  if (!tb::full_run()) return;  // a model of minutes
  run_rounds("small", 12);
}

TEST_CASE("chip: errors on links while the host reads are SLVERR or nothing") {
  FaultBench faults(pair(), tb::seed(), false);
  ChipBench& bench = faults.bench;
  std::vector<std::uint8_t> bytes(6000), got(bytes.size());
  std::mt19937_64 random(tb::seed());
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  bench.write(0x1000, bytes);
  unsigned refused = 0;
  for (unsigned i = 0; i < (tb::full_run() ? 200U : 20U); ++i) {
    INFO("read " << i << " of seed " << tb::seed());
    std::fill(got.begin(), got.end(), std::uint8_t{0});
    bench.axi.worst = AxiHost::kOkay;
    bench.axi.begin_read(0x1000, got);
    bench.clocks(random() % 100);
    faults.strike(i % 2 == 0 ? ring::Fault::kPayload : ring::Fault::kPayloadPair, 4);
    bench.finish();
    if (bench.axi.worst == AxiHost::kOkay) {
      CHECK(got == bytes);
    } else {
      CHECK(bench.axi.worst == AxiHost::kSlverr);
      ++refused;
    }
    CHECK(bench.try_read(0x1000, got) == AxiHost::kOkay);
    CHECK(got == bytes);
  }
  CHECK(refused > 0);
}
