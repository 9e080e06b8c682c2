// What the random networks of the chip's tests consist of.
#include <catch2/catch.hpp>
#include <map>

#include "sw/network/network.hpp"
#include "tb/seed.hpp"
#include "tests/network/random_layers.hpp"
#include "tests/network/run_network.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;
using sw::test::RandomLayers;

TEST_CASE("random layers: a hundred networks have all kinds of layers, 2 to 8 of them") {
  std::map<graph::Op, int> networks;  // that have it
  std::map<std::int64_t, int> sizes;
  int several = 0, odd = 0, residuals = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    INFO("network " << i << " of seed " << tb::seed());
    NetworkBuilder b(tb::seed() * 1000 + i, i % 2 == 0);
    RandomLayers::build(b, 3);
    std::map<graph::Op, int> ops;
    std::map<graph::TensorId, int> readers;
    bool is_odd = false;
    for (const graph::Node& node : b.graph.nodes) {
      ++ops[node.op];
      for (const graph::TensorId id : node.inputs) {
        if (id != graph::kNoTensor) ++readers[id];
      }
      for (const std::int64_t size : b.graph.at(node.output).shape) {
        is_odd = is_odd || (size > 1 && size % 2 == 1);
      }
    }
    std::int64_t layers = 0;
    for (const auto& [op, count] : ops) {
      ++networks[op];
      const bool free = op == graph::Op::kReshape || op == graph::Op::kTranspose ||
                        op == graph::Op::kQuantize || op == graph::Op::kDequantize;
      if (!free) layers += count;
    }
    CHECK(layers >= 2);
    CHECK(layers <= 8);
    ++sizes[layers];
    if (is_odd) ++odd;
    if (ops.count(graph::Op::kQAdd) + ops.count(graph::Op::kQMul) + ops.count(graph::Op::kQSub) >
        0) {
      ++residuals;
    }
    for (const auto& [id, count] : readers) {
      if (count < 2) continue;
      ++several;
      break;
    }
    // Every one compiles, and the functional model computes what the reference does.
    test::check(test::run(b, b.data(), i % 2 == 0 ? "small" : "tiny", Backend::kFunctional),
                "functional = reference");
  }
  CHECK(sizes.size() == 7);
  CHECK(several > 20);
  CHECK(odd > 90);
  CHECK(residuals > 20);
  for (const graph::Op op :
       {graph::Op::kQConv, graph::Op::kMaxPool, graph::Op::kQGlobalAveragePool, graph::Op::kQMatMul,
        graph::Op::kQMatMulDynamic, graph::Op::kQUnary, graph::Op::kQSoftmax,
        graph::Op::kQLayerNorm, graph::Op::kQAdd, graph::Op::kQMul, graph::Op::kQSub}) {
    INFO(graph::name_of(op));
    CHECK(networks[op] >= 8);
  }
}

}  // namespace
