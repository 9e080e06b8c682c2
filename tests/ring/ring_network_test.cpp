// Memory ports over the ring: the right bytes, in order, with their errors; rates; resets.
#include <catch2/catch.hpp>

#include "sim/ring/ring_address.hpp"
#include "sim/ring/ring_scoreboard.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/ring/ring_network_bench.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

/// Full width and default credits, as in the chip; five stations as there, or two, which are
/// quick to build. All quick tests share the model.
const unsigned kStations = tb::full_run() ? 5 : 2;
std::unique_ptr<tb::Model> chip_network() {
  tb::ModelOptions options;
  options.parameters = {{"TimeLimit", "2000"}};
  return network_model(kStations, options, tb::Kind::kFast);
}

/// Traffic of every kind under changing loads and stalls until `count` bursts were answered.
void stress(NetworkBench& bench, std::uint64_t count, std::uint32_t ports = ~0u) {
  std::uint64_t done = 0;
  for (unsigned round = 0; done < count; ++round) {
    NetworkTraffic traffic;
    traffic.ports = ports;
    traffic.request_percent = std::array{100u, 30u, 5u}[round % 3];
    traffic.write_percent = std::array{30u, 70u, 0u, 100u}[round % 4];
    traffic.multicast_percent = std::array{40u, 0u, 100u}[round % 3];
    traffic.missing_percent = 2;
    traffic.stall_response = std::array{0u, 50u, 0u, 95u, 10u}[round % 5];
    traffic.stall_data = std::array{0u, 80u, 30u}[round % 3];
    traffic.stall_memory = std::array{0u, 20u, 90u, 0u}[round % 4];
    traffic.stall_ring = std::array{0u, 0u, 50u, 0u, 90u}[round % 5];
    traffic.outstanding = std::array{64u, 2u}[round / 2 % 2];
    for (unsigned i = 0; i < 400; ++i) bench.step(traffic);
    if (round % 6 == 5) bench.drain();
    done = 0;
    for (const std::uint64_t n : bench.bursts) done += n;
  }
  bench.drain();
}

struct Rate {
  double most = 0, all = 0, memories = 0;
};

/// Beats per clock: of the busiest port, of all of them, and that the memories accepted. Checks
/// that nothing came faster than the memories are.
Rate read_rate(tb::Model& model, unsigned stations, std::uint32_t ports, unsigned beats) {
  NetworkBench bench(model, stations, {4, 60, 30, false});
  NetworkTraffic traffic;
  traffic.ports = ports;
  traffic.sequential = true;
  traffic.beats = beats;
  for (unsigned i = 0; i < 1500; ++i) bench.step(traffic);
  const auto before = bench.read_beats;
  const std::uint64_t accesses = bench.accesses;
  const unsigned clocks = tb::full_run() ? 100000 : 4000;
  for (unsigned i = 0; i < clocks; ++i) bench.step(traffic);
  Rate rate;
  for (unsigned p = 0; p < stations; ++p) {
    const double own = static_cast<double>(bench.read_beats[p] - before[p]) / clocks;
    rate.most = std::max(rate.most, own);
    rate.all += own;
  }
  rate.memories = static_cast<double>(bench.accesses - accesses) / clocks;
  // A beat every fourth clock, from the first clock on; what is read was accessed.
  std::uint64_t read = 0;
  for (const std::uint64_t n : bench.read_beats) read += n;
  CHECK(bench.accesses <= stations * (bench.clock / 4 + 1));
  CHECK(read <= bench.accesses);
  bench.drain();
  return rate;
}

}  // namespace

