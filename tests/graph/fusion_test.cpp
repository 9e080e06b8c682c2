// The QDQ form before and after fusion, and the folding of parameters.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "sim/reference/ops.hpp"
#include "tb/seed.hpp"
#include "tests/graph/graph_builder.hpp"

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;
using Ops = std::vector<Op>;

namespace {

std::vector<TensorData> run(const Graph& graph, const std::vector<TensorData>& inputs) {
  check_graph(graph);
  return evaluate(graph, inputs);
}

/// Largest difference of two equally shaped results.
double difference(const TensorData& a, const TensorData& b) {
  REQUIRE(a.type == b.type);
  REQUIRE(a.shape == b.shape);
  double largest = 0.0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double x =
        a.type == DataType::kFloat32 ? a.floats()[at] : static_cast<double>(a.integers()[at]);
    const double y =
        b.type == DataType::kFloat32 ? b.floats()[at] : static_cast<double>(b.integers()[at]);
    largest = std::max(largest, std::fabs(x - y));
  }
  return largest;
}

/// Optimises a copy; results may differ by `tolerance`. Returns the copy.
Graph optimized(const GraphBuilder& b, const std::vector<TensorData>& inputs, double tolerance) {
  Graph copy = b.graph;
  const auto notes = optimize(copy);
  CAPTURE(describe(copy));
  for (const auto& note : notes) WARN(note);
  REQUIRE(notes.empty());
  const auto before = run(b.graph, inputs);
  const auto after = run(copy, inputs);
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(difference(before[i], after[i]) <= tolerance);
    CHECK(copy.at(copy.outputs[i]).name == b.graph.at(b.graph.outputs[i]).name);
  }
  return copy;
}

Ops ops(const Graph& graph) {
  Ops list;
  for (const Node& node : graph.nodes) list.push_back(node.op);
  return list;
}

const Quant kIn{0.02F, 128};
const Quant kMiddle{0.05F, 100};
const Quant kOut{0.1F, 30};

}  // namespace

TEST_CASE("BatchNormalization, added constants and activations move into the layer") {
  std::mt19937_64 random(s4::tb::seed());
  for (int round = 0; round < 20; ++round) {
    GraphBuilder b;
    const TensorId x = b.input("x", {2, 3, 5, 5});
    const TensorId w = b.random_floats(random, {4, 3, 3, 3});
    std::vector<TensorId> conv{x, w};
    if (round % 2 == 0) conv.push_back(b.random_floats(random, {4}));
    TensorId y = b.node(Op::kConv, conv, ConvAttributes{{{1, 0, 1, 1}, {1, 2}, {1, 1}, 1}, {}});
    if (round % 3 == 0) {
      y = b.node(Op::kAdd, {b.random_floats(random, {4, 1, 1}), y}, ClampAttributes{});
    }
    const TensorId variance = b.floats({4}, {0.5F, 1, 2, 0.1F});
    y = b.node(Op::kBatchNorm,
               {y, b.random_floats(random, {4}), b.random_floats(random, {4}),
                b.random_floats(random, {4}), variance},
               BatchNormAttributes{});
    y = b.relu(y);
    y = b.node(Op::kClip, {y}, ClampAttributes{{-1.0F, 0.75F}});
    y = b.node(Op::kReshape, {y}, ReshapeAttributes{{2, 40}});
    y = b.node(Op::kMatMul, {y, b.random_floats(random, {40, 7})}, ClampAttributes{});
    y = b.node(Op::kAdd, {y, b.random_floats(random, {7})}, ClampAttributes{});
    y = b.node(Op::kGemm, {y, b.random_floats(random, {5, 7}), b.random_floats(random, {1, 5})},
               GemmAttributes{0.5F, 2.0F, false, true, {}});
    b.output(y);
    const Graph after = optimized(b, {GraphBuilder::random_data(random, {2, 3, 5, 5})}, 2e-4);
    REQUIRE(ops(after) == Ops{Op::kConv, Op::kReshape, Op::kGemm, Op::kGemm});
    REQUIRE(after.nodes[0].get<ConvAttributes>().clamp == Clamp{0.0F, 0.75F});
    REQUIRE(after.nodes[3].get<GemmAttributes>() == GemmAttributes{});
  }
}

