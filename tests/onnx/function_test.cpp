// Functions, normalisations and means as files hold them: one node, or what torch.onnx.export and
// other exporters write for them; and the way back into a file.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "sw/onnx/export.hpp"
#include "tests/onnx/model_builder.hpp"

using namespace s4::sw;
using namespace s4::sw::test;
using Catch::Matchers::Contains;
using graph::Function;
using graph::Op;
using graph::TensorData;
using ::onnx::TensorProto;

namespace {

constexpr int kLast = 21;
const Floats kX{-3.0F, -0.5F, 0.0F, 0.25F, 1.0F, 4.0F};

/// y = build(x) in every opset of a range.
template <typename F>
void in_opsets(int first, const TensorData& x, const Floats& wanted, F build) {
  for (int opset = first; opset <= kLast; ++opset) {
    CAPTURE(opset);
    ModelBuilder m(opset);
    m.input("x", x.shape);
    build(m);
    const TensorData y = m.output("y").run({x});
    REQUIRE(y.floats().size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      CAPTURE(i);
      REQUIRE(y.floats()[i] == Approx(wanted[i]).margin(1e-6));
    }
  }
}

void function(int first, const char* op, const Floats& x, const Floats& wanted,
              const std::vector<Attribute>& attributes = {}) {
  CAPTURE(op);
  in_opsets(first, TensorData(Shape{static_cast<std::int64_t>(x.size())}, x), wanted,
            [&](ModelBuilder& m) { m.node(op, {"x"}, {"y"}, attributes); });
}

std::string error_of(int opset, const std::function<void(ModelBuilder&)>& build) {
  ModelBuilder m(opset);
  m.input("x", {2, 3});
  build(m);
  try {
    (void)m.output("y").import();
  } catch (const OnnxError& error) {
    return error.what();
  }
  return "no error";
}

TensorData random_values(const Shape& shape) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<float> values(-3.0F, 3.0F);
  TensorData data(graph::DataType::kFloat32, shape);
  for (float& value : data.get<float>()) value = values(random);
  return data;
}

/// The only node of the network.
graph::Node only(ModelBuilder& m) {
  const OnnxNetwork network = m.output("y").import();
  CAPTURE(describe(network.graph));
  REQUIRE(network.graph.nodes.size() == 1);
  return network.graph.nodes[0];
}
Function only_function(ModelBuilder& m) {
  const graph::Node node = only(m);
  REQUIRE(node.op == Op::kUnary);
  return node.get<graph::UnaryAttributes>().function;
}

}  // namespace

TEST_CASE("ONNX: functions, on values of tables") {
  // To 7 digits, from tables of the functions.
  function(20, "Gelu", kX, {-0.004049694F, -0.1542688F, 0.0F, 0.1496766F, 0.8413447F, 3.999873F});
  function(20, "Gelu", kX, {-0.003637392F, -0.154286F, 0.0F, 0.1496754F, 0.8411920F, 3.999930F},
           {text("approximate", "tanh")});
  function(9, "Erf", kX, {-0.9999779F, -0.5204999F, 0.0F, 0.2763264F, 0.8427008F, 1.0F});
  function(6, "Exp", kX, {0.04978707F, 0.6065307F, 1.0F, 1.284025F, 2.718282F, 54.59815F});
  function(6, "Log", {0.5F, 1.0F, 10.0F}, {-0.6931472F, 0.0F, 2.302585F});
  function(6, "Reciprocal", {-2.0F, 0.25F, 3.0F}, {-0.5F, 4.0F, 0.3333333F});
  function(6, "Sqrt", {0.0F, 2.0F, 9.0F}, {0.0F, 1.414214F, 3.0F});
  function(6, "Sigmoid", kX, {0.04742587F, 0.3775407F, 0.5F, 0.5621765F, 0.7310586F, 0.9820138F});
  function(6, "Tanh", kX, {-0.9950548F, -0.4621172F, 0.0F, 0.2449187F, 0.7615942F, 0.9993293F});
  function(6, "Softplus", kX,
           {0.04858735F, 0.4740770F, 0.6931472F, 0.8259394F, 1.313262F, 4.018150F});
  function(14, "HardSwish", kX, {0.0F, -0.2083333F, 0.0F, 0.1354167F, 0.6666667F, 4.0F});
  function(6, "HardSigmoid", kX, {0.0F, 0.4F, 0.5F, 0.55F, 0.7F, 1.0F});
  function(6, "HardSigmoid", kX, {0.0F, 0.0F, 0.25F, 0.375F, 0.75F, 1.0F},
           {real("alpha", 0.5F), real("beta", 0.25F)});
}

