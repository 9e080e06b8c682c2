// The watchdog: when it fires and whom it names.
#include <catch2/catch.hpp>

#include "sim/sequencer/gen/commands.hpp"
#include "tb/model.hpp"

namespace {

using namespace s4;
using commands::Engine;

struct WatchdogBench {
  WatchdogBench() : m(tb::Model::load("watchdog", "tiny", tb::Kind::kChecked)) {
    for (const char* name : {"running_i", "progress_i", "limit_i", "active_i", "token_wait_i"}) {
      m->port(name).set(0);
    }
    m->port("waiting_i").set(0);
    m->port("empty_i").set(0x3f);
    for (unsigned e = 0; e < 6; ++e) m->port("index_i").set_bits(32 * e, 32, 100 + e);
    m->reset();
    m->port("limit_i").set(10);
    m->port("running_i").set(1);
  }

  /// Clocks until it fires.
  unsigned wait(unsigned most = 50) {
    for (unsigned clock = 0; clock < most; ++clock) {
      m->eval();
      if (m->port("fire_o").get() != 0) return clock;
      m->tick();
    }
    return most;
  }

  void engine(Engine e, bool active, bool token, unsigned waiting) {
    const auto n = static_cast<unsigned>(e);
    m->port("active_i").set_bits(n, 1, active);
    m->port("empty_i").set_bits(n, 1, !active && !token);
    m->port("token_wait_i").set_bits(n, 1, token);
    m->port("waiting_i").set_bits(6 * n, 6, waiting);
  }

  void named(Engine engine, std::uint32_t info) {
    CHECK(wait() < 50);
    CHECK(static_cast<Engine>(m->port("engine_o").get()) == engine);
    CHECK(m->port("index_o").get() == 100 + static_cast<unsigned>(engine));
    CHECK(m->port("info_o").get() == info);
    m->tick();
    CHECK(m->port("fire_o").get() == 0);
  }

  std::unique_ptr<tb::Model> m;
};

}  // namespace

TEST_CASE("watchdog: fires at the limit, not a clock before, and never when off") {
  WatchdogBench bench;
  CHECK(bench.wait() == 10);
  bench.m->tick();
  bench.m->port("progress_i").set(1);
  CHECK(bench.wait(200) == 200);
  bench.m->port("progress_i").set(0);
  bench.m->tick(9);
  bench.m->port("progress_i").set(1);
  bench.m->tick();
  bench.m->port("progress_i").set(0);
  CHECK(bench.wait() == 10);
  bench.m->tick();
  bench.m->port("limit_i").set(0);
  CHECK(bench.wait(200) == 200);
  bench.m->port("limit_i").set(10);
  bench.m->port("running_i").set(0);
  CHECK(bench.wait(200) == 200);
}

TEST_CASE("watchdog: names who is stuck and on what") {
  WatchdogBench b;
  b.named(Engine::kSequencer, 0);
  // A running engine, lowest number first.
  b.engine(Engine::kStore, true, false, 8);
  b.named(Engine::kStore, 8);
  b.engine(Engine::kLoad, true, false, 8);
  b.named(Engine::kLoad, 8);
  // Who lacks tokens waits for a running engine, the lowest number first when nothing runs.
  b.engine(Engine::kSpu, false, true, 0);
  b.named(Engine::kLoad, 8);
  b.engine(Engine::kLoad, false, false, 0);
  b.engine(Engine::kStore, false, true, 0);
  b.named(Engine::kSpu, 1);
  b.engine(Engine::kSequencer, false, true, 0);
  b.named(Engine::kSequencer, 1);
  b.engine(Engine::kSpu, true, true, 32);
  b.named(Engine::kSpu, 32);
  // SPU without weights: the cause is the weight DMA if it has a command that lacks tokens, or
  // both if they run; the other way round the same.
  b.engine(Engine::kSpu, true, false, 16);
  b.named(Engine::kSpu, 16);
  b.engine(Engine::kWeights, false, true, 0);
  b.named(Engine::kWeights, 1);
  b.engine(Engine::kWeights, true, false, 16);
  b.named(Engine::kWeights, 16);
  b.engine(Engine::kSpu, false, true, 0);
  b.named(Engine::kSpu, 1);
  b.engine(Engine::kSpu, false, false, 0);
  b.named(Engine::kWeights, 16);
  // Another running engine comes before such a pair.
  b.engine(Engine::kSpu, true, false, 16);
  b.engine(Engine::kStore, true, false, 8);
  b.named(Engine::kStore, 8);
  b.engine(Engine::kActivation, true, false, 8);
  b.named(Engine::kStore, 8);
  b.engine(Engine::kStore, false, false, 0);
  b.named(Engine::kActivation, 8);
  // Memory before all.
  b.engine(Engine::kStore, true, false, 2);
  b.named(Engine::kStore, 2);
  b.engine(Engine::kLoad, true, false, 4);
  b.named(Engine::kLoad, 4);
  b.engine(Engine::kSequencer, true, false, 4);
  b.named(Engine::kSequencer, 4);
}
