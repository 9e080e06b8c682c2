#include "sw/zoo/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "sw/quantize/walk.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::TensorData;
using graph::TensorId;

/// Nodes that only show what others computed.
bool only_moves(Op op) {
  switch (op) {
    case Op::kReshape:
    case Op::kTranspose:
    case Op::kDequantize:
    case Op::kSlice:
    case Op::kConcat:
    case Op::kCast:
      return true;
    default:
      return false;
  }
}

/// The name of a tensor's maker, for those that the quantiser has renamed.
std::string without(std::string name, const std::string& suffix) {
  const bool ends = name.size() > suffix.size() && name.ends_with(suffix);
  return ends ? name.substr(0, name.size() - suffix.size()) : name;
}

struct Counts {
  std::size_t non_zero = 0;
  std::size_t values = 0;
};

template <typename T>
Counts count(const std::vector<T>& data, T zero) {
  Counts counts;
  std::unordered_set<T> seen;
  for (const T value : data) {
    if (value == zero) {
      ++counts.values;
      break;
    }
  }
  for (const T value : data) {
    if (value == zero) continue;
    ++counts.non_zero;
    if (counts.values + seen.size() < kCountedValues) seen.insert(value);
  }
  counts.values += seen.size();
  return counts;
}

template <typename T>
std::size_t differences(const std::vector<T>& a, const std::vector<T>& b) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different += a[i] != b[i] ? 1 : 0;
  return different;
}

/// Takes in the result of one run, and of the run before.
void take(LayerHealth& layer, const TensorData& data, const TensorData* before, std::int32_t zero) {
  std::visit(
      [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if (values.empty()) return;
        const auto all = static_cast<double>(values.size());
        const Counts counts = count(values, static_cast<T>(zero));
        layer.non_zero = std::min(layer.non_zero, static_cast<double>(counts.non_zero) / all);
        layer.values = before == nullptr ? counts.values : std::min(layer.values, counts.values);
        if (before == nullptr) return;
        const std::size_t different = differences(values, before->get<T>());
        layer.different = std::min(layer.different, static_cast<double>(different) / all);
      },
      data.values);
}

/// Nothing reads the result but a quantisation, whose bytes say more.
bool goes_to_bytes(const Graph& graph, const graph::Uses& uses, TensorId id) {
  return uses.read_once(id) && graph.nodes[uses.consumers[id][0]].op == Op::kQuantize;
}

}  // namespace

std::vector<LayerHealth> examine_health(const Graph& graph, const Calibration& inputs) {
  if (inputs.size() < 2) throw std::invalid_argument("a check needs two inputs that differ");
  Walk walk(graph, inputs);
  const graph::Uses uses(graph);
  std::vector<LayerHealth> layers;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    walk.evaluate(n);
    const bool constant = std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId id) {
      return id == graph::kNoTensor || graph.is_constant(id);
    });
    if (constant || only_moves(node.op) || goes_to_bytes(graph, uses, node.output)) continue;
    LayerHealth layer;
    layer.op = graph::name_of(node.op);
    layer.name = node.name;
    std::int32_t zero = 0;
    if (node.op == Op::kQuantize) {
      const std::size_t maker = uses.producer[node.inputs[0]];
      layer.bytes = true;
      layer.op = maker == graph::Uses::kNone ? "input" : graph::name_of(graph.nodes[maker].op);
      layer.name = without(without(node.name, "_quantize"), "_output_0");
      zero = node.get<graph::QuantizeAttributes>().zero.at(0);
    }
    for (std::size_t run = 0; run < walk.runs(); ++run) {
      take(layer, walk.value(run, node.output),
           run == 0 ? nullptr : &walk.value(run - 1, node.output), zero);
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

void require_health(const std::vector<LayerHealth>& layers) {
  std::string text;
  std::size_t bad = 0;
  for (const LayerHealth& layer : layers) {
    if (layer.ok()) continue;
    ++bad;
    const std::string who = fmt::format("\n  {} '{}': ", layer.op, layer.name);
    if (layer.non_zero < kLeastNonZero) {
      text += who + fmt::format("{:.2f} % of its outputs are not zero, wanted are {:.0f} %",
                                100.0 * layer.non_zero, 100.0 * kLeastNonZero);
    }
    if (layer.values < kLeastValues) {
      text += who + fmt::format("{} values occur, wanted are {}", layer.values, kLeastValues);
    }
    if (layer.different < kLeastDifferent) {
      text += who + fmt::format("{:.2f} % of its outputs differ for another input, wanted are {} %",
                                100.0 * layer.different, 100.0 * kLeastDifferent);
    }
  }
  if (bad > 0) {
    throw UnhealthyNetwork(
        fmt::format("{} of {} layers compute too little:{}", bad, layers.size(), text));
  }
}

std::string describe(const std::vector<LayerHealth>& layers) {
  std::string text = fmt::format("{:<20} {:<52} {:>5} {:>10} {:>7} {:>10}\n", "operator", "node",
                                 "type", "non-zero", "values", "different");
  for (const LayerHealth& layer : layers) {
    const std::string values = layer.values >= kCountedValues
                                   ? fmt::format(">{}", kCountedValues - 1)
                                   : std::to_string(layer.values);
    text += fmt::format("{:<20} {:<52} {:>5} {:>8.1f} % {:>7} {:>8.1f} %{}\n", layer.op, layer.name,
                        layer.bytes ? "byte" : "float", 100.0 * layer.non_zero, values,
                        100.0 * layer.different, layer.ok() ? "" : "  too little");
  }
  return text;
}

}  // namespace s4::sw
