// The ring as a whole: exactly once, in order, on time, whatever its receivers do.
#include <catch2/catch.hpp>

#include "tests/ring/ring_traffic.hpp"

using namespace s4;
using namespace s4::tests;
using ring::Class;

namespace {

tb::ModelOptions parameters(std::map<std::string, std::string> values) {
  tb::ModelOptions options;
  options.parameters = std::move(values);
  return options;
}

/// The ring that most tests share: one model is quicker to build than many.
std::unique_ptr<tb::Model> usual_ring() {
  return ring_model(5, parameters({{"Credits", "2"}, {"TimeLimit", "1000"}}));
}

/// Random traffic under changing loads and stalls until `packets` were delivered.
void stress(tb::Model& model, unsigned stations, std::uint64_t packets) {
  RingBench bench(model, stations);
  for (unsigned round = 0; bench.scoreboard.delivered() < packets; ++round) {
    RingTraffic traffic;
    traffic.push_percent = std::array{100u, 60u, 10u, 90u}[round % 4];
    traffic.stall_percent = std::array{0u, 50u, 90u, 20u, 5u}[round % 5];
    traffic.multicast_percent = std::array{20u, 0u, 100u}[round % 3];
    traffic.hold_percent = std::array{0u, 0u, 30u, 0u, 80u, 0u, 0u}[round % 7];
    for (unsigned i = 0; i < 400; ++i) bench.step(traffic);
    if (round % 8 == 7) bench.drain();
  }
  bench.drain();
  for (unsigned s = 0; s < stations; ++s) {
    CHECK(bench.pins.errors(s) == sw::RingErrors{});
    CHECK(bench.pins.dead(s) == 0);
  }
  for (const std::uint64_t delivered : bench.delivered) CHECK(delivered > packets / 10);
}

}  // namespace

TEST_CASE("ring: random traffic of all classes, random stalls") {
  const std::uint64_t packets = tb::full_run() ? 4000000 : 60000;
  SECTION("5 stations, two credits") { stress(*usual_ring(), 5, packets); }
  if (!tb::full_run()) return;
  SECTION("3 stations, one credit, queues of one") {
    stress(*ring_model(3, parameters({{"Credits", "1"}, {"QueueDepth", "1"}})), 3, packets);
  }
  SECTION("2 stations") { stress(*ring_model(2), 2, packets); }
  SECTION("5 stations") { stress(*ring_model(5), 5, packets); }
  SECTION("5 stations, one credit, quota of two") {
    stress(*ring_model(5, parameters({{"Credits", "1"}, {"Quota", "2"}, {"Enough", "1"}})), 5,
           packets);
  }
  SECTION("8 stations, two credits") {
    stress(*ring_model(8, parameters({{"Credits", "2"}})), 8, packets);
  }
}

TEST_CASE("ring: full width") {
  if (!tb::full_run()) return;  // the network interface's quick tests are at full width
  const std::string width = std::to_string(ring::kPayloadBits);
  SECTION("receivers' queues in SRAM") {
    const auto options = parameters({{"PayloadWidth", width}, {"Credits", "64"}});
    stress(*ring_model(2, options, tb::Kind::kFast), 2, 5000);
  }
  SECTION("4 stations") { stress(*ring_model(4, parameters({{"PayloadWidth", width}})), 4, 5000); }
  SECTION("receivers' queues in SRAM, checked") {
    stress(*ring_model(3, parameters({{"PayloadWidth", width}, {"Credits", "64"}})), 3, 5000);
  }
}

TEST_CASE("ring: reach is what the fixed paths say") {
  for (const unsigned stations : {3u, 5u, 2u, 8u}) {
    if (!tb::full_run() && stations != 5) continue;
    auto model =
        stations == 5
            ? usual_ring()
            : ring_model(stations, stations == 3
                                       ? parameters({{"Credits", "1"}, {"QueueDepth", "1"}})
                                   : stations == 8 ? parameters({{"Credits", "2"}})
                                                   : tb::ModelOptions{});
    sw::RingPins pins(*model, stations);
    pins.reset();
    for (unsigned s = 0; s < stations; ++s) {
      for (unsigned l = 0; l < 2; ++l) {
        CHECK(pins.reach(s, l) == sim::ring_reach(stations, s, l));
      }
    }
  }
}

