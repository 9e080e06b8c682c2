// Networks with softmax, LayerNorm and products of two activations.
#include <catch2/catch.hpp>

#include <algorithm>

#include "random_network.hpp"
#include "run_network.hpp"
#include "sim/config/configuration_loader.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/network.hpp"
#include "sw/network/row_judge.hpp"
#include "sw/program_file/program_file.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::check;
using sw::test::configuration;
using sw::test::NetworkBuilder;
using sw::test::run;
using Tensor = NetworkBuilder::Tensor;

std::size_t on_chip(const Network& network, graph::Op op) {
  std::size_t count = 0;
  for (const NetworkStep& step : network.steps) {
    count += step.place == Place::kChip && network.graph.nodes[step.node].op == op ? 1 : 0;
  }
  return count;
}

/// The product of all rows with a matrix, as a product of stacks or, as files have it with a bias,
/// of one long matrix.
Tensor rows_product(NetworkBuilder& b, const Tensor& x, std::int64_t columns,
                    bool operand = false) {
  const auto made = [&](const Tensor& rows) {
    return operand ? b.gemm_operand(rows, columns) : b.gemm(rows, columns);
  };
  if (b.chance(2)) return made(x);
  const graph::Shape s = b.shape(x);
  return b.reshape(made(b.reshape(x, {s[0] * s[1], s[2]})), {s[0], s[1], columns});
}

/// One head of attention over [B,S,C] and what stands around it in a transformer.
Tensor attention_block(NetworkBuilder& b, const Tensor& x, std::int64_t width) {
  const Tensor normal = b.chance(2) ? b.layer_norm(x) : x;
  const Tensor q = rows_product(b, normal, width);
  const Tensor k = rows_product(b, normal, width, true);
  const Tensor v = rows_product(b, normal, width, true);
  const Tensor scores = b.product(q, b.transpose(k));
  const Tensor mixed = b.product(b.softmax(scores), v);
  const Tensor sum = b.add(rows_product(b, mixed, b.shape(x).back()), x);
  const Tensor second = b.layer_norm(sum);
  const Tensor product = rows_product(b, second, b.pick(1, 150));
  const Tensor hidden = b.function(product);
  return b.add(rows_product(b, hidden, b.shape(x).back()), sum);
}

/// A transformer block, a chain of rows and products, or both.
void random_transformer(NetworkBuilder& b) {
  const graph::Shape shape{b.pick(1, 3), b.pick(1, 20),
                           b.chance(3) ? b.pick(60, 140) : b.pick(2, 40)};
  Tensor x = b.input(shape);
  const std::int64_t blocks = b.pick(1, 2);
  for (std::int64_t i = 0; i < blocks; ++i) {
    if (b.chance(4)) {
      x = b.gemm(b.chance(2) ? b.softmax(x) : b.layer_norm(x), b.pick(1, 80));
    } else {
      x = attention_block(b, x, b.chance(3) ? b.pick(60, 130) : b.pick(1, 40));
    }
  }
  if (b.chance(3)) x = b.gemm(b.flatten(x), b.pick(1, 20));
  b.output(b.chance(2) ? b.dequantize(x) : x.id);
}

TEST_CASE("random transformers: functional model = reference") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 600U : 60U); ++i) {
    NetworkBuilder b(tb::seed() * 1000 + i, i % 2 != 0);
    random_transformer(b);
    NetworkOptions options;
    options.store_all = i % 3 == 0;
    const std::string config = i % 4 == 0 ? "s4" : i % 2 == 0 ? "small" : "tiny";
    check(run(b, b.data(), config, Backend::kFunctional, options),
          "network " + std::to_string(i) + ", " + config);
  }
}

TEST_CASE("random transformers: RTL = functional model = reference") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 80U : 8U); ++i) {
    NetworkBuilder b(tb::seed() * 1000 + 500 + i, i % 2 != 0);
    random_transformer(b);
    NetworkOptions options;
    options.store_all = i % 2 == 0;
    check(run(b, b.data(), i % 4 == 3 ? "small" : "tiny", Backend::kAll, options,
              i % 2 == 0 ? 0.0 : 0.3),
          "network " + std::to_string(i));
  }
}

TEST_CASE("a transformer block has no step on the host") {
  for (std::uint64_t seed = 5; seed < 10; ++seed) {
    NetworkBuilder b(seed, false);
    const Tensor x = b.input({2, 9, 40});
    b.output(b.gemm(attention_block(b, x, 24), 8).id);
    const Network network = prepare(b.graph);
    for (const NetworkStep& step : network.steps) {
      INFO(step.op << " '" << step.name << "': " << step.why);
      CHECK(step.place != Place::kHost);
    }
    CHECK(on_chip(network, graph::Op::kQMatMulDynamic) == 2);
    CHECK(on_chip(network, graph::Op::kQSoftmax) == 1);
    CHECK(network.runs.size() == 1);
  }
}

TEST_CASE("rows that do not fit the local buffer go through memory in chunks") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(11, false);
  // An image and its result need more than all words.
  const auto rows = static_cast<std::int64_t>(config.local_words / 2 + 10);
  b.output(b.layer_norm(b.input({1, rows, 70})).id);
  const auto data = b.data();
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  REQUIRE(compiled.programs.size() == 1);
  CHECK(compiled.programs[0].spilled);
  CHECK(compiled.programs[0].layers[0].plan.chunks > 1);
  check(run(b, data, "tiny", Backend::kAll), "spilled");
}

