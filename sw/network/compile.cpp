// Steps to programs: runs are cut into segments that fit the local buffer, and for each the
// cheapest of several schedules is taken.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sw/activation/row_layer.hpp"
#include "sw/network/compile_run.hpp"
#include "sw/network/layer_costs.hpp"
#include "sw/network/layer_parts.hpp"
#include "sw/network/memory_map.hpp"
#include "sw/network/merge_runs.hpp"
#include "sw/network/network.hpp"
#include "sw/network/plan_search.hpp"
#include "sw/network/residency.hpp"
#include "sw/network/schedule.hpp"

namespace s4::sw {
namespace {

constexpr std::uint64_t kWeightAlign = 64;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint32_t>::max();
/// From the end of a program to the first command of the next.
constexpr std::uint64_t kProgramClocks = 400;

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

class Compiler {
 public:
  Compiler(Network network, const config::Configuration& config, const NetworkPlace& place)
      : config_(config), search_(out_.network, config_, addresses_) {
    out_.place = place;
    out_.network = std::move(network);
    out_.config_name = config.name;
    out_.config_hash = config.hash;
    const Network& n = out_.network;
    readers_.resize(n.values.size());
    for (std::size_t i = 0; i < n.layers.size(); ++i) {
      readers_[n.home(n.layers[i].input)].push_back(i);
      if (n.layers[i].second) readers_[n.home(*n.layers[i].second)].push_back(i);
      if (n.layers[i].operand) readers_[n.home(*n.layers[i].operand)].push_back(i);
    }
    find_wanted();
  }

  CompiledNetwork run() {
    const auto merged = merged_runs(out_.network);
    const bool choose = out_.network.options.merge_runs && merged != out_.network.runs;
    const bool joined = choose && expected(merged) < expected(out_.network.runs);
    cut_all(joined ? merged : out_.network.runs);
    compile_segments();
    place_programs(out_);
    return std::move(out_);
  }

  /// Only these layers, with a memory map that is made already.
  CompiledNetwork run(const std::vector<std::size_t>& layers, const ValueAddresses& addresses,
                      std::uint64_t weights, const std::optional<Images>& window) {
    window_ = window;
    cut(layers);
    addresses_ = addresses;
    choose_operands();
    out_.weight_region.address = weights;
    compile_segments();
    return std::move(out_);
  }

 private:
  void compile_segments() {
    for (const Segment& segment : segments_) {
      if (is_spilled(segment)) {
        compile_spilled(segment);
      } else {
        compile_segment(segment);
      }
    }
  }

  void cut_all(const std::vector<std::vector<std::size_t>>& runs) {
    segments_.clear();
    for (const std::vector<std::size_t>& run : runs) cut(run);
    // All operands have addresses while the choice is made.
    place_memory(true);
    choose_operands();
    place_memory(false);
  }

  /// Clocks of all segments if these are the runs; kNever where their results have no room.
  [[nodiscard]] std::uint64_t expected(const std::vector<std::vector<std::size_t>>& runs) {
    std::uint64_t clocks = 0;
    try {
      cut_all(runs);
    } catch (const CompileError&) {
      return kNever;
    }
    for (const Segment& segment : segments_) {
      clocks += kProgramClocks;
      if (is_spilled(segment)) {
        const Layer& only = layer(segment.layers.front()).layer;
        const LayerGeometry& g = only.geometry;
        clocks +=
            only.rows ? row_clocks(*only.rows, g.pixels(), g.channels) : spilled_clocks(segment);
        continue;
      }
      const PlanSearch::Best best = search_.find(segment, window(segment));
      if (!best.plan) return kNever;
      clocks += best.cost;
    }
    return clocks;
  }

  [[nodiscard]] const ChipLayer& layer(std::size_t i) const { return out_.network.layers[i]; }

  /// Values that the host reads, and with store_all those that are compared.
  void find_wanted() {
    const Network& n = out_.network;
    std::set<graph::TensorId> tensors(n.graph.outputs.begin(), n.graph.outputs.end());
    for (const NetworkStep& step : n.steps) {
      if (step.place != Place::kHost) continue;
      const graph::Node& node = n.graph.nodes[step.node];
      tensors.insert(node.inputs.begin(), node.inputs.end());
    }
    for (const ChipValue& value : n.values) {
      if (!value.producer) tensors.insert(value.tensor);
    }
    wanted_.resize(n.values.size(), false);
    for (std::size_t v = 0; v < n.values.size(); ++v) {
      const ChipValue& value = n.values[v];
      if (!value.producer) continue;
      wanted_[v] = n.options.store_all || tensors.count(value.tensor) != 0;
    }
  }