TEST_CASE("ring_address: every place of every memory once, runs go round") {
  std::set<std::pair<unsigned, std::uint64_t>> seen;
  for (std::uint64_t slice = 0; slice < 5; ++slice) {
    for (std::uint64_t granule = 0; granule < 50; ++granule) {
      const auto home = sim::ring_home(5, slice << 32 | granule << 10);
      CHECK(home.exists);
      CHECK(seen.insert({home.station, home.local}).second);
      CHECK(home.station == (slice + granule) % 5);
    }
  }
  CHECK(!sim::ring_home(5, std::uint64_t{5} << 32).exists);
  // Windows: the memory of one station as it lies.
  for (std::uint64_t station = 0; station < 5; ++station) {
    for (const std::uint64_t local : {0x0ULL, 0x400ULL, 0x6543'2c40ULL}) {
      const auto home = sim::ring_home(5, sim::kWindows + (station << 32) + local);
      CHECK((home.exists && home.station == station && home.local == local));
    }
  }
  CHECK(!sim::ring_home(5, sim::kWindows + (std::uint64_t{5} << 32)).exists);
  // Without room for them the upper half holds slices like the others.
  CHECK(sim::ring_home(16, sim::kWindows + 0x400).station == 9);
}

TEST_CASE("ring_address_map: RTL and model agree") {
  std::mt19937_64 random(tb::seed());
  if (!tb::full_run()) return;  // the quick tests of the network use the map
  for (const unsigned stations : {5u, 2u, 7u, 16u}) {
    tb::ModelOptions options;
    options.parameters = {{"NumStations", std::to_string(stations)}};
    auto model = tb::Model::load("ring_address_map", "tiny", tb::Kind::kChecked, options);
    auto addr = model->port("addr_i"), station = model->port("station_o"),
         exists = model->port("exists_o");
    for (unsigned i = 0; i < 20000; ++i) {
      const std::uint64_t address = random() >> (28 + i % 20);
      addr.set(address);
      model->eval();
      const auto home = sim::ring_home(stations, address);
      REQUIRE(exists.get() == home.exists);
      if (home.exists) REQUIRE(station.get() == home.station);
    }
  }
}

TEST_CASE("ring_network: random bursts of all ports under random stalls") {
  const std::uint64_t bursts = tb::full_run() ? 400000 : 4000;
  auto model = chip_network();
  SECTION("memories that answer in any order, some with errors") {
    NetworkBench bench(*model, kStations, {2, 20, 60, true});
    stress(bench, bursts);
    CHECK(bench.multicasts > 100);
    CHECK(bench.crossings > 100);
    CHECK(bench.refused > 20);
    CHECK(bench.failed > 100);
    for (const std::uint64_t n : bench.bursts) CHECK(n > bursts / 10);
    for (unsigned s = 0; s < kStations; ++s) {
      for (const unsigned lsb :
           {ring::kPortErrorsGivenUpLsb, ring::kPortErrorsLostLsb, ring::kPortErrorsStrayLsb}) {
        CHECK(bench.port_errors(s, lsb) == 0);
      }
    }
  }
  SECTION("fast memories") {
    NetworkBench bench(*model, kStations, {0, 1, 0, false});
    stress(bench, bursts / 2);
  }
  SECTION("resets in the middle of traffic") {
    for (unsigned i = 0; i < 4; ++i) {
      NetworkBench bench(*model, kStations);  // resets
      NetworkTraffic traffic;
      traffic.multicast_percent = 50;
      for (unsigned clock = 0; clock < 300 + 17 * i; ++clock) bench.step(traffic);
      CHECK(bench.in_flight() > 2 * kStations);
    }
    NetworkBench bench(*model, kStations);
    stress(bench, 500);
  }
  if (!tb::full_run()) return;
  SECTION("three stations, two credits, with assertions") {
    tb::ModelOptions options;
    options.parameters = {{"Credits", "2"}};
    auto checked = network_model(3, options);
    NetworkBench bench(*checked, 3, {2, 20, 60, true});
    stress(bench, bursts / 10);
  }
}

TEST_CASE("ring_network: reads at the rate of the port and of the memories") {
  if (!tb::full_run()) return;
  auto model = chip_network();
  // 64 B per beat: 61 B per clock at one port, 76 of the 80 B per clock of five memories at four.
  for (const unsigned beats : {16u, 4u}) {
    const Rate one = read_rate(*model, 5, 1, beats), four = read_rate(*model, 5, 15, beats);
    INFO("bursts of " << beats << ": " << 64 * one.most << " and " << 64 * four.all
                      << " B per clock; memories " << 64 * one.memories << " and "
                      << 64 * four.memories);
    CHECK(64 * one.most >= 61);
    CHECK(64 * four.all >= 76);
    CHECK(64 * four.memories >= 76);
  }
}

TEST_CASE("ring_network: latency of a read") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations, {4, 20, 0, false});
  for (std::uint64_t granule = 0; granule < kStations; ++granule) {
    const unsigned hops = granule == 0 ? 0 : sim::ring_path(kStations, 0, granule).hops;
    // 20 clocks are those of the memory.
    bench.link_beats.clear();
    CHECK(bench.time_read(0, granule << 10) == 20 + (hops == 0 ? 9 : 13 + 2 * hops));
    // Of the data alone: the request passes as many links.
    std::map<unsigned, std::uint64_t> due;
    for (unsigned hop = 0; hop < hops; ++hop) {
      const unsigned lane = sim::ring_path(kStations, static_cast<unsigned>(granule), 0).lane;
      const unsigned at = static_cast<unsigned>(granule) + (lane == 0 ? hop : kStations - hop);
      due[2 * (at % kStations) + lane] = 1;
    }
    CHECK(bench.link_beats == due);
  }
}

