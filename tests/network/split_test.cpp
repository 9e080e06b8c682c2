// Networks whose layers are cut into parts for several subsystems: the functional model runs the
// parts of a step in any order, and every layer's output is equal to the reference.
#include <algorithm>
#include <map>
#include <set>

#include "attention.hpp"
#include "random_images.hpp"
#include "run_network.hpp"
#include "sw/network/split_run.hpp"
#include "sw/zoo/synthetic.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::configuration;
using sw::test::NetworkBuilder;

SplitNetwork split_of(const NetworkBuilder& b, const config::Configuration& config,
                      unsigned subsystems, Cut forced = Cut::kNone) {
  SplitOptions options;
  options.subsystems = subsystems;
  options.forced = forced;
  options.images = true;
  return split_network(prepare(b.graph, {}), config, options);
}

SplitReport run(const SplitNetwork& split, const std::vector<graph::TensorData>& data,
                const config::Configuration& config) {
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  return run_split(split, data, config, settings, false);
}

/// Functional = reference, also with the parts of every step the other way round.
void check(const SplitNetwork& split, const std::vector<graph::TensorData>& data,
           const config::Configuration& config) {
  const SplitReport report = run(split, data, config);
  sw::test::check(report.network, "in order");
  CHECK(report.ok());
  SplitNetwork turned = split;
  for (SplitStep& step : turned.steps) {
    const auto begin =
        turned.compiled.programs.begin() + static_cast<std::ptrdiff_t>(step.parts.front().program);
    std::reverse(begin, begin + static_cast<std::ptrdiff_t>(step.parts.size()));
  }
  sw::test::check(run(turned, data, config).network, "parts reversed");
  for (const SplitStep& step : split.steps) CHECK(find_conflict(split, step).empty());
}

/// How often each cut occurs.
std::map<Cut, int> cuts_of(const SplitNetwork& split) {
  std::map<Cut, int> counts;
  for (const SplitStep& step : split.steps) {
    ++counts[step.cut];
    CHECK((step.parts.size() > 1) == (step.cut != Cut::kNone));
  }
  return counts;
}

TEST_CASE("split: random networks, functional model and reference") {
  std::map<Cut, int> cuts;
  int sequences = 0;  // of layers of which every subsystem computes some images
  for (const char* name : {"tiny", "small"}) {
    const config::Configuration config = configuration(name);
    for (std::uint64_t i = 0; i < (tb::full_run() ? 200 : 15); ++i) {
      for (const Cut forced : {Cut::kNone, Cut::kRows, Cut::kChannels, Cut::kImages}) {
        const unsigned subsystems = i % 2 == 0 ? 2 : 4;
        INFO(name << ", network " << i << " of seed " << tb::seed() << ", " << subsystems
                  << " subsystems, " << cut_name(forced));
        NetworkBuilder b(tb::seed() * 1000 + i, i % 3 == 0);
        sw::test::random_network(b);
        const SplitNetwork split = split_of(b, config, subsystems, forced);
        check(split, b.data(), config);
        for (const auto& [cut, count] : cuts_of(split)) cuts[cut] += count;
        for (const SplitStep& step : split.steps) {
          if (step.cut != Cut::kNone && step.layers.size() > 1) ++sequences;
        }
      }
    }
  }
  CHECK(sequences > 0);
  CHECK(cuts[Cut::kNone] > 0);
  CHECK(cuts[Cut::kRows] > 0);
  CHECK(cuts[Cut::kChannels] > 0);
  CHECK(cuts[Cut::kImages] > 0);
}

TEST_CASE("split: rows of tokens, softmax, LayerNorm and products of activations") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 40 : 6); ++i) {
    const config::Configuration config = configuration(i % 2 == 0 ? "tiny" : "small");
    for (const Cut forced : {Cut::kNone, Cut::kRows, Cut::kChannels}) {
      INFO("block " << i << " of seed " << tb::seed() << ", " << cut_name(forced));
      NetworkBuilder b(tb::seed() * 100 + i, i % 3 == 0);
      sw::test::attention(b, b.pick(1, 2), b.pick(2, 20), b.pick(30, 140));
      const SplitNetwork split = split_of(b, config, i % 3 == 0 ? 2 : 4, forced);
      check(split, b.data(), config);
      if (forced != Cut::kRows) continue;
      for (const SplitStep& step : split.steps) CHECK(step.cut == Cut::kRows);
    }
  }
}

