// The host's bridge: AXI4 bursts of every kind against a plain memory, under stalls everywhere.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/host/bridge_bench.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

/// Changing loads and stalls until `count` bursts were answered.
void stress(BridgeBench& bench, std::uint64_t count, bool illegal = true) {
  for (unsigned round = 0; bench.reads + bench.writes < count; ++round) {
    HostTraffic traffic;
    traffic.request = std::array{100u, 30u, 100u, 5u}[round % 4];
    traffic.write = std::array{40u, 80u, 0u, 100u, 50u}[round % 5];
    traffic.illegal = illegal ? std::array{5u, 0u, 40u}[round % 3] : 0;
    traffic.ids = std::array{1u, 4u, 200u}[round / 2 % 3];
    traffic.stall_address = std::array{0u, 50u, 0u}[round % 3];
    traffic.stall_data = std::array{0u, 80u, 30u, 0u}[round % 4];
    traffic.stall_answer = std::array{0u, 50u, 0u, 95u, 10u}[round % 5];
    traffic.stall_request = std::array{0u, 0u, 90u, 30u}[round / 2 % 4];
    traffic.stall_port_data = std::array{0u, 70u, 0u}[round / 3 % 3];
    traffic.stall_response = std::array{0u, 60u, 0u, 20u, 95u}[round / 2 % 5];
    traffic.outstanding = std::array{24u, 2u, 100u}[round / 4 % 3];
    for (unsigned i = 0; i < 300; ++i) bench.step(traffic);
    if (round % 4 == 3) bench.drain();
  }
  bench.drain();
}

std::unique_ptr<tb::Model> bridge(tb::ModelOptions options = {},
                                  tb::Kind kind = tb::Kind::kChecked) {
  return tb::Model::load("host_bridge", "tiny", kind, options);
}

}  // namespace

TEST_CASE("host_bridge: random bursts under random stalls") {
  auto model = bridge();
  const std::uint64_t bursts = tb::full_run() ? 100000 : 12000;
  SECTION("a memory that answers in any order, some lines with errors") {
    BridgeBench bench(*model, {});
    stress(bench, bursts);
    CHECK(bench.reads > bursts / 5);
    CHECK(bench.writes > bursts / 5);
    CHECK(bench.illegal > 100);
    CHECK(bench.decode > 100);
    CHECK(bench.data_errors > 100);
    CHECK(bench.unaligned > 100);
    CHECK(bench.crossing > 10);
    CHECK(bench.longest == 256);
  }
  SECTION("a memory that answers at once and in order") {
    BridgeBench bench(*model, {0, 0, true});
    stress(bench, bursts / 4);
  }
  SECTION("resets in the middle of traffic") {
    for (unsigned i = 0; i < 4; ++i) {
      BridgeBench bench(*model, {});  // resets
      for (unsigned clock = 0; clock < 200 + 31 * i; ++clock) bench.step({});
      CHECK(bench.open_reads() + bench.open_writes() > 0);
    }
    BridgeBench bench(*model, {});
    stress(bench, 300);
  }
}

TEST_CASE("host_bridge: smallest sizes") {
  tb::ModelOptions options;
  options.parameters = {{"IdWidth", "8"},
                        {"ReadParts", "2"},
                        {"ReadBeats", "16"},
                        {"WriteParts", "2"},
                        {"WriteBeats", "16"}};
  auto model = bridge(options);
  BridgeBench bench(*model, {});
  stress(bench, tb::full_run() ? 30000 : 3000);
}

TEST_CASE("host_bridge: rates and latency") {
  auto model = bridge();
  const unsigned clocks = 4000;
  HostTraffic traffic;
  traffic.sequential = true;
  traffic.illegal = traffic.unaligned = 0;
  SECTION("reads: a beat per clock at a latency of 100 clocks") {
    for (const unsigned beats : {1u, 4u, 16u, 64u}) {
      BridgeBench bench(*model, {100, 0, false});
      traffic.write = 0;
      traffic.beats = beats;
      traffic.outstanding = 200;
      for (unsigned i = 0; i < 500; ++i) bench.step(traffic);
      const std::uint64_t before = bench.read_beats;
      for (unsigned i = 0; i < clocks; ++i) bench.step(traffic);
      const double rate = static_cast<double>(bench.read_beats - before) / clocks;
      INFO("bursts of " << beats << ": " << rate);
      CHECK(rate > (beats == 1 ? 0.55 : 0.98));  // 64 parts in flight
      CHECK(rate <= 1.0);
      bench.drain();
    }
  }
  SECTION("writes: a beat per clock") {
    for (const unsigned beats : {4u, 16u, 64u}) {
      BridgeBench bench(*model, {100, 0, false});
      traffic.write = 100;
      traffic.beats = beats;
      traffic.outstanding = 200;
      for (unsigned i = 0; i < 500; ++i) bench.step(traffic);
      const std::uint64_t before = bench.write_beats;
      for (unsigned i = 0; i < clocks; ++i) bench.step(traffic);
      const double rate = static_cast<double>(bench.write_beats - before) / clocks;
      INFO("bursts of " << beats << ": " << rate);
      CHECK(rate > (beats == 4 ? 0.9 : 0.98));
      bench.drain();
    }
  }
  SECTION("a read alone adds five clocks to those of the memory") {
    BridgeBench bench(*model, {30, 0, false});
    CHECK(bench.time_read() == 30 + 5);
  }
}

