// Functions and normalisations spelled out in elementary operators, as exporters write them.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "tb/seed.hpp"
#include "tests/graph/graph_builder.hpp"

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;
using Ops = std::vector<Op>;

namespace {

/// Float operators with scalars on either side.
class Builder : public GraphBuilder {
 public:
  TensorId number(float value) { return floats({}, {value}); }
  TensorId add(TensorId a, TensorId b) { return node(Op::kAdd, {a, b}, ClampAttributes{}); }
  TensorId add(TensorId a, float b) { return add(a, number(b)); }
  TensorId sub(TensorId a, TensorId b) { return node(Op::kSub, {a, b}); }
  TensorId mul(TensorId a, TensorId b) { return node(Op::kMul, {a, b}, ClampAttributes{}); }
  TensorId mul(TensorId a, float b) { return mul(a, number(b)); }
  TensorId mul(float a, TensorId b) { return mul(number(a), b); }
  TensorId div(TensorId a, TensorId b) { return node(Op::kDiv, {a, b}); }
  TensorId div(TensorId a, float b) { return div(a, number(b)); }
  TensorId pow(TensorId a, float b) { return node(Op::kPow, {a, number(b)}); }
  TensorId unary(Function f, TensorId x) { return node(Op::kUnary, {x}, UnaryAttributes{f}); }
  TensorId clip(TensorId x, float low, float high) {
    return node(Op::kClip, {x}, ClampAttributes{{low, high}});
  }
  TensorId mean(TensorId x, std::vector<std::int64_t> axes, bool keep = true) {
    return node(Op::kReduceMean, {x}, ReduceAttributes{std::move(axes), keep});
  }
};

using Build = std::function<TensorId(Builder&, TensorId)>;

Ops ops(const Graph& graph) {
  Ops list;
  for (const Node& node : graph.nodes) list.push_back(node.op);
  return list;
}

/// The graph of `build` on x of this shape, before and after optimisation.
Graph fused(const Build& build, const Shape& shape) {
  Builder b;
  b.output(build(b, b.input("x", shape)));
  Graph graph = b.graph;
  REQUIRE(optimize(graph).empty());
  check_graph(graph);
  std::mt19937_64 random(s4::tb::seed());
  const std::vector<TensorData> inputs{GraphBuilder::random_data(random, shape, 4.0F)};
  const auto before = evaluate(b.graph, inputs);
  const auto after = evaluate(graph, inputs);
  REQUIRE(before[0].shape == after[0].shape);
  for (std::size_t i = 0; i < before[0].floats().size(); ++i) {
    REQUIRE(after[0].floats()[i] == Approx(before[0].floats()[i]).epsilon(1e-4).margin(1e-4));
  }
  CHECK(graph.at(graph.outputs[0]).name == b.graph.at(b.graph.outputs[0]).name);
  return graph;
}

void becomes(Function function, const Build& build) {
  const Graph graph = fused(build, {2, 3, 4});
  CAPTURE(describe(graph));
  REQUIRE(ops(graph) == Ops{Op::kUnary});
  REQUIRE(graph.nodes[0].get<UnaryAttributes>().function == function);
  REQUIRE(graph.nodes[0].inputs[0] == graph.inputs[0]);
}

/// More than one node is left, and none is `function`.
void stays(Function function, const Build& build) {
  const Graph graph = fused(build, {2, 3, 4});
  CAPTURE(describe(graph));
  for (const Node& node : graph.nodes) {
    if (node.op != Op::kUnary) continue;
    REQUIRE(node.get<UnaryAttributes>().function != function);
  }
  REQUIRE(graph.nodes.size() > 1);
}

const float kRoot2 = std::sqrt(2.0F);
const float kRoot2OverPi = 0.7978845608F;

TensorId erf_gate(Builder& b, TensorId x, float root = kRoot2, float one = 1.0F) {
  return b.add(b.unary(Function::kErf, b.div(x, root)), one);
}
TensorId tanh_gate(Builder& b, TensorId x, float cubic = 0.044715F, float root = kRoot2OverPi) {
  const TensorId sum = b.add(x, b.mul(cubic, b.pow(x, 3.0F)));
  return b.add(b.unary(Function::kTanh, b.mul(root, sum)), 1.0F);
}

}  // namespace

