#include "sw/zoo/synthetic.hpp"

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "sw/graph/rewrite.hpp"

namespace s4::sw {
namespace {

using graph::Op;
using graph::Quant;
using graph::Shape;
using graph::TensorId;

constexpr double kRms = 45;        // of a quantised tensor, zero point taken off
constexpr double kWeightRms = 74;  // uniform in -127 to 127

/// A tensor of the graph, its scale, and the root mean square of its real values.
struct Value {
  TensorId id = graph::kNoTensor;
  Quant quant;
  double rms = 0;
};

/// A convolution or matrix product.
struct LayerSpec {
  std::string name;
  std::int64_t outputs = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  bool relu = true;
};

class Builder {
 public:
  explicit Builder(const SyntheticOptions& options)
      : options_(options), random_(options.seed * 0x9E3779B97F4A7C15ULL + 11) {
    if (options.batch < 1 || options.keep < 1 || options.keep > 64) {
      throw std::invalid_argument("a synthetic network needs a batch and 1 to 64 weights kept");
    }
  }

  graph::Graph graph;

  Value input(Shape shape) {
    if (options_.bf16) {
      const Value x{graph.add_tensor({"input", graph::DataType::kFloat32, std::move(shape), {}}),
                    {},
                    std::sqrt(1.0 / 3)};
      graph.inputs.push_back(x.id);
      return x;
    }
    const Value x{graph.add_tensor({"input", graph::DataType::kUint8, std::move(shape), {}}),
                  {0.02F, 128},
                  0.02 * kWeightRms};
    graph.inputs.push_back(x.id);
    return x;
  }

  /// `second`: a tensor that a BF16 layer adds to its result.
  Value conv(const Value& x, const LayerSpec& spec, const Value* second = nullptr) {
    const std::int64_t channels = graph.at(x.id).shape.at(1);
    const std::int64_t pad = spec.kernel / 2;
    graph::ConvGeometry geometry;
    geometry.pads = {pad, pad, pad, pad};
    geometry.strides = {spec.stride, spec.stride};
    const Shape shape{spec.outputs, channels, spec.kernel, spec.kernel};
    const std::int64_t reduction = channels * spec.kernel * spec.kernel;
    if (options_.bf16)
      return bf16_layer(Op::kBf16Conv, x, spec, shape, reduction, geometry, second);
    return layer(Op::kQConv, x, spec, shape, reduction, geometry);
  }

  Value matmul(const Value& x, const LayerSpec& spec) {
    const std::int64_t depth = graph.at(x.id).shape.back();
    const Shape shape{depth, spec.outputs};
    if (options_.bf16) return bf16_layer(Op::kBf16MatMul, x, spec, shape, depth, {}, nullptr);
    return layer(Op::kQMatMul, x, spec, shape, depth, {});
  }

  /// The last convolution of a block, whose result is added to the shortcut.
  Value conv_add_relu(const Value& x, LayerSpec spec, const Value& b, const std::string& name) {
    if (options_.bf16) {
      spec.relu = true;
      return conv(x, spec, &b);
    }
    const Value a = conv(x, spec);
    const double rms = std::hypot(a.rms, b.rms);
    const Quant y{static_cast<float>(rms / kRms), 0};
    graph::QBinaryAttributes attributes{a.quant, b.quant, y, 0, 255};
    return {node(Op::kQAdd, name, {a.id, b.id}, attributes), y, rms};
  }

  Value max_pool(const Value& x, const std::string& name) {
    graph::PoolAttributes pool;
    pool.kernel = {3, 3};
    pool.strides = {2, 2};
    pool.pads = {1, 1, 1, 1};
    const Op op = options_.bf16 ? Op::kBf16MaxPool : Op::kMaxPool;
    return {node(op, name, {x.id}, pool), x.quant, x.rms};
  }

  Value global_average(const Value& x, const std::string& name) {
    if (options_.bf16) {
      return {node(Op::kGlobalAveragePool, name, {x.id}, graph::NoAttributes{}), {}, x.rms / 2};
    }
    const Quant y{x.quant.scale / 2, 0};
    return {node(Op::kQGlobalAveragePool, name, {x.id}, graph::QPoolAttributes{{}, x.quant, y}), y,
            x.rms};
  }

