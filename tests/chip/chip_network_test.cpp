// Networks on the whole chip through the driver: every subsystem its own, all at the same time.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "sim/config/configuration_loader.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/memory_map.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/network/random_images.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;

/// Another random network for every subsystem, one behind the other in memory.
struct Networks {
  std::vector<graph::Graph> graphs;
  std::vector<ChipShare> shares;

  Networks(const config::Configuration& config, std::uint64_t seed, std::uint64_t base) {
    for (unsigned n = 0; n < config.num_subsystems; ++n) {
      NetworkBuilder b(seed * 16 + n, n % 2 == 0);
      sw::test::random_network(b);
      NetworkOptions options;
      options.store_all = b.chance(2);
      ChipShare share;
      share.compiled = compile_network(prepare(b.graph, options), config, {base});
      share.inputs = b.data();
      base = memory_end(share.compiled);
      graphs.push_back(b.graph);
      shares.push_back(std::move(share));
    }
  }
};

NetworkRunSettings settings_of(bool ecc = false) {
  NetworkRunSettings settings;
  settings.run.rtl.kind = tb::Kind::kFast;
  settings.run.rtl.memory = ecc ? MemoryKind::kLpddr4Ecc : MemoryKind::kLpddr4;
  return settings;
}

void check(const ChipRunReport& report, const Networks& networks) {
  CHECK(report.ok());
  CHECK(report.faults.empty());
  REQUIRE(report.subsystems.size() == networks.shares.size());
  for (std::size_t n = 0; n < networks.shares.size(); ++n) {
    const NetworkReport& r = report.subsystems[n];
    INFO("subsystem " << n << ": " << r.error);
    for (const Comparison& c : r.comparisons) {
      INFO(c.what << ": " << c.first);
      CHECK(c.made);
      CHECK(c.mismatches == 0);
    }
    CHECK(r.outputs == graph::evaluate(networks.graphs[n], networks.shares[n].inputs));
    REQUIRE(r.cycles.has_value());
    CHECK(*r.cycles > 0);
    CHECK(*r.cycles < report.cycles);
  }
}

void run_networks(const std::string& name, std::uint64_t count) {
  const config::Configuration config = sim::load_configuration(tb::root(), name);
  const std::uint64_t memory = chip_memory_bytes(config, true);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t seed = tb::seed() * 1000 + i;
    INFO(name << ", networks " << i << " of seed " << tb::seed());
    // Also high in memory.
    const Networks networks(config, seed, i % 2 == 0 ? kNetworkBase : memory / 2 / 4096 * 4096);
    const bool backdoor = i % 3 == 2, ecc = i % 4 == 3;
    check(run_on_chip(ChipMode::kSingle, networks.shares, config, settings_of(ecc), backdoor),
          networks);
  }
}

TEST_CASE("chip: random networks through the driver") {
  run_networks("tiny", tb::full_run() ? 30 : 2);
}

TEST_CASE("chip: random networks, four subsystems at the same time") {
  if (!tb::full_run()) return;  // a model of minutes
  run_networks("small", 25);
}

TEST_CASE("chip: a wrong byte of a result is found, with its subsystem's layer") {
  const config::Configuration config = sim::load_configuration(tb::root(), "tiny");
  const Networks networks(config, tb::seed(), kNetworkBase);
  NetworkRunSettings settings = settings_of();
  settings.run.corrupt_output_byte = 0;
  const ChipRunReport report =
      run_on_chip(ChipMode::kSingle, networks.shares, config, settings, true);
  CHECK(!report.ok());
  CHECK(report.subsystems.at(0).mismatches() > 0);
}

TEST_CASE("chip: the trace has every engine and the traffic of every channel and link") {
  const config::Configuration config = sim::load_configuration(tb::root(), "tiny");
  const Networks networks(config, tb::seed(), kNetworkBase);
  const ChipRunReport report =
      run_on_chip(ChipMode::kSingle, networks.shares, config, settings_of(), false);
  std::map<std::string, double> bytes;
  std::size_t slices = 0;
  const nlohmann::json trace = to_trace(report);
  for (const nlohmann::json& event : trace.at("traceEvents")) {
    if (event["ph"] == "X") ++slices;
    if (event["ph"] != "C") continue;
    bytes[event["name"]] += event["args"]["bytes per clock"].get<double>() * kTrafficClocks;
  }
  CHECK(slices > report.subsystems[0].runs.size());
  const std::vector<std::uint64_t>& links = report.moved.measured.links;
  REQUIRE(bytes.size() == report.dram.channels.size() + links.size());
  REQUIRE(links.size() == 4);
  for (std::size_t l = 0; l < links.size(); ++l) {
    // Of two stations each is the other's neighbour on both lanes.
    const std::string name = "lane " + std::to_string(l % 2) + ", station " +
                             std::to_string(l / 2) + " to " + std::to_string(1 - l / 2);
    const auto beats = static_cast<std::uint64_t>(std::lround(bytes.at(name) / kBeatBytes));
    CHECK(beats == report.traffic.back().beats.at(l) - report.traffic.front().beats.at(l));
    CHECK(beats >= links[l]);  // the host has read the results since
  }
  for (std::size_t c = 0; c < report.dram.channels.size(); ++c) {
    // The devices' own count, but for what came behind the last sample.
    const auto& counts = report.dram.channels[c];
    const double due = 32.0 * static_cast<double>(counts.reads + counts.writes);
    const double got = bytes["channel " + std::to_string(c)];
    CHECK(got <= due);
    CHECK(got >= due - 32.0 * kTrafficClocks);
  }
}

TEST_CASE("chip: images are shared among subsystems") {
  const config::Configuration config = sim::load_configuration(tb::root(), "small");
  const auto compile = [&](const std::vector<graph::TensorData>& inputs,
                           const NetworkPlace& place) {
    NetworkBuilder b(1, true);
    b.output(b.conv(b.input(inputs.at(0).shape), 5, {1, 1}, {}).id);
    return compile_network(prepare(b.graph, {}), config, place);
  };
  for (const std::int64_t batch : {1, 3, 4, 9}) {
    graph::TensorData images(graph::DataType::kUint8, {batch, 3, 2, 2});
    for (std::size_t i = 0; i < images.get<std::uint8_t>().size(); ++i) {
      images.get<std::uint8_t>()[i] = static_cast<std::uint8_t>(i);
    }
    const auto shares = single_shares({images}, config, chip_memory_bytes(config, false), compile);
    CHECK(shares.size() == static_cast<std::size_t>(std::min<std::int64_t>(batch, 4)));
    std::vector<graph::TensorData> parts;
    std::uint64_t end = 0;
    for (const ChipShare& share : shares) {
      CHECK(share.compiled.read_region.address >= end);
      end = memory_end(share.compiled);
      parts.push_back(share.inputs.at(0));
    }
    CHECK(graph::join_rows(parts) == images);
    CHECK(parts.front().shape[0] - parts.back().shape[0] <= 1);
  }
  const graph::TensorData two(graph::DataType::kUint8, {2, 3, 2, 2});
  const graph::TensorData three(graph::DataType::kUint8, {3, 3, 2, 2});
  CHECK_THROWS_WITH(single_shares({two, three}, config, 1 << 30, compile),
                    Catch::Contains("[3,3,2,2] is not 2"));
  CHECK_THROWS_WITH(single_shares({two}, config, 4096, compile),
                    Catch::Contains("the chip has 4096"));
}

}  // namespace
