// The sequencer with random engines: programs, tokens, every error, reset, watchdog.
#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/sequencer/sequencer_bench.hpp"

namespace {

using namespace s4;
using commands::CommandBytes;
using commands::EndCommand;
using commands::Engine;
using commands::Error;
using commands::SyncCommand;
using tests::SequencerBench;

constexpr unsigned kTokens = commands::kNumTokens;

CommandBytes with_tokens(CommandBytes bytes, std::uint16_t wait, std::uint16_t signal) {
  commands::set_bits(bytes, 32, 16, wait);
  commands::set_bits(bytes, 48, 16, signal);
  return bytes;
}

/// A program whose tokens each have one producer and one consumer: the n-th wait for a token is
/// served by its n-th signal, whatever the timing. It cannot deadlock: commands wait only for
/// signals of earlier ones.
struct RandomProgram {
  std::vector<CommandBytes> bytes;
  std::vector<Engine> engine;
  std::vector<std::vector<std::size_t>> producers;  // commands whose completion it waits for

  RandomProgram(SequencerBench& bench, unsigned length) {
    auto& random = bench.commands;
    unsigned producer[kTokens], consumer[kTokens];
    std::deque<std::size_t> pending[kTokens];
    unsigned total[kTokens] = {};
    for (unsigned t = 0; t < kTokens; ++t) {
      producer[t] = static_cast<unsigned>(random.below(6));
      consumer[t] = static_cast<unsigned>(random.below(6));
    }
    for (std::size_t i = 0; i < length; ++i) {
      const auto e = static_cast<unsigned>(random.below(6));
      std::uint16_t wait = 0, signal = 0;
      std::vector<std::size_t> waits;
      for (unsigned t = 0; t < kTokens; ++t) {
        if (consumer[t] == e && !pending[t].empty() && random.chance(60)) {
          wait = static_cast<std::uint16_t>(wait | 1U << t);
          waits.push_back(pending[t].front());
          pending[t].pop_front();
        }
        if (producer[t] == e && total[t] < 60 && random.chance(60)) {
          signal = static_cast<std::uint16_t>(signal | 1U << t);
          pending[t].push_back(i);
          ++total[t];
        }
      }
      bytes.push_back(with_tokens(random.legal(static_cast<Engine>(e)), wait, signal));
      engine.push_back(static_cast<Engine>(e));
      producers.push_back(waits);
    }
    bytes.push_back(EndCommand{}.encode());
    engine.push_back(Engine::kSequencer);
    producers.emplace_back();
  }

  /// After a run: every command started after all that it waits for; Sync holds back what follows.
  [[nodiscard]] std::string judge(const SequencerBench& bench) const {
    std::vector<std::uint64_t> earliest(bytes.size(), 0);  // of a Sync: it cannot be over before
    std::uint64_t barrier = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
      std::uint64_t bound = barrier;
      for (const std::size_t p : producers[i]) {
        bound = std::max(bound, engine[p] == Engine::kSequencer ? earliest[p] : bench.dones[p]);
      }
      if (engine[i] == Engine::kSequencer) {
        earliest[i] = bound;
        barrier = bound;
      } else {
        if (bench.starts[i] == 0 || bench.dones[i] == 0) return fmt::format("{} never ran", i);
        if (bench.starts[i] <= bound) {
          return fmt::format("{} started in clock {}, what it waits for was done in clock {}", i,
                             bench.starts[i], bound);
        }
      }
    }
    return "";
  }
};

