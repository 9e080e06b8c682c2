#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "random_images.hpp"
#include "sim/config/configuration_loader.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/network.hpp"
#include "sw/network/open.hpp"
#include "sw/network/report_json.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;
using sw::test::random_network;
using Tensor = NetworkBuilder::Tensor;

config::Configuration configuration(const std::string& name) {
  return sim::load_configuration(tb::root(), name);
}

/// Every comparison was made and held, and the outputs are those of the graph as it was given.
void check_equal(const NetworkReport& report, const graph::Graph& graph,
                 const std::vector<graph::TensorData>& inputs) {
  INFO(report.error);
  CHECK(report.error.empty());
  for (const Comparison& c : report.comparisons) {
    INFO(c.what << ": " << c.first);
    CHECK(c.made);
    CHECK(c.mismatches == 0);
  }
  CHECK(report.ok());
  CHECK(report.outputs == graph::evaluate(graph, inputs));
}

NetworkReport run(const NetworkBuilder& b, const std::vector<graph::TensorData>& inputs,
                  const config::Configuration& config, const NetworkOptions& options,
                  Backend backend) {
  const CompiledNetwork compiled = compile_network(prepare(b.graph, options), config);
  NetworkRunSettings settings;
  settings.run.backend = backend;
  return run_network(compiled, inputs, config, settings);
}

TEST_CASE("random networks: functional model = reference") {
  const std::uint64_t seed = tb::seed();
  for (const char* name : {"tiny", "small"}) {
    const config::Configuration config = configuration(name);
    for (std::uint64_t i = 0; i < 60; ++i) {
      NetworkBuilder b(seed * 1000 + i, i % 2 == 0);
      random_network(b);
      NetworkOptions options;
      options.store_all = b.chance(2);
      if (b.chance(3)) options.sub_batch = 1;
      INFO(name << ", network " << i << " of seed " << seed);
      const auto inputs = b.data();
      check_equal(run(b, inputs, config, options, Backend::kFunctional), b.graph, inputs);
    }
  }
}

TEST_CASE("random networks: RTL = functional model = reference") {
  const std::uint64_t seed = tb::seed();
  for (const char* name : {"tiny", "small"}) {
    const config::Configuration config = configuration(name);
    for (std::uint64_t i = 0; i < 10; ++i) {
      NetworkBuilder b(seed * 1000 + 500 + i, i % 2 == 0);
      random_network(b);
      NetworkOptions options;
      options.store_all = b.chance(2);
      INFO(name << ", network " << i << " of seed " << seed);
      const auto inputs = b.data();
      const NetworkReport report = run(b, inputs, config, options, Backend::kAll);
      check_equal(report, b.graph, inputs);
      REQUIRE(report.cycles.has_value());
      std::uint64_t sum = 0;
      for (const NetworkLayerReport& layer : report.layers) {
        REQUIRE(layer.cycles.has_value());
        CHECK(static_cast<double>(*layer.cycles) >= layer.ideal_cycles);
        sum += *layer.cycles;
      }
      // Layers share the clocks between them; the last store comes behind.
      CHECK(sum <= *report.cycles);
    }
  }
}

/// Two layers with a residual around them; nothing random but the values.
void residual_network(NetworkBuilder& b, std::int64_t batch, std::int64_t size) {
  graph::ConvGeometry same;
  same.pads = {1, 1, 1, 1};
  const Tensor x = b.input({batch, 70, size, size});
  const Tensor y = b.conv(x, 70, {3, 3}, same, 0.3);
  const Tensor z = b.add(b.conv(y, 70, {3, 3}, same, 0.3), x);
  b.output(b.conv(z, 10, {1, 1}, {}).id);
}

