// What the parts of a step read and write, by their commands alone: independent of how the parts
// were made.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/network/split.hpp"

namespace s4::sw {
namespace {

using commands::DmaCommand;
using commands::Engine;

/// Sets of bytes.
class Bytes {
 public:
  void add(std::uint64_t begin, std::uint64_t size) {
    if (size != 0) list_.push_back({begin, begin + size});
  }
  /// The box of memory that a command copies.
  void add(const DmaCommand& c) {
    for (std::uint64_t i3 = 0; i3 < c.count3; ++i3) {
      for (std::uint64_t i2 = 0; i2 < c.count2; ++i2) {
        for (std::uint64_t i1 = 0; i1 < c.count1; ++i1) {
          add(c.mem_addr + i1 * c.mem_stride1 + i2 * c.mem_stride2 + i3 * c.mem_stride3,
              64 * std::uint64_t{c.count0});
        }
      }
    }
  }
  /// In order, without overlaps.
  void sort() {
    std::sort(list_.begin(), list_.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    std::vector<Range> merged;
    for (const Range& range : list_) {
      if (!merged.empty() && range.begin <= merged.back().end) {
        merged.back().end = std::max(merged.back().end, range.end);
      } else {
        merged.push_back(range);
      }
    }
    list_ = std::move(merged);
  }
  /// The first byte of both, which are sorted.
  [[nodiscard]] std::optional<std::uint64_t> common(const Bytes& other) const {
    for (std::size_t i = 0, k = 0; i < list_.size() && k < other.list_.size();) {
      const Range &a = list_[i], &b = other.list_[k];
      if (a.begin < b.end && b.begin < a.end) return std::max(a.begin, b.begin);
      ++(a.end <= b.begin ? i : k);
    }
    return std::nullopt;
  }
  void add(const Bytes& other) {
    list_.insert(list_.end(), other.list_.begin(), other.list_.end());
  }
  [[nodiscard]] bool operator==(const Bytes&) const = default;

 private:
  struct Range {
    std::uint64_t begin = 0, end = 0;
    [[nodiscard]] bool operator==(const Range&) const = default;
  };
  std::vector<Range> list_;
};

struct Access {
  Bytes reads, writes;
};

Access accesses(const SplitNetwork& split, const SplitStep& step, const SplitPart& part) {
  const CompiledNetwork& compiled = split.compiled;
  const Program& program = compiled.programs.at(part.program).program;
  Access access;
  access.reads.add(program.address, program.commands.size() * commands::kCommandBytes);
  // Of an operand whole blocks of rows are read, beyond its end too.
  for (const std::size_t layer : step.layers) {
    const std::optional<std::size_t> operand = compiled.network.layers[layer].operand;
    for (const MemoryValue& memory : compiled.memory) {
      if (!operand || memory.value != compiled.network.home(*operand)) continue;
      access.reads.add(memory.region.address, memory.region.size + 63 * 64);
    }
  }
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const Engine engine = program.info.at(i).engine;
    if (engine == Engine::kLoad) access.reads.add(DmaCommand::decode(program.commands[i]));
    if (engine == Engine::kStore) access.writes.add(DmaCommand::decode(program.commands[i]));
    if (engine != Engine::kWeights) continue;
    const auto c = commands::WeightsCommand::decode(program.commands[i]);
    if (c.dense != 0) continue;
    access.reads.add(c.mem_addr,
                     64 * std::uint64_t{c.count} * (c.param_words + c.index_words + c.value_words));
  }
  access.reads.sort();
  access.writes.sort();
  return access;
}

}  // namespace

std::string find_conflict(const SplitNetwork& split, const SplitStep& step) {
  const CompiledNetwork& compiled = split.compiled;
  const std::string name = compiled.network.layers[step.layers.front()].layer.name;
  std::vector<Access> list;
  for (const SplitPart& part : step.parts) list.push_back(accesses(split, step, part));
  Bytes written;
  for (std::size_t a = 0; a < list.size(); ++a) {
    written.add(list[a].writes);
    for (std::size_t b = 0; b < list.size(); ++b) {
      if (a == b) continue;
      if (const auto at = list[a].writes.common(list[b].writes)) {
        return fmt::format("layer '{}': parts {} and {} both write {:#x}", name, a, b, *at);
      }
      if (const auto at = list[a].writes.common(list[b].reads)) {
        return fmt::format("layer '{}': part {} reads {:#x}, which part {} writes", name, b, *at,
                           a);
      }
    }
  }
  written.sort();
  std::set<std::size_t> values;
  for (const SplitPart& part : step.parts) {
    const ChipProgram& chip = compiled.programs.at(part.program);
    values.insert(chip.outputs.begin(), chip.outputs.end());
  }
  Bytes due;
  for (const MemoryValue& memory : compiled.memory) {
    if (values.erase(memory.value) != 0) due.add(memory.region.address, memory.region.size);
  }
  due.sort();
  if (values.empty() && written == due) return "";
  return fmt::format("layer '{}': its parts do not write just its output", name);
}

}  // namespace s4::sw