  /// Images of a segment that are computed.
  [[nodiscard]] Images window(const Segment& segment) const {
    return window_.value_or(Images{0, segment.batch});
  }
  /// What is computed of a layer from memory to memory. Throws CompileError if that is not
  /// possible.
  [[nodiscard]] LayerPart spilled_part(std::size_t l) const {
    const Layer& whole = layer(l).layer;
    if (!window_) return cut_layer(whole, Cut::kNone, 1).front();
    if (!whole.rows && !whole.dense) return image_part(whole, window_->begin, window_->end);
    throw CompileError(whole.name + ": some of the images from memory to memory");
  }

  /// The segment of these layers; operands from the local buffer, or all from memory.
  [[nodiscard]] Segment segment_of(const std::vector<std::size_t>& layers,
                                   bool local_operands) const {
    const std::set<std::size_t> inside(layers.begin(), layers.end());
    std::vector<bool> needed = wanted_;
    for (const std::size_t l : layers) {
      for (const std::size_t reader : readers_[layer(l).output]) {
        if (inside.count(reader) == 0) needed[layer(l).output] = true;
      }
      const std::optional<std::size_t>& operand = layer(l).operand;
      if (operand && !local_operands) needed[out_.network.home(*operand)] = true;
    }
    return make_segment(out_.network, layers, needed, local_operands);
  }

  /// The segment of layers [begin, end) of a run, with operands in the local buffer if it fits so.
  [[nodiscard]] Segment segment_of(const std::vector<std::size_t>& run, std::size_t begin,
                                   std::size_t end) const {
    const std::vector<std::size_t> layers(run.begin() + static_cast<std::ptrdiff_t>(begin),
                                          run.begin() + static_cast<std::ptrdiff_t>(end));
    Segment segment = segment_of(layers, true);
    if (segment.has_local_operands() && !search_.fits(segment)) return segment_of(layers, false);
    return segment;
  }

  /// Operands take room that sub-batches or lanes may need more: through memory where that is
  /// expected to be faster.
  void choose_operands() {
    for (Segment& segment : segments_) {
      if (!segment.has_local_operands()) continue;
      const Segment other = segment_of(segment.layers, false);
      if (!search_.fits(other)) continue;
      const PlanSearch::Best local = search_.find(segment, window(segment));
      const PlanSearch::Best memory = search_.find(other, window(segment));
      if (memory.plan && (!local.plan || memory.cost < local.cost)) segment = other;
    }
  }

  [[nodiscard]] bool is_spilled(const Segment& segment) const {
    return segment.layers.size() == 1 && !search_.fits(segment);
  }

  /// Cuts a run into segments of which at least one image fits the local buffer.
  void cut(const std::vector<std::size_t>& run) {
    for (std::size_t begin = 0; begin < run.size();) {
      std::size_t end = begin + 1;
      Segment segment = segment_of(run, begin, end);
      while (end < run.size() && search_.fits(segment)) {
        Segment longer = segment_of(run, begin, end + 1);
        if (!search_.fits(longer)) break;
        segment = std::move(longer);
        ++end;
      }
      segments_.push_back(std::move(segment));
      begin = end;
    }
  }

  /// Everything that a segment loads or stores gets its place in memory, and operands of the host
  /// or all.
  void place_memory(bool all_operands) {
    std::vector<std::size_t> values;
    for (std::size_t v = 0; v < out_.network.values.size(); ++v) {
      const ChipValue& value = out_.network.values[v];
      if (value.is_operand && (all_operands || !value.producer)) values.push_back(v);
    }
    for (const Segment& segment : segments_) {
      for (const SegmentValue& v : segment.values) {
        const std::size_t home = out_.network.home(v.value);
        const bool known = std::find(values.begin(), values.end(), home) != values.end();
        if ((v.loaded || v.stored) && !known) values.push_back(home);
      }
    }
    place_values(out_, values);
    addresses_ = value_addresses(out_);
  }

  /// Appends a packed stream to the weights; its address.
  std::uint64_t place_weights(const std::vector<std::uint8_t>& bytes) {
    out_.weights.resize(round_up(out_.weights.size(), kWeightAlign));
    const std::uint64_t address = out_.weight_region.address + out_.weights.size();
    out_.weights.insert(out_.weights.end(), bytes.begin(), bytes.end());
    return address;
  }

  /// Packs the weights of a layer and gives them their place in memory.
  LayerCost packed(std::size_t l, bool local_operand, LayerCost cost) {
    const Layer& whole = layer(l).layer;
    if (layer_parameter_words(whole) != 0) cost.parameters = place_weights(layer_parameters(whole));
    if (!whole.has_weights()) return cost;
    if (whole.dense) {
      SliceCost& slice = cost.slices.front();
      slice.packed = pack_dense(*whole.dense, stream_biases(whole), requant_scales(whole), config_,
                                cost.shape);
      if (!local_operand) slice.packed->operand_address = addresses_.at(*layer(l).operand);
      slice.offset = place_weights(slice.packed->bytes);
      return cost;
    }
    for (SliceCost& slice : cost.slices) {
      if (cost.shared && &slice != &cost.slices.front()) break;
      const Layer part = cost.slices.size() > 1 ? slice_layer(whole, slice.slice) : Layer();
      const Layer& source = cost.slices.size() > 1 ? part : whole;
      slice.packed = pack_weights(source.weights, stream_biases(source), requant_scales(source),
                                  config_, cost.shape);
      slice.offset = place_weights(slice.packed->bytes);
    }
    return cost;
  }