TEST_CASE("patterns: GELU with erf, in all orders of its factors") {
  becomes(Function::kGelu,
          [](Builder& b, TensorId x) { return b.mul(b.mul(x, erf_gate(b, x)), 0.5F); });
  becomes(Function::kGelu,
          [](Builder& b, TensorId x) { return b.mul(b.mul(x, 0.5F), erf_gate(b, x)); });
  becomes(Function::kGelu,
          [](Builder& b, TensorId x) { return b.mul(0.5F, b.mul(erf_gate(b, x), x)); });
  becomes(Function::kGelu,
          [](Builder& b, TensorId x) { return b.mul(x, b.mul(0.5F, erf_gate(b, x))); });
  becomes(Function::kGelu,
          [](Builder& b, TensorId x) { return b.div(b.mul(x, erf_gate(b, x)), 2.0F); });
  becomes(Function::kGelu, [](Builder& b, TensorId x) {
    const TensorId erf = b.unary(Function::kErf, b.mul(x, 0.70710678F));
    return b.mul(b.mul(0.5F, x), b.add(b.number(1.0F), erf));
  });
  becomes(Function::kGelu, [](Builder& b, TensorId x) {  // the 1/2 inside
    const TensorId erf = b.unary(Function::kErf, b.mul(0.70710678F, x));
    return b.mul(x, b.add(b.mul(0.5F, erf), 0.5F));
  });
}

TEST_CASE("patterns: GELU with tanh") {
  becomes(Function::kGeluTanh,
          [](Builder& b, TensorId x) { return b.mul(b.mul(0.5F, x), tanh_gate(b, x)); });
  becomes(Function::kGeluTanh,
          [](Builder& b, TensorId x) { return b.mul(b.mul(x, tanh_gate(b, x)), 0.5F); });
  becomes(Function::kGeluTanh, [](Builder& b, TensorId x) {
    const TensorId cube = b.mul(b.mul(x, x), x);
    const TensorId sum = b.add(b.mul(cube, 0.044715F), x);
    const TensorId tanh = b.unary(Function::kTanh, b.mul(sum, kRoot2OverPi));
    return b.mul(0.5F, b.mul(x, b.add(tanh, 1.0F)));
  });
  becomes(Function::kGeluTanh, [](Builder& b, TensorId x) {  // factored
    const TensorId sum = b.add(b.mul(b.mul(0.044715F, x), x), 1.0F);
    const TensorId tanh = b.unary(Function::kTanh, b.mul(b.mul(x, kRoot2OverPi), sum));
    return b.mul(b.mul(x, 0.5F), b.add(tanh, 1.0F));
  });
}

