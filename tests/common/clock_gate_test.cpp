// The gated clock: whole pulses only, of the clocks that follow an enable.
#include <catch2/catch.hpp>
#include <random>

#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using namespace s4;

/// Random enables, as a register of the clock brings them; what is wrong.
std::string drive(const tb::ModelOptions& options = {}) {
  const auto m = tb::Model::load("clock_gate", "tiny", tb::Kind::kChecked, options);
  auto clock = m->port("clk_i"), enable = m->port("enable_i"), gated = m->port("clk_o");
  std::mt19937_64 random(tb::seed());
  bool now = false, before = false;
  for (unsigned cycle = 0; cycle < 2000; ++cycle) {
    clock.set(1);
    m->eval();
    // The pulse belongs to the enable that was there at the falling edge.
    if (cycle > 1 && (gated.get() != 0) != now) return "no pulse where one is due, or one too many";
    before = now;
    now = random() % 3 != 0;
    enable.set(now ? 1 : 0);
    m->eval();
    if (cycle > 1 && (gated.get() != 0) != before) return "a pulse that is cut short or late";
    clock.set(0);
    m->eval();
    if (gated.get() != 0) return "high while the clock is low";
  }
  return "";
}

}  // namespace

TEST_CASE("clock_gate: whole pulses where the enable was set") { CHECK(drive() == ""); }

TEST_CASE("clock_gate: a seeded bug is noticed") {
  CHECK(drive(tests::seeded_bug("rtl/common/clock_gate.sv", "clock_gate_cut",
                                "assign clk_o = clk_i & enable_q;",
                                "assign clk_o = clk_i & enable_i & enable_q;")) != "");
}