  static std::string name_of(const Network& n, const Segment& segment) {
    const std::string& first = n.layers[segment.layers.front()].layer.name;
    if (segment.layers.size() == 1) return first;
    return first + " to " + n.layers[segment.layers.back()].layer.name;
  }

  void finish(const Segment& segment, ChipProgram chip, const SegmentPlan* plan = nullptr) {
    chip.program.name = fmt::format("{}: {}", out_.programs.size(), name_of(out_.network, segment));
    const Stage stage = plan == nullptr ? Stage::kAll : plan->stage;
    for (std::size_t i = 0; i < segment.values.size(); ++i) {
      const SegmentValue& v = segment.values[i];
      const bool there = stage == Stage::kRest && plan->allocation.common[i];
      if (v.loaded && !there) chip.inputs.push_back(out_.network.home(v.value));
      if (v.stored && stage != Stage::kFirst) chip.outputs.push_back(v.value);
    }
    for (const std::size_t l : segment.layers) {
      const std::optional<std::size_t> operand = layer(l).operand;
      if (operand && !out_.network.values[*operand].producer) {
        chip.inputs.push_back(out_.network.home(*operand));
      }
    }
    out_.programs.push_back(std::move(chip));
  }

  // ---- activations on the chip ------------------------------------------------------------------

  void compile_segment(const Segment& segment) {
    const std::size_t count = segment.layers.size();
    const PlanSearch::Best found = search_.find(segment, window(segment));
    const std::optional<SegmentPlan>& best = found.plan;
    if (!best && !found.refused.empty()) throw CompileError(found.refused);
    if (!best) {
      throw CompileError(fmt::format(
          "{}: {} images do not fit the local buffer together, configuration {} has {} bytes",
          name_of(out_.network, segment), *out_.network.options.sub_batch, config_.name,
          64 * std::uint64_t{config_.local_words}));
    }
    // Two expectations, not the same one: a small advantage says nothing.
    if (count == 1 && spilled_clocks(segment) < found.cost / 8 * 7) return compile_spilled(segment);
    std::vector<LayerCost> chosen;
    std::vector<const LayerCost*> pointers;
    for (std::size_t i = 0; i < count; ++i) {
      chosen.push_back(packed(segment.layers[i], segment.has_local_operand(out_.network, i),
                              search_.cost(segment, *best, i)));
    }
    for (const LayerCost& cost : chosen) pointers.push_back(&cost);
    if (out_.network.options.prefetch && segments_.size() == 1 && !window_) {
      if (const auto plans = search_.prefetch(segment, *best)) {
        add_program(segment, plans->first, pointers);
        return add_program(segment, plans->rest, pointers);
      }
    }
    add_program(segment, *best, pointers);
  }

  void add_program(const Segment& segment, const SegmentPlan& plan,
                   const std::vector<const LayerCost*>& costs) {
    const SegmentPlan* const best = &plan;
    Schedule schedule = make_schedule(out_.network, segment, plan, config_, costs, addresses_);
    ChipProgram chip;
    chip.program = std::move(schedule.program);
    chip.layers = std::move(schedule.layers);
    chip.predicted = schedule.predicted;
    chip.sub_batch = best->images;
    chip.residency = residency_name(best->residency);
    if (best->pipelined) {
      chip.residency =
          fmt::format("pipelined in {} lane{}", best->lanes, best->lanes == 1 ? "" : "s");
      if (best->lead > 1) chip.residency += fmt::format(", {} heads ahead", best->lead);
      if (plan.reload != kNoSplit) chip.residency += ", loads ahead";
    }
    if (best->split != kNoSplit) {
      chip.residency += fmt::format(", {} together from {}", best->late_images,
                                    layer(segment.layers[best->split]).layer.name);
    }
    if (plan.prefetch != 0) chip.residency += ", first layers for the next batch";
    chip.next_inputs = plan.stage == Stage::kRest;
    finish(segment, std::move(chip), &plan);
  }

  // ---- activations in memory --------------------------------------------------------------------

