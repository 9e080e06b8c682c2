// Ranges, scales, and quantised graphs against their float originals.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantize/quantize.hpp"
#include "tests/graph/graph_builder.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

Histogram histogram(float low, float high) {
  return {low, high, std::vector<std::uint64_t>(kHistogramBins, 1)};
}

/// Convolution, residual addition, pool, product.
Graph network() {
  std::mt19937_64 random(7);
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 6, 6});
  ConvAttributes conv;
  conv.geometry.pads = {1, 1, 1, 1};
  const TensorId c1 = b.node(
      Op::kConv, {x, b.random_floats(random, {8, 3, 3, 3}), b.random_floats(random, {8})}, conv);
  const TensorId r1 = b.relu(c1);
  const TensorId c2 = b.node(
      Op::kConv, {r1, b.random_floats(random, {8, 8, 3, 3}), b.random_floats(random, {8})}, conv);
  const TensorId sum = b.node(Op::kAdd, {c2, r1}, ClampAttributes{});
  const TensorId flat = b.node(Op::kReshape, {sum}, ReshapeAttributes{{1, 8 * 36}});
  b.graph.outputs.push_back(
      b.node(Op::kGemm, {flat, b.random_floats(random, {8 * 36, 5}), b.random_floats(random, {5})},
             GemmAttributes{}));
  return b.graph;
}

Calibration data(std::int64_t count) {
  std::mt19937_64 random(9);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  TensorData images(DataType::kFloat32, {count, 3, 6, 6});
  for (float& value : images.get<float>()) value = uniform(random);
  return split_calibration({images}, 1);
}

double relative_error(const Graph& real, const Graph& bytes, const Calibration& calibration) {
  double error = 0;
  double power = 0;
  for (const auto& inputs : calibration) {
    const auto a = evaluate(real, inputs).at(0).floats();
    const auto b = evaluate(bytes, inputs).at(0).floats();
    for (std::size_t i = 0; i < a.size(); ++i) {
      error += (a[i] - b[i]) * (a[i] - b[i]);
      power += a[i] * a[i];
    }
  }
  return std::sqrt(error / power);
}

}  // namespace

TEST_CASE("quantize: scale and zero point of known ranges") {
  const Quant positive =
      choose_quant(histogram(0, 2.55F), DataType::kUint8, RangeMethod::kMinMax, 99.99);
  CHECK(positive.scale == Approx(0.01F));
  CHECK(positive.zero == 0);
  const Quant both =
      choose_quant(histogram(-1.0F, 1.55F), DataType::kUint8, RangeMethod::kMinMax, 99.99);
  CHECK(both.scale == Approx(0.01F));
  CHECK(both.zero == 100);
  const Quant as_signed =
      choose_quant(histogram(-1.0F, 1.55F), DataType::kInt8, RangeMethod::kMinMax, 99.99);
  CHECK(as_signed.zero == -28);
  // A range on one side of 0 reaches to 0.
  const Quant above =
      choose_quant(histogram(1.0F, 5.1F), DataType::kUint8, RangeMethod::kMinMax, 99.99);
  CHECK(above.scale == Approx(0.02F));
  CHECK(above.zero == 0);
}

TEST_CASE("quantize: symmetric ranges have as many steps below 0 as above") {
  for (const RangeMethod method :
       {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse}) {
    const auto chosen = [&](float low, float high, DataType type) {
      return choose_quant(histogram(low, high), type, method, 99.99, true);
    };
    CHECK(chosen(-1.0F, 2.54F, DataType::kInt8).zero == 0);
    CHECK(chosen(-2.54F, 1.0F, DataType::kUint8).zero == 128);
    CHECK(chosen(0.5F, 2.54F, DataType::kInt8).zero == 0);
    CHECK(chosen(0.0F, 0.0F, DataType::kUint8) == Quant{1.0F, 128});
    if (method != RangeMethod::kMinMax) continue;
    CHECK(chosen(-1.0F, 2.54F, DataType::kInt8).scale == Approx(0.02F));
    CHECK(chosen(-2.54F, 1.0F, DataType::kUint8).scale == Approx(0.02F));
  }
}

