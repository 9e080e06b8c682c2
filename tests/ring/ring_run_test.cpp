// Measured throughput, latency and fairness beside their bounds, and what is read from files.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/ring/ring_scoreboard.hpp"
#include "sw/ring/ring_run.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

using namespace s4;
using sw::RingPattern;

namespace {

sw::RingResult measure(unsigned stations, RingPattern pattern, double rate = -1) {
  sw::RingSettings settings;
  settings.stations = stations;
  settings.pattern = pattern;
  settings.rate = rate;
  settings.seed = tb::seed();
  settings.clocks = tb::full_run() ? 1000000 : 10000;
  // Check sums change no clock, and cost most of the time to build.
  settings.parameters = {{"PayloadWidth", "64"}, {"Protection", "0"}};
  return sw::run_ring(settings);
}

std::string trace_file(const std::string& name, const std::string& text) {
  const auto folder = std::filesystem::path(tb::root()) / "build" / "tests";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / name).string();
  std::ofstream(path) << text;
  return path;
}

}  // namespace

TEST_CASE("ring: theory of the patterns") {
  CHECK(sw::ring_theory(RingPattern::kUniform, 4) == Approx(1.5));
  CHECK(sw::ring_theory(RingPattern::kUniform, 5) == Approx(4.0 / 3));
  CHECK(sw::ring_theory(RingPattern::kUniform, 6) == Approx(1.0));
  CHECK(sw::ring_theory(RingPattern::kUniform, 8) == Approx(0.875));
  CHECK(sw::ring_theory(RingPattern::kNeighbour, 5) == Approx(2.0));
  CHECK(sw::ring_theory(RingPattern::kTornado, 5) == Approx(0.5));
  CHECK(sw::ring_theory(RingPattern::kBroadcast, 5) == Approx(0.5));
  CHECK(sw::ring_theory(RingPattern::kHotspot, 5) == Approx(0.4));
  // Three messages over the link from station 0 up, in a ring of four.
  CHECK(sw::ring_theory(RingPattern::kTrace, 4, {{0, 0, 2}, {0, 0, 2}, {0, 0, 6}, {0, 2, 1}}) ==
        Approx(4 / (3.0 * 4)));
}

TEST_CASE("ring: throughput, fairness and latency beside their bounds") {
  if (!tb::full_run()) return;
  for (const unsigned stations : {4u, 5u, 6u, 8u}) {
    INFO("stations " << stations);
    const auto uniform = measure(stations, RingPattern::kUniform);
    CHECK(uniform.accepted >= 0.98 * uniform.theory);
    CHECK(uniform.accepted <= uniform.offered * 1.02);
    const auto overload = measure(stations, RingPattern::kUniform, 2);
    CHECK(overload.accepted >= 0.97 * overload.theory);
    CHECK(measure(stations, RingPattern::kNeighbour).accepted >= 1.99);
    const auto broadcast = measure(stations, RingPattern::kBroadcast);
    CHECK(broadcast.accepted >= 0.97 * broadcast.theory);
    const auto hotspot = measure(stations, RingPattern::kHotspot);
    CHECK(hotspot.fairness >= 0.8);
    CHECK(hotspot.accepted >= 0.98 * hotspot.theory);
    CHECK(measure(stations, RingPattern::kTornado).accepted >=
          0.97 * sw::ring_theory(RingPattern::kTornado, stations));
    const auto idle = measure(stations, RingPattern::kUniform, 0.001);
    for (std::size_t hop = 0; hop < idle.latency.size(); ++hop) {
      CHECK(idle.latency[hop].least == hop + 3);
      CHECK(idle.latency[hop].network < static_cast<double>(hop) + 3.1);
    }
  }
}

