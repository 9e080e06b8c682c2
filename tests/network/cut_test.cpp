// Parts of networks: what a cut computes from the reference's values is what the whole computes.
#include <catch2/catch.hpp>

#include <map>

#include "random_images.hpp"
#include "run_network.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/cut.hpp"
#include "sw/network/layer_jobs.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::check;
using sw::test::configuration;
using sw::test::NetworkBuilder;

/// Every value of the graph, by the name of its tensor.
std::map<std::string, graph::TensorData> values_of(const graph::Graph& graph,
                                                   const std::vector<graph::TensorData>& inputs) {
  std::map<std::string, graph::TensorData> values;
  (void)graph::evaluate(graph, inputs, [&](graph::TensorId id, graph::TensorData& data) {
    values[graph.at(id).name] = data;
  });
  return values;
}

/// A chain with a residual and a function behind a layer.
void fixed_network(NetworkBuilder& b) {
  graph::ConvGeometry same;
  same.pads = {1, 1, 1, 1};
  const auto x = b.input({2, 8, 5, 5});
  const auto y = b.conv(x, 8, {3, 3}, same);
  const auto z = b.function(b.conv(y, 8, {3, 3}, same));
  b.output(b.conv(b.add(b.conv(z, 8, {3, 3}, same), y), 4, {1, 1}, {}).id);
}

TEST_CASE("cuts: random ranges of random networks") {
  const config::Configuration config = configuration("tiny");
  for (std::uint64_t i = 0; i < (tb::full_run() ? 300U : 30U); ++i) {
    NetworkBuilder b(tb::seed() * 1000 + 700 + i, i % 2 == 0);
    sw::test::random_network(b);
    const auto inputs = b.data();
    const Network network = prepare(b.graph);
    const auto values = values_of(network.graph, inputs);
    std::vector<LayerRange> ranges;
    for (int r = 0; r < 3; ++r) {
      const auto last =
          static_cast<std::size_t>(b.pick(0, static_cast<std::int64_t>(network.layers.size()) - 1));
      ranges.push_back(
          {static_cast<std::size_t>(b.pick(0, static_cast<std::int64_t>(last))), last});
    }
    for (const NetworkCut& cut : cut_network(network, inputs, ranges)) {
      INFO("network " << i << ", layers " << cut.range.first << " to " << cut.range.last);
      NetworkRunSettings settings;
      settings.run.backend = Backend::kFunctional;
      const NetworkReport report =
          run_network(compile_network(prepare(cut.graph, network.options), config), cut.inputs,
                      config, settings);
      check(report, "cut");
      CHECK(report.layers.size() >= cut.range.last - cut.range.first + 1);
      for (std::size_t o = 0; o < report.outputs.size(); ++o) {
        INFO(report.output_names[o]);
        CHECK(report.outputs[o] == values.at(report.output_names[o]));
      }
    }
  }
}

TEST_CASE("cuts: names, numbers, and what they cannot be") {
  NetworkBuilder b(5, true);
  fixed_network(b);
  const Network network = prepare(b.graph);
  REQUIRE(network.layers.size() == 4);
  CHECK(find_layer(network, network.layers[2].layer.name) == 2);
  CHECK(find_layer(network, "3") == 3);
  CHECK_THROWS_WITH(find_layer(network, "4"), Catch::Contains("a number from 0 to 3"));
  CHECK_THROWS_WITH(find_layer(network, "nix"), Catch::Contains("no layer 'nix'"));
  CHECK_THROWS_WITH(cut_network(network, b.data(), {{2, 1}}),
                    Catch::Contains("the first one comes behind"));
  Network twice = network;
  twice.layers[1].layer.name = twice.layers[2].layer.name = "same";
  CHECK_THROWS_WITH(find_layer(twice, "same"), Catch::Contains("give a number, as 1"));
}

TEST_CASE("cuts: layers one by one in processes, on the RTL") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(5, true);
  fixed_network(b);
  const Network network = prepare(b.graph);
  std::vector<NetworkCut> cuts =
      cut_network(network, b.data(), {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {1, 3}});
  NetworkRunSettings settings;
  std::size_t told = 0;
  const auto tell = [&](const LayerCheck&) { ++told; };
  auto checks = check_layers(cuts, network.options, config, settings, 2, tell);
  CHECK(told == cuts.size());
  for (std::size_t i = 0; i < checks.size(); ++i) {
    INFO("cut " << i << ": " << checks[i].first);
    CHECK(checks[i].ok);
    CHECK(checks[i].layer == cuts[i].range.first);
    CHECK(checks[i].cycles.value_or(0) > checks[i].ideal_cycles);
  }
  SECTION("a wrong byte is told of") {
    settings.run.corrupt_output_byte = 0;
    checks = check_layers(cuts, network.options, config, settings, 3, tell);
    for (const LayerCheck& wrong : checks) {
      CHECK(!wrong.ok);
      CHECK(wrong.mismatches > 0);
      CHECK(wrong.first.find("expected") != std::string::npos);
    }
  }
  SECTION("what cannot run is told of") {
    cuts[1].inputs.clear();
    checks = check_layers(cuts, network.options, config, settings, 2, tell);
    CHECK(!checks[1].ok);
    CHECK(checks[1].first.find("inputs") != std::string::npos);
    CHECK(checks[2].ok);
  }
}

}  // namespace
