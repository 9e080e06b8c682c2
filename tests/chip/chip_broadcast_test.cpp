// Mode broadcast: subsystems with the same weights, which are read from memory once for all.
#include <catch2/catch.hpp>
#include <functional>

#include "sim/host/gen/chip_registers.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/memory_map.hpp"
#include "sw/network/network_page.hpp"
#include "sw/network/session.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/network/heads.hpp"
#include "tests/network/random_images.hpp"
#include "tests/support/html.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;
using Tensor = NetworkBuilder::Tensor;

/// Adds a network of so many images to the builder; its weights do not depend on their number.
using Build = std::function<void(NetworkBuilder&, std::int64_t images)>;

void random_images(NetworkBuilder& b, std::int64_t images) { sw::test::random_network(b, images); }

/// Activations take the place of weights between layers that have some.
void product(NetworkBuilder& b, std::int64_t images) {
  const Tensor x = b.input({images, 9, 40});
  const Tensor y = b.product(b.gemm(x, 24), b.transpose(b.gemm_operand(x, 24)));
  b.output(b.gemm(y, 70).id);
}

/// One network, its images shared among the subsystems.
struct Shared {
  graph::Graph graph;  ///< of all images
  std::vector<graph::TensorData> inputs;
  CompileShare compile;
  std::vector<ChipShare> shares;

  Shared(const config::Configuration& config, std::uint64_t seed, std::int64_t images,
         const Build& build = random_images) {
    const auto built = [seed, build](std::int64_t count) {
      NetworkBuilder b(seed, seed % 2 == 0);
      build(b, count);
      return b;
    };
    NetworkBuilder all = built(images);
    graph = all.graph;
    inputs = all.data();
    compile = [&config, built](const std::vector<graph::TensorData>& part,
                               const NetworkPlace& place) {
      return compile_network(prepare(built(part.at(0).shape[0]).graph), config, place);
    };
    shares = broadcast_shares(inputs, config, chip_memory_bytes(config, true), compile);
  }
};

NetworkRunSettings settings_of(const std::string& config, bool ecc = false) {
  NetworkRunSettings settings;
  settings.run.rtl.kind = tb::Kind::kFast;
  settings.run.rtl.memory = ecc ? MemoryKind::kLpddr4Ecc : MemoryKind::kLpddr4;
  settings.run.config_argument = config;
  return settings;
}

void check(const ChipRunReport& report, const Shared& shared) {
  CHECK(report.ok());
  CHECK(report.faults.empty());
  REQUIRE(report.subsystems.size() == shared.shares.size());
  for (std::size_t n = 0; n < report.subsystems.size(); ++n) {
    INFO("subsystem " << n << ": " << report.subsystems[n].error);
    for (const Comparison& c : report.subsystems[n].comparisons) {
      INFO(c.what << ": " << c.first);
      CHECK(c.made);
      CHECK(c.mismatches == 0);
    }
  }
  const std::int64_t images = shared.inputs[0].shape[0];
  CHECK(report.images == static_cast<std::uint64_t>(images));
  CHECK(joined_outputs(report) == graph::evaluate(shared.graph, shared.inputs));
}

/// The same shares with weights read once for all, and by each for itself.
void check_both(const Shared& shared, const config::Configuration& config,
                const NetworkRunSettings& settings, bool backdoor) {
  const ChipRunReport once =
      run_on_chip(ChipMode::kBroadcast, shared.shares, config, settings, backdoor);
  check(once, shared);
  const ChipRunReport apart =
      run_on_chip(ChipMode::kSingle, shared.shares, config, settings, backdoor);
  check(apart, shared);
  CHECK(apart.weight_bytes_asked == apart.weight_bytes_read);
  CHECK(apart.weight_bytes_asked == once.weight_bytes_asked);
  CHECK(once.weight_bytes_read * shared.shares.size() == once.weight_bytes_asked);
  // With error correction, how often check bits are read depends on the order.
  if (settings.run.rtl.memory != MemoryKind::kLpddr4) return;
  const std::uint64_t saved = once.weight_bytes_asked - once.weight_bytes_read;
  CHECK(once.dram_bytes_read + saved == apart.dram_bytes_read);
}

void run_networks(const std::string& name, std::uint64_t count) {
  const config::Configuration config = find_configuration(name);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t seed = tb::seed() * 1000 + i;
    // Full, or with images of the last subsystem missing, or with fewer images than subsystems.
    const std::int64_t images =
        1 + static_cast<std::int64_t>(seed + 2) % (2 * config.num_subsystems + 1);
    INFO(name << ", network " << i << " of seed " << tb::seed() << ", images " << images);
    const Shared shared(config, seed, images);
    check_both(shared, config, settings_of(name, i % 4 == 3), i % 3 == 2);
  }
}

