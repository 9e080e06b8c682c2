// Random quantised networks: the imported, fused graph on the reference gives ONNX Runtime's bytes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "sw/graph/passes.hpp"
#include "sw/onnx/import.hpp"
#include "tb/root.hpp"
#include "tests/graph/network_evaluation.hpp"
#include "tests/graph/network_file.hpp"

using namespace s4;
using namespace s4::sw;
using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

namespace {

/// Results that differ, by network. All of them are additions of two whole tensors, which the chip
/// computes in another order than ONNX Runtime; that one has two orders itself, one of them behind
/// its optimiser. docs/guide/onnx.md has the counts.
const std::map<std::string, std::size_t> kExceptions = {
    {"network 55: QDQ, uint8, decimal scales, opset 21", 49},
    {"network 183: QDQ, int8, decimal scales, opset 13", 26},
};

/// S4_NETWORKS names another file of vectors.
const NetworkFile& networks() {
  const char* path = std::getenv("S4_NETWORKS");
  if (path == nullptr) return committed_networks();
  static const NetworkFile kOther = load_networks(path);
  return kOther;
}

Graph imported(const NetworkVector& v) { return import_onnx_bytes(v.onnx, "/nowhere").graph; }

/// In how many networks a change of the graph is seen.
template <typename F>
int noticed(F change) {
  int count = 0;
  for (const NetworkVector& v : committed_networks().networks) {
    Graph graph = imported(v);
    for (Node& node : graph.nodes) change(graph, node);
    count += differing(evaluate(graph, v.inputs), v.outputs) > kExceptions.count(v.name) * 100;
  }
  return count;
}

QLayerAttributes* layer(Node& node) { return std::get_if<QLayerAttributes>(&node.attributes); }
QBinaryAttributes* binary(Node& node) { return std::get_if<QBinaryAttributes>(&node.attributes); }

}  // namespace

TEST_CASE("200 random networks give the bytes of ONNX Runtime") {
  std::map<std::string, std::size_t> different;
  for (const NetworkVector& v : networks().networks) {
    CAPTURE(v.name);
    const Graph graph = imported(v);
    check_graph(graph);
    REQUIRE(graph.outputs.size() == v.outputs.size());
    for (std::size_t i = 0; i < v.outputs.size(); ++i) {
      CHECK(graph.at(graph.outputs[i]).name == v.output_names[i]);
    }
    const auto results = evaluate(graph, v.inputs);
    if (const std::size_t count = differing(results, v.outputs); count > 0) {
      different[v.name] = count;
      CAPTURE(describe(graph));
      // Not even these, once additions are computed as there.
      CHECK(differing(evaluate_with(graph, v.inputs, add_of_onnx_runtime), v.outputs) == 0);
    }
    Graph residual = graph;
    fuse_residual_adds(residual);
    check_graph(residual);
    CHECK(differing(evaluate(residual, v.inputs), results) == 0);
  }
  CHECK(different == kExceptions);
}

TEST_CASE("the random networks hold what they should") {
  const auto& all = networks().networks;
  REQUIRE(all.size() == 200);
  std::map<Op, int> nodes;
  std::map<std::string, int> kinds;
  std::size_t results = 0;
  std::size_t at_limits = 0;
  for (const NetworkVector& v : all) {
    const Graph graph = imported(v);
    const Uses uses(graph);
    bool branches = false;
    for (const Node& node : graph.nodes) {
      ++nodes[node.op];
      branches = branches || uses.consumers[node.output].size() > 1;
      const auto* q = std::get_if<QLayerAttributes>(&node.attributes);
      if (q == nullptr) continue;
      kinds["input zero point off zero"] += q->x.zero != 0 ? 1 : 0;
      kinds["output zero point off zero"] += q->y.zero != 0 ? 1 : 0;
      kinds["scale per channel"] += q->weight_scale.size() > 1 ? 1 : 0;
      kinds["clamp"] += q->high - q->low < 255 ? 1 : 0;
      if (node.op != Op::kQConv) continue;
      const ConvGeometry& g = q->geometry;
      kinds["groups"] += g.groups > 1 ? 1 : 0;
      kinds["strides"] += g.strides != std::array<std::int64_t, 2>{1, 1} ? 1 : 0;
      kinds["dilations"] += g.dilations != std::array<std::int64_t, 2>{1, 1} ? 1 : 0;
      kinds["pads that are not symmetric"] +=
          g.pads[0] != g.pads[2] || g.pads[1] != g.pads[3] ? 1 : 0;
    }
    kinds["several consumers"] += branches ? 1 : 0;
    kinds["uint8"] += v.name.find("uint8") != std::string::npos ? 1 : 0;
    kinds["QDQ"] += v.name.find("QDQ") != std::string::npos ? 1 : 0;
    for (const TensorData& y : v.outputs) {
      results += static_cast<std::size_t>(y.size());
      if (y.type == DataType::kFloat32) continue;
      const int low = y.type == DataType::kInt8 ? -128 : 0;
      for (const std::int64_t value : y.integers()) {
        at_limits += value == low || value == low + 255 ? 1 : 0;
      }
    }
  }
  for (const auto& [what, count] : kinds) {
    CAPTURE(what, count);
    CHECK(count >= 20);
  }
  CHECK(kinds.size() == 11);
  for (const Op op : {Op::kQConv, Op::kQMatMul, Op::kQAdd, Op::kQMul, Op::kQClip, Op::kMaxPool,
                      Op::kQAveragePool, Op::kQGlobalAveragePool, Op::kReshape, Op::kTranspose}) {
    CAPTURE(name_of(op), nodes[op]);
    CHECK(nodes[op] >= 20);
  }
  // Nothing with weights is left in float32.
  CHECK(nodes[Op::kConv] + nodes[Op::kGemm] + nodes[Op::kMatMul] == 0);
  CHECK(results > 100000);
  CHECK(at_limits > results / 100);
  CHECK(at_limits < results / 2);
}

