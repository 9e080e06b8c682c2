// What the networks hold: balanced weights, bytes near the float network, a chip that takes them.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sw/driver/configuration.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/network.hpp"
#include "sw/prune/first_layer.hpp"
#include "sw/zoo/settle.hpp"
#include "tests/zoo/small.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::test;

/// Weights kept in the fullest bank of an output channel.
std::size_t fullest(const WeightTensor& weights) {
  std::size_t most = 0;
  for (std::uint32_t out = 0; out < weights.out_channels; ++out) {
    for (std::uint32_t bank = 0; bank < weights.banks(); ++bank) {
      std::size_t count = 0;
      for (std::uint32_t e = 0; e < weights.valid_in_bank(bank); ++e) {
        count += weights.data[weights.position(out, bank, e)] != 0 ? 1 : 0;
      }
      most = std::max(most, count);
    }
  }
  return most;
}

}  // namespace

TEST_CASE("zoo: every bank of the chip keeps 64 / sparsity weights, the first layer's too") {
  for (const bool is_bert : {false, true}) {
    for (const double sparsity : {8.0, 16.0, 32.0}) {
      CAPTURE(is_bert, sparsity);
      const ZooNetwork made = make({is_bert, ZooForm::kQdq, sparsity, 1});
      for (const PrunedLayer& layer : made.pruned) {
        CAPTURE(layer.name);
        CHECK(layer.fullest <= 64 / sparsity);
      }
      const graph::Graph graph = import_onnx_bytes(file_of(made.graph), ".").graph;
      for (const std::uint32_t pixel_group : {0U, 4U}) {
        NetworkOptions options;
        options.pixel_group = pixel_group;
        const Network network = prepare(graph, options);
        std::size_t layers = 0;
        for (const ChipLayer& layer : network.layers) {
          if (!layer.layer.has_weights() || layer.layer.dense) continue;
          CAPTURE(layer.layer.name);
          ++layers;
          const std::size_t most = fullest(layer.layer.weights);
          CHECK(most > 0);
          CHECK(most <= 64 / sparsity);
        }
        CHECK(layers >= (is_bert ? 12U : 55U));
      }
    }
  }
}

TEST_CASE("first layers: gathered banks keep their share, the largest weights") {
  graph::Graph graph = resnet50(small_resnet50()).graph;
  const graph::TensorData before = graph.constant(graph.nodes[0].inputs[1]);
  const auto report = prune_first_layers(graph, 4);
  REQUIRE(report.size() == 1);
  CHECK(report[0].name == "/conv1/Conv");
  CHECK(report[0].reduction == 147);
  // Three banks of two kernel rows hold 42 weights, the last one 21: 3, 3, 3 and 2 stay.
  const std::uint64_t filters = 64 / kThinner;
  CHECK(report[0].after == filters * 11);
  CHECK(report[0].fullest == 3);
  const auto& after = graph.constant(graph.nodes[0].inputs[1]).floats();
  for (std::size_t f = 0; f < filters; ++f) {
    for (std::size_t rows = 0; rows < 7; rows += 2) {
      double least_kept = 1e9;
      double most_gone = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t i = rows * 7; i < std::min<std::size_t>(rows + 2, 7) * 7; ++i) {
          const std::size_t at = (f * 3 + c) * 49 + i;
          const double magnitude = std::fabs(before.floats()[at]);
          if (after[at] == 0.0F) {
            most_gone = std::max(most_gone, magnitude);
          } else {
            REQUIRE(after[at] == before.floats()[at]);
            least_kept = std::min(least_kept, magnitude);
          }
        }
      }
      // As bytes: neighbours that become the same one may change places.
      CHECK(least_kept > 0.97 * most_gone);
    }
  }
  CHECK(prune_first_layers(graph, 64).empty());
  CHECK_THROWS_AS(prune_first_layers(graph, 0), std::invalid_argument);
}

TEST_CASE("zoo: the bytes are near the float network, on inputs that they were not made with") {
  for (const bool is_bert : {false, true}) {
    for (const double sparsity : {1.0, 32.0}) {
      CAPTURE(is_bert, sparsity);
      const ZooNetwork real = make({is_bert, ZooForm::kFloat, sparsity, 2});
      const ZooNetwork bytes = make({is_bert, ZooForm::kQdq, sparsity, 2});
      REQUIRE(real.sample == bytes.sample);
      const auto wanted = graph::evaluate(real.graph, real.sample).at(0);
      // ResNet's scores are what little distinguishes random features of images; scores that had
      // nothing to do with each other would be 1.4 apart.
      const double limit = is_bert ? 0.2 : 0.8;
      CHECK(relative_error(wanted, graph::evaluate(bytes.graph, real.sample).at(0)) < limit);
    }
  }
}

TEST_CASE("zoo: the functional model gives the bytes of the reference") {
  const auto config = find_configuration("small");
  for (const bool is_bert : {false, true}) {
    CAPTURE(is_bert);
    const ZooNetwork made = make({is_bert, ZooForm::kQdq, 8, 1});
    Network network = prepare(import_onnx_bytes(file_of(made.graph), ".").graph, {});
    const CompiledNetwork compiled = compile_network(std::move(network), config);
    NetworkRunSettings settings;
    settings.run.backend = Backend::kFunctional;
    const NetworkReport report = run_network(compiled, made.sample, config, settings);
    INFO(report.error);
    CHECK(report.ok());
    for (const Comparison& comparison : report.comparisons) {
      CAPTURE(comparison.what, comparison.first);
      CHECK(comparison.made);
      CHECK(comparison.mismatches == 0);
    }
  }
}

TEST_CASE("settle: the data's statistics, and spreads") {
  TorchGraph network = resnet50(small_resnet50());
  Calibration images;
  for (std::uint64_t i = 0; i < 8; ++i) images.push_back({zoo_images(i, 1, kSize)});
  settle(network, images, 1);
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (const auto& image : images) {
    (void)graph::evaluate(network.graph, image, [&](graph::TensorId id, graph::TensorData& data) {
      if (network.graph.at(id).name != "/bn1/BatchNormalization_output_0") return;
      // Without gamma and beta: mean 0, variance 1, up to what statistics are off.
      const auto& gamma = network.graph.constant(network.graph.nodes[1].inputs[1]).floats();
      const auto& beta = network.graph.constant(network.graph.nodes[1].inputs[2]).floats();
      const std::size_t pixels = data.floats().size() / gamma.size();
      for (std::size_t i = 0; i < data.floats().size(); ++i) {
        const double value = (data.floats()[i] - beta[i / pixels]) / gamma[i / pixels];
        sum += value;
        squares += value * value;
        ++count;
      }
    });
  }
  CHECK(sum / count == Approx(0).margin(0.1));
  CHECK(squares / count == Approx(1).margin(0.2));
}
