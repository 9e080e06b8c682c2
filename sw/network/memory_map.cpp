#include "sw/network/memory_map.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sw {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kAddressSpace = std::uint64_t{1} << 36;
constexpr std::size_t kMostCommands = (std::size_t{1} << 24) - 1;

std::uint64_t page_up(std::uint64_t address) { return (address + kPage - 1) / kPage * kPage; }

void require_room(std::uint64_t end) {
  if (end <= kAddressSpace) return;
  throw CompileError(
      fmt::format("the network needs {} bytes of memory, more than the address space", end));
}

}  // namespace

void place_values(CompiledNetwork& compiled, const std::vector<std::size_t>& values) {
  compiled.memory.clear();
  std::uint64_t next = compiled.read_region.address;
  for (const bool outputs : {false, true}) {
    if (outputs) compiled.write_region.address = next;
    for (const std::size_t index : values) {
      const ChipValue& value = compiled.network.values.at(index);
      if (value.producer.has_value() != outputs) continue;
      // Whole blocks of rows are read of what takes the place of weights.
      const std::uint64_t margin = value.is_operand ? 63 : 0;
      compiled.memory.push_back({index, {next, value.shape.words() * 64}, outputs});
      next = page_up(next + (value.shape.words() + margin) * 64);
      require_room(next);
    }
  }
  compiled.write_region.size = next - compiled.write_region.address;
  compiled.weight_region.address = next;
}

void place_programs(CompiledNetwork& compiled) {
  compiled.weight_region.size = page_up(compiled.weights.size());
  std::uint64_t next = compiled.weight_region.address + compiled.weight_region.size;
  compiled.read_region.size = next - compiled.read_region.address;
  for (ChipProgram& chip : compiled.programs) {
    if (chip.program.commands.size() > kMostCommands) {
      throw CompileError(fmt::format("program '{}': {} commands are more than a program can have",
                                     chip.program.name, chip.program.commands.size()));
    }
    chip.program.address = next;
    next = page_up(next + chip.program.commands.size() * commands::kCommandBytes);
    require_room(next);
  }
}

std::uint64_t memory_end(const CompiledNetwork& compiled) {
  std::uint64_t end = compiled.read_region.address + compiled.read_region.size;
  for (const ChipProgram& chip : compiled.programs) {
    end = std::max(end, page_up(chip.program.address +
                                chip.program.commands.size() * commands::kCommandBytes));
  }
  return end;
}

}  // namespace s4::sw
