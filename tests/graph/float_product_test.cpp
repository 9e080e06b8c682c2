// Products and convolutions in float32: every sum in the order of plain loops, to the bit.
#include <catch2/catch.hpp>
#include <random>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/float_product.hpp"
#include "tests/graph/graph_builder.hpp"

namespace {

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

std::vector<float> numbers(std::mt19937_64& random, std::size_t count) {
  return GraphBuilder::random_data(random, {static_cast<std::int64_t>(count)}, 1.0F).floats();
}

/// One output of a convolution, added tap by tap.
float convolved(const TensorData& x, const TensorData& w, float bias, const ConvGeometry& g,
                std::int64_t image, std::int64_t m, std::int64_t p, std::int64_t q,
                std::int64_t filters) {
  const std::int64_t group = m / (filters / g.groups);
  float sum = bias;
  for (std::int64_t c = 0; c < w.shape[1]; ++c) {
    for (std::int64_t r = 0; r < w.shape[2]; ++r) {
      for (std::int64_t s = 0; s < w.shape[3]; ++s) {
        const std::int64_t y = p * g.strides[0] - g.pads[0] + r * g.dilations[0];
        const std::int64_t z = q * g.strides[1] - g.pads[1] + s * g.dilations[1];
        if (y < 0 || y >= x.shape[2] || z < 0 || z >= x.shape[3]) continue;
        const std::int64_t channel = group * w.shape[1] + c;
        sum += w.floats()[static_cast<std::size_t>(
                   ((m * w.shape[1] + c) * w.shape[2] + r) * w.shape[3] + s)] *
               x.floats()[static_cast<std::size_t>(
                   ((image * x.shape[1] + channel) * x.shape[2] + y) * x.shape[3] + z)];
      }
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("float product: the sums of plain loops, odd sizes") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 60; ++i) {
    const std::size_t m = 1 + random() % 11;
    const std::size_t n = 1 + random() % 21;
    const std::size_t k = random() % 40;
    CAPTURE(m, n, k);
    const auto a = numbers(random, m * k);
    const auto b = numbers(random, k * n);
    auto c = numbers(random, m * n);
    auto wanted = c;
    for (std::size_t row = 0; row < m; ++row) {
      for (std::size_t at = 0; at < k; ++at) {
        for (std::size_t column = 0; column < n; ++column) {
          wanted[row * n + column] += a[row * k + at] * b[at * n + column];
        }
      }
    }
    add_product(a.data(), b.data(), c.data(), m, n, k);
    REQUIRE(c == wanted);
  }
}

TEST_CASE("float convolution: the sums of plain loops, odd geometries") {
  std::mt19937_64 random(5);
  const auto pick = [&](int low, int high) {
    return low + static_cast<std::int64_t>(random() % static_cast<unsigned>(high - low + 1));
  };
  for (int i = 0; i < 60; ++i) {
    ConvGeometry g;
    g.groups = pick(1, 3);
    g.strides = {pick(1, 3), pick(1, 3)};
    g.dilations = {pick(1, 2), pick(1, 2)};
    g.pads = {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)};
    const std::int64_t filters = g.groups * pick(1, 5);
    const std::int64_t channels = pick(1, 4);
    GraphBuilder b;
    const Shape image{pick(1, 2), channels * g.groups, pick(7, 12), pick(7, 12)};
    const Shape kernel{filters, channels, pick(1, 3), pick(1, 3)};
    const TensorData w = GraphBuilder::random_data(random, kernel, 1.0F);
    const TensorData bias = GraphBuilder::random_data(random, {filters}, 1.0F);
    const TensorId x = b.input("x", image);
    const TensorId constant_w = b.graph.add_constant("w", w);
    b.graph.outputs.push_back(
        b.node(Op::kConv, {x, constant_w, b.graph.add_constant("b", bias)}, ConvAttributes{g, {}}));
    const TensorData data = GraphBuilder::random_data(random, image, 1.0F);
    const TensorData y = evaluate(b.graph, {data}).at(0);
    std::size_t at = 0;
    for (std::int64_t n = 0; n < y.shape[0]; ++n) {
      for (std::int64_t m = 0; m < filters; ++m) {
        for (std::int64_t p = 0; p < y.shape[2]; ++p) {
          for (std::int64_t q = 0; q < y.shape[3]; ++q) {
            const float wanted = convolved(data, w, bias.floats()[static_cast<std::size_t>(m)], g,
                                           n, m, p, q, filters);
            REQUIRE(y.floats()[at++] == wanted);
          }
        }
      }
    }
  }
}
