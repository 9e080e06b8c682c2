#include "sw/network/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sw {
namespace {

using nlohmann::json;

const LayerPlacement& placement(const CompiledNetwork& compiled, std::size_t layer) {
  for (const ChipProgram& chip : compiled.programs) {
    for (const LayerPlacement& placed : chip.layers) {
      if (placed.layer == layer) return placed;
    }
  }
  throw NetworkError(fmt::format("layer {} is in no program", layer));
}

/// Largest number of weights in a bank of 64.
std::uint32_t largest_bank(const Layer& layer) {
  if (layer.dense) return sparse_format::kBankSize;
  const auto counts = bank_counts(layer.weights);
  return counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
}

json tensor_json(const graph::Tensor& tensor) {
  return {{"name", tensor.name}, {"type", graph::name_of(tensor.type)}, {"shape", tensor.shape}};
}

std::string tensor_text(const graph::Tensor& tensor) {
  return fmt::format("{} {}{}", tensor.name, graph::name_of(tensor.type),
                     graph::to_string(tensor.shape));
}

struct Totals {
  std::uint64_t macs = 0, kept = 0, dense = 0, stored = 0, parameters = 0, predicted = 0;
};

Totals totals(const CompiledNetwork& compiled) {
  Totals t;
  for (const ChipProgram& chip : compiled.programs) {
    t.predicted += chip.predicted;
    for (const LayerPlacement& placed : chip.layers) {
      const ChipLayer& chip_layer = compiled.network.layers[placed.layer];
      const Layer& layer = chip_layer.layer;
      t.macs += chip_layer.macs_dense();
      t.kept += layer.weights.non_zeros();
      t.dense += chip_layer.dense_bytes();
      t.stored += placed.weight_bytes;
      t.parameters += placed.parameter_bytes;
    }
  }
  return t;
}

std::string moved_text(const CompiledNetwork& compiled, const char* what,
                       const std::vector<std::size_t>& values) {
  std::string text;
  for (const MemoryValue& memory : compiled.memory) {
    if (std::find(values.begin(), values.end(), memory.value) == values.end()) continue;
    const graph::TensorId tensor = compiled.network.values[memory.value].tensor;
    text += fmt::format("  {:<6} {:>10} bytes at {:#011x}  {}\n", what, memory.region.size,
                        memory.region.address, compiled.network.graph.at(tensor).name);
  }
  return text;
}

/// Clocks that the compiler expects of every resource; the largest is the bound.
std::string schedule_text(const CompiledNetwork& compiled, const ChipProgram& chip) {
  std::string text = moved_text(compiled, "reads", chip.inputs);
  text += moved_text(compiled, "writes", chip.outputs);
  text += fmt::format("  {:<20} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}  {:<11} {}\n",
                      "clocks expected", "in all", "mac", "activation", "weights", "epilogue",
                      "rows", "memory", "bound", "plan");
  for (const LayerPlacement& placed : chip.layers) {
    const Estimate& e = placed.estimate;
    text += fmt::format("  {:<20} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}  {:<11} {}\n",
                        compiled.network.layers[placed.layer].layer.name, placed.predicted, e.mac,
                        e.activation, e.weights, e.epilogue, e.rows, e.memory(), bound_name(e),
                        placed.plan.describe());
  }
  return text;
}

}  // namespace

json inspect_json(const CompiledNetwork& compiled) {
  const Network& network = compiled.network;
  const graph::Graph& graph = network.graph;
  json out;
  out["config"] = compiled.config_name;
  out["inputs"] = json::array();
  for (const graph::TensorId id : graph.inputs) out["inputs"].push_back(tensor_json(graph.at(id)));
  out["outputs"] = json::array();
  for (const graph::TensorId id : graph.outputs) {
    out["outputs"].push_back(tensor_json(graph.at(id)));
  }
  out["steps"] = json::array();
  for (const NetworkStep& step : network.steps) {
    const graph::Tensor& result = graph.at(graph.nodes[step.node].output);
    json item = {{"name", step.name},     {"op", step.op},   {"where", place_name(step.place)},
                 {"engine", step.engine}, {"why", step.why}, {"output", tensor_json(result)}};
    if (step.layer) {
      const ChipLayer& chip_layer = network.layers[*step.layer];
      const Layer& layer = chip_layer.layer;
      const LayerPlacement& placed = placement(compiled, *step.layer);
      const std::uint64_t kept = layer.kept_weights();
      item["shape"] = layer.describe();
      item["keep"] = largest_bank(layer);
      item["macs_dense"] = chip_layer.macs_dense();
      item["macs_nonzero"] = kept * layer.geometry.pixels();
      item["sparsity"] = static_cast<double>(chip_layer.dense_weights) /
                         static_cast<double>(std::max<std::uint64_t>(kept, 1));
      item["weight_bytes"] = placed.weight_bytes;
      item["parameter_bytes"] = placed.parameter_bytes;
      item["dense_weight_bytes"] = chip_layer.dense_bytes();
      item["plan"] = placed.plan.describe();
      item["bound"] = bound_name(placed.estimate);
      item["predicted_cycles"] = placed.predicted;
    }
    out["steps"].push_back(std::move(item));
  }
  out["programs"] = json::array();
  for (const ChipProgram& chip : compiled.programs) {
    out["programs"].push_back({{"name", chip.program.name},
                               {"commands", chip.program.commands.size()},
                               {"layers", chip.layers.size()},
                               {"sub_batch", chip.sub_batch},
                               {"activations", chip.residency},
                               {"predicted_cycles", chip.predicted}});
  }
  const Totals t = totals(compiled);
  out["macs_dense"] = t.macs;
  out["weight_bytes"] = t.stored;
  out["parameter_bytes"] = t.parameters;
  out["dense_weight_bytes"] = t.dense;
  out["predicted_cycles"] = t.predicted;
  out["notes"] = network.notes;
  return out;
}