  Value flatten(const Value& x) {
    const Shape& shape = graph.at(x.id).shape;
    return {node(Op::kReshape, "flatten", {x.id}, graph::ReshapeAttributes{{shape[0], shape[1]}}),
            x.quant, x.rms};
  }

  void output(const Value& x) { graph.outputs.push_back(x.id); }

 private:
  TensorId node(Op op, const std::string& name, std::vector<TensorId> inputs,
                graph::Attributes attributes) {
    return append_node(
        graph, {op, name, std::move(inputs), graph::kNoTensor, std::move(attributes)}, name + "_y");
  }

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }

  Value layer(Op op, const Value& x, const LayerSpec& spec, const Shape& shape,
              std::int64_t reduction, const graph::ConvGeometry& geometry) {
    graph::TensorData weights(graph::DataType::kInt8, shape);
    for (auto& value : weights.get<std::int8_t>()) {
      // Zero is a weight that pruning would not count.
      const std::int64_t magnitude = pick(1, 127);
      value = static_cast<std::int8_t>(pick(0, 1) == 0 ? magnitude : -magnitude);
    }
    const double terms = std::max(1.0, static_cast<double>(reduction * options_.keep) / 64);
    const double weight_scale = 1.0 / (kWeightRms * std::sqrt(terms));
    graph::QLayerAttributes q;
    q.geometry = geometry;
    q.x = x.quant;
    q.weight_scale.assign(static_cast<std::size_t>(spec.outputs), 0.0F);
    graph::TensorData bias(graph::DataType::kInt32, {spec.outputs});
    for (std::int64_t c = 0; c < spec.outputs; ++c) {
      const auto at = static_cast<std::size_t>(c);
      q.weight_scale[at] =
          static_cast<float>(weight_scale * static_cast<double>(pick(80, 120)) / 100);
      bias.get<std::int32_t>()[at] = static_cast<std::int32_t>(
          x.rms / x.quant.scale / q.weight_scale[at] * static_cast<double>(pick(-50, 50)) / 100);
    }
    q.y = {static_cast<float>(x.rms / kRms), spec.relu ? 0 : 128};
    q.low = 0;
    q.high = 255;
    std::vector<TensorId> inputs{x.id, graph.add_constant(spec.name + "_w", std::move(weights)),
                                 graph.add_constant(spec.name + "_b", std::move(bias))};
    const Quant y = q.y;
    const double rms = spec.relu ? x.rms * std::sqrt(0.5) : x.rms;
    return {node(op, spec.name, std::move(inputs), std::move(q)), y, rms};
  }

  float unit() { return static_cast<float>(random_() % 65536) / 65536.0F; }

  Value bf16_layer(Op op, const Value& x, const LayerSpec& spec, const Shape& shape,
                   std::int64_t reduction, const graph::ConvGeometry& geometry,
                   const Value* second) {
    // Of weights spread evenly, pruning leaves the largest.
    const double share = static_cast<double>(options_.keep) / 64;
    const double weight_rms = std::sqrt((1 - std::pow(1 - share, 3)) / (3 * share));
    const double terms = std::max(1.0, static_cast<double>(reduction) * share);
    const auto scale = static_cast<float>(1 / (weight_rms * std::sqrt(terms)));
    graph::TensorData weights(graph::DataType::kFloat32, shape);
    for (float& value : weights.get<float>()) {
      const float magnitude = scale * (0.001F + 0.999F * unit());
      value = pick(0, 1) == 0 ? magnitude : -magnitude;
    }
    graph::TensorData bias(graph::DataType::kFloat32, {spec.outputs});
    for (float& value : bias.get<float>()) {
      value = static_cast<float>(x.rms) * (unit() - 0.5F);
    }
    graph::Bf16LayerAttributes attributes;
    attributes.geometry = geometry;
    if (spec.relu) attributes.clamp.low = 0.0F;
    std::vector<TensorId> inputs{x.id, graph.add_constant(spec.name + "_w", std::move(weights)),
                                 graph.add_constant(spec.name + "_b", std::move(bias))};
    if (second != nullptr) inputs.push_back(second->id);
    const double rms = second != nullptr ? std::hypot(x.rms, second->rms) : x.rms;
    return {node(op, spec.name, std::move(inputs), std::move(attributes)),
            {},
            spec.relu ? rms * std::sqrt(0.5) : rms};
  }

