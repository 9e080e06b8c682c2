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

/// Behind a value's place.
std::uint64_t place_end(const CompiledNetwork& compiled, const MemoryValue& memory) {
  const ChipValue& value = compiled.network.values.at(memory.value);
  // Whole blocks of rows are read of what takes the place of weights.
  const std::uint64_t margin = value.is_operand ? 63 : 0;
  return page_up(memory.region.address + memory.region.size + margin * 64);
}

/// Behind the values from place.base on.
std::uint64_t values_end(const CompiledNetwork& compiled) {
  std::uint64_t end = compiled.place.base;
  for (const MemoryValue& memory : compiled.memory) {
    if (memory.is_output && compiled.place.results) continue;
    end = std::max(end, place_end(compiled, memory));
  }
  return end;
}

}  // namespace

void place_values(CompiledNetwork& compiled, const std::vector<std::size_t>& values) {
  compiled.memory.clear();
  const std::optional<Region>& results = compiled.place.results;
  std::uint64_t next = compiled.place.base;
  for (const bool outputs : {false, true}) {
    if (outputs) {
      if (results) next = results->address;
      compiled.write_region.address = next;
    }
    for (const std::size_t index : values) {
      const ChipValue& value = compiled.network.values.at(index);
      if (value.producer.has_value() != outputs) continue;
      compiled.memory.push_back({index, {next, value.shape.words() * 64}, outputs});
      next = place_end(compiled, compiled.memory.back());
      require_room(next);
    }
  }
  compiled.write_region.size = next - compiled.write_region.address;
  if (results && compiled.write_region.size > results->size) {
    throw CompileError(fmt::format("results need {} bytes, their place has {}",
                                   compiled.write_region.size, results->size));
  }
  compiled.weight_region.address = compiled.place.weights.value_or(values_end(compiled));
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
  const std::uint64_t own_end = values_end(compiled);
  const std::uint64_t results_end = compiled.write_region.address + compiled.write_region.size;
  const std::uint64_t first = std::min(compiled.place.base, weights.address);
  compiled.read_region = {first, std::max({own_end, results_end, weights_end}) - first};
  std::uint64_t next = compiled.place.weights ? own_end : weights_end;
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
  std::uint64_t end =
      std::max(values_end(compiled), compiled.weight_region.address + compiled.weight_region.size);
  for (const ChipProgram& chip : compiled.programs) {
    end = std::max(end, page_up(chip.program.address +
                                chip.program.commands.size() * commands::kCommandBytes));
  }
  return end;
}

}  // namespace s4::sw
