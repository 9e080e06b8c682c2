// Functions of bytes: tables behind layers, and alone.
#include <algorithm>
#include <catch2/catch.hpp>

#include "random_network.hpp"
#include "run_network.hpp"
#include "sim/config/configuration_loader.hpp"
#include "sw/graph/function_ops.hpp"
#include "sw/network/function_table.hpp"
#include "sw/network/network.hpp"
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

/// Convolutions (of groups too), pools and sums, with functions behind some of them and on tensors
/// of several readers.
void random_functions(NetworkBuilder& b) {
  Tensor x = b.input({b.pick(1, 3), b.pick(1, 90), b.pick(2, 9), b.pick(2, 9)});
  const std::int64_t layers = b.pick(1, 4);
  for (std::int64_t i = 0; i < layers; ++i) {
    graph::ConvGeometry g;
    g.pads = {1, 1, 1, 1};
    const std::int64_t channels = b.shape(x)[1];
    if (b.chance(4)) g.groups = channels;
    const Tensor y = b.conv(x, g.groups > 1 ? channels : b.pick(1, 80), {3, 3}, g);
    switch (b.pick(0, 4)) {
      case 0:
        x = b.function(y);
        break;
      case 1:  // two readers: the function is a layer of its own
        x = b.add(b.function(y), y);
        break;
      case 2:
        x = b.function(b.function(y));
        break;
      case 3: {  // no pool of an image that is smaller than its window
        const bool small = std::min(b.shape(y)[2], b.shape(y)[3]) < 2;
        x = b.function(b.chance(2) || small ? b.add(y, b.function(y)) : b.max_pool(y));
        break;
      }
      default:
        x = y;
    }
  }
  if (b.chance(2)) x = b.function(b.gemm(b.flatten(x), b.pick(1, 40)));
  b.output(b.chance(2) ? b.dequantize(x) : x.id);
}

TEST_CASE("functions: random networks, functional model = reference") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 600U : 60U); ++i) {
    NetworkBuilder b(tb::seed() * 1000 + i, i % 2 != 0);
    random_functions(b);
    NetworkOptions options;
    options.store_all = i % 3 == 0;
    const std::string config = i % 4 == 0 ? "s4" : i % 2 == 0 ? "small" : "tiny";
    check(run(b, b.data(), config, Backend::kFunctional, options),
          "network " + std::to_string(i) + ", " + config);
  }
}

TEST_CASE("functions: random networks, RTL = functional model = reference") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 80U : 8U); ++i) {
    NetworkBuilder b(tb::seed() * 1000 + 500 + i, i % 2 != 0);
    random_functions(b);
    NetworkOptions options;
    options.store_all = i % 2 == 0;
    check(run(b, b.data(), i % 4 == 3 ? "small" : "tiny", Backend::kAll, options,
              i % 2 == 0 ? 0.0 : 0.3),
          "network " + std::to_string(i));
  }
}

TEST_CASE("functions: behind the layer that alone makes their input, else a layer of their own") {
  NetworkBuilder b(3, false);
  const Tensor y = b.conv(b.input({2, 8, 5, 5}), 12, {1, 1}, {});
  const Tensor inside = b.function(y, graph::Function::kGelu);
  const Tensor z = b.conv(inside, 20, {1, 1}, {});
  const Tensor alone = b.function(z, graph::Function::kHardSwish);
  b.output(alone.id);
  b.output(z.id);
  const Network network = prepare(b.graph);
  REQUIRE(network.steps.size() == 4);
  CHECK(network.steps[1].place == Place::kView);
  CHECK(network.steps[1].why == "a table behind '" + network.steps[0].name + "'");
  CHECK(network.steps[3].place == Place::kChip);
  REQUIRE(network.layers.size() == 3);
  CHECK(network.layers[0].layer.has_table());
  CHECK_FALSE(network.layers[1].layer.activation);
  CHECK(network.layers[2].layer.max_pool);
  CHECK(network.layers[2].layer.has_table());
  check(run(b, b.data(), "tiny", Backend::kAll), "both");
}

TEST_CASE("functions: of four dimensions, read as rows where rows made them") {
  NetworkBuilder b(21, false);
  SECTION("between products") {
    // Several readers, so that each function is a layer of its own.
    const Tensor y = b.gemm(b.input({2, 3, 5, 8}), 20);
    const Tensor bent = b.function(y);
    b.output(b.gemm(b.function(bent), 12).id);
    b.output(b.gemm(bent, 9).id);
    b.output(b.gemm(y, 7).id);
    const Network network = prepare(b.graph);
    CHECK(network.runs.size() == 1);
    for (const NetworkStep& step : network.steps) {
      INFO(step.name << ": " << step.why);
      CHECK(step.place != Place::kHost);
    }
    const CompiledNetwork compiled = compile_network(network, configuration("tiny"));
    CHECK(compiled.programs.size() == 1);
  }
  SECTION("of a reshaped product, as an image") {
    const Tensor y = b.gemm(b.input({2, 16, 8}), 12);
    const Tensor image = b.reshape(y, {2, 12, 4, 4});
    b.output(b.conv(b.function(image), 10, {3, 3}, {}).id);
    b.output(image.id);
  }
  SECTION("of a reshaped product of as many columns, as an image") {
    const Tensor y = b.gemm(b.input({2, 16, 8}), 12);
    const Tensor image = b.reshape(y, {2, 4, 4, 12});
    b.output(b.conv(b.function(image), 10, {3, 3}, {}).id);
    b.output(image.id);
  }
  check(run(b, b.data(), "tiny", Backend::kAll), "both");
}

