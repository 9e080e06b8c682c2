// Networks whose layers are computed by all subsystems of the chip together.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

#include "sw/driver/configuration.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/network_page.hpp"
#include "sw/network/split_run.hpp"
#include "sw/zoo/synthetic.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/network/attention.hpp"
#include "tests/network/random_images.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;

NetworkRunSettings settings_of(const std::string& config, bool ecc = false) {
  NetworkRunSettings settings;
  settings.run.rtl.kind = tb::Kind::kFast;
  settings.run.rtl.memory = ecc ? MemoryKind::kLpddr4Ecc : MemoryKind::kLpddr4;
  settings.run.config_argument = config;
  return settings;
}

/// Two subsystems, otherwise `tiny`.
std::string pair_path() { return tb::root() + "/tests/chip/pair.json"; }

void check(const SplitReport& report, const NetworkBuilder& b,
           const std::vector<graph::TensorData>& data) {
  INFO(report.network.error);
  for (const Comparison& c : report.network.comparisons) {
    INFO(c.what << ": " << c.first);
    CHECK(c.made);
    CHECK(c.mismatches == 0);
  }
  CHECK(report.network.comparisons.size() == 3);
  CHECK(report.faults.empty());
  for (const Comparison& c : report.moved.checks) {
    INFO(c.what << ": " << c.first);
    CHECK(c.made);
    CHECK(c.mismatches == 0);
  }
  CHECK(report.moved.checks.size() == 2);
  std::uint64_t read = 0;
  for (const NetworkLayerReport& layer : report.network.layers) read += layer.bytes.dram_read;
  CHECK(read == report.moved.layers.bytes_read());
  CHECK_THAT(to_html(report, "net"), Catch::Contains("Steps") && Catch::Contains("over ring"));
  CHECK(report.ok());
  CHECK(report.network.outputs == graph::evaluate(b.graph, data));
  REQUIRE(report.cycles.has_value());
  std::uint64_t sum = 0;
  for (const SplitStepReport& step : report.steps) {
    REQUIRE(step.cycles.has_value());
    sum += *step.cycles;
    for (const SplitPartReport& part : step.parts) {
      REQUIRE(part.cycles.has_value());
      CHECK(*part.cycles > 0);
      CHECK(*part.cycles < *step.cycles);
    }
  }
  CHECK(sum == *report.cycles);
  CHECK(sum < report.total_cycles);
}

TEST_CASE("chip split: two subsystems compute every layer together") {
  const config::Configuration config = find_configuration(pair_path());
  NetworkBuilder b(tb::seed(), true);
  // Rows, channels, a sum, a pool, and a product at the end.
  const auto x = b.conv(b.input({3, 8, 14, 14}), 70, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1});
  const auto y = b.conv(x, 70, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}, 0.2);
  const auto z = b.max_pool(b.add(y, x));
  b.output(b.gemm(b.flatten(b.global_average(z)), 130).id);
  for (const Cut forced : {Cut::kRows, Cut::kChannels, Cut::kImages, Cut::kNone}) {
    INFO(cut_name(forced));
    SplitOptions options;
    options.forced = forced;
    options.images = true;
    options.memory_bytes = chip_memory_bytes(config, true);
    if (forced == Cut::kRows) options.base = options.memory_bytes / 2 / 4096 * 4096;
    const SplitNetwork split = split_network(prepare(b.graph, {}), config, options);
    std::map<Cut, int> cuts;
    for (const SplitStep& step : split.steps) ++cuts[step.cut];
    if (forced != Cut::kNone) CHECK(cuts[forced] > 1);
    bool joint = false;
    for (const SplitStep& step : split.steps) joint = joint || step.joint.size != 0;
    if (forced == Cut::kRows) CHECK(joint);
    const auto data = b.data();
    const SplitReport report =
        run_split(split, data, config, settings_of(pair_path(), forced == Cut::kChannels),
                  forced == Cut::kRows);
    check(report, b, data);
    // Every subsystem has a process in the trace, with as many programs as it had parts.
    std::map<int, std::size_t> programs;
    const nlohmann::json trace = to_trace(report);
    for (const nlohmann::json& event : trace.at("traceEvents")) {
      if (event["ph"] == "X" && event["tid"] == 0) ++programs[event["pid"].get<int>()];
    }
    std::map<int, std::size_t> parts;
    for (const SplitStep& step : split.steps) {
      for (const SplitPart& part : step.parts) ++parts[static_cast<int>(part.subsystem) + 1];
    }
    CHECK(programs == parts);
  }
}