/// Runs random programs under random stalls; the first thing that is wrong.
std::string random_programs(SequencerBench& bench, unsigned count) {
  try {
    for (unsigned n = 0; n < count; ++n) {
      auto& o = bench.memory.options;
      o.ready_percent = 10 + static_cast<unsigned>(bench.random() % 91);
      o.beat_percent = 20 + static_cast<unsigned>(bench.random() % 81);
      o.latency = static_cast<unsigned>(bench.random() % 60);
      for (auto& e : bench.engines) {
        e.ready_percent = 10 + static_cast<unsigned>(bench.random() % 91);
        e.done_percent = 5 + static_cast<unsigned>(bench.random() % 96);
        e.capacity = 1 + static_cast<unsigned>(bench.random() % 5);
      }
      const RandomProgram program(bench, 1 + static_cast<unsigned>(bench.random() % 40));
      bench.memory.base = bench.random() % (1U << 20) * 128;
      bench.memory.program = program.bytes;
      const std::string at = fmt::format(" in program {}, seed {}", n, tb::seed());
      if (const auto said = bench.run(); said != "done") return said + at;
      for (const auto& e : bench.engines) {
        if (!e.held.empty()) return "done before " + e.name + at;
      }
      if (bench.status().commands_done != program.bytes.size()) return "COMMANDS_DONE" + at;
      if (!bench.memory.idle()) return "done before the fetch" + at;
      if (const auto said = program.judge(bench); !said.empty()) return said + at;
    }
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return "";
}

/// Makes engines quick and certain.
void calm(SequencerBench& bench) {
  for (auto& e : bench.engines) {
    e.ready_percent = e.done_percent = 100;
  }
}

void clear_error(SequencerBench& bench) {
  bench.set("soft_reset_i", 1);
  bench.step();
  bench.set("soft_reset_i", 0);
  for (int i = 0; i < 2000 && bench.text() != "idle"; ++i) bench.step();
  REQUIRE(bench.text() == "idle");
  for (auto& e : bench.engines) {
    e.hang = e.refuse = false;
    e.fail_index = -1;
    e.waiting = 0;
  }
  bench.memory.options = {};
}

}  // namespace

TEST_CASE("sequencer: thousands of random programs with tokens, random stalls everywhere") {
  SequencerBench tiny("tiny");
  CHECK(random_programs(tiny, tb::full_run() ? 10000 : 1500) == "");
  SequencerBench small("small");
  CHECK(random_programs(small, tb::full_run() ? 3000 : 500) == "");
}

TEST_CASE("sequencer: empty program of End, rate of checks, doorbell while busy") {
  SequencerBench bench;
  calm(bench);
  bench.memory.program = {EndCommand{}.encode()};
  CHECK(bench.text() == "idle");
  CHECK(bench.run() == "done");
  CHECK(bench.status().commands_done == 1);
  // 300 commands for all engines in turn: seven clocks each.
  bench.memory.program.clear();
  for (unsigned i = 0; i < 300; ++i) {
    bench.memory.program.push_back(bench.commands.legal(static_cast<Engine>(1 + i % 5)));
  }
  bench.memory.program.push_back(EndCommand{}.encode());
  bench.memory.options.latency = 100;
  const auto before = bench.clock;
  CHECK(bench.run() == "done");
  const auto clocks = bench.clock - before;
  INFO(clocks << " clocks");
  CHECK(clocks < 300 * 7 + 200);
  CHECK(clocks >= 300 * 7);
  // A second doorbell changes nothing.
  bench.start();
  for (int i = 0; i < 50; ++i) bench.step();
  bench.set("start_i", 1);
  bench.step();
  bench.set("start_i", 0);
  CHECK(bench.get("counters_clear_o") == 0);
  CHECK(bench.finish() == "done");
  CHECK(bench.status().commands_done == 301);
}