TEST_CASE("activations that do not fit the local buffer go through memory") {
  const config::Configuration config = configuration("tiny");  // 1024 words
  NetworkBuilder b(3, false);
  residual_network(b, 2, 16);  // 2 x 256 words for each tensor of one image
  NetworkOptions options;
  options.sub_batch = 1;  // otherwise a layer alone may go through memory by choice
  const CompiledNetwork compiled = compile_network(prepare(b.graph, options), config);
  REQUIRE(compiled.programs.size() == 3);
  CHECK(!compiled.programs[0].spilled);
  CHECK(compiled.programs[1].spilled);  // with its second tensor three are needed at once
  CHECK(!compiled.programs[2].spilled);
  const auto inputs = b.data();
  const NetworkReport report = run_network(compiled, inputs, config);
  check_equal(report, b.graph, inputs);
  // A tensor has two blocks of 256 words for each of two images. The input is the host's.
  constexpr std::uint64_t kTensor = std::uint64_t{2} * 256 * 2 * 64;
  CHECK(report.layers[0].bytes.spilled == kTensor);      // written
  CHECK(report.layers[1].bytes.spilled >= 2 * kTensor);  // read, rows at cuts twice, and written
  CHECK(report.layers[2].bytes.spilled == kTensor);      // read

  // Image by image the last layer's loads and stores wait for each other; in chunks they do not.
  const CompiledNetwork chosen = compile_network(prepare(b.graph), config);
  CHECK(chosen.programs[2].spilled);
  check_equal(run_network(chosen, inputs, config), b.graph, inputs);
  CHECK(chosen.programs[2].predicted < compiled.programs[2].predicted);
}

TEST_CASE("a batch passes in sub-batches, the last one smaller") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(4, true);
  residual_network(b, 7, 5);
  const auto inputs = b.data();
  std::set<std::string> residencies;
  for (const std::uint32_t images : {1U, 2U, 3U, 4U, 5U}) {
    NetworkOptions options;
    options.sub_batch = images;
    const CompiledNetwork compiled = compile_network(prepare(b.graph, options), config);
    REQUIRE(compiled.programs.size() == 1);
    CHECK(compiled.programs[0].sub_batch == images);
    residencies.insert(compiled.programs[0].residency);
    INFO(images << " images, " << compiled.programs[0].residency);
    check_equal(run_network(compiled, inputs, config), b.graph, inputs);
  }
  CHECK(residencies.size() > 1);
  // The choice of the compiler costs no more than any of these.
  NetworkRunSettings settings;
  settings.run.backend = Backend::kAll;
  const NetworkReport report =
      run_network(compile_network(prepare(b.graph), config), inputs, config, settings);
  check_equal(report, b.graph, inputs);
}

TEST_CASE("late layers take more images together than early ones") {
  const config::Configuration config = configuration("tiny");
  // Early values of 256 words per image, of which three do not fit 1,024 words; late ones of 16,
  // with weights that cost more than their pixels. Five images: the last sub-batch is smaller.
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    NetworkBuilder b(seed, true);
    graph::ConvGeometry same;
    same.pads = {1, 1, 1, 1};
    graph::ConvGeometry quarter;
    quarter.strides = {4, 4};
    Tensor x = b.conv(b.input({5, 64, 16, 16}), 64, {1, 1}, {});
    x = b.conv(x, 128, {1, 1}, quarter);
    const Tensor y = b.conv(x, 128, {3, 3}, same);
    x = b.add(b.conv(y, 128, {1, 1}, {}), x);
    b.output(b.conv(x, 64, {3, 3}, same).id);
    b.output(y.id);
    const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
    REQUIRE(compiled.programs.size() == 1);
    const ChipProgram& program = compiled.programs[0];
    INFO(program.residency);
    CHECK(program.residency.find(" together from ") != std::string::npos);
    const auto& layers = program.layers;
    CHECK(layers.front().plan.chunk.images < layers.back().plan.chunk.images);
    CHECK(layers.front().plan.chunks > layers.back().plan.chunks);
    const auto inputs = b.data();
    const NetworkReport report = run_network(compiled, inputs, config);
    check_equal(report, b.graph, inputs);
    // Nothing but inputs and outputs passes the memory, in whatever pieces.
    CHECK(report.runs[0].result.counter(counters::Counter::kLoadWords) == 5 * 256);
    CHECK(report.runs[0].result.counter(counters::Counter::kStoreWords) == 5 * 16 * 3);
  }
}

TEST_CASE("plans with more signals than a token holds are passed over") {
  // 360 images in early sub-batches of few would leave 48 signals waiting.
  const graph::TensorData images(graph::DataType::kFloat32, {360, 1, 8, 8});
  const auto model = tb::root() + "/sw/models/digits/digits_1x_int8.onnx";
  const CompiledNetwork compiled =
      compile_network(prepare(open_graph(model, {images})), configuration("s4"));
  CHECK(compiled.programs.size() == 1);
}