TEST_CASE("ring: two clocks plus one per hop at zero load, multicast copies on their way") {
  auto model = usual_ring();
  RingBench bench(*model, 5);
  for (unsigned s = 0; s < 5; ++s) {
    for (unsigned l = 0; l < 2; ++l) {
      for (unsigned c = 0; c < ring::kNumClasses; ++c) {
        const std::uint32_t reach = sim::ring_reach(5, s, l);
        REQUIRE(bench.push(s, l, static_cast<Class>(c), reach));
        // Clock 0 is that of the push; hop h is due in clock h + 2 and not before.
        for (unsigned clock = 0; clock <= 4; ++clock) {
          const auto before = bench.scoreboard.outstanding();
          bench.finish_clock();
          CHECK(before - bench.scoreboard.outstanding() == (clock >= 3 ? 1 : 0));
        }
        CHECK(bench.scoreboard.outstanding() == 0);
      }
    }
  }
}

TEST_CASE("ring: classes do not block one another") {
  auto model = usual_ring();
  RingBench bench(*model, 5);
  // Nobody takes requests; responses and control packets keep flowing everywhere.
  bench.room.fill(6);
  RingTraffic traffic;
  traffic.push_percent = 100;
  // No longer than a waiting destination counts as alive.
  for (unsigned i = 0; i < 300; ++i) bench.step(traffic);
  const auto before = bench.delivered;
  for (unsigned i = 0; i < 500; ++i) bench.step(traffic);
  CHECK(bench.delivered[0] == 0);
  CHECK(bench.delivered[1] - before[1] > 1000);
  CHECK(bench.delivered[2] - before[2] > 500);
  bench.room.fill(7);
  bench.drain();
  // The same the other way round.
  bench.room.fill(5);
  const auto taken = bench.delivered;
  for (unsigned i = 0; i < 800; ++i) bench.step(traffic);
  CHECK(bench.delivered[0] - taken[0] > 800);
  bench.room.fill(7);
  bench.drain();
}

TEST_CASE("ring: a station that accepts nothing does not stop the others and is reported") {
  auto model = usual_ring();
  RingBench bench(*model, 5);
  bench.room[2] = 0;
  RingTraffic traffic;
  traffic.push_percent = 100;
  traffic.multicast_percent = 0;
  // Packets for station 2 that are given up are those beyond its credits, the newest ones: keep
  // the count here, the scoreboard's order for the others.
  for (unsigned i = 0; i < 3000; ++i) bench.step(traffic);
  const auto before = bench.from;
  for (unsigned i = 0; i < 2000; ++i) bench.step(traffic);
  for (unsigned s = 0; s < 5; ++s) {
    INFO("station " << s);
    CHECK(bench.from[s] - before[s] > 1000);
    if (s == 2) continue;
    CHECK(bench.pins.dead(s) == 1u << 2);
    CHECK(bench.pins.errors(s).dropped > 100);
  }
  CHECK(bench.pins.dead(2) == 0);
  CHECK(bench.pins.errors(2).dropped == 0);
  // It comes back: what was on its way arrives, and it is no longer dead.
  bench.idle(200);
  for (unsigned s = 0; s < 5; ++s) {
    if (s == 2) continue;
    const unsigned lane = sim::ring_path(5, s, 2).lane;
    for (unsigned c = 0; c < ring::kNumClasses; ++c) {
      // Two credits: the first two of each flow wait at station 2, the rest was dropped.
      const auto packet_class = static_cast<Class>(c);
      CHECK(bench.scoreboard.due(s, 2, packet_class) > 2);
      while (bench.scoreboard.due(s, 2, packet_class) > 2) {
        bench.scoreboard.forget_newest(s, 2, packet_class);
      }
      CHECK(bench.pins.has_room(s, lane, packet_class));
    }
  }
  bench.room[2] = 7;
  bench.drain();
  bench.idle(10);
  for (unsigned s = 0; s < 5; ++s) CHECK(bench.pins.dead(s) == 0);
  for (unsigned i = 0; i < 500; ++i) bench.step({80, 30, 10, 7});
  bench.drain();
}

TEST_CASE("ring: a held station sends nothing, and what waits leaves in the next clock") {
  auto model = usual_ring();
  RingBench bench(*model, 5);
  for (unsigned s = 0; s < 5; ++s) {
    for (unsigned l = 0; l < 2; ++l) {
      for (unsigned c = 0; c < ring::kNumClasses; ++c) {
        const unsigned next = l == 0 ? (s + 1) % 5 : (s + 4) % 5;
        bench.pins.set_stalls(1u << s);
        REQUIRE(bench.push(s, l, static_cast<Class>(c), 1u << next));
        for (unsigned i = 0; i < 20; ++i) bench.finish_clock();
        CHECK(bench.scoreboard.outstanding() == 1);
        // A packet of another station passes it.
        const unsigned before = l == 0 ? (s + 4) % 5 : (s + 1) % 5;
        REQUIRE(bench.push(before, l, static_cast<Class>(c), 1u << s | 1u << next));
        for (unsigned i = 0; i < 5; ++i) bench.finish_clock();
        CHECK(bench.scoreboard.outstanding() == 1);
        bench.pins.set_stalls(0);
        bench.finish_clock();
        bench.pins.set_stalls(1u << s);
        bench.finish_clock();
        bench.finish_clock();
        CHECK(bench.scoreboard.outstanding() == 0);
      }
    }
  }
  bench.pins.set_stalls(0);
  for (unsigned s = 0; s < 5; ++s) CHECK(bench.pins.errors(s) == sw::RingErrors{});
}