std::string pair() { return tb::root() + "/tests/chip/pair.json"; }

TEST_CASE("chip: random networks, weights read once for two subsystems") {
  run_networks(pair(), tb::full_run() ? 30 : 1);
}

TEST_CASE("chip: random networks, weights read once for four subsystems") {
  if (!tb::full_run()) return;  // a model of minutes
  run_networks("small", 25);
}

TEST_CASE("chip: activations in the place of weights are read by each subsystem for itself") {
  const config::Configuration config = find_configuration(pair());
  const Shared shared(config, tb::seed(), 3, product);
  check_both(shared, config, settings_of(pair()), true);
}

TEST_CASE("chip: embeddings are added on all subsystems, to positions that are constant") {
  const config::Configuration config = find_configuration(pair());
  const Shared shared(config, tb::seed(), 4, [](NetworkBuilder& b, std::int64_t images) {
    const sw::test::Heads h{images, 9, 1, 64};
    b.output(sw::test::encoder_layer(b, sw::test::embeddings(b, h, 64), h).id);
  });
  REQUIRE(shared.shares[0].compiled.programs.size() == 1);
  check_both(shared, config, settings_of(pair()), true);
}

TEST_CASE("chip: every program of a broadcast starts on all subsystems") {
  const config::Configuration config = find_configuration(pair());
  const Shared shared(config, tb::seed(), 4, [](NetworkBuilder& b, std::int64_t images) {
    const Tensor x = b.conv(b.input({images, 3, 8, 8}), 70, {3, 3}, {});
    graph::ConvGeometry wide;
    wide.strides = {5, 5};  // the host's
    b.output(b.gemm(b.flatten(b.conv(x, 6, {1, 1}, wide)), 90).id);
  });
  REQUIRE(shared.shares[0].compiled.programs.size() > 1);
  check_both(shared, config, settings_of(pair()), false);
}

TEST_CASE("chip: a broadcast whose program fails on one subsystem ends on all, by name") {
  const config::Configuration config = find_configuration(pair());
  Shared shared(config, tb::seed(), 2, product);
  NetworkRunSettings settings = settings_of(pair());
  settings.run.watchdog = 20000;
  // What subsystem 1 loads first lies outside of its region.
  for (auto& command : shared.shares[1].compiled.programs[0].program.commands) {
    auto c = commands::DmaCommand::decode(command);
    if (c.opcode != commands::Opcode::kLoad) continue;
    c.mem_addr = 0;
    command = c.encode();
    break;
  }
  const ChipRunReport report =
      run_on_chip(ChipMode::kBroadcast, shared.shares, config, settings, true);
  CHECK(!report.ok());
  CHECK(joined_outputs(report).empty());
  CHECK_THAT(report.subsystems.at(1).error, Catch::Contains("rtl: error MemoryRange in engine"));
  CHECK_THAT(report.subsystems.at(0).error, Catch::Contains("rtl: error Watchdog in engine"));
}

TEST_CASE("chip: a report says what was read once") {
  const config::Configuration config = find_configuration(pair());
  const Shared shared(config, tb::seed(), 3, product);
  const ChipRunReport report =
      run_on_chip(ChipMode::kBroadcast, shared.shares, config, settings_of(pair()), true);
  const nlohmann::json json = to_json(report);
  CHECK(json["mode"] == "broadcast");
  CHECK(json["images"] == 3);
  CHECK(json["repeated_images"] == 1);
  CHECK(json["weight_bytes_asked"] == 2 * json["weight_bytes_read"].get<std::uint64_t>());
  CHECK(json["dram_bytes_read"] > json["weight_bytes_read"]);
  // What was read once counts for the first subsystem; the others read their inputs and commands.
  std::uint64_t read = 0, ring = 0;
  for (const NetworkReport& one : report.subsystems) {
    CHECK(one.on_ring);
    for (const NetworkLayerReport& layer : one.layers) {
      read += layer.bytes.dram_read;
      ring += layer.bytes.ring;
    }
  }
  CHECK(read == report.moved.layers.bytes_read());
  CHECK(ring == report.moved.layers.ring_bytes());
  CHECK(read == report.dram_bytes_read);  // the host used the backdoor
  CHECK(report.moved.host.bytes_read() == 0);
  CHECK(report.moved.layers.link_bytes() == report.moved.measured.link_bytes());
  TrafficReport wrong = report.moved;
  wrong.measured.links[2] += 3;
  wrong.check(true);
  CHECK(wrong.checks[1].mismatches == 3 * 64);
  CHECK_THAT(wrong.checks[1].first, Catch::Contains("lane 0 of station 1"));
  CHECK(tests::first_unbalanced(to_html(report, "net <1>")) == "");
  CHECK_THAT(to_html(report, "net <1>"), Catch::Contains("net &lt;1&gt;") &&
                                             Catch::Contains("<h2>Subsystem 1</h2>") &&
                                             Catch::Contains("all links of the ring"));
  CHECK_THAT(to_text(report), Catch::Contains("once for all; "));
  CHECK_THAT(to_text(report), Catch::Contains("the last one 1 time more"));
}

