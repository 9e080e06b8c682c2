// Bytes that layers move and keep, and their check against what was counted.
#include <catch2/catch.hpp>

#include "sw/network/layer_traffic.hpp"
#include "sw/network/local_peak.hpp"
#include "sw/network/traffic_check.hpp"
#include "tb/seed.hpp"
#include "tests/network/random_images.hpp"
#include "tests/network/run_network.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;

commands::CommandBytes copy(commands::Opcode opcode, std::uint32_t local, std::uint32_t words) {
  commands::DmaCommand c;
  c.opcode = opcode;
  c.local_addr = local;
  c.count0 = words;
  c.count1 = c.count2 = c.count3 = 1;
  return c.encode();
}

commands::CommandBytes pool(std::uint32_t in, std::uint32_t out, std::uint32_t words) {
  commands::SpuCommand c;
  c.in_addr = in;
  c.in_width = static_cast<std::uint16_t>(words);
  c.in_height = c.images = c.in_blocks = 1;
  c.out_addr = out;
  c.pixels = words;
  c.out_channels = 64;
  return c.encode();
}

void add(Program& program, const commands::CommandBytes& bytes, std::uint16_t layer) {
  program.commands.push_back(bytes);
  program.info.push_back({commands::Engine::kSequencer, "", layer, {}});
}

/// Bytes of all layers.
std::uint64_t sum(const NetworkReport& report, std::uint64_t LayerBytes::*member) {
  std::uint64_t total = 0;
  for (const NetworkLayerReport& layer : report.layers) total += layer.bytes.*member;
  return total;
}

std::uint64_t counted(const NetworkReport& report, counters::Counter counter) {
  std::uint64_t total = 0;
  for (const DeviceRun& run : report.runs) {
    if (run.device == "rtl") total += run.result.counter(counter);
  }
  return total;
}

}  // namespace

TEST_CASE("local buffer: a word is in use until its last reader") {
  Program program;
  add(program, copy(commands::Opcode::kLoad, 0, 10), 0);
  add(program, pool(0, 20, 10), 0);  // 20 words
  add(program, pool(20, 0, 5), 1);   // half of these, over what layer 0 has read: 10
  add(program, copy(commands::Opcode::kStore, 0, 5), 1);
  add(program, copy(commands::Opcode::kLoad, 40, 3), 2);  // never read
  add(program, commands::EndCommand{}.encode(), 3);
  CHECK(local_peaks(program, 4, 64) == std::vector<std::uint64_t>{20 * 64, 10 * 64, 3 * 64, 0});
}

TEST_CASE("local buffer: a result in the place of its input counts once") {
  Program program;
  add(program, copy(commands::Opcode::kLoad, 0, 8), 0);
  add(program, pool(0, 0, 8), 1);
  add(program, copy(commands::Opcode::kStore, 0, 8), 1);
  CHECK(local_peaks(program, 2, 64) == std::vector<std::uint64_t>{8 * 64, 8 * 64});
}

TEST_CASE("traffic: layers of random networks move what the RTL counts") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 40 : 6); ++i) {
    NetworkBuilder b(tb::seed() * 100 + i, i % 2 == 0);
    sw::test::random_network(b);
    NetworkOptions options;
    options.store_all = i % 3 == 0;
    const NetworkReport report = sw::test::run(b, b.data(), "tiny", Backend::kAll, options);
    sw::test::check(report, "network " + std::to_string(i));
    using counters::Counter;
    CHECK(sum(report, &LayerBytes::dram_read) ==
          64 * (counted(report, Counter::kFetchWords) + counted(report, Counter::kLoadWords) +
                counted(report, Counter::kWeightsWords)));
    CHECK(sum(report, &LayerBytes::dram_written) == 64 * counted(report, Counter::kStoreWords));
    CHECK(sum(report, &LayerBytes::ring) == 0);
    for (const NetworkLayerReport& layer : report.layers) {
      CHECK(layer.bytes.local_peak > 0);
      CHECK(layer.bytes.local_peak <= 64 * sw::test::configuration("tiny").local_words);
    }
  }
}

TEST_CASE("traffic: a wrong count of the RTL is found and named") {
  NetworkBuilder b(tb::seed(), true);
  b.output(b.conv(b.input({1, 3, 4, 4}), 20, {3, 3}, {}).id);
  const CompiledNetwork compiled =
      compile_network(prepare(b.graph), sw::test::configuration("tiny"));
  std::vector<DeviceRun> runs = sw::test::run(b, b.data(), "tiny", Backend::kRtl).runs;
  CHECK(all_hold({check_counters(compiled, runs)}));
  for (DeviceRun& run : runs) {
    if (run.device == "rtl") ++run.result.counters[static_cast<int>(counters::Counter::kLoadWords)];
  }
  const Comparison wrong = check_counters(compiled, runs);
  CHECK(wrong.made);
  CHECK(wrong.mismatches == 64);
  CHECK_THAT(wrong.first, Catch::Contains("words loaded: "));
  runs.clear();
  CHECK(!check_counters(compiled, runs).made);
}

TEST_CASE("traffic: wrong bursts and beats are found and named") {
  TrafficReport report;
  report.layers.channels = {{10, 4}, {20, 6}};
  report.layers.links = {5, 0, 0, 7};
  report.host.channels = {{0, 8}, {2, 0}};
  report.host.links = {0, 1, 0, 0};
  report.measured.channels = {{10, 12}, {22, 6}};
  report.measured.links = {5, 1, 0, 7};
  report.merged = {0, 1};
  report.check(true);
  CHECK(report.checks.size() == 2);
  CHECK(all_hold(report.checks));
  SECTION("a program that failed proves nothing") {
    report.check(false);
    CHECK(!all_hold(report.checks));
  }
  SECTION("a burst too many") {
    ++report.measured.channels[1].reads;
    report.check(true);
    CHECK(report.checks[0].mismatches == 32);
    CHECK_THAT(report.checks[0].first,
               Catch::EndsWith("channel 1, bursts read: 23 counted, expected 22"));
  }
  SECTION("writes that were merged may be missing, others not") {
    report.measured.channels[1].writes = 4;
    report.check(true);
    CHECK(all_hold(report.checks));
    report.measured.channels[0].writes = 11;
    report.check(true);
    CHECK(report.checks[0].mismatches == 32);
    CHECK_THAT(report.checks[0].first, Catch::Contains("channel 0, bursts written: 11 counted"));
  }
  SECTION("with error correction there may be more, but not less") {
    report.ecc = true;
    report.measured.channels = {{15, 14}, {24, 9}};
    report.check(true);
    CHECK(all_hold(report.checks));
    report.measured.channels[0].reads = 9;
    report.check(true);
    CHECK(report.checks[0].mismatches == 32);
  }
  SECTION("a beat that was not counted") {
    --report.measured.links[3];
    report.check(true);
    CHECK(report.checks[1].mismatches == 64);
    CHECK_THAT(report.checks[1].first,
               Catch::EndsWith("lane 1 of station 1: 6 counted, expected 7"));
    CHECK_THAT(to_text(report), Catch::Contains("64 BYTES DIFFER"));
    CHECK(to_json(report)["checks"][1]["mismatches"] == 64);
  }
}
