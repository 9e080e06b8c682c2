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
  std::uint64_t next = compiled.place.base;
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
  compiled.weight_region.address = compiled.place.weights.value_or(next);
}

std::map<std::size_t, std::uint64_t> value_addresses(const CompiledNetwork& compiled) {
  std::map<std::size_t, std::uint64_t> addresses;
  for (const MemoryValue& memory : compiled.memory) {
    addresses[memory.value] = memory.region.address;
  }
  for (std::size_t v = 0; v < compiled.network.values.size(); ++v) {
    const auto home = addresses.find(compiled.network.home(v));
    if (home != addresses.end()) addresses[v] = home->second;
  }
  return addresses;
}

void place_programs(CompiledNetwork& compiled) {
  compiled.weight_region.size = page_up(compiled.weights.size());
  const Region& weights = compiled.weight_region;
  const std::uint64_t weights_end = weights.address + weights.size;
  require_room(weights_end);
  const std::uint64_t values_end = compiled.write_region.address + compiled.write_region.size;
  const std::uint64_t first = std::min(compiled.place.base, weights.address);
  compiled.read_region = {first, std::max(values_end, weights_end) - first};
  std::uint64_t next = compiled.place.weights ? values_end : weights_end;
  for (ChipProgram& chip : compiled.programs) {
    if (chip.program.commands.size() > kMostCommands) {
      throw CompileError(fmt::format("program '{}': {} commands are more than a program can have",
                                     chip.program.name, chip.program.commands.size()));
    }
    chip.program.address = next;
    next = page_up(next + chip.program.commands.size() * commands::kCommandBytes);
    require_room(next);
  }
  const bool meets = weights.address < next && compiled.place.base < weights_end;
  if (compiled.place.weights && weights.size != 0 && meets) {
    throw CompileError(
        fmt::format("the place of the weights, {:#x}, lies in that of the network, {:#x} to {:#x}",
                    weights.address, compiled.place.base, next));
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