TEST_CASE("images pass through rows in sub-batches") {
  NetworkBuilder b(12, true);
  const Tensor x = b.input({5, 7, 33});
  b.output(attention_block(b, x, 20).id);
  NetworkOptions options;
  options.sub_batch = 2;
  check(run(b, b.data(), "tiny", Backend::kAll, options), "sub-batches of 2");
}

TEST_CASE("a transformer's program read back runs like the one written") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(15, false);
  b.output(attention_block(b, b.input({2, 6, 20}), 12).id);
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  const CompiledNetwork read = decode_program(encode_program(compiled), "x.s4");
  CHECK(encode_program(read) == encode_program(compiled));
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  check(run_network(read, b.data(), config, settings), "read back");
}

TEST_CASE("rows flattened in front of a product are a kernel along them") {
  const std::vector<std::pair<std::int64_t, std::int64_t>> sizes{
      {8, 8}, {6, 70}, {11, 64}, {12, 9}};
  for (const auto& [rows, width] : sizes) {
    for (const bool pruned : {false, true}) {
      CAPTURE(rows, width, pruned);
      NetworkBuilder b(static_cast<std::uint64_t>(rows * 2) + (pruned ? 1U : 0U), pruned);
      const Tensor x = b.gemm(b.input({3, rows, 20}), width);
      b.output(b.gemm(b.flatten(x), 10).id);
      NetworkOptions options;
      if (pruned) options.sparsity = 8;
      const Network network = prepare(b.graph, options);
      // A kernel has at most 11 columns; longer rows go through the host, which flattens them.
      const bool fits = rows <= 11;
      CHECK(network.layers.back().layer.geometry.kernel_w == (fits ? rows : 1));
      CHECK(network.runs.size() == (fits ? 1 : 2));
      check(run(b, b.data(), "tiny", Backend::kAll, options), "flattened rows");
    }
  }
}

TEST_CASE("products of activations that the chip cannot do say why") {
  NetworkBuilder b(13, false);
  const Tensor x = b.input({2, 6, 16});
  Tensor y = b.gemm_operand(x, 16);
  b.graph.nodes.back().get<graph::QLayerAttributes>().y.zero = 3;
  y.quant.zero = 3;
  b.output(b.product(x, b.transpose(y)).id);
  const Network network = prepare(b.graph);
  const NetworkStep& step = network.steps.back();
  CHECK(step.place == Place::kHost);
  CHECK(step.why == "the zero point of its second operand is 3, not 0");
  // The host transposes and multiplies then.
  check(run(b, b.data(), "tiny", Backend::kFunctional), "on the host");
}

TEST_CASE("rows of more than 4,096 columns: gamma and beta on the host, without them the chip") {
  for (const bool parameters : {true, false}) {
    NetworkBuilder b(31, false);
    const Tensor x = b.gemm(b.input({1, 3, 4}), 4100);
    const Tensor y = b.layer_norm(x);
    auto& inputs = b.graph.nodes.back().inputs;
    graph::TensorData gamma(graph::DataType::kFloat32, {4100});
    for (float& value : gamma.get<float>()) value = b.scale(0.5F, 1.5F);
    inputs = {x.id, graph::kNoTensor, graph::kNoTensor};
    if (parameters) inputs[1] = b.graph.add_constant("gamma", std::move(gamma));
    b.output(y.id);
    const Network network = prepare(b.graph);
    CHECK(network.steps.back().place == (parameters ? Place::kHost : Place::kChip));
    const bool named =
        network.steps.back().why.find("columns with gamma and beta = 4100 is outside 1 to 4096") !=
        std::string::npos;
    CHECK(named == parameters);
    check(run(b, b.data(), "small", Backend::kFunctional), parameters ? "with" : "without");
  }
}

TEST_CASE("a result of rows that is a step off is noticed") {
  NetworkBuilder b(14, false);
  b.output(b.softmax(b.gemm(b.input({3, 8, 32}), 32)).id);
  const auto data = b.data();
  const Network network = prepare(b.graph);
  const config::Configuration config = configuration("tiny");
  NetworkOptions options;
  options.store_all = true;
  const NetworkReport report = run(b, data, "tiny", Backend::kFunctional, options);
  REQUIRE(report.ok());
  REQUIRE(report.layers[1].worst_error);
  CHECK(*report.layers[1].worst_error < 0.51);
  // The judge itself: what the chip said, and one byte a step up.
  const Layer& layer = network.layers[1].layer;
  graph::TensorData x(graph::DataType::kInt8, {3, 8, 32});
  for (std::size_t i = 0; i < 768; ++i) {
    x.get<std::int8_t>()[i] = static_cast<std::int8_t>(i * 37 % 251 - 125);
  }
  const graph::TensorData y = graph::evaluate_node(b.graph.nodes[1], {&x});
  CHECK(judge_layer_rows(layer, x, y).mismatches == 0);
  graph::TensorData wrong = y;
  wrong.get<std::int8_t>()[100] = static_cast<std::int8_t>(y.get<std::int8_t>()[100] + 1);
  CHECK(judge_layer_rows(layer, x, wrong).mismatches == 1);
}

}  // namespace