TEST_CASE("split: known networks, of bytes and of BF16, first layers in quarter words too") {
  const config::Configuration config = configuration("small");
  for (const bool bf16 : {false, true}) {
    for (const Cut forced : {Cut::kNone, Cut::kRows, Cut::kChannels, Cut::kImages}) {
      INFO((bf16 ? "bf16, " : "int8, ") << cut_name(forced));
      const SyntheticOptions synthetic{2, 8, 1, bf16};
      NetworkOptions options;
      options.sparsity = 8;
      options.pixel_group = config.pixels_per_quadrant;
      SplitOptions splitting;
      splitting.forced = forced;
      for (const graph::Graph& graph :
           {synthetic_resnet50(synthetic, 32, 4), synthetic_bert_layer(synthetic, 10, 96)}) {
        const SplitNetwork split = split_network(prepare(graph, options), config, splitting);
        check(split, synthetic_inputs(split.compiled.network.graph, 1), config);
        const auto cuts = cuts_of(split);
        if (forced != Cut::kNone) CHECK(cuts.count(forced) == 1);
        const Layer& first = split.compiled.network.layers.front().layer;
        if (first.geometry.height > 10) CHECK(first.geometry.quarters == !bf16);
      }
    }
  }
}

TEST_CASE("split: average pools whose windows have shares") {
  for (const char* name : {"tiny", "small"}) {
    const config::Configuration config = configuration(name);
    for (const Cut forced : {Cut::kNone, Cut::kRows, Cut::kChannels, Cut::kImages}) {
      INFO(name << ", " << cut_name(forced));
      NetworkBuilder b(tb::seed(), true);
      graph::PoolAttributes pool;
      pool.kernel = {3, 3};
      pool.pads = {1, 1, 1, 1};
      const auto x = b.conv(b.input({4, 8, 9, 7}), 150, {1, 1}, {});
      b.output(b.conv(b.average_pool(x, pool), 70, {1, 1}, {}).id);
      const SplitNetwork split = split_of(b, config, 4, forced);
      const ChipLayer& average = split.compiled.network.layers[1];
      CHECK(average.layer.float_epilogue.has_value());
      CHECK(average.second.has_value());
      check(split, b.data(), config);
      if (forced != Cut::kNone) CHECK(cuts_of(split).count(forced) == 1);
    }
  }
}

TEST_CASE("split: channels of a BF16 layer of groups read the blocks of their own groups") {
  const config::Configuration config = configuration("small");
  graph::Graph graph;
  const std::int64_t channels = 200;
  const graph::Shape shape{2, channels, 6, 5};
  const auto x = graph.add_tensor({"x", graph::DataType::kFloat32, shape, std::nullopt});
  graph.inputs = {x};
  graph::TensorData weights(graph::DataType::kFloat32, {channels, 1, 3, 3});
  for (std::size_t i = 0; i < weights.get<float>().size(); ++i) {
    weights.get<float>()[i] = static_cast<float>(i % 29) / 16.0F - 0.9F;
  }
  graph::Bf16LayerAttributes attributes;
  attributes.geometry = {{1, 1, 1, 1}, {1, 1}, {1, 1}, channels};
  graph.outputs = {graph::append_node(graph,
                                      {graph::Op::kBf16Conv,
                                       "depthwise",
                                       {x, graph.add_constant("w", weights)},
                                       graph::kNoTensor,
                                       attributes},
                                      "y")};
  SplitOptions options;
  options.forced = Cut::kChannels;
  const SplitNetwork split = split_network(prepare(graph, {}), config, options);
  REQUIRE(split.steps.size() == 1);
  REQUIRE(split.steps[0].cut == Cut::kChannels);
  const auto parts = cut_layer(split.compiled.network.layers[0].layer, Cut::kChannels, 4);
  REQUIRE(parts.size() == 4);
  CHECK(parts[1].begin == 32);
  CHECK(parts[3].layer.geometry.channels == 200 - 128);
  CHECK(parts[3].input == 4 * 2 * 6 * 5);
  check(split, synthetic_inputs(graph, tb::seed()), config);
}