/// A run by hand, of some of two subsystems.
bool run_some(Chip& chip, const Shared& shared, std::uint32_t subsystems) {
  const RunSettings settings;
  std::vector<std::unique_ptr<NetworkSession>> sessions;
  for (unsigned n = 0; n < 2; ++n) {
    sessions.push_back(std::make_unique<NetworkSession>(
        shared.shares[n].compiled, shared.shares[n].inputs, chip.subsystem(n), settings));
    sessions[n]->load();
    if ((subsystems >> n & 1U) != 0) CHECK(sessions[n]->prepare_program());
  }
  for (unsigned n = 0; n < 2; ++n) {
    if ((subsystems >> n & 1U) != 0) sessions[n]->start_program();
  }
  bool good = true;
  for (std::uint32_t left = subsystems; left != 0;) {
    const std::uint32_t ended = chip.wait_ended({});
    for (unsigned n = 0; n < 2; ++n) {
      if ((ended >> n & 1U) == 0) continue;
      sessions[n]->end_program();
      good = good && !sessions[n]->failed();
    }
    left &= ~ended;
  }
  return good;
}

TEST_CASE("chip: programs end whose joint weights another subsystem never asks for") {
  const config::Configuration config = find_configuration(pair());
  const Shared shared(config, tb::seed(), 2, [](NetworkBuilder& b, std::int64_t images) {
    b.output(b.conv(b.input({images, 3, 4, 4}), 20, {3, 3}, {}).id);
  });
  REQUIRE(shared.shares[0].compiled.programs.size() == 1);
  ChipOptions options;
  options.config_argument = pair();
  options.backdoor = true;
  Chip chip(config, options);
  constexpr std::uint32_t kBoth = 3;
  const Region& weights = shared.shares[0].compiled.weight_region;
  chip.set(0, chip_registers::kPatienceOffset, 16);
  chip.begin_broadcast(kBoth, weights);
  CHECK(run_some(chip, shared, kBoth));
  for (const std::uint32_t alone : {1U, 2U}) {
    INFO("only subsystems " << alone);
    // The lowest one reads without those that do not ask; the others wait for it until the ring
    // gives their reads up.
    CHECK(run_some(chip, shared, alone) == (alone == 1));
    chip.subsystem(alone - 1).reset();
    chip.end_broadcast();
    CHECK(run_some(chip, shared, alone));
    chip.begin_broadcast(kBoth, weights);
    CHECK(run_some(chip, shared, kBoth));
  }
}

TEST_CASE("chip: a broadcast changes only while nothing runs, and of whole KiB") {
  const config::Configuration config = find_configuration(pair());
  const Shared shared(config, tb::seed(), 2, product);
  ChipOptions options;
  options.config_argument = pair();
  options.backdoor = true;
  Chip chip(config, options);
  const Region& weights = shared.shares[0].compiled.weight_region;
  CHECK_THROWS_WITH(chip.begin_broadcast(3, {weights.address + 64, 1024}),
                    Catch::Contains("is not of KiB"));
  CHECK_THROWS_WITH(chip.begin_broadcast(3, {weights.address, 0}),
                    Catch::Contains("is not of KiB"));
  CHECK_THROWS_WITH(chip.begin_broadcast(4, weights), Catch::Contains("there are 2"));
  const RunSettings settings;
  NetworkSession session(shared.shares[0].compiled, shared.shares[0].inputs, chip.subsystem(0),
                         settings);
  session.load();
  REQUIRE(session.prepare_program());
  session.start_program();
  CHECK_THROWS_WITH(chip.begin_broadcast(3, weights), Catch::Contains("while subsystem 0 runs"));
  CHECK(chip.wait_ended({}) == 1);
  session.end_program();
  CHECK(!session.failed());
  chip.begin_broadcast(3, weights);
  CHECK(chip.get(0, chip_registers::kBroadcastFirstOffset) == weights.address / 1024);
  CHECK(chip.get(0, chip_registers::kBroadcastLastOffset) ==
        (weights.address + weights.size) / 1024 - 1);
  CHECK(chip.get(0, chip_registers::kBroadcastStationsOffset) == 3);
  chip.end_broadcast();
  CHECK(chip.get(0, chip_registers::kBroadcastStationsOffset) == 0);
}

