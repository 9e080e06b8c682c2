// Networks of BF16 layers: on the chip as in the graph, beside layers and pools of the host.
#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <random>

#include "sim/config/configuration_loader.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/graph/rewrite.hpp"
#include "sw/network/network.hpp"
#include "sw/network/report_json.hpp"
#include "sw/program_file/program_file.hpp"
#include "sw/zoo/synthetic.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using graph::TensorId;

config::Configuration configuration(const std::string& name) {
  return sim::load_configuration(tb::root(), name);
}

/// Graphs of BF16 layers on float32 tensors.
class FloatBuilder {
 public:
  explicit FloatBuilder(std::uint64_t seed) : random_(seed * 0x9E3779B97F4A7C15ULL + 3) {}

  graph::Graph graph;

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  float number() { return static_cast<float>(random_() % 65536) / 32768.0F - 1.0F; }
  graph::TensorData numbers(graph::Shape shape) {
    graph::TensorData data(graph::DataType::kFloat32, std::move(shape));
    for (float& value : data.get<float>()) value = number();
    return data;
  }
  TensorId input(graph::Shape shape) {
    const TensorId id =
        graph.add_tensor({"input", graph::DataType::kFloat32, std::move(shape), std::nullopt});
    graph.inputs.push_back(id);
    return id;
  }
  TensorId conv(TensorId x, std::int64_t filters, std::int64_t kernel,
                const graph::ConvGeometry& geometry = {}, TensorId second = graph::kNoTensor) {
    const std::int64_t inner = graph.at(x).shape[1] / geometry.groups;
    return layer(graph::Op::kBf16Conv, x, {filters, inner, kernel, kernel}, filters, geometry,
                 second);
  }
  TensorId matmul(TensorId x, std::int64_t columns) {
    return layer(graph::Op::kBf16MatMul, x, {graph.at(x).shape.back(), columns}, columns, {},
                 graph::kNoTensor);
  }
  TensorId function(TensorId x, graph::Function function) {
    return node(graph::Op::kBf16Unary, {x}, graph::UnaryAttributes{function});
  }
  TensorId function(TensorId x) { return function(x, static_cast<graph::Function>(pick(0, 11))); }
  TensorId node(graph::Op op, std::vector<TensorId> inputs, graph::Attributes attributes) {
    const std::string name = graph::name_of(op) + std::to_string(graph.nodes.size());
    return append_node(
        graph, {op, name, std::move(inputs), graph::kNoTensor, std::move(attributes)}, name + "_y");
  }

 private:
  TensorId layer(graph::Op op, TensorId x, const graph::Shape& w, std::int64_t channels,
                 const graph::ConvGeometry& geometry, TensorId second) {
    graph::Bf16LayerAttributes attributes;
    attributes.geometry = geometry;
    if (pick(0, 1) == 0) attributes.clamp.low = 0.0F;
    if (pick(0, 3) == 0) attributes.clamp.high = 2.5F;
    std::vector<TensorId> inputs{x, graph.add_constant("w", numbers(w)), graph::kNoTensor};
    if (pick(0, 2) != 0) inputs[2] = graph.add_constant("b", numbers({channels}));
    if (second != graph::kNoTensor) inputs.push_back(second);
    return node(op, std::move(inputs), attributes);
  }

  std::mt19937_64 random_;
};

NetworkReport run(const Network& network, const std::vector<graph::TensorData>& inputs,
                  const config::Configuration& config, Backend backend) {
  NetworkRunSettings settings;
  settings.run.backend = backend;
  return run_network(compile_network(network, config), inputs, config, settings);
}

/// Bit by bit, as no NaN is equal to itself.
bool same(const std::vector<graph::TensorData>& a, const std::vector<graph::TensorData>& b) {
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const auto& x, const auto& y) {
    return x.shape == y.shape &&
           std::equal(x.floats().begin(), x.floats().end(), y.floats().begin(), y.floats().end(),
                      [&](float p, float q) { return bits(p) == bits(q); });
  });
}

/// Every comparison was made and held, and the outputs are those of the graph.
void check_equal(const NetworkReport& report, const Network& network,
                 const std::vector<graph::TensorData>& inputs) {
  INFO(report.error);
  CHECK(report.error.empty());
  for (const Comparison& c : report.comparisons) {
    INFO(c.what << ": " << c.first);
    CHECK(c.made);
    CHECK(c.mismatches == 0);
  }
  CHECK(report.ok());
  CHECK(same(report.outputs, graph::evaluate(network.graph, inputs)));
}