TEST_CASE("only inputs and outputs pass the memory, weights once per sub-batch") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b(5, true);
  residual_network(b, 3, 6);
  const auto inputs = b.data();
  NetworkOptions options;
  options.sub_batch = 3;
  const CompiledNetwork compiled = compile_network(prepare(b.graph, options), config);
  const NetworkReport report = run_network(compiled, inputs, config);
  check_equal(report, b.graph, inputs);
  REQUIRE(report.runs.size() >= 2);
  for (const DeviceRun& device : report.runs) {
    CHECK(device.result.counter(counters::Counter::kLoadWords) == 2 * 3 * 36);
    CHECK(device.result.counter(counters::Counter::kStoreWords) == 3 * 36);
    CHECK(device.result.counter(counters::Counter::kWeightsWords) * 64 ==
          report.weight_bytes() + report.parameter_bytes());
  }
}

TEST_CASE("a wrong byte is found, named and counted to its layer") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(6, false);
  residual_network(b, 2, 4);
  NetworkOptions options;
  options.store_all = true;
  const CompiledNetwork compiled = compile_network(prepare(b.graph, options), config);
  const auto inputs = b.data();
  NetworkRunSettings settings;
  settings.arguments = "run net.onnx --input x.npy";
  // Output 1: [block][image][y][x], 64 bytes a word.
  std::uint64_t offset = 0;
  for (const MemoryValue& memory : compiled.memory) {
    if (memory.value == compiled.network.layers[1].output) {
      offset = memory.region.address - compiled.write_region.address;
    }
  }
  const std::uint64_t word = ((1 * 2 + 1) * 4 + 2) * 4 + 3;
  settings.run.corrupt_output_byte = offset + word * 64 + 5;
  const NetworkReport report = run_network(compiled, inputs, config, settings);
  CHECK_FALSE(report.ok());
  CHECK(report.comparisons.at(0).mismatches == 1);
  CHECK(report.comparisons.at(1).mismatches == 1);
  CHECK(report.comparisons.at(2).mismatches == 0);
  CHECK(report.layers[1].mismatches == 1);
  CHECK(report.layers[0].mismatches == 0);
  const std::string& first = report.comparisons[1].first;
  INFO(first);
  CHECK(first.find("rtl = reference: layer 1 '" + report.layers[1].name) == 0);
  CHECK(first.find("(n 1, c 69, y 2, x 3): expected") != std::string::npos);
  CHECK(first.find("command ") != std::string::npos);
  CHECK(first.find("waveform: build/bin/s4 run net.onnx --input x.npy --config tiny --backend rtl "
                   "--wave F.fst --wave-from ") != std::string::npos);
  CHECK(to_json(report)["ok"] == false);
}

TEST_CASE("a wrong result of the functional model is found without RTL") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(7, true);
  residual_network(b, 1, 4);
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  settings.run.corrupt_output_byte = 3;
  const NetworkReport report =
      run_network(compile_network(prepare(b.graph), config), b.data(), config, settings);
  CHECK_FALSE(report.ok());
  CHECK(report.mismatches() == 1);
}

TEST_CASE("pruning keeps at most K of every bank, in graph and chip alike") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(8, true);
  residual_network(b, 1, 5);
  NetworkOptions options;
  options.sparsity = 9;  // K = 7
  const Network network = prepare(b.graph, options);
  for (const ChipLayer& layer : network.layers) {
    for (const std::uint8_t count : bank_counts(layer.layer.weights)) CHECK(count <= 7);
  }
  const auto inputs = b.data();
  const graph::Graph pruned = network.graph;
  check_equal(run_network(compile_network(network, config), inputs, config), pruned, inputs);
  CHECK(graph::evaluate(pruned, inputs) != graph::evaluate(b.graph, inputs));
  options.sparsity = 65;
  CHECK_THROWS_AS(prepare(b.graph, options), NetworkError);
}

