// Register file of a subsystem: what the host writes, and what it reads back.
#pragma once

#include <array>
#include <cstdint>

#include "sim/config/gen/configuration.hpp"
#include "sim/memory_port/gen/memory_port.hpp"
#include "sim/registers/gen/counters.hpp"
#include "sim/registers/gen/registers.hpp"
#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// What stopped a program.
struct Fault {
  commands::Error code = commands::Error::kNone;
  commands::Engine engine = commands::Engine::kSequencer;
  std::uint32_t command = 0;  ///< index from the start of the program
  std::uint32_t info = 0;     ///< as in register ERROR_INFO
};

/// Memory of one context, in bytes: [base, limit).
struct Region {
  std::uint64_t read_base = 0;
  std::uint64_t read_limit = 0;
  std::uint64_t write_base = 0;
  std::uint64_t write_limit = 0;
};

/// The register map. RTL: rtl/registers/registers.sv.
/// Accesses to unmapped offsets throw std::out_of_range, where the hardware answers SLVERR;
/// writes to read-only registers are ignored.
class Registers {
 public:
  explicit Registers(const config::Configuration& config);

  void write(std::uint32_t offset, std::uint32_t value);
  [[nodiscard]] std::uint32_t read(std::uint32_t offset) const;

  // ---- to the sequencer ------------------------------------------------------------------------
  [[nodiscard]] bool start_pending() const { return start_pending_; }
  [[nodiscard]] bool reset_pending() const { return reset_pending_; }
  [[nodiscard]] std::uint64_t program_addr() const;
  [[nodiscard]] std::uint32_t program_count() const { return program_count_; }
  [[nodiscard]] Region region(std::uint32_t context) const;

  // ---- from the sequencer ----------------------------------------------------------------------
  /// Consumes the doorbell: the program runs, counters and commands_done start from 0.
  void begin();
  /// The program completed.
  void complete();
  /// The program stopped.
  void stop(const Fault& fault);
  /// Consumes the reset request: status and error are cleared.
  void clear_status();
  void count_command() { ++commands_done_; }
  void count(counters::Counter counter, std::uint64_t amount) {
    counters_[static_cast<std::size_t>(counter)] += amount;
  }

  // ---- status ----------------------------------------------------------------------------------
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool error() const { return error_; }
  [[nodiscard]] const Fault& fault() const { return fault_; }
  [[nodiscard]] std::uint32_t commands_done() const { return commands_done_; }
  [[nodiscard]] std::uint64_t counter(counters::Counter counter) const {
    return counters_[static_cast<std::size_t>(counter)];
  }
  [[nodiscard]] bool interrupt() const { return (irq_status_ & irq_enable_) != 0; }

 private:
  struct RegionPages {
    std::uint32_t read_base = registers::kReadBaseReset;
    std::uint32_t read_limit = registers::kReadLimitReset;
    std::uint32_t write_base = registers::kWriteBaseReset;
    std::uint32_t write_limit = registers::kWriteLimitReset;
  };

  [[nodiscard]] std::uint32_t status() const;

  std::uint64_t config_hash_;
  bool start_pending_ = false;
  bool reset_pending_ = false;
  bool busy_ = false;
  bool done_ = false;
  bool error_ = false;
  Fault fault_;
  std::uint32_t program_lo_ = registers::kProgramLoReset;
  std::uint32_t program_hi_ = registers::kProgramHiReset;
  std::uint32_t program_count_ = registers::kProgramCountReset;
  std::uint32_t watchdog_ = registers::kWatchdogReset;
  std::uint32_t irq_status_ = registers::kIrqStatusReset;
  std::uint32_t irq_enable_ = registers::kIrqEnableReset;
  std::uint32_t commands_done_ = 0;
  std::array<RegionPages, commands::kNumContexts> regions_{};
  std::array<std::uint64_t, counters::kNumCounters> counters_{};
};

}  // namespace s4::sim
