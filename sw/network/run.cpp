// Runs a compiled network on the backends and compares them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>

#include "sw/driver/functional_device.hpp"
#include "sw/driver/progress.hpp"
#include "sw/driver/rtl_device.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/mismatch_text.hpp"
#include "sw/network/network.hpp"
#include "sw/network/node_layer.hpp"
#include "sw/network/row_judge.hpp"
#include "sw/network/value_words.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;
using graph::TensorId;
using Clock = std::chrono::steady_clock;

/// Fills output memory before a run, so that bytes never written are seen.
constexpr std::uint8_t kUnwritten = 0xA5;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// What one device made of the network.
struct Outcome {
  std::vector<std::uint8_t> memory;  ///< the write region
  std::vector<TensorData> outputs;
  std::vector<HostStepReport> host_steps;
  double wall_s = 0;  ///< of the programs
};

class NetworkRunner {
 public:
  NetworkRunner(const CompiledNetwork& compiled, const std::vector<TensorData>& inputs,
                const config::Configuration& config, const NetworkRunSettings& settings)
      : compiled_(compiled),
        network_(compiled.network),
        graph_(compiled.network.graph),
        inputs_(inputs),
        config_(config),
        settings_(settings) {}

  NetworkReport run() {
    check_inputs();
    describe();
    const Backend backend = settings_.run.backend;
    const bool rtl = backend == Backend::kRtl || backend == Backend::kAll;
    std::optional<Outcome> functional_outcome;
    std::optional<Outcome> rtl_outcome;
    if (backend != Backend::kReference) {
      FunctionalDevice device(config_);
      functional_outcome = run_on(device);
    }
    run_reference(functional_outcome);
    if (backend == Backend::kReference) return std::move(report_);
    if (rtl) {
      RtlOptions options = settings_.run.rtl;
      if (options.config_argument.empty()) {
        options.config_argument = settings_.run.config_argument;
      }
      RtlDevice device(config_, options);
      rtl_outcome = run_on(device);
      report_.dram = device.dram();
    }
    if (functional_outcome) report_.functional_s = functional_outcome->wall_s;
    if (rtl_outcome) report_.rtl_s = rtl_outcome->wall_s;
    std::optional<Outcome>& leading = rtl ? rtl_outcome : functional_outcome;
    if (leading) {
      if (settings_.run.corrupt_output_byte) {
        leading->memory.at(*settings_.run.corrupt_output_byte) ^= 1;
      }
      report_.outputs = leading->outputs;
      report_.host_steps = leading->host_steps;
      report_.wall_s = leading->wall_s;
    }
    if (rtl) {
      compare_memories(rtl_outcome, functional_outcome);
      compare_reference("rtl = reference", rtl_outcome, "rtl");
      count_cycles();
    }
    compare_reference("functional = reference", functional_outcome, "functional");
    return std::move(report_);
  }

 private:
  // ---- before -----------------------------------------------------------------------------------

  void check_inputs() const {
    if (compiled_.config_hash != config_.hash) {
      throw NetworkError(fmt::format(
          "the program is for configuration {} with hash {:016x}, not for {} with hash {:016x}",
          compiled_.config_name, compiled_.config_hash, config_.name, config_.hash));
    }
    if (inputs_.size() != graph_.inputs.size()) {
      throw NetworkError(fmt::format("the network has {} inputs, given are {}",
                                     graph_.inputs.size(), inputs_.size()));
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const graph::Tensor& wanted = graph_.at(graph_.inputs[i]);
      if (inputs_[i].type == wanted.type && inputs_[i].shape == wanted.shape) continue;
      throw NetworkError(fmt::format("input '{}' is {}{}, given is {}{}", wanted.name,
                                     name_of(wanted.type), graph::to_string(wanted.shape),
                                     name_of(inputs_[i].type), graph::to_string(inputs_[i].shape)));
    }
  }