TEST_CASE("ring_network: a memory that accepts nothing is reported, others go on") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations);
  bench.silent = 1u << 1;
  bench.tolerant = true;
  NetworkTraffic traffic;
  traffic.ports = ~(1u << 1);  // the port in front of that memory waits behind its own requests
  traffic.write_percent = 0;
  traffic.beats = 1;  // a read that waits for its second part would keep the next such one waiting
  traffic.outstanding = 255;
  for (unsigned i = 0; i < 12000; ++i) bench.step(traffic);
  unsigned dropped = 0;
  for (unsigned s = 0; s < kStations; s += 2) {
    CHECK(bench.dead(s) == 1u << 1);
    dropped += bench.errors(s, ring::kErrorsDroppedLsb);
  }
  CHECK(dropped > 0);
  // Reads of the others' memories are answered; those of the dead one with an error, at once.
  const auto before = bench.bursts;
  const std::uint64_t tolerated = bench.tolerated;
  for (unsigned i = 0; i < 2000; ++i) bench.step(traffic);
  for (unsigned s = 0; s < kStations; s += 2) CHECK(bench.bursts[s] - before[s] > 20);
  CHECK(bench.tolerated - tolerated > 20);
  // What waits for the dead one is given up: every burst of a port ends.
  bench.set_patience(8);
  bench.drain(20000);
  for (unsigned s = 0; s < kStations; s += 2) {
    CHECK(bench.port_errors(s, ring::kPortErrorsGivenUpLsb) > 0);
  }
}

TEST_CASE("ring_network: a wrong check sum becomes an error of its beat") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations);
  NetworkTraffic traffic;
  bench.tolerant = true;
  for (unsigned i = 0; i < 3000; ++i) {
    // Two payload bits of the lowest data byte: the strike hits data, not tags.
    bench.set_fault(i % kStations, i / kStations % 2,
                    i % 40 == 7 ? ring::Fault::kPayloadPair : ring::Fault::kNone);
    traffic.write_percent = 0;
    bench.step(traffic);
  }
  for (unsigned s = 0; s < kStations; ++s) {
    for (unsigned l = 0; l < 2; ++l) bench.set_fault(s, l, ring::Fault::kNone);
  }
  unsigned counted = 0;
  for (unsigned s = 0; s < kStations; ++s) counted += bench.errors(s, ring::kErrorsCrcLsb);
  CHECK(counted > 3);
  CHECK(bench.tolerated > 0);
  CHECK(bench.tolerated <= counted);
  // Requests with a wrong check sum are not answered.
  bench.set_patience(8);
  bench.drain(20000);
}

