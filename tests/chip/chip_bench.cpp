#include "tests/chip/chip_bench.hpp"

#include "sim/registers/gen/registers.hpp"
#include "sw/driver/configuration.hpp"

namespace s4::tests {

ChipBench::ChipBench(const std::string& config, const ChipOptions& options)
    : Chip(sw::find_configuration(config), options) {}

std::vector<std::uint8_t> ChipBench::device_bytes(std::uint64_t address, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  channels().read(address, bytes);
  return bytes;
}

void ChipBench::flip(std::uint64_t address, unsigned bit) {
  channels().flip(address / 8 * 8, static_cast<unsigned>(address % 8 * 8 + bit));
}

void ChipBench::start(unsigned subsystem, const sw::Program& program, sw::Region read_region,
                      sw::Region write_region) {
  std::vector<std::uint8_t> image;
  for (const auto& command : program.commands) {
    image.insert(image.end(), command.begin(), command.end());
  }
  write(program.address, image);
  const auto page = [](std::uint64_t address) {
    return static_cast<std::uint32_t>(address / 4096);
  };
  const unsigned own = subsystem + 1;
  set(own, registers::kReadBaseOffset, page(read_region.address));
  set(own, registers::kReadLimitOffset, page(read_region.address + read_region.size));
  set(own, registers::kWriteBaseOffset, page(write_region.address));
  set(own, registers::kWriteLimitOffset, page(write_region.address + write_region.size));
  set(own, registers::kProgramLoOffset, static_cast<std::uint32_t>(program.address));
  set(own, registers::kProgramHiOffset, static_cast<std::uint32_t>(program.address >> 32));
  set(own, registers::kProgramCountOffset, static_cast<std::uint32_t>(program.commands.size()));
  set(own, registers::kIrqStatusOffset, 3);
  set(own, registers::kIrqEnableOffset, 3);
  set(own, registers::kControlOffset, 1U << registers::kControlStartLsb);
}

void ChipBench::wait_interrupt(std::uint64_t patience) {
  for (const std::uint64_t begin = cycle(); !interrupt();) {
    if (cycle() - begin > patience) throw ChipError("no interrupt");
    clock();
  }
}

}  // namespace s4::tests
