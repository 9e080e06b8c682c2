// The token file against its model, clock by clock.
#include "sim/sequencer/token_file.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using namespace s4;
constexpr unsigned kPorts = 5;

/// Random requests and signals; the first difference, or nothing. `signal_percent` high makes
/// counters overflow, low makes requests wait.
std::string compare(tb::Model& m, unsigned clocks, unsigned signal_percent) {
  std::mt19937_64 random(tb::seed());
  auto below = [&](std::uint64_t n) { return random() % n; };
  auto wait_valid = m.port("wait_valid_i"), wait_mask = m.port("wait_mask_i"),
       grant = m.port("wait_grant_o"), met = m.port("wait_met_o"),
       signal_valid = m.port("signal_valid_i"), signal_mask = m.port("signal_mask_i");
  sim::TokenFile model;
  m.port("clear_i").set(0);
  wait_valid.set(0);
  signal_valid.set(0);
  m.reset();
  unsigned waiting = 0;
  std::uint16_t masks[kPorts] = {};
  for (unsigned clock = 0; clock < clocks; ++clock) {
    auto error = [&](const std::string& what) {
      return what + " in clock " + std::to_string(clock) + ", seed " + std::to_string(tb::seed());
    };
    for (unsigned p = 0; p < kPorts; ++p) {
      if ((waiting >> p & 1U) == 0 && below(3) == 0) {
        waiting |= 1U << p;
        masks[p] = static_cast<std::uint16_t>(random() & random() & random());
        wait_mask.set_bits(p * 16, 16, masks[p]);
      }
    }
    unsigned signals = 0;
    std::uint16_t raised[kPorts] = {};
    for (unsigned p = 0; p < kPorts; ++p) {
      if (below(100) >= signal_percent) continue;
      signals |= 1U << p;
      raised[p] = static_cast<std::uint16_t>(random() & random());
      signal_mask.set_bits(p * 16, 16, raised[p]);
    }
    wait_valid.set(waiting);
    signal_valid.set(signals);
    const bool clear = below(2000) == 0;
    m.port("clear_i").set(clear);
    m.eval();

    // The lowest requester that can have its tokens gets them; all that could are marked.
    unsigned expected_grant = 0, expected_met = 0;
    for (unsigned p = 0; p < kPorts; ++p) {
      if ((waiting >> p & 1U) == 0) continue;
      sim::TokenFile probe = model;
      if (probe.take(masks[p])) expected_met |= 1U << p;
    }
    if (expected_met != 0) expected_grant = expected_met & (~expected_met + 1U);
    if (met.get() != expected_met) return error("wait_met_o");
    if (grant.get() != expected_grant) return error("wait_grant_o");
    for (unsigned p = 0; p < kPorts; ++p) {
      if (expected_grant >> p & 1U) (void)model.take(masks[p]);
    }
    waiting &= ~expected_grant;

    std::optional<std::uint32_t> overflow;
    for (unsigned p = 0; p < kPorts; ++p) {
      if ((signals >> p & 1U) == 0) continue;
      if (const auto token = model.signal(raised[p])) {
        overflow = overflow ? std::min(*overflow, *token) : *token;
      }
    }
    if (m.port("overflow_o").get() != (overflow ? 1U : 0U)) return error("overflow_o");
    if (overflow) {
      if (m.port("overflow_token_o").get() != *overflow) return error("overflow_token_o");
      unsigned port = 0;
      while ((signals >> port & 1U) == 0 || (raised[port] >> *overflow & 1U) == 0) ++port;
      if (m.port("overflow_port_o").get() != port) return error("overflow_port_o");
    }
    m.tick();
    if (clear) model.clear();
  }
  return "";
}

std::unique_ptr<tb::Model> tokens(const tb::ModelOptions& options = {}) {
  return tb::Model::load("token_file", "tiny", tb::Kind::kChecked, options);
}

}  // namespace

TEST_CASE("token_file: random requests and signals as the model says") {
  auto m = tokens();
  const unsigned clocks = tb::full_run() ? 1000000 : 100000;
  CHECK(compare(*m, clocks, 3) == "");   // requests wait
  CHECK(compare(*m, clocks, 8) == "");   // balance
  CHECK(compare(*m, clocks, 60) == "");  // counters overflow
}

TEST_CASE("token_file: seeded bugs are seen by the comparison") {
  const char* file = "rtl/sequencer/token_file.sv";
  auto max = tokens(
      tests::seeded_bug(file, "tokens_max", "(1 << TokenWidth) - 1", "(1 << TokenWidth) - 2"));
  CHECK(compare(*max, 20000, 60) != "");
  auto lost = tokens(tests::seeded_bug(file, "tokens_lost", "if (signal_valid_i[p] && signal",
                                       "if (!taken[t] && signal_valid_i[p] && signal"));
  CHECK(compare(*lost, 20000, 8) != "");
  // Taking tokens that are not there is caught by the module's own assertion.
  auto taken = tokens(
      tests::seeded_bug(file, "tokens_taken", "& ~there) == '0;", "& ~there & 16'hfffe) == '0;"));
  std::string said;
  try {
    said = compare(*taken, 20000, 8);
  } catch (const tb::ModelError& failure) {
    said = failure.what();
  }
  CHECK(said != "");
}
