#include "sw/network/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "sw/activation/row_layer.hpp"
#include "sw/network/memory_map.hpp"

namespace s4::sw {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
/// Bytes per clock of the two channels of a station.
constexpr std::uint64_t kStationBytes = 16;

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

class Splitter {
 public:
  Splitter(Network network, const config::Configuration& config, const SplitOptions& options)
      : config_(config), options_(options) {
    out_.subsystems = options.subsystems != 0 ? options.subsystems : config.num_subsystems;
    CompiledNetwork& compiled = out_.compiled;
    compiled.network = std::move(network);
    compiled.config_name = config.name;
    compiled.config_hash = config.hash;
    compiled.read_region.address = options.base;
  }

  SplitNetwork run() {
    place_memory();
    for (const std::vector<std::size_t>& run : network().runs) {
      for (const std::size_t layer : run) add_step(layer);
    }
    place_programs(out_.compiled);
    require_memory();
    for (const SplitStep& step : out_.steps) {
      const std::string conflict = find_conflict(out_, step);
      if (!conflict.empty()) throw std::logic_error(conflict);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Network& network() const { return out_.compiled.network; }
  [[nodiscard]] const ChipLayer& layer(std::size_t l) const { return network().layers[l]; }
  [[nodiscard]] std::uint64_t address(std::size_t value) const { return memory_.at(value).address; }

  /// Everything that a layer reads or writes lies in memory.
  void place_memory() {
    std::vector<bool> used(network().values.size(), false);
    for (const ChipLayer& l : network().layers) {
      used[l.input] = used[l.output] = true;
      if (l.second) used[*l.second] = true;
      if (l.operand) used[*l.operand] = true;
    }
    std::vector<std::size_t> values;
    for (std::size_t v = 0; v < used.size(); ++v) {
      if (used[v]) values.push_back(v);
    }
    place_values(out_.compiled, values);
    for (const MemoryValue& memory : out_.compiled.memory) memory_[memory.value] = memory.region;
  }

  void require_memory() const {
    const std::uint64_t end = memory_end(out_.compiled);
    if (end <= options_.memory_bytes) return;
    throw NetworkError(fmt::format("the network needs {} bytes of memory, the chip has {}", end,
                                   options_.memory_bytes));
  }

  std::uint64_t next_weights() {
    CompiledNetwork& compiled = out_.compiled;
    compiled.weights.resize(round_up(compiled.weights.size(), 64));
    return compiled.weight_region.address + compiled.weights.size();
  }
  std::uint64_t place_weights(const std::vector<std::uint8_t>& bytes) {
    const std::uint64_t at = next_weights();
    out_.compiled.weights.insert(out_.compiled.weights.end(), bytes.begin(), bytes.end());
    return at;
  }

  [[nodiscard]] CutChoice chosen(const Layer& layer) const {
    if (options_.forced != Cut::kNone) {
      CutChoice forced = try_cut(layer, config_, options_.forced, out_.subsystems);
      if (!forced.parts.empty()) {
        forced.whole = try_cut(layer, config_, Cut::kNone, 1).predicted;
        return forced;
      }
    }
    return choose(layer, config_, out_.subsystems);
  }

  void add_step(std::size_t l) {
    const CutChoice choice = chosen(layer(l).layer);
    SplitStep step;
    step.layer = l;
    step.cut = choice.cut;
    step.predicted = choice.predicted;
    step.whole = choice.whole;
    shared_.clear();
    const std::vector<std::uint8_t> parameters = layer_parameters(layer(l).layer);
    if (!parameters.empty()) parameters_ = place_weights(parameters);
    for (std::size_t n = 0; n < choice.parts.size(); ++n) {
      const LayerPart& part = choice.parts[n];
      ChipProgram chip =
          part.layer.rows ? rows_part(l, part) : array_part(l, part, choice.costs[n]);
      finish(l, part, n, choice.costs[n], chip);
      SplitPart made;
      made.subsystem = static_cast<unsigned>(n);
      made.program = out_.compiled.programs.size();
      made.begin = part.begin;
      made.end = part.end;
      made.predicted = choice.costs[n].estimate.cycles;
      const Region& output = memory_.at(layer(l).output);
      made.write_region = {output.address, round_up(output.size, kPage)};
      step.parts.push_back(made);
      out_.compiled.programs.push_back(std::move(chip));
    }
    out_.steps.push_back(std::move(step));
  }

  /// A part by the array.
  ChipProgram array_part(std::size_t l, const LayerPart& part, const PartCost& cost) {
    const ChipLayer& whole = layer(l);
    LayerPlace place;
    place.input = address(whole.input) + 64 * part.input;
    if (whole.second) place.second = address(*whole.second) + 64 * part.output;
    if (whole.operand) place.operand = address(*whole.operand);
    place.output = address(whole.output) + 64 * part.output;
    place.table = parameters_;
    place.input_rows = part.input_rows;
    place.output_rows = part.output_rows;
    // Parts of rows have the same weights, and in the same array shape the same stream of them.
    const auto known = shared_.find(cost.plan.shape);
    const bool shares = part.cut == Cut::kRows && known != shared_.end();
    place.weights = shares ? known->second : next_weights();
    CompileOptions options;
    options.allow_wrap = true;
    options.place = place;
    CompiledLayer compiled = compile_layer(part.layer, config_, options);
    const std::vector<std::uint8_t>& bytes = compiled.weights.bytes;
    if (!shares) {
      shared_[cost.plan.shape] = place_weights(bytes);
    } else {
      const std::uint64_t at = place.weights - out_.compiled.weight_region.address;
      const auto begin = out_.compiled.weights.begin() + static_cast<std::ptrdiff_t>(at);
      if (compiled.plan.shape != cost.plan.shape ||
          !std::equal(bytes.begin(), bytes.end(), begin)) {
        throw std::logic_error("parts of a layer with different weights");
      }
    }
    ChipProgram chip;
    chip.program = std::move(compiled.programs.front());
    LayerPlacement placed;
    placed.weight_bytes = compiled.weights.index_bytes + compiled.weights.value_bytes;
    placed.parameter_bytes = compiled.weights.param_bytes + compiled.table_region.size;
    chip.layers.push_back(placed);
    return chip;
  }

  /// A part by the row engine.
  ChipProgram rows_part(std::size_t l, const LayerPart& part) {
    const LayerGeometry& g = part.layer.geometry;
    RowPlace place;
    place.input = address(layer(l).input) + 64 * part.input;
    place.output = address(layer(l).output) + 64 * part.output;
    place.parameters = parameters_;
    place.tensor_rows = part.input_rows;
    ChipProgram chip;
    chip.program = rows_program(*part.layer.rows, g.pixels(), g.channels, place, config_);
    for (CommandInfo& info : chip.program.info) info.layer = part.layer.number;
    LayerPlacement placed;
    placed.parameter_bytes = 64 * row_parameter_words(*part.layer.rows, g.channels);
    chip.layers.push_back(placed);
    return chip;
  }

  /// What all programs have.
  void finish(std::size_t l, const LayerPart& part, std::size_t subsystem, const PartCost& cost,
              ChipProgram& chip) const {
    const ChipLayer& whole = layer(l);
    chip.program.name =
        fmt::format("{}: {} on subsystem {}", out_.steps.size(), whole.layer.name, subsystem);
    if (part.cut != Cut::kNone) {
      chip.program.name += fmt::format(", {} {} to {}", cut_name(part.cut), part.begin, part.end);
    }
    for (CommandInfo& info : chip.program.info) info.box = part.place(info.box);
    LayerPlacement& placed = chip.layers.front();
    placed.layer = l;
    placed.plan = cost.plan;
    placed.estimate = cost.estimate;
    placed.predicted = cost.estimate.cycles;
    chip.predicted = placed.predicted;
    chip.spilled = true;
    chip.residency = "memory";
    chip.inputs.push_back(whole.input);
    if (whole.second) chip.inputs.push_back(*whole.second);
    if (whole.operand) chip.inputs.push_back(*whole.operand);
    chip.outputs.push_back(whole.output);
  }

  const config::Configuration& config_;
  const SplitOptions& options_;
  SplitNetwork out_;
  std::map<std::size_t, Region> memory_;           ///< by value
  std::map<std::uint32_t, std::uint64_t> shared_;  ///< weights of the step, by array shape
  std::uint64_t parameters_ = 0;                   ///< of the step
};

}  // namespace

std::uint64_t step_clocks(const std::vector<PartCost>& costs, const config::Configuration& config) {
  std::uint64_t slowest = 0;
  std::uint64_t words = 0;
  for (const PartCost& cost : costs) {
    const Estimate& e = cost.estimate;
    slowest = std::max(slowest, e.cycles);
    words += e.weights + e.loads + e.stores + 2 * e.commands;
  }
  const std::uint64_t stations = config.num_subsystems + 1;
  return std::max(slowest, 64 * words / (kStationBytes * stations));
}

CutChoice try_cut(const Layer& layer, const config::Configuration& config, Cut cut,
                  std::uint32_t count) {
  CutChoice choice;
  choice.cut = cut;
  choice.parts = cut_layer(layer, cut, count);
  if (choice.parts.empty()) return choice;
  try {
    for (const LayerPart& part : choice.parts) {
      check_layer(part.layer, true);
      choice.costs.push_back(part_cost(part.layer, config));
    }
  } catch (const CompileError&) {
    return {cut, {}, {}, 0, 0};
  }
  choice.predicted = step_clocks(choice.costs, config);
  return choice;
}

CutChoice choose(const Layer& layer, const config::Configuration& config, std::uint32_t count) {
  CutChoice best = try_cut(layer, config, Cut::kNone, 1);
  const std::uint64_t whole = best.predicted;
  std::uint64_t least = best.parts.empty() ? kNever : whole;
  for (const Cut cut : {Cut::kRows, Cut::kChannels}) {
    if (count < 2) break;
    CutChoice other = try_cut(layer, config, cut, count);
    if (other.parts.empty()) continue;
    const std::uint64_t clocks = other.predicted + kPartClocks * (other.parts.size() - 1);
    if (clocks >= least) continue;
    least = clocks;
    best = std::move(other);
  }
  if (best.parts.empty()) (void)part_cost(layer, config);  // says what does not fit
  best.whole = whole;
  return best;
}

std::uint64_t SplitNetwork::predicted() const {
  std::uint64_t sum = 0;
  for (const SplitStep& step : steps) sum += step.predicted;
  return sum;
}

SplitNetwork split_network(Network network, const config::Configuration& config,
                           const SplitOptions& options) {
  return Splitter(std::move(network), config, options).run();
}

}  // namespace s4::sw