TEST_CASE("stacked rows times a matrix plus a row, then Relu, are one Gemm") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3, 4});
  TensorId y = b.node(Op::kMatMul, {x, b.random_floats(random, {4, 5})}, ClampAttributes{});
  y = b.relu(b.node(Op::kAdd, {b.random_floats(random, {5}), y}, ClampAttributes{}));
  b.output(b.node(Op::kMul, {y, y}, ClampAttributes{}));
  const Graph after = optimized(b, {GraphBuilder::random_data(random, {2, 3, 4})}, 1e-5);
  REQUIRE(ops(after) == Ops{Op::kReshape, Op::kGemm, Op::kReshape, Op::kMul});
  REQUIRE(after.nodes[1].get<GemmAttributes>().clamp == Clamp{0.0F, Clamp{}.high});
  // A row per matrix is no bias.
  GraphBuilder other;
  const TensorId z =
      other.node(Op::kMatMul, {other.input("x", {2, 3, 4}), other.random_floats(random, {4, 5})},
                 ClampAttributes{});
  other.output(other.node(Op::kAdd, {z, other.random_floats(random, {3, 5})}, ClampAttributes{}));
  REQUIRE(ops(optimized(other, {GraphBuilder::random_data(random, {2, 3, 4})}, 0)) ==
          Ops{Op::kMatMul, Op::kAdd});
}

TEST_CASE("a factor moves into the layer that it follows, also through a product of activations") {
  std::mt19937_64 random(s4::tb::seed());
  const std::vector<TensorData> input{GraphBuilder::random_data(random, {3, 8})};
  const auto attention = [&](bool read_twice, Op op, float number) {
    GraphBuilder b;
    const TensorId x = b.input("x", {3, 8});
    const auto heads = [&](std::vector<std::int64_t> order) {
      TensorId y = b.node(Op::kMatMul, {x, b.random_floats(random, {8, 8})}, ClampAttributes{});
      y = b.node(Op::kAdd, {y, b.random_floats(random, {8})}, ClampAttributes{});
      y = b.node(Op::kReshape, {y}, ReshapeAttributes{{3, 2, 4}});
      return b.node(Op::kTranspose, {y}, TransposeAttributes{std::move(order)});
    };
    const TensorId left = heads({1, 0, 2});
    const TensorId product = b.node(Op::kMatMul, {left, heads({1, 2, 0})}, ClampAttributes{});
    Attributes attributes = NoAttributes{};
    if (op == Op::kMul) attributes = ClampAttributes{};
    b.output(b.node(op, {product, b.floats({}, {number})}, attributes));
    if (read_twice) b.output(left);
    return optimized(b, input, 1e-4);
  };
  const auto has = [](const Graph& graph, Op op) {
    const Ops list = ops(graph);
    return std::find(list.begin(), list.end(), op) != list.end();
  };
  CHECK_FALSE(has(attention(false, Op::kDiv, 2.0F), Op::kDiv));
  CHECK_FALSE(has(attention(false, Op::kMul, -0.25F), Op::kMul));
  CHECK(has(attention(true, Op::kDiv, 2.0F), Op::kDiv));
  CHECK(has(attention(false, Op::kDiv, 0x1p30F), Op::kDiv));
}

TEST_CASE("a result that is read twice keeps its activation apart") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId y = b.node(Op::kMatMul, {x, b.random_floats(random, {4, 4})}, ClampAttributes{});
  b.output(b.node(Op::kAdd, {b.relu(y), y}, ClampAttributes{}));
  REQUIRE(ops(optimized(b, {GraphBuilder::random_data(random, {1, 4})}, 0)) ==
          Ops{Op::kMatMul, Op::kClip, Op::kAdd});
}

TEST_CASE("Transposes and Reshapes vanish") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 3, 4});
  TensorId y = b.node(Op::kTranspose, {x}, TransposeAttributes{{0, 2, 3, 1}});
  y = b.node(Op::kTranspose, {y}, TransposeAttributes{{0, 3, 1, 2}});
  y = b.relu(y);
  y = b.node(Op::kTranspose, {y}, TransposeAttributes{{1, 0, 2, 3}});
  y = b.node(Op::kReshape, {y}, ReshapeAttributes{{24}});
  b.output(b.node(Op::kReshape, {y}, ReshapeAttributes{{4, 6}}));
  REQUIRE(ops(optimized(b, {GraphBuilder::random_data(random, {1, 2, 3, 4})}, 0)) ==
          Ops{Op::kClip, Op::kReshape});
}