TEST_CASE("patterns: SiLU, HardSwish, powers and reciprocals") {
  becomes(Function::kSilu,
          [](Builder& b, TensorId x) { return b.mul(x, b.unary(Function::kSigmoid, x)); });
  becomes(Function::kSilu,
          [](Builder& b, TensorId x) { return b.mul(b.unary(Function::kSigmoid, x), x); });
  becomes(Function::kHardSwish, [](Builder& b, TensorId x) {
    return b.mul(x, b.clip(b.add(b.mul(x, 1.0F / 6), 0.5F), 0.0F, 1.0F));
  });
  becomes(Function::kHardSwish, [](Builder& b, TensorId x) {
    return b.div(b.mul(x, b.clip(b.add(x, 3.0F), 0.0F, 6.0F)), 6.0F);
  });
  becomes(Function::kHardSwish, [](Builder& b, TensorId x) {
    return b.mul(b.div(b.clip(b.add(x, 3.0F), 0.0F, 6.0F), 6.0F), x);
  });
  becomes(Function::kHardSwish, [](Builder& b, TensorId x) {  // clamp of the sum itself
    const TensorId sum = b.node(Op::kAdd, {x, b.number(3.0F)}, ClampAttributes{{0.0F, 6.0F}});
    return b.mul(b.mul(x, sum), 1.0F / 6);
  });
  const auto positive = [](Builder& b, TensorId x) { return b.unary(Function::kExp, x); };
  const auto after_exp = [&](Function function, const Build& build) {
    const Graph graph =
        fused([&](Builder& b, TensorId x) { return build(b, positive(b, x)); }, {2, 3});
    CAPTURE(describe(graph));
    REQUIRE(ops(graph) == Ops{Op::kUnary, Op::kUnary});
    REQUIRE(graph.nodes[1].get<UnaryAttributes>().function == function);
  };
  after_exp(Function::kRsqrt, [](Builder& b, TensorId x) {
    return b.div(b.number(1.0F), b.unary(Function::kSqrt, x));
  });
  after_exp(Function::kRsqrt, [](Builder& b, TensorId x) {
    return b.unary(Function::kReciprocal, b.unary(Function::kSqrt, x));
  });
  after_exp(Function::kRsqrt, [](Builder& b, TensorId x) { return b.pow(x, -0.5F); });
  after_exp(Function::kSqrt, [](Builder& b, TensorId x) { return b.pow(x, 0.5F); });
  after_exp(Function::kReciprocal, [](Builder& b, TensorId x) { return b.div(b.number(1.0F), x); });
  CHECK(ops(fused([](Builder& b, TensorId x) { return b.pow(x, 2.0F); }, {5})) == Ops{Op::kMul});
  CHECK(ops(fused([](Builder& b, TensorId x) { return b.pow(x, 3.0F); }, {5})) == Ops{Op::kPow});
}

TEST_CASE("patterns: another constant is another function") {
  for (const float off : {0.99F, 1.01F}) {
    stays(Function::kGelu, [&](Builder& b, TensorId x) {
      return b.mul(b.mul(x, erf_gate(b, x, kRoot2 * off)), 0.5F);
    });
    stays(Function::kGelu, [&](Builder& b, TensorId x) {
      return b.mul(b.mul(x, erf_gate(b, x, kRoot2, off)), 0.5F);
    });
    stays(Function::kGelu,
          [&](Builder& b, TensorId x) { return b.mul(b.mul(x, erf_gate(b, x)), 0.5F * off); });
    stays(Function::kGeluTanh, [&](Builder& b, TensorId x) {
      return b.mul(b.mul(0.5F, x), tanh_gate(b, x, 0.044715F * off));
    });
    stays(Function::kGeluTanh, [&](Builder& b, TensorId x) {
      return b.mul(b.mul(0.5F, x), tanh_gate(b, x, 0.044715F, kRoot2OverPi * off));
    });
    stays(Function::kSilu, [&](Builder& b, TensorId x) {
      return b.mul(x, b.unary(Function::kSigmoid, b.mul(x, off)));
    });
    stays(Function::kHardSwish, [&](Builder& b, TensorId x) {
      return b.div(b.mul(x, b.clip(b.add(x, 3.0F * off), 0.0F, 6.0F)), 6.0F);
    });
    stays(Function::kHardSwish, [&](Builder& b, TensorId x) {
      return b.div(b.mul(x, b.clip(b.add(x, 3.0F), 0.0F, 6.0F * off)), 6.0F);
    });
    stays(Function::kHardSwish, [&](Builder& b, TensorId x) {
      return b.div(b.mul(x, b.clip(b.add(x, 3.0F), 0.0F, 6.0F)), 6.0F * off);
    });
  }
  stays(Function::kHardSwish, [](Builder& b, TensorId x) {
    return b.div(b.mul(x, b.clip(b.add(x, 3.0F), -0.1F, 6.0F)), 6.0F);
  });
  // x and the argument of the gate are different tensors.
  stays(Function::kGelu, [](Builder& b, TensorId x) {
    return b.mul(b.mul(x, erf_gate(b, b.unary(Function::kSigmoid, x))), 0.5F);
  });
  // A shift inside erf.
  stays(Function::kGelu, [](Builder& b, TensorId x) {
    const TensorId erf = b.unary(Function::kErf, b.add(b.div(x, kRoot2), 0.1F));
    return b.mul(b.mul(x, b.add(erf, 1.0F)), 0.5F);
  });
  // Constants that are right within float32 or a few decimals are right.
  becomes(Function::kGeluTanh, [](Builder& b, TensorId x) {
    return b.mul(b.mul(0.5F, x), tanh_gate(b, x, 0.0447F, 0.79788F));
  });
}