TEST_CASE("split: rows where the layer has many, channels where it has few") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b(tb::seed(), false);
  const auto image = b.input({1, 16, 40, 40});
  const auto early =
      b.add(b.conv(image, 32, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}), b.input({1, 32, 40, 40}));
  const auto wide = b.input({1, 512, 2, 2});
  const auto late = b.conv(wide, 512, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1});
  b.output(early.id);
  b.output(late.id);
  b.output(b.conv(b.input({1, 3, 2, 2}), 5, {1, 1}, {}).id);
  const SplitNetwork split = split_of(b, config, 4);
  REQUIRE(split.steps.size() == 3);
  CHECK(split.steps[0].cut == Cut::kRows);
  CHECK(split.steps[1].cut == Cut::kChannels);
  CHECK(split.steps[2].cut == Cut::kNone);
  CHECK(split.steps[0].parts.size() == 4);
  CHECK(split.steps[0].alone > 3 * split.steps[0].predicted);
  // The memory of the chip is not four times as fast as a subsystem's port, and this layer is
  // mostly weights.
  CHECK(split.steps[1].parts.size() == 4);
  CHECK(split.steps[1].alone > split.steps[1].predicted);
  CHECK(split.steps[2].parts.size() == 1);
  check(split, b.data(), config);

  // What is chosen is the cheapest of what is possible.
  for (const ChipLayer& chip : split.compiled.network.layers) {
    const CutChoice best = choose(chip.layer, config, 4);
    for (const Cut cut : {Cut::kNone, Cut::kRows, Cut::kChannels}) {
      const CutChoice other = try_cut(chip.layer, config, cut, 4);
      if (other.parts.empty()) continue;
      CHECK(best.predicted + kPartClocks * (best.parts.size() - 1) <=
            other.predicted + kPartClocks * (other.parts.size() - 1));
    }
  }
}

TEST_CASE("split: a layer that cannot be cut runs whole") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(tb::seed(), true);
  // One output pixel of one channel block.
  b.output(b.conv(b.input({1, 40, 5, 5}), 60, {5, 5}, {}).id);
  for (const Cut forced : {Cut::kNone, Cut::kRows, Cut::kChannels}) {
    const SplitNetwork split = split_of(b, config, 4, forced);
    REQUIRE(split.steps.size() == 1);
    CHECK(split.steps[0].cut == Cut::kNone);
    CHECK(split.steps[0].parts.size() == 1);
    check(split, b.data(), config);
  }
  const SplitNetwork split = split_of(b, config, 4);
  const Layer& layer = split.compiled.network.layers[0].layer;
  CHECK(cut_layer(layer, Cut::kRows, 4).empty());
  CHECK(cut_layer(layer, Cut::kChannels, 4).empty());
}

TEST_CASE("split: layers that one subsystem computes are a step, their activations stay there") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b(tb::seed(), true);
  const auto small = b.conv(b.conv(b.input({1, 20, 4, 4}), 30, {1, 1}, {}), 20, {1, 1}, {});
  const auto x = b.conv(small, 30, {1, 1}, {});
  // Read by a layer that is cut and by one that is not.
  const graph::ConvGeometry same{{1, 1, 1, 1}, {1, 1}, {1, 1}, 1};
  const auto large = b.conv(b.input({1, 64, 40, 40}), 30, {3, 3}, same);
  b.output(b.add(b.global_average(large), b.global_average(x)).id);
  const SplitNetwork split = split_of(b, config, 4);
  check(split, b.data(), config);
  CHECK(split.alone() > 2 * split.predicted());
  std::set<std::size_t> stored;
  for (const MemoryValue& memory : split.compiled.memory) {
    if (memory.is_output) stored.insert(memory.value);
  }
  std::size_t alone = 0;
  std::size_t layers = 0;
  for (const SplitStep& step : split.steps) {
    layers += step.layers.size();
    if (step.cut == Cut::kNone) {
      ++alone;
      CHECK(step.alone > 0);
      continue;
    }
    CHECK(step.layers.size() == 1);
    CHECK(stored.count(split.compiled.network.layers[step.layers[0]].output) == 1);
  }
  CHECK(layers == split.compiled.network.layers.size());
  CHECK(alone < 4);
  CHECK(stored.size() < layers);
}