TEST_CASE("a quantised convolution with clamp, residual and pools") {
  std::mt19937_64 random(s4::tb::seed());
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    GraphBuilder b;
    const TensorId x = b.input("x", {1, 4, 6, 6});
    const TensorId in = b.through(x, kIn);
    const std::vector<float> scales{0.01F, 0.02F, 0.005F, 0.03F};
    const TensorId w = b.dequantize(b.random_bytes(random, {4, 4, 3, 3}), scales, 0);
    std::vector<float> bias_scales;
    for (const float s : scales) bias_scales.push_back(kIn.scale * s);
    const TensorId bias = b.dequantize(b.random_longs(random, {4}), bias_scales, 0);
    TensorId y =
        b.node(Op::kConv, {in, w, bias}, ConvAttributes{{{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}, {}});
    y = b.through(b.relu(y), kMiddle);
    y = b.node(Op::kAdd, {in, y}, ClampAttributes{});
    y = b.through(b.node(Op::kClip, {y}, ClampAttributes{{-1, 3}}), kOut);
    y = b.node(Op::kMaxPool, {y},
               PoolAttributes{{2, 2}, {0, 0, 0, 0}, {2, 2}, {1, 1}, false, false});
    TensorId wide =
        b.through(b.node(Op::kAveragePool, {y},
                         PoolAttributes{{2, 2}, {0, 0, 0, 0}, {1, 1}, {1, 1}, false, false}),
                  kMiddle);
    wide = b.through(b.node(Op::kGlobalAveragePool, {wide}), kIn);
    b.output(b.node(Op::kReshape, {wide}, ReshapeAttributes{{1, 4}}));
    const TensorData data = GraphBuilder::random_data(random, {1, 4, 6, 6}, 2.0F);
    Graph after = optimized(b, {data}, 0.0201);
    REQUIRE(ops(after) == Ops{Op::kQuantize, Op::kQConv, Op::kQAdd, Op::kMaxPool, Op::kQAveragePool,
                              Op::kQGlobalAveragePool, Op::kReshape, Op::kDequantize});
    const auto& q = after.nodes[1].get<QLayerAttributes>();
    CHECK(q.low == 100);
    CHECK(q.high == 255);
    CHECK(q.weight_scale == scales);
    const auto& add = after.nodes[2].get<QBinaryAttributes>();
    CHECK(add.low == 20);
    CHECK(add.high == 60);
    // The bytes of the layer are those of the reference.
    Graph inner = after;
    inner.outputs = {after.nodes[0].output, after.nodes[1].output};
    const auto bytes = run(inner, {data});
    const s4::ref::QWeights weights{
        s4::ref::Tensor<std::int8_t>({4, 4, 3, 3},
                                     after.constant(after.nodes[1].inputs[1]).get<std::int8_t>()),
        scales,
        {}};
    const s4::ref::Tensor<std::int32_t> longs(
        {4}, after.constant(after.nodes[1].inputs[2]).get<std::int32_t>());
    s4::ref::Epilogue<std::uint8_t> epilogue;
    epilogue.bias = &longs;
    epilogue.y_quant = {kMiddle.scale, kMiddle.zero};
    epilogue.range = {100, 255};
    s4::ref::QConvParams params;
    params.pads = {1, 1, 1, 1};
    const auto wanted =
        s4::ref::conv_requant<std::uint8_t>({{1, 4, 6, 6}, bytes[0].get<std::uint8_t>()},
                                            {kIn.scale, kIn.zero}, weights, epilogue, params);
    CHECK(bytes[1].get<std::uint8_t>() == wanted.data);

    Graph residual = after;
    fuse_residual_adds(residual);
    REQUIRE(ops(residual)[1] == Op::kQConv);
    REQUIRE(ops(residual)[2] == Op::kMaxPool);
    CHECK(residual.nodes[1].get<QLayerAttributes>().add->second_is_left);
    CHECK(run(residual, {data}) == run(after, {data}));
  }
}

