// The sequencer with a random memory behind its fetch port and random engines, and the judge of
// what it does at every handshake: payload, order, index, nothing under flush.
#pragma once
#include <fmt/format.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tb/seed.hpp"
#include "tests/sequencer/command_random.hpp"
#include "tests/sequencer/fetch_memory.hpp"

namespace s4::tests {

using commands::Engine;
using commands::Error;

/// One engine: takes commands when it likes, completes them in order after random times.
struct FakeEngine {
  std::string name;
  // Behaviour
  unsigned ready_percent = 60, done_percent = 20, capacity = 2;
  bool hang = false;     // never completes
  bool refuse = false;   // never takes a command
  unsigned waiting = 0;  // interfaces it claims to wait on
  int fail_index = -1;   // reports `fail_code` instead of completing this command
  Error fail_code = Error::kMemoryResponse;
  // State
  std::deque<std::uint32_t> held;  // indices of commands that it runs
  bool ready = false, done = false, failing = false;
};

class SequencerBench {
 public:
  struct Status {
    bool busy, done, error, resetting;
    Error code;
    Engine engine;
    std::uint32_t command, info, commands_done;
  };

  explicit SequencerBench(const std::string& config = "tiny", const tb::ModelOptions& options = {})
      : config_(configuration(config)),
        m_(tb::Model::load("sequencer", config, tb::Kind::kChecked, options)),
        random(tb::seed()),
        commands(config_, random),
        memory(*m_, "fetch_", random) {
    const char* names[] = {"load", "weights", "spu", "store", "activation"};
    for (unsigned e = 0; e < engines.size(); ++e) {
      engines[e].name = names[e];
      for (const char* port : {"_cmd_ready_i", "_done_i", "_error_valid_i", "_error_code_i",
                               "_progress_i", "_waiting_i"}) {
        set(names[e] + std::string(port), 0);
      }
    }
    for (const char* port : {"start_i", "soft_reset_i", "fetch_req_ready_i", "fetch_rsp_valid_i",
                             "mem_idle_i", "watchdog_i"}) {
      set(port, 0);
    }
    for (std::uint32_t n = 0; n < commands::kNumContexts; ++n) {
      const std::uint32_t page = n * kContextPages;
      m_->port("read_base_i").set_bits(n * 24, 24, page + kReadPage);
      m_->port("read_limit_i").set_bits(n * 25, 25, page + kReadPage + kRegionPages);
      m_->port("write_base_i").set_bits(n * 24, 24, page + kWritePage);
      m_->port("write_limit_i").set_bits(n * 25, 25, page + kWritePage + kRegionPages);
    }
    m_->reset();
  }

  void set(const std::string& port, std::uint64_t value) { m_->port(port).set(value); }
  [[nodiscard]] std::uint64_t get(const std::string& port) const { return m_->port(port).get(); }
  [[nodiscard]] tb::Model& m() { return *m_; }

  [[nodiscard]] Status status() const {
    return {get("busy_o") != 0,
            get("done_o") != 0,
            get("error_o") != 0,
            get("resetting_o") != 0,
            static_cast<Error>(get("error_code_o")),
            static_cast<Engine>(get("error_engine_o")),
            static_cast<std::uint32_t>(get("error_command_o")),
            static_cast<std::uint32_t>(get("error_info_o")),
            static_cast<std::uint32_t>(get("commands_done_o"))};
  }
  [[nodiscard]] std::string text() const {
    const Status s = status();
    if (s.busy) return "busy";
    if (s.resetting) return "resetting";
    if (s.error) {
      return fmt::format("{} {} {} {}", commands::to_string(s.code), commands::to_string(s.engine),
                         s.command, s.info);
    }
    return s.done ? "done" : "idle";
  }

  /// Doorbell with memory.program; `count` commands are announced.
  void start(std::uint32_t count) {
    memory.restart();
    set("program_addr_i", memory.base);
    set("program_count_i", count);
    set("start_i", 1);
    next_start_ = {};
    starts.assign(memory.program.size(), 0);
    dones.assign(memory.program.size(), 0);
    step();
    set("start_i", 0);
  }
  void start() { start(static_cast<std::uint32_t>(memory.program.size())); }

  /// Starts and runs until the program is over; its status as text.
  std::string run(unsigned limit = 200000) {
    start();
    return finish(limit);
  }
  std::string finish(unsigned limit = 200000) {
    for (unsigned clock = 0; clock < limit; ++clock) {
      if (!status().busy) return text();
      step();
    }
    return "hangs";
  }