TEST_CASE("ONNX: LayerNormalization, its axis, epsilon and repeated gamma") {
  const TensorData x = ramp({2, 3});
  const float unit = 1.0F / std::sqrt(2.0F / 3 + 0.25F);
  const auto norm = [](std::vector<std::string> inputs, std::vector<Attribute> a) {
    return [=](ModelBuilder& m) {
      m.floats("g", {3}, {1, 2, 3}).floats("b", {3}, {10, 20, 30}).floats("g1", {1, 1}, {2});
      m.floats("g2", {2, 3}, {1, 1, 1, 1, 1, 2}).floats("wide", {1, 3}, {1, 2, 3});
      m.node("LayerNormalization", inputs, {"y"}, a);
    };
  };
  const Attribute epsilon = real("epsilon", 0.25F);
  in_opsets(17, x, {10 - unit, 20, 30 + 3 * unit, 10 - unit, 20, 30 + 3 * unit},
            norm({"x", "g", "b"}, {epsilon}));
  in_opsets(17, x, {-unit, 0, 3 * unit, -unit, 0, 3 * unit},
            norm({"x", "wide"}, {epsilon, integer("axis", 1), integer("stash_type", 1)}));
  in_opsets(17, x, {-2 * unit, 0, 2 * unit, -2 * unit, 0, 2 * unit},
            norm({"x", "g1"}, {epsilon, integer("axis", -1)}));
  const float all = 1.0F / std::sqrt(35.0F / 12 + 1e-5F);
  in_opsets(17, x, {-2.5F * all, -1.5F * all, -0.5F * all, 0.5F * all, 1.5F * all, 5.0F * all},
            norm({"x", "g2"}, {integer("axis", 0)}));
}

TEST_CASE("ONNX: Pow with a constant exponent, ReduceMean over any axes") {
  in_opsets(7, ramp({4}), {0, 1, 8, 27}, [](ModelBuilder& m) {
    m.scalar("e", 3).node("Pow", {"x", "e"}, {"y"});
  });
  in_opsets(12, ramp({4}), {0, 1, 4, 9}, [](ModelBuilder& m) {
    m.longs("e", {2}).node("Pow", {"x", "e"}, {"y"});
  });
  in_opsets(7, ramp({2, 2}), {1, 1, 1, 9}, [](ModelBuilder& m) {
    m.floats("e", {2}, {0, 2}).node("Pow", {"x", "e"}, {"y"});
  });
  const auto mean = [](const Ints& axes, std::vector<Attribute> a) {
    return [=](ModelBuilder& m) {
      if (m.opset() < 18) {
        auto all = a;
        all.push_back(ints("axes", axes));
        m.node("ReduceMean", {"x"}, {"y"}, all);
      } else {
        m.longs("axes", axes).node("ReduceMean", {"x", "axes"}, {"y"}, a);
      }
    };
  };
  in_opsets(6, ramp({2, 2, 2}), {2, 3, 4, 5}, mean({0}, {}));
  in_opsets(11, ramp({2, 2, 2}), {0.5F, 2.5F, 4.5F, 6.5F}, mean({-1}, {integer("keepdims", 0)}));
  in_opsets(6, ramp({2, 2}), {1.5F}, [](ModelBuilder& m) { m.node("ReduceMean", {"x"}, {"y"}); });
  in_opsets(18, ramp({2, 2}), {0, 1, 2, 3}, [](ModelBuilder& m) {
    m.node("ReduceMean", {"x"}, {"y"}, {integer("noop_with_empty_axes", 1)});
  });
}