TEST_CASE("chip split: rows of tokens on both subsystems") {
  const config::Configuration config = find_configuration(pair_path());
  for (std::uint64_t i = 0; i < (tb::full_run() ? 10 : 1); ++i) {
    INFO("block " << i << " of seed " << tb::seed());
    NetworkBuilder b(tb::seed() * 100 + i, i % 2 == 0);
    sw::test::attention(b, b.pick(1, 2), b.pick(5, 20), b.pick(65, 140));
    SplitOptions options;
    options.forced = Cut::kRows;
    const SplitNetwork split = split_network(prepare(b.graph, {}), config, options);
    for (const SplitStep& step : split.steps) CHECK(step.cut == Cut::kRows);
    const SplitReport report = run_split(split, b.data(), config, settings_of(pair_path()), true);
    for (const Comparison& c : report.network.comparisons) {
      INFO(c.what << ": " << c.first);
      CHECK(c.made);
      CHECK(c.mismatches == 0);
    }
    INFO(report.network.error);
    CHECK(report.network.comparisons.size() == 4);  // rows of softmax and LayerNorm by their bound
    CHECK(report.ok());
  }
}

TEST_CASE("chip split: a part that ends with an error ends the run, and a wrong byte is found") {
  const config::Configuration config = find_configuration(pair_path());
  NetworkBuilder b(tb::seed(), true);
  b.output(b.conv(b.input({1, 8, 10, 10}), 20, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}).id);
  SplitOptions options;
  options.forced = Cut::kRows;
  SplitNetwork split = split_network(prepare(b.graph, {}), config, options);
  NetworkRunSettings settings = settings_of(pair_path());
  settings.run.corrupt_output_byte = 64 * 57;  // row 5, of the second part
  const SplitReport wrong = run_split(split, b.data(), config, settings, true);
  CHECK(!wrong.ok());
  CHECK(wrong.steps.at(0).mismatches > 0);
  CHECK_THAT(wrong.network.comparisons.at(0).first,
             Catch::Contains("y 5, x 7") && Catch::Contains("subsystem 1, rows 5 to 10"));

  // A store outside of what the part may write; the other part ends well.
  SplitPart& part = split.steps.at(0).parts.at(1);
  part.write_region = {part.write_region.address + part.write_region.size, 4096};
  settings.run.corrupt_output_byte.reset();
  const SplitReport failed = run_split(split, b.data(), config, settings, true);
  CHECK(!failed.ok());
  CHECK(!failed.cycles.has_value());
  CHECK_THAT(failed.network.error,
             Catch::Contains("MemoryRange") && Catch::Contains("on subsystem 1"));
}

TEST_CASE("chip split: random networks, four subsystems together") {
  if (!tb::full_run()) return;  // a model of minutes
  const config::Configuration config = find_configuration("small");
  for (std::uint64_t i = 0; i < 25; ++i) {
    INFO("network " << i << " of seed " << tb::seed());
    NetworkBuilder b(tb::seed() * 1000 + i, i % 2 == 0);
    sw::test::random_network(b);
    SplitOptions options;
    options.forced = std::array{Cut::kNone, Cut::kRows, Cut::kChannels, Cut::kImages}[i % 4];
    options.images = true;
    options.memory_bytes = chip_memory_bytes(config, true);
    if (i % 2 == 1) options.base = options.memory_bytes / 2 / 4096 * 4096;
    const SplitNetwork split = split_network(prepare(b.graph, {}), config, options);
    const auto data = b.data();
    check(run_split(split, data, config, settings_of("small", i % 4 == 3), i % 3 == 2), b, data);
  }
}

/// What docs/blocks/chip.md says of a known network.
TEST_CASE("chip split: ResNet-50 of small images", "[.split]") {
  const config::Configuration config = find_configuration("small");
  const SyntheticOptions synthetic;
  NetworkOptions options;
  options.pixel_group = config.pixels_per_quadrant;
  const Network network = prepare(synthetic_resnet50(synthetic, 96, 2), options);
  const auto data = synthetic_inputs(network.graph, 1);
  const SplitReport split =
      run_split(split_network(network, config), data, config, settings_of("small"), true);
  fmt::print("{}", to_text(split));
  CHECK(split.ok());
  std::vector<ChipShare> alone(1);
  alone[0].compiled = compile_network(network, config);
  alone[0].inputs = data;
  const ChipRunReport one =
      run_on_chip(ChipMode::kSingle, alone, config, settings_of("small"), true);
  CHECK(one.ok());
  REQUIRE(one.subsystems.at(0).cycles.has_value());
  REQUIRE(split.cycles.has_value());
  fmt::print("one subsystem: {} clocks, split {}\n", *one.subsystems[0].cycles, *split.cycles);
  CHECK(2 * *one.subsystems[0].cycles > 3 * *split.cycles);
}

}  // namespace
