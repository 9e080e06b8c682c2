// Batches one behind the other on the chip: each judged by itself, and whose clocks they are.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "sw/driver/configuration.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/split_run.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/network/heads.hpp"
#include "tests/network/random_images.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;
using Inputs = std::vector<graph::TensorData>;

std::string pair() { return tb::root() + "/tests/chip/pair.json"; }

NetworkRunSettings settings() {
  NetworkRunSettings settings;
  settings.run.rtl.memory = MemoryKind::kLpddr4;
  settings.run.config_argument = pair();
  return settings;
}

/// Two convolutions of so many images.
graph::Graph network(std::int64_t images) {
  NetworkBuilder b(tb::seed(), true);
  const auto x =
      b.conv(b.input({images, 8, 12, 12}), 70, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1});
  b.output(b.conv(x, 40, {1, 1}, {}).id);
  return b.graph;
}

Inputs images_of(std::int64_t images, std::uint64_t seed) {
  graph::TensorData data(graph::DataType::kUint8, {images, 8, 12, 12});
  std::mt19937_64 random(tb::seed() * 100 + seed);
  for (std::uint8_t& byte : data.get<std::uint8_t>()) byte = static_cast<std::uint8_t>(random());
  return {data};
}

struct Batches {
  config::Configuration config = find_configuration(pair());
  std::vector<Inputs> inputs;
  std::vector<ChipShare> shares;
  std::vector<std::vector<Inputs>> more;

  Batches(std::int64_t images, std::size_t count) {
    for (std::size_t b = 0; b < count; ++b) inputs.push_back(images_of(images, b));
    const CompileShare compile = [&](const Inputs& part, const NetworkPlace& place) {
      return compile_network(prepare(network(part.at(0).shape[0])), config, place);
    };
    shares = broadcast_shares(inputs[0], config, chip_memory_bytes(config, false), compile);
    for (std::size_t b = 1; b < count; ++b) more.push_back(share_inputs(shares, inputs[b]));
  }
  [[nodiscard]] ChipRunReport run(const NetworkRunSettings& with, bool backdoor) const {
    return run_on_chip(ChipMode::kBroadcast, shares, config, with, backdoor, more);
  }
};

void check_held(const std::vector<Comparison>& comparisons) {
  for (const Comparison& c : comparisons) {
    INFO(c.what << ": " << c.first);
    CHECK(c.made);
    CHECK(c.mismatches == 0);
  }
}

TEST_CASE("chip batches: the programs run once more for every batch, with its inputs") {
  constexpr std::size_t kBatches = 3;
  const Batches batches(3, kBatches);  // the last image once more for subsystem 1
  CHECK(batches.shares.at(1).repeated == 1);
  CHECK(share_inputs(batches.shares, batches.inputs[0]).at(1) == batches.shares[1].inputs);
  for (const bool backdoor : {true, false}) {
    INFO((backdoor ? "backdoor" : "AXI4"));
    const ChipRunReport report = batches.run(settings(), backdoor);
    CHECK(report.ok());
    check_held(report.moved.checks);  // of all batches together
    REQUIRE(report.batches.size() == kBatches);
    CHECK(joined_outputs(report) == graph::evaluate(network(3), batches.inputs.back()));
    CHECK(joined_outputs(report) != graph::evaluate(network(3), batches.inputs.front()));
    CHECK(report.cycles == report.batches.back().cycles);
    const std::uint64_t program = *report.subsystems[0].cycles;
    for (const ChipBatch& batch : report.batches) {
      CHECK(batch.mismatches == 0);
      CHECK(batch.cycles > program);
      // Registers of two subsystems, and over AXI4 images of 1,152 bytes each, in DRAM's words.
      CHECK(batch.cycles < program + (backdoor ? 1600 : 6000));
      if (backdoor) CHECK(batch.dram_bytes == report.batches.front().dram_bytes);
    }
    // Weights are read again for each.
    CHECK(report.batches.back().dram_bytes > report.sections.weights + report.sections.parameters);
  }
}

TEST_CASE("chip batches: a program runs the first layers of the next batch") {
  const config::Configuration config = find_configuration(pair());
  const auto made = [](std::int64_t images) {
    NetworkBuilder b(tb::seed(), true);
    const sw::test::Heads h{images, 9, 2, 64};
    const auto x = b.layer_norm(b.input({images, h.tokens, 128}));
    b.output(sw::test::encoder_layer(b, x, h).id);
    return b;
  };
  for (const bool prefetch : {true, false}) {
    const CompileShare compile = [&](const Inputs& part, const NetworkPlace& place) {
      NetworkOptions options;
      options.prefetch = prefetch;
      return compile_network(prepare(made(part.at(0).shape[0]).graph, options), config, place);
    };
    std::vector<Inputs> inputs(3, made(4).data());
    for (std::size_t b = 1; b < inputs.size(); ++b) {
      for (graph::TensorData& data : inputs[b]) {
        auto& bytes = data.get<std::uint8_t>();
        std::rotate(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(7 * b), bytes.end());
      }
    }
    const std::vector<ChipShare> shares =
        broadcast_shares(inputs[0], config, chip_memory_bytes(config, false), compile);
    REQUIRE(shares[0].compiled.programs.size() == (prefetch ? 2 : 1));
    const std::vector<std::vector<Inputs>> more{share_inputs(shares, inputs[1]),
                                                share_inputs(shares, inputs[2])};
    for (const bool backdoor : {true, false}) {
      const ChipRunReport report =
          run_on_chip(ChipMode::kBroadcast, shares, config, settings(), backdoor, more);
      INFO(to_text(report));
      CHECK(report.ok());
      check_held(report.moved.checks);
      REQUIRE(report.batches.size() == 3);
      CHECK(joined_outputs(report) == graph::evaluate(made(4).graph, inputs[2]));
      if (prefetch) CHECK(report.batches[1].cycles < report.batches[0].cycles);
    }
  }
}