TEST_CASE("sequencer: every error names code, engine, command and info; reset clears it") {
  SequencerBench bench;
  calm(bench);
  auto& program = bench.memory.program;
  auto legal = [&](Engine e) { return bench.commands.legal(e); };
  const auto end = EndCommand{}.encode();
  auto after = [&](const std::string& expected) {
    const auto got = bench.run(5000);
    CHECK(got == expected);
    CHECK(bench.get("flush_o") == 1);
    // Nothing starts any more, and a doorbell is ignored; the judge watches.
    bench.set("start_i", 1);
    for (int i = 0; i < 100; ++i) bench.step();
    bench.set("start_i", 0);
    CHECK(bench.text() == expected);
    clear_error(bench);
    bench.memory.base = 0;
    bench.memory.program = {legal(Engine::kLoad), end};
    CHECK(bench.run(5000) == "done");
  };

  auto bad = end;
  bad[0] = 77;
  program = {legal(Engine::kLoad), legal(Engine::kSpu), bad, end};
  after("Opcode Sequencer 2 77");
  program = {legal(Engine::kLoad), legal(Engine::kSpu), end};
  program[1][32] = program[1][33] = 0;
  after("Field Sequencer 1 32");
  program = {legal(Engine::kLoad), end};
  program[0][44] = static_cast<std::uint8_t>(program[0][44] | 1);
  after("Align Sequencer 0 44");
  program = {legal(Engine::kStore), end};
  program[0][20] = 0xf;
  after("MemoryRange Sequencer 0 16");
  program = {legal(Engine::kStore), end};
  program[0][26] = 0xff;
  after("LocalRange Sequencer 0 24");
  program = {legal(Engine::kStore)};
  after("ProgramEnd Sequencer 1 0");
  program = {};
  after("ProgramEnd Sequencer 0 0");
  program = {end};
  bench.memory.base = 64;
  after("Align Sequencer 0 0");

  for (unsigned e = 0; e < bench.engines.size(); ++e) {
    program.assign(8, legal(static_cast<Engine>(e + 1)));
    program.push_back(end);
    bench.engines[e].fail_index = 5;
    bench.engines[e].fail_code = e == 2 ? Error::kWeightStream : Error::kMemoryResponse;
    const auto engine = commands::to_string(static_cast<Engine>(e + 1));
    after(fmt::format("{} {} 5 0", e == 2 ? "WeightStream" : "MemoryResponse", engine));
  }

  // The 64th signal of a token that nobody takes.
  program.assign(70, with_tokens(legal(Engine::kWeights), 0, 1U << 9));
  program.push_back(end);
  after("TokenOverflow Weights 63 9");
  program.assign(70, with_tokens(SyncCommand{}.encode(), 0, 1U << 3));
  program.push_back(end);
  after("TokenOverflow Sequencer 63 3");

  program.assign(12, legal(Engine::kLoad));
  program.push_back(end);
  bench.memory.options.error_percent = 100;
  after("MemoryResponse Sequencer 0 0");
}

TEST_CASE("sequencer: an error of the fetch counts only when its command is due") {
  SequencerBench bench;
  for (unsigned i = 0; i < 60; ++i) {
    bench.memory.options = {80, 80, 5, 4, true, false};
    const RandomProgram program(bench, 30);
    bench.memory.program = program.bytes;
    bench.memory.program.resize(40);  // zeros behind End are fetched, and never due
    const auto got = bench.run();
    const auto bad = bench.memory.bad.empty() ? 999 : bench.memory.bad.begin()->first;
    INFO("program " << i << ", first bad command " << bad << ", seed " << tb::seed());
    if (bad <= 30) {
      CHECK(got == fmt::format("MemoryResponse Sequencer {} 0", bad));
      clear_error(bench);
    } else {
      CHECK(got == "done");
    }
  }
}

TEST_CASE("sequencer: reset at any time drains the memory port, then a program runs as ever") {
  SequencerBench bench;
  for (unsigned i = 0; i < (tb::full_run() ? 1000u : 100u); ++i) {
    bench.memory.options = {30, 50, 40, 0, false, false};
    const RandomProgram program(bench, 30);
    bench.memory.program = program.bytes;
    bench.start();
    for (unsigned n = static_cast<unsigned>(bench.random() % 600); n > 0; --n) bench.step();
    const auto resets = bench.reset_clocks;
    bench.set("soft_reset_i", 1);
    bench.set("start_i", i % 2);  // with reset in the same clock, start does nothing
    bench.step();
    bench.set("soft_reset_i", 0);
    bench.set("start_i", 0);
    INFO("reset " << i << ", seed " << tb::seed());
    REQUIRE(bench.text() == "resetting");
    unsigned clocks = 0;
    while (bench.text() == "resetting" && clocks++ < 5000) {
      if (bench.get("engine_reset_o") != 0) REQUIRE(bench.memory.idle());
      bench.step();
    }
    CHECK(bench.text() == "idle");
    CHECK(bench.reset_clocks - resets >= 2);
    CHECK(bench.status().commands_done == 0);
    CHECK(bench.get("flush_o") == 0);
    REQUIRE(random_programs(bench, 1) == "");
  }
}

