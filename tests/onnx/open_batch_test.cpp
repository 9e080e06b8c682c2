// Files whose batch is open: networks that see stacked matrices as one of all their rows.
#include <catch2/catch.hpp>
#include <random>

#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "tests/graph/graph_builder.hpp"

namespace {

using namespace s4::sw;
using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

OnnxExportOptions open() {
  OnnxExportOptions options;
  options.open_batch = true;
  return options;
}

}  // namespace

TEST_CASE("export: rows of stacked matrices grow with an open batch") {
  std::mt19937_64 random(3);
  GraphBuilder b;
  TensorId x = b.input("x", {1, 3, 4});
  x = b.node(Op::kReshape, {x}, ReshapeAttributes{{3, 4}});
  x = b.node(Op::kGemm, {x, b.random_floats(random, {4, 5}), b.random_floats(random, {5})},
             GemmAttributes{});
  b.output(b.node(Op::kReshape, {x}, ReshapeAttributes{{1, 3, 5}}));
  const std::string bytes = export_onnx_bytes(b.graph, open());
  OnnxOptions four;
  four.batch = 4;
  const Graph read = import_onnx_bytes(bytes, ".", four).graph;
  const TensorData images = GraphBuilder::random_data(random, {4, 3, 4});
  const TensorData all = evaluate(read, {images}).at(0);
  REQUIRE(all.shape == Shape{4, 3, 5});
  for (std::size_t i = 0; i < 4; ++i) {
    const auto from = images.floats().begin() + static_cast<std::ptrdiff_t>(i * 12);
    const TensorData one =
        evaluate(b.graph, {TensorData(Shape{1, 3, 4}, std::vector<float>(from, from + 12))}).at(0);
    for (std::size_t k = 0; k < 15; ++k) CHECK(all.floats()[i * 15 + k] == one.floats()[k]);
  }
}

TEST_CASE("export: a reshape that mixes an open batch with other dimensions is refused") {
  for (const auto& [from, to] : std::vector<std::pair<Shape, Shape>>{
           {{1, 12}, {3, 4}}, {{1, 3, 4}, {2, 6}}, {{1, 3, 4}, {3, 1, 4}}, {{1, 4}, {4}}}) {
    GraphBuilder b;
    const TensorId x = b.node(Op::kReshape, {b.input("x", from)}, ReshapeAttributes{to});
    // Back, so that the result has the batch of the input.
    b.output(b.node(Op::kReshape, {x}, ReshapeAttributes{from}));
    CAPTURE(to_string(from), to_string(to));
    CHECK_THROWS_WITH(export_onnx_bytes(b.graph, open()), Catch::Contains("moves the batch"));
  }
}