  /// One clock.
  void step() {
    memory.drive();
    bool idle = memory.idle();
    for (auto& e : engines) {
      const bool flush = get("flush_o") != 0;
      e.ready = !e.refuse && !flush && e.held.size() < e.capacity && chance(e.ready_percent);
      e.failing = !e.held.empty() && static_cast<int>(e.held.front()) == e.fail_index;
      e.done = !e.held.empty() && !e.hang && !e.failing && chance(e.done_percent);
      set(e.name + "_cmd_ready_i", e.ready);
      set(e.name + "_done_i", e.done);
      set(e.name + "_error_valid_i", e.failing && chance(e.done_percent));
      set(e.name + "_error_code_i", static_cast<std::uint64_t>(e.fail_code));
      set(e.name + "_progress_i", e.done || (!e.hang && !e.held.empty()));
      set(e.name + "_waiting_i", e.waiting);
    }
    set("mem_idle_i", idle && chance(idle_percent));
    m_->eval();
    memory.sample();
    judge();
    m_->tick();
    ++clock;
    if (get("engine_reset_o") != 0) {
      for (auto& e : engines) e.held.clear();
      ++reset_clocks;
    }
  }

  std::array<FakeEngine, 5> engines;
  std::uint64_t clock = 0, reset_clocks = 0;
  unsigned idle_percent = 70;
  std::vector<std::uint64_t> starts, dones;  // clock of every command, 0: did not happen

 private:
  const config::Configuration& config_;
  std::unique_ptr<tb::Model> m_;

 public:
  std::mt19937_64 random;
  CommandRandom commands;
  FetchMemory memory;
  bool chance(unsigned percent) { return random() % 100 < percent; }

 private:
  [[noreturn]] void wrong(const std::string& what) const {
    throw std::runtime_error(fmt::format("{} in clock {}, seed {}", what, clock, tb::seed()));
  }

  [[nodiscard]] commands::SyncCommand header(std::size_t index) const {
    return commands::SyncCommand::decode(memory.program.at(index));
  }
  [[nodiscard]] Engine engine_of(std::size_t index) const {
    switch (header(index).opcode) {
      case commands::Opcode::kLoad:
        return Engine::kLoad;
      case commands::Opcode::kWeights:
        return Engine::kWeights;
      case commands::Opcode::kSpu:
        return Engine::kSpu;
      case commands::Opcode::kStore:
        return Engine::kStore;
      case commands::Opcode::kRows:
        return Engine::kActivation;
      default:
        return Engine::kSequencer;
    }
  }

  void judge() {
    const bool flush = get("flush_o") != 0;
    for (unsigned n = 0; n < engines.size(); ++n) {
      auto& e = engines[n];
      const bool start = get(e.name + "_cmd_valid_o") != 0 && e.ready;
      if ((get("obs_start_o") >> n & 1U) != (start ? 1U : 0U)) wrong("obs_start_o");
      if ((get("obs_done_o") >> n & 1U) != (e.done && !flush ? 1U : 0U)) wrong("obs_done_o");
      if (e.done && !flush) {
        if (m_->port("obs_done_index_o").bits(32 * n, 32) != e.held.front())
          wrong("obs_done_index_o");
        dones.at(e.held.front()) = clock + 1;
      }
      if (start) {
        if (flush) wrong("a start under flush_o");
        const auto index = static_cast<std::uint32_t>(get(e.name + "_index_o"));
        auto& next = next_start_[n];
        while (next < memory.program.size() && engine_of(next) != static_cast<Engine>(n + 1)) {
          ++next;
        }
        if (index != next) wrong(e.name + " starts the wrong command");
        commands::CommandBytes bytes;
        m_->port(e.name + "_cmd_o").get_bytes(bytes.data(), bytes.size());
        if (bytes != memory.program[index]) wrong(e.name + " got a wrong payload");
        if (m_->port("obs_index_o").bits(32 * n, 32) != index) wrong("obs_index_o");
        starts.at(index) = clock + 1;
        ++next;
      }
      if (e.done) e.held.pop_front();
      if (start) e.held.push_back(static_cast<std::uint32_t>(get(e.name + "_index_o")));
    }
  }

  std::array<std::size_t, 5> next_start_{};
};

}  // namespace s4::tests
