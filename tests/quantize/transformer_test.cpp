// A transformer block quantised after training: attention, LayerNormalization, feed-forward.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantize/quantize.hpp"
#include "tests/graph/graph_builder.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

constexpr std::int64_t kRows = 6;
constexpr std::int64_t kWidth = 16;
constexpr std::int64_t kHeads = 2;
constexpr std::int64_t kInner = 32;

/// One block in the order of pre-normalisation.
class Block : public GraphBuilder {
 public:
  Block() {
    const TensorId x = input("x", {1, kRows, kWidth});
    const TensorId attended = sum(x, attention(norm(x)));
    const TensorId wide = linear(norm(attended), kWidth, kInner);
    const TensorId bent = node(Op::kUnary, {wide}, UnaryAttributes{Function::kGelu});
    output(sum(attended, linear(bent, kInner, kWidth)));
  }

 private:
  TensorId sum(TensorId a, TensorId b) { return node(Op::kAdd, {a, b}, ClampAttributes{}); }
  TensorId linear(TensorId x, std::int64_t in, std::int64_t out) {
    const float limit = 1.5F / std::sqrt(static_cast<float>(in));
    const TensorId y =
        node(Op::kMatMul, {x, random_floats(random_, {in, out}, limit)}, ClampAttributes{});
    return sum(y, random_floats(random_, {out}, 0.2F));
  }
  TensorId norm(TensorId x) {
    return node(Op::kLayerNorm,
                {x, random_floats(random_, {kWidth}), random_floats(random_, {kWidth})},
                LayerNormAttributes{2, 1e-5F});
  }
  TensorId heads(TensorId x, std::vector<std::int64_t> order) {
    const TensorId y = node(Op::kReshape, {linear(x, kWidth, kWidth)},
                            ReshapeAttributes{{1, kRows, kHeads, kWidth / kHeads}});
    return node(Op::kTranspose, {y}, TransposeAttributes{std::move(order)});
  }
  TensorId attention(TensorId x) {
    const TensorId scores =
        node(Op::kMatMul, {heads(x, {0, 2, 1, 3}), heads(x, {0, 2, 3, 1})}, ClampAttributes{});
    const TensorId small =
        node(Op::kDiv, {scores, floats({}, {std::sqrt(static_cast<float>(kWidth / kHeads))})});
    const TensorId weights = node(Op::kSoftmax, {small}, AxisAttributes{3, true, false, false});
    TensorId y = node(Op::kMatMul, {weights, heads(x, {0, 2, 1, 3})}, ClampAttributes{});
    y = node(Op::kTranspose, {y}, TransposeAttributes{{0, 2, 1, 3}});
    y = node(Op::kReshape, {y}, ReshapeAttributes{{1, kRows, kWidth}});
    return linear(y, kWidth, kWidth);
  }
  std::mt19937_64 random_{21};
};

Calibration data(std::int64_t count) {
  std::mt19937_64 random(22);
  return split_calibration({GraphBuilder::random_data(random, {count, kRows, kWidth}, 2.0F)}, 1);
}

/// Root of the mean square error, relative to that of the results.
double relative_error(const Graph& real, const Graph& bytes) {
  double error = 0;
  double power = 0;
  for (const auto& inputs : data(16)) {
    const auto a = evaluate(real, inputs).at(0).floats();
    const auto b = evaluate(bytes, inputs).at(0).floats();
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      error += (a[i] - b[i]) * (a[i] - b[i]);
      power += a[i] * a[i];
    }
  }
  return std::sqrt(error / power);
}

std::int64_t count_of(const Graph& graph, Op op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node& node) { return node.op == op; });
}

}  // namespace

TEST_CASE("quantize: a transformer block computes on bytes from end to end") {
  const Block block;
  Graph real = block.graph;
  REQUIRE(optimize(real).empty());
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    QuantizeOptions options;
    options.type = type;
    const QuantizedNetwork quantized = quantize(real, data(32), options);
    CHECK(quantized.notes.empty());
    CHECK(quantized.layers.size() == 8);  // six Gemms, two products of activations
    for (const std::int64_t opset : {13, 17, 20}) {
      OnnxExportOptions to;
      to.opset = opset;
      const OnnxNetwork read = import_onnx_bytes(export_onnx_bytes(quantized.graph, to), ".");
      CAPTURE(opset, describe(read.graph));
      CHECK(read.notes.empty());
      CHECK(count_of(read.graph, Op::kQMatMul) == 6);
      CHECK(count_of(read.graph, Op::kQMatMulDynamic) == 2);
      CHECK(count_of(read.graph, Op::kQSoftmax) == 1);
      CHECK(count_of(read.graph, Op::kQLayerNorm) == 2);
      CHECK(count_of(read.graph, Op::kQUnary) == 1);
      CHECK(count_of(read.graph, Op::kQAdd) == 2);
      // Nothing computes in float32 but the passages at both ends.
      for (const Node& node : read.graph.nodes) {
        if (read.graph.at(node.output).type != DataType::kFloat32) continue;
        CHECK((node.op == Op::kDequantize || node.op == Op::kReshape));
      }
      CHECK(relative_error(block.graph, read.graph) < 0.02);
    }
    Graph fused = quantized.graph;
    optimize(fused);
    CHECK(relative_error(block.graph, fused) < 0.02);
    for (const Node& node : fused.nodes) {
      // What the chip reads in place of weights is symmetric, also behind a transposition.
      if (node.op == Op::kQMatMulDynamic) {
        CHECK(node.get<QBinaryAttributes>().b.zero == (type == DataType::kInt8 ? 0 : 128));
      }
      if (node.op != Op::kQSoftmax) continue;
      CHECK(node.get<QRowAttributes>().y == Quant{1.0F / 256, type == DataType::kInt8 ? -128 : 0});
    }
  }
}

