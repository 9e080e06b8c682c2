// The queue of one engine against two lists: waiting and running commands.
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "sim/sequencer/gen/commands.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/sequencer/command_random.hpp"

namespace {

using namespace s4;

struct Entry {
  commands::SyncCommand header;
  std::uint32_t index;
};

/// Random offers, grants, starts, completions and flushes; the first difference.
std::string compare(tb::Model& m, unsigned queue_depth, unsigned clocks, unsigned flush_permille) {
  std::mt19937_64 random(tb::seed());
  auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  constexpr std::size_t kRunning = 4;
  std::deque<Entry> waiting, running;
  bool granted = false, offered = false;
  Entry next{};
  std::uint32_t count = 0;
  for (const char* name : {"flush_i", "in_valid_i", "wait_grant_i", "cmd_ready_i", "done_i"}) {
    m.port(name).set(0);
  }
  m.reset();
  for (unsigned clock = 0; clock < clocks; ++clock) {
    const unsigned pace = clock / 500 % 3;  // phases: in fast, even, out fast
    if (!offered && chance(pace == 0 ? 90 : 40)) {
      offered = true;
      next.header.wait_mask = static_cast<std::uint16_t>(random());
      next.header.signal_mask = static_cast<std::uint16_t>(random());
      next.index = ++count;
      const auto bytes = next.header.encode();
      m.port("in_cmd_i").set_bytes(bytes.data(), bytes.size());
      m.port("in_index_i").set(next.index);
    }
    const bool flush = random() % 1000 < flush_permille;
    m.port("in_valid_i").set(offered);
    m.port("flush_i").set(flush);
    m.port("cmd_ready_i").set(chance(pace == 2 ? 90 : 40));
    m.port("done_i").set(!running.empty() && chance(pace == 2 ? 90 : 30));
    m.port("wait_grant_i").set(0);
    m.eval();
    const bool grant = m.port("wait_valid_o").get() != 0 && chance(60);
    m.port("wait_grant_i").set(grant);
    m.eval();

    const bool may_wait = !waiting.empty() && !granted && running.size() < kRunning && !flush;
    const bool may_start = granted && !flush;
    auto wrong = [&](const char* what) {
      return std::string(what) + " in clock " + std::to_string(clock) + ", seed " +
             std::to_string(tb::seed());
    };
    if (m.port("in_ready_o").get() != (waiting.size() < queue_depth ? 1U : 0U))
      return wrong("in_ready_o");
    if (m.port("wait_valid_o").get() != (may_wait ? 1U : 0U)) return wrong("wait_valid_o");
    if (may_wait && m.port("wait_mask_o").get() != waiting.front().header.wait_mask)
      return wrong("wait_mask_o");
    if (m.port("cmd_valid_o").get() != (may_start ? 1U : 0U)) return wrong("cmd_valid_o");
    if (may_start && m.port("index_o").get() != waiting.front().index) return wrong("index_o");
    if (m.port("empty_o").get() != (waiting.empty() && running.empty() ? 1U : 0U))
      return wrong("empty_o");
    if (m.port("active_o").get() != (granted || !running.empty() ? 1U : 0U))
      return wrong("active_o");
    if (!running.empty() || !waiting.empty()) {
      const auto oldest = running.empty() ? waiting.front().index : running.front().index;
      if (m.port("oldest_index_o").get() != oldest) return wrong("oldest_index_o");
    }
    const bool done = m.port("done_i").get() != 0 && !flush;
    if (m.port("signal_valid_o").get() != (done ? 1U : 0U)) return wrong("signal_valid_o");
    if (done && (m.port("signal_mask_o").get() != running.front().header.signal_mask ||
                 m.port("done_index_o").get() != running.front().index))
      return wrong("signal_mask_o");

    const bool start = may_start && m.port("cmd_ready_i").get() != 0;
    const bool push = offered && m.port("in_ready_o").get() != 0;
    m.tick();
    if (done) running.pop_front();
    if (start) {
      running.push_back(waiting.front());
      waiting.pop_front();
      granted = false;
    }
    if (grant) granted = true;
    if (push) {
      waiting.push_back(next);
      offered = false;
    }
    if (flush) {
      waiting.clear();
      running.clear();
      granted = false;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("engine_queue: as two lists, under random stalls and flushes") {
  for (const char* config : {"tiny", "small"}) {
    auto m = tb::Model::load("engine_queue", config, tb::Kind::kChecked);
    const unsigned depth = tests::configuration(config).queue_depth;
    INFO(config);
    CHECK(compare(*m, depth, 20000, 0) == "");
    CHECK(compare(*m, depth, 20000, 20) == "");
  }
}

TEST_CASE("engine_queue: seeded bugs are seen") {
  const char* file = "rtl/sequencer/engine_queue.sv";
  auto early = tb::Model::load(
      "engine_queue", "tiny", tb::Kind::kChecked,
      tests::seeded_bug(file, "queue_early", "head_valid && !granted_q &&", "head_valid &&"));
  CHECK(compare(*early, 2, 2000, 0) != "");
  auto full = tb::Model::load(
      "engine_queue", "tiny", tb::Kind::kChecked,
      tests::seeded_bug(file, "queue_full", "!granted_q && run_ready", "!granted_q"));
  std::string said;
  try {
    said = compare(*full, 2, 20000, 0);
  } catch (const tb::ModelError& failure) {
    said = failure.what();
  }
  CHECK(said != "");
}
