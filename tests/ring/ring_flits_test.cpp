// Very many packets over rings with one credit per receiver, under random stalls of the receivers:
// every packet is counted at its source and at each of its receivers, in order.
#include <catch2/catch.hpp>
#include <chrono>

#include "sw/ring/ring_pattern.hpp"
#include "tests/ring/ring_traffic.hpp"

using namespace s4;
using namespace s4::tests;
using sw::RingPattern;

namespace {

constexpr std::uint64_t kFull = 100000000, kQuick = 1000000;
constexpr std::array<unsigned, 5> kStations{2, 4, 5, 6, 8};
constexpr std::array<RingPattern, 5> kPatterns{RingPattern::kUniform, RingPattern::kNeighbour,
                                               RingPattern::kHotspot, RingPattern::kTornado,
                                               RingPattern::kBroadcast};

/// One ring; every flow of a source, destination and class carries the numbers 0, 1, 2, ...
class FlitRun {
 public:
  FlitRun(tb::Model& model, unsigned stations)
      : pins_(model, stations),
        model_(model),
        room_(model.port("eject_room_i")),
        stations_(stations),
        random_(tb::seed() * 1000 + stations),
        pushed_(std::size_t{stations} * stations * ring::kNumClasses, 0),
        taken_(pushed_.size(), 0),
        waiting_(2 * stations, 0) {
    pins_.reset();
    for (unsigned s = 0; s < stations; ++s) {
      for (unsigned l = 0; l < 2; ++l) reach_[2 * s + l] = sim::ring_reach(stations, s, l);
    }
  }

  /// Pushes `count` packets of a pattern, a multicast as one, then waits until all arrived.
  void run(RingPattern pattern, std::uint64_t count) {
    sw::RingDestinations destinations(pattern, stations_, random_());
    const std::uint64_t goal = packets + count;
    std::uint64_t last = clock_, arrived = deliveries;
    while (packets < goal || deliveries != due_) {
      if (clock_ % 64 == 0) stall_ = static_cast<unsigned>(random_() % 4);
      set_room();
      if (packets < goal) push(destinations);
      model_.eval();
      for (std::uint64_t valid = pins_.ejecting(); valid != 0; valid &= valid - 1) {
        take(static_cast<unsigned>(std::countr_zero(valid)));
      }
      model_.tick();
      pins_.end_offers();
      ++clock_;
      if (deliveries != arrived) last = clock_;
      arrived = deliveries;
      if (clock_ - last > 5000) throw sim::RingError(fmt::format("clock {}: stuck", clock_));
    }
    if (pushed_ != taken_) throw sim::RingError("flows differ");
    for (unsigned s = 0; s < stations_; ++s) {
      if (pins_.errors(s) != sw::RingErrors{} || pins_.dead(s) != 0) {
        throw sim::RingError(fmt::format("station {} counted errors", s));
      }
    }
  }

  std::uint64_t packets = 0, deliveries = 0;

 private:
  [[nodiscard]] std::size_t flow(unsigned source, unsigned destination, unsigned c) const {
    return (std::size_t{source} * stations_ + destination) * ring::kNumClasses + c;
  }

  /// In stretches: everything is taken, three quarters, half, a quarter of all.
  void set_room() {
    for (unsigned word = 0; word < room_.words(); ++word) {
      const std::uint64_t x = random_(), both = x >> 32;
      const std::uint64_t a = x & 0xffffffff;
      const std::uint64_t open = stall_ == 0   ? ~0u
                                 : stall_ == 1 ? a | both
                                 : stall_ == 2 ? a
                                               : a & both;
      if (room_.width() > 64) {
        room_.set_word(word, static_cast<std::uint32_t>(open));
      } else {
        room_.set_bits(32 * word, std::min(32u, room_.width() - 32 * word), open);
      }
    }
  }