TEST_CASE("sequencer: the watchdog names the stalled engine, its command and interface") {
  SequencerBench bench;
  calm(bench);
  auto legal = [&](Engine e) { return bench.commands.legal(e); };
  const auto end = EndCommand{}.encode();
  auto after = [&](const std::string& expected) {
    bench.set("watchdog_i", 300);
    const auto before = bench.clock;
    CHECK(bench.run(3000) == expected);
    CHECK(bench.clock - before > 300);
    clear_error(bench);
    bench.set("watchdog_i", 0);
    bench.memory.program = {legal(Engine::kLoad), end};
    CHECK(bench.run(5000) == "done");
  };
  for (unsigned e = 0; e < bench.engines.size(); ++e) {
    const auto engine = static_cast<Engine>(e + 1);
    const auto name = commands::to_string(engine);
    // Hangs in its second command, on the local buffer.
    bench.memory.program = {legal(engine), legal(engine), end};
    bench.engines[e].hang = true;
    bench.engines[e].waiting = 8;
    after(fmt::format("Watchdog {} 0 8", name));
    // Never takes a command, waiting for memory.
    bench.memory.program = {end, end};
    bench.memory.program[0] = legal(engine);
    bench.engines[e].refuse = true;
    bench.engines[e].waiting = 2;
    after(fmt::format("Watchdog {} 0 2", name));
    // Lacks a token, while another engine is done.
    bench.memory.program = {legal(Engine::kLoad), legal(Engine::kStore),
                            with_tokens(legal(engine), 1, 0), end};
    after(fmt::format("Watchdog {} 2 1", name));
  }
  bench.memory.program = {legal(Engine::kLoad), with_tokens(SyncCommand{}.encode(), 2, 0), end};
  after("Watchdog Sequencer 1 1");
  bench.memory.program = {legal(Engine::kLoad), with_tokens(end, 4, 0)};
  after("Watchdog Sequencer 1 1");
  // The fetch gets no answer: request taken, response due.
  bench.memory.program = {legal(Engine::kLoad), end};
  bench.set("watchdog_i", 300);
  bench.memory.options.hang = true;
  CHECK(bench.run(3000) == "Watchdog Sequencer 0 4");
  bench.memory.options.hang = false;
  clear_error(bench);
  // ... or is not even taken.
  bench.memory.options.ready_percent = 0;
  CHECK(bench.run(3000) == "Watchdog Sequencer 0 6");
  bench.memory.options.ready_percent = 100;
  clear_error(bench);
}

TEST_CASE("sequencer: a slow engine that reports progress is left alone") {
  SequencerBench bench;
  calm(bench);
  bench.set("watchdog_i", 50);
  bench.engines[2].done_percent = 1;  // 100 clocks a command, progress all the time
  bench.memory.program.assign(10, bench.commands.legal(Engine::kSpu));
  bench.memory.program.push_back(EndCommand{}.encode());
  CHECK(bench.run() == "done");
}

TEST_CASE("sequencer: seeded bugs are seen") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  tests::BugList list(2);
  for (const Bug& bug : {
           Bug{"rtl/sequencer/sequencer.sv", "seq_end", "ended_q && (&empty) && fetch_idle",
               "ended_q && (&empty[2:0]) && fetch_idle"},
           Bug{"rtl/sequencer/sequencer.sv", "seq_sync", "own_signal || (push & queue_ready) != '0",
               "is_sync || (push & queue_ready) != '0"},
           Bug{"rtl/sequencer/sequencer.sv", "seq_signal", "{queue_signal, own_signal}",
               "{queue_signal[4:1], obs_start_o[0], own_signal}"},
           Bug{"rtl/sequencer/token_file.sv", "seq_taken", "taken = taken | wait_mask",
               "taken = taken & wait_mask"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    SequencerBench bench("tiny", tests::seeded_bug(bug.file, bug.name, bug.find, bug.replace));
    CHECK(random_programs(bench, 300) != "");
  }
}
