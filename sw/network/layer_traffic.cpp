#include "sw/network/layer_traffic.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <set>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/network/local_peak.hpp"
#include "sw/network/weight_reads.hpp"

namespace s4::sw {
namespace {

using commands::DmaCommand;
using commands::Opcode;

std::uint64_t bytes_of(const DmaCommand& c) {
  return kBeatBytes * c.count0 * c.count1 * c.count2 * c.count3;
}

template <typename Each>  // each(address, bytes)
void rows_of(const DmaCommand& c, Each each) {
  for (std::uint64_t i3 = 0; i3 < c.count3; ++i3) {
    for (std::uint64_t i2 = 0; i2 < c.count2; ++i2) {
      for (std::uint64_t i1 = 0; i1 < c.count1; ++i1) {
        each(c.mem_addr + i1 * c.mem_stride1 + i2 * c.mem_stride2 + i3 * c.mem_stride3,
             kBeatBytes * c.count0);
      }
    }
  }
}

class LayerTraffic {
 public:
  LayerTraffic(const CompiledNetwork& compiled, const TrafficMap& map, std::uint64_t local_words);

  void add(const Program& program, const Runner& runner);
  [[nodiscard]] LayerBytes layer(std::size_t l) const {
    return {traffic_[l].bytes_read(), traffic_[l].bytes_written(), traffic_[l].ring_bytes(),
            spills_[l], peaks_[l]};
  }
  [[nodiscard]] Traffic total() const;

 private:
  void add_copy(const DmaCommand& c, std::size_t layer, const Runner& runner);
  void add_weights(const WeightRead& read, const Runner& runner, Traffic& into) const;
  /// The value of a layer that lies at this address; nothing if there is none.
  [[nodiscard]] std::optional<std::size_t> made_at(std::uint64_t address) const;
  void find_spilled();

  const CompiledNetwork& compiled_;
  const TrafficMap& map_;
  std::uint64_t local_words_;
  std::set<std::size_t> spilled_;  // values that a layer makes and a program loads
  std::vector<Traffic> traffic_;   // by layer, as all below
  std::vector<std::uint64_t> spills_, peaks_;
};

LayerTraffic::LayerTraffic(const CompiledNetwork& compiled, const TrafficMap& map,
                           std::uint64_t local_words)
    : compiled_(compiled),
      map_(map),
      local_words_(local_words),
      traffic_(compiled.network.layers.size(), map.none()),
      spills_(compiled.network.layers.size(), 0),
      peaks_(compiled.network.layers.size(), 0) {
  find_spilled();
}

std::optional<std::size_t> LayerTraffic::made_at(std::uint64_t address) const {
  for (const MemoryValue& memory : compiled_.memory) {
    if (!memory.is_output || address < memory.region.address) continue;
    if (address - memory.region.address < memory.region.size) return memory.value;
  }
  return std::nullopt;
}

void LayerTraffic::find_spilled() {
  for (const ChipProgram& chip : compiled_.programs) {
    for (const commands::CommandBytes& bytes : chip.program.commands) {
      const DmaCommand c = DmaCommand::decode(bytes);
      if (c.opcode != Opcode::kLoad) continue;
      if (const auto value = made_at(c.mem_addr)) spilled_.insert(*value);
    }
  }
}

void LayerTraffic::add(const Program& program, const Runner& runner) {
  const std::uint32_t self = std::uint32_t{1} << runner.station;
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const std::size_t layer = program.info.at(i).layer;
    map_.read(self, program.address + i * commands::kCommandBytes, commands::kCommandBytes,
              traffic_.at(layer));
    const DmaCommand c = DmaCommand::decode(program.commands[i]);
    if (c.opcode == Opcode::kLoad || c.opcode == Opcode::kStore) add_copy(c, layer, runner);
  }
  for (const WeightRead& read : weight_reads(program)) {
    add_weights(read, runner, traffic_.at(program.info.at(read.command).layer));
  }
  const std::vector<std::uint64_t> peaks = local_peaks(program, peaks_.size(), local_words_);
  for (std::size_t l = 0; l < peaks.size(); ++l) peaks_[l] = std::max(peaks_[l], peaks[l]);
}

void LayerTraffic::add_copy(const DmaCommand& c, std::size_t layer, const Runner& runner) {
  const std::uint32_t self = std::uint32_t{1} << runner.station;
  Traffic& into = traffic_.at(layer);
  rows_of(c, [&](std::uint64_t address, std::uint64_t size) {
    if (c.opcode == Opcode::kStore) {
      map_.write(runner.station, address, size, into);
    } else {
      map_.read(self, address, size, into);
    }
  });
  const auto value = made_at(c.mem_addr);
  if (value && spilled_.count(*value) != 0) spills_.at(layer) += bytes_of(c);
}

void LayerTraffic::add_weights(const WeightRead& read, const Runner& runner, Traffic& into) const {
  const std::uint32_t self = std::uint32_t{1} << runner.station;
  const bool joint = !read.dense && (runner.joined & self) != 0 &&
                     read.region.address >= runner.joint.address &&
                     read.region.address - runner.joint.address < runner.joint.size;
  const bool leads = static_cast<unsigned>(std::countr_zero(runner.joined)) == runner.station;
  if (joint && !leads) return;
  map_.read(joint ? runner.joined : self, read.region.address, read.region.size, into);
}

Traffic LayerTraffic::total() const {
  Traffic sum = map_.none();
  for (const Traffic& layer : traffic_) sum += layer;
  return sum;
}

}  // namespace

Traffic count_layers(const CompiledNetwork& compiled, const std::vector<Runner>& runners,
                     const TrafficMap& map, std::uint64_t local_words, NetworkReport& report,
                     std::size_t first) {
  LayerTraffic traffic(compiled, map, local_words);
  for (std::size_t p = first; p < compiled.programs.size(); ++p) {
    traffic.add(compiled.programs[p].program, runners.at(p));
  }
  for (std::size_t l = 0; l < report.layers.size(); ++l) report.layers[l].bytes = traffic.layer(l);
  report.on_ring = map.has_ring();
  return traffic.total();
}

}  // namespace s4::sw
