#include "sw/prune/first_layer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "sw/network/windows.hpp"
#include "sw/sparse/prune.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Shape;

std::uint32_t size(std::int64_t dim) { return static_cast<std::uint32_t>(dim); }

bool reads_input(const Graph& graph, const Node& node) {
  const auto& inputs = graph.inputs;
  return node.op == Op::kConv && graph.is_constant(node.inputs[1]) &&
         graph.at(node.inputs[1]).type == graph::DataType::kFloat32 &&
         node.get<graph::ConvAttributes>().geometry.groups == 1 &&
         std::find(inputs.begin(), inputs.end(), node.inputs[0]) != inputs.end();
}

LayerGeometry geometry_of(const Graph& graph, const Node& node) {
  const Shape& x = graph.at(node.inputs[0]).shape;
  const Shape& w = graph.at(node.inputs[1]).shape;
  const graph::ConvGeometry& conv = node.get<graph::ConvAttributes>().geometry;
  LayerGeometry g;
  g.batch = size(x[0]);
  g.channels = size(x[1]);
  g.height = size(x[2]);
  g.width = size(x[3]);
  g.filters = size(w[0]);
  g.kernel_h = size(w[2]);
  g.kernel_w = size(w[3]);
  g.stride_h = size(conv.strides[0]);
  g.stride_w = size(conv.strides[1]);
  g.dilation_h = size(conv.dilations[0]);
  g.dilation_w = size(conv.dilations[1]);
  g.pad_top = size(conv.pads[0]);
  g.pad_left = size(conv.pads[1]);
  g.pad_bottom = size(conv.pads[2]);
  g.pad_right = size(conv.pads[3]);
  return g;
}

/// Weights as bytes, every filter by its own scale, as it will be quantised. What is not 0 stays
/// so.
WeightTensor bytes_of(const LayerGeometry& g, const std::vector<float>& values) {
  WeightTensor weights(g.filters, g.channels, g.kernel_h, g.kernel_w);
  const std::size_t each = g.filters == 0 ? 0 : values.size() / g.filters;
  for (std::size_t filter = 0; filter < g.filters; ++filter) {
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(filter * each);
    float largest = 0.0F;
    for (std::size_t i = 0; i < each; ++i) largest = std::max(largest, std::fabs(row[i]));
    for (std::size_t i = 0; i < each; ++i) {
      if (row[i] == 0.0F) continue;
      const float magnitude = std::max(1.0F, std::nearbyint(std::fabs(row[i]) / largest * 127.0F));
      weights.data[filter * each + i] = static_cast<std::int8_t>(magnitude);
    }
  }
  return weights;
}

std::size_t fullest_bank_of(const WeightTensor& weights) {
  std::size_t fullest = 0;
  for (std::uint32_t out = 0; out < weights.out_channels; ++out) {
    for (std::uint32_t bank = 0; bank < weights.banks(); ++bank) {
      std::size_t count = 0;
      for (std::uint32_t e = 0; e < weights.valid_in_bank(bank); ++e) {
        count += weights.data[weights.position(out, bank, e)] != 0 ? 1 : 0;
      }
      fullest = std::max(fullest, count);
    }
  }
  return fullest;
}

std::optional<PrunedLayer> prune_first_layer(Graph& graph, Node& node, std::uint32_t keep) {
  Layer layer;
  layer.geometry = geometry_of(graph, node);
  // Rows of quarter words fill the same banks as gathered rows: the configuration does not matter.
  const auto windows = find_windows(layer.geometry, 0);
  if (!windows) return std::nullopt;
  const graph::Tensor& old = graph.at(node.inputs[1]);
  graph::TensorData data = *old.constant;
  const std::string name = old.name;
  auto& values = data.get<float>();
  layer.weights = bytes_of(layer.geometry, values);
  PrunedLayer entry;
  entry.name = node.name;
  entry.weights = values.size();
  entry.reduction = values.size() / std::max<std::uint32_t>(1, layer.geometry.filters);
  entry.before = layer.weights.non_zeros();
  gather(layer, *windows);
  prune_share(layer.weights, keep, gathered_places(*windows));
  entry.after = layer.weights.non_zeros();
  entry.fullest = fullest_bank_of(layer.weights);
  const WeightTensor kept = scattered_weights(layer.weights, *windows);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kept.data[i] == 0) values[i] = 0.0F;
  }
  node.inputs[1] = graph.add_constant(name, std::move(data));
  return entry;
}

}  // namespace

std::vector<PrunedLayer> prune_first_layers(Graph& graph, std::uint32_t keep) {
  if (keep < 1 || keep > 64) throw std::invalid_argument("1 to 64 weights of a bank can be kept");
  std::vector<PrunedLayer> report;
  for (std::size_t n = 0; n < graph.nodes.size() && keep < 64; ++n) {
    if (!reads_input(graph, graph.nodes[n])) continue;
    if (auto entry = prune_first_layer(graph, graph.nodes[n], keep)) report.push_back(*entry);
  }
  return report;
}

}  // namespace s4::sw
