// Pruning of float graphs: how many weights stay in a bank, which, and what second order gains.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sw/prune/second_order.hpp"
#include "tests/graph/graph_builder.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

/// A convolution of 70 channels, and a product over the flattened result.
Graph network(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 70, 4, 4});
  ConvAttributes conv;
  conv.geometry.pads = {1, 1, 1, 1};
  conv.clamp.low = 0;
  const TensorId y = b.node(
      Op::kConv, {x, b.random_floats(random, {66, 70, 3, 3}), b.random_floats(random, {66})}, conv);
  const TensorId flat = b.node(Op::kReshape, {y}, ReshapeAttributes{{1, 66 * 16}});
  b.graph.outputs.push_back(
      b.node(Op::kGemm, {flat, b.random_floats(random, {66 * 16, 5})}, GemmAttributes{}));
  return b.graph;
}

/// Inputs with a few strong directions, so that weights can stand in for each other.
Calibration data(std::uint64_t seed, std::int64_t count) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  TensorData images(DataType::kFloat32, {count, 70, 4, 4});
  std::vector<float> mix(70 * 6);
  for (float& m : mix) m = normal(random);
  auto& values = images.get<float>();
  for (std::int64_t n = 0; n < count; ++n) {
    for (std::int64_t p = 0; p < 16; ++p) {
      std::array<float, 6> hidden{};
      for (float& h : hidden) h = normal(random);
      for (std::int64_t c = 0; c < 70; ++c) {
        float sum = 0.1F * normal(random);
        for (std::size_t k = 0; k < 6; ++k)
          sum += mix[static_cast<std::size_t>(c) * 6 + k] * hidden[k];
        values[static_cast<std::size_t>((n * 70 + c) * 16 + p)] = sum;
      }
    }
  }
  return split_calibration({images}, 1);
}

double error_against(const Graph& dense, const Graph& pruned, const Calibration& calibration) {
  double error = 0;
  double power = 0;
  for (const auto& inputs : calibration) {
    const auto a = evaluate(dense, inputs).at(0).floats();
    const auto b = evaluate(pruned, inputs).at(0).floats();
    for (std::size_t i = 0; i < a.size(); ++i) {
      error += (a[i] - b[i]) * (a[i] - b[i]);
      power += a[i] * a[i];
    }
  }
  return std::sqrt(error / power);
}

}  // namespace

TEST_CASE("prune: banks are 64 channels at one kernel position") {
  const auto banks = bank_spans(70, 9);
  REQUIRE(banks.size() == 18);
  CHECK(banks[0].first == 0);
  CHECK(banks[0].size == 64);
  CHECK(banks[1].first == 64);
  CHECK(banks[1].size == 6);
  CHECK(banks[2].first == 70);
  // Channels 48 to 79 of a grouped convolution lie in two banks of the input.
  const auto grouped = bank_spans(32, 1, 48);
  REQUIRE(grouped.size() == 2);
  CHECK(grouped[0].size == 16);
  CHECK(grouped[1].size == 16);
}

TEST_CASE("prune: the largest weights of every bank stay") {
  std::vector<float> row{3, -5, 1, 4, 0, 2};
  const std::vector<BankSpan> banks{{0, 4}, {4, 2}};
  prune_row(row, banks, 2);
  CHECK(row == std::vector<float>{0, -5, 0, 4, 0, 2});
  prune_row(row, banks, 2);
  CHECK(row == std::vector<float>{0, -5, 0, 4, 0, 2});
  prune_row(row, banks, 1);
  CHECK(row == std::vector<float>{0, -5, 0, 0, 0, 2});
}

TEST_CASE("prune: sparsity to weights of a bank") {
  CHECK(weights_kept_at(1) == 64);
  CHECK(weights_kept_at(3) == 21);
  CHECK(weights_kept_at(32) == 2);
  CHECK(weights_kept_at(64) == 1);
  for (const double bad : {0.0, 0.99, 65.0, -1.0, std::nan("")}) {
    CHECK_THROWS_AS(weights_kept_at(bad), std::invalid_argument);
  }
}

TEST_CASE("prune: every layer of a graph has at most K weights in a bank") {
  for (const std::uint32_t keep : {8U, 4U, 1U}) {
    CAPTURE(keep);
    Graph graph = network(1);
    const auto layers = prune_by_magnitude(graph, keep);
    REQUIRE(layers.size() == 2);
    for (const LayerRows& layer : float_layers(graph)) CHECK(layer.fullest() <= keep);
    Graph other = network(1);
    prune_second_order(other, data(1, 24), keep);
    for (const LayerRows& layer : float_layers(other)) CHECK(layer.fullest() <= keep);
  }
}

TEST_CASE("prune: the product behind Flatten has its banks in the channels of one position") {
  Graph graph = network(1);
  prune_by_magnitude(graph, 1);
  // Weight rows of the product are [channel][y][x]: of channels 0 to 63 at one position one stays.
  const LayerRows product = float_layers(graph).at(1);
  CHECK(product.kernel_h == 4);
  CHECK(product.channels == 66);
  const auto& constant = graph.constant(graph.nodes[product.node].inputs[1]).floats();
  for (std::size_t output = 0; output < 5; ++output) {
    for (std::size_t position = 0; position < 16; ++position) {
      int kept = 0;
      for (std::size_t c = 0; c < 64; ++c) {
        kept += constant[(c * 16 + position) * 5 + output] != 0 ? 1 : 0;
      }
      CHECK(kept == 1);
    }
  }
}

TEST_CASE("prune: what is sparse already stays as it is") {
  Graph graph = network(1);
  prune_by_magnitude(graph, 4);
  const auto before = float_layers(graph);
  Graph again = graph;
  prune_by_magnitude(again, 8);
  Graph second = graph;
  prune_second_order(second, data(1, 8), 8);
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(float_layers(again)[i].weights == before[i].weights);
    CHECK(float_layers(second)[i].weights == before[i].weights);
  }
}

TEST_CASE("prune: second order keeps the results better than magnitude, on new data too") {
  const Graph dense = network(1);
  const Calibration seen = data(1, 64);
  const Calibration unseen = data(1, 80);
  for (const std::uint32_t keep : {8U, 4U}) {
    CAPTURE(keep);
    Graph magnitude = dense;
    prune_by_magnitude(magnitude, keep);
    Graph second = dense;
    prune_second_order(second, seen, keep);
    const double with = error_against(dense, second, unseen);
    const double without = error_against(dense, magnitude, unseen);
    CAPTURE(with, without);
    CHECK(with < 0.5 * without);
  }
}

TEST_CASE("prune: what cannot be pruned is refused") {
  Graph graph = network(1);
  CHECK_THROWS_AS(prune_by_magnitude(graph, 0), std::invalid_argument);
  CHECK_THROWS_AS(prune_by_magnitude(graph, 65), std::invalid_argument);
  GraphBuilder b;
  b.graph.outputs.push_back(b.relu(b.input("x", {1, 4})));
  CHECK_THROWS_AS(prune_by_magnitude(b.graph, 8), std::invalid_argument);
  CHECK_THROWS_AS(prune_second_order(graph, {}, 8), std::invalid_argument);
}