TEST_CASE("products: MatMul, Gemm, two activations, weights of uint8, float bias") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {3, 8});
  const TensorId in = b.through(x, {0.02F, -5}, DataType::kInt8);
  const TensorId w = b.dequantize(b.random_bytes(random, {8, 5}),
                                  std::vector<float>{0.01F, 0.02F, 0.03F, 0.04F, 0.05F}, 1);
  TensorId y = b.node(Op::kMatMul, {in, w}, ClampAttributes{});
  y = b.node(Op::kAdd, {y, b.random_floats(random, {5})}, ClampAttributes{});
  y = b.through(y, {0.1F, 3}, DataType::kInt8);
  TensorData bytes(Shape{4, 5}, std::vector<std::uint8_t>(20));
  for (auto& value : bytes.get<std::uint8_t>()) value = static_cast<std::uint8_t>(random());
  const TensorId v = b.dequantize(b.graph.add_constant("v", bytes), {0.02F, 128});
  y = b.node(Op::kGemm, {y, v}, GemmAttributes{1, 1, false, true, {}});
  y = b.through(b.relu(y), {0.2F, -128}, DataType::kInt8);
  const TensorId flipped = b.node(Op::kTranspose, {y}, TransposeAttributes{{1, 0}});
  y = b.node(Op::kMatMul, {y, flipped}, ClampAttributes{});
  b.output(b.quantize(y, {2.0F, 0}, DataType::kInt8));
  const Graph after = optimized(b, {GraphBuilder::random_data(random, {3, 8})}, 1);
  REQUIRE(ops(after) ==
          Ops{Op::kQuantize, Op::kQMatMul, Op::kQMatMul, Op::kTranspose, Op::kQMatMulDynamic});
  CHECK(after.at(after.nodes[2].inputs[1]).shape == Shape{5, 4});
  CHECK(after.at(after.nodes[1].inputs[2]).type == DataType::kInt32);
}

TEST_CASE("a change of scale, a clip of its own, Mul, repeated operands") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3, 2, 2});
  const TensorId in = b.through(x, kIn);
  const TensorId gate = b.through(b.node(Op::kGlobalAveragePool, {in}), kMiddle);
  TensorId y = b.through(b.node(Op::kMul, {in, gate}, ClampAttributes{}), kOut);
  y = b.through(y, kMiddle);                                            // another scale
  y = b.through(y, kMiddle);                                            // the same: vanishes
  y = b.through(b.node(Op::kClip, {y}, ClampAttributes{{0, 1}}), kIn);  // clip with new scale
  b.output(y);
  const Graph after = optimized(b, {GraphBuilder::random_data(random, {2, 3, 2, 2})}, 1e-5);
  REQUIRE(ops(after) == Ops{Op::kQuantize, Op::kQGlobalAveragePool, Op::kQMul, Op::kQClip,
                            Op::kQClip, Op::kDequantize});
}

TEST_CASE("a constant that every sample has alike is added as one of all samples") {
  std::mt19937_64 random(s4::tb::seed());
  const auto sum = [&](const Shape& shape, bool left) {
    GraphBuilder b;
    const TensorId x = b.through(b.input("x", {3, 4, 5}), kIn);
    const TensorId c = b.through(b.random_floats(random, shape), kMiddle);
    b.output(b.through(
        b.node(Op::kAdd, {left ? c : x, left ? x : c}, ClampAttributes{{-0.5F, 0.5F}}), kOut));
    return b;
  };
  const std::vector<TensorData> data{GraphBuilder::random_data(random, {3, 4, 5})};
  for (const bool left : {false, true}) {
    for (const Shape& shape : {Shape{1, 4, 5}, Shape{4, 5}, Shape{3, 4, 5}}) {
      const Graph after = optimized(sum(shape, left), data, 0.1001);
      REQUIRE(ops(after) == Ops{Op::kQuantize, Op::kQAdd, Op::kDequantize});
      const TensorData& constant = after.constant(after.nodes[1].inputs[left ? 0 : 1]);
      REQUIRE(constant.shape == Shape{3, 4, 5});
      if (shape.front() == 3) continue;
      REQUIRE(slice_rows(constant, 0, 1).values == slice_rows(constant, 2, 1).values);
    }
    // A row, a column or another repetition is none of a sample: the clamp stays its own.
    for (const Shape& shape : {Shape{5}, Shape{1, 1, 5}, Shape{4, 1}, Shape{3, 1, 5}}) {
      Graph after = sum(shape, left).graph;
      REQUIRE(optimize(after).size() == 1);
    }
  }
}

TEST_CASE("quantisation behind MaxPool and Reshape moves to the layer") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId in = b.through(x, kIn);
  const TensorId w = b.dequantize(b.random_bytes(random, {3, 2, 1, 1}), Quant{0.01F, 0});
  TensorId y = b.relu(b.node(Op::kConv, {in, w}, ConvAttributes{}));
  y = b.node(Op::kMaxPool, {y}, PoolAttributes{{2, 2}, {0, 0, 0, 0}, {2, 2}, {1, 1}, false, false});
  y = b.node(Op::kReshape, {y}, ReshapeAttributes{{1, 12}});
  b.output(b.quantize(y, kOut));
  const Graph after = optimized(b, {GraphBuilder::random_data(random, {1, 2, 4, 4})}, 1);
  REQUIRE(ops(after) == Ops{Op::kQuantize, Op::kQConv, Op::kMaxPool, Op::kReshape});
}

