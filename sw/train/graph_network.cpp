#include "sw/train/graph_network.hpp"

#include <fmt/format.h>

#include <utility>

#include "sw/graph/rewrite.hpp"
#include "sw/prune/prune_graph.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::TensorData;
using graph::TensorId;

bool ends_network(Op op) { return op == Op::kSoftmax || op == Op::kArgMax || op == Op::kReshape; }

/// Why a layer cannot be trained; empty if it can.
std::string why_not(const Graph& graph, const Node& node) {
  if (node.op == Op::kConv) {
    if (!graph.is_constant(node.inputs[1])) return "its weights are not constant";
    if (node.get<graph::ConvAttributes>().geometry.groups != 1) return "groups";
  } else if (node.op == Op::kGemm) {
    const auto& a = node.get<graph::GemmAttributes>();
    if (!graph.is_constant(node.inputs[1])) return "its weights are not constant";
    if (a.alpha != 1.0F || a.beta != 1.0F || a.transpose_a) return "alpha, beta or transA";
  } else {
    return "only Conv, Gemm, Relu, Clip and Flatten can be trained";
  }
  const TensorId bias = node.input(2);
  if (bias == kNoTensor) return "";
  if (!graph.is_constant(bias)) return "its bias is not constant";
  const graph::Shape& shape = graph.at(bias).shape;
  const auto& w = graph.at(node.inputs[1]).shape;
  const bool rows = node.op == Op::kConv || node.get<graph::GemmAttributes>().transpose_b;
  const bool row = !shape.empty() && shape.back() == w[rows ? 0 : 1] &&
                   graph::element_count(shape) == shape.back();
  return row ? "" : "its bias is not one number per output channel";
}

TrainLayer layer_of(const Graph& graph, const LayerRows& rows) {
  const Node& node = graph.nodes[rows.node];
  TrainLayer layer;
  layer.name = node.name;
  TrainGeometry& g = layer.geometry;
  g.channels = static_cast<int>(rows.channels);
  g.filters = static_cast<int>(rows.filters);
  g.kernel_h = static_cast<int>(rows.kernel_h);
  g.kernel_w = static_cast<int>(rows.kernel_w);
  graph::Clamp clamp;
  if (node.op == Op::kConv) {
    const auto& a = node.get<graph::ConvAttributes>();
    const graph::Shape& x = graph.at(node.inputs[0]).shape;
    g.height = static_cast<int>(x[2]);
    g.width = static_cast<int>(x[3]);
    g.stride_h = static_cast<int>(a.geometry.strides[0]);
    g.stride_w = static_cast<int>(a.geometry.strides[1]);
    g.dilation_h = static_cast<int>(a.geometry.dilations[0]);
    g.dilation_w = static_cast<int>(a.geometry.dilations[1]);
    g.pad_top = static_cast<int>(a.geometry.pads[0]);
    g.pad_left = static_cast<int>(a.geometry.pads[1]);
    g.pad_bottom = static_cast<int>(a.geometry.pads[2]);
    g.pad_right = static_cast<int>(a.geometry.pads[3]);
    clamp = a.clamp;
  } else {
    g.height = g.kernel_h;
    g.width = g.kernel_w;
    clamp = node.get<graph::GemmAttributes>().clamp;
  }
  layer.low = clamp.low;
  layer.high = clamp.high;
  layer.weights = Eigen::Map<const Matrix>(rows.weights.data(), g.filters, g.reduction());
  layer.bias = Vector::Zero(g.filters);
  if (node.input(2) != kNoTensor) {
    layer.bias =
        Eigen::Map<const Vector>(graph.constant(node.inputs[2]).floats().data(), g.filters);
  }
  return layer;
}

}  // namespace

TrainNetwork train_network_of(const Graph& graph) {
  std::vector<std::string> problems;
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1) {
    problems.push_back(fmt::format("the network has {} inputs and {} outputs, not one of each",
                                   graph.inputs.size(), graph.outputs.size()));
  }
  std::size_t end = graph.nodes.size();
  while (end > 0 && ends_network(graph.nodes[end - 1].op)) --end;
  const graph::Uses uses(graph);
  TensorId last = graph.inputs.empty() ? kNoTensor : graph.inputs[0];
  std::vector<std::size_t> wanted;
  for (std::size_t n = 0; n < end; ++n) {
    const Node& node = graph.nodes[n];
    std::string why;
    if (node.op != Op::kReshape) {
      why = why_not(graph, node);
      if (why.empty()) wanted.push_back(n);
    } else if (n + 1 >= end || graph.nodes[n + 1].op != Op::kGemm) {
      why = "it is not before a Gemm";
    }
    if (why.empty() && (node.inputs[0] != last || uses.consumers[last].size() != 1)) {
      why = "the network is no sequence here";
    }
    if (!why.empty()) {
      problems.push_back(fmt::format("{} '{}': {}", graph::name_of(node.op), node.name, why));
    }
    last = node.output;
  }
  if (end == 0) problems.emplace_back("it has no layers");
  TrainNetwork network;
  if (problems.empty()) {
    for (const LayerRows& rows : float_layers(graph))
      network.layers.push_back(layer_of(graph, rows));
    try {
      network.check();
    } catch (const std::invalid_argument& error) {
      problems.emplace_back(error.what());
    }
  }
  if (problems.empty()) return network;
  std::string text = "the network cannot be trained here:";
  for (const std::string& problem : problems) text += "\n  " + problem;
  throw NotTrainable(text);
}