  void push(sw::RingDestinations& destinations) {
    for (unsigned s = 0; s < stations_; ++s) {
      if (waiting_[2 * s] == 0 && waiting_[2 * s + 1] == 0) {
        const std::uint32_t mask = destinations.draw(s);
        waiting_[2 * s] = mask & reach_[2 * s];
        waiting_[2 * s + 1] = mask & reach_[2 * s + 1];
      }
      for (unsigned l = 0; l < 2; ++l) {
        const std::uint32_t mask = waiting_[2 * s + l];
        if (mask == 0) continue;
        const unsigned c = turn_++ % ring::kNumClasses;
        if (!pins_.has_room(s, l, static_cast<ring::Class>(c))) continue;
        std::uint64_t numbers = 0;
        for (std::uint32_t m = mask; m != 0; m &= m - 1) {
          const auto d = static_cast<unsigned>(std::countr_zero(m));
          const std::size_t f = flow(s, d, c);
          // A byte of the packet for each station: the lowest bits of the flow's number.
          numbers |= (pushed_[f] & 0xff) << (8 * (d % 8));
          ++pushed_[f];
          ++due_;
        }
        pins_.offer(s, l, static_cast<ring::Class>(c), mask, numbers);
        waiting_[2 * s + l] = 0;
        ++packets;
      }
    }
  }

  void take(unsigned at) {
    const unsigned station = at / 2, lane = at % 2;
    const unsigned source = pins_.ejected_source(station, lane);
    const auto c = static_cast<unsigned>(pins_.ejected_class(station, lane));
    const bool wrong = pins_.ejected_error(station, lane);
    if (wrong || source >= stations_ || source == station || c >= ring::kNumClasses ||
        (reach_[2 * source + lane] >> station & 1) == 0) {
      throw sim::RingError(fmt::format("clock {}: station {} got a packet of {}, class {}{}",
                                       clock_, station, source, c,
                                       wrong ? ", wrong check sum" : ""));
    }
    const std::size_t f = flow(source, station, c);
    const std::uint64_t number =
        pins_.ejected_identity(station, lane) >> (8 * (station % 8)) & 0xff;
    if (taken_[f] == pushed_[f] || number != (taken_[f] & 0xff)) {
      throw sim::RingError(fmt::format(
          "clock {}: station {} got number {} of source {}, class {}; {} is due of {} pushed",
          clock_, station, number, source, c, taken_[f], pushed_[f]));
    }
    ++taken_[f];
    ++deliveries;
  }

  sw::RingPins pins_;
  tb::Model& model_;
  tb::Port room_;
  unsigned stations_;
  std::mt19937_64 random_;
  std::vector<std::uint64_t> pushed_, taken_;
  std::vector<std::uint32_t> waiting_;
  std::array<std::uint32_t, 2 * ring::kMaxStations> reach_{};
  std::uint64_t due_ = 0, clock_ = 0;
  unsigned stall_ = 0, turn_ = 0;
};

void flits(unsigned stations) {
  // A model per ring: the quick tests build that of four stations only.
  if (!tb::full_run() && stations != 4) return;
  const std::uint64_t count = tb::full_run() ? kFull / kStations.size() : kQuick;
  tb::ModelOptions options;
  options.parameters = {{"Credits", "1"}, {"PayloadWidth", "64"}};
  // Check sums change no clock, and cost most of the time to build.
  if (!tb::full_run()) options.parameters.emplace("Protection", "0");
  auto model = ring_model(stations, options, tb::Kind::kFast);
  FlitRun run(*model, stations);
  for (const RingPattern pattern : kPatterns) {
    INFO("stations " << stations << ", " << sw::to_string(pattern));
    run.run(pattern, count / kPatterns.size());
  }
  CHECK(run.packets >= count);
  CHECK(run.deliveries >= run.packets);
}

}  // namespace

TEST_CASE("ring: flits under stalls with one credit, 2 stations") { flits(2); }
TEST_CASE("ring: flits under stalls with one credit, 4 stations") { flits(4); }
TEST_CASE("ring: flits under stalls with one credit, 5 stations") { flits(5); }
TEST_CASE("ring: flits under stalls with one credit, 6 stations") { flits(6); }
TEST_CASE("ring: flits under stalls with one credit, 8 stations") { flits(8); }

TEST_CASE("ring: the account of flits fails on a seeded bug") {
  auto model = ring_that_repeats();
  FlitRun run(*model, 2);
  CHECK_THROWS_AS(run.run(RingPattern::kUniform, 10000), sim::RingError);
}