TEST_CASE("host_bridge: a write without data holds up no read") {
  auto model = bridge();
  BridgeBench bench(*model, {10, 0, false});
  bench.hold_data(0x40000000);
  HostTraffic reads;
  reads.write = 0;
  for (unsigned i = 0; i < 600; ++i) bench.step(reads);
  CHECK(bench.read_beats > 300);
  CHECK(bench.writes == 0);
  CHECK(bench.open_writes() == 1);
  bench.release_data();
  bench.drain();
  CHECK(bench.writes == 1);
}

TEST_CASE("host_bridge: stop ends what is under way and takes nothing more") {
  auto model = bridge();
  BridgeBench bench(*model, {});
  for (unsigned i = 0; i < 300; ++i) bench.step({});
  bench.set_stop(true);
  CHECK_FALSE(bench.idle());
  const std::uint64_t accepted = bench.accepted;
  HostTraffic quiet;
  quiet.request = 0;
  for (unsigned i = 0; i < 3000; ++i) bench.step(quiet);
  CHECK(bench.accepted == accepted);
  CHECK(bench.idle());
  bench.set_stop(false);
  bench.drain();
  CHECK(bench.accepted > accepted);
}

TEST_CASE("host_bridge: seeded bugs are noticed") {
  struct Bug {
    const char *name, *file, *find, *replace;
  };
  const Bug kBugs[] = {
      {"bridge_early_answer", "rtl/host/host_writes.sv", "done_q[tail_q] <= part_illegal;",
       "done_q[tail_q] <= 1'b1;"},
      {"bridge_wrap_served", "rtl/host/burst_cutter.sv", "burst_i != BurstIncr || size_i",
       "burst_i == 2'b00 || size_i"},
      {"bridge_mixed_places", "rtl/host/host_reads.sv", "assign rsp_place  = place_of[rsp_slot];",
       "assign rsp_place  = next_place_q;"},
      {"bridge_granule", "rtl/host/burst_cutter.sv", "8'(GranuleLines - 1) - 8'(line_q[3:0]);",
       "8'(GranuleLines - 1);"},
      {"bridge_beyond", "rtl/host/burst_cutter.sv", " || last_line[LineWidth];", ";"},
      {"bridge_size", "rtl/host/burst_cutter.sv", "size_i != SizeBeat", "size_i < 3'd4"},
      {"bridge_strobe", "rtl/host/host_writes.sv", "store.strobe = wstrb_i;",
       "store.strobe = (beat_q == '0) ? wstrb_i : '1;"},
      {"bridge_worst", "rtl/host/host_writes.sv", "worst      = sum_q | responses[head_q];",
       "worst      = responses[head_q];"},
      {"bridge_sum_kept", "rtl/host/host_writes.sv", "last ? host_pkg::RespOkay : worst;",
       "worst;"},
      {"bridge_last", "rtl/host/host_reads.sv", "last_q    <= ends && last;", "last_q    <= ends;"},
      {"bridge_decode", "rtl/host/host_pkg.sv", "response = RespDecerr;", "response = RespSlverr;"},
      {"bridge_room", "rtl/host/host_reads.sv", "used_q > (PlaceWidth + 1)'(part_len[3:0]);",
       "used_q > (PlaceWidth + 1)'(0);"},
      {"bridge_early_free", "rtl/host/host_reads.sv", "(illegal || arrived_q[head_place_q]) &&",
       "(illegal || arrived_q[head_place_q] || used_q[PlaceWidth]) &&"},
      {"bridge_front", "rtl/host/host_reads.sv", "3'(front_count) + 3'(coming_q) < 3'(FrontDepth)",
       "3'(front_count) < 3'(FrontDepth)"},
      {"bridge_illegal_data", "rtl/host/host_writes.sv", "beat && !part_illegal),", "beat),"},
  };
  BugList list(3);
  for (const Bug& bug : kBugs) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    auto model = bridge(seeded_bug(bug.file, bug.name, bug.find, bug.replace), tb::Kind::kFast);
    BridgeBench bench(*model, {});
    CHECK_THROWS_AS(stress(bench, 12000), BridgeError);
  }
}
