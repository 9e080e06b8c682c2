// Functions, softmax and normalisation between DequantizeLinear and QuantizeLinear.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sw/program_file/graph_json.hpp"
#include "tb/seed.hpp"
#include "tests/graph/graph_builder.hpp"

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;
using Catch::Matchers::Contains;
using Ops = std::vector<Op>;

namespace {

const Quant kIn{0.05F, 20};
const Quant kOut{0.01F, 60};

/// x -> bytes -> `op` on floats -> bytes -> y.
struct Between {
  GraphBuilder b;
  TensorId real = kNoTensor;
  Shape shape{2, 3, 8};
  Quant in = kIn;
  Quant out = kOut;
  DataType in_type = DataType::kInt8;
  DataType out_type = DataType::kInt8;

  explicit Between(DataType type) : in_type(type), out_type(type) {}
  TensorId x() { return real = b.through(b.input("x", shape), in, in_type); }
  void y(TensorId id) { b.output(b.dequantize(b.quantize(id, out, out_type), out)); }
};

struct Fused {
  Graph graph;
  std::vector<std::string> notes;
  [[nodiscard]] const Node* find(Op op) const {
    const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                    [&](const Node& node) { return node.op == op; });
    return found == graph.nodes.end() ? nullptr : &*found;
  }
};

Fused fuse(const Graph& graph) {
  Fused result{graph, {}};
  result.notes = optimize(result.graph);
  check_graph(result.graph);
  return result;
}

/// Bytes and floats agree but for the rounding of the floats: no more than one step of the result,
/// and few at all.
void compare(const Graph& real, const Graph& bytes, const Shape& shape, float step) {
  std::mt19937_64 random(s4::tb::seed());
  const std::vector<TensorData> inputs{GraphBuilder::random_data(random, shape, 6.0F)};
  const auto a = evaluate(real, inputs)[0].floats();
  const auto b = evaluate(bytes, inputs)[0].floats();
  REQUIRE(a.size() == b.size());
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(std::fabs(a[i] - b[i]) < 1.01F * step);
    differ += a[i] == b[i] ? 0 : 1;
  }
  CHECK(differ * 8 <= a.size());
}

}  // namespace

TEST_CASE("QDQ: functions become byte operators") {
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    for (const Function function : {Function::kGelu, Function::kGeluTanh, Function::kErf,
                                    Function::kSigmoid, Function::kSilu, Function::kHardSwish}) {
      Between t(type);
      t.y(t.b.node(Op::kUnary, {t.x()}, UnaryAttributes{function}));
      const Fused fused = fuse(t.b.graph);
      REQUIRE(fused.notes.empty());
      REQUIRE(fused.graph.nodes.size() == 3);
      REQUIRE(fused.graph.nodes[1].op == Op::kQUnary);
      CHECK(fused.graph.nodes[1].get<QFunctionAttributes>() ==
            QFunctionAttributes{kIn, kOut, function});
      CHECK_THAT(describe(fused.graph), Contains(std::string("QUnary ") + name_of(function)));
      compare(t.b.graph, fused.graph, t.shape, kOut.scale);
    }
  }
}

TEST_CASE("QDQ: a function spelled out becomes one byte operator") {
  Between t(DataType::kUint8);
  const TensorId x = t.x();
  const auto number = [&](float value) { return t.b.floats({}, {value}); };
  const TensorId erf = t.b.node(Op::kUnary, {t.b.node(Op::kDiv, {x, number(std::sqrt(2.0F))})},
                                UnaryAttributes{Function::kErf});
  const TensorId gate = t.b.node(Op::kAdd, {erf, number(1.0F)}, ClampAttributes{});
  const TensorId all = t.b.node(Op::kMul, {x, gate}, ClampAttributes{});
  t.y(t.b.node(Op::kMul, {all, number(0.5F)}, ClampAttributes{}));
  const Fused fused = fuse(t.b.graph);
  REQUIRE(fused.notes.empty());
  REQUIRE(fused.graph.nodes.size() == 3);
  CHECK(fused.graph.nodes[1].get<QFunctionAttributes>().function == Function::kGelu);
}

TEST_CASE("QDQ: softmax and LayerNormalization over the last axis become byte operators") {
  std::mt19937_64 random(s4::tb::seed());
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    Between soft(type);
    soft.out = {1.0F / 256, type == DataType::kInt8 ? -128 : 0};
    soft.y(soft.b.node(Op::kSoftmax, {soft.x()}, AxisAttributes{2, true, false, false}));
    const Fused fused = fuse(soft.b.graph);
    REQUIRE(fused.notes.empty());
    REQUIRE(fused.find(Op::kQSoftmax) != nullptr);
    CHECK(fused.find(Op::kQSoftmax)->get<QRowAttributes>() == QRowAttributes{kIn, soft.out, 0});
    compare(soft.b.graph, fused.graph, soft.shape, soft.out.scale);

    for (int form = 0; form < 3; ++form) {
      Between norm(type);
      std::vector<TensorId> inputs{norm.x()};
      if (form > 0) {
        inputs.push_back(norm.b.random_floats(random, {8}));
        // Beta may be stored as bytes; it is float32 behind the fusion.
        inputs.push_back(
            form == 1 ? norm.b.random_floats(random, {8})
                      : norm.b.dequantize(norm.b.random_bytes(random, {8}), Quant{0.01F, 0}));
      }
      norm.out = {0.02F, 60};
      norm.y(norm.b.node(Op::kLayerNorm, inputs, LayerNormAttributes{2, 1e-3F}));
      const Fused rows = fuse(norm.b.graph);
      REQUIRE(rows.notes.empty());
      const Node* node = rows.find(Op::kQLayerNorm);
      REQUIRE(node != nullptr);
      CHECK(node->get<QRowAttributes>() == QRowAttributes{kIn, norm.out, 1e-3F});
      REQUIRE(node->inputs.size() == inputs.size());
      for (std::size_t i = 1; i < inputs.size(); ++i) {
        CHECK(rows.graph.constant(node->inputs[i]).type == DataType::kFloat32);
      }
      compare(norm.b.graph, rows.graph, norm.shape, norm.out.scale);
    }
  }
}

