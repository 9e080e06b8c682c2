#include "sw/network/weight_reads.hpp"

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {

std::vector<WeightRead> weight_reads(const Program& program) {
  std::vector<WeightRead> reads;
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const auto c = commands::WeightsCommand::decode(program.commands[i]);
    if (c.opcode != commands::Opcode::kWeights || c.from_local != 0) continue;
    const std::uint64_t words = std::uint64_t{c.param_words} + c.index_words + c.value_words;
    reads.push_back({i,
                     {c.mem_addr, words * c.count * 64},
                     c.dense != 0,
                     std::uint64_t{c.param_words} * c.count * 64});
  }
  return reads;
}

SectionBytes section_bytes(std::span<const ChipProgram> programs, const Region& region) {
  SectionBytes sum;
  for (const ChipProgram& chip : programs) {
    for (const WeightRead& read : weight_reads(chip.program)) {
      if (read.dense) continue;
      sum.weights += read.region.size - read.parameter_bytes;
      sum.parameters += read.parameter_bytes;
    }
    for (const commands::CommandBytes& bytes : chip.program.commands) {
      const auto c = commands::DmaCommand::decode(bytes);
      if (c.opcode != commands::Opcode::kLoad || c.mem_addr < region.address) continue;
      if (c.mem_addr - region.address >= region.size) continue;
      sum.parameters += std::uint64_t{64} * c.count0 * c.count1 * c.count2 * c.count3;
    }
  }
  return sum;
}

}  // namespace s4::sw