TEST_CASE("ring: errors on links are found, counted and flagged") {
  auto model = usual_ring();
  RingBench bench(*model, 5);
  const auto send = [&](ring::Fault fault) {
    // Station 0 to station 2: two hops up. The link that leaves station 0 fails in the one clock in
    // which the packet is on it.
    REQUIRE(bench.push(0, 0, Class::kResponse, 1u << 2));
    bench.finish_clock();
    bench.finish_clock();
    bench.pins.set_fault(0, 0, fault);
    bench.finish_clock();
    bench.pins.set_fault(0, 0, ring::Fault::kNone);
    for (unsigned i = 0; i < 8; ++i) bench.finish_clock();
  };
  bench.faults = true;
  SECTION("header: the slot is dropped at the next hop") {
    send(ring::Fault::kHeader);
    CHECK(bench.scoreboard.outstanding() == 1);
    CHECK(bench.pins.errors(1) == sw::RingErrors{1, 0, 0, 0, 0});
    CHECK(bench.pins.errors(2) == sw::RingErrors{});
  }
  SECTION("payload: counted at the next hop only, and by the receiver's check sum") {
    send(ring::Fault::kPayload);
    CHECK(bench.errors == 1);
    CHECK(bench.pins.errors(1) == sw::RingErrors{0, 1, 0, 0, 0});
    CHECK(bench.pins.errors(2) == sw::RingErrors{0, 0, 1, 0, 0});
  }
  SECTION("two bits of the payload: only the check sum sees them") {
    send(ring::Fault::kPayloadPair);
    CHECK(bench.errors == 1);
    CHECK(bench.pins.errors(1) == sw::RingErrors{});
    CHECK(bench.pins.errors(2) == sw::RingErrors{0, 0, 1, 0, 0});
  }
  SECTION("none: nothing") {
    send(ring::Fault::kNone);
    CHECK(bench.errors == 0);
    CHECK(bench.scoreboard.outstanding() == 0);
    for (unsigned s = 0; s < 5; ++s) CHECK(bench.pins.errors(s) == sw::RingErrors{});
  }
  SECTION("the counters stop at their largest value") {
    bench.pins.set_fault(0, 0, ring::Fault::kHeader);
    model->tick(70000);
    CHECK(bench.pins.errors(1).header == 65535);
  }
}

TEST_CASE("ring: reset in the middle of traffic") {
  auto model = usual_ring();
  for (unsigned i = 0; i < 5; ++i) {
    RingBench bench(*model, 5);  // resets
    for (unsigned clock = 0; clock < 300 + 7 * i; ++clock) bench.step({90, 30, 40, 7});
    CHECK(bench.scoreboard.outstanding() > 10);
  }
  RingBench bench(*model, 5);
  for (unsigned clock = 0; clock < 500; ++clock) bench.step({90, 30, 40, 7});
  bench.drain();
}

TEST_CASE("ring: a station that is held now and then keeps its share at a hotspot") {
  auto model = usual_ring();
  for (const unsigned percent : {20u, 60u}) {
    RingBench bench(*model, 5);
    std::mt19937_64 random(tb::seed());
    for (unsigned clock = 0; clock < 20000; ++clock) {
      // Stations 1 and 4 are those that the packets of 2 and 3 pass.
      std::uint32_t held = 0;
      for (const unsigned s : {1u, 4u}) held |= random() % 100 < percent ? 1u << s : 0;
      bench.pins.set_stalls(held);
      for (unsigned s = 1; s < 5; ++s) {
        bench.push(s, sim::ring_path(5, s, 0).lane, static_cast<Class>((clock + s) % 2), 1);
      }
      bench.finish_clock();
    }
    bench.pins.set_stalls(0);
    bench.drain();
    const auto [least, most] = std::minmax_element(bench.from.begin() + 1, bench.from.begin() + 5);
    INFO(percent << " %: " << bench.from[1] << " " << bench.from[2] << " " << bench.from[3] << " "
                 << bench.from[4] << ", longest " << bench.longest[0]);
    CHECK(*least * 10 > *most * 4);
    // Twice what it takes without stalls, by the clocks in which it may send.
    CHECK(bench.longest[0] < 2 * 8 * 136 * 100 / (100 - percent));
  }
}