  SyntheticOptions options_;
  std::mt19937_64 random_;
};

}  // namespace

graph::Graph synthetic_resnet50(const SyntheticOptions& options, std::int64_t size,
                                std::int64_t thinner) {
  if (size < 32 || size % 32 != 0 || thinner < 1 || thinner > 64) {
    throw std::invalid_argument("synthetic_resnet50: a size that is no multiple of 32, or thinner");
  }
  Builder b(options);
  Value x = b.input({options.batch, 3, size, size});
  x = b.conv(x, {"conv1", 64 / thinner, 7, 2});
  x = b.max_pool(x, "pool1");
  const std::int64_t blocks[] = {3, 4, 6, 3};
  for (std::int64_t stage = 0; stage < 4; ++stage) {
    const std::int64_t width = (std::int64_t{64} << stage) / thinner;
    for (std::int64_t block = 0; block < blocks[stage]; ++block) {
      const std::string name =
          "stage" + std::to_string(stage + 2) + "_block" + std::to_string(block + 1);
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      Value y = b.conv(x, {name + "_conv1", width, 1, 1});
      y = b.conv(y, {name + "_conv2", width, 3, stride});
      const Value shortcut =
          block == 0 ? b.conv(x, {name + "_shortcut", 4 * width, 1, stride, false}) : x;
      x = b.conv_add_relu(y, {name + "_conv3", 4 * width, 1, 1, false}, shortcut, name + "_add");
    }
  }
  x = b.flatten(b.global_average(x, "pool5"));
  b.output(b.matmul(x, {"fc", 1000, 1, 1, false}));
  check_graph(b.graph);
  return std::move(b.graph);
}

graph::Graph synthetic_bert_layer(const SyntheticOptions& options, std::int64_t rows,
                                  std::int64_t width) {
  if (rows < 1 || width < 1) throw std::invalid_argument("synthetic_bert_layer: no rows or width");
  Builder b(options);
  const Value x = b.input({options.batch * rows, width});
  b.output(b.matmul(x, {"query", width, 1, 1, false}));
  b.output(b.matmul(x, {"key", width, 1, 1, false}));
  const Value value = b.matmul(x, {"value", width, 1, 1, false});
  const Value projected = b.matmul(value, {"projection", width, 1, 1, false});
  const Value inner = b.matmul(projected, {"feed_forward_1", 4 * width, 1, 1, true});
  b.output(b.matmul(inner, {"feed_forward_2", width, 1, 1, false}));
  check_graph(b.graph);
  return std::move(b.graph);
}

graph::Graph synthetic_convolution(const SyntheticOptions& options, std::int64_t channels,
                                   std::int64_t results, std::int64_t size) {
  Builder b(options);
  b.output(b.conv(b.input({options.batch, channels, size, size}), {"conv", results, 3}));
  return std::move(b.graph);
}

std::vector<graph::TensorData> synthetic_inputs(const graph::Graph& graph, std::uint64_t seed) {
  std::mt19937_64 random(seed * 0x9E3779B97F4A7C15ULL + 13);
  std::vector<graph::TensorData> inputs;
  for (const TensorId id : graph.inputs) {
    graph::TensorData data(graph.at(id).type, graph.at(id).shape);
    if (data.type == graph::DataType::kFloat32) {
      for (float& value : data.get<float>()) {
        value = static_cast<float>(random() % 65536) / 32768.0F - 1.0F;
      }
    } else {
      for (auto& value : data.get<std::uint8_t>()) value = static_cast<std::uint8_t>(random());
    }
    inputs.push_back(std::move(data));
  }
  return inputs;
}

}  // namespace s4::sw