TEST_CASE("patterns: what is read elsewhere stays") {
  const auto keeps = [](Function function, auto build) {
    Builder b;
    const TensorId x = b.input("x", {2, 3});
    build(b, x);
    Graph graph = b.graph;
    optimize(graph);
    check_graph(graph);
    CAPTURE(describe(graph));
    for (const Node& node : graph.nodes) {
      if (node.op != Op::kUnary) continue;
      REQUIRE(node.get<UnaryAttributes>().function != function);
    }
  };
  keeps(Function::kSilu, [](Builder& b, TensorId x) {
    const TensorId gate = b.unary(Function::kSigmoid, x);
    b.output(b.mul(x, gate));
    b.output(gate);
  });
  keeps(Function::kGelu, [](Builder& b, TensorId x) {
    const TensorId gate = erf_gate(b, x);
    b.output(b.mul(b.mul(x, gate), 0.5F));
    b.output(b.unary(Function::kExp, gate));
  });
  keeps(Function::kGelu, [](Builder& b, TensorId x) {
    const TensorId erf = b.unary(Function::kErf, b.div(x, kRoot2));
    b.output(b.mul(b.mul(x, b.add(erf, 1.0F)), 0.5F));
    b.output(erf);
  });
  keeps(Function::kGelu, [](Builder& b, TensorId x) {
    const TensorId small = b.div(x, kRoot2);
    b.output(b.mul(b.mul(x, b.add(b.unary(Function::kErf, small), 1.0F)), 0.5F));
    b.output(small);
  });
  keeps(Function::kGeluTanh, [](Builder& b, TensorId x) {
    const TensorId cube = b.pow(x, 3.0F);
    const TensorId sum = b.add(x, b.mul(0.044715F, cube));
    const TensorId tanh = b.unary(Function::kTanh, b.mul(kRoot2OverPi, sum));
    b.output(b.mul(b.mul(0.5F, x), b.add(tanh, 1.0F)));
    b.output(cube);
  });
  keeps(Function::kHardSwish, [](Builder& b, TensorId x) {
    const TensorId gate = b.clip(b.add(x, 3.0F), 0.0F, 6.0F);
    b.output(b.div(b.mul(x, gate), 6.0F));
    b.output(gate);
  });
  keeps(Function::kRsqrt, [](Builder& b, TensorId x) {
    const TensorId root = b.unary(Function::kSqrt, x);
    b.output(b.unary(Function::kReciprocal, root));
    b.output(root);
  });
}

namespace {

/// What to change in the nine nodes.
struct Norm {
  std::vector<std::int64_t> mean_axes{2};
  std::vector<std::int64_t> variance_axes{2};
  bool rsqrt = false;
  float power = 2.0F;
  bool gamma = true;
  bool beta = true;
  bool show_distance = false;
  bool show_variance = false;
};

TensorId norm(Builder& b, TensorId x, const Norm& n) {
  const Shape shape = b.graph.at(x).shape;
  const TensorId distance = b.sub(x, b.mean(x, n.mean_axes));
  const TensorId variance = b.mean(b.pow(distance, n.power), n.variance_axes);
  const TensorId safe = b.add(variance, 1e-3F);
  TensorId y = n.rsqrt
                   ? b.mul(b.unary(Function::kReciprocal, b.unary(Function::kSqrt, safe)), distance)
                   : b.div(distance, b.unary(Function::kSqrt, safe));
  const Shape own(shape.begin() + n.mean_axes.front(), shape.end());
  std::mt19937_64 random(3);
  if (n.gamma) y = b.mul(y, b.random_floats(random, own));
  if (n.beta) y = b.add(b.random_floats(random, own), y);
  if (n.show_distance) b.output(distance);
  if (n.show_variance) b.output(variance);
  return y;
}

Graph fused_norm(const Norm& n) {
  return fused([&](Builder& b, TensorId x) { return norm(b, x, n); }, {2, 3, 4});
}

}  // namespace