TEST_CASE("ONNX: ReduceMax over the image, Max and Min with a number") {
  const auto most = [](const Ints& axes, std::vector<Attribute> a) {
    return [=](ModelBuilder& m) {
      if (m.opset() < 18) {
        auto all = a;
        all.push_back(ints("axes", axes));
        m.node("ReduceMax", {"x"}, {"y"}, all);
      } else {
        m.longs("axes", axes).node("ReduceMax", {"x", "axes"}, {"y"}, a);
      }
    };
  };
  const TensorData image({1, 2, 1, 3}, Floats{-3, -1, -2, 4, 9, 5});
  for (const int keep : {0, 1}) {
    in_opsets(6, image, {-1, 9}, most({3, -2}, {integer("keepdims", keep)}));
  }
  in_opsets(6, ramp({2, 2, 3}), {2, 5, 8, 11}, most({-1}, {}));
  const graph::TensorData x({4}, Floats{-2, NAN, 0.5F, 3});
  for (const std::string name : {"Max", "Min"}) {
    for (const bool left : {false, true}) {
      ModelBuilder m(13);
      m.input("x", {4}).scalar("limit", 0.25F);
      m.node(name,
             left ? std::vector<std::string>{"limit", "x"} : std::vector<std::string>{"x", "limit"},
             {"y"});
      m.output("y");
      CHECK(m.import().graph.nodes.at(0).op == Op::kClip);
      const auto y = m.run({x}).floats();
      for (std::size_t i = 0; i < y.size(); ++i) {
        const float real = x.floats()[i];
        CAPTURE(name, left, i);
        if (std::isnan(real)) {
          CHECK(std::isnan(y[i]));
        } else {
          CHECK(y[i] == (name == "Max" ? std::max(real, 0.25F) : std::min(real, 0.25F)));
        }
      }
    }
  }
  CHECK_THAT(error_of(13,
                      [](ModelBuilder& m) {
                        m.node("Min", {"x", "x"}, {"y"});
                      }),
             Contains("one constant number"));
}

