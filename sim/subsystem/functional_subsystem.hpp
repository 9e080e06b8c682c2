// The functional model of one subsystem: registers, sequencer, engines and local buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "sim/config/gen/configuration.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "sim/memory_port/memory.hpp"
#include "sim/registers/registers.hpp"
#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// Executes the program that the hardware executes, command by command, without time.
/// RTL: rtl/subsystem/subsystem.sv. Same registers, checks, errors and results; counters of words,
/// multiply-accumulates and array clocks count, those that need a clock read 0.
///
/// Use: write the registers as on the hardware, ring the doorbell (CONTROL.start), call run(),
/// read STATUS. The local buffer and the weight buffers keep their contents over programs.
class FunctionalSubsystem {
 public:
  /// `memory` is used by every run and must outlive the model.
  FunctionalSubsystem(const config::Configuration& config, Memory& memory);
  ~FunctionalSubsystem();
  FunctionalSubsystem(const FunctionalSubsystem&) = delete;
  FunctionalSubsystem& operator=(const FunctionalSubsystem&) = delete;

  /// Throws std::out_of_range at an unmapped offset. A write of CONTROL.reset acts at once.
  void write_register(std::uint32_t offset, std::uint32_t value);
  [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) const;

  /// Executes the program whose doorbell was rung, to completion or error; without a doorbell it
  /// does nothing. Returns whether a program ran.
  bool run();

  /// Called after every command of the row engine with its place in the program.
  using RowsObserver = std::function<void(std::uint32_t index, const commands::RowsCommand&)>;
  void observe_rows(RowsObserver observer);

  /// State behind the registers, for tests and reports.
  [[nodiscard]] const Registers& registers() const;
  [[nodiscard]] LocalBuffer& local_buffer();
  [[nodiscard]] const LocalBuffer& local_buffer() const;

 private:
  struct Blocks;
  std::unique_ptr<Blocks> blocks_;
};

}  // namespace s4::sim