TEST_CASE("ring: errors and dead stations are reported, the rest arrives") {
  sw::RingSettings settings;
  settings.clocks = 6000;
  settings.rate = 0.5;
  settings.seed = tb::seed();
  settings.parameters = {{"Credits", "2"}, {"TimeLimit", "1000"}, {"PayloadWidth", "70"}};
  settings.kind = tb::Kind::kChecked;
  const auto sum = [](const sw::RingResult& result, unsigned sw::RingErrors::*counter) {
    unsigned total = 0;
    for (const sw::RingErrors& errors : result.errors) total += errors.*counter;
    return total;
  };
  SECTION("payload") {
    settings.fault = ring::Fault::kPayload;
    settings.fault_rate = 0.01;
    const auto result = sw::run_ring(settings);
    CHECK(result.flagged > 5);
    CHECK(result.lost == 0);
    CHECK(sum(result, &sw::RingErrors::payload) > 5);
    CHECK(sum(result, &sw::RingErrors::crc) == result.flagged);
    CHECK(sum(result, &sw::RingErrors::header) == 0);
    CHECK(sw::to_json(settings, result)["errors"].size() == 5);
  }
  SECTION("two bits: no hop sees them, the check sum does") {
    settings.fault = ring::Fault::kPayloadPair;
    settings.fault_rate = 0.01;
    const auto result = sw::run_ring(settings);
    CHECK(result.flagged > 5);
    CHECK(sum(result, &sw::RingErrors::payload) == 0);
  }
  SECTION("header") {
    settings.fault = ring::Fault::kHeader;
    settings.fault_rate = 0.003;
    const auto result = sw::run_ring(settings);
    CHECK(result.lost > 0);
    CHECK(sum(result, &sw::RingErrors::header) >= 1);
  }
  SECTION("a dead station") {
    settings.dead = 1u << 2;
    const auto result = sw::run_ring(settings);
    CHECK(result.lost == 0);
    for (unsigned s = 0; s < 5; ++s) CHECK(result.dead[s] == (s == 2 ? 0 : 1u << 2));
    CHECK(sum(result, &sw::RingErrors::dropped) > 100);
    // Three of four destinations are alive.
    CHECK(result.accepted > 0.5 * 0.5);
  }
}

TEST_CASE("ring: a trace is replayed to its end") {
  sw::RingSettings settings;
  settings.pattern = RingPattern::kTrace;
  settings.parameters = {{"Credits", "2"}, {"TimeLimit", "1000"}, {"PayloadWidth", "70"}};
  settings.kind = tb::Kind::kChecked;  // the model of the test above
  settings.trace = sw::read_ring_trace(
      trace_file("ring_trace.txt", "# weights to all\n0 0 1e\n0 1 0x1\n\n30000 4 3  # late\n"), 5);
  CHECK(settings.trace.size() == 3);
  const auto result = sw::run_ring(settings);
  CHECK(result.packets == 4 + 1 + 2);
  CHECK(result.clocks > 30000);
  CHECK(result.clocks < 30020);
}

TEST_CASE("ring: what makes no sense is refused") {
  const auto refused = [](const std::string& text) {
    const std::string path = trace_file("ring_bad.txt", text);
    try {
      (void)sw::read_ring_trace(path, 5);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(refused("0 0 2\n0 5 1\n").find(":2: source 5 of a ring of 5") != std::string::npos);
  CHECK(refused("0 0 20\n").find(":1: mask 0x20 names stations beyond 4") != std::string::npos);
  CHECK(refused("0 0 3\n").find("names the source itself") != std::string::npos);
  CHECK(refused("0 0 0\n").find("empty") != std::string::npos);
  CHECK(refused("9 0 2\n8 0 2\n").find(":2: clock 8 after 9") != std::string::npos);
  CHECK(refused("0 0\n").find(":1: expected") != std::string::npos);
  CHECK(refused("0 0 2 7\n").find(":1: expected") != std::string::npos);
  CHECK(refused("-1 0 2\n").find(":1: expected") != std::string::npos);
  CHECK(refused("").find("no messages") != std::string::npos);
  CHECK_THROWS_WITH(sw::read_ring_trace("build/no_such_file", 5),
                    Catch::Contains("cannot be read"));
  CHECK_THROWS_WITH(sw::ring_pattern("weird"), Catch::Contains("known: uniform"));
  sw::RingSettings settings;
  settings.stations = 17;
  CHECK_THROWS_WITH(sw::run_ring(settings), Catch::Contains("2 to 16"));
}

TEST_CASE("ring: the scoreboard refuses what was not promised") {
  sim::RingScoreboard board(5);
  const auto to_2 = [&](std::uint64_t identity) {
    board.push(0, 0, ring::Class::kRequest, 1u << 2 | 1u << 1, {identity, 0, 0});
  };
  to_2(7);
  to_2(8);
  CHECK(board.outstanding() == 4);
  CHECK_THROWS_WITH(board.deliver(2, 0, ring::Class::kRequest, 0, 8, 1), Catch::Contains("0x7 is"));
  CHECK_THROWS_WITH(board.deliver(2, 1, ring::Class::kRequest, 0, 7, 1), Catch::Contains("path"));
  CHECK_THROWS_WITH(board.deliver(3, 1, ring::Class::kRequest, 0, 7, 1), Catch::Contains("none"));
  CHECK_THROWS_WITH(board.deliver(2, 0, ring::Class::kControl, 0, 7, 1), Catch::Contains("none"));
  CHECK(board.deliver(2, 0, ring::Class::kRequest, 0, 7, 1).hops == 2);
  CHECK_THROWS_WITH(board.deliver(2, 0, ring::Class::kRequest, 0, 7, 1), Catch::Contains("0x8 is"));
  CHECK(board.outstanding() == 3);
}
