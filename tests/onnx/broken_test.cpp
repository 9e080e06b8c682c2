// Files that are damaged or not supported: what the error names.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/onnx/model_builder.hpp"

using namespace s4::sw;
using namespace s4::sw::test;
using Catch::Matchers::Contains;
using ::onnx::TensorProto;

namespace {

/// x -> Conv -> y with changes by `change`; the text of the error.
template <typename F>
std::string error_of(F change) {
  ModelBuilder m(13);
  m.input("x", {1, 1, 4, 4}).floats("w", {1, 1, 2, 2}, {1, 2, 3, 4}).floats("b", {1}, {0});
  m.node("Conv", {"x", "w", "b"}, {"y"}, {ints("strides", {1, 1})}).set_name("first");
  m.output("y");
  change(m);
  try {
    (void)m.import();
  } catch (const OnnxError& error) {
    return error.what();
  }
  return "no error";
}

::onnx::GraphProto& network(ModelBuilder& m) { return *m.model().mutable_graph(); }

}  // namespace

TEST_CASE("all nodes that are not supported are listed at once, with the nearest form") {
  ModelBuilder m(13);
  m.input("x", {1, 4}).scalar("s", 1).small("z", {}, {5}, TensorProto::INT8);
  m.node("Selu", {"x"}, {"a"});
  m.node("Relu", {"a"}, {"b"});
  m.node("FancyOp", {"b"}, {"c"}).set_name("");
  m.node("com.acme.Thing", {"c"}, {"d"});
  m.node("Relu", {"x"}, {"e"}, {real("slope", 1)});
  m.node("Elu", {"x"}, {"dead"});
  m.output("d").output("e");
  try {
    (void)m.import();
    FAIL("no error");
  } catch (const UnsupportedOnnx& error) {
    REQUIRE(error.nodes.size() == 4);
    CHECK(error.nodes[0].node == "Selu 'the_a'");
    CHECK(error.nodes[0].nearest == "Relu or Clip");
    CHECK(error.nodes[1].node == "FancyOp that makes 'c'");
    CHECK_THAT(error.nodes[2].reason, Contains("com.acme"));
    CHECK_THAT(error.nodes[3].reason, Contains("'slope'"));
    CHECK_THAT(error.what(), Contains("4 parts") && Contains("Selu 'the_a'") &&
                                 Contains("nearest supported form: Relu or Clip"));
  }
}

