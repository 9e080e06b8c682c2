#include "sw/driver/device.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "sim/registers/gen/registers.hpp"

namespace s4::sw {
namespace {

constexpr std::uint32_t kStart = 1U << registers::kControlStartLsb;
constexpr std::uint32_t kIdentity = 1395933489;  // "S4A1", the reset value of ID

std::uint32_t field(std::uint32_t value, unsigned lsb, unsigned bits) {
  return (value >> lsb) & (bits >= 32 ? ~0U : (1U << bits) - 1);
}

void check_pages(const Region& region, const char* what) {
  if (region.address % 4096 != 0 || region.size % 4096 != 0) {
    throw DeviceError(fmt::format("{} region is not made of whole pages", what));
  }
}

/// The bits of ERROR_INFO after a watchdog error.
std::string interfaces(std::uint32_t info) {
  constexpr const char* kNames[] = {"token",        "memory request", "memory response",
                                    "local buffer", "weight buffer",  "accumulators"};
  std::string text;
  for (unsigned bit = 0; bit < std::size(kNames); ++bit) {
    if (((info >> bit) & 1U) != 0) text += (text.empty() ? "" : ", ") + std::string(kNames[bit]);
  }
  return text.empty() ? "nothing outside the engine" : text;
}

}  // namespace

std::string RunResult::describe() const {
  if (timeout) return "the host gave up waiting";
  if (!error) return done ? "completed" : "did not complete";
  const std::string waits = error_code == commands::Error::kWatchdog
                                ? fmt::format(" (waits on: {})", interfaces(error_info))
                                : "";
  return fmt::format("error {} in engine {}, command {}, info {}{}", to_string(error_code),
                     to_string(error_engine), error_command, error_info, waits);
}

RunResult Device::run(const Program& program, std::uint64_t config_hash,
                      const RunRequest& request) {
  prepare(program, config_hash, request);
  start();
  const bool stopped = wait(request.progress);
  RunResult result = collect();
  result.timeout = !stopped;
  return result;
}

void Device::prepare(const Program& program, std::uint64_t config_hash, const RunRequest& request) {
  if (read_register(registers::kIdOffset) != kIdentity) {
    throw DeviceError(fmt::format("{}: no subsystem answers at the registers", name()));
  }
  const std::uint64_t hash = read_register(registers::kConfigHashLoOffset) |
                             (std::uint64_t{read_register(registers::kConfigHashHiOffset)} << 32);
  if (hash != config_hash) {
    throw DeviceError(fmt::format(
        "program '{}' is for the configuration with hash {:016x}, the {} device is {:016x} ({})",
        program.name, config_hash, name(), hash, configuration().name));
  }
  check_pages(request.read_region, "read");
  check_pages(request.write_region, "write");
  std::vector<std::uint8_t> image;
  image.reserve(program.commands.size() * commands::kCommandBytes);
  for (const auto& command : program.commands) {
    image.insert(image.end(), command.begin(), command.end());
  }
  write_memory(program.address, image);

  const auto page = [](std::uint64_t address) {
    return static_cast<std::uint32_t>(address / 4096);
  };
  write_register(registers::kReadBaseOffset, page(request.read_region.address));
  write_register(registers::kReadLimitOffset,
                 page(request.read_region.address + request.read_region.size));
  write_register(registers::kWriteBaseOffset, page(request.write_region.address));
  write_register(registers::kWriteLimitOffset,
                 page(request.write_region.address + request.write_region.size));
  write_register(registers::kProgramLoOffset, static_cast<std::uint32_t>(program.address));
  write_register(registers::kProgramHiOffset, static_cast<std::uint32_t>(program.address >> 32));
  write_register(registers::kProgramCountOffset,
                 static_cast<std::uint32_t>(program.commands.size()));
  write_register(registers::kWatchdogOffset, request.watchdog);
  write_register(registers::kIrqStatusOffset, 3);
  write_register(registers::kIrqEnableOffset, 3);
}

void Device::start() {
  begin_cycle_ = now();
  begin_time_ = std::chrono::steady_clock::now();
  write_register(registers::kControlOffset, kStart);
}

RunResult Device::collect() {
  RunResult result;
  result.begin_cycle = begin_cycle_;
  result.wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_time_).count();
  result.timeline = take_timeline();
  result.first_weight = take_first_weight();

  const std::uint32_t status = read_register(registers::kStatusOffset);
  result.done = field(status, registers::kStatusDoneLsb, registers::kStatusDoneBits) != 0;
  result.error = field(status, registers::kStatusErrorLsb, registers::kStatusErrorBits) != 0;
  result.error_code = static_cast<commands::Error>(
      field(status, registers::kStatusErrorCodeLsb, registers::kStatusErrorCodeBits));
  result.error_engine = static_cast<commands::Engine>(
      field(status, registers::kStatusErrorEngineLsb, registers::kStatusErrorEngineBits));
  result.error_command = read_register(registers::kErrorCommandOffset);
  result.error_info = read_register(registers::kErrorInfoOffset);
  result.commands_done = read_register(registers::kCommandsDoneOffset);
  for (std::uint32_t i = 0; i < counters::kNumCounters; ++i) {
    const std::uint32_t offset = registers::kCounterOffset + 8 * i;
    result.counters[i] = read_register(offset) | (std::uint64_t{read_register(offset + 4)} << 32);
  }
  write_register(registers::kIrqStatusOffset, 3);
  return result;
}

}  // namespace s4::sw
