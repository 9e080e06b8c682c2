// Small random quantised networks: chains, residuals, several readers of a tensor.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "sw/graph/byte_difference.hpp"
#include "sw/graph/byte_rounding.hpp"
#include "sw/graph/function_ops.hpp"
#include "sw/graph/graph.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::test {

/// Builds graphs of byte operators. Scales are chosen so that results spread over the range.
class NetworkBuilder {
 public:
  NetworkBuilder(std::uint64_t seed, bool is_unsigned)
      : random_(seed * 0x9E3779B97F4A7C15ULL + 7),
        type_(is_unsigned ? graph::DataType::kUint8 : graph::DataType::kInt8) {}

  graph::Graph graph;

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int one_in) { return pick(1, one_in) == 1; }
  float scale(float low, float high) {
    return low + (high - low) * static_cast<float>(random_() % 4096) / 4096.0F;
  }
  std::int32_t zero_point() { return static_cast<std::int32_t>(pick(low(), high())); }
  [[nodiscard]] std::int32_t low() const { return type_ == graph::DataType::kUint8 ? 0 : -128; }
  [[nodiscard]] std::int32_t high() const { return low() + 255; }
  [[nodiscard]] graph::DataType type() const { return type_; }

  /// A tensor of the graph with its scale.
  struct Tensor {
    graph::TensorId id = graph::kNoTensor;
    graph::Quant quant;
  };
  [[nodiscard]] const graph::Shape& shape(const Tensor& x) const { return graph.at(x.id).shape; }

  Tensor input(graph::Shape shape) {
    const Tensor x{graph.add_tensor({name("input"), type_, std::move(shape), std::nullopt}),
                   {scale(0.01F, 0.05F), zero_point()}};
    graph.inputs.push_back(x.id);
    return x;
  }
  /// A float input and its quantisation.
  Tensor float_input(graph::Shape shape) {
    const graph::TensorId id = graph.add_tensor(
        {name("input"), graph::DataType::kFloat32, std::move(shape), std::nullopt});
    graph.inputs.push_back(id);
    const graph::Quant q{scale(0.01F, 0.02F), zero_point()};
    return {
        node(graph::Op::kQuantize, {id}, graph::QuantizeAttributes{{q.scale}, {q.zero}, 0, type_}),
        q};
  }
  /// A constant that is the same for every sample, whose shape is `sample`.
  Tensor constant(std::int64_t samples, graph::Shape sample) {
    const auto count = static_cast<std::size_t>(graph::element_count(sample));
    sample.insert(sample.begin(), samples);
    graph::TensorData data(type_, std::move(sample));
    std::visit(
        [&](auto& list) {
          for (std::size_t i = 0; i < list.size(); ++i) {
            using Value = std::decay_t<decltype(list[i])>;
            list[i] = i < count ? static_cast<Value>(pick(low(), high())) : list[i - count];
          }
        },
        data.values);
    return {graph.add_constant(name("c"), std::move(data)), {scale(0.01F, 0.05F), zero_point()}};
  }
  Tensor conv(const Tensor& x, std::int64_t filters, std::array<std::int64_t, 2> kernel,
              graph::ConvGeometry geometry, double density = 1) {
    const graph::Shape& s = shape(x);
    const std::int64_t inner = s[1] / geometry.groups;
    const graph::Shape w{filters, inner, kernel[0], kernel[1]};
    return layer(graph::Op::kQConv, x, w, filters, inner * kernel[0] * kernel[1],
                 std::move(geometry), density);
  }
  Tensor gemm(const Tensor& x, std::int64_t columns, double density = 1) {
    const std::int64_t depth = shape(x).back();
    return layer(graph::Op::kQMatMul, x, {depth, columns}, columns, depth, {}, density);
  }
  /// A product whose result can take the place of weights.
  Tensor gemm_operand(const Tensor& x, std::int64_t columns) {
    Tensor y = gemm(x, columns);
    auto& q = graph.nodes.back().get<graph::QLayerAttributes>();
    q.y.zero = operand_zero();
    q.low = low();
    q.high = high();
    return {y.id, q.y};
  }
  Tensor add(const Tensor& a, const Tensor& b) {
    const graph::Quant y{(a.quant.scale + b.quant.scale) * scale(0.6F, 1.0F), zero_point()};
    const std::int32_t least = chance(3) ? y.zero : low();
    return {node(graph::Op::kQAdd, {a.id, b.id},
                 graph::QBinaryAttributes{a.quant, b.quant, y, least, high()}),
            y};
  }
  /// A product element by element, as ONNX Runtime fuses it: without limits of its own.
  Tensor multiply(const Tensor& a, const Tensor& b) {
    const graph::Quant y{a.quant.scale * b.quant.scale * scale(30.0F, 90.0F), zero_point()};
    return {node(graph::Op::kQMul, {a.id, b.id},
                 graph::QBinaryAttributes{a.quant, b.quant, y, low(), high()}),
            y};
  }
  /// Scales are drawn until the chip has constants for it.
  Tensor subtract(const Tensor& a, const Tensor& b) {
    graph::Quant y;
    do {
      y = {(a.quant.scale + b.quant.scale) * scale(0.4F, 0.8F), zero_point()};
    } while (!graph::difference_constants(a.quant, b.quant, y, type_));
    return {node(graph::Op::kQSub, {a.id, b.id},
                 graph::QBinaryAttributes{a.quant, b.quant, y, low(), high()}),
            y};
  }
  /// A sum, product or difference.
  Tensor combine(const Tensor& a, const Tensor& b) {
    const std::int64_t kind = pick(0, 2);
    return kind == 0 ? multiply(a, b) : kind == 1 ? subtract(a, b) : add(a, b);
  }
  Tensor max_pool(const Tensor& x) {
    graph::PoolAttributes pool;
    pool.kernel = {2, 2};
    pool.strides = {chance(2) ? 1 : 2, 1};
    return {node(graph::Op::kMaxPool, {x.id}, pool), x.quant};
  }
  /// Scales are drawn until the chip has constants for it.
  Tensor average_pool(const Tensor& x, const graph::PoolAttributes& pool) {
    graph::QPoolAttributes q{pool, x.quant, {}};
    const auto out = [&] {
      const graph::Node made{graph::Op::kQAveragePool, "", {x.id}, graph::kNoTensor, q};
      return graph::infer_node(graph, made).shape;
    };
    std::string why_not;
    for (bool found = false; !found;) {
      q.y = {x.quant.scale * scale(0.3F, 1.1F), zero_point()};
      const auto pixels = graph::window_pixels(pool, shape(x), out());
      const std::int64_t taps = pool.kernel[0] * pool.kernel[1];
      found = pool.count_include_pad
                  ? graph::average_rounding(x.quant, q.y, taps, type_, why_not).has_value()
                  : graph::share_rounding(x.quant, q.y, pixels, type_, why_not).has_value();
    }
    return {node(graph::Op::kQAveragePool, {x.id}, q), q.y};
  }
  Tensor global_average(const Tensor& x) {
    const graph::Quant y{x.quant.scale * scale(0.3F, 0.9F), zero_point()};
    return {node(graph::Op::kQGlobalAveragePool, {x.id}, graph::QPoolAttributes{{}, x.quant, y}),
            y};
  }
  /// A function of bytes whose results use most of them.
  Tensor function(const Tensor& x, graph::Function function) {
    double most = 1e-3;
    for (std::int32_t byte = low(); byte <= high(); ++byte) {
      const double real = static_cast<double>(byte - x.quant.zero) * x.quant.scale;
      const double y = std::fabs(graph::apply_function(function, real));
      if (std::isfinite(y)) most = std::max(most, std::min(y, 20.0));
    }
    const graph::Quant y{static_cast<float>(most / 150) * scale(0.7F, 1.5F), zero_point()};
    return {node(graph::Op::kQUnary, {x.id}, graph::QFunctionAttributes{x.quant, y, function}), y};
  }
  Tensor function(const Tensor& x) {
    return function(
        x, static_cast<graph::Function>(pick(0, static_cast<std::int64_t>(graph::kLastFunction))));
  }
  Tensor softmax(const Tensor& x) {
    const graph::Quant y{1.0F / 256, low()};
    return {node(graph::Op::kQSoftmax, {x.id}, graph::QRowAttributes{x.quant, y, 0}), y};
  }
  /// With gamma, beta, both or none.
  Tensor layer_norm(const Tensor& x) {
    const graph::Quant y{scale(0.02F, 0.04F), zero_point()};
    const std::int64_t columns = shape(x).back();
    const auto parameter = [&](float middle) {
      if (chance(3)) return graph::kNoTensor;
      graph::TensorData data(graph::DataType::kFloat32, {columns});
      for (auto& value : data.get<float>()) value = scale(middle - 0.5F, middle + 0.5F);
      return graph.add_constant(name("p"), std::move(data));
    };
    const graph::TensorId gamma = parameter(1);
    const graph::TensorId beta = parameter(0);
    return {node(graph::Op::kQLayerNorm, {x.id, gamma, beta},
                 graph::QRowAttributes{x.quant, y, scale(1e-6F, 1e-3F)}),
            y};
  }
  Tensor transpose(const Tensor& x) {
    const std::size_t rank = shape(x).size();
    graph::TransposeAttributes swap;
    for (std::size_t i = 0; i < rank; ++i) swap.permutation.push_back(static_cast<int>(i));
    std::swap(swap.permutation[rank - 1], swap.permutation[rank - 2]);
    return {node(graph::Op::kTranspose, {x.id}, swap), x.quant};
  }
  /// Product of two activations; the zero point of `b` must be operand_zero().
  Tensor product(const Tensor& a, const Tensor& b) {
    const double depth = static_cast<double>(shape(a).back());
    const graph::Quant y{static_cast<float>(a.quant.scale * b.quant.scale * std::sqrt(depth) * 60) *
                             scale(0.7F, 1.5F),
                         zero_point()};
    return {node(graph::Op::kQMatMulDynamic, {a.id, b.id},
                 graph::QBinaryAttributes{a.quant, b.quant, y, low(), high()}),
            y};
  }
  [[nodiscard]] std::int32_t operand_zero() const { return low() == 0 ? 128 : 0; }
  Tensor flatten(const Tensor& x) {
    const graph::Shape& s = shape(x);
    std::int64_t rest = 1;
    for (std::size_t i = 1; i < s.size(); ++i) rest *= s[i];
    return reshape(x, {s[0], rest});
  }
  Tensor reshape(const Tensor& x, graph::Shape to) {
    return {node(graph::Op::kReshape, {x.id}, graph::ReshapeAttributes{std::move(to)}), x.quant};
  }
  graph::TensorId dequantize(const Tensor& x) {
    return node(graph::Op::kDequantize, {x.id},
                graph::QuantizeAttributes{{x.quant.scale}, {x.quant.zero}, 0, type_});
  }
  graph::TensorId node(graph::Op op, std::vector<graph::TensorId> inputs,
                       graph::Attributes attributes) {
    const std::string made = name("t");
    return append_node(
        graph,
        {op, name(graph::name_of(op)), std::move(inputs), graph::kNoTensor, std::move(attributes)},
        made);
  }
  void output(graph::TensorId id) { graph.outputs.push_back(id); }

  /// Random values for every input of the graph.
  std::vector<graph::TensorData> data() {
    std::vector<graph::TensorData> inputs;
    for (const graph::TensorId id : graph.inputs) {
      graph::TensorData values(graph.at(id).type, graph.at(id).shape);
      std::visit(
          [&](auto& list) {
            for (auto& value : list) {
              value = static_cast<std::decay_t<decltype(value)>>(
                  graph.at(id).type == graph::DataType::kFloat32 ? scale(-2.0F, 2.0F)
                                                                 : pick(low(), high()));
            }
          },
          values.values);
      inputs.push_back(std::move(values));
    }
    return inputs;
  }

 private:
  std::string name(const std::string& prefix) { return prefix + std::to_string(++names_); }

  Tensor layer(graph::Op op, const Tensor& x, const graph::Shape& w, std::int64_t channels,
               std::int64_t reduction, graph::ConvGeometry geometry, double density) {
    graph::TensorData weights(graph::DataType::kInt8, w);
    for (auto& value : weights.get<std::int8_t>()) {
      const bool kept = static_cast<double>(random_() % 1000) < 1000 * density;
      value = static_cast<std::int8_t>(kept ? pick(-127, 127) : 0);
    }
    graph::QLayerAttributes q;
    q.geometry = geometry;
    q.x = x.quant;
    for (std::int64_t c = 0; c < channels; ++c) q.weight_scale.push_back(scale(0.002F, 0.006F));
    if (chance(4)) q.weight_scale.resize(1);
    const double spread = std::sqrt(std::max(1.0, density * static_cast<double>(reduction)));
    q.y = {static_cast<float>(x.quant.scale * 0.004 * spread * 73 * 90 / 50) * scale(0.7F, 1.5F),
           zero_point()};
    q.low = chance(3) ? q.y.zero : low();
    q.high = chance(4) ? std::max(q.low, high() - 20) : high();
    std::vector<graph::TensorId> inputs{x.id, graph.add_constant(name("w"), std::move(weights))};
    if (!chance(4)) {
      graph::TensorData bias(graph::DataType::kInt32, {channels});
      for (auto& value : bias.get<std::int32_t>()) {
        value = static_cast<std::int32_t>(spread * static_cast<double>(pick(-6000, 6000)));
      }
      inputs.push_back(graph.add_constant(name("b"), std::move(bias)));
    }
    const graph::Quant y = q.y;
    return {node(op, std::move(inputs), std::move(q)), y};
  }

  std::mt19937_64 random_;
  graph::DataType type_;
  int names_ = 0;
};

}  // namespace s4::sw::test
