// Random traffic of all classes over a verilated ring, every delivery checked.
#pragma once
#include <fmt/format.h>

#include <array>
#include <bit>
#include <memory>
#include <random>
#include <string>

#include "sim/ring/ring_scoreboard.hpp"
#include "sw/ring/ring_pins.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace s4::tests {

/// The module `ring`, checked kind, narrow payload unless the parameters say otherwise.
inline std::unique_ptr<tb::Model> ring_model(unsigned stations, tb::ModelOptions options = {},
                                             tb::Kind kind = tb::Kind::kChecked) {
  options.parameters.emplace("PayloadWidth", "70");
  options.parameters["NumStations"] = std::to_string(stations);
  return tb::Model::load("ring", "tiny", kind, options);
}

/// Two stations whose receivers deliver some requests twice: what every account must find.
inline std::unique_ptr<tb::Model> ring_that_repeats() {
  const std::string rest =
      ",\n          .out_data_o(head),\n"
      "          .count_o(count)\n      );\n    end else";
  tb::ModelOptions options =
      seeded_bug("rtl/ring/ring_ejector.sv", "ring_twice", ".out_ready_i(pop[c])" + rest,
                 ".out_ready_i(pop[c] && (turn_q || c != 0))" + rest);
  options.parameters = {{"Credits", "1"}, {"PayloadWidth", "64"}, {"Protection", "0"}};
  return ring_model(2, options, tb::Kind::kFast);
}

struct RingTraffic {
  unsigned push_percent = 50;       // chance of a push per lane and clock
  unsigned multicast_percent = 20;  // of the packets
  unsigned stall_percent = 0;       // chance that a class has no room, per lane and clock
  unsigned classes = 7;             // those that are sent, bit c
  unsigned hold_percent = 0;        // chance that a station sends nothing of its own, per clock
};

class RingBench {
 public:
  RingBench(tb::Model& model, unsigned stations)
      : pins(model, stations), scoreboard(stations), stations_(stations), random_(tb::seed()) {
    room.fill(7);
    pins.reset();
  }

  sw::RingPins pins;
  sim::RingScoreboard scoreboard;
  /// Classes that each station ever takes; random stalls come on top.
  std::array<unsigned, ring::kMaxStations> room;
  /// Packets with a wrong check sum are expected; they are counted and checked no further.
  bool faults = false;
  std::uint64_t errors = 0;
  std::uint64_t clock = 0;
  std::array<std::uint64_t, ring::kNumClasses> longest{};  // clocks from push to delivery
  std::array<std::uint64_t, ring::kNumClasses> delivered{};
  std::array<std::uint64_t, ring::kMaxStations> from{};

  /// One clock of random traffic; throws sim::RingError at the first broken promise.
  void step(const RingTraffic& traffic) {
    std::uint32_t held = 0;
    for (unsigned s = 0; s < stations_; ++s) held |= chance(traffic.hold_percent) ? 1u << s : 0;
    pins.set_stalls(held);
    for (unsigned s = 0; s < stations_; ++s) {
      for (unsigned l = 0; l < 2; ++l) {
        unsigned classes = room[s];
        for (unsigned c = 0; c < ring::kNumClasses; ++c) {
          if (chance(traffic.stall_percent)) classes &= ~(1u << c);
        }
        pins.set_room(s, l, classes);
        if (chance(traffic.push_percent)) push_random(s, l, traffic);
      }
    }
    finish_clock();
  }

  /// Pushes a packet if its class has room; false if it has none.
  bool push(unsigned source, unsigned lane, ring::Class packet_class, std::uint32_t mask) {
    if (!pins.has_room(source, lane, packet_class)) return false;
    const std::uint64_t identity = std::uint64_t{source} << 60 | std::uint64_t{lane} << 56 |
                                   random_() << 32 >> 8 | (++number_ & 0xffffff);
    pins.offer_filled(source, lane, packet_class, mask, identity);
    scoreboard.push(source, lane, packet_class, mask, {identity, clock, clock});
    return true;
  }

  /// Checks what leaves in this clock, then the edge.
  void finish_clock() {
    pins.model().eval();
    for (std::uint64_t valid = pins.ejecting(); valid != 0; valid &= valid - 1) {
      const auto at = static_cast<unsigned>(std::countr_zero(valid));
      eject(at / 2, at % 2);
    }
    pins.model().tick();
    pins.end_offers();
    ++clock;
  }

  /// Until everything that is due arrived; throws if nothing comes for `patience` clocks.
  void drain(std::uint64_t patience = 2000) {
    RingTraffic quiet;
    quiet.push_percent = 0;
    std::uint64_t last = clock, count = scoreboard.delivered();
    while (scoreboard.outstanding() != 0) {
      step(quiet);
      if (scoreboard.delivered() != count) last = clock;
      count = scoreboard.delivered();
      if (clock - last > patience) {
        throw sim::RingError(fmt::format("clock {}: still due: {}", clock, scoreboard.oldest()));
      }
    }
  }

  void idle(unsigned clocks) {
    RingTraffic quiet;
    quiet.push_percent = 0;
    for (unsigned i = 0; i < clocks; ++i) step(quiet);
  }

 private:
  bool chance(unsigned percent) { return percent != 0 && random_() % 100 < percent; }

  void push_random(unsigned source, unsigned lane, const RingTraffic& traffic) {
    const std::uint32_t reach = sim::ring_reach(stations_, source, lane);
    if (reach == 0) return;
    unsigned c = 0;
    do {
      c = static_cast<unsigned>(random_() % ring::kNumClasses);
    } while ((traffic.classes >> c & 1) == 0);
    std::uint32_t mask = 0;
    const bool multicast = chance(traffic.multicast_percent);
    do {
      // Bits off the lane are part of the test: the station ignores them.
      mask = multicast ? static_cast<std::uint32_t>(random_()) & ((1u << stations_) - 1)
                       : 1u << random_() % stations_;
    } while ((mask & reach) == 0);
    push(source, lane, static_cast<ring::Class>(c), mask);
  }

  void eject(unsigned station, unsigned lane) {
    const ring::Class packet_class = pins.ejected_class(station, lane);
    const unsigned source = pins.ejected_source(station, lane);
    const std::uint64_t identity = pins.ejected_identity(station, lane);
    if (faults && pins.ejected_error(station, lane)) {
      ++errors;
      scoreboard.forget_oldest(source, station, packet_class);
      return;
    }
    const auto delivery = scoreboard.deliver(station, lane, packet_class, source, identity, clock);
    if (pins.ejected_error(station, lane)) {
      throw sim::RingError(fmt::format("clock {}: check sum wrong at station {}", clock, station));
    }
    if (!pins.ejected_filled(station, lane, identity)) {
      throw sim::RingError(fmt::format("clock {}: payload changed at station {}", clock, station));
    }
    const auto c = static_cast<unsigned>(packet_class);
    longest[c] = std::max(longest[c], clock - delivery.packet.pushed);
    ++delivered[c];
    ++from[source];
  }

  unsigned stations_;
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
};

}  // namespace s4::tests