TEST_CASE("what is not supported is named") {
  const auto refused = [](int opset, auto build) {
    ModelBuilder m(opset);
    m.input("x", {1, 2, 4, 4}).scalar("s", 0.5F);
    build(m);
    m.output("y");
    try {
      (void)m.import();
    } catch (const UnsupportedOnnx& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK_THAT(refused(13,
                     [](ModelBuilder& m) {
                       m.input("i", {1, 1, 2, 2, 2}).floats("w", {1, 1, 1, 1, 1}, {1});
                       m.node("Conv", {"i", "w"}, {"y"});
                     }),
             Contains("3-D windows"));
  CHECK_THAT(refused(13,
                     [](ModelBuilder& m) {
                       m.input("shape", {2}, TensorProto::INT64);
                       m.node("Reshape", {"x", "shape"}, {"y"});
                     }),
             Contains("the shape 'shape' is not a constant"));
  CHECK_THAT(refused(13,
                     [](ModelBuilder& m) {
                       m.node("MaxPool", {"x"}, {"y", "at"}, {ints("kernel_shape", {2, 2})});
                     }),
             Contains("Indices"));
  CHECK_THAT(refused(13,
                     [](ModelBuilder& m) {
                       m.small("z", {}, {0}, TensorProto::INT16);
                       m.node("QuantizeLinear", {"x", "s", "z"}, {"y"});
                     }),
             Contains("INT16"));
  CHECK_THAT(refused(21,
                     [](ModelBuilder& m) {
                       m.node("QuantizeLinear", {"x", "s"}, {"y"}, {integer("block_size", 2)});
                     }),
             Contains("per block"));
  CHECK_THAT(refused(13,
                     [](ModelBuilder& m) {
                       m.node("Cast", {"x"}, {"y"}, {integer("to", TensorProto::INT64)});
                     }),
             Contains("not a constant"));
  CHECK_THAT(refused(14,
                     [](ModelBuilder& m) {
                       m.floats("p", {2}, {1, 1});
                       m.node("BatchNormalization", {"x", "p", "p", "p", "p"}, {"y"},
                              {integer("training_mode", 1)});
                     }),
             Contains("training"));
  CHECK_THAT(
      refused(13,
              [](ModelBuilder& m) {
                m.input("q", {1, 2}, TensorProto::INT8);
                m.small("z", {}, {0}, TensorProto::INT8).small("wz", {}, {3}, TensorProto::INT8);
                m.small("w", {2, 1}, {1, 2}, TensorProto::INT8);
                m.node("QLinearMatMul", {"q", "s", "z", "w", "s", "wz", "s", "z"}, {"y"});
              }),
      Contains("zero point 3") && Contains("symmetric"));
  CHECK_THAT(refused(13,
                     [](ModelBuilder& m) {
                       m.input("name", {1}, TensorProto::STRING).node("Relu", {"name"}, {"y"});
                     }),
             Contains("STRING"));
}

TEST_CASE("damage is named") {
  CHECK_THAT(error_of([](ModelBuilder& m) { m.model().clear_opset_import(); }), Contains("opset"));
  CHECK_THAT(error_of([](ModelBuilder& m) { m.model().mutable_opset_import(0)->set_version(5); }),
             Contains("opset 5; supported are 6 to 21"));
  CHECK_THAT(error_of([](ModelBuilder& m) { m.model().mutable_opset_import(0)->set_version(22); }),
             Contains("opset 22"));
  CHECK_THAT(error_of([](ModelBuilder& m) { m.model().clear_graph(); }), Contains("no network"));
  CHECK_THAT(error_of([](ModelBuilder& m) { network(m).clear_output(); }), Contains("no outputs"));
  CHECK_THAT(error_of([](ModelBuilder& m) { m.output("nowhere"); }), Contains("'nowhere'"));
  CHECK_THAT(error_of([](ModelBuilder& m) { network(m).mutable_node(0)->set_input(0, "gone"); }),
             Contains("Conv 'first'") && Contains("'gone', which nothing makes"));
  CHECK_THAT(error_of([](ModelBuilder& m) { network(m).mutable_node(0)->clear_input(); }),
             Contains("Conv 'first'") && Contains("input 0 is missing"));
  CHECK_THAT(error_of([](ModelBuilder& m) { network(m).mutable_node(0)->set_output(0, "x"); }),
             Contains("'x' is made twice"));
  CHECK_THAT(error_of([](ModelBuilder& m) { m.floats("w", {1}, {1}); }),
             Contains("'w' occurs twice"));
  CHECK_THAT(error_of([](ModelBuilder& m) {
               m.node("Relu", {"q"}, {"p"}).set_name("one");
               m.node("Relu", {"p"}, {"q"}).set_name("two");
               m.output("q");
             }),
             Contains("cycle") && Contains("'one'") && Contains("'two'"));
  const auto weights = [](ModelBuilder& m) -> TensorProto& {
    return *network(m).mutable_initializer(0);
  };
  CHECK_THAT(error_of([&](ModelBuilder& m) { weights(m).set_dims(0, 2); }),
             Contains("'w'") && Contains("needs 8 values, the file has 4"));
  CHECK_THAT(error_of([&](ModelBuilder& m) { weights(m).set_dims(0, -1); }),
             Contains("'w'") && Contains("negative"));
  CHECK_THAT(error_of([&](ModelBuilder& m) {
               for (int i = 0; i < 4; ++i) weights(m).set_dims(i, std::int64_t{1} << 40);
             }),
             Contains("'w'") && Contains("more elements"));
  CHECK_THAT(error_of([&](ModelBuilder& m) { weights(m).set_raw_data("123"); }),
             Contains("'w'") && Contains("needs 16 bytes, the file has 3"));
  CHECK_THAT(error_of([&](ModelBuilder& m) { weights(m).set_data_type(TensorProto::STRING); }),
             Contains("Conv 'first'") && Contains("STRING"));
  CHECK_THAT(error_of([&](ModelBuilder& m) {
               weights(m).set_dims(1, 4), weights(m).set_dims(2, 1), weights(m).set_dims(3, 1);
             }),
             Contains("Conv 'first'") && Contains("do not fit the input"));
  const auto strides = [](ModelBuilder& m) -> ::onnx::AttributeProto& {
    return *network(m).mutable_node(0)->mutable_attribute(0);
  };
  CHECK_THAT(error_of([&](ModelBuilder& m) { strides(m).set_ints(0, 0); }),
             Contains("'strides' holds 0"));
  CHECK_THAT(error_of([&](ModelBuilder& m) { strides(m).add_ints(1); }),
             Contains("'strides' has 3 values, not 2"));
  CHECK_THAT(error_of([&](ModelBuilder& m) { strides(m).set_type(::onnx::AttributeProto::INT); }),
             Contains("'strides' is of the wrong kind"));
  CHECK_THAT(
      error_of([&](ModelBuilder& m) { *network(m).mutable_node(0)->add_attribute() = strides(m); }),
      Contains("'strides' occurs twice"));
}

TEST_CASE("no ONNX file at all") {
  REQUIRE_THROWS_WITH(import_onnx_bytes("hello", "."), Contains("no ONNX file"));
  REQUIRE_THROWS_WITH(import_onnx_bytes("", "."), Contains("holds no network"));
  REQUIRE_THROWS_WITH(import_onnx("/nowhere/model.onnx"),
                      Contains("/nowhere/model.onnx") && Contains("no such file"));
}

TEST_CASE("weights in another file: in the folder, long enough, of the right length") {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("s4_external_data_test_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const Floats values{99, 1, 2, 3, 4};
  std::ofstream(folder / "weights.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()), 20);
  const auto external = [&](const std::string& location, const std::string& offset,
                            const std::string& length) {
    ModelBuilder m(13);
    m.input("x", {4});
    auto& w = m.constant("w", {4});
    w.set_data_location(TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair("location", location), std::pair("offset", offset),
                                     std::pair("length", length)}) {
      auto* entry = w.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    m.node("Add", {"x", "w"}, {"y"});
    m.output("y");
    std::ofstream(folder / "model.onnx", std::ios::binary) << m.bytes();
    const auto imported = import_onnx(folder / "model.onnx");
    return graph::evaluate(imported.graph, {ramp({4})})[0].floats();
  };
  CHECK(external("weights.bin", "4", "16") == Floats{1, 3, 5, 7});
  CHECK_THROWS_WITH(external("weights.bin", "8", "16"), Contains("ends before its data"));
  CHECK_THROWS_WITH(external("weights.bin", "99999999999999999999", "16"),
                    Contains("not a number"));
  CHECK_THROWS_WITH(external("weights.bin", "18446744073709551615", "16"), Contains("ends before"));
  CHECK_THROWS_WITH(external("weights.bin", "4", "15"), Contains("length 15"));
  CHECK_THROWS_WITH(external("gone.bin", "0", "16"), Contains("'w'") && Contains("not there"));
  CHECK_THROWS_WITH(external("../weights.bin", "0", "16"), Contains("not a file in the folder"));
  CHECK_THROWS_WITH(external("/etc/passwd", "0", "16"), Contains("not a file in the folder"));
  CHECK_THROWS_WITH(external("", "0", "16"), Contains("not a file in the folder"));
  std::filesystem::remove_all(folder);
}