TEST_CASE("patterns: LayerNormalization in nine nodes") {
  Norm n;
  const auto check = [&](std::int64_t axis, bool gamma, bool beta) {
    const Graph graph = fused_norm(n);
    CAPTURE(describe(graph));
    REQUIRE(ops(graph) == Ops{Op::kLayerNorm});
    const Node& node = graph.nodes[0];
    CHECK(node.get<LayerNormAttributes>() == LayerNormAttributes{axis, 1e-3F});
    CHECK((node.input(1) != kNoTensor) == gamma);
    CHECK((node.input(2) != kNoTensor) == beta);
  };
  check(2, true, true);
  n.rsqrt = true;
  check(2, true, true);
  n.gamma = false;
  check(2, false, true);
  n.beta = false;
  check(2, false, false);
  n.gamma = true;
  check(2, true, false);
  n = {};
  n.mean_axes = n.variance_axes = {1, 2};
  check(1, true, true);
}

TEST_CASE("patterns: what only looks like a LayerNormalization stays") {
  const auto stays_apart = [](const Norm& n) {
    const Graph graph = fused_norm(n);
    CAPTURE(describe(graph));
    for (const Node& node : graph.nodes) REQUIRE(node.op != Op::kLayerNorm);
  };
  Norm n;
  n.variance_axes = {1, 2};
  stays_apart(n);
  n = {};
  n.mean_axes = n.variance_axes = {1};
  n.gamma = n.beta = false;
  stays_apart(n);
  n = {};
  n.power = 4.0F;
  stays_apart(n);
  n = {};
  n.show_distance = true;
  stays_apart(n);
  n = {};
  n.show_variance = true;
  stays_apart(n);
}

TEST_CASE("patterns: constants behind a LayerNormalization that are not per element stay") {
  std::mt19937_64 random(4);
  const Graph rows = fused(
      [&](Builder& b, TensorId x) {
        const TensorId y = b.node(Op::kLayerNorm, {x}, LayerNormAttributes{2, 1e-5F});
        return b.mul(y, b.random_floats(random, {3, 1}));
      },
      {2, 3, 4});
  CHECK(ops(rows) == Ops{Op::kLayerNorm, Op::kMul});
  // A factor behind the addend.
  const Graph late = fused(
      [&](Builder& b, TensorId x) {
        const TensorId y = b.node(Op::kLayerNorm, {x}, LayerNormAttributes{2, 1e-5F});
        return b.mul(b.add(y, 1.0F), b.random_floats(random, {4}));
      },
      {2, 3, 4});
  CHECK(ops(late) == Ops{Op::kLayerNorm, Op::kMul});
}

TEST_CASE("patterns: a mean behind the channels is a GlobalAveragePool") {
  const auto mean = [](std::vector<std::int64_t> axes, bool keep, const Shape& shape) {
    return ops(fused([&](Builder& b, TensorId x) { return b.mean(x, axes, keep); }, shape));
  };
  CHECK(mean({2, 3}, true, {1, 2, 3, 4}) == Ops{Op::kGlobalAveragePool});
  CHECK(mean({2, 3}, false, {1, 2, 3, 4}) == Ops{Op::kGlobalAveragePool, Op::kReshape});
  CHECK(mean({2}, false, {1, 2, 3}) == Ops{Op::kReshape, Op::kGlobalAveragePool, Op::kReshape});
  CHECK(mean({1}, true, {1, 2, 3}) == Ops{Op::kReduceMean});
  CHECK(mean({3}, true, {1, 2, 3, 4}) == Ops{Op::kReduceMean});
}

TEST_CASE("patterns: a bias before a function still moves into its layer") {
  std::mt19937_64 random(s4::tb::seed());
  const Graph graph = fused(
      [&](Builder& b, TensorId x) {
        TensorId y = b.node(Op::kMatMul, {x, b.random_floats(random, {4, 6})}, ClampAttributes{});
        y = b.add(y, b.random_floats(random, {6}));
        return b.mul(b.mul(y, erf_gate(b, y)), 0.5F);
      },
      {3, 4});
  CHECK(ops(graph) == Ops{Op::kGemm, Op::kUnary});
}
