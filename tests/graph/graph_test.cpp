// Shapes, order, checks and errors of graphs.
#include <catch2/catch.hpp>

#include "sw/graph/infer.hpp"
#include "tests/graph/graph_builder.hpp"

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;
using Catch::Matchers::Contains;

TEST_CASE("broadcast shapes") {
  CHECK(broadcast({2, 3}, {3}) == Shape{2, 3});
  CHECK(broadcast({2, 1}, {1, 3}) == Shape{2, 3});
  CHECK(broadcast({}, {4}) == Shape{4});
  CHECK(broadcast({0, 1}, {1, 5}) == Shape{0, 5});
  CHECK_FALSE(broadcast({2}, {3}).has_value());
}

TEST_CASE("element counts do not overflow") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({0, 7}) == 0);
  CHECK_THROWS_AS(element_count({-1}), GraphError);
  CHECK_THROWS_AS(element_count({1 << 20, 1 << 20, 1 << 20, 1 << 20}), GraphError);
  CHECK_THROWS_AS(element_count({0, std::int64_t{1} << 62, 4}), GraphError);
}

TEST_CASE("sizes of windows") {
  CHECK(convolved_size(5, 1, 1, 3, 1, 2) == 3);
  CHECK(convolved_size(2, 0, 0, 3, 1, 1) == 0);
  CHECK(pooled_size(5, 0, 0, 2, 1, 2, false) == 2);
  CHECK(pooled_size(5, 0, 0, 2, 1, 2, true) == 3);
  // The third window would start behind the image.
  CHECK(pooled_size(4, 1, 1, 2, 1, 3, true) == 2);
}

TEST_CASE("nodes that do not fit their inputs are named") {
  const auto fails = [](auto build) {
    GraphBuilder b;
    try {
      build(b);
    } catch (const GraphError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK_THAT(fails([](GraphBuilder& b) {
               b.node(Op::kMatMul, {b.input("x", {2, 3}), b.input("y", {4, 2})}, ClampAttributes{});
             }),
             Contains("MatMul 'node_t2'") && Contains("do not fit"));
  CHECK_THAT(fails([](GraphBuilder& b) {
               b.node(Op::kConv, {b.input("x", {1, 3, 4, 4}), b.floats({1, 2, 1, 1}, {1, 2})},
                      ConvAttributes{});
             }),
             Contains("in 1 groups do not fit"));
  CHECK_THAT(fails([](GraphBuilder& b) {
               b.node(Op::kReshape, {b.input("x", {6})}, ReshapeAttributes{{4}});
             }),
             Contains("does not fit the shape"));
  CHECK_THAT(fails([](GraphBuilder& b) {
               b.node(Op::kTranspose, {b.input("x", {6, 2})}, TransposeAttributes{{0, 0}});
             }),
             Contains("occurs twice"));
  CHECK_THAT(fails([](GraphBuilder& b) {
               b.quantize(b.input("x", {1}), {0.0F, 0});
             }),
             Contains("not positive"));
  CHECK_THAT(fails([](GraphBuilder& b) {
               b.quantize(b.input("x", {1}), {1.0F, 300});
             }),
             Contains("zero point 300"));
  CHECK_THAT(fails([](GraphBuilder& b) { b.node(Op::kConv, {b.input("x", {1})}); }),
             Contains("input 1 is missing"));
}

TEST_CASE("nodes are sorted; a cycle is named") {
  GraphBuilder b;
  const TensorId x = b.input("x", {2});
  const TensorId first = b.relu(x);
  const TensorId second = b.relu(first);
  b.output(second);
  std::swap(b.graph.nodes[0], b.graph.nodes[1]);
  CHECK_THROWS_WITH(check_graph(b.graph), Contains("before it is made"));
  sort_nodes(b.graph);
  check_graph(b.graph);
  b.graph.nodes[0].inputs[0] = second;
  CHECK_THROWS_WITH(sort_nodes(b.graph), Contains("cycle"));
}

TEST_CASE("evaluation refuses other inputs than the graph's") {
  GraphBuilder b;
  b.output(b.relu(b.input("x", {2})));
  CHECK_THROWS_WITH(evaluate(b.graph, {}), Contains("1 inputs, given are 0"));
  CHECK_THROWS_WITH(evaluate(b.graph, {TensorData(DataType::kFloat32, {3})}),
                    Contains("input 'x' is float32[2], given is float32[3]"));
}

TEST_CASE("the observer sees every tensor once") {
  GraphBuilder b;
  const TensorId x = b.input("x", {2});
  const TensorId y = b.relu(x);
  b.output(y);
  std::vector<TensorId> seen;
  (void)evaluate(b.graph, {TensorData(Shape{2}, std::vector<float>{-1, 1})},
                 [&](TensorId id, const TensorData&) { seen.push_back(id); });
  CHECK(seen == std::vector<TensorId>{x, y});
}

TEST_CASE("a small graph cannot ask for much memory by folding") {
  GraphBuilder b;
  const TensorId column = b.graph.add_constant("a", TensorData(DataType::kFloat32, {20000, 1}));
  const TensorId row = b.graph.add_constant("b", TensorData(DataType::kFloat32, {1, 20000}));
  b.output(b.node(Op::kAdd, {column, row}, ClampAttributes{}));
  fold_constants(b.graph);
  CHECK(b.graph.nodes.size() == 1);
}