TEST_CASE("ONNX: ReduceMax, ReduceSum over any axes, GlobalMaxPool: windows of the chip") {
  const auto node = [](const std::string& op, int since, const Ints& axes, int keep) {
    return [=](ModelBuilder& m) {
      std::vector<Attribute> a{integer("keepdims", keep)};
      if (m.opset() < since) {
        a.push_back(ints("axes", axes));
        m.node(op, {"x"}, {"y"}, a);
      } else {
        m.longs("axes", axes).node(op, {"x", "axes"}, {"y"}, a);
      }
    };
  };
  in_opsets(6, ramp({2, 3, 2}), {10, 11}, node("ReduceMax", 18, {0, 1}, 0));
  in_opsets(6, ramp({2, 3, 2}), {6, 7, 8, 9, 10, 11}, node("ReduceMax", 18, {0}, 1));
  in_opsets(6, ramp({2, 3, 2}), {6, 8, 10, 12, 14, 16}, node("ReduceSum", 13, {0}, 0));
  in_opsets(6, ramp({2, 3, 2}), {1, 5, 9, 13, 17, 21}, node("ReduceSum", 13, {-1}, 1));
  in_opsets(6, ramp({2, 3, 2}), {30, 36}, node("ReduceSum", 13, {1, 0}, 1));
  in_opsets(13, ramp({2, 2}), {6}, [](ModelBuilder& m) { m.node("ReduceSum", {"x"}, {"y"}); });
  in_opsets(13, ramp({2, 2}), {0, 1, 2, 3}, [](ModelBuilder& m) {
    m.node("ReduceSum", {"x"}, {"y"}, {integer("noop_with_empty_axes", 1)});
  });

  // More than a window of 11: the largest number wherever it lies; every window fits.
  struct Large {
    std::string op;
    graph::Shape shape;
    Ints axes;
  };
  for (const Large& large :
       {Large{"ReduceMax", {3, 389}, {1}}, Large{"ReduceMax", {1, 2, 14, 45}, {2, 3}},
        Large{"ReduceMax", {2, 13, 3}, {1}}, Large{"GlobalMaxPool", {2, 1, 12, 12}, {2, 3}},
        Large{"GlobalMaxPool", {2, 2, 177}, {2}}, Large{"GlobalMaxPool", {1, 2, 3, 4, 15}, {}}}) {
    CAPTURE(large.op, graph::to_string(large.shape));
    ModelBuilder m(13);
    m.input("x", large.shape);
    const bool pool = large.op == "GlobalMaxPool";
    m.node(large.op, {"x"}, {"y"},
           pool ? std::vector<Attribute>{} : std::vector{ints("axes", large.axes)});
    m.output("y");
    for (const auto& n : m.import().graph.nodes) {
      if (n.op != Op::kMaxPool) continue;
      const auto& p = n.get<graph::PoolAttributes>();
      CHECK(std::max(p.kernel[0], p.kernel[1]) <= 11);
      CHECK(std::max(p.strides[0], p.strides[1]) <= 4);
    }
    const auto count = static_cast<std::size_t>(graph::element_count(large.shape));
    const std::size_t results =
        m.run({graph::TensorData(large.shape, Floats(count))}).floats().size();
    for (std::size_t at = 0; at < count; at += count / 97 + 1) {
      Floats x(count, -5.0F);
      x[at] = -2.0F;
      const auto y = m.run({graph::TensorData(large.shape, x)}).floats();
      // Exactly one result has seen it.
      CHECK(std::count(y.begin(), y.end(), -5.0F) == static_cast<std::ptrdiff_t>(results) - 1);
      CHECK(std::count(y.begin(), y.end(), -2.0F) == 1);
    }
  }
  ModelBuilder m(13);
  m.input("x", {4}, TensorProto::INT64);
  m.node("ReduceSum", {"x"}, {"y"});
  m.output("y");
  CHECK_THROWS_WITH(m.import(), Contains("ReduceSum") && Contains("FLOAT"));
}

TEST_CASE("ONNX: what a function or normalisation cannot take is named") {
  CHECK_THAT(error_of(20,
                      [](ModelBuilder& m) {
                        m.node("Gelu", {"x"}, {"y"}, {text("approximate", "cubic")});
                      }),
             Contains("Gelu 'the_y'") && Contains("'cubic'"));
  CHECK_THAT(error_of(13,
                      [](ModelBuilder& m) {
                        m.input("i", {2}, TensorProto::INT8).node("Tanh", {"i"}, {"y"});
                      }),
             Contains("Tanh 'the_y': on int8"));
  CHECK_THAT(error_of(13,
                      [](ModelBuilder& m) {
                        m.input("e", {1}).node("Pow", {"x", "e"}, {"y"});
                      }),
             Contains("Pow 'the_y': the exponent 'e' is not a constant"));
  CHECK_THAT(error_of(17,
                      [](ModelBuilder& m) {
                        m.floats("g", {3}, {1, 1, 1});
                        m.node("LayerNormalization", {"x", "g"}, {"y", "mean"});
                      }),
             Contains("LayerNormalization 'the_y': the results Mean and InvStdDev"));
  CHECK_THAT(error_of(17,
                      [](ModelBuilder& m) {
                        m.floats("g", {2}, {1, 1});
                        m.node("LayerNormalization", {"x", "g"}, {"y"});
                      }),
             Contains("LayerNormalization 'the_y'"));
  CHECK_THAT(error_of(17,
                      [](ModelBuilder& m) {
                        m.floats("g", {2, 1}, {1, 2});
                        m.node("LayerNormalization", {"x", "g"}, {"y"});
                      }),
             Contains("from row to row"));
  CHECK_THAT(error_of(17,
                      [](ModelBuilder& m) {
                        m.floats("g", {3}, {1, 1, 1});
                        m.node("LayerNormalization", {"x", "g"}, {"y"}, {integer("axis", 2)});
                      }),
             Contains("axis 2"));
  CHECK_THAT(
      error_of(17,
               [](ModelBuilder& m) {
                 m.floats("g", {3}, {1, 1, 1});
                 m.node("LayerNormalization", {"x", "g"}, {"y"}, {integer("stash_type", 10)});
               }),
      Contains("stash_type = 1"));
  CHECK_THAT(error_of(13,
                      [](ModelBuilder& m) {
                        m.node("ReduceMean", {"x"}, {"y"}, {ints("axes", {0, -2})});
                      }),
             Contains("an axis occurs twice"));
}