  void describe() {
    report_.config = config_.name;
    report_.backend = settings_.run.backend;
    report_.stalls = settings_.run.rtl.stalls;
    report_.memory = settings_.run.rtl.memory;
    report_.batch = 1;
    if (!graph_.inputs.empty() && !graph_.at(graph_.inputs[0]).shape.empty()) {
      report_.batch = static_cast<std::uint64_t>(graph_.at(graph_.inputs[0]).shape[0]);
    }
    for (const TensorId id : graph_.outputs) report_.output_names.push_back(graph_.at(id).name);
    report_.layers.resize(network_.layers.size());
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& layer = network_.layers[i].layer;
      NetworkLayerReport& r = report_.layers[i];
      r.name = layer.name;
      r.engine = network_.steps[network_.layers[i].step].engine;
      r.shape = layer.describe();
      report_.has_rows = report_.has_rows || layer.rows.has_value();
      const std::uint64_t kept = layer.kept_weights();
      r.macs_dense = network_.layers[i].macs_dense();
      r.macs_nonzero = kept * layer.geometry.pixels();
      // BF16 has twice the bytes and half the rate.
      const std::uint32_t bytes = layer.geometry.in_bytes;
      r.dense_weight_bytes = network_.layers[i].dense_bytes();
      r.sparsity = static_cast<double>(network_.layers[i].dense_weights) /
                   static_cast<double>(std::max<std::uint64_t>(kept, 1));
      r.ideal_cycles = static_cast<double>(r.macs_nonzero) * bytes / config_.macs_per_clock;
    }
    for (const ChipProgram& chip : compiled_.programs) {
      report_.predicted_cycles += chip.predicted;
      report_.programs.push_back(chip.program);
      for (const LayerPlacement& placed : chip.layers) {
        NetworkLayerReport& r = report_.layers.at(placed.layer);
        r.plan = fmt::format("{}, {}", placed.plan.describe(), chip.residency);
        r.estimate = placed.estimate;
        r.bound = bound_name(placed.estimate);
        r.weight_bytes = placed.weight_bytes;
        r.parameter_bytes = placed.parameter_bytes;
        r.predicted_cycles = placed.predicted;
      }
    }
  }

  // ---- reference --------------------------------------------------------------------------------

  /// Results of rows are not those of the reference to the byte: each is judged by its distance
  /// from the real number, given the same input, and what follows goes on with the device's.
  void run_reference(const std::optional<Outcome>& device) {
    std::vector<bool> wanted(graph_.tensors.size(), false);
    std::map<TensorId, const MemoryValue*> rows;  // by result
    for (const MemoryValue& memory : compiled_.memory) {
      if (!memory.is_output) continue;
      const ChipValue& value = network_.values[memory.value];
      wanted[value.tensor] = true;
      const ChipLayer& layer = network_.layers[*value.producer];
      if (!device || !layer.layer.rows) continue;
      rows[value.tensor] = &memory;
      wanted[graph_.nodes[network_.steps[layer.step].node].inputs[0]] = true;
    }
    Comparison comparison;
    comparison.what = "rows of functional = reference within their bound";
    std::map<TensorId, TensorData> kept;
    const auto begin = Clock::now();
    report_.outputs = graph::evaluate(graph_, inputs_, [&](TensorId id, TensorData& data) {
      const auto judged = rows.find(id);
      if (judged != rows.end()) judge_rows_of(*judged->second, *device, kept, data, comparison);
      if (wanted[id]) kept[id] = data;
    });
    comparison.made = true;
    if (!rows.empty()) report_.comparisons.push_back(std::move(comparison));
    report_.reference_s = seconds_since(begin);
    report_.reference_outputs = report_.outputs;
    report_.wall_s = report_.reference_s;
    for (const MemoryValue& memory : compiled_.memory) {
      if (!memory.is_output) continue;
      const ChipValue& value = network_.values[memory.value];
      const TensorData& data = kept.at(value.tensor);
      expected_[memory.value] = words_of(value, data);
    }
  }

  /// Puts the device's result in place of `data`.
  void judge_rows_of(const MemoryValue& memory, const Outcome& device,
                     const std::map<TensorId, TensorData>& kept, TensorData& data,
                     Comparison& comparison) {
    const ChipValue& value = network_.values[memory.value];
    const std::size_t index = *value.producer;
    const ChipLayer& chip = network_.layers[index];
    const graph::Node& node = graph_.nodes[network_.steps[chip.step].node];
    const auto at =
        static_cast<std::ptrdiff_t>(memory.region.address - compiled_.write_region.address);
    const std::vector<std::uint8_t> words(
        device.memory.begin() + at,
        device.memory.begin() + at + static_cast<std::ptrdiff_t>(memory.region.size));
    data = data_of(value, graph_.at(value.tensor), words);
    const RowReport judgement = judge_layer_rows(chip.layer, kept.at(node.inputs[0]), data);
    report_.layers[index].worst_error = judgement.worst_error;
    report_.layers[index].mismatches += judgement.mismatches;
    if (judgement.mismatches != 0 && comparison.mismatches == 0) {
      comparison.first = fmt::format(
          "{}: layer {} '{}' ({}): {} of {} results are farther from the real number than they may "
          "be, the worst by {:.6f} steps",
          comparison.what, index, chip.layer.name, chip.layer.describe(), judgement.mismatches,
          judgement.results, judgement.worst_error);
    }
    comparison.mismatches += judgement.mismatches;
  }

  // ---- a device ---------------------------------------------------------------------------------

  [[nodiscard]] const MemoryValue* memory_of(std::size_t value) const {
    for (const MemoryValue& memory : compiled_.memory) {
      if (memory.value == value) return &memory;
    }
    return nullptr;
  }

  /// Values that the host has, made on demand from what the device stored.
  class HostValues {
   public:
    HostValues(const NetworkRunner& runner, Device& device, Outcome& outcome)
        : runner_(runner),
          device_(device),
          outcome_(outcome),
          values_(runner.graph_.tensors.size()),
          node_(runner.graph_.tensors.size(), graph::Uses::kNone) {
      const graph::Graph& g = runner.graph_;
      for (std::size_t i = 0; i < g.inputs.size(); ++i) values_[g.inputs[i]] = runner.inputs_[i];
      for (std::size_t n = 0; n < g.nodes.size(); ++n) node_[g.nodes[n].output] = n;
    }

    const TensorData& get(TensorId id) {
      const graph::Graph& g = runner_.graph_;
      if (g.at(id).constant) return *g.at(id).constant;
      if (values_[id]) return *values_[id];
      if (const MemoryValue* memory = stored(id)) {
        std::vector<std::uint8_t> words(memory->region.size);
        device_.read_memory(memory->region.address, words);
        values_[id] = data_of(runner_.network_.values[memory->value], g.at(id), words);
        return *values_[id];
      }
      const graph::Node& node = g.nodes.at(node_[id]);
      std::vector<const TensorData*> operands;
      for (const TensorId input : node.inputs) {
        operands.push_back(input == graph::kNoTensor ? nullptr : &get(input));
      }
      const auto begin = Clock::now();
      values_[id] = graph::evaluate_node(node, operands);
      outcome_.host_steps.push_back({node.name, graph::name_of(node.op), seconds_since(begin)});
      return *values_[id];
    }

   private:
    [[nodiscard]] const MemoryValue* stored(TensorId id) const {
      for (const MemoryValue& memory : runner_.compiled_.memory) {
        if (memory.is_output && runner_.network_.values[memory.value].tensor == id) return &memory;
      }
      return nullptr;
    }

    const NetworkRunner& runner_;
    Device& device_;
    Outcome& outcome_;
    std::vector<std::optional<TensorData>> values_;
    std::vector<std::size_t> node_;
  };

  /// Nothing if a program failed; the report says why.
  std::optional<Outcome> run_on(Device& device) {
    Outcome outcome;
    HostValues host(*this, device, outcome);
    device.write_memory(compiled_.weight_region.address, compiled_.weights);
    outcome.memory.assign(compiled_.write_region.size, kUnwritten);
    device.write_memory(compiled_.write_region.address, outcome.memory);
    std::vector<bool> written(network_.values.size(), false);
    for (const ChipProgram& chip : compiled_.programs) {
      for (const std::size_t value : chip.inputs) {
        if (network_.values[value].producer || written[value]) continue;
        written[value] = true;
        device.write_memory(
            memory_of(value)->region.address,
            words_of(network_.values[value], host.get(network_.values[value].tensor)));
      }
      if (!run_program(device, chip, outcome)) return std::nullopt;
    }
    for (const TensorId id : graph_.outputs) outcome.outputs.push_back(host.get(id));
    device.read_memory(compiled_.write_region.address, outcome.memory);
    return outcome;
  }

  bool run_program(Device& device, const ChipProgram& chip, Outcome& outcome) {
    ProgressLine line(settings_.run.show_progress,
                      fmt::format("{}, {}", device.name(), chip.program.name), chip.predicted,
                      settings_.run.timeout_s);
    RunRequest request;
    request.read_region = compiled_.read_region;
    request.write_region = compiled_.write_region;
    request.watchdog = settings_.run.watchdog;
    request.progress = [&](std::uint64_t cycles) { return line.update(cycles); };
    const RunResult result = device.run(chip.program, compiled_.config_hash, request);
    report_.runs.push_back({device.name(), chip.program.name, true, result});
    outcome.wall_s += result.wall_s;
    if (result.done && !result.error) return true;
    std::string command;
    if (result.error && result.error_command < chip.program.info.size()) {
      const CommandInfo& info = chip.program.info[result.error_command];
      command =
          fmt::format(": {}, layer '{}', {}", info.what, network_.layers[info.layer].layer.name,
                      disassemble(chip.program.commands[result.error_command]));
    }
    report_.error += fmt::format("{}{}: {}, program '{}'{}", report_.error.empty() ? "" : "\n",
                                 device.name(), result.describe(), chip.program.name, command);
    return false;
  }

  // ---- comparisons ------------------------------------------------------------------------------

  /// Counts differences of `got` and `want`, which start at `offset` of the write region.
  void compare_bytes(Comparison& comparison, std::uint64_t offset,
                     std::span<const std::uint8_t> want, std::span<const std::uint8_t> got,
                     const char* device, std::optional<std::size_t> layer) {
    if (std::memcmp(want.data(), got.data(), want.size()) == 0) return;
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (want[i] == got[i]) continue;
      if (layer) ++report_.layers[*layer].mismatches;
      if (comparison.mismatches++ != 0) continue;
      comparison.first = comparison.what + ": " +
                         MismatchText(compiled_, report_, config_, settings_)
                             .of_byte(offset + i, want[i], got[i], device);
    }
  }

  void compare_memories(const std::optional<Outcome>& rtl,
                        const std::optional<Outcome>& functional) {
    Comparison comparison;
    comparison.what = "rtl = functional";
    comparison.made = rtl && functional && !rtl->memory.empty() &&
                      rtl->memory.size() == functional->memory.size();
    if (comparison.made) {
      compare_bytes(comparison, 0, functional->memory, rtl->memory, "rtl", std::nullopt);
    }
    report_.comparisons.push_back(std::move(comparison));
  }

  void compare_reference(const std::string& what, const std::optional<Outcome>& outcome,
                         const char* device) {
    Comparison comparison;
    comparison.what = what;
    std::size_t compared = 0;
    for (const MemoryValue& memory : compiled_.memory) {
      if (!memory.is_output || !outcome) continue;
      const std::vector<std::uint8_t>& want = expected_.at(memory.value);
      const std::uint64_t offset = memory.region.address - compiled_.write_region.address;
      if (want.size() != memory.region.size || offset + want.size() > outcome->memory.size()) {
        continue;
      }
      ++compared;
      compare_bytes(comparison, offset, want,
                    std::span(outcome->memory).subspan(offset, want.size()), device,
                    network_.values[memory.value].producer);
    }
    // Every value that the chip stores must be there, or the comparison proves nothing.
    comparison.made = compared > 0 && compared == expected_.size();
    report_.comparisons.push_back(std::move(comparison));
  }

  /// Splits the clocks of the RTL's programs over the layers.
  void count_cycles() {
    std::uint64_t total = 0;
    std::size_t done = 0;
    for (const DeviceRun& run : report_.runs) {
      if (run.device != "rtl" || !run.result.done) continue;
      const ChipProgram& chip = compiled_.programs[done++];
      total += run.result.cycles();
      // The doorbell is a register write: the counter starts some clocks behind begin_cycle.
      const auto last = std::max_element(
          run.result.timeline.begin(), run.result.timeline.end(),
          [](const TimelineEvent& a, const TimelineEvent& b) { return a.end < b.end; });
      std::uint64_t before = run.result.begin_cycle;
      if (last != run.result.timeline.end() && last->end > before + run.result.cycles()) {
        before = last->end - run.result.cycles();
      }
      for (const TimelineEvent& event : run.result.timeline) {  // in order of their ends
        const bool spu = event.engine == commands::Engine::kSpu;
        if (!spu && event.engine != commands::Engine::kActivation) continue;
        auto& cycles = report_.layers[chip.program.info.at(event.command).layer].cycles;
        cycles = cycles.value_or(0) + event.end - before;
        before = event.end;
      }
    }
    if (done == compiled_.programs.size()) report_.cycles = total;
  }

  const CompiledNetwork& compiled_;
  const Network& network_;
  const graph::Graph& graph_;
  const std::vector<TensorData>& inputs_;
  const config::Configuration& config_;
  const NetworkRunSettings& settings_;
  std::map<std::size_t, std::vector<std::uint8_t>> expected_;  ///< words, by value
  NetworkReport report_;
};

}  // namespace

NetworkReport run_network(const CompiledNetwork& compiled, const std::vector<TensorData>& inputs,
                          const config::Configuration& config, const NetworkRunSettings& settings) {
  return NetworkRunner(compiled, inputs, config, settings).run();
}

}  // namespace s4::sw
