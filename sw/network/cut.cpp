#include "sw/network/cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "sw/graph/evaluate.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;
using graph::TensorId;

/// Nodes [begin, end) of the graph.
struct Nodes {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// From the first layer's node to the last one that made a result of the layers: a function may be
/// fused behind one.
Nodes nodes_of(const Network& network, const graph::Uses& uses, const LayerRange& range) {
  if (range.first > range.last || range.last >= network.layers.size()) {
    throw NetworkError(fmt::format("layers {} to {} of {}: the first one comes behind the last",
                                   range.first, range.last, network.layers.size()));
  }
  Nodes nodes{network.graph.nodes.size(), 0};
  for (std::size_t l = range.first; l <= range.last; ++l) {
    const ChipLayer& layer = network.layers[l];
    nodes.begin = std::min(nodes.begin, network.steps[layer.step].node);
    nodes.end = std::max(nodes.end, uses.producer[network.values[layer.output].tensor] + 1);
  }
  return nodes;
}

/// Tensors that the nodes read and do not make, in order; constants left out.
std::vector<TensorId> inputs_of(const graph::Graph& graph, const Nodes& nodes) {
  std::set<TensorId> known;
  std::vector<TensorId> inputs;
  for (std::size_t n = nodes.begin; n < nodes.end; ++n) {
    const graph::Node& node = graph.nodes[n];
    for (const TensorId id : node.inputs) {
      if (id == graph::kNoTensor || graph.is_constant(id)) continue;
      if (known.insert(id).second) inputs.push_back(id);
    }
    known.insert(node.output);
  }
  return inputs;
}

/// The nodes with the tensors that they use, and results that are wanted outside as outputs.
graph::Graph part_of(const graph::Graph& whole, const graph::Uses& uses, const Nodes& nodes) {
  graph::Graph part;
  part.name = whole.name;
  std::map<TensorId, TensorId> ids;
  const auto mapped = [&](TensorId id) {
    if (id == graph::kNoTensor) return id;
    const auto [place, is_new] = ids.emplace(id, graph::kNoTensor);
    if (is_new) place->second = part.add_tensor(whole.at(id));
    return place->second;
  };
  for (const TensorId id : inputs_of(whole, nodes)) part.inputs.push_back(mapped(id));
  for (std::size_t n = nodes.begin; n < nodes.end; ++n) {
    graph::Node node = whole.nodes[n];
    for (TensorId& id : node.inputs) id = mapped(id);
    const TensorId made = node.output;
    node.output = mapped(made);
    part.nodes.push_back(std::move(node));
    const auto& readers = uses.consumers[made];
    const bool outside = uses.is_output[made] || readers.empty() ||
                         std::any_of(readers.begin(), readers.end(),
                                     [&](std::size_t reader) { return reader >= nodes.end; });
    if (outside) part.outputs.push_back(part.nodes.back().output);
  }
  return part;
}

}  // namespace

std::size_t find_layer(const Network& network, const std::string& name) {
  std::vector<std::size_t> found;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (network.layers[l].layer.name == name) found.push_back(l);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    throw NetworkError(fmt::format("{} layers are called '{}': give a number, as {} for the first",
                                   found.size(), name, found.front()));
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size() && number < network.layers.size()) {
    return number;
  }
  throw NetworkError(fmt::format("no layer '{}': a name, or a number from 0 to {} (s4 inspect)",
                                 name, network.layers.size() - 1));
}

std::vector<NetworkCut> cut_network(const Network& network, const std::vector<TensorData>& inputs,
                                    const std::vector<LayerRange>& ranges) {
  const graph::Graph& whole = network.graph;
  const graph::Uses uses(whole);
  std::vector<std::vector<TensorId>> wanted;
  std::map<TensorId, std::optional<TensorData>> values;
  std::size_t end = 0;  // of the nodes that the reference runs
  for (const LayerRange& range : ranges) {
    const Nodes nodes = nodes_of(network, uses, range);
    end = std::max(end, nodes.begin);
    wanted.push_back(inputs_of(whole, nodes));
    for (const TensorId id : wanted.back()) {
      values[id];
      if (uses.producer[id] != graph::Uses::kNone) end = std::max(end, uses.producer[id] + 1);
    }
  }
  graph::Graph before = whole;
  before.nodes.resize(end);
  before.outputs.clear();
  (void)graph::evaluate(before, inputs, [&](TensorId id, TensorData& data) {
    const auto place = values.find(id);
    if (place != values.end()) place->second = data;
  });
  std::vector<NetworkCut> cuts;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    NetworkCut cut;
    cut.range = ranges[i];
    cut.graph = part_of(whole, uses, nodes_of(network, uses, ranges[i]));
    for (const TensorId id : wanted[i]) cut.inputs.push_back(values.at(id).value());
    graph::check_graph(cut.graph);
    cuts.push_back(std::move(cut));
  }
  return cuts;
}

}  // namespace s4::sw
