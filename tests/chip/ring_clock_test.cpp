// The clock of the ring: never stopped while something is under way, nor always running.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using namespace s4;

constexpr unsigned kStations = 3;
constexpr unsigned kIdleClocks = 6;

struct Seen {
  std::string wrong;
  unsigned stopped = 0;  ///< edges of clk_i without one of clk_o
};

/// Bursts and accesses that begin and end at random, several of them at a time.
Seen drive(tb::ModelOptions options = {}) {
  options.parameters["NumStations"] = std::to_string(kStations);
  options.parameters["IdleClocks"] = std::to_string(kIdleClocks);
  const auto m = tb::Model::load("ring_clock", "tiny", tb::Kind::kChecked, options);
  auto clock = m->port("clk_i"), reset = m->port("rst_ni");
  auto burst = m->port("burst_i"), end = m->port("end_i");
  auto access = m->port("access_i"), answer = m->port("answer_i");
  auto offered = m->port("offered_i"), clear = m->port("joint_clear_i");
  auto gated = m->port("clk_o"), running = m->port("running_o");
  std::mt19937_64 random(tb::seed());
  Seen seen;
  unsigned bursts = 0, accesses = 0;  // under way
  unsigned quiet = 0;                 // clocks since something was
  unsigned pause = 0;                 // clocks left in which nothing begins
  unsigned since_change = 1000, since_edge = 0;
  bool level = false;
  // As many bits as may be set, of those not under way.
  const auto some = [&](unsigned most) {
    unsigned bits = 0;
    for (unsigned s = 0; s < kStations && most != 0; ++s) {
      if (random() % 3 == 0) bits |= 1U << s, --most;
    }
    return bits;
  };
  const auto count = [](unsigned bits) { return static_cast<unsigned>(__builtin_popcount(bits)); };
  for (unsigned cycle = 0; cycle < 6000 && seen.wrong.empty(); ++cycle) {
    const bool work = bursts != 0 || accesses != 0;
    const bool promised = running.get() != 0;
    clock.set(1);
    m->eval();
    const bool edge = gated.get() != 0;
    if (cycle > 3) {
      if (promised && !edge) seen.wrong = "running_o without an edge behind it";
      if (!edge) ++seen.stopped;
      // Work begins only when the clock runs, so it never finds it standing.
      if (work && !edge) seen.wrong = "no clock while something is under way";
      since_edge = edge ? 0 : since_edge + 1;
      if (++since_change == 3 && since_edge >= 3) {
        seen.wrong = "a change of the level does not start the clock";
      }
      if (quiet > kIdleClocks + 3 && edge) seen.wrong = "does not stop";
    }
    clock.set(0);
    m->eval();
    reset.set(cycle < 2 ? 0 : 1);
    if (cycle < 2) continue;
    const bool go = running.get() != 0;
    if (pause == 0 && random() % 40 == 0) pause = 1 + random() % (12 * kIdleClocks);
    const bool wants = pause == 0 && random() % 4 == 0;
    const unsigned begun = wants && go ? some(8) : 0, asked = wants && go ? some(8) : 0;
    // Once things pause what is under way ends, now and then after a long time.
    const unsigned ended = random() % 4 == 0 ? some(bursts) : 0;
    const unsigned answered = random() % 4 == 0 ? some(accesses) : 0;
    burst.set(begun);
    access.set(asked);
    end.set(ended);
    answer.set(answered);
    offered.set(wants ? 1 : 0);
    const bool change = pause != 0 && random() % 16 == 0;
    if (change) level = !level;
    clear.set(level ? 1 : 0);
    m->eval();
    bursts += count(begun) - count(ended);
    accesses += count(asked) - count(answered);
    if (change) since_change = 0;
    quiet =
        wants || change || bursts + accesses != 0 || ended != 0 || answered != 0 ? 0 : quiet + 1;
    if (pause != 0) --pause;
  }
  return seen;
}

}  // namespace

TEST_CASE("chip: the clock of the ring stands only while nothing is under way") {
  const Seen seen = drive();
  CHECK(seen.wrong.empty());
  INFO(seen.wrong);
  CHECK(seen.stopped > 300);
}

TEST_CASE("chip: seeded bugs of the clock of the ring are noticed") {
  const std::string file = "rtl/chip/ring_clock.sv";
  const auto caught = [&](const char* name, const char* was, const char* is) {
    return !drive(tests::seeded_bug(file, name, was, is)).wrong.empty();
  };
  CHECK(caught("ring_clock_bursts", "offered_i || bursts_q != '0 ||", "offered_i ||"));
  CHECK(caught("ring_clock_accesses", "accesses_q != '0 ||", ""));
  CHECK(caught("ring_clock_ones", "ones = ones + CountWidth'(bits[i])",
               "ones = CountWidth'(bits[i])"));
  CHECK(caught("ring_clock_level", "joint_clear_i != joint_clear_q", "1'b0"));
  CHECK(caught("ring_clock_always", "offered_i || bursts_q", "1'b1 || bursts_q"));
}
