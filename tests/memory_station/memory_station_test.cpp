// The memory of a station: data, order, errors, throughput, stalls, and bugs that must be seen.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/memory_station/station_bench.hpp"

using namespace s4;
using tests::Burst;
using tests::StationBench;

namespace {

/// The quick tier compiles one model, without assertions.
tb::Kind kind() { return tb::full_run() ? tb::Kind::kChecked : tb::Kind::kFast; }

/// Bursts of 1 to 16 beats at random places of a region, within 1 KiB each.
std::vector<Burst> random_bursts(std::uint64_t base, std::uint64_t bytes, unsigned count,
                                 double writes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Burst> bursts;
  for (unsigned i = 0; i < count; ++i) {
    Burst burst;
    burst.write = static_cast<double>(random() % 1000) < 1000 * writes;
    const auto first = static_cast<unsigned>(random() % 16);
    burst.address = base + random() % (bytes / 1024) * 1024 + 64 * first;
    burst.beats = 1 + static_cast<unsigned>(random() % (16 - first));
    burst.sparse = random() % 3 == 0;
    bursts.push_back(burst);
  }
  return bursts;
}

std::vector<Burst> sequence(bool write, std::uint64_t base, unsigned count) {
  std::vector<Burst> bursts(count);
  for (unsigned i = 0; i < count; ++i) bursts[i] = {write, base + 1024 * i, 16, false};
  return bursts;
}

}  // namespace

TEST_CASE("memory station: bursts of both directions, all data compared") {
  const unsigned scale = tb::full_run() ? 100 : 1;
  StationBench bench("tiny", kind(), 2, {}, tb::seed());
  constexpr std::uint64_t kBase = 0x40000;
  bench.preload(kBase, 1024);
  // A small region, so that requests meet; then the far end of the memory and stalls.
  bench.run(random_bursts(kBase, 65536, 150 * scale, 0.4, tb::seed()));
  bench.run(random_bursts(kBase, 65536, 150 * scale, 0.5, tb::seed() + 1), {0.3, 0.4, 0.4});
  const std::uint64_t end = bench.memory().layout().bytes();
  bench.preload(end - 65536, 1024);
  bench.run(random_bursts(end - 65536, 65536, 60 * scale, 0.3, tb::seed() + 2), {0, 0, 0.7});
  // Data long before and long after their request, a response port that is open or closed.
  bench.run(random_bursts(kBase, 65536, 30 * scale, 1, tb::seed() + 3), {0.9, 0, 0.9});
  bench.run(random_bursts(kBase, 65536, 30 * scale, 1, tb::seed() + 4), {0, 0.95, 0});
  CHECK(bench.beats_read() > 1000);
  CHECK(bench.decode_errors() == 0);
  bench.check_devices();
}

TEST_CASE("memory station: beats beyond the memory are answered with Decode") {
  for (const unsigned ranks : {1u, 2u}) {
    INFO("ranks " << ranks);
    StationBench bench("tiny", kind(), ranks, {}, tb::seed());
    const std::uint64_t end = bench.memory().layout().bytes();
    REQUIRE(end == std::uint64_t{ranks} << 31);
    bench.preload(end - 512, 8);
    // The first burst crosses the end: its first eight beats are data.
    const std::vector<Burst> bursts = {{false, end - 512, 16, false},
                                       {true, end - 512, 16, false},
                                       {false, end, 16, false},
                                       {true, end + 4096, 2, false},
                                       {false, (std::uint64_t{1} << 36) - 64, 1, false},
                                       {false, end - 64, 1, false}};
    bench.run(bursts);
    CHECK(bench.decode_errors() == 8 + 1 + 16 + 1 + 1);
    bench.check_devices();
  }
}

TEST_CASE("memory station: 1 KiB bursts take what two channels deliver") {
  // Queues of 8 entries collect small batches of writes; those of the product are 64 long.
  const bool full = tb::full_run();
  const unsigned count = full ? 4000 : 250;
  StationBench bench(full ? "s4" : "tiny", tb::Kind::kFast, 2, {}, tb::seed());
  const double reads = 1024.0 * count / static_cast<double>(bench.run(sequence(false, 0, count)));
  const double writes =
      1024.0 * count / static_cast<double>(bench.run(sequence(true, 1 << 22, count)));
  INFO("bytes per clock of 16: read " << reads << ", written " << writes);
  CHECK(reads >= 0.95 * 16);
  CHECK(writes >= (full ? 0.94 : 0.8) * 16);
}

TEST_CASE("memory station: zero-load latency, not at t - 1, yes at t") {
  StationBench bench("tiny", kind(), 2, {}, tb::seed());
  bench.run({{false, 0, 1, false}});  // opens the row
  const std::uint64_t clocks = bench.run({{false, 64, 1, false}});
  CHECK(clocks == 43);
}

TEST_CASE("memory station: reset in traffic, then everything works again") {
  StationBench bench("tiny", kind(), 2, {}, tb::seed());
  bench.preload(0, 256);
  auto stall = [&] {  // leaves the answers where they are
    bench.model().port("rsp_ready_i").set(0);
    bench.model().port("req_valid_i").set(1);
    for (int i = 0; i < 60; ++i) {
      bench.memory().tick_before_edge();
      bench.model().tick();
    }
  };
  stall();
  bench.reset();
  bench.preload(0, 256);
  bench.run(random_bursts(0, 16384, 60, 0.4, tb::seed()));
  bench.check_devices();
}

TEST_CASE("memory station: a response port that stands still is named") {
  StationBench bench("tiny", kind(), 2, {}, tb::seed());
  bench.preload(0, 16);
  CHECK_THROWS_WITH(bench.run({{false, 0, 16, false}}, {0, 0, 1}),
                    Catch::Contains("beats that the channels answered are not taken"));
}

TEST_CASE("memory station: a wrong bit in a device is seen") {
  StationBench bench("tiny", kind(), 2, {}, tb::seed());
  bench.preload(0, 16);
  bench.memory().channel(1).store().flip({0, 0, 0}, 70, 3);
  CHECK_THROWS_WITH(bench.check_devices(), Catch::Contains("the devices do not hold line"));
  CHECK_THROWS_WITH(bench.run({{false, 0, 16, false}}), Catch::Contains("expected"));
}

TEST_CASE("memory station: a lost acknowledge is seen and named") {
  if (!tb::full_run()) return;  // a model of its own
  const auto bug = tests::seeded_bug("rtl/memory/station_channel.sv", "lost_ack",
                                     ".wack_valid_o   (ack_valid_o)", ".wack_valid_o   ()");
  StationBench bench("tiny", tb::Kind::kFast, 2, bug, tb::seed());
  CHECK_THROWS_WITH(bench.run(sequence(true, 0, 2)),
                    Catch::Contains("channel 0 does not answer 0 reads and 3 writes"));
}