  /// Clocks that a layer alone takes from memory to memory: where few of its images fit, chunks
  /// may overlap better. No network option asks for its images then.
  [[nodiscard]] std::uint64_t spilled_clocks(const Segment& segment) const {
    if (out_.network.options.sub_batch) return kNever;
    if (layer(segment.layers.front()).layer.rows) return kNever;
    CompileOptions options;
    options.allow_wrap = true;
    Estimate estimate;
    try {
      (void)make_plan(spilled_part(segment.layers.front()).layer, config_, options, &estimate);
    } catch (const CompileError&) {
      return kNever;
    }
    return estimate.cycles;
  }

  /// One layer from memory to memory, in chunks.
  void compile_spilled(const Segment& segment) {
    const std::size_t l = segment.layers.front();
    const ChipLayer& chip_layer = layer(l);
    const LayerPart part = spilled_part(l);
    if (chip_layer.layer.rows) return compile_spilled_rows(segment);
    CompileOptions options;
    options.allow_wrap = true;
    options.place = LayerPlace{};
    if (chip_layer.layer.has_table()) {
      options.place->table = place_weights(layer_parameters(chip_layer.layer));
    }
    options.place->weights = out_.weight_region.address + round_up(out_.weights.size(), 64);
    options.place->input = addresses_.at(chip_layer.input) + 64 * part.input;
    if (chip_layer.second) {
      options.place->second = addresses_.at(*chip_layer.second) + 64 * part.output;
    }
    options.place->output = addresses_.at(chip_layer.output) + 64 * part.output;
    options.place->images = part.images;
    if (chip_layer.operand) options.place->operand = addresses_.at(*chip_layer.operand);
    CompiledLayer compiled = compile_layer(part.layer, config_, options);
    place_weights(compiled.weights.bytes);
    ChipProgram chip;
    chip.program = std::move(compiled.programs.front());
    for (CommandInfo& info : chip.program.info) info.box = part.place(info.box);
    LayerPlacement placed;
    placed.layer = l;
    placed.plan = compiled.plan;
    placed.estimate = compiled.estimate;
    placed.predicted = compiled.estimate.cycles;
    placed.weight_bytes = compiled.weights.index_bytes + compiled.weights.value_bytes;
    placed.parameter_bytes = compiled.weights.param_bytes + compiled.table_region.size;
    chip.layers.push_back(placed);
    chip.predicted = placed.predicted;
    chip.spilled = true;
    chip.residency = "memory";
    finish(segment, std::move(chip));
  }

  /// Rows from memory to memory, in chunks.
  void compile_spilled_rows(const Segment& segment) {
    const std::size_t l = segment.layers.front();
    const ChipLayer& chip_layer = layer(l);
    const LayerGeometry& g = chip_layer.layer.geometry;
    const RowOperation& rows = *chip_layer.layer.rows;
    RowPlace place;
    place.input = addresses_.at(chip_layer.input);
    place.output = addresses_.at(chip_layer.output);
    place.parameters = place_weights(row_parameters(rows));
    ChipProgram chip;
    chip.program = rows_program(rows, g.pixels(), g.channels, place, config_);
    LayerPlacement placed;
    placed.layer = l;
    placed.plan.strategy = Strategy::kNone;
    placed.parameter_bytes = 64 * row_parameter_words(rows, g.channels);
    for (std::size_t c = 0; c < chip.program.info.size(); ++c) {
      CommandInfo& info = chip.program.info[c];
      info.layer = chip_layer.layer.number;
      if (info.engine == commands::Engine::kActivation) ++placed.plan.chunks;
    }
    placed.estimate.rows = row_clocks(rows, g.pixels(), g.channels);
    placed.estimate.loads = g.pixels() * g.in_blocks();
    placed.estimate.stores = g.pixels() * g.out_blocks();
    placed.estimate.commands = chip.program.commands.size();
    placed.predicted = std::max({placed.estimate.rows, placed.estimate.memory()});
    placed.estimate.cycles = placed.predicted;
    chip.layers.push_back(placed);
    chip.predicted = placed.predicted;
    chip.spilled = true;
    chip.residency = "memory";
    finish(segment, std::move(chip));
  }

  const config::Configuration& config_;
  std::optional<Images> window_;  ///< of the batch; all, if not given
  CompiledNetwork out_;
  std::vector<std::vector<std::size_t>> readers_;  ///< layers, by value
  std::vector<bool> wanted_;                       ///< by value
  std::vector<Segment> segments_;
  ValueAddresses addresses_;
  PlanSearch search_;
};

}  // namespace

CompiledNetwork compile_network(Network network, const config::Configuration& config,
                                const NetworkPlace& place) {
  return Compiler(std::move(network), config, place).run();
}

CompiledNetwork compile_run(const Network& network, const std::vector<std::size_t>& layers,
                            const config::Configuration& config, const ValueAddresses& addresses,
                            std::uint64_t weights, const std::optional<Images>& window) {
  return Compiler(network, config, NetworkPlace{}).run(layers, addresses, weights, window);
}

}  // namespace s4::sw
