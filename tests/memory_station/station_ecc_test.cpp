// The memory of a station with error correction: random bursts with wrong bits in the devices, two
// wrong bits of a word, capacity, and a correction that does not happen.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/memory_station/station_bench.hpp"

using namespace s4;
using lpddr4::Counter;
using tests::Burst;
using tests::StationBench;

namespace {

constexpr std::uint64_t kBytes = 32768;  // of the region

/// The model of the other tests: error correction is a pin.
StationBench with_ecc(unsigned ranks = 2, const tb::ModelOptions& options = {}) {
  return StationBench("tiny", tb::full_run() ? tb::Kind::kChecked : tb::Kind::kFast, ranks, options,
                      tb::seed(), true);
}

std::uint64_t sum(StationBench& bench, Counter which) {
  return bench.memory().counter(0, which) + bench.memory().counter(1, which);
}

std::vector<Burst> everything(bool write) {
  std::vector<Burst> bursts;
  for (std::uint64_t at = 0; at < kBytes; at += 1024) bursts.push_back({write, at, 16, false});
  return bursts;
}

/// The burst whose checks the caches have kept after everything().
std::vector<Burst> latest() { return {{false, kBytes - 1024, 16, false}}; }

/// Random bursts between which `flips` words get one wrong bit each, then all is read: a word gets
/// its next one only after that.
void random_flips(StationBench& bench, unsigned flips, const tests::BenchStalls& stalls,
                  std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::set<std::uint64_t> flipped;
  while (flipped.size() < flips) {
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint64_t word = random() % kBytes & ~std::uint64_t{7};
      if (flipped.insert(word).second) bench.memory().flip(word, random() % 72);
    }
    std::vector<Burst> bursts;
    for (unsigned i = 0; i < 12; ++i) {
      const auto first = static_cast<unsigned>(random() % 16);
      bursts.push_back({random() % 2 == 0, random() % (kBytes / 1024) * 1024 + 64 * first,
                        1 + static_cast<unsigned>(random() % (16 - first)), random() % 3 == 0});
    }
    bench.run(bursts, stalls);
    if (random() % 4 == 0) bench.idle(random() % 600);
  }
  bench.idle(600);  // until the checks at hand are forgotten
  bench.run(everything(false));
}

}  // namespace

TEST_CASE("memory station: wrong bits are corrected and scrubbed") {
  for (const unsigned ranks : {2u, 1u}) {
    if (!tb::full_run() && ranks == 1) continue;
    INFO("seed " << tb::seed() << ", ranks " << ranks);
    StationBench bench = with_ecc(ranks);
    bench.preload(0, kBytes / 64);
    for (unsigned round = 0; round < (tb::full_run() ? 60u : 1u); ++round) {
      random_flips(bench, 240,
                   round % 2 == 1 ? tests::BenchStalls{0.2, 0.3, 0.3} : tests::BenchStalls{},
                   tb::seed() + round);
      CHECK(bench.memory().wrong_words(0, kBytes) == 0);
      bench.check_devices();
    }
    CHECK(sum(bench, Counter::kCorrected) > 50);
    CHECK(sum(bench, Counter::kScrubbed) > 50);
    CHECK(sum(bench, Counter::kReadModified) > 10);
    CHECK(sum(bench, Counter::kUncorrected) == 0);
    CHECK(bench.data_errors() == 0);
  }
}

TEST_CASE("memory station: two wrong bits are answered with Data until the line is written") {
  StationBench bench = with_ecc();
  bench.preload(0, kBytes / 64);
  for (const std::uint64_t word : {std::uint64_t{64 + 8}, std::uint64_t{512 + 56}}) {
    bench.memory().flip(word, 5);
    bench.memory().flip(word, 66);
    bench.spoil(word);
    CHECK_THROWS_WITH(bench.memory().wrong_words(word / 64 * 64, 64),
                      Catch::Contains("two wrong bits in the word at " + std::to_string(word)));
  }
  bench.run(everything(false));
  CHECK(bench.data_errors() == 2);
  CHECK(sum(bench, Counter::kUncorrected) == 2);
  bench.run({{true, 64, 1, false}, {true, 512, 1, false}});
  bench.run(everything(false));
  CHECK(bench.data_errors() == 2);
  bench.check_devices();
}

TEST_CASE("memory station: with error correction seven eighths are left") {
  for (const unsigned ranks : {1u, 2u}) {
    StationBench bench = with_ecc(ranks);
    const std::uint64_t end = bench.memory().layout().bytes();
    REQUIRE(end == (std::uint64_t{ranks} << 31) / 8 * 7);
    bench.preload(end - 512, 8);
    bench.run({{false, end - 512, 16, false},
               {true, end - 512, 16, false},
               {false, end, 1, false},
               {false, end - 64, 1, false}});
    CHECK(bench.decode_errors() == 8 + 1 + 1);
    bench.check_devices();
  }
}

TEST_CASE("memory station: content through the backdoor between bursts is seen") {
  StationBench bench = with_ecc();
  for (unsigned i = 0; i < 3; ++i) {
    bench.preload(0, kBytes / 64);
    bench.run(latest());
    bench.run(everything(false));
    bench.run({{true, 256, 8, true}, {true, 2048, 16, false}});
    bench.check_devices();
  }
  CHECK(sum(bench, Counter::kCorrected) == 0);
}

TEST_CASE("memory station: seeded bugs of the error correction are seen") {
  if (!tb::full_run()) return;  // models of their own
  StationBench bench =
      with_ecc(2, tests::seeded_bug("rtl/memory/memory_ecc_finish.sv", "uncorrected",
                                    "merged[64*w+:64] = word_burst_q[64*w+:64] ^ bit_wrong;",
                                    "merged[64*w+:64] = word_burst_q[64*w+:64];"));
  bench.preload(0, kBytes / 64);
  CHECK_THROWS_WITH(random_flips(bench, 240, {}, tb::seed()), Catch::Contains("expected"));
  // Checks are not forgotten: those at hand are not those of the new content.
  StationBench stale =
      with_ecc(2, tests::seeded_bug("rtl/memory/memory_ecc_cache.sv", "unforgotten",
                                    "if (forget_i && spare) valid_q[next_q] <= 1'b0;", ""));
  stale.preload(0, kBytes / 64);
  stale.run(everything(false));
  stale.preload(0, kBytes / 64);
  CHECK_THROWS(stale.run(latest()));
}
