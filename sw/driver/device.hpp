// One subsystem as the host sees it: memory, registers, and programs that run.
// Backends: FunctionalDevice (no clock) and RtlDevice (the verilated chip). Both take the same
// memory image and the same command stream.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sim/registers/gen/counters.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "sw/compiler/program.hpp"

namespace s4::sw {

/// The device cannot do what was asked; the text says what and why.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A command on an engine, in clocks of the device since its power-up; end is exclusive.
struct TimelineEvent {
  commands::Engine engine = commands::Engine::kSequencer;
  std::uint32_t command = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct RunResult {
  bool done = false;     ///< completed without error
  bool error = false;    ///< stopped by the device with an error
  bool timeout = false;  ///< the host gave up
  commands::Error error_code = commands::Error::kNone;
  commands::Engine error_engine = commands::Engine::kSequencer;
  std::uint32_t error_command = 0;
  std::uint32_t error_info = 0;
  std::uint32_t commands_done = 0;
  std::array<std::uint64_t, counters::kNumCounters> counters{};
  std::uint64_t begin_cycle = 0;  ///< device clock at the doorbell
  double wall_s = 0;              ///< host seconds from doorbell to completion
  std::vector<TimelineEvent> timeline;
  /// Device clock in which the weight engine got its first beat; ideal memory of the RTL only.
  std::optional<std::uint64_t> first_weight;

  [[nodiscard]] std::uint64_t counter(counters::Counter c) const {
    return counters[static_cast<std::size_t>(c)];
  }
  /// Clocks from doorbell to completion; 0 on a device without a clock.
  [[nodiscard]] std::uint64_t cycles() const { return counter(counters::Counter::kCycles); }
  /// "error MemoryRange in engine Load, command 3, info 16", or "completed".
  [[nodiscard]] std::string describe() const;
};

/// What a running program reports: clocks so far. Returning false stops it (timeout).
using Progress = std::function<bool(std::uint64_t cycles)>;

struct RunRequest {
  Region read_region;   ///< of context 0, whole pages
  Region write_region;  ///< of context 0, whole pages
  std::uint32_t watchdog = 100000;
  Progress progress;  ///< called now and then; may be empty
};

class Device {
 public:
  virtual ~Device() = default;

  [[nodiscard]] virtual const char* name() const = 0;
  [[nodiscard]] virtual const config::Configuration& configuration() const = 0;
  /// Engines, tokens and status to their initial state; memory stays.
  virtual void reset() = 0;
  virtual void write_register(std::uint32_t offset, std::uint32_t value) = 0;
  [[nodiscard]] virtual std::uint32_t read_register(std::uint32_t offset) = 0;
  /// Memory as the host writes and reads it, outside of time.
  virtual void write_memory(std::uint64_t address, std::span<const std::uint8_t> bytes) = 0;
  virtual void read_memory(std::uint64_t address, std::span<std::uint8_t> bytes) = 0;

  /// Writes the program to memory, sets regions and watchdog, rings the doorbell, waits, and reads
  /// status and counters. Throws DeviceError if the program is for another configuration.
  [[nodiscard]] RunResult run(const Program& program, std::uint64_t config_hash,
                              const RunRequest& request);

  // The same in steps, for several devices of a chip at the same time: prepare all but the
  // doorbell, start by it, then wait for the end of the program, then collect what came of it.
  void prepare(const Program& program, std::uint64_t config_hash, const RunRequest& request);
  void start();
  /// Returns when the program has stopped, false if `progress` gave up.
  virtual bool wait(const Progress& progress) = 0;
  [[nodiscard]] RunResult collect();
  /// While a program runs: the command that computes, as far as the device knows.
  [[nodiscard]] virtual std::optional<std::uint32_t> computing() const { return std::nullopt; }

 protected:
  /// Device clock; 0 without one.
  [[nodiscard]] virtual std::uint64_t now() const { return 0; }
  /// Events since the doorbell.
  [[nodiscard]] virtual std::vector<TimelineEvent> take_timeline() { return {}; }
  [[nodiscard]] virtual std::optional<std::uint64_t> take_first_weight() { return {}; }

 private:
  std::uint64_t begin_cycle_ = 0;  // of the last doorbell
  std::chrono::steady_clock::time_point begin_time_;
};

}  // namespace s4::sw