graph::ConvGeometry padded(std::int64_t pad, std::int64_t stride, std::int64_t groups) {
  graph::ConvGeometry g;
  g.pads = {pad, pad, pad, pad};
  g.strides = {stride, stride};
  g.groups = groups;
  return g;
}

/// Few channels, a sum with an earlier tensor, groups, pools, functions, a mean of the host, a
/// product.
void mixed_network(FloatBuilder& b) {
  const TensorId x = b.input({b.pick(1, 3), 3, b.pick(7, 11), b.pick(6, 9)});
  const TensorId first = b.conv(x, b.pick(20, 100), 3, padded(1, 1, 1));
  const std::int64_t channels = b.graph.at(first).shape[1];
  const TensorId same = b.conv(first, channels, 1, padded(0, 1, 1), first);
  const TensorId grouped = b.conv(same, channels, 3, padded(1, 1, channels), first);
  graph::PoolAttributes pool;
  pool.kernel = {2, 2};
  pool.strides = {2, 2};
  pool.pads = {1, 0, 0, 1};
  const bool on_host = b.pick(0, 3) == 0;
  const TensorId pooled =
      b.node(on_host ? graph::Op::kMaxPool : graph::Op::kBf16MaxPool, {grouped}, pool);
  const TensorId bent = b.function(b.pick(0, 1) == 0 ? pooled : b.function(pooled));
  const TensorId wide = b.function(b.conv(bent, b.pick(33, 130), 1));
  const TensorId mean = b.node(graph::Op::kGlobalAveragePool, {wide}, graph::NoAttributes{});
  const graph::Shape& s = b.graph.at(mean).shape;
  const TensorId rows = b.node(graph::Op::kReshape, {mean}, graph::ReshapeAttributes{{s[0], s[1]}});
  // Two readers: the function is a layer of its own.
  b.graph.outputs = {b.function(b.matmul(rows, b.pick(1, 90))), same, b.function(same)};
}

}  // namespace

TEST_CASE("random BF16 networks: RTL = functional model = reference") {
  for (const char* name : {"tiny", "small"}) {
    const config::Configuration config = configuration(name);
    const unsigned count = tb::full_run() ? 40 : 4;
    for (unsigned i = 0; i < count; ++i) {
      FloatBuilder b(tb::seed() * 1000 + i);
      mixed_network(b);
      NetworkOptions options;
      options.store_all = i % 2 == 0;
      if (i % 4 != 0) options.sparsity = static_cast<double>(b.pick(2, 64));
      INFO(name << ", network " << i);
      const std::vector<graph::TensorData> inputs{b.numbers(b.graph.at(b.graph.inputs[0]).shape)};
      const Network network = prepare(b.graph, options);
      REQUIRE(network.layers.size() >= 6);
      check_equal(run(network, inputs, config, Backend::kAll), network, inputs);
    }
  }
}

TEST_CASE("weights of BF16 on the diagonal are computed slice by slice") {
  const config::Configuration config = configuration("small");
  struct Case {
    std::int64_t channels, filters, groups;
    std::uint32_t slices;
  };
  // The last slice of half a bank; groups across banks; no groups.
  for (const Case& c : {Case{224, 224, 224, 4}, Case{288, 288, 6, 4}, Case{128, 96, 1, 1}}) {
    CAPTURE(c.channels, c.groups);
    FloatBuilder b(static_cast<std::uint64_t>(c.channels + c.groups));
    const TensorId x = b.input({2, c.channels, 4, 5});
    const TensorId first = b.conv(x, c.channels, 1);
    b.graph.outputs = {b.conv(first, c.filters, 3, padded(1, 1, c.groups))};
    const std::vector<graph::TensorData> inputs{b.numbers(b.graph.at(x).shape)};
    const Network network = prepare(b.graph);
    const CompiledNetwork compiled = compile_network(network, config);
    REQUIRE(compiled.programs.size() == 1);
    CHECK(compiled.programs[0].layers[1].plan.slices == c.slices);
    check_equal(run_network(compiled, inputs, config), network, inputs);
  }
}