TEST_CASE("ring_network: what is lost on a link is answered with an error") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations, {1, 10, 10, false});
  bench.set_patience(8);
  bench.tolerant = true;
  NetworkTraffic traffic;
  traffic.multicast_percent = 20;
  traffic.request_percent = 20;
  traffic.outstanding = 8;
  // Each loss costs a credit of eight, for good.
  for (unsigned i = 0; i < 40000; ++i) {
    const bool strike = i % 2000 == 1000;
    bench.set_fault(i / 2000 % kStations, i / 2000 / kStations % 2,
                    strike ? ring::Fault::kHeader : ring::Fault::kNone);
    bench.step(traffic);
  }
  bench.drain(20000);
  unsigned dropped = 0, given_up = 0, lost = 0;
  for (unsigned s = 0; s < kStations; ++s) {
    dropped += bench.errors(s, ring::kErrorsHeaderLsb);
    given_up += bench.port_errors(s, ring::kPortErrorsGivenUpLsb);
    lost += bench.port_errors(s, ring::kPortErrorsLostLsb);
  }
  INFO(dropped << " slots dropped, " << given_up << " bursts given up, " << lost << " beats lost");
  CHECK(dropped > 2);
  CHECK(given_up + lost > 0);
  CHECK(bench.tolerated >= given_up + lost);
}

TEST_CASE("ring_network: late answers are not taken for those of the next burst") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations, {8, 3000, 3000, false});
  bench.set_patience(8);  // 2048 to 4096 clocks; the memories take 3000 to 6000
  bench.tolerant = true;
  NetworkTraffic traffic;
  traffic.request_percent = 10;
  traffic.beats = 1;
  traffic.outstanding = 6;
  for (unsigned i = 0; i < 12000; ++i) bench.step(traffic);
  bench.drain(20000);
  for (unsigned s = 0; s < kStations; ++s) {
    CHECK(bench.port_errors(s, ring::kPortErrorsGivenUpLsb) > 2);
    CHECK(bench.port_errors(s, ring::kPortErrorsStrayLsb) > 2);
    CHECK(bench.dead(s) == 0);
  }
  // Without patience everything is answered in its own time.
  NetworkBench slow(*model, kStations, {8, 3000, 3000, false});
  slow.set_patience(0);
  for (unsigned i = 0; i < 3000; ++i) slow.step(traffic);
  slow.drain(20000);
  CHECK(slow.port_errors(0, ring::kPortErrorsGivenUpLsb) == 0);
}

TEST_CASE("ring_network: reads of several stations become one") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations, {2, 20, 60, true});
  const auto run = [&](std::vector<unsigned> groups, unsigned rounds) {
    bench.set_groups(groups);
    for (unsigned round = 0; round < rounds; ++round) {
      NetworkTraffic traffic;
      traffic.joint_percent = std::array{100u, 50u, 10u}[round % 3];
      traffic.request_percent = std::array{100u, 40u}[round % 2];
      traffic.write_percent = 30;
      traffic.multicast_percent = 30;
      traffic.missing_percent = 2;
      traffic.stall_response = std::array{0u, 50u, 0u, 90u}[round % 4];
      traffic.stall_memory = std::array{0u, 50u, 0u}[round % 3];
      traffic.stall_ring = std::array{0u, 0u, 0u, 60u}[round % 4];
      for (unsigned i = 0; i < 600; ++i) bench.step(traffic);
      if (round % 5 == 4) bench.drain();
    }
    bench.drain();
  };
  const unsigned rounds = tb::full_run() ? 600 : 15;
  run({(1u << kStations) - 1}, rounds);
  run({2}, 2);  // a group of one
  if (kStations == 5) {
    run({0b01111}, rounds);
    run({0b00101, 0b11010}, rounds);  // two groups at the same time
  }
  CHECK(bench.joints > 500);
  for (unsigned s = 0; s < kStations; ++s) {
    for (const unsigned lsb :
         {ring::kPortErrorsGivenUpLsb, ring::kPortErrorsLostLsb, ring::kPortErrorsStrayLsb}) {
      CHECK(bench.port_errors(s, lsb) == 0);
    }
  }
}

