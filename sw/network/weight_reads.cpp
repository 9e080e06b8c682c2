#include "sw/network/weight_reads.hpp"

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {

std::vector<WeightRead> weight_reads(const Program& program) {
  std::vector<WeightRead> reads;
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const auto c = commands::WeightsCommand::decode(program.commands[i]);
    if (c.opcode != commands::Opcode::kWeights) continue;
    const std::uint64_t words = std::uint64_t{c.param_words} + c.index_words + c.value_words;
    reads.push_back({i, {c.mem_addr, words * c.count * 64}, c.dense != 0});
  }
  return reads;
}

}  // namespace s4::sw