TEST_CASE("square tensors are read as rows or as images, not the one for the other") {
  SECTION("an image, in another shape behind a function, then rows") {
    NetworkBuilder b(5, false);
    const Tensor image = b.conv(b.input({1, 8, 4, 4}), 16, {1, 1}, {});
    b.output(b.gemm(b.function(b.reshape(image, {1, 16, 16})), 12).id);
    check(run(b, b.data(), "tiny", Backend::kAll), "image to rows");
  }
  SECTION("rows, then an image") {
    NetworkBuilder b(6, false);
    const Tensor rows = b.gemm(b.input({1, 16, 8}), 16);
    b.output(b.conv(b.reshape(rows, {1, 16, 4, 4}), 12, {1, 1}, {}).id);
    check(run(b, b.data(), "tiny", Backend::kAll), "rows to image");
  }
  SECTION("one input read both ways") {
    NetworkBuilder b(7, true);
    const Tensor x = b.input({1, 16, 16});
    b.output(b.gemm(x, 12).id);
    b.output(b.conv(b.reshape(x, {1, 16, 4, 4}), 12, {1, 1}, {}).id);
    check(run(b, b.data(), "tiny", Backend::kAll), "both");
  }
}

TEST_CASE("functions: an image that does not fit the local buffer") {
  NetworkBuilder b(4, true);
  const auto pixels = static_cast<std::int64_t>(configuration("tiny").local_words / 32);
  const Tensor x = b.input({1, 130, pixels, 16});
  b.output(b.function(b.conv(x, 70, {1, 1}, {}, 0.1)).id);
  const CompiledNetwork compiled = compile_network(prepare(b.graph), configuration("tiny"));
  REQUIRE(compiled.programs.size() == 1);
  CHECK(compiled.programs[0].spilled);
  check(run(b, b.data(), "tiny", Backend::kFunctional), "spilled");
}

TEST_CASE("functions: a program read back runs like the one written") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(15, false);
  b.output(b.function(b.conv(b.input({2, 6, 5, 5}), 12, {3, 3}, {})).id);
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  const CompiledNetwork read = decode_program(encode_program(compiled), "x.s4");
  CHECK(encode_program(read) == encode_program(compiled));
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  check(run_network(read, b.data(), config, settings), "read back");
}

TEST_CASE("functions: every byte of a table is the reference's") {
  const unsigned count = tb::full_run() ? 300 : 30;
  for (int f = 0; f <= static_cast<int>(graph::kLastFunction); ++f) {
    NetworkBuilder b(100 + static_cast<std::uint64_t>(f), f % 2 == 0);
    for (unsigned i = 0; i < count; ++i) {
      Tensor x = b.input({1, 256});
      // Powers of two make ties.
      x.quant.scale = b.chance(3) ? 0x1p-5F : b.scale(0.001F, 0.2F);
      b.function(x, static_cast<graph::Function>(f));
      graph::Node& node = b.graph.nodes.back();
      if (b.chance(3)) node.get<graph::QFunctionAttributes>().y.scale = 0x1p-6F;
      graph::TensorData bytes(b.type(), {1, 256});
      for (int n = 0; n < 256; ++n) {
        if (b.type() == graph::DataType::kUint8) {
          bytes.get<std::uint8_t>()[static_cast<std::size_t>(n)] = static_cast<std::uint8_t>(n);
        } else {
          bytes.get<std::int8_t>()[static_cast<std::size_t>(n)] = static_cast<std::int8_t>(n);
        }
      }
      const graph::TensorData expected = graph::quantized_function(node, {&bytes});
      std::string why_not;
      const auto made = function_table(b.graph, node, why_not);
      INFO(name_of(static_cast<graph::Function>(f)) << " " << why_not);
      REQUIRE(made);
      for (std::size_t n = 0; n < 256; ++n) {
        const std::uint8_t want = b.type() == graph::DataType::kUint8
                                      ? expected.get<std::uint8_t>()[n]
                                      : static_cast<std::uint8_t>(expected.get<std::int8_t>()[n]);
        INFO("byte " << n);
        REQUIRE(made->table[n] == want);
      }
    }
  }
}

}  // namespace