TEST_CASE("ONNX: functions as torch.onnx.export spells them out") {
  {  // nn.GELU() before opset 20
    ModelBuilder m(13);
    m.input("x", {2, 3}).scalar("root", 1.41421354F).scalar("one", 1).scalar("half", 0.5F);
    m.node("Div", {"x", "root"}, {"a"});
    m.node("Erf", {"a"}, {"b"});
    m.node("Add", {"b", "one"}, {"c"});
    m.node("Mul", {"x", "c"}, {"d"});
    m.node("Mul", {"d", "half"}, {"y"});
    CHECK(only_function(m) == Function::kGelu);
  }
  {  // nn.GELU(approximate="tanh")
    ModelBuilder m(17);
    m.input("x", {2, 3}).scalar("half", 0.5F).scalar("three", 3).scalar("c", 0.044714998F);
    m.scalar("root", 0.797884583F).scalar("one", 1);
    m.node("Mul", {"half", "x"}, {"h"});
    m.node("Pow", {"x", "three"}, {"p"});
    m.node("Mul", {"c", "p"}, {"q"});
    m.node("Add", {"x", "q"}, {"s"});
    m.node("Mul", {"root", "s"}, {"u"});
    m.node("Tanh", {"u"}, {"t"});
    m.node("Add", {"one", "t"}, {"g"});
    m.node("Mul", {"h", "g"}, {"y"});
    CHECK(only_function(m) == Function::kGeluTanh);
  }
  {  // nn.SiLU()
    ModelBuilder m(13);
    m.input("x", {2, 3}).node("Sigmoid", {"x"}, {"s"});
    m.node("Mul", {"x", "s"}, {"y"});
    CHECK(only_function(m) == Function::kSilu);
  }
  {  // nn.Hardswish() before opset 14
    ModelBuilder m(13);
    m.input("x", {2, 3}).scalar("three", 3).scalar("low", 0).scalar("six", 6);
    m.node("Add", {"x", "three"}, {"a"});
    m.node("Clip", {"a", "low", "six"}, {"c"});
    m.node("Mul", {"x", "c"}, {"d"});
    m.node("Div", {"d", "six"}, {"y"});
    CHECK(only_function(m) == Function::kHardSwish);
  }
  {  // with HardSigmoid
    ModelBuilder m(13);
    m.input("x", {2, 3});
    m.node("HardSigmoid", {"x"}, {"h"}, {real("alpha", 1.0F / 6), real("beta", 0.5F)});
    m.node("Mul", {"x", "h"}, {"y"});
    CHECK(only_function(m) == Function::kHardSwish);
  }
}

TEST_CASE("ONNX: nn.LayerNorm as torch.onnx.export spells it out before opset 17") {
  for (const bool affine : {true, false}) {
    for (const int opset : {11, 13, 18}) {
      ModelBuilder m(opset);
      m.input("x", {2, 3, 4}).scalar("two", 2).scalar("epsilon", 1e-5F);
      m.floats("g", {4}, {1, 2, 3, 4}).floats("b", {4}, {5, 6, 7, 8}).longs("axes", {-1});
      const auto mean = [&](const char* x, const char* y) {
        if (opset < 18) {
          m.node("ReduceMean", {x}, {y}, {ints("axes", {-1}), integer("keepdims", 1)});
        } else {
          m.node("ReduceMean", {x, "axes"}, {y});
        }
      };
      mean("x", "m");
      m.node("Sub", {"x", "m"}, {"d"});
      m.node("Pow", {"d", "two"}, {"p"});
      mean("p", "v");
      m.node("Add", {"v", "epsilon"}, {"e"});
      m.node("Sqrt", {"e"}, {"r"});
      m.node("Div", {"d", "r"}, {affine ? "n" : "y"});
      if (affine) {
        m.node("Mul", {"n", "g"}, {"ng"});
        m.node("Add", {"ng", "b"}, {"y"});
      }
      const graph::Node node = only(m);
      REQUIRE(node.op == Op::kLayerNorm);
      CHECK(node.get<graph::LayerNormAttributes>() == graph::LayerNormAttributes{2, 1e-5F});
      CHECK(node.inputs.size() == (affine ? 3 : 1));
    }
  }
}

