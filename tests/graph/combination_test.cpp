// Differences, products and maxima of two tensors: from the QDQ form into the layer before.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sw/graph/byte_difference.hpp"
#include "tb/seed.hpp"
#include "tests/graph/graph_builder.hpp"

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;
using Ops = std::vector<Op>;

namespace {

const Quant kIn{0.02F, 128};
const Quant kOut{0.05F, 100};

Ops ops(const Graph& graph) {
  Ops list;
  for (const Node& node : graph.nodes) list.push_back(node.op);
  return list;
}

/// Two convolutions of the input, and `op` of their results; `left` is read by another one too.
struct Branches {
  GraphBuilder b;
  std::mt19937_64 random{s4::tb::seed()};

  Branches(Op op, Quant left, Quant right, Quant out, bool left_read_twice = false) {
    const TensorId in = b.through(b.input("x", {2, 5, 4, 3}), kIn);
    const TensorId l = b.through(layer(in), left);
    const TensorId r = b.through(layer(in), right);
    const Attributes attributes =
        op == Op::kMul ? Attributes(ClampAttributes{}) : Attributes(NoAttributes{});
    b.output(b.quantize(b.node(op, {l, r}, attributes), out));
    if (left_read_twice) b.output(b.quantize(layer(l), kOut));
  }
  TensorId layer(TensorId x) {
    const TensorId w = b.dequantize(b.random_bytes(random, {5, 5, 1, 1}), Quant{0.01F, 0});
    return b.node(Op::kConv, {x, w}, ConvAttributes{});
  }
  /// Bytes of the first output before and after both fusions are the same; the graph after them.
  Graph fused() {
    const TensorData data = GraphBuilder::random_data(random, {2, 5, 4, 3}, 3.0F);
    Graph after = b.graph;
    CHECK(optimize(after).empty());
    const auto whole = evaluate(after, {data});
    fuse_residual_adds(after);
    check_graph(after);
    CHECK(evaluate(after, {data}) == whole);
    return after;
  }
};

const QSum* second_of(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    const auto* q = std::get_if<QLayerAttributes>(&node.attributes);
    if (q != nullptr && q->add) return &*q->add;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("products, differences and maxima of two tensors become part of the layer before") {
  for (const bool twice : {false, true}) {
    for (const Op op : {Op::kMul, Op::kSub, Op::kMax}) {
      CAPTURE(name_of(op), twice);
      const bool maximum = op == Op::kMax;
      Branches net(op, kOut, maximum ? kOut : Quant{0.04F, 90}, maximum ? kOut : Quant{0.07F, 121},
                   twice);
      const Graph after = net.fused();
      const QSum* q = second_of(after);
      REQUIRE(q != nullptr);
      CHECK(q->op == (op == Op::kMul ? Op::kQMul : op == Op::kSub ? Op::kQSub : Op::kQMax));
      CHECK(q->second_is_left);  // the right layer is the later one
    }
  }
}

TEST_CASE(
    "a maximum of tensors of different scales, and a difference at ties, stay by themselves") {
  Branches scales(Op::kMax, kOut, {0.04F, 90}, kOut);
  CHECK(ops(scales.fused()).back() == Op::kQMax);
  // Half steps of a scale whose multiples float32 does not have: which way a tie goes depends on
  // the two bytes, not on their difference.
  const Quant step{0.3F, 0};
  REQUIRE(!difference_constants(step, step, {0.6F, 0}, DataType::kUint8));
  Branches ties(Op::kSub, step, step, {0.6F, 0});
  CHECK(ops(ties.fused()).back() == Op::kQSub);
}

TEST_CASE("constants of differences give the bytes of the operators, for every pair of bytes") {
  std::mt19937_64 random(s4::tb::seed());
  const auto number = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() % 100000) / 100000.0F;
  };
  int found = 0, beside = 0;
  constexpr int kRounds = 60;
  for (int round = 0; round < kRounds; ++round) {
    const bool is_signed = round % 2 == 0;
    const DataType type = is_signed ? DataType::kInt8 : DataType::kUint8;
    const int low = is_signed ? -128 : 0;
    const auto zero = [&] { return low + static_cast<std::int32_t>(random() % 256); };
    const Quant a{number(0.01F, 0.1F), zero()};
    const Quant b{round % 3 == 0 ? a.scale : number(0.01F, 0.1F), zero()};
    const Quant y{number(0.01F, 0.1F), zero()};
    const auto c = difference_constants(a, b, y, type);
    if (!c) continue;
    ++found;
    beside += c->left != a.scale / y.scale ? 1 : 0;
    unsigned wrong = 0;
    for (int pair = 0; pair < 65536; ++pair) {
      const int p = low + (pair >> 8);
      const int q = low + (pair & 255);
      const float left = static_cast<float>(p - a.zero) * a.scale;
      const float right = static_cast<float>(q - b.zero) * b.scale;
      const float wanted = std::nearbyint((left - right) / y.scale) + static_cast<float>(y.zero);
      const float inner = c->start + static_cast<float>(p) * c->left;
      const float outer = inner - static_cast<float>(q) * c->right;
      const float made = std::nearbyint(outer) + static_cast<float>(y.zero);
      const auto limit = [&](float v) {
        return std::min(std::max(v, static_cast<float>(low)), static_cast<float>(low + 255));
      };
      wrong += limit(wanted) != limit(made) ? 1U : 0U;
    }
    CAPTURE(a.scale, a.zero, b.scale, b.zero, y.scale, y.zero);
    CHECK(wrong == 0);
  }
  INFO(found << " of " << kRounds << " found, " << beside << " beside the obvious constants");
  CHECK(found > kRounds / 2);
  CHECK(beside > 0);
}