std::string inspect_text(const CompiledNetwork& compiled, const InspectDetails& details) {
  const Network& network = compiled.network;
  const graph::Graph& graph = network.graph;
  std::string text = fmt::format("configuration {}\n", compiled.config_name);
  for (const graph::TensorId id : graph.inputs)
    text += "input  " + tensor_text(graph.at(id)) + '\n';
  for (const graph::TensorId id : graph.outputs) {
    text += "output " + tensor_text(graph.at(id)) + '\n';
  }
  text += fmt::format("\n{:<20} {:<14} {:<6} {:<36} {:>4} {:>9} {:>10} {:>10}  {}\n", "step", "op",
                      "where", "shape", "K", "sparsity", "weights B", "dense B", "why");
  for (const NetworkStep& step : network.steps) {
    const graph::Tensor& result = graph.at(graph.nodes[step.node].output);
    if (!step.layer) {
      text += fmt::format("{:<20} {:<14} {:<6} {:<36} {:>4} {:>9} {:>10} {:>10}  {}\n", step.name,
                          step.op, place_name(step.place), graph::to_string(result.shape), "", "",
                          "", "", step.why);
      continue;
    }
    const ChipLayer& chip_layer = network.layers[*step.layer];
    const Layer& layer = chip_layer.layer;
    const LayerPlacement& placed = placement(compiled, *step.layer);
    const std::uint64_t kept = std::max<std::uint64_t>(layer.weights.non_zeros(), 1);
    text += fmt::format("{:<20} {:<14} {:<6} {:<36} {:>4} {:>8.1f}x {:>10} {:>10}  {}\n", step.name,
                        step.op, step.engine, layer.describe(), largest_bank(layer),
                        static_cast<double>(chip_layer.dense_weights) / static_cast<double>(kept),
                        placed.weight_bytes, chip_layer.dense_bytes(), step.why);
  }
  text += '\n';
  for (const ChipProgram& chip : compiled.programs) {
    text += fmt::format("program {}: {} layer{}, {} commands, about {} clocks; ", chip.program.name,
                        chip.layers.size(), chip.layers.size() == 1 ? "" : "s",
                        chip.program.commands.size(), chip.predicted);
    text += chip.spilled
                ? std::string("activations in memory: not even one image fits the local buffer\n")
                : fmt::format("activations stay on the chip, {} image{} at a time, inputs {}\n",
                              chip.sub_batch, chip.sub_batch == 1 ? "" : "s", chip.residency);
    if (details.schedule) text += schedule_text(compiled, chip);
    for (std::size_t c = 0; details.commands && c < chip.program.commands.size(); ++c) {
      text += fmt::format("  {:>5} {:<18} {}\n", c, chip.program.info[c].what,
                          disassemble(chip.program.commands[c]));
    }
  }
  const Totals t = totals(compiled);
  text += fmt::format(
      "weights {} bytes stored, {} dense ({:.1f} times smaller), {} of biases, scales and tables; "
      "{:.1f} M multiply-accumulates if dense\n",
      t.stored, t.dense,
      static_cast<double>(t.dense) / static_cast<double>(std::max<std::uint64_t>(t.stored, 1)),
      t.parameters, static_cast<double>(t.macs) / 1e6);
  for (const std::string& note : network.notes) text += "note: " + note + '\n';
  return text;
}

}  // namespace s4::sw