void set_parameters(Graph& graph, const TrainNetwork& network) {
  std::vector<LayerRows> layers = float_layers(graph);
  if (layers.size() != network.layers.size()) {
    throw std::invalid_argument("the graph and the network differ in their layers");
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const TrainLayer& from = network.layers[i];
    LayerRows& to = layers[i];
    if (to.weights.size() != static_cast<std::size_t>(from.weights.size())) {
      throw std::invalid_argument("layer '" + from.name + "' has another size in the graph");
    }
    to.weights.assign(from.weights.data(), from.weights.data() + from.weights.size());
    set_rows(graph, to);
    Node& node = graph.nodes[to.node];
    std::string name = node.name + "_bias";
    graph::Shape shape{from.bias.size()};
    if (node.input(2) != kNoTensor) {
      name = graph.at(node.inputs[2]).name;
      shape = graph.at(node.inputs[2]).shape;
    }
    node.inputs.resize(3, kNoTensor);
    node.inputs[2] = graph.add_constant(
        name, TensorData(shape, std::vector<float>(from.bias.data(),
                                                   from.bias.data() + from.bias.size())));
  }
}

Graph graph_of(const TrainNetwork& network, const std::string& name) {
  network.check();
  Graph graph;
  graph.name = name;
  const TrainGeometry& first = network.layers.front().geometry;
  TensorId x = graph.add_tensor({"image",
                                 graph::DataType::kFloat32,
                                 {1, first.channels, first.height, first.width},
                                 std::nullopt});
  graph.inputs = {x};
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const TrainLayer& layer = network.layers[i];
    const TrainGeometry& g = layer.geometry;
    const bool whole = i > 0 && g.kernel_h == g.height && g.kernel_w == g.width &&
                       g.pad_top + g.pad_left + g.pad_bottom + g.pad_right == 0;
    const std::string result = i + 1 == network.layers.size() ? "scores" : layer.name + "_out";
    const graph::Clamp clamp{layer.low, layer.high};
    // Zeros of the right size; the values follow.
    const auto bias = graph.add_constant(layer.name + "_bias",
                                         TensorData(graph::DataType::kFloat32, {g.filters}));
    if (whole) {
      const std::int64_t size = g.reduction();
      if (graph.at(x).shape.size() != 2) {
        x = graph::append_node(graph,
                               {Op::kReshape,
                                layer.name + "_flatten",
                                {x},
                                kNoTensor,
                                graph::ReshapeAttributes{{1, size}}},
                               layer.name + "_in");
      }
      const auto w = graph.add_constant(layer.name + "_weights",
                                        TensorData(graph::DataType::kFloat32, {size, g.filters}));
      graph::GemmAttributes attributes;
      attributes.clamp = clamp;
      x = graph::append_node(graph, {Op::kGemm, layer.name, {x, w, bias}, kNoTensor, attributes},
                             result);
    } else {
      const auto w = graph.add_constant(
          layer.name + "_weights",
          TensorData(graph::DataType::kFloat32, {g.filters, g.channels, g.kernel_h, g.kernel_w}));
      graph::ConvAttributes attributes;
      attributes.geometry.pads = {g.pad_top, g.pad_left, g.pad_bottom, g.pad_right};
      attributes.geometry.strides = {g.stride_h, g.stride_w};
      attributes.geometry.dilations = {g.dilation_h, g.dilation_w};
      attributes.clamp = clamp;
      x = graph::append_node(graph, {Op::kConv, layer.name, {x, w, bias}, kNoTensor, attributes},
                             result);
    }
  }
  graph.outputs = {x};
  set_parameters(graph, network);
  graph::remove_dead_nodes(graph);
  return graph;
}

}  // namespace s4::sw