TEST_CASE("ONNX: written and read again, in every opset") {
  using graph::Attributes;
  const auto one_node = [](Op op, const Attributes& attributes, bool gamma, bool beta) {
    graph::Graph g;
    const auto x = g.add_tensor({"x", graph::DataType::kFloat32, {2, 3, 4}, std::nullopt});
    g.inputs = {x};
    graph::Node node{op, "node", {x}, graph::kNoTensor, attributes};
    if (gamma || beta) {
      node.inputs.push_back(gamma ? g.add_constant("gamma", random_values({4})) : graph::kNoTensor);
    }
    if (beta) node.inputs.push_back(g.add_constant("beta", random_values({4})));
    const graph::Shape shape = op == Op::kReduceMean ? Shape{2, 1, 4} : Shape{2, 3, 4};
    node.output = g.add_tensor({"y", graph::DataType::kFloat32, shape, std::nullopt});
    g.outputs = {node.output};
    g.nodes.push_back(node);
    graph::check_graph(g);
    return g;
  };
  const auto round_trip = [](const graph::Graph& g) {
    const TensorData x = random_values({2, 3, 4});
    const TensorData wanted = graph::evaluate(g, {x})[0];
    for (int opset = 13; opset <= kLast; ++opset) {
      CAPTURE(opset, describe(g));
      OnnxExportOptions options;
      options.opset = opset;
      const graph::Graph read = import_onnx_bytes(export_onnx_bytes(g, options), ".").graph;
      REQUIRE(read.nodes.size() == 1);
      REQUIRE(read.nodes[0].op == g.nodes[0].op);
      const TensorData y = graph::evaluate(read, {x})[0];
      for (std::size_t i = 0; i < y.floats().size(); ++i) {
        const float a = y.floats()[i];
        const float b = wanted.floats()[i];
        REQUIRE((a == Approx(b).margin(1e-6) || (std::isnan(a) && std::isnan(b))));
      }
      // The nodes as they are written compute the same.
      OnnxOptions plain;
      plain.optimize = false;
      const graph::Graph as_written =
          import_onnx_bytes(export_onnx_bytes(g, options), ".", plain).graph;
      const TensorData direct = graph::evaluate(as_written, {x})[0];
      for (std::size_t i = 0; i < y.floats().size(); ++i) {
        const float a = direct.floats()[i];
        const float b = wanted.floats()[i];
        REQUIRE((a == Approx(b).margin(1e-5) || (std::isnan(a) && std::isnan(b))));
      }
    }
  };
  for (int f = 0; f <= static_cast<int>(graph::kLastFunction); ++f) {
    const graph::UnaryAttributes attributes{static_cast<Function>(f)};
    const graph::Graph g = one_node(Op::kUnary, attributes, false, false);
    round_trip(g);
  }
  const graph::LayerNormAttributes norm{2, 1e-3F};
  round_trip(one_node(Op::kLayerNorm, norm, true, true));
  round_trip(one_node(Op::kLayerNorm, norm, true, false));
  round_trip(one_node(Op::kLayerNorm, norm, false, true));
  round_trip(one_node(Op::kLayerNorm, norm, false, false));
  round_trip(one_node(Op::kReduceMean, graph::ReduceAttributes{{1}, true}, false, false));
}
