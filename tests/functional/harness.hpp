// A subsystem of the functional model with a memory and a program, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "sim/memory_port/memory.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "sim/subsystem/functional_subsystem.hpp"
#include "tb/root.hpp"

namespace s4::test {

namespace reg = s4::registers;

/// Context 0 may read and write [0x10000, 0x8000000), context 1 nothing, context 2 may read
/// [0x20000, 0x30000) and write [0x28000, 0x30000).
struct Harness {
  static constexpr std::uint64_t kProgram = 0x1000;
  static constexpr std::uint64_t kBase = 0x10000;
  static constexpr std::uint64_t kLimit = 0x8000000;

  explicit Harness(const std::string& name = "tiny", std::uint64_t memory_bytes = 0x10000000)
      : config(s4::sim::load_configuration(s4::tb::root(), name)),
        memory(memory_bytes),
        subsystem(config, memory) {
    set_region(0, kBase, kLimit, kBase, kLimit);
    set_region(2, 0x20000, 0x30000, 0x28000, 0x30000);
  }

  void set_region(std::uint32_t context, std::uint64_t read_base, std::uint64_t read_limit,
                  std::uint64_t write_base, std::uint64_t write_limit) {
    const auto set = [&](std::uint32_t offset, std::uint64_t addr) {
      subsystem.write_register(offset + context * reg::kReadBaseStride,
                               static_cast<std::uint32_t>(addr >> 12));
    };
    set(reg::kReadBaseOffset, read_base);
    set(reg::kReadLimitOffset, read_limit);
    set(reg::kWriteBaseOffset, write_base);
    set(reg::kWriteLimitOffset, write_limit);
  }

  template <typename Command>
  Harness& add(const Command& command) {
    program.push_back(command.encode());
    return *this;
  }

  /// Places the program, rings the doorbell, runs; true if it completed. The program is then empty.
  bool run() {
    for (std::size_t i = 0; i < program.size(); ++i) {
      memory.write(program_addr + i * commands::kCommandBytes, program[i]);
    }
    subsystem.write_register(reg::kProgramLoOffset, static_cast<std::uint32_t>(program_addr));
    subsystem.write_register(reg::kProgramHiOffset, static_cast<std::uint32_t>(program_addr >> 32));
    subsystem.write_register(reg::kProgramCountOffset, static_cast<std::uint32_t>(program.size()));
    subsystem.write_register(reg::kControlOffset, 1U << reg::kControlStartLsb);
    subsystem.run();
    program.clear();
    return subsystem.registers().done();
  }

  void reset() { subsystem.write_register(reg::kControlOffset, 1U << reg::kControlResetLsb); }

  [[nodiscard]] const sim::Fault& fault() const { return subsystem.registers().fault(); }

  config::Configuration config;
  sim::SparseMemory memory;
  sim::FunctionalSubsystem subsystem;
  std::uint64_t program_addr = kProgram;
  std::vector<commands::CommandBytes> program;
};

/// A load or store of `words` words.
[[nodiscard]] inline commands::DmaCommand copy_words(commands::Opcode opcode, std::uint64_t mem,
                                                     std::uint32_t local, std::uint32_t words) {
  commands::DmaCommand command;
  command.opcode = opcode;
  command.mem_addr = mem;
  command.local_addr = local;
  command.count0 = words;
  command.count1 = command.count2 = command.count3 = 1;
  return command;
}

}  // namespace s4::test
