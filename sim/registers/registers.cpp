#include "sim/registers/registers.hpp"

#include <optional>
#include <stdexcept>
#include <string>

namespace s4::sim {

namespace {

namespace reg = s4::registers;

constexpr std::uint64_t kWindowPageBytes = 4096;

constexpr std::uint32_t mask(unsigned bits) {
  return bits >= 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << bits) - 1;
}

/// Which copy of a register that is repeated for every context lies at `offset`.
std::optional<std::uint32_t> context_of(std::uint32_t offset, std::uint32_t first,
                                        std::uint32_t stride) {
  if (offset < first || (offset - first) % stride != 0) return std::nullopt;
  const std::uint32_t context = (offset - first) / stride;
  if (context >= commands::kNumContexts) return std::nullopt;
  return context;
}

[[noreturn]] void unmapped(std::uint32_t offset) {
  throw std::out_of_range("registers: no register at offset " + std::to_string(offset));
}

}  // namespace

Registers::Registers(const config::Configuration& config) : config_hash_(config.hash) {}

std::uint32_t Registers::status() const {
  return (busy_ || start_pending_ ? 1U : 0U) << reg::kStatusBusyLsb |
         (done_ ? 1U : 0U) << reg::kStatusDoneLsb | (error_ ? 1U : 0U) << reg::kStatusErrorLsb |
         (reset_pending_ ? 1U : 0U) << reg::kStatusResettingLsb |
         static_cast<std::uint32_t>(fault_.code) << reg::kStatusErrorCodeLsb |
         static_cast<std::uint32_t>(fault_.engine) << reg::kStatusErrorEngineLsb;
}

void Registers::write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case reg::kControlOffset:
      if (((value >> reg::kControlResetLsb) & 1U) != 0) {
        reset_pending_ = true;
        start_pending_ = false;
      } else if (((value >> reg::kControlStartLsb) & 1U) != 0 && !busy_ && !error_) {
        start_pending_ = true;
      }
      return;
    case reg::kProgramLoOffset:
      program_lo_ = value;
      return;
    case reg::kProgramHiOffset:
      program_hi_ = value & mask(reg::kProgramHiAddrBits);
      return;
    case reg::kProgramCountOffset:
      program_count_ = value & mask(reg::kProgramCountCountBits);
      return;
    case reg::kWatchdogOffset:
      watchdog_ = value;
      return;
    case reg::kIrqStatusOffset:
      irq_status_ &= ~value;
      return;
    case reg::kIrqEnableOffset:
      irq_enable_ = value & (1U << reg::kIrqEnableDoneLsb | 1U << reg::kIrqEnableErrorLsb);
      return;
    default:
      break;
  }
  if (const auto n = context_of(offset, reg::kReadBaseOffset, reg::kReadBaseStride)) {
    regions_[*n].read_base = value & mask(reg::kReadBasePageBits);
  } else if (const auto n = context_of(offset, reg::kReadLimitOffset, reg::kReadLimitStride)) {
    regions_[*n].read_limit = value & mask(reg::kReadLimitPageBits);
  } else if (const auto n = context_of(offset, reg::kWriteBaseOffset, reg::kWriteBaseStride)) {
    regions_[*n].write_base = value & mask(reg::kWriteBasePageBits);
  } else if (const auto n = context_of(offset, reg::kWriteLimitOffset, reg::kWriteLimitStride)) {
    regions_[*n].write_limit = value & mask(reg::kWriteLimitPageBits);
  } else {
    (void)read(offset);  // read-only or unmapped
  }
}

std::uint32_t Registers::read(std::uint32_t offset) const {
  switch (offset) {
    case reg::kIdOffset:
      return reg::kIdReset;
    case reg::kVersionOffset:
      return reg::kVersionReset;
    case reg::kConfigHashLoOffset:
      return static_cast<std::uint32_t>(config_hash_);
    case reg::kConfigHashHiOffset:
      return static_cast<std::uint32_t>(config_hash_ >> 32);
    case reg::kControlOffset:
      return reg::kControlReset;
    case reg::kStatusOffset:
      return status();
    case reg::kErrorCommandOffset:
      return fault_.command;
    case reg::kErrorInfoOffset:
      return fault_.info;
    case reg::kProgramLoOffset:
      return program_lo_;
    case reg::kProgramHiOffset:
      return program_hi_;
    case reg::kProgramCountOffset:
      return program_count_;
    case reg::kWatchdogOffset:
      return watchdog_;
    case reg::kIrqStatusOffset:
      return irq_status_;
    case reg::kIrqEnableOffset:
      return irq_enable_;
    case reg::kCommandsDoneOffset:
      return commands_done_;
    default:
      break;
  }
  if (const auto n = context_of(offset, reg::kReadBaseOffset, reg::kReadBaseStride)) {
    return regions_[*n].read_base;
  }
  if (const auto n = context_of(offset, reg::kReadLimitOffset, reg::kReadLimitStride)) {
    return regions_[*n].read_limit;
  }
  if (const auto n = context_of(offset, reg::kWriteBaseOffset, reg::kWriteBaseStride)) {
    return regions_[*n].write_base;
  }
  if (const auto n = context_of(offset, reg::kWriteLimitOffset, reg::kWriteLimitStride)) {
    return regions_[*n].write_limit;
  }
  if (offset >= reg::kCounterOffset && offset % 4 == 0) {
    const std::size_t half = (offset - reg::kCounterOffset) / 4;
    if (half < 2 * counters::kNumCounters) {
      return static_cast<std::uint32_t>(counters_[half / 2] >> (half % 2 != 0 ? 32 : 0));
    }
  }
  unmapped(offset);
}

std::uint64_t Registers::program_addr() const {
  return static_cast<std::uint64_t>(program_hi_) << 32 | program_lo_;
}

Region Registers::region(std::uint32_t context) const {
  const RegionPages& pages = regions_.at(context);
  return {pages.read_base * kWindowPageBytes, pages.read_limit * kWindowPageBytes,
          pages.write_base * kWindowPageBytes, pages.write_limit * kWindowPageBytes};
}

void Registers::begin() {
  start_pending_ = false;
  busy_ = true;
  done_ = false;
  commands_done_ = 0;
  counters_.fill(0);
}

void Registers::complete() {
  busy_ = false;
  done_ = true;
  irq_status_ |= 1U << reg::kIrqStatusDoneLsb;
}

void Registers::stop(const Fault& fault) {
  busy_ = false;
  error_ = true;
  fault_ = fault;
  irq_status_ |= 1U << reg::kIrqStatusErrorLsb;
}

void Registers::clear_status() {
  reset_pending_ = false;
  busy_ = false;
  done_ = false;
  error_ = false;
  fault_ = {};
  commands_done_ = 0;
}

}  // namespace s4::sim
