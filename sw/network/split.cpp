#include "sw/network/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "sw/activation/row_layer.hpp"
#include "sw/network/compile_run.hpp"
#include "sw/network/memory_map.hpp"
#include "sw/network/split_expect.hpp"
#include "sw/network/split_groups.hpp"
#include "sw/network/weight_reads.hpp"

namespace s4::sw {
namespace {

constexpr std::uint64_t kPage = 4096;
/// Start and end of a program, the first load and the last store.
constexpr std::uint64_t kGroupClocks = 500;

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
    compiled.place.base = options.base;
  }

  SplitNetwork run() {
    place_memory();
    clocks_ = expected_clocks(network(), config_, addresses(), out_.subsystems, options_.images);
    for (const std::vector<std::size_t>& run : network().runs) add_run(run);
    drop_unstored();
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
  [[nodiscard]] std::uint64_t address(std::size_t value) const {
    return memory_.at(network().home(value)).address;
  }
  [[nodiscard]] std::map<std::size_t, std::uint64_t> addresses() const {
    return value_addresses(out_.compiled);
  }

  /// Everything that a layer reads or writes lies in memory.
  void place_memory() {
    std::vector<bool> used(network().values.size(), false);
    for (const ChipLayer& l : network().layers) {
      used[network().home(l.input)] = used[l.output] = true;
      if (l.second) used[network().home(*l.second)] = true;
      if (l.operand) used[network().home(*l.operand)] = true;
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

  [[nodiscard]] CutChoice chosen(std::size_t l) const {
    const Layer& layer = this->layer(l).layer;
    if (options_.forced != Cut::kNone) {
      CutChoice forced = try_cut(layer, config_, options_.forced, out_.subsystems);
      if (!forced.parts.empty()) {
        forced.whole = try_cut(layer, config_, Cut::kNone, 1).predicted;
        return forced;
      }
    }
    try {
      return choose(layer, config_, out_.subsystems, options_.images);
    } catch (const CompileError&) {
      // From memory to memory it does not fit, but perhaps beside its neighbours.
      if (clocks_[l].alone == 0) throw;
      return {};
    }
  }

  [[nodiscard]] std::uint64_t words(std::size_t value) const {
    return network().values[value].shape.words();
  }
  /// Clocks in which the memories of all stations move as many words, of a subsystem by itself one
  /// each.
  [[nodiscard]] std::uint64_t chip_clocks(std::uint64_t words) const {
    return memory_clocks(words, config_);
  }

  /// The steps of a run. How long groups take is known for certain only once they are made: of
  /// several ways to form them the best is taken, the run on one subsystem among them.
  void add_run(const std::vector<std::size_t>& run) {
    std::vector<CutChoice> choices;
    for (const std::size_t l : run) choices.push_back(chosen(l));
    std::set<std::vector<Way>> candidates{ways(run, choices, false), ways(run, choices, true)};
    if (options_.forced == Cut::kNone) {
      if (alone(run) != 0) candidates.emplace(run.size(), Way::kAlone);
      const bool can_share = std::all_of(run.begin(), run.end(),
                                         [&](std::size_t l) { return clocks_[l].shared != 0; });
      if (can_share) candidates.emplace(run.size(), Way::kShared);
    }
    const std::vector<Way>* best = &*candidates.begin();
    std::uint64_t least = kNeverDone;
    for (const std::vector<Way>& candidate : candidates) {
      if (candidates.size() == 1) break;
      const std::size_t steps = out_.steps.size();
      const std::size_t programs = out_.compiled.programs.size();
      const std::size_t weights = out_.compiled.weights.size();
      const std::uint64_t clocks = add_steps(run, choices, candidate);
      out_.steps.resize(steps);
      out_.compiled.programs.resize(programs);
      out_.compiled.weights.resize(weights);
      if (clocks >= least) continue;
      least = clocks;
      best = &candidate;
    }
    add_steps(run, choices, *best);
  }

  /// Which layers of a run are cut, and which are computed in sequence: what is can stay on the
  /// chip, but what comes from cut layers must be read. `with_weights`: nothing hides the weights
  /// of a group's first layer.
  [[nodiscard]] std::vector<Way> ways(const std::vector<std::size_t>& run,
                                      const std::vector<CutChoice>& choices,
                                      bool with_weights) const {
    std::vector<WayClocks> layers;
    for (std::size_t i = 0; i < run.size(); ++i) {
      const std::size_t l = run[i];
      const CutChoice& choice = choices[i];
      const bool is_cut = choice.cut != Cut::kNone;
      const bool forced = is_cut && choice.cut == options_.forced;
      WayClocks way;
      if (is_cut) way.cut = choice.predicted + kPartClocks * choice.parts.size();
      const std::uint64_t clocks = clocks_[l].alone != 0 ? clocks_[l].alone : choice.whole;
      if (!forced && clocks != 0) way.alone = clocks;
      if (options_.forced == Cut::kNone && clocks_[l].shared != 0) way.shared = clocks_[l].shared;
      const std::uint64_t second = layer(l).second ? words(*layer(l).second) : 0;
      const std::uint64_t input = words(layer(l).input) + second;
      const std::uint64_t hidden = kGroupClocks + (with_weights ? clocks_[l].weight_words : 0);
      way.open_alone = hidden + input;
      way.open_shared = hidden + chip_clocks(input) + kPartClocks * out_.subsystems;
      way.close = words(layer(l).output);
      layers.push_back(way);
    }
    return soonest_ways(layers);
  }

  /// Adds steps and their programs; their clocks.
  std::uint64_t add_steps(const std::vector<std::size_t>& run,
                          const std::vector<CutChoice>& choices, const std::vector<Way>& ways) {
    const std::size_t first = out_.steps.size();
    for (std::size_t i = 0; i < run.size();) {
      if (ways[i] == Way::kCut) {
        add_step(run[i], choices[i]);
        ++i;
        continue;
      }
      const Way way = ways[i];
      std::vector<std::size_t> group;
      while (i < run.size() && ways[i] == way) group.push_back(run[i++]);
      if (way == Way::kAlone) {
        add_group(group, {std::nullopt});
      } else {
        std::vector<std::optional<Images>> parts;
        for (const Images& part :
             image_shares(layer(group.front()).layer.geometry.batch, out_.subsystems)) {
          parts.push_back(part);
        }
        add_group(group, parts);
      }
    }
    std::uint64_t clocks = 0;
    for (std::size_t s = first; s < out_.steps.size(); ++s) {
      clocks += out_.steps[s].predicted + kPartClocks * out_.steps[s].parts.size();
    }
    return clocks;
  }

  [[nodiscard]] std::uint64_t alone(const std::vector<std::size_t>& layers) const {
    std::uint64_t clocks = 0;
    for (const std::size_t l : layers) clocks += clocks_[l].alone;
    return clocks;
  }

  /// Layers in sequence, by one subsystem all images (no window), or by each those of its window: a
  /// step for every program.
  void add_group(const std::vector<std::size_t>& layers,
                 const std::vector<std::optional<Images>>& windows) {
    std::vector<CompiledNetwork> parts;
    std::map<std::uint32_t, std::uint64_t> known;  // weights by the number of images
    for (const std::optional<Images>& window : windows) {
      const std::uint32_t count = window ? window->count() : 0;
      const bool shares = known.count(count) != 0;
      const std::uint64_t at = shares ? known[count] : next_weights();
      parts.push_back(compile_run(network(), layers, config_, addresses(), at, window));
      if (!shares) known[count] = place_weights(parts.back().weights);
      require_weights(known[count], parts.back().weights);
      if (parts.back().programs.size() != parts.front().programs.size()) {
        throw std::logic_error("shares of images with programs of different layers");
      }
    }
    for (std::size_t p = 0; p < parts.front().programs.size(); ++p) {
      SplitStep step;
      if (windows.size() > 1) step.cut = Cut::kImages;
      for (const LayerPlacement& placed : parts.front().programs[p].layers) {
        step.layers.push_back(placed.layer);
      }
      step.alone = alone(step.layers);
      std::vector<PartCost> costs;
      for (std::size_t n = 0; n < parts.size(); ++n) {
        ChipProgram& chip = parts[n].programs[p];
        chip.program.name = group_name(step, n, windows[n]);
        SplitPart part;
        part.subsystem = static_cast<unsigned>(n);
        part.program = out_.compiled.programs.size();
        part.begin = windows[n] ? windows[n]->begin : 0;
        part.end = windows[n] ? windows[n]->end : 0;
        part.predicted = chip.predicted;
        part.write_region = pages_of(chip.outputs);
        costs.push_back(group_cost(chip));
        step.parts.push_back(part);
        out_.compiled.programs.push_back(std::move(chip));
      }
      step.joint = joint_weights(step);
      step.predicted =
          windows.size() == 1 ? costs.front().estimate.cycles : step_clocks(costs, config_, true);
      out_.steps.push_back(std::move(step));
    }
  }

  [[nodiscard]] std::string group_name(const SplitStep& step, std::size_t subsystem,
                                       const std::optional<Images>& window) const {
    std::string name = layer(step.layers.front()).layer.name;
    if (step.layers.size() > 1) name += " to " + layer(step.layers.back()).layer.name;
    name = fmt::format("{}: {} on subsystem {}", out_.steps.size(), name, subsystem);
    return window ? fmt::format("{}, images {} to {}", name, window->begin, window->end) : name;
  }

  /// A program of several layers as one.
  static PartCost group_cost(const ChipProgram& chip) {
    PartCost cost;
    for (const LayerPlacement& placed : chip.layers) {
      cost.estimate.loads += placed.estimate.loads;
      cost.estimate.stores += placed.estimate.stores;
      cost.estimate.weights += placed.estimate.weights;
      cost.estimate.commands += placed.estimate.commands;
    }
    cost.estimate.cycles = chip.predicted;
    return cost;
  }

  /// These weights lie there.
  void require_weights(std::uint64_t address, const std::vector<std::uint8_t>& bytes) const {
    const std::uint64_t at = address - out_.compiled.weight_region.address;
    const auto begin = out_.compiled.weights.begin() + static_cast<std::ptrdiff_t>(at);
    if (at + bytes.size() <= out_.compiled.weights.size() &&
        std::equal(bytes.begin(), bytes.end(), begin)) {
      return;
    }
    throw std::logic_error("parts of a layer with different weights");
  }

  /// From the first to the last of these values; a program whose results nobody reads has none.
  [[nodiscard]] Region pages_of(const std::vector<std::size_t>& values) const {
    if (values.empty()) return {};
    std::uint64_t begin = kNeverDone;
    std::uint64_t end = 0;
    for (const std::size_t value : values) {
      const Region& region = memory_.at(value);
      begin = std::min(begin, region.address);
      end = std::max(end, region.address + region.size);
    }
    return {begin, round_up(end - begin, kPage)};
  }

  /// Results that stay in the local buffer have no place in memory after all.
  void drop_unstored() {
    std::vector<bool> stored(network().values.size(), false);
    for (const ChipProgram& chip : out_.compiled.programs) {
      for (const std::size_t value : chip.outputs) stored[value] = true;
    }
    std::erase_if(out_.compiled.memory, [&](const MemoryValue& memory) {
      return memory.is_output && !stored[memory.value];
    });
  }

  /// A layer that is cut.
  void add_step(std::size_t l, const CutChoice& choice) {
    SplitStep step;
    step.layers = {l};
    step.cut = choice.cut;
    step.predicted = choice.predicted;
    step.alone = clocks_[l].alone;
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
      made.write_region = pages_of({layer(l).output});
      step.parts.push_back(made);
      out_.compiled.programs.push_back(std::move(chip));
    }
    step.joint = joint_weights(step);
    out_.steps.push_back(std::move(step));
  }

  /// The region of the weights that every part reads in the same order.
  [[nodiscard]] Region joint_weights(const SplitStep& step) const {
    constexpr std::uint64_t kKib = 1024;
    const auto same = [](const WeightRead& a, const WeightRead& b) {
      return a.region.address == b.region.address && a.region.size == b.region.size;
    };
    std::vector<WeightRead> first;
    for (const SplitPart& part : step.parts) {
      const auto reads = weight_reads(out_.compiled.programs.at(part.program).program);
      if (&part == &step.parts.front()) first = reads;
      if (!std::equal(reads.begin(), reads.end(), first.begin(), first.end(), same)) return {};
    }
    const bool dense =
        std::any_of(first.begin(), first.end(), [](auto& read) { return read.dense; });
    if (first.empty() || dense || step.parts.size() < 2) return {};
    std::uint64_t begin = kNeverDone;
    std::uint64_t end = 0;
    for (const WeightRead& read : first) {
      begin = std::min(begin, read.region.address / kKib * kKib);
      end = std::max(end, round_up(read.region.address + read.region.size, kKib));
    }
    return {begin, end - begin};
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
    place.images = part.images;
    // Parts of rows and images have the same weights, and in the same array shape the same stream.
    const auto known = shared_.find(cost.plan.shape);
    const bool shares = part.cut != Cut::kChannels && known != shared_.end();
    place.weights = shares ? known->second : next_weights();
    CompileOptions options;
    options.allow_wrap = true;
    options.place = place;
    CompiledLayer compiled = compile_layer(part.layer, config_, options);
    const std::vector<std::uint8_t>& bytes = compiled.weights.bytes;
    if (!shares) {
      shared_[cost.plan.shape] = place_weights(bytes);
    } else {
      if (compiled.plan.shape != cost.plan.shape) throw std::logic_error("parts of two shapes");
      require_weights(place.weights, bytes);
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
        fmt::format("{}: {} on subsystem {}, {} {} to {}", out_.steps.size(), whole.layer.name,
                    subsystem, cut_name(part.cut), part.begin, part.end);
    for (CommandInfo& info : chip.program.info) info.box = part.place(info.box);
    LayerPlacement& placed = chip.layers.front();
    placed.layer = l;
    placed.plan = cost.plan;
    placed.estimate = cost.estimate;
    placed.predicted = cost.estimate.cycles;
    chip.predicted = placed.predicted;
    chip.spilled = true;
    chip.residency = "memory";
    chip.inputs.push_back(network().home(whole.input));
    if (whole.second) chip.inputs.push_back(network().home(*whole.second));
    if (whole.operand) chip.inputs.push_back(network().home(*whole.operand));
    chip.outputs.push_back(whole.output);
  }

  const config::Configuration& config_;
  const SplitOptions& options_;
  SplitNetwork out_;
  std::map<std::size_t, Region> memory_;           ///< by value
  std::map<std::uint32_t, std::uint64_t> shared_;  ///< weights of the step, by array shape
  std::uint64_t parameters_ = 0;                   ///< of the step
  std::vector<LayerClocks> clocks_;                ///< by layer
};

}  // namespace

std::uint64_t SplitNetwork::predicted() const {
  std::uint64_t sum = 0;
  for (const SplitStep& step : steps) sum += step.predicted;
  return sum;
}

std::uint64_t SplitNetwork::alone() const {
  std::uint64_t sum = 0;
  for (const SplitStep& step : steps) sum += step.alone;
  return sum;
}

SplitNetwork split_network(Network network, const config::Configuration& config,
                           const SplitOptions& options) {
  return Splitter(std::move(network), config, options).run();
}

}  // namespace s4::sw