TEST_CASE("what cannot be fused stays in float32 and is named") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId in = b.through(b.input("x", {1, 2, 4, 4}), kIn);
  const TensorId w = b.dequantize(b.random_bytes(random, {3, 2, 1, 1}), Quant{0.01F, 5});
  b.output(b.quantize(b.node(Op::kConv, {in, w}, ConvAttributes{}), kOut));
  Graph after = b.graph;
  const auto notes = optimize(after);
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Catch::Matchers::Contains("zero point of its weights"));
  CHECK(ops(after) == Ops{Op::kQuantize, Op::kDequantize, Op::kConv, Op::kQuantize});
  const TensorData data = GraphBuilder::random_data(random, {1, 2, 4, 4});
  CHECK(run(after, {data}) == run(b.graph, {data}));
}

TEST_CASE("a dequantised output, and several readers of one tensor") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId in = b.through(b.input("x", {1, 2, 4, 4}), kIn);
  const auto layer = [&](TensorId from) {
    const TensorId w = b.dequantize(b.random_bytes(random, {2, 2, 1, 1}), Quant{0.01F, 0});
    return b.through(b.node(Op::kConv, {from, w}, ConvAttributes{}), kOut);
  };
  const TensorId left = layer(in);
  const TensorId right = layer(in);
  const TensorId sum = b.through(b.node(Op::kAdd, {left, right}, ClampAttributes{}), kMiddle);
  b.output(sum);
  b.output(left);
  const TensorData data = GraphBuilder::random_data(random, {1, 2, 4, 4});
  Graph after = optimized(b, {data}, 0.1001);
  const Ops list = ops(after);
  REQUIRE(std::count(list.begin(), list.end(), Op::kQConv) == 2);
  Graph residual = after;
  fuse_residual_adds(residual);
  // The left layer is read elsewhere, so the right one takes the sum.
  const auto fused = std::find_if(residual.nodes.begin(), residual.nodes.end(), [](const Node& n) {
    return n.op == Op::kQConv && n.get<QLayerAttributes>().add;
  });
  REQUIRE(fused != residual.nodes.end());
  CHECK(fused->get<QLayerAttributes>().add->second_is_left);
  CHECK(run(residual, {data}) == run(after, {data}));
}

TEST_CASE("an activation behind a host operator fuses only where saturation does the same") {
  // Add of whole tensors has a command of the chip: there its clamp is one of bytes.
  const auto fused = [](Op op, bool repeated, const Clamp& clamp, const Quant& out) {
    std::mt19937_64 random(s4::tb::seed());
    GraphBuilder b;
    const TensorId x = b.through(b.input("x", {1, 3, 4, 5}), kIn, DataType::kUint8);
    const Shape shape = repeated ? Shape{1, 3, 1, 1} : Shape{1, 3, 4, 5};
    const TensorId y = b.through(b.input("y", shape), kMiddle, DataType::kUint8);
    b.output(b.quantize(b.node(op, {x, y}, ClampAttributes{clamp}), out));
    Graph after = b.graph;
    const auto notes = optimize(after);
    const bool in_bytes = ops(after).back() == (op == Op::kAdd ? Op::kQAdd : Op::kQMul);
    CHECK(notes.size() == (in_bytes ? 0U : 1U));
    const std::vector<TensorData> data{GraphBuilder::random_data(random, {1, 3, 4, 5}),
                                       GraphBuilder::random_data(random, shape)};
    CHECK(difference(run(after, data)[0], run(b.graph, data)[0]) <= 1);
    return in_bytes;
  };
  const float all = std::numeric_limits<float>::infinity();
  const Quant relu{0.02F, 0};  // 0 to 5.1
  for (const Op op : {Op::kAdd, Op::kMul}) {
    for (const bool repeated : {false, true}) {
      CAPTURE(name_of(op), repeated);
      const bool on_chip = op == Op::kAdd && !repeated;
      CHECK(fused(op, repeated, {-all, all}, kOut));
      CHECK(fused(op, repeated, {0.0F, all}, relu));
      CHECK(fused(op, repeated, {0.0F, 5.1F}, relu));
      CHECK(fused(op, repeated, {0.0F, 5.0F}, relu) == on_chip);
      CHECK(fused(op, repeated, {0.0F, all}, kOut) == on_chip);
      CHECK(fused(op, repeated, {-1.0F, 1.0F}, kOut) == on_chip);
    }
  }
}