TEST_CASE("split: parts that meet are found") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(tb::seed(), true);
  const auto x = b.conv(b.input({2, 70, 9, 9}), 130, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1});
  b.output(b.conv(x, 130, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}).id);
  for (const Cut cut : {Cut::kRows, Cut::kChannels}) {
    const SplitNetwork split = split_of(b, config, 2, cut);
    REQUIRE(split.steps.at(1).cut == cut);
    const SplitStep& step = split.steps[1];
    const auto damaged = [&](auto damage) {
      SplitNetwork copy = split;
      Program& program = copy.compiled.programs[step.parts[1].program].program;
      for (std::size_t c = 0; c < program.commands.size(); ++c) {
        if (damage(program.info[c].engine, program.commands[c])) break;
      }
      return find_conflict(copy, step);
    };
    const auto moved = [](commands::CommandBytes& bytes, std::int64_t by) {
      auto command = commands::DmaCommand::decode(bytes);
      command.mem_addr += static_cast<std::uint64_t>(by);
      bytes = command.encode();
      return true;
    };
    const std::uint64_t output = split.compiled.programs[step.parts[1].program].outputs.front();
    std::uint64_t address = 0;
    for (const MemoryValue& memory : split.compiled.memory) {
      if (memory.value == output) address = memory.region.address;
    }
    // A store one word too early, a load of what the other part writes, a store too few.
    CHECK_THAT(damaged([&](commands::Engine engine, commands::CommandBytes& bytes) {
                 return engine == commands::Engine::kStore && moved(bytes, -64);
               }),
               Catch::Contains("both write"));
    CHECK_THAT(damaged([&](commands::Engine engine, commands::CommandBytes& bytes) {
                 if (engine != commands::Engine::kLoad) return false;
                 auto command = commands::DmaCommand::decode(bytes);
                 command.mem_addr = address;
                 bytes = command.encode();
                 return true;
               }),
               Catch::Contains("which part 0 writes"));
    CHECK_THAT(damaged([&](commands::Engine engine, commands::CommandBytes& bytes) {
                 if (engine != commands::Engine::kStore) return false;
                 auto command = commands::DmaCommand::decode(bytes);
                 command.count0 -= 1;
                 bytes = command.encode();
                 return true;
               }),
               Catch::Contains("do not write just its output"));
  }
}

TEST_CASE("split: a wrong byte is found, with its layer and the part that computed it") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b(tb::seed(), true);
  b.output(b.conv(b.input({1, 64, 16, 16}), 64, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}).id);
  const SplitNetwork split = split_of(b, config, 4, Cut::kRows);
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  settings.run.corrupt_output_byte = 64 * (16 * 9 + 3) + 5;  // row 9
  const SplitReport report = run_split(split, b.data(), config, settings, false);
  CHECK(!report.ok());
  REQUIRE(report.network.comparisons.size() == 1);
  CHECK_THAT(report.network.comparisons[0].first,
             Catch::Contains("c 5, y 9, x 3") && Catch::Contains("on subsystem 2, rows 8 to 12"));
  CHECK(report.steps.at(0).mismatches == 1);
}

TEST_CASE("split: programs of the memory map, and a memory that is too small") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b(tb::seed(), true);
  b.output(b.conv(b.input({1, 64, 16, 16}), 64, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}).id);
  const SplitNetwork split = split_of(b, config, 4, Cut::kRows);
  std::set<std::uint64_t> programs, weights;
  for (const SplitPart& part : split.steps[0].parts) {
    const Program& program = split.compiled.programs[part.program].program;
    programs.insert(program.address);
    for (std::size_t c = 0; c < program.commands.size(); ++c) {
      if (program.info[c].engine != commands::Engine::kWeights) continue;
      weights.insert(commands::WeightsCommand::decode(program.commands[c]).mem_addr);
    }
  }
  CHECK(programs.size() == 4);
  CHECK(!weights.empty());
  // The parts of rows read one copy of the weights.
  CHECK(split.compiled.weights.size() < 2 * (64 * 9 * 64 + 64 * 9 * 64 * 6 / 8 + 64 * 8 + 4096));
  SplitOptions options;
  options.memory_bytes = 1 << 20;
  CHECK_THROWS_WITH(split_network(prepare(b.graph, {}), config, options),
                    Catch::Contains("the chip has 1048576"));
}

}  // namespace
