// The files: operators as torch.onnx.export writes them, names, order, and what an import gives.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"
#include "tests/zoo/small.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::test;

bool has_initializer(const ::onnx::ModelProto& model, const std::string& name) {
  const auto& all = model.graph().initializer();
  return std::any_of(all.begin(), all.end(), [&](const auto& t) { return t.name() == name; });
}

const ::onnx::NodeProto& node_named(const ::onnx::ModelProto& model, const std::string& name) {
  for (const auto& node : model.graph().node()) {
    if (node.name() == name) return node;
  }
  throw std::runtime_error("no node " + name);
}

/// Every name is made once, before it is read; nodes have different names.
void require_order(const ::onnx::ModelProto& model) {
  std::set<std::string> known;
  std::set<std::string> nodes;
  for (const auto& input : model.graph().input()) REQUIRE(known.insert(input.name()).second);
  for (const auto& constant : model.graph().initializer()) {
    CAPTURE(constant.name());
    REQUIRE(known.insert(constant.name()).second);
  }
  for (const auto& node : model.graph().node()) {
    CAPTURE(node.name());
    REQUIRE(nodes.insert(node.name()).second);
    for (const auto& input : node.input()) {
      CAPTURE(input);
      REQUIRE((input.empty() || known.count(input) == 1));
    }
    for (const auto& output : node.output()) REQUIRE(known.insert(output).second);
  }
}

}  // namespace

TEST_CASE("zoo: the operators and names of ResNet-50") {
  const graph::Graph graph = resnet50(small_resnet50()).graph;
  for (const std::int64_t opset : {13, 17}) {
    CAPTURE(opset);
    const ::onnx::ModelProto model = parsed(file_of(graph, opset));
    REQUIRE(model.opset_import(0).version() == opset);
    const std::map<std::string, int> wanted{
        {"Conv", 53}, {"BatchNormalization", 53}, {"Relu", 49},   {"MaxPool", 1},
        {"Add", 16},  {"GlobalAveragePool", 1},   {"Flatten", 1}, {"Gemm", 1}};
    CHECK(operators(model) == wanted);
    require_order(model);
    for (const char* name : {"conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight",
                             "layer3.5.bn2.weight", "layer2.0.downsample.0.weight",
                             "layer2.0.downsample.1.running_var", "fc.weight", "fc.bias"}) {
      CAPTURE(name);
      CHECK(has_initializer(model, name));
    }
    CHECK(model.graph().node(0).name() == "/conv1/Conv");
    CHECK(node_named(model, "/layer4/layer4.2/relu/Relu_2").op_type() == "Relu");
    CHECK(model.graph().input(0).name() == "input");
    CHECK(model.graph().output(0).name() == "output");
    // v1.5: the 3x3 convolution has the stride.
    for (const auto& attribute : node_named(model, "/layer2/layer2.0/conv2/Conv").attribute()) {
      if (attribute.name() == "strides") CHECK(attribute.ints(0) == 2);
      if (attribute.name() == "kernel_shape") CHECK(attribute.ints(0) == 3);
    }
  }
}

TEST_CASE("zoo: the operators and names of BERT") {
  const graph::Graph graph = bert(small_bert()).graph;
  const int layers = 2;
  for (const std::int64_t opset : {13, 17}) {
    CAPTURE(opset);
    const ::onnx::ModelProto model = parsed(file_of(graph, opset));
    require_order(model);
    auto counts = operators(model);
    const int norms = 2 * layers + 1;
    CHECK(counts["Gather"] == 3);
    CHECK(counts["MatMul"] == 8 * layers);
    CHECK(counts["Softmax"] == layers);
    CHECK(counts["Erf"] == layers);
    CHECK(counts["Transpose"] == 4 * layers);
    CHECK(counts["Reshape"] == 4 * layers);
    const bool spelled = opset < 17;
    CHECK(counts["LayerNormalization"] == (spelled ? 0 : norms));
    CHECK(counts["ReduceMean"] == (spelled ? 2 * norms : 0));
    CHECK(counts["Pow"] == (spelled ? norms : 0));
    // GELU: Div, Erf, Add, Mul, Mul. The other Div are those of scores and of LayerNormalization.
    CHECK(counts["Div"] == 2 * layers + (spelled ? norms : 0));
    CHECK(counts["Mul"] == 2 * layers + (spelled ? norms : 0));
    CHECK(counts["Add"] == 2 + 9 * layers + (spelled ? 2 * norms : 0));
    CHECK(counts["Constant"] > 0);
    CHECK(has_initializer(model, "embeddings.word_embeddings.weight"));
    CHECK(has_initializer(model, "encoder.layer.1.attention.self.query.weight"));
    CHECK(node_named(model, "/encoder/layer.0/intermediate/intermediate_act_fn/Erf").op_type() ==
          "Erf");
    CHECK(model.graph().input(0).name() == "input_ids");
    CHECK(model.graph().output(0).name() == "last_hidden_state");
  }
}

TEST_CASE("zoo: an import computes what the generator did") {
  for (const bool is_bert : {false, true}) {
    const ZooNetwork network = make({is_bert, ZooForm::kFloat, 1, 1});
    const auto wanted = graph::evaluate(network.graph, network.sample).at(0);
    for (const std::int64_t opset : {13, 17}) {
      CAPTURE(is_bert, opset);
      const std::string bytes = file_of(network.graph, opset);
      OnnxOptions plain;
      plain.optimize = false;
      const auto same = import_onnx_bytes(bytes, ".", plain).graph;
      CHECK(relative_error(wanted, graph::evaluate(same, network.sample).at(0)) < 1e-5);
      // BatchNormalization folded into the weights, LayerNormalization and GELU found again.
      const auto folded = import_onnx_bytes(bytes, ".").graph;
      CHECK(relative_error(wanted, graph::evaluate(folded, network.sample).at(0)) < 1e-4);
      for (const graph::Node& node : folded.nodes) {
        CHECK(node.op != graph::Op::kBatchNorm);
        CHECK(node.op != graph::Op::kReduceMean);
      }
    }
  }
}

TEST_CASE("zoo: the same seed gives the same file, another one another") {
  for (const bool is_bert : {false, true}) {
    CAPTURE(is_bert);
    const std::string first = file_of(make({is_bert, ZooForm::kQdq, 8, 3}).graph);
    CHECK(first == file_of(make({is_bert, ZooForm::kQdq, 8, 3}).graph));
    CHECK(first != file_of(make({is_bert, ZooForm::kQdq, 8, 4}).graph));
  }
}

TEST_CASE("zoo: images and sentences differ") {
  CHECK(zoo_images(1, 2, 32) == zoo_images(1, 2, 32));
  const auto images = zoo_images(1, 2, 32);
  CHECK(graph::slice_rows(images, 0, 1) != graph::slice_rows(images, 1, 1));
  CHECK(zoo_images(1, 1, 32) != zoo_images(2, 1, 32));
  CHECK(graph::slice_rows(images, 0, 1) == zoo_images(1, 1, 32));
  const auto tokens = zoo_tokens(5, 3, 40, 100);
  CHECK(tokens != zoo_tokens(6, 3, 40, 100));
  for (const std::int64_t id : tokens[0].integers()) CHECK((id >= 0 && id < 100));
  for (const std::int64_t type : tokens[1].integers()) CHECK((type == 0 || type == 1));
}
