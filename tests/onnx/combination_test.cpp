// Add, Sub, Mul and Max of two tensors between QuantizeLinear and DequantizeLinear.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sw/graph/passes.hpp"
#include "tests/onnx/model_builder.hpp"

using namespace s4::sw;
using namespace s4::sw::test;
using graph::Op;
using ::onnx::TensorProto;

namespace {

constexpr int kZero = 120;
constexpr float kScale = 0.25F;  // a power of two: every step below is exact

/// x and y through bytes, `op` of both, bytes again.
ModelBuilder model(int opset, const std::string& op) {
  ModelBuilder m(opset);
  m.input("x", {1, 2, 1, 3}).input("y", {1, 2, 1, 3});
  m.scalar("s", kScale).small("z", {}, {kZero}, TensorProto::UINT8);
  for (const std::string name : {"x", "y"}) {
    m.node("QuantizeLinear", {name, "s", "z"}, {name + "_q"});
    m.node("DequantizeLinear", {name + "_q", "s", "z"}, {name + "_d"});
  }
  m.node(op, {"x_d", "y_d"}, {"sum"});
  m.node("QuantizeLinear", {"sum", "s", "z"}, {"bytes"});
  m.output("bytes");
  return m;
}

}  // namespace

TEST_CASE("operators of two quantised tensors become operators of bytes") {
  const Floats x{1.0F, -3.5F, 0.0F, 20.0F, -25.0F, 0.5F};
  const Floats y{0.5F, -0.75F, 2.0F, 20.0F, 25.0F, 0.25F};
  for (const int opset : {10, 13, 21}) {
    for (const auto& [name, op] : {std::pair{"Add", Op::kQAdd},
                                   {"Sub", Op::kQSub},
                                   {"Mul", Op::kQMul},
                                   {"Max", Op::kQMax}}) {
      CAPTURE(opset, name);
      const OnnxNetwork network = model(opset, name).import();
      CHECK(network.notes.empty());
      const auto& nodes = network.graph.nodes;
      CHECK(std::count_if(nodes.begin(), nodes.end(),
                          [op = op](const graph::Node& n) { return n.op == op; }) == 1);
      const auto out = graph::evaluate(
          network.graph, {graph::TensorData({1, 2, 1, 3}, x), graph::TensorData({1, 2, 1, 3}, y)});
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float real = op == Op::kQAdd   ? x[i] + y[i]
                           : op == Op::kQSub ? x[i] - y[i]
                           : op == Op::kQMul ? x[i] * y[i]
                                             : std::max(x[i], y[i]);
        // QLinearAdd and QLinearMul add the zero point, here even, before the rounding.
        const float steps = std::nearbyint(real / kScale) + kZero;
        CAPTURE(i);
        CHECK(out[0].integers()[i] == static_cast<int>(std::clamp(steps, 0.0F, 255.0F)));
      }
    }
  }
}

TEST_CASE(
    "ReduceMax over a quantised image is a pool of bytes, Min with a number a limit of bytes") {
  ModelBuilder m(13);
  m.input("x", {1, 2, 2, 3}).scalar("s", kScale).small("z", {}, {kZero}, TensorProto::UINT8);
  m.scalar("top", 2.0F);
  const auto through = [&](const std::string& from, const std::string& to) {
    m.node("QuantizeLinear", {from, "s", "z"}, {to + "_q"});
    m.node("DequantizeLinear", {to + "_q", "s", "z"}, {to});
  };
  through("x", "x_d");
  m.node("Min", {"x_d", "top"}, {"least"});
  through("least", "least_d");
  m.node("ReduceMax", {"least_d"}, {"most"}, {ints("axes", {2, 3})});
  m.node("QuantizeLinear", {"most", "s", "z"}, {"bytes"});
  m.output("bytes");
  const OnnxNetwork network = m.import();
  CHECK(network.notes.empty());
  const auto& g = network.graph;
  REQUIRE(g.nodes.size() == 3);
  CHECK(g.nodes[1].op == Op::kQClip);
  CHECK(g.nodes[2].op == Op::kMaxPool);
  CHECK(graph::is_byte(g.at(g.nodes[2].inputs[0]).type));
  const Floats x{1, -3, 0.25F, 1.5F, 0, -7, 4, 0, 1, 3, -1, 9};
  const auto out = graph::evaluate(g, {graph::TensorData({1, 2, 2, 3}, x)});
  CHECK(out[0].integers() == std::vector<std::int64_t>{kZero + 6, kZero + 8});
}

TEST_CASE("ReduceMax over rows of bytes longer than a window is a chain of pools of bytes") {
  ModelBuilder m(13);
  m.input("x", {2, 50}).scalar("s", kScale).small("z", {}, {kZero}, TensorProto::UINT8);
  m.node("QuantizeLinear", {"x", "s", "z"}, {"x_q"});
  m.node("DequantizeLinear", {"x_q", "s", "z"}, {"x_d"});
  m.node("ReduceMax", {"x_d"}, {"most"}, {ints("axes", {1})});
  m.node("QuantizeLinear", {"most", "s", "z"}, {"bytes"});
  m.output("bytes");
  const OnnxNetwork network = m.import();
  CHECK(network.notes.empty());
  const auto& g = network.graph;
  std::size_t pools = 0;
  for (const auto& n : g.nodes) {
    if (n.op != Op::kMaxPool) continue;
    ++pools;
    CHECK(graph::is_byte(g.at(n.inputs[0]).type));
  }
  CHECK(pools == 3);  // 50 to 13 to 4 to 1
  Floats x(100, -9.0F);
  x[49] = 2 * kScale;
  x[50] = -kScale;
  const auto out = graph::evaluate(g, {graph::TensorData({2, 50}, x)});
  CHECK(out[0].integers() == std::vector<std::int64_t>{kZero + 2, kZero - 1});
}

TEST_CASE("Max in float32: any number of operands, broadcast, NaN") {
  ModelBuilder m(13);
  m.input("x", {2, 3});
  m.floats("row", {3}, {0.0F, 5.0F, -1.0F}).scalar("least", -0.5F);
  m.node("Max", {"x", "row", "least"}, {"y"});
  m.output("y");
  const auto y = m.run({graph::TensorData({2, 3}, Floats{1, 2, -3, -7, NAN, 4})});
  const Floats wanted{1, 5, -0.5F, 0, NAN, 4};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK((y.floats()[i] == wanted[i] || std::isnan(wanted[i])));
    CHECK(std::isnan(y.floats()[i]) == std::isnan(wanted[i]));
  }
  ModelBuilder one(13);
  one.input("x", {2}).node("Max", {"x"}, {"y"});
  one.output("y");
  CHECK(one.run({graph::TensorData({2}, Floats{1, 2})}).floats() == Floats{1, 2});
  ModelBuilder bytes(13);
  bytes.input("x", {2}, TensorProto::UINT8).node("Max", {"x", "x"}, {"y"});
  bytes.output("y");
  CHECK_THROWS_AS(bytes.import(), UnsupportedOnnx);
}