TEST_CASE("a first layer in BF16 reads windows of up to 64 numbers") {
  const config::Configuration config = configuration("small");
  FloatBuilder b(5);
  const TensorId x = b.input({2, 3, 16, 32});
  b.graph.outputs = {b.conv(x, 70, 7, padded(3, 2, 1))};
  NetworkOptions options;
  options.sparsity = 8;
  options.pixel_group = config.pixels_per_quadrant;
  const Network network = prepare(b.graph, options);
  const LayerGeometry& g = network.layers.at(0).layer.geometry;
  CHECK_FALSE(g.quarters);
  CHECK(g.channels == 42);
  CHECK(g.in_blocks() == 2);
  // Banks of 42 and 21 places keep an eighth of them, rounded up.
  const auto counts = bank_counts(network.layers[0].layer.weights);
  CHECK(std::vector<std::uint8_t>(counts.begin(), counts.begin() + 4) ==
        std::vector<std::uint8_t>{6, 6, 6, 3});
  const std::vector<graph::TensorData> inputs{b.numbers({2, 3, 16, 32})};
  check_equal(run(network, inputs, config, Backend::kAll), network, inputs);
}

TEST_CASE("gathered windows and products behind a Flatten sum in the order of the graph") {
  const config::Configuration config = configuration("small");
  FloatBuilder b(11);
  const TensorId x = b.input({1, 3, 16, 32});
  const TensorId image = b.conv(x, 20, 7, padded(3, 2, 1));
  const graph::Shape& s = b.graph.at(image).shape;
  const TensorId rows =
      b.node(graph::Op::kReshape, {image}, graph::ReshapeAttributes{{1, s[1] * s[2] * s[3]}});
  b.graph.outputs = {b.matmul(rows, 5), image};
  // The second channel takes away what the first adds: at once, or not before large sums of it.
  auto& weights = b.graph.at(b.graph.nodes[0].inputs[1]).constant->get<float>();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i / 49 % 3 == 1) weights[i] = weights[i - 49];
  }
  graph::TensorData data = b.numbers({1, 3, 16, 32});
  auto& values = data.get<float>();
  for (std::size_t i = 0; i < 512; ++i) {
    values[i] *= 1e6F;
    values[512 + i] = -values[i];
  }
  const Network network = prepare(b.graph);
  REQUIRE(network.layers.size() == 2);
  CHECK(network.layers[0].layer.geometry.channels == 42);
  CHECK(network.layers[1].layer.geometry.kernel_h == 1);
  check_equal(run(network, {data}, config, Backend::kAll), network, {data});
}

TEST_CASE("BF16 pruning keeps the largest numbers") {
  FloatBuilder b(6);
  const TensorId x = b.input({1, 64, 2, 2});
  b.graph.outputs = {b.conv(x, 3, 1)};
  NetworkOptions options;
  options.sparsity = 16;
  const Network network = prepare(b.graph, options);
  const auto& before = b.graph.constant(b.graph.nodes[0].inputs[1]).floats();
  const auto& after = network.graph.constant(network.graph.nodes[0].inputs[1]).floats();
  for (std::size_t out = 0; out < 3; ++out) {
    float least_kept = 9;
    float most_lost = 0;
    unsigned kept = 0;
    for (std::size_t i = out * 64; i < out * 64 + 64; ++i) {
      const bool lost = after[i] == 0.0F;
      kept += lost ? 0 : 1;
      if (lost) most_lost = std::max(most_lost, std::abs(before[i]));
      if (!lost) least_kept = std::min(least_kept, std::abs(after[i]));
    }
    CHECK(kept == 4);
    // Rounding to BF16 moves a number by 2^-9 of it at most.
    CHECK(least_kept >= most_lost * (1 - 1.0F / 256));
  }
}

TEST_CASE("BF16 maxima and functions run on the chip: behind a layer, or alone") {
  const config::Configuration config = configuration("tiny");
  FloatBuilder b(12);
  const TensorId x = b.input({2, 40, 6, 7});
  graph::PoolAttributes window;
  window.kernel = {3, 3};
  window.strides = {2, 2};
  window.pads = {1, 1, 1, 1};
  const TensorId pooled = b.node(graph::Op::kBf16MaxPool, {x}, window);
  const TensorId y = b.conv(pooled, 70, 1);
  const TensorId behind = b.function(y, graph::Function::kGelu);
  const TensorId twice = b.function(behind, graph::Function::kTanh);
  const TensorId logarithm = b.function(twice, graph::Function::kLog);
  b.graph.outputs = {logarithm, twice, pooled};
  graph::TensorData data = b.numbers({2, 40, 6, 7});
  // Zeros of both signs, subnormal numbers, infinities, NaN, beside ordinary ones.
  const std::array<std::uint16_t, 8> special{0x0000, 0x8000, 0x0003, 0x8040,
                                             0x7F80, 0xFF80, 0x7FC0, 0xFFC1};
  for (std::size_t i = 0; i < data.get<float>().size(); i += 5) {
    data.get<float>()[i] =
        std::bit_cast<float>(static_cast<std::uint32_t>(special[i / 5 % special.size()]) << 16);
  }
  const Network network = prepare(b.graph);
  // The pool, the convolution with GELU, tanh, log.
  REQUIRE(network.layers.size() == 4);
  CHECK(network.steps[2].place == Place::kView);
  CHECK(network.layers[1].layer.activation->code == 1);
  CHECK(network.layers[2].layer.max_pool);
  CHECK(network.layers[2].layer.activation->code == 9);
  CHECK(network.runs.size() == 1);
  check_equal(run(network, {data}, config, Backend::kAll), network, {data});
  CHECK_THROWS_WITH(b.function(y, graph::Function::kHardSwish),
                    Catch::Contains("HardSwish has no BF16 form"));
}