TEST_CASE("the report has one entry per layer and its JSON all keys") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(9, true);
  residual_network(b, 2, 4);
  const auto inputs = b.data();
  const NetworkReport report =
      run_network(compile_network(prepare(b.graph), config), inputs, config);
  const nlohmann::json json = to_json(report);
  const std::vector<std::string> keys{
      "mismatches",   "cycles",       "ideal_cycles",       "utilisation", "bound",    "macs_dense",
      "macs_nonzero", "weight_bytes", "dense_weight_bytes", "wall_s",      "mac_per_s"};
  REQUIRE(json["layers"].size() == 3);
  for (const std::string& key : keys) {
    INFO(key);
    CHECK(json.contains(key));
    for (const auto& layer : json["layers"]) CHECK(layer.contains(key));
  }
  CHECK(json["ok"] == true);
  std::set<std::string> rows;
  std::set<std::string> slices;
  const nlohmann::json trace = to_trace(report);
  for (const auto& event : trace["traceEvents"]) {
    if (event["name"] == "thread_name") rows.insert(event["args"]["name"].get<std::string>());
    if (event["ph"] == "X") slices.insert(event["name"].get<std::string>());
  }
  CHECK(rows.size() == 5);
  for (const NetworkLayerReport& layer : report.layers) {
    CHECK(slices.count(layer.name + ": conv") == 1);
    CHECK(slices.count(layer.name + ": weights") == 1);
  }
}

TEST_CASE("networks that cannot run are refused with the reason") {
  const config::Configuration config = configuration("tiny");
  graph::Graph g;
  const auto x = g.add_tensor({"x", graph::DataType::kFloat32, {1, 2, 4, 4}, std::nullopt});
  g.inputs = {x};
  const auto w = g.add_constant("w", graph::TensorData({3, 2, 1, 1}, std::vector<float>(6, 0.5F)));
  g.outputs = {graph::append_node(
      g, {graph::Op::kConv, "c", {x, w}, graph::kNoTensor, graph::ConvAttributes{}}, "y")};
  CHECK_THROWS_WITH(prepare(g), Catch::Contains("s4 quantize"));

  NetworkBuilder b(10, true);
  residual_network(b, 2, 4);
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  auto inputs = b.data();
  CHECK_THROWS_WITH(run_network(compiled, inputs, configuration("small")),
                    Catch::Contains("configuration tiny"));
  inputs[0].shape = {70, 2, 4, 4};
  CHECK_THROWS_WITH(run_network(compiled, inputs, config), Catch::Contains("given is uint8[70,2"));
  inputs.clear();
  CHECK_THROWS_WITH(run_network(compiled, inputs, config), Catch::Contains("1 inputs"));
}

TEST_CASE("every step says where it runs and why") {
  NetworkBuilder b(11, false);
  const Tensor x = b.float_input({2, 3, 8, 8});
  const Tensor y = b.max_pool(b.conv(x, 5, {3, 3}, {}));
  graph::ConvGeometry wide;
  wide.strides = {5, 5};
  const Tensor z = b.conv(y, 6, {1, 1}, wide);
  b.output(b.dequantize(b.gemm(b.flatten(b.conv(z, 4, {1, 1}, {})), 3)));
  const Network network = prepare(b.graph);
  std::map<std::string, std::string> places;
  for (const NetworkStep& step : network.steps) {
    places[step.op] += std::string(place_name(step.place)) + " ";
    if (step.place != Place::kChip) CHECK(!step.why.empty());
  }
  CHECK(places["QuantizeLinear"] == "host ");
  CHECK(places["QConv"] == "chip host chip ");  // the second one's stride is 5
  CHECK(places["MaxPool"] == "chip ");
  CHECK(places["Reshape"] == "- ");
  CHECK(places["DequantizeLinear"] == "host ");
  CHECK(network.runs.size() == 2);
  const config::Configuration config = configuration("tiny");
  const auto inputs = b.data();
  check_equal(run_network(compile_network(network, config), inputs, config), b.graph, inputs);
}

TEST_CASE("a first layer of few channels reads windows that the host gathers") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b(12, true);
  graph::ConvGeometry odd;
  odd.pads = {1, 2, 0, 1};
  odd.strides = {2, 1};
  odd.dilations = {1, 2};
  const Tensor x = b.float_input({3, 4, 7, 9});
  b.output(b.dequantize(b.conv(x, 70, {3, 3}, odd)));
  const Network network = prepare(b.graph);
  REQUIRE(network.layers.size() == 1);
  CHECK(network.layers[0].layer.geometry.channels == 4 * 9);
  CHECK(network.layers[0].layer.geometry.kernel_h == 1);
  CHECK(network.steps[1].why.find("windows of 36 elements") != std::string::npos);
  const auto inputs = b.data();
  const NetworkReport report = run_network(compile_network(network, config), inputs, config);
  check_equal(report, b.graph, inputs);
  CHECK(report.runs[0].result.counter(counters::Counter::kLoadWords) ==
        network.layers[0].layer.geometry.pixels());
}

