#include "sw/network/network_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "sw/driver/functional_device.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/mismatch_text.hpp"
#include "sw/network/node_layer.hpp"
#include "sw/network/row_capture.hpp"
#include "sw/network/row_judge.hpp"
#include "sw/network/value_words.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;
using graph::TensorId;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

NetworkJudge::NetworkJudge(const CompiledNetwork& compiled, const std::vector<TensorData>& inputs,
                           const config::Configuration& config, const NetworkRunSettings& settings)
    : compiled_(compiled),
      network_(compiled.network),
      graph_(compiled.network.graph),
      inputs_(inputs),
      config_(config),
      settings_(settings) {}

bool NetworkJudge::wants_rtl() const {
  const Backend backend = settings_.run.backend;
  return backend == Backend::kRtl || backend == Backend::kAll;
}

void NetworkJudge::prepare() {
  check_inputs();
  describe();
  if (settings_.run.backend != Backend::kReference) {
    FunctionalDevice device(config_);
    NetworkSession session(compiled_, inputs_, device, settings_.run);
    RowCapture rows(compiled_, session, device);
    session.run();
    functional_ = conclude(session);
    if (functional_) functional_->rows = rows.take();
  }
  run_reference(functional_);
}

void NetworkJudge::take_rtl(NetworkSession& session) {
  rtl_first_ = session.first();
  rtl_ = conclude(session);
}

NetworkReport NetworkJudge::finish() {
  if (settings_.run.backend == Backend::kReference) return std::move(report_);
  const bool rtl = wants_rtl();
  if (functional_) report_.functional_s = functional_->wall_s;
  if (rtl_) report_.rtl_s = rtl_->wall_s;
  std::optional<NetworkOutcome>& leading = rtl ? rtl_ : functional_;
  if (leading) {
    if (settings_.run.corrupt_output_byte) {
      leading->memory.at(*settings_.run.corrupt_output_byte) ^= 1;
    }
    report_.outputs = leading->outputs;
    report_.host_steps = leading->host_steps;
    report_.wall_s = leading->wall_s;
  }
  if (rtl) {
    compare_memories(rtl_, functional_);
    compare_reference("rtl = reference", rtl_, "rtl");
    count_cycles();
  }
  compare_reference("functional = reference", functional_, "functional");
  return std::move(report_);
}

// ---- before -----------------------------------------------------------------------------------

void NetworkJudge::check_inputs() const {
  if (compiled_.config_hash != config_.hash) {
    throw NetworkError(fmt::format(
        "the program is for configuration {} with hash {:016x}, not for {} with hash {:016x}",
        compiled_.config_name, compiled_.config_hash, config_.name, config_.hash));
  }
  if (inputs_.size() != graph_.inputs.size()) {
    throw NetworkError(fmt::format("the network has {} inputs, given are {}", graph_.inputs.size(),
                                   inputs_.size()));
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const graph::Tensor& wanted = graph_.at(graph_.inputs[i]);
    if (inputs_[i].type == wanted.type && inputs_[i].shape == wanted.shape) continue;
    throw NetworkError(fmt::format("input '{}' is {}{}, given is {}{}", wanted.name,
                                   name_of(wanted.type), graph::to_string(wanted.shape),
                                   name_of(inputs_[i].type), graph::to_string(inputs_[i].shape)));
  }
}

void NetworkJudge::describe() {
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
void NetworkJudge::run_reference(const std::optional<NetworkOutcome>& device) {
  std::vector<bool> wanted(graph_.tensors.size(), false);
  for (const MemoryValue& memory : compiled_.memory) {
    if (memory.is_output) wanted[network_.values[memory.value].tensor] = true;
  }
  std::map<TensorId, std::size_t> rows;  // value, by result
  for (const ChipLayer& layer : network_.layers) {
    if (!device || !layer.layer.rows) continue;
    rows[network_.values[layer.output].tensor] = layer.output;
    wanted[graph_.nodes[network_.steps[layer.step].node].inputs[0]] = true;
  }
  Comparison comparison;
  comparison.what = "rows of functional = reference within their bound";
  std::map<TensorId, TensorData> kept;
  const auto begin = Clock::now();
  report_.outputs = graph::evaluate(graph_, inputs_, [&](TensorId id, TensorData& data) {
    const auto judged = rows.find(id);
    if (judged != rows.end()) judge_rows_of(judged->second, *device, kept, data, comparison);
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

/// What the device made of a value: from the local buffer where it is not stored.
std::vector<std::uint8_t> NetworkJudge::row_words(std::size_t value,
                                                  const NetworkOutcome& device) const {
  for (const MemoryValue& memory : compiled_.memory) {
    if (memory.value != value) continue;
    const auto at =
        static_cast<std::ptrdiff_t>(memory.region.address - compiled_.write_region.address);
    return {device.memory.begin() + at,
            device.memory.begin() + at + static_cast<std::ptrdiff_t>(memory.region.size)};
  }
  return device.rows.at(value);
}

/// Puts the device's result in place of `data`.
void NetworkJudge::judge_rows_of(std::size_t of, const NetworkOutcome& device,
                                 const std::map<TensorId, TensorData>& kept, TensorData& data,
                                 Comparison& comparison) {
  const ChipValue& value = network_.values[of];
  const std::size_t index = *value.producer;
  const ChipLayer& chip = network_.layers[index];
  const graph::Node& node = graph_.nodes[network_.steps[chip.step].node];
  data = data_of(value, graph_.at(value.tensor), row_words(of, device));
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

/// Nothing if a program failed; the report says why.
std::optional<NetworkOutcome> NetworkJudge::conclude(NetworkSession& session) {
  report_.runs.insert(report_.runs.end(), session.runs().begin(), session.runs().end());
  if (!session.failed()) return session.take_outcome();
  report_.error += (report_.error.empty() ? "" : "\n") + session.error();
  return std::nullopt;
}

// ---- comparisons ------------------------------------------------------------------------------

/// Counts differences of `got` and `want`, which start at `offset` of the write region.
void NetworkJudge::compare_bytes(Comparison& comparison, std::uint64_t offset,
                                 std::span<const std::uint8_t> want,
                                 std::span<const std::uint8_t> got, const char* device,
                                 std::optional<std::size_t> layer) {
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

void NetworkJudge::compare_memories(const std::optional<NetworkOutcome>& rtl,
                                    const std::optional<NetworkOutcome>& functional) {
  Comparison comparison;
  comparison.what = "rtl = functional";
  comparison.made =
      rtl && functional && !rtl->memory.empty() && rtl->memory.size() == functional->memory.size();
  if (comparison.made) {
    compare_bytes(comparison, 0, functional->memory, rtl->memory, "rtl", std::nullopt);
  }
  report_.comparisons.push_back(std::move(comparison));
}

void NetworkJudge::compare_reference(const std::string& what,
                                     const std::optional<NetworkOutcome>& outcome,
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
    compare_bytes(comparison, offset, want, std::span(outcome->memory).subspan(offset, want.size()),
                  device, network_.values[memory.value].producer);
  }
  // Every value that the chip stores must be there, or the comparison proves nothing.
  comparison.made = compared > 0 && compared == expected_.size();
  report_.comparisons.push_back(std::move(comparison));
}

/// Splits the clocks of the RTL's programs over the layers.
void NetworkJudge::count_cycles() {
  std::uint64_t total = 0;
  std::size_t done = rtl_first_;
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

}  // namespace s4::sw