TEST_CASE("ring_network: joint reads come at the rate of a port, from memory once") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations, {kStations == 2 ? 1U : 4U, 60, 30, false});
  const unsigned members = kStations == 2 ? 0b11 : 0b01111;
  bench.set_groups({members});
  NetworkTraffic traffic;
  traffic.ports = members;
  traffic.joint_percent = 100;
  traffic.sequential = true;
  traffic.beats = 16;
  for (unsigned i = 0; i < 1500; ++i) bench.step(traffic);
  const auto before = bench.read_beats;
  const std::uint64_t accesses = bench.accesses;
  const unsigned clocks = tb::full_run() ? 100000 : 4000;
  for (unsigned i = 0; i < clocks; ++i) bench.step(traffic);
  const double accessed = static_cast<double>(bench.accesses - accesses) / clocks;
  for (unsigned p = 0; (members >> p & 1) != 0; ++p) {
    const double rate = static_cast<double>(bench.read_beats[p] - before[p]) / clocks;
    INFO("port " << p << ": " << 64 * rate << " B per clock, memories " << 64 * accessed);
    CHECK(64 * rate >= 60);
    CHECK(accessed <= rate * 1.05);
  }
  bench.drain();
}

TEST_CASE("ring_network: who does not ask for a joint read is not waited for without end") {
  auto model = chip_network();
  NetworkBench bench(*model, kStations);
  bench.set_patience(8);
  bench.tolerant = true;
  bench.set_groups({0b11});
  NetworkTraffic traffic;
  traffic.joint_percent = 100;
  traffic.ports = 1;
  traffic.beats = 2;
  traffic.outstanding = 8;
  for (unsigned i = 0; i < 6000; ++i) bench.step(traffic);
  CHECK(bench.bursts[0] > 100);  // from 2,048 clocks on
  CHECK(bench.tolerated == 0);   // and with the right data
  CHECK(bench.read_beats[1] == 0);
  // The other one comes too late: its reads are given up, each with an error.
  bench.drain(20000);
  CHECK(bench.port_errors(1, ring::kPortErrorsGivenUpLsb) > 0);
  CHECK(bench.tolerated > 0);
  // From the next clear on both take part again.
  bench.set_groups({0b11});
  const std::uint64_t tolerated = bench.tolerated;
  traffic.ports = 0b11;
  for (unsigned i = 0; i < 3000; ++i) bench.step(traffic);
  bench.drain();
  CHECK(bench.tolerated == tolerated);
}

TEST_CASE("ring_network: the checks fail on seeded bugs") {
  if (!tb::full_run()) return;
  const auto fails = [](const char* file, const char* name, const char* find, const char* replace) {
    tb::ModelOptions options = seeded_bug(file, name, find, replace);
    options.parameters = {{"Credits", "2"}};
    auto model = network_model(2, options);
    try {
      NetworkBench bench(*model, 2, {2, 20, 60, true});
      stress(bench, 1500);
      bench.set_groups({0b11});
      NetworkTraffic traffic;
      traffic.joint_percent = 60;
      for (unsigned i = 0; i < 3000; ++i) bench.step(traffic);
      bench.drain();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  // A write of several stations is done with the first acknowledge.
  CHECK(fails("rtl/ring/ring_collector.sv", "network_several", "(!shared || last_of_all);",
              "1'b1;") != "");
  // The second part of a read overtakes the first.
  CHECK(fails("rtl/ring/ring_requester.sv", "network_rest", "rest_valid_q && rest_arrived_q;",
              "rest_valid_q;") != "");
  // Beats leave in the order of the memory's answers' places, answered or not.
  CHECK(fails("rtl/ring/ring_reorder.sv", "network_order", "count_q != '0 && done_q[head_q] &&",
              "count_q != '0 &&") != "");
  // Open writes of two stations share an address.
  CHECK(fails("rtl/ring/ring_unpacker.sv", "network_open", "write_beats[s*BeatBits+:BeatBits];",
              "write_beats[0+:BeatBits];") != "");
  // The leader does not wait for the others, and one that only opens a read sends it too.
  CHECK(fails("rtl/ring/ring_joint_reads.sv", "network_waits", "missing == '0 || clear_i",
              "1'b1") != "");
  CHECK(fails("rtl/ring/ring_requester.sv", "network_follow", "= follow_i && joint;", "= 1'b0;") !=
        "");
  // Its data go to the leader alone.
  CHECK(fails("rtl/ring/ring_unpacker.sv", "network_receivers", "(receivers != '0) ?",
              "(1'b0) ?") != "");
}