TEST_CASE("synthetic networks in BF16 run on the chip but for their mean") {
  const config::Configuration config = configuration("small");
  const SyntheticOptions synthetic{2, 8, 1, true};
  NetworkOptions options;
  options.sparsity = 8;
  SECTION("ResNet-50") {
    const Network network = prepare(synthetic_resnet50(synthetic, 32, 8), options);
    CHECK(network.layers.size() == 55);
    CHECK(network.runs.size() == 2);
    const auto inputs = synthetic_inputs(network.graph, 1);
    check_equal(run(network, inputs, config, Backend::kAll), network, inputs);
  }
  SECTION("BERT layer") {
    const Network network = prepare(synthetic_bert_layer(synthetic, 10, 96), options);
    CHECK(network.layers.size() == 6);
    CHECK(network.runs.size() == 1);
    const auto inputs = synthetic_inputs(network.graph, 1);
    const NetworkReport report = run(network, inputs, config, Backend::kAll);
    check_equal(report, network, inputs);
    CHECK(report.layers[0].ideal_cycles ==
          2.0 * static_cast<double>(report.layers[0].macs_nonzero) / config.macs_per_clock);
    CHECK(report.layers[0].dense_weight_bytes == 2 * 96 * 96);
  }
}

TEST_CASE("a wrong byte of a BF16 result is named by channel and byte") {
  const config::Configuration config = configuration("tiny");
  FloatBuilder b(7);
  const TensorId x = b.input({1, 40, 2, 3});
  b.graph.outputs = {b.conv(x, 50, 1)};
  const Network network = prepare(b.graph);
  NetworkRunSettings settings;
  // Word 1 of the second block: pixel 1, bytes of channel 32 + 3.
  settings.run.corrupt_output_byte = (6 + 1) * 64 + 7;
  const NetworkReport report =
      run_network(compile_network(network, config), {b.numbers({1, 40, 2, 3})}, config, settings);
  CHECK_FALSE(report.ok());
  const std::string& first = report.comparisons.at(1).first;
  INFO(first);
  CHECK(first.find("(n 0, c 35, y 0, x 1), byte 1: expected") != std::string::npos);
  CHECK(first.find("command ") != std::string::npos);
}

TEST_CASE("a BF16 program read back runs like the one written") {
  const config::Configuration config = configuration("tiny");
  FloatBuilder b(8);
  mixed_network(b);
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  const CompiledNetwork read = decode_program(encode_program(compiled), "x.s4");
  CHECK(read.weights == compiled.weights);
  const std::vector<graph::TensorData> inputs{b.numbers(b.graph.at(b.graph.inputs[0]).shape)};
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  check_equal(run_network(read, inputs, config, settings), read.network, inputs);
}

TEST_CASE("BF16 layers with tensors that do not fit are refused") {
  FloatBuilder b(9);
  const TensorId x = b.input({1, 8, 4, 4});
  CHECK_THROWS_WITH(b.conv(x, 8, 3, {}, x), Catch::Contains("second tensor is not float32"));
  CHECK_THROWS_WITH(b.conv(x, 8, 5), Catch::Contains("does not fit the padded input"));
  graph::Bf16LayerAttributes wrong;
  wrong.clamp = {1.0F, 0.0F};
  const TensorId w = b.graph.add_constant("w", b.numbers({8, 8, 1, 1}));
  CHECK_THROWS_WITH(b.node(graph::Op::kBf16Conv, {x, w}, wrong),
                    Catch::Contains("limits of its result are in the wrong order"));
  const TensorId bytes =
      b.graph.add_constant("b", graph::TensorData(graph::DataType::kInt8, {8, 8, 1, 1}));
  CHECK_THROWS_WITH(b.node(graph::Op::kBf16Conv, {x, bytes}, graph::Bf16LayerAttributes{}),
                    Catch::Contains("input 1 is int8, not float32"));
}
