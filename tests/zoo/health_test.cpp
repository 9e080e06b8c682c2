// The check: it passes networks that compute, and names layer and figure of those that do not.
#include <catch2/catch.hpp>

#include "sw/zoo/settle.hpp"
#include "tests/zoo/small.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::test;
using Catch::Matchers::Contains;

graph::Node& node_named(graph::Graph& graph, const std::string& name) {
  for (graph::Node& node : graph.nodes) {
    if (node.name == name) return node;
  }
  throw std::runtime_error("no node " + name);
}

/// Sets constant `input` of a node to zero.
void zero(graph::Graph& graph, const std::string& name, std::size_t input) {
  const graph::TensorId id = node_named(graph, name).inputs.at(input);
  for (float& value : graph.at(id).constant->get<float>()) value = 0.0F;
}

Calibration two_images() { return {{zoo_images(50, 1, kSize)}, {zoo_images(51, 1, kSize)}}; }
Calibration two_sentences() {
  return {zoo_tokens(50, 1, kSequence, kVocabulary), zoo_tokens(51, 1, kSequence, kVocabulary)};
}

std::string complaint(const graph::Graph& graph, const Calibration& inputs) {
  try {
    require_health(examine_health(graph, inputs));
  } catch (const UnhealthyNetwork& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("health: both networks pass at every sparsity, float and bytes") {
  for (const bool is_bert : {false, true}) {
    for (const double sparsity : {1.0, 8.0, 16.0, 32.0}) {
      CAPTURE(is_bert, sparsity);
      const ZooNetwork network = make({is_bert, ZooForm::kQdq, sparsity, 1});
      CHECK_NOTHROW(require_health(network.health));
      CHECK(network.health.size() > 50);
    }
  }
}

TEST_CASE("health: zeroed weights are found, with layer and figure") {
  graph::Graph resnet = make({}).graph;
  CHECK(complaint(resnet, two_images()).empty());
  zero(resnet, "/layer2/layer2.1/conv2/Conv", 1);
  const std::string text = complaint(resnet, two_images());
  CHECK_THAT(text, Contains("Conv '/layer2/layer2.1/conv2/Conv': 0.00 % of its outputs"));
  CHECK_THAT(text, Contains("Conv '/layer2/layer2.1/conv2/Conv': 1 values occur, wanted are 32"));
  CHECK_THAT(text, !Contains("/layer2/layer2.0/"));

  graph::Graph encoder = make({true}).graph;
  CHECK(complaint(encoder, two_sentences()).empty());
  zero(encoder, "/encoder/layer.1/intermediate/dense/MatMul", 1);
  CHECK_THAT(complaint(encoder, two_sentences()),
             Contains("MatMul '/encoder/layer.1/intermediate/dense/MatMul'"));
}

TEST_CASE("health: a network that ignores its input is found") {
  graph::Graph resnet = make({}).graph;
  // The classifier gives its bias.
  zero(resnet, "/fc/Gemm", 1);
  const std::string text = complaint(resnet, two_images());
  CHECK_THAT(text, Contains("Gemm '/fc/Gemm': 0.00 % of its outputs differ for another input"));
  CHECK_THAT(text, !Contains("values occur"));
  const Calibration same{two_images()[0], two_images()[0]};
  CHECK_THAT(complaint(make({}).graph, same),
             Contains("'/conv1/Conv': 0.00 % of its outputs differ"));
  CHECK_THROWS_AS(examine_health(resnet, {two_images()[0]}), std::invalid_argument);
}

TEST_CASE("health: bytes are counted from their zero point") {
  graph::Graph resnet = make({false, ZooForm::kQdq, 1, 1}).graph;
  CHECK(complaint(resnet, two_images()).empty());
  // A scale a thousand times too large: everything is the zero point.
  auto& quantize = node_named(resnet, "/layer3/layer3.0/conv1/Conv_output_0_quantize");
  quantize.get<graph::QuantizeAttributes>().scale[0] *= 1000.0F;
  CHECK_THAT(complaint(resnet, two_images()), Contains("/layer3/layer3.0/conv1/Conv'"));
}

TEST_CASE("health: the figures are those of the values") {
  graph::Graph graph;
  const graph::TensorId x = graph.add_tensor({"x", graph::DataType::kFloat32, {100}, std::nullopt});
  const graph::TensorId y = graph.add_tensor({"y", graph::DataType::kFloat32, {100}, std::nullopt});
  graph.inputs = {x};
  graph.outputs = {y};
  graph.nodes.push_back({graph::Op::kClip, "relu", {x}, y, graph::ClampAttributes{{0.0F, 1e9F}}});
  graph::TensorData a(graph::DataType::kFloat32, {100});
  for (int i = 0; i < 30; ++i) a.get<float>()[static_cast<std::size_t>(i)] = 1.0F + i % 10;
  graph::TensorData b = a;
  b.get<float>()[0] = 50.0F;
  b.get<float>()[99] = 0.5F;
  const auto layers = examine_health(graph, {{a}, {b}});
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].non_zero == Approx(0.30));
  CHECK(layers[0].values == 11);
  CHECK(layers[0].different == Approx(0.02));
  CHECK_FALSE(layers[0].ok());
  CHECK_THAT(describe(layers), Contains("too little"));
}

TEST_CASE("zoo: sizes that make no network are refused") {
  CHECK_THROWS_AS(resnet50({1, 100, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(resnet50({1, 64, 3, 1}), std::invalid_argument);
  CHECK_THROWS_AS(resnet50({0, 64, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(bert({1, 1000, 1, 128, 100, 1}), std::invalid_argument);
  CHECK_THROWS_AS(bert({1, 32, 0, 128, 100, 1}), std::invalid_argument);
  CHECK_THROWS_AS(bert({1, 32, 1, 100, 100, 1}), std::invalid_argument);
}