TEST_CASE("quantize: the percentile cuts off rare values, the mean square error a lone one") {
  Histogram h = histogram(0, 100);
  std::fill(h.counts.begin(), h.counts.end(), 0);
  for (std::size_t i = 0; i < 41; ++i) h.counts[i] = 1000;  // nearly all between 0 and 1
  h.counts.back() = 1;
  const auto scale = [&](RangeMethod method) {
    return choose_quant(h, DataType::kUint8, method, 99.9).scale;
  };
  CHECK(scale(RangeMethod::kMinMax) == Approx(100.0F / 255));
  CHECK(scale(RangeMethod::kPercentile) < 1.1F / 255);
  CHECK(scale(RangeMethod::kMse) <= scale(RangeMethod::kMinMax));
}

TEST_CASE("quantize: weights are symmetric") {
  CHECK(weight_scale({-1.27F, 0.5F}, RangeMethod::kMinMax) == Approx(0.01F));
  CHECK(weight_scale({0.0F, 0.0F}, RangeMethod::kMinMax) > 0);
}

TEST_CASE("quantize: names of the methods") {
  for (const RangeMethod m : {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse}) {
    CHECK(range_method(name_of(m)) == m);
  }
  CHECK_THROWS_AS(range_method("best"), std::invalid_argument);
}

TEST_CASE("quantize: a network computes on bytes and stays near its original") {
  const Graph real = network();
  for (const DataType type : {DataType::kUint8, DataType::kInt8}) {
    QuantizeOptions options;
    options.type = type;
    const QuantizedNetwork quantized = quantize(real, data(32), options);
    CHECK(quantized.layers.size() == 3);
    Graph bytes = import_onnx_bytes(export_onnx_bytes(quantized.graph), ".").graph;
    int layers = 0;
    for (const Node& node : bytes.nodes) {
      CHECK(node.op != Op::kConv);
      CHECK(node.op != Op::kGemm);
      layers += node.op == Op::kQConv || node.op == Op::kQMatMul ? 1 : 0;
    }
    CHECK(layers == 3);
    CHECK(relative_error(real, bytes, data(16)) < 0.03);
  }
}

TEST_CASE("quantize: the file computes what the graph before it computes") {
  const QuantizedNetwork quantized = quantize(network(), data(32));
  const std::string bytes = export_onnx_bytes(quantized.graph);
  CHECK(bytes == export_onnx_bytes(quantized.graph));
  Graph fused = quantized.graph;
  optimize(fused);
  const Graph read = import_onnx_bytes(bytes, ".").graph;
  for (const auto& inputs : data(8)) CHECK(evaluate(read, inputs) == evaluate(fused, inputs));
}

TEST_CASE("quantize: sparse weights stay sparse") {
  Graph graph = network();
  TensorData& weights = *graph.at(graph.nodes[0].inputs[1]).constant;
  for (std::size_t i = 0; i < weights.floats().size(); i += 3) weights.get<float>()[i] = 0;
  const QuantizedNetwork quantized = quantize(graph, data(8));
  std::size_t zeros = 0;
  for (const Tensor& tensor : quantized.graph.tensors) {
    if (tensor.constant && tensor.constant->type == DataType::kInt8 &&
        tensor.constant->size() == weights.size()) {
      for (std::size_t i = 0; i < weights.floats().size(); i += 3) {
        zeros += tensor.constant->get<std::int8_t>()[i] == 0 ? 1 : 0;
      }
    }
  }
  CHECK(zeros >= weights.floats().size() / 3);
}

TEST_CASE("quantize: what cannot be quantised is refused") {
  Graph graph = network();
  const Graph quantized = quantize(graph, data(8)).graph;
  CHECK_THROWS(quantize(quantized, data(8)));
  graph.at(graph.nodes[0].inputs[1]).constant->get<float>()[0] = NAN;
  CHECK_THROWS(quantize(graph, data(8)));
  CHECK_THROWS(quantize(network(), {}));
  GraphBuilder b;
  b.graph.outputs.push_back(b.node(Op::kReshape, {b.input("x", {1, 4})}, ReshapeAttributes{{4}}));
  CHECK_THROWS_AS(quantize(b.graph, {}), std::invalid_argument);
}
