#include "sw/zoo/torch_graph.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sw/graph/rewrite.hpp"
#include "sw/zoo/seeded.hpp"

namespace s4::sw {

using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

namespace {

constexpr double kBertDeviation = 0.02;      // of the weights of BERT before its training
constexpr float kBatchNormEpsilon = 1e-5F;   // torch.nn.BatchNorm2d
constexpr float kLayerNormEpsilon = 1e-12F;  // BertConfig

}  // namespace

TensorId TorchGraph::input(const std::string& name, graph::DataType type, Shape shape) {
  const TensorId id = graph.add_tensor({name, type, std::move(shape), std::nullopt});
  graph.inputs.push_back(id);
  return id;
}

void TorchGraph::output(TensorId id, const std::string& name) {
  graph.at(id).name = name;
  graph.outputs.push_back(id);
}

TensorId TorchGraph::node(Op op, const std::string& scope, const std::string& type,
                          std::vector<TensorId> inputs, graph::Attributes attributes) {
  const std::string base = scope + "/" + type;
  const auto earlier = std::count(names_.begin(), names_.end(), base);
  names_.push_back(base);
  const std::string name = earlier == 0 ? base : base + "_" + std::to_string(earlier);
  return graph::append_node(graph,
                            {op, name, std::move(inputs), graph::kNoTensor, std::move(attributes)},
                            name + "_output_0");
}

TensorId TorchGraph::scoped_node(Op op, const std::string& scope, std::vector<TensorId> inputs,
                                 graph::Attributes attributes) {
  return graph::append_node(graph,
                            {op, scope, std::move(inputs), graph::kNoTensor, std::move(attributes)},
                            scope + "_output_0");
}

TensorId TorchGraph::constant(const std::string& name, Shape shape, std::vector<float> values) {
  return graph.add_constant(name, TensorData(std::move(shape), std::move(values)));
}

TensorId TorchGraph::conv(const std::string& scope, const std::string& parameter, TensorId x,
                          std::int64_t filters, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t channels = graph.at(x).shape.at(1);
  const std::int64_t pad = kernel / 2;
  graph::ConvAttributes attributes;
  attributes.geometry.pads = {pad, pad, pad, pad};
  attributes.geometry.strides = {stride, stride};
  const Shape shape{filters, channels, kernel, kernel};
  const std::string name = parameter + ".weight";
  // kaiming_normal_(mode="fan_out"), as torchvision.
  const double deviation = std::sqrt(2.0 / static_cast<double>(filters * kernel * kernel));
  const auto count = static_cast<std::size_t>(graph::element_count(shape));
  const TensorId w = constant(name, shape, bell(stream(seed_, name), count, deviation));
  return node(Op::kConv, scope, "Conv", {x, w}, attributes);
}

TensorId TorchGraph::batch_norm(const std::string& scope, const std::string& parameter, TensorId x,
                                const Limits& gamma, const Limits& beta) {
  const Shape shape{graph.at(x).shape.at(1)};
  const auto count = static_cast<std::size_t>(shape[0]);
  const auto seeded = [&](const char* suffix, const Limits& limits) {
    const std::string name = parameter + suffix;
    return constant(name, shape, even(stream(seed_, name), count, limits.low, limits.high));
  };
  std::vector<TensorId> inputs{x, seeded(".weight", gamma), seeded(".bias", beta)};
  inputs.push_back(constant(parameter + ".running_mean", shape, std::vector<float>(count, 0.0F)));
  inputs.push_back(constant(parameter + ".running_var", shape, std::vector<float>(count, 1.0F)));
  return node(Op::kBatchNorm, scope, "BatchNormalization", std::move(inputs),
              graph::BatchNormAttributes{kBatchNormEpsilon});
}

TensorId TorchGraph::relu(const std::string& scope, TensorId x) {
  return node(Op::kClip, scope, "Relu", {x}, graph::ClampAttributes{{0.0F, graph::Clamp{}.high}});
}

TensorId TorchGraph::add(const std::string& scope, TensorId a, TensorId b) {
  return node(Op::kAdd, scope, "Add", {a, b}, graph::ClampAttributes{});
}

TensorId TorchGraph::linear(const std::string& scope, const std::string& parameter, TensorId x,
                            std::int64_t outputs, double spread) {
  const std::int64_t inputs = graph.at(x).shape.back();
  const std::string name = parameter + ".weight";
  const auto count = static_cast<std::size_t>(inputs * outputs);
  const TensorId w =
      constant(name, {inputs, outputs}, bell(stream(seed_, name), count, kBertDeviation));
  const TensorId bias = constant(parameter + ".bias", {outputs},
                                 std::vector<float>(static_cast<std::size_t>(outputs), 0.0F));
  const TensorId product = node(Op::kMatMul, scope, "MatMul", {x, w}, graph::ClampAttributes{});
  projections.push_back({product, bias, false, spread});
  return add(scope, bias, product);
}

TensorId TorchGraph::gemm(const std::string& scope, const std::string& parameter, TensorId x,
                          std::int64_t outputs, double spread) {
  const std::int64_t inputs = graph.at(x).shape.back();
  const std::string name = parameter + ".weight";
  const auto count = static_cast<std::size_t>(inputs * outputs);
  const double deviation = std::sqrt(2.0 / static_cast<double>(inputs + outputs));  // Xavier
  const TensorId w = constant(name, {outputs, inputs}, bell(stream(seed_, name), count, deviation));
  const TensorId bias = constant(parameter + ".bias", {outputs},
                                 std::vector<float>(static_cast<std::size_t>(outputs), 0.0F));
  graph::GemmAttributes attributes;
  attributes.transpose_b = true;
  const TensorId product = node(Op::kGemm, scope, "Gemm", {x, w, bias}, attributes);
  projections.push_back({product, bias, true, spread});
  return product;
}

TensorId TorchGraph::layer_norm(const std::string& scope, const std::string& parameter,
                                TensorId x) {
  const Shape& shape = graph.at(x).shape;
  const Shape row{shape.back()};
  const auto count = static_cast<std::size_t>(row[0]);
  const auto seeded = [&](const char* suffix, double low, double high) {
    const std::string name = parameter + suffix;
    return constant(name, row, even(stream(seed_, name), count, low, high));
  };
  const auto axis = static_cast<std::int64_t>(shape.size()) - 1;
  const TensorId gamma = seeded(".weight", 0.7, 1.3);
  const TensorId beta = seeded(".bias", -0.2, 0.2);
  return scoped_node(Op::kLayerNorm, scope, {x, gamma, beta},
                     graph::LayerNormAttributes{axis, kLayerNormEpsilon});
}

TensorId TorchGraph::embedding(const std::string& scope, const std::string& parameter,
                               TensorId indices, std::int64_t count, std::int64_t width) {
  const std::string name = parameter + ".weight";
  const auto elements = static_cast<std::size_t>(count * width);
  const TensorId table =
      constant(name, {count, width}, bell(stream(seed_, name), elements, kBertDeviation));
  return node(Op::kGather, scope, "Gather", {table, indices}, graph::AxisAttributes{});
}

}  // namespace s4::sw