TEST_CASE("quantize: what is added to every sample becomes bytes, a row of numbers does not") {
  std::mt19937_64 random(5);
  const auto network = [&](const Shape& shape, bool left) {
    GraphBuilder b;
    const TensorId x = b.relu(b.input("x", {2, kRows, kWidth}));
    const TensorId c = b.random_floats(random, shape, 3.0F);
    const TensorId sum = b.node(Op::kAdd, {left ? c : x, left ? x : c}, ClampAttributes{});
    b.output(b.node(Op::kMatMul, {sum, b.random_floats(random, {kWidth, 9})}, ClampAttributes{}));
    return b.graph;
  };
  const auto inputs =
      split_calibration({GraphBuilder::random_data(random, {8, kRows, kWidth}, 2.0F)}, 2);
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    QuantizeOptions options;
    options.type = type;
    for (const bool left : {false, true}) {
      const Graph real = network({1, kRows, kWidth}, left);
      Graph bytes = quantize(real, inputs, options).graph;
      const auto one_by_one = evaluate(bytes, inputs[0]).at(0).floats();
      REQUIRE(optimize(bytes).empty());
      CHECK(count_of(bytes, Op::kQAdd) == 1);
      CHECK(count_of(bytes, Op::kAdd) == 0);
      const auto whole = evaluate(real, inputs[0]).at(0).floats();
      const auto fused = evaluate(bytes, inputs[0]).at(0).floats();
      double error = 0;
      double power = 0;
      for (std::size_t i = 0; i < whole.size(); ++i) {
        error += (whole[i] - fused[i]) * (whole[i] - fused[i]);
        power += whole[i] * whole[i];
        CHECK(std::fabs(one_by_one[i] - fused[i]) < 0.5);
      }
      CHECK(std::sqrt(error / power) < 0.03);
      Graph row = quantize(network({kWidth}, left), inputs, options).graph;
      optimize(row);
      CHECK(count_of(row, Op::kQAdd) == 0);
    }
  }
  Graph broken = network({1, kRows, kWidth}, false);
  for (Tensor& tensor : broken.tensors) {
    if (tensor.constant && tensor.shape.size() == 3) {
      tensor.constant->get<float>()[7] = std::numeric_limits<float>::infinity();
    }
  }
  CHECK_THROWS_WITH(quantize(broken, inputs), Catch::Contains("finite"));
}

TEST_CASE("quantize: what computes on rows but not over the last axis stays in float32") {
  std::mt19937_64 random(5);
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 4});
  TensorId y = b.node(Op::kGemm, {x, b.random_floats(random, {4, 4})}, GemmAttributes{});
  y = b.node(Op::kSoftmax, {y}, AxisAttributes{0, true, false, false});
  y = b.node(Op::kGemm, {y, b.random_floats(random, {4, 4})}, GemmAttributes{});
  y = b.node(Op::kUnary, {y}, UnaryAttributes{Function::kSigmoid});
  y = b.node(Op::kGemm, {y, b.random_floats(random, {4, 4})}, GemmAttributes{});
  // The network's own result keeps the precision of float32.
  b.output(b.node(Op::kSoftmax, {y}, AxisAttributes{1, true, false, false}));
  Graph fused =
      quantize(b.graph, split_calibration({GraphBuilder::random_data(random, {8, 4})}, 2)).graph;
  optimize(fused);
  CAPTURE(describe(fused));
  CHECK(count_of(fused, Op::kQMatMul) == 3);
  CHECK(count_of(fused, Op::kSoftmax) == 2);
  CHECK(count_of(fused, Op::kQSoftmax) == 0);
  REQUIRE(count_of(fused, Op::kQUnary) == 1);
  for (const Node& node : fused.nodes) {
    if (node.op != Op::kQUnary) continue;
    CHECK(node.get<QFunctionAttributes>().y == Quant{1.0F / 256, 0});
  }
}
