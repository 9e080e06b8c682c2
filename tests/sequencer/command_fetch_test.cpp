// The command fetch: every command of the program, in order, under stalls, reordering and errors.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/sequencer/fetch_memory.hpp"

namespace {

using namespace s4;
using tests::FetchMemory;

struct FetchBench {
  explicit FetchBench(const tb::ModelOptions& options = {})
      : m(tb::Model::load("command_fetch", "tiny", tb::Kind::kChecked, options)),
        random(tb::seed()),
        memory(*m, "", random) {
    for (const char* name : {"start_i", "stop_i", "clear_i", "out_ready_i", "rsp_valid_i"}) {
      m->port(name).set(0);
    }
    m->reset();
  }

  /// Runs a program of `count` random commands; the first thing that is wrong.
  std::string run(std::uint64_t base, unsigned count, unsigned take_percent) {
    memory.base = base;
    memory.program.resize(count);
    for (auto& command : memory.program) {
      for (auto& byte : command) byte = static_cast<std::uint8_t>(random());
    }
    memory.restart();
    m->port("program_addr_i").set(base);
    m->port("program_count_i").set(count);
    m->port("start_i").set(1);
    m->port("out_ready_i").set(0);
    m->tick();
    m->port("start_i").set(0);
    clocks = 0;
    for (unsigned next = 0; next < count;) {
      if (++clocks > 1000 + 200 * count) return "hangs at command " + std::to_string(next);
      memory.drive();
      m->port("out_ready_i").set(random() % 100 < take_percent);
      m->eval();
      memory.sample();
      if (m->port("exhausted_o").get() != 0) return "exhausted too early";
      if (m->port("out_valid_o").get() != 0 && m->port("out_ready_i").get() != 0) {
        const std::string at = " at command " + std::to_string(next);
        if (m->port("out_index_o").get() != next) return "index" + at;
        const bool bad = memory.bad.count(next) != 0;
        if ((m->port("out_error_o").get() != 0) != bad) return "error flag" + at;
        commands::CommandBytes got;
        m->port("out_cmd_o").get_bytes(got.data(), got.size());
        if (!bad && got != memory.program[next]) return "data" + at;
        ++next;
      }
      m->tick();
    }
    if (m->port("exhausted_o").get() != 1) return "not exhausted";
    if (m->port("idle_o").get() != 1) return "not idle at the end";
    if (memory.requested_words != 2 * count) return "words requested";
    return "";
  }

  std::unique_ptr<tb::Model> m;
  std::mt19937_64 random;
  FetchMemory memory;
  unsigned clocks = 0;
};

}  // namespace

TEST_CASE("command_fetch: random programs under stalls, reordering and errors") {
  FetchBench bench;
  for (unsigned i = 0; i < (tb::full_run() ? 3000u : 300u); ++i) {
    auto& o = bench.memory.options;
    o.ready_percent = 10 + static_cast<unsigned>(bench.random() % 91);
    o.beat_percent = 10 + static_cast<unsigned>(bench.random() % 91);
    o.latency = static_cast<unsigned>(bench.random() % 120);
    o.error_percent = i % 3 == 2 ? 10 : 0;
    o.cut_short = i % 2 == 0;
    const std::uint64_t base = bench.random() % (std::uint64_t{1} << 28) * 128;
    const auto count = 1 + static_cast<unsigned>(bench.random() % 40);
    INFO("program " << i << " at " << base << " of " << count << ", seed " << tb::seed());
    REQUIRE(bench.run(base, count, 10 + static_cast<unsigned>(bench.random() % 91)) == "");
  }
}

TEST_CASE("command_fetch: seven clocks a command with a memory latency of 100") {
  FetchBench bench;
  bench.memory.options.latency = 100;
  REQUIRE(bench.run(0x10000, 400, 100) == "");
  INFO(bench.clocks << " clocks");
  CHECK(bench.clocks < 400 * 7);
}

TEST_CASE("command_fetch: stop ends requests and commands, a pending request is held") {
  FetchBench bench;
  bench.memory.options.ready_percent = 0;
  bench.memory.program.resize(40);
  bench.memory.restart();
  auto& m = *bench.m;
  m.port("program_addr_i").set(0);
  m.port("program_count_i").set(40);
  m.port("start_i").set(1);
  m.tick();
  m.port("start_i").set(0);
  auto step = [&] {
    bench.memory.drive();
    m.eval();
    bench.memory.sample();
    m.tick();
  };
  for (int i = 0; i < 5; ++i) step();
  CHECK(m.port("req_valid_o").get() == 1);
  m.port("stop_i").set(1);
  for (int i = 0; i < 5; ++i) step();
  CHECK(m.port("req_valid_o").get() == 1);
  CHECK(m.port("idle_o").get() == 0);
  bench.memory.options.ready_percent = 100;
  for (int i = 0; i < 200; ++i) step();
  CHECK(m.port("idle_o").get() == 1);
  CHECK(m.port("out_valid_o").get() == 0);
  CHECK(bench.memory.requested_words == 16);  // the one that was offered
  m.port("clear_i").set(1);
  m.tick();
  m.port("clear_i").set(0);
  m.port("stop_i").set(0);
  CHECK(bench.run(0x3f80, 20, 50) == "");
}

TEST_CASE("command_fetch: seeded bugs are seen") {
  const char* file = "rtl/sequencer/command_fetch.sv";
  auto failing = [&](const char* name, const char* find, const char* replace) {
    try {
      FetchBench bench(tests::seeded_bug(file, name, find, replace));
      bench.memory.options = {60, 60, 20, 10, true, false};
      for (int i = 0; i < 20; ++i) {
        const auto said = bench.run(bench.random() % 4096 * 128, 40, 50);
        if (!said.empty()) return said;
      }
    } catch (const std::exception& failure) {
      return std::string(failure.what());
    }
    return std::string();
  };
  CHECK(failing("fetch_boundary", "request_left_q[CountWidth-1:0]\n", "to_boundary\n") != "");
  CHECK(failing("fetch_half", "rsp_slot     = rsp_i.tag[SlotWidth-1:0]",
                "rsp_slot     = read_slot_q") != "");
  if (!tb::full_run()) return;  // each takes a model of its own
  CHECK(failing("fetch_error", "<= '1;\n      end\n      if (rsp",
                "<= '0;\n      end\n      if (rsp") != "");
}
