#include "sw/network/session.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "sw/driver/progress.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/dependencies.hpp"
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

}  // namespace

/// Values that the host has, made on demand from what the device stored.
class NetworkSession::HostValues {
 public:
  HostValues(const CompiledNetwork& compiled, const std::vector<TensorData>& inputs, Device& device,
             NetworkOutcome& outcome)
      : compiled_(compiled),
        device_(device),
        outcome_(outcome),
        values_(compiled.network.graph.tensors.size()),
        node_(compiled.network.graph.tensors.size(), graph::Uses::kNone) {
    const graph::Graph& g = compiled.network.graph;
    for (std::size_t i = 0; i < g.inputs.size(); ++i) values_[g.inputs[i]] = inputs[i];
    for (std::size_t n = 0; n < g.nodes.size(); ++n) node_[g.nodes[n].output] = n;
  }

  const TensorData& get(TensorId id) {
    const graph::Graph& g = compiled_.network.graph;
    if (g.at(id).constant) return *g.at(id).constant;
    if (values_[id]) return *values_[id];
    if (const MemoryValue* memory = stored(id)) {
      std::vector<std::uint8_t> words(memory->region.size);
      device_.read_memory(memory->region.address, words);
      values_[id] = data_of(compiled_.network.values[memory->value], g.at(id), words);
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
    for (const MemoryValue& memory : compiled_.memory) {
      if (memory.is_output && compiled_.network.values[memory.value].tensor == id) return &memory;
    }
    return nullptr;
  }

  const CompiledNetwork& compiled_;
  Device& device_;
  NetworkOutcome& outcome_;
  std::vector<std::optional<TensorData>> values_;
  std::vector<std::size_t> node_;
};

NetworkSession::NetworkSession(const CompiledNetwork& compiled,
                               const std::vector<TensorData>& inputs, Device& device,
                               const RunSettings& settings)
    : compiled_(compiled),
      device_(device),
      settings_(settings),
      host_(std::make_unique<HostValues>(compiled, inputs, device, outcome_)),
      written_(compiled.network.values.size(), false) {}

NetworkSession::~NetworkSession() = default;

const MemoryValue& NetworkSession::memory_of(std::size_t value) const {
  for (const MemoryValue& memory : compiled_.memory) {
    if (memory.value == value) return memory;
  }
  throw NetworkError(fmt::format("value {} has no place in memory", value));
}

RunRequest NetworkSession::request() const {
  RunRequest request;
  request.read_region = compiled_.read_region;
  request.write_region = compiled_.write_region;
  request.watchdog = settings_.watchdog;
  return request;
}

void NetworkSession::load(bool weights) {
  if (weights) device_.write_memory(compiled_.weight_region.address, compiled_.weights);
  outcome_.memory.assign(compiled_.write_region.size, kUnwritten);
  device_.write_memory(compiled_.write_region.address, outcome_.memory);
}

const ChipProgram& NetworkSession::program() const { return compiled_.programs.at(next_); }

std::uint64_t NetworkSession::predicted() const {
  std::uint64_t sum = 0;
  for (std::size_t p = first_; p < compiled_.programs.size(); ++p) {
    sum += compiled_.programs[p].predicted;
  }
  return sum;
}

std::string NetworkSession::place_of(const Device& device, std::size_t program) const {
  const std::optional<std::uint32_t> command = device.computing();
  if (!command || program >= compiled_.programs.size()) return "";
  const auto& info = compiled_.programs[program].program.info;
  if (*command >= info.size()) return "";
  const std::size_t layer = info[*command].layer;
  const auto& layers = compiled_.network.layers;
  return fmt::format("layer {} of {}, {}", layer + 1, layers.size(), layers.at(layer).layer.name);
}

bool NetworkSession::prepare_program() {
  if (failed() || next_ == compiled_.programs.size()) return false;
  const bool of_next = program().next_inputs && next_batch_ != nullptr;
  (of_next ? *next_batch_ : *this).write_inputs(program());
  device_.prepare(program().program, compiled_.config_hash, request());
  return true;
}

bool NetworkSession::prepare_on(Device& device, std::size_t program, const Region& write_region) {
  if (failed()) return false;
  const ChipProgram& chip = compiled_.programs.at(program);
  write_inputs(chip);
  RunRequest own = request();
  own.write_region = write_region;
  device.prepare(chip.program, compiled_.config_hash, own);
  return true;
}

void NetworkSession::write_inputs(const ChipProgram& chip) {
  for (const std::size_t index : chip.inputs) {
    const ChipValue& value = compiled_.network.values[index];
    if (value.producer || written_[index]) continue;
    written_[index] = true;
    device_.write_memory(memory_of(index).region.address,
                         words_of(value, host_->get(value.tensor)));
  }
}

void NetworkSession::end_program(bool gave_up) { collect_from(device_, next_++, gave_up); }

void NetworkSession::collect_from(Device& device, std::size_t program, bool gave_up) {
  const ChipProgram& chip = compiled_.programs.at(program);
  RunResult result = device.collect();
  result.timeout = gave_up;
  outcome_.wall_s += result.wall_s;
  runs_.push_back({device.name(), chip.program.name, true, result});
  if (result.done && !result.error) return;
  std::string command;
  if (result.error && result.error_command < chip.program.info.size()) {
    const CommandInfo& info = chip.program.info[result.error_command];
    command = fmt::format(": {}, layer '{}', {}", info.what,
                          compiled_.network.layers[info.layer].layer.name,
                          disassemble(chip.program.commands[result.error_command]));
  }
  error_ += fmt::format("{}{}: {}, program '{}'{}", error_.empty() ? "" : "\n", device.name(),
                        result.describe(), chip.program.name, command);
}

void NetworkSession::run() {
  load();
  while (prepare_program()) {
    start_program();
    ProgressLine line(settings_.show_progress,
                      fmt::format("{}, {}", device_.name(), program().program.name),
                      program().predicted, settings_.timeout_s);
    end_program(!device_.wait(
        [&](std::uint64_t cycles) { return line.update(cycles, [&] { return place(); }); }));
  }
}

NetworkOutcome NetworkSession::take_outcome() {
  for (const TensorId id : compiled_.network.graph.outputs) {
    outcome_.outputs.push_back(host_->get(id));
  }
  device_.read_memory(compiled_.write_region.address, outcome_.memory);
  return std::move(outcome_);
}

}  // namespace s4::sw