TEST_CASE("ring: nobody waits for ever at a hotspot, control packets the least") {
  const unsigned stations = tb::full_run() ? 8 : 5;
  auto model = stations == 5 ? usual_ring() : ring_model(stations, parameters({{"Credits", "2"}}));
  RingBench bench(*model, stations);
  for (unsigned clock = 0; clock < 20000; ++clock) {
    for (unsigned s = 1; s < stations; ++s) {
      const unsigned lane = sim::ring_path(stations, s, 0).lane;
      if (clock % 200 == 5) {
        CHECK(bench.push(s, lane, Class::kControl, 1));
      } else {
        bench.push(s, lane, static_cast<Class>((clock + s) % 2), 1);
      }
    }
    bench.finish_clock();
  }
  bench.drain();
  // Of eight stations lane 0 brings 4, 5, 6 and 7, lane 1 brings 1, 2 and 3; of five 3, 4 and 1, 2.
  const unsigned upper = (stations + 1) / 2, most_others = stations / 2 - 1;
  for (const auto& [first, last] : {std::pair{1u, upper - 1}, std::pair{upper, stations - 1}}) {
    const auto [least, most] =
        std::minmax_element(bench.from.begin() + first, bench.from.begin() + last + 1);
    // Two credits do not fill two hops: of five stations, the farther one of a lane sends less.
    CHECK(*least * 10 > *most * (stations == 5 ? 5 : 8));
  }
  // A station sends when the others of its lane spent their quotas of 128 and 8 at the latest;
  // before a packet go at most four of its own class and as many of the other.
  CHECK(bench.longest[0] < 8 * most_others * 136);
  CHECK(bench.longest[1] < 8 * most_others * 136);
  CHECK(bench.delivered[2] == (stations - 1) * 100);
  CHECK(bench.longest[2] < most_others * 136 + 16);
}

TEST_CASE("ring: the checks fail on seeded bugs") {
  const auto error_of = [](tb::Model& model, unsigned stations) {
    try {
      RingBench bench(model, stations);
      for (unsigned i = 0; i < 3000; ++i) bench.step({80, 40, i % 1000 < 500 ? 10u : 70u, 7});
      bench.drain();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(error_of(*ring_that_repeats(), 2) != "");
  if (!tb::full_run()) return;
  const auto fails = [&](const char* file, const char* name, const char* find,
                         const char* replace) {
    tb::ModelOptions options = seeded_bug(file, name, find, replace);
    options.parameters = {{"Credits", "1"}, {"PayloadWidth", "64"}};
    return error_of(*ring_model(4, options, tb::Kind::kFast), 4);
  };
  // A slot in transit is overwritten.
  CHECK(fails("rtl/ring/ring_lane.sv", "ring_overwrite", "    if (transit) begin\n      header_d",
              "    if (transit && !send_valid) begin\n      header_d") != "");
  // A held station sends Control packets, as the test of held stations sees.
  {
    tb::ModelOptions options = seeded_bug("rtl/ring/ring_lane.sv", "ring_held",
                                          "(may_control && !stall_i)", "(may_control)");
    options.parameters = {{"Credits", "1"}, {"PayloadWidth", "64"}};
    auto model = ring_model(4, options, tb::Kind::kFast);
    RingBench bench(*model, 4);
    bench.pins.set_stalls(1);
    REQUIRE(bench.push(0, 0, Class::kControl, 1u << 1));
    for (unsigned i = 0; i < 20; ++i) bench.finish_clock();
    CHECK(bench.scoreboard.outstanding() == 0);
  }
  // A multicast ends at its first receiver.
  CHECK(fails("rtl/ring/ring_lane.sv", "ring_strip", "arrived && (in_mask >> 1) != '0;",
              "arrived && !in_mask[0];") != "");
  // Credits come back twice as often as they should.
  CHECK(fails("rtl/ring/ring_ejector.sv", "ring_credit", "pop[c] && distance_o",
              "valid_o && distance_o") != "");
  // The check sum leaves out nothing: a wrong polynomial at one end shows.
  CHECK(fails("rtl/ring/ring_lane.sv", "ring_crc_class", ".data_i({station_i, inject_class_i,",
              ".data_i({station_i, 2'b00,")
            .find("check sum") != std::string::npos);
}
