// The chip as its host has it, and where a byte really lies in the devices.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sw/compiler/program.hpp"
#include "sw/driver/chip.hpp"

namespace s4::tests {

using ChipError = sw::DeviceError;
using sw::ChipOptions;
using tb::AxiHost;
using tb::AxilHost;

class ChipBench : public sw::Chip {
 public:
  explicit ChipBench(const std::string& config, const ChipOptions& options = {});

  /// Writes a program into memory, sets the regions of the subsystem and rings its doorbell. Leaves
  /// interrupts to the test.
  void start(unsigned subsystem, const sw::Program& program, sw::Region read_region,
             sw::Region write_region);
  /// Waits for the interrupt line, at most so many clocks.
  void wait_interrupt(std::uint64_t patience = 2000000);

  // What lies in the devices, where the address map says. The chip's write queues must be empty.
  [[nodiscard]] std::vector<std::uint8_t> device_bytes(std::uint64_t address, std::size_t size);
  /// Inverts a bit of the byte at an address, with or without error correction.
  void flip(std::uint64_t address, unsigned bit);
  [[nodiscard]] sim::LpddrChannel& channel(unsigned station, unsigned channel) {
    return channels().channel(station * channels().layout().channels + channel);
  }
};

}  // namespace s4::tests