TEST_CASE("QDQ: what does not fit a byte operator stays in float32 with a line") {
  const auto check = [](Between& t, Op op, const std::string& line) {
    const Fused fused = fuse(t.b.graph);
    CAPTURE(describe(fused.graph));
    REQUIRE(fused.find(op) != nullptr);
    REQUIRE(fused.notes.size() == 1);
    CHECK_THAT(fused.notes[0], Contains("stays in float32: " + line));
  };
  {
    Between t(DataType::kInt8);
    t.out_type = DataType::kUint8;
    t.y(t.b.node(Op::kUnary, {t.x()}, UnaryAttributes{}));
    check(t, Op::kUnary, "its input is not uint8 of one scale");
  }
  {
    Between t(DataType::kInt8);
    t.y(t.b.node(Op::kUnary, {t.b.input("x", {2, 3})}, UnaryAttributes{}));
    check(t, Op::kUnary, "its input is not int8 of one scale");
  }
  {
    Between t(DataType::kInt8);
    t.y(t.b.node(Op::kSoftmax, {t.x()}, AxisAttributes{1, true, false, false}));
    check(t, Op::kSoftmax, "it is not over the last axis alone");
  }
  {
    Between t(DataType::kInt8);
    t.y(t.b.node(Op::kSoftmax, {t.x()}, AxisAttributes{1, true, false, true}));
    check(t, Op::kSoftmax, "it is not over the last axis alone");
  }
  {
    Between t(DataType::kInt8);
    t.y(t.b.node(Op::kLayerNorm, {t.x()}, LayerNormAttributes{1, 1e-5F}));
    check(t, Op::kLayerNorm, "it is not over the last axis alone");
  }
  {
    Between t(DataType::kInt8);
    const TensorId x = t.x();
    t.y(t.b.node(Op::kLayerNorm, {x, t.b.input("gamma", {8})}, LayerNormAttributes{2, 1e-5F}));
    check(t, Op::kLayerNorm, "its gamma is not constant");
  }
  {  // read before it is quantised: no line, as for other operators
    Between t(DataType::kInt8);
    const TensorId y = t.b.node(Op::kUnary, {t.x()}, UnaryAttributes{});
    t.y(y);
    t.b.output(y);
    const Fused fused = fuse(t.b.graph);
    CHECK(fused.find(Op::kUnary) != nullptr);
    CHECK(fused.notes.empty());
  }
}

TEST_CASE("functions and rows survive the way through a program file") {
  std::mt19937_64 random(s4::tb::seed());
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 8});
  TensorId real = b.node(Op::kUnary, {x}, UnaryAttributes{Function::kSoftplus});
  real =
      b.node(Op::kLayerNorm, {real, b.random_floats(random, {8})}, LayerNormAttributes{1, 0.25F});
  real = b.node(Op::kPow, {real, b.floats({}, {2.0F})});
  b.output(b.node(Op::kReduceMean, {real}, ReduceAttributes{{0, 1}, false}));
  TensorId bytes = b.quantize(x, kIn, DataType::kInt8);
  for (int f = 0; f <= static_cast<int>(kLastFunction); ++f) {
    bytes = b.node(Op::kQUnary, {bytes},
                   QFunctionAttributes{kIn, {0.1F, f - 7}, static_cast<Function>(f)});
  }
  bytes = b.node(Op::kQLayerNorm, {bytes, kNoTensor, b.random_floats(random, {8})},
                 QRowAttributes{kIn, kOut, 1e-6F});
  b.output(b.node(Op::kQSoftmax, {bytes}, QRowAttributes{kOut, {1.0F / 256, -128}, 0}));
  check_graph(b.graph);
  std::vector<std::uint8_t> constants;
  const auto json = s4::sw::graph_to_json(b.graph, constants);
  const Graph read = s4::sw::graph_from_json(json, constants);
  REQUIRE(read.nodes.size() == b.graph.nodes.size());
  for (std::size_t n = 0; n < read.nodes.size(); ++n) {
    CHECK(read.nodes[n].op == b.graph.nodes[n].op);
    CHECK(read.nodes[n].attributes == b.graph.nodes[n].attributes);
    CHECK(read.nodes[n].inputs == b.graph.nodes[n].inputs);
  }
  const std::vector<TensorData> inputs{GraphBuilder::random_data(random, {2, 8})};
  CHECK(evaluate(read, inputs) == evaluate(b.graph, inputs));
  auto broken = json;
  broken["nodes"][0]["attributes"]["function"] = "sine";
  CHECK_THROWS_WITH(s4::sw::graph_from_json(broken, constants),
                    Contains("function 'sine' is unknown"));
}