TEST_CASE("chip: shares of mode broadcast have the same weights at the same place") {
  const config::Configuration config = find_configuration("small");
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  for (const std::int64_t images : {1, 3, 4, 5, 9, 12}) {
    for (std::uint64_t i = 0; i < 6; ++i) {
      INFO("network " << i << " of seed " << tb::seed() << ", images " << images);
      const Shared shared(config, tb::seed() * 100 + i, images, i == 0 ? product : random_images);
      const std::int64_t each = (images + 3) / 4;
      REQUIRE(shared.shares.size() == static_cast<std::size_t>((images + each - 1) / each));
      std::uint64_t end = 0;
      std::vector<graph::TensorData> parts;
      for (const ChipShare& share : shared.shares) {
        const CompiledNetwork& c = share.compiled;
        CHECK(c.place.base >= end);
        end = memory_end(c);
        CHECK(share.inputs[0].shape[0] == each);
        CHECK(share.repeated ==
              (&share == &shared.shares.back()
                   ? each * static_cast<std::int64_t>(shared.shares.size()) - images
                   : 0));
        const auto own = each - share.repeated;
        parts.push_back(graph::slice_rows(share.inputs[0], 0, own));
        for (std::int64_t r = 0; r < share.repeated; ++r) {
          CHECK(graph::slice_rows(share.inputs[0], own + r, 1) ==
                graph::slice_rows(share.inputs[0], own - 1, 1));
        }
        CHECK(run_network(c, share.inputs, config, settings).ok());
      }
      CHECK(graph::join_rows(parts) == shared.inputs[0]);
    }
  }
}

TEST_CASE("chip: shares with weights of their own are not read once for all") {
  const config::Configuration config = find_configuration("small");
  const std::uint64_t memory = chip_memory_bytes(config, false);
  const Shared shared(config, tb::seed(), 4, product);
  const auto single = single_shares(shared.inputs, config, memory, shared.compile);
  CHECK_THROWS_WITH(require_same_weights(single), Catch::Contains("at other addresses"));
  auto shares = shared.shares;
  shares[2].compiled.weights[0] ^= 1;
  CHECK_THROWS_WITH(require_same_weights(shares), Catch::Contains("subsystem 2 has other weights"));
  shares = shared.shares;
  for (auto& command : shares[1].compiled.programs[0].program.commands) {
    auto c = commands::WeightsCommand::decode(command);
    if (c.opcode != commands::Opcode::kWeights || c.dense == 0) continue;
    c.from_local = 0;
    c.mem_addr = shares[0].compiled.weight_region.address;
    command = c.encode();
  }
  CHECK_THROWS_WITH(require_same_weights(shares), Catch::Contains("activations among them"));
  shares = shared.shares;
  for (auto& command : shares[3].compiled.programs[0].program.commands) {
    auto c = commands::WeightsCommand::decode(command);
    if (c.opcode != commands::Opcode::kWeights || c.dense != 0) continue;
    c.mem_addr += 64;
    command = c.encode();
    break;
  }
  CHECK_THROWS_WITH(require_same_weights(shares), Catch::Contains("other reads of weights"));
}

TEST_CASE("chip: weights whose place lies in the network are refused") {
  const config::Configuration config = find_configuration("small");
  NetworkBuilder b(1, true);
  b.output(b.conv(b.input({1, 3, 4, 4}), 5, {1, 1}, {}).id);
  const Network network = prepare(b.graph);
  CHECK_THROWS_WITH(compile_network(network, config, {kNetworkBase, kNetworkBase + 4096}),
                    Catch::Contains("lies in that of the network"));
  const CompiledNetwork low = compile_network(network, config, {kNetworkBase, 0});
  CHECK(low.read_region.address == 0);
  const CompiledNetwork high = compile_network(network, config, {kNetworkBase, 2 * kNetworkBase});
  CHECK(memory_end(high) >= high.weight_region.address + high.weight_region.size);
}

}  // namespace