TEST_CASE("the random networks notice a wrong rounding") {
  using ref::Rounding;
  const std::map<Op, std::set<Rounding>> faults = {
      {Op::kQConv,
       {Rounding::kHalfAway, Rounding::kHalfUp, Rounding::kTowardZero, Rounding::kZeroPointFirst}},
      {Op::kQMatMul, {Rounding::kTowardZero}},
      {Op::kQAdd, {Rounding::kHalfAway, Rounding::kHalfUp, Rounding::kTowardZero}},
      {Op::kQMul, {Rounding::kHalfAway, Rounding::kHalfUp, Rounding::kTowardZero}},
      {Op::kQAveragePool, {Rounding::kHalfAway, Rounding::kHalfUp, Rounding::kTowardZero}},
      {Op::kQGlobalAveragePool, {Rounding::kTowardZero}},
  };
  for (const auto& [op, roundings] : faults) {
    for (const Rounding rounding : roundings) {
      const Replacement fault = with_rounding(op, rounding);
      int networks_that_differ = 0;
      for (const NetworkVector& v : committed_networks().networks) {
        if (kExceptions.count(v.name) != 0) continue;
        const auto results = evaluate_with(imported(v), v.inputs, fault);
        networks_that_differ += differing(results, v.outputs) > 0 ? 1 : 0;
      }
      CAPTURE(name_of(op), static_cast<int>(rounding), networks_that_differ);
      CHECK(networks_that_differ > 0);
    }
  }
}

TEST_CASE("the random networks notice a wrong fusion") {
  const auto nothing = [](Graph&, Node&) {};
  CHECK(noticed(nothing) == 0);
  // An activation forgotten.
  CHECK(noticed([](Graph& graph, Node& node) {
          const int low = graph.at(node.output).type == DataType::kInt8 ? -128 : 0;
          if (auto* q = layer(node)) {
            q->low = low;
            q->high = low + 255;
          }
        }) > 10);
  // A bias forgotten.
  CHECK(noticed([](Graph&, Node& node) {
          if (layer(node) != nullptr) node.inputs.resize(2);
        }) > 50);
  // Scales and zero points of the operands exchanged.
  CHECK(noticed([](Graph&, Node& node) {
          if (auto* q = binary(node); q != nullptr && node.op == Op::kQAdd) std::swap(q->a, q->b);
        }) > 20);
  // One scale for all channels.
  CHECK(noticed([](Graph&, Node& node) {
          if (auto* q = layer(node)) q->weight_scale.resize(1);
        }) > 50);
  // Padding with zero in place of the zero point is what a zero point of zero does.
  CHECK(noticed([](Graph&, Node& node) {
          if (auto* q = layer(node)) q->x.zero = 0;
        }) > 50);
  // A limit off by one.
  CHECK(noticed([](Graph&, Node& node) {
          if (auto* q = layer(node); q != nullptr && q->low < q->high) ++q->low;
        }) > 20);
  // Averages that count the padding, and those that do not, exchanged.
  CHECK(noticed([](Graph&, Node& node) {
          if (node.op != Op::kQAveragePool) return;
          auto& pool = node.get<QPoolAttributes>().pool;
          pool.count_include_pad = !pool.count_include_pad;
        }) > 2);
}

TEST_CASE("a damaged file of vectors is refused") {
  CHECK_THROWS_WITH(load_networks("/nowhere"), Catch::Matchers::Contains("cannot open"));
  CHECK_THROWS_WITH(load_networks(tb::root() + "/tests/graph/network_file.hpp"),
                    Catch::Matchers::Contains("the vectors end inside the head"));
}