TEST_CASE("chip batches: alone, one takes what it takes as the first of several") {
  const Batches one(2, 1), two(2, 2);
  const ChipRunReport alone = one.run(settings(), true), first = two.run(settings(), true);
  REQUIRE(alone.batches.size() == 1);
  REQUIRE(first.batches.size() == 2);
  CHECK(alone.cycles == first.batches[0].cycles);
  CHECK(alone.batches[0].dram_bytes == first.batches[0].dram_bytes);
}

TEST_CASE("chip batches: split over both subsystems") {
  const config::Configuration config = find_configuration(pair());
  const SplitNetwork split = split_network(prepare(network(2)), config);
  const Inputs first = images_of(2, 0), last = images_of(2, 1);
  const SplitReport report = run_split(split, first, config, settings(), true, {last});
  CHECK(report.ok());
  check_held(report.moved.checks);
  REQUIRE(report.batches.size() == 2);
  CHECK(report.network.outputs == graph::evaluate(network(2), last));
  CHECK(report.total_cycles == report.batches.back().cycles);
  for (const ChipBatch& batch : report.batches) CHECK(batch.cycles > *report.cycles);
}

TEST_CASE("chip batches: a wrong byte says which batch it is of, and an error ends the run") {
  const Batches batches(2, 2);
  NetworkRunSettings wrong = settings();
  wrong.run.corrupt_output_byte = 0;
  const ChipRunReport report = batches.run(wrong, true);
  CHECK(!report.ok());
  REQUIRE(report.batches.size() == 2);
  CHECK(report.batches[0].mismatches > 0);
  CHECK(report.batches[1].mismatches > 0);
  std::uint64_t sum = 0;
  for (const NetworkReport& r : report.subsystems) sum += r.mismatches();
  CHECK(sum == report.batches[0].mismatches + report.batches[1].mismatches);
  CHECK_THAT(report.subsystems[0].comparisons[0].first, Catch::StartsWith("batch 1: "));

  // A program that reads where it may not.
  Batches bad(2, 3);
  for (ChipShare& share : bad.shares) share.compiled.read_region.size = 4096;
  const ChipRunReport failed = bad.run(settings(), true);
  CHECK(!failed.ok());
  CHECK(failed.batches.size() == 1);
  CHECK_THAT(failed.subsystems[0].error, Catch::StartsWith("batch 1: "));
}

/// As the judge leaves it: three comparisons, a layer.
NetworkReport judged(std::uint64_t mismatches, bool made = true) {
  NetworkReport report;
  for (const char* what : {"rtl = functional", "rtl = reference", "functional = reference"}) {
    report.comparisons.push_back({what, made, 0, ""});
  }
  report.comparisons[1].mismatches = mismatches;
  if (mismatches != 0) report.comparisons[1].first = "conv, output (n 0, c 1)";
  report.counts.push_back({"bytes", true, 0, ""});
  report.layers.resize(1);
  report.layers[0].mismatches = mismatches;
  return report;
}

TEST_CASE("chip batches: what is wrong with an earlier batch stays wrong") {
  NetworkReport good = judged(0);
  add_batches(good, judged(0));
  CHECK(good.ok());

  NetworkReport earlier = judged(3), later = judged(0);
  name_batch(earlier, {0, 2, 0});
  name_batch(later, {1, 2, 0});
  add_batches(later, earlier);
  CHECK(!later.ok());
  CHECK(later.mismatches() == 3);
  CHECK(later.layers[0].mismatches == 3);
  CHECK(later.comparisons[1].first == "batch 1: conv, output (n 0, c 1)");

  NetworkReport after_unmade = judged(0);
  add_batches(after_unmade, judged(0, false));
  CHECK(!after_unmade.ok());

  NetworkReport after_error = judged(0), error = judged(0);
  error.error = "rtl: error";
  name_batch(error, {0, 2, 0});
  add_batches(after_error, error);
  CHECK(!after_error.ok());
  CHECK(after_error.error == "batch 1: rtl: error");

  NetworkReport uncounted = judged(0), after_uncounted = judged(0);
  uncounted.counts.clear();
  add_batches(after_uncounted, uncounted);
  CHECK(!after_uncounted.ok());
}

}  // namespace
