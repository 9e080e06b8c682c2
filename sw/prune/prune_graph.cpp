#include "sw/prune/prune_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

/// The image [N,C,H,W] that `tensor` [N,C*H*W] is a reshape of, if a kernel can be as large.
TensorId flattened_image(const Graph& graph, const graph::Uses& uses, TensorId tensor) {
  const Shape& flat = graph.at(tensor).shape;
  if (flat.size() != 2) return kNoTensor;
  for (TensorId at = tensor; uses.producer[at] != graph::Uses::kNone;) {
    const Node& node = graph.nodes[uses.producer[at]];
    if (node.op != Op::kReshape) break;
    at = node.inputs[0];
    const Shape& from = graph.at(at).shape;
    if (from.size() < 3 || from[0] != flat[0]) continue;
    const bool fits = from.size() == 4 && from[2] <= commands::kMaxKernel &&
                      from[3] <= commands::kMaxKernel && from[1] * from[2] * from[3] == flat[1];
    return fits ? at : kNoTensor;
  }
  return kNoTensor;
}

bool is_transposed(const Node& node) {
  return node.op == Op::kGemm && node.get<graph::GemmAttributes>().transpose_b;
}

/// What can be pruned of a node, without its weights.
std::optional<LayerRows> layer_shape(const Graph& graph, const graph::Uses& uses, std::size_t n) {
  const Node& node = graph.nodes[n];
  if (node.op != Op::kConv && node.op != Op::kGemm && node.op != Op::kMatMul) return {};
  if (!graph.is_constant(node.inputs[1]) || graph.is_constant(node.inputs[0])) return {};
  const Shape& w = graph.at(node.inputs[1]).shape;
  LayerRows layer;
  layer.node = n;
  layer.name = node.name;
  layer.image = node.inputs[0];
  const auto size = [](std::int64_t dim) { return static_cast<std::size_t>(dim); };
  if (node.op == Op::kConv) {
    layer.filters = size(w[0]);
    layer.channels = size(w[1]);
    layer.kernel_h = size(w[2]);
    layer.kernel_w = size(w[3]);
    layer.groups = size(node.get<graph::ConvAttributes>().geometry.groups);
    return layer;
  }
  if (w.size() != 2) return {};
  if (node.op == Op::kGemm && node.get<graph::GemmAttributes>().transpose_a) return {};
  layer.filters = size(w[is_transposed(node) ? 0 : 1]);
  layer.channels = size(w[is_transposed(node) ? 1 : 0]);
  const TensorId image = flattened_image(graph, uses, node.inputs[0]);
  if (image != kNoTensor) {
    const Shape& shape = graph.at(image).shape;
    layer.image = image;
    layer.channels = size(shape[1]);
    layer.kernel_h = size(shape[2]);
    layer.kernel_w = size(shape[3]);
  }
  return layer;
}

}  // namespace

std::vector<BankSpan> LayerRows::banks(std::size_t filter) const {
  return bank_spans(channels, taps(), filter / (filters / groups) * channels);
}

std::size_t LayerRows::fullest() const {
  std::size_t count = 0;
  for (std::size_t f = 0; f < filters; ++f) count = std::max(count, fullest_bank(row(f), banks(f)));
  return count;
}

std::size_t LayerRows::largest() const {
  std::size_t size = 0;
  for (std::size_t f = 0; f < filters; f += filters / groups) {
    for (const BankSpan& bank : banks(f)) size = std::max(size, bank.size);
  }
  return size;
}

std::uint64_t LayerRows::non_zeros() const {
  return weights.size() -
         static_cast<std::uint64_t>(std::count(weights.begin(), weights.end(), 0.0F));
}

std::size_t position_in_constant(const Graph& graph, const LayerRows& layer, std::size_t filter,
                                 std::size_t index) {
  const std::size_t in_order =
      index % layer.channels * layer.taps() + index / layer.channels;  // channel, then tap
  const Node& node = graph.nodes[layer.node];
  if (node.op == Op::kConv || is_transposed(node)) return filter * layer.reduction() + in_order;
  return in_order * layer.filters + filter;
}

std::vector<LayerRows> float_layers(const Graph& graph) {
  const graph::Uses uses(graph);
  std::vector<LayerRows> layers;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    auto layer = layer_shape(graph, uses, n);
    if (!layer || layer->filters == 0 || layer->reduction() == 0) continue;
    const auto& values = graph.constant(graph.nodes[n].inputs[1]).floats();
    layer->weights.resize(values.size());
    for (std::size_t f = 0; f < layer->filters; ++f) {
      for (std::size_t i = 0; i < layer->reduction(); ++i) {
        layer->row(f)[i] = values[position_in_constant(graph, *layer, f, i)];
      }
    }
    layers.push_back(std::move(*layer));
  }
  return layers;
}

void set_rows(Graph& graph, const LayerRows& layer) {
  const TensorId old = graph.nodes[layer.node].inputs[1];
  graph::TensorData data = graph.constant(old);
  auto& values = data.get<float>();
  for (std::size_t f = 0; f < layer.filters; ++f) {
    for (std::size_t i = 0; i < layer.reduction(); ++i) {
      values[position_in_constant(graph, layer, f, i)] = layer.row(f)[i];
    }
  }
  graph.nodes[layer.node].inputs[1] = graph.add_constant(graph.at(old).name, std::move(data));
}

std::vector<LayerRows> prunable_layers(const Graph& graph, std::uint32_t keep) {
  if (keep < 1 || keep > 64) throw std::invalid_argument("1 to 64 weights of a bank can be kept");
  std::vector<LayerRows> layers = float_layers(graph);
  if (layers.empty()) {
    throw std::invalid_argument(
        "the network has no Conv, Gemm or MatMul with constant float32 weights to prune");
  }
  return layers;
}

PrunedLayer examine(const LayerRows& layer, std::uint32_t keep) {
  PrunedLayer entry;
  entry.name = layer.name;
  entry.reduction = layer.reduction();
  entry.weights = layer.weights.size();
  entry.before = layer.non_zeros();
  entry.after = entry.before;
  entry.fullest = layer.fullest();
  if (layer.largest() <= keep) {
    entry.note = "its banks are small enough";
  } else if (entry.fullest <= keep) {
    entry.note = "sparse already, kept as it is";
  }
  return entry;
}

std::vector<PrunedLayer> prune_by_magnitude(Graph& graph, std::uint32_t keep) {
  std::vector<PrunedLayer> report;
  for (LayerRows& layer : prunable_layers(graph, keep)) {
    PrunedLayer entry = examine(layer, keep);
    if (entry.note.empty()) {
      for (std::size_t f = 0; f < layer.filters; ++f) prune_row(layer.row(f), layer.banks(f), keep);
      set_rows(graph, layer);
      entry.after = layer.non_zeros();
      entry.fullest = layer.fullest();
    }
    report.push_back(std::move(entry));
  }
  return report;
}

std::string describe(const std::vector<PrunedLayer>& layers) {
  std::string text = fmt::format("{:<20} {:>9} {:>10} {:>10} {:>12}\n", "layer", "reduction",
                                 "weights", "non-zero", "fullest bank");
  for (const PrunedLayer& layer : layers) {
    text += fmt::format("{:<20} {:>9} {:>10} {:>10} {:>12}", layer.name, layer.reduction,
                        layer.weights, layer.after, layer.fullest);
    if (layer.output_error >= 0.0) {
      text += fmt::format("  error of the result {:.1f} %", 100.0 * layer.output_error);
    }
    if (!layer.note.empty()) text += "  " + layer.note;
    text += '\n';
  }
  return text;
}

}  // namespace s4::sw
