// The clock of an idle block: a block behind it loses no handshake, and its clock does stop.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using namespace s4;

constexpr unsigned kIdleClocks = 6;

struct Seen {
  std::string wrong;
  unsigned stopped = 0;  ///< edges of clk_i without one of clk_o
};

/// Random bursts of activity; what the clock makes of them.
Seen drive(tb::ModelOptions options = {}) {
  options.parameters["IdleClocks"] = std::to_string(kIdleClocks);
  const auto m = tb::Model::load("idle_clock", "tiny", tb::Kind::kChecked, options);
  auto clock = m->port("clk_i"), reset = m->port("rst_ni"), active = m->port("active_i");
  auto gated = m->port("clk_o"), running = m->port("running_o");
  std::mt19937_64 random(tb::seed());
  Seen seen;
  unsigned quiet = 0;    // clocks since the last activity
  unsigned waiting = 0;  // clocks that activity waits for running_o
  unsigned left = 0;     // clocks of this burst, or of the pause behind it
  bool busy = false;
  reset.set(0);
  active.set(0);
  for (unsigned cycle = 0; cycle < 4000; ++cycle) {
    const bool promised = running.get() != 0;
    clock.set(1);
    m->eval();
    const bool edge = gated.get() != 0;
    if (cycle < 3) {
      if (cycle > 1 && !edge) seen.wrong = "no clock in reset";
    } else {
      if (promised && !edge) seen.wrong = "running_o without an edge behind it";
      if (!edge) ++seen.stopped;
      quiet = busy ? 0 : quiet + 1;
      waiting = busy && !promised ? waiting + 1 : 0;
      if (waiting > 1) {
        seen.wrong = "activity does not start the clock in clock " + std::to_string(cycle);
      }
      if (quiet > kIdleClocks + 2 && edge) seen.wrong = "does not stop";
    }
    if (left == 0) {
      busy = !busy;
      left = 1 + random() % (busy ? 8 : 3 * kIdleClocks);
    }
    --left;
    reset.set(cycle < 2 ? 0 : 1);
    active.set(cycle >= 2 && busy ? 1 : 0);
    m->eval();
    if (gated.get() != (edge ? 1U : 0U)) seen.wrong = "a pulse that is cut short or late";
    clock.set(0);
    m->eval();
    if (gated.get() != 0) seen.wrong = "high while the clock is low";
  }
  return seen;
}

}  // namespace

TEST_CASE("chip: the clock of an idle block stops, and is there for every handshake") {
  const Seen seen = drive();
  CHECK(seen.wrong == "");
  CHECK(seen.stopped > 100);
}

TEST_CASE("chip: seeded bugs of the idle clock are noticed") {
  const std::string file = "rtl/chip/idle_clock.sv";
  CHECK_FALSE(drive(tests::seeded_bug(file, "idle_clock_early", "assign running_o = awake_q;",
                                      "assign running_o = 1'b1;"))
                  .wrong.empty());
  CHECK_FALSE(
      drive(tests::seeded_bug(file, "idle_clock_deaf", "awake_q <= active_i || left_q != '0;",
                              "awake_q <= left_q != '0;"))
          .wrong.empty());
  CHECK_FALSE(drive(tests::seeded_bug(file, "idle_clock_always",
                                      "else if (left_q != '0) left_q <= left_q - 1'b1;", ""))
                  .wrong.empty());
}