TEST_CASE("a first layer whose window is larger is gathered by rows") {
  struct Case {
    std::int64_t channels, kernel, stride, dilation;
    std::uint32_t elements, rows;  // of a word, and kernel rows of words
  };
  // As many rows as the kernel moves; one row where they do not fit, or with dilation.
  for (const Case& c : {Case{3, 7, 2, 1, 42, 4},
                        {3, 5, 1, 1, 15, 5},
                        {4, 5, 4, 1, 20, 5},
                        {3, 5, 2, 2, 15, 5},
                        {2, 6, 3, 1, 36, 2}}) {
    CAPTURE(c.channels, c.kernel, c.stride, c.dilation);
    const config::Configuration config = configuration("small");
    NetworkBuilder b(static_cast<std::uint64_t>(c.kernel), true);
    graph::ConvGeometry g;
    g.pads = {c.kernel / 2, c.kernel / 2, 1, 2};
    g.strides = {c.stride, c.stride};
    g.dilations = {c.dilation, c.dilation};
    const Tensor x = b.float_input({2, c.channels, 17, 19});
    b.output(b.dequantize(b.conv(x, 70, {c.kernel, c.kernel}, g)));
    for (const double sparsity : {1.0, 16.0}) {
      NetworkOptions options;
      options.sparsity = sparsity;
      const Network network = prepare(b.graph, options);
      REQUIRE(network.layers.size() == 1);
      const ChipLayer& layer = network.layers[0];
      CHECK(layer.layer.geometry.channels == c.elements);
      CHECK(layer.layer.geometry.kernel_h == c.rows);
      CHECK(layer.layer.geometry.kernel_w == 1);
      CHECK(layer.dense_weights ==
            static_cast<std::uint64_t>(70 * c.channels * c.kernel * c.kernel));
      const auto counts = bank_counts(layer.layer.weights);
      CHECK(*std::max_element(counts.begin(), counts.end()) <= 64 / sparsity);
      const auto inputs = b.data();
      // The graph has the pruned weights, so the comparison sees where they were put back.
      check_equal(run_network(compile_network(network, config), inputs, config), network.graph,
                  inputs);
    }
  }
}

TEST_CASE("weights on the diagonal are computed slice by slice") {
  const config::Configuration config = configuration("small");
  struct Case {
    std::int64_t channels, filters, groups;
    std::uint32_t slices;
  };
  // Depthwise, with the last slice short; groups of whole blocks; groups across blocks, where a
  // slice reads two or three; two groups, where cutting saves half.
  for (const Case& c : {Case{200, 200, 200, 4},
                        {256, 512, 4, 4},
                        {288, 288, 6, 4},
                        {128, 128, 2, 2},
                        {128, 256, 1, 1}}) {
    CAPTURE(c.channels, c.filters, c.groups);
    NetworkBuilder b(static_cast<std::uint64_t>(c.channels + c.groups), true);
    graph::ConvGeometry g;
    g.pads = {1, 1, 1, 1};
    g.groups = c.groups;
    const Tensor x = b.conv(b.input({3, 64, 5, 6}), c.channels, {1, 1}, {});
    const Tensor y = b.conv(x, c.filters, {3, 3}, g);
    const Tensor z = c.filters == c.channels ? b.add(y, x) : y;
    b.output(b.global_average(z).id);
    const Network network = prepare(b.graph);
    const CompiledNetwork compiled = compile_network(network, config);
    REQUIRE(compiled.programs.size() == 1);
    CHECK(compiled.programs[0].layers[1].plan.slices == c.slices);
    CHECK(network.layers[1].dense_weights ==
          static_cast<std::uint64_t>(c.filters * c.channels / c.groups * 9));
    const auto inputs = b.data();
    check_equal(run_network(compiled, inputs, config), b.graph, inputs);
  }
}

}  // namespace
