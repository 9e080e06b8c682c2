#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/dma/dma_harness.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

tb::IdealMemoryOptions options_with(double stall, bool reorder, unsigned latency = 100) {
  tb::IdealMemoryOptions options;
  options.latency = latency;
  options.stall_request = options.stall_response = stall;
  options.reorder = reorder;
  options.prefix = "";
  return options;
}

commands::WeightsCommand weights(std::uint64_t addr, unsigned param, unsigned index, unsigned value,
                                 unsigned count) {
  commands::WeightsCommand c;
  c.mem_addr = addr;
  c.param_words = static_cast<std::uint16_t>(param);
  c.index_words = index;
  c.value_words = value;
  c.count = static_cast<std::uint16_t>(count);
  return c;
}

/// Random commands, sections of no words among them; the stream must be the pieces in order.
std::string run_random(unsigned commands_count, double stall, bool reorder, unsigned latency,
                       const tb::ModelOptions& model_options = {}) {
  Harness h("weight_dma", "tiny", options_with(stall, reorder, latency), model_options);
  Random random(210 + commands_count + latency);
  CommandPort commands(h.model(), "", random);
  WeightSide side(h.model(), random);
  h.add(commands);
  h.add(side);
  commands.gap = side.stall = stall;
  std::vector<std::uint64_t> ends;  // words up to the end of each command
  for (unsigned i = 0; i < commands_count; ++i) {
    commands::WeightsCommand c;
    do {
      c = weights(0, random.chance(0.5) ? 0 : static_cast<unsigned>(random.below(5)),
                  static_cast<unsigned>(3 * random.below(random.chance(0.5) ? 2 : 15)),
                  static_cast<unsigned>(4 * random.below(random.chance(0.5) ? 2 : 20)),
                  static_cast<unsigned>(random.between(1, random.chance(0.5) ? 1 : 9)));
    } while (c.param_words + c.index_words + c.value_words == 0);
    const std::uint64_t words =
        std::uint64_t{c.param_words + c.index_words + c.value_words} * c.count;
    c.mem_addr = random.chance(0.05) ? sim::kAddressSpace - 64 * words
                                     : (std::uint64_t{i} << 24) + 64 * random.below(1000);
    if (c.mem_addr + 64 * words == sim::kAddressSpace && i > 0) c.mem_addr -= 65536 * i;
    expect_weights(c, h.contents, random, side);
    ends.push_back(side.expected.size());
    commands.push(c.encode());
  }
  std::string error;
  commands.on_done = [&](std::uint64_t k) {
    if (side.taken < ends[k] && error.empty()) error = "done too early";
    if (k + 1 < ends.size() && side.taken >= ends[k + 1] && error.empty()) error = "done too late";
  };
  try {
    h.run_until([&] { return commands.idle() || !error.empty(); }, 2000000);
  } catch (const std::exception& problem) {
    return problem.what();
  }
  if (error.empty() && !side.expected.empty()) error = "words are missing";
  if (error.empty() && commands.error) error = "error_valid_o";
  return error;
}

}  // namespace

TEST_CASE("weight DMA: random pieces, stalls on every handshake, responses in any order") {
  const unsigned count = tb::full_run() ? 1000 : 80;
  CHECK(run_random(count, 0, false, 100) == "");
  CHECK(run_random(count, 0, true, 100) == "");
  CHECK(run_random(count, 0.3, true, 20) == "");
  CHECK(run_random(count, 0.8, true, 3) == "");
  CHECK(run_random(count, 0.5, false, 1) == "");
}

TEST_CASE("weight DMA: the test catches seeded bugs") {
  const auto run = [&](const char* name, const char* file, const char* find, const char* replace) {
    return run_random(60, 0.3, true, 20,
                      seeded_bug(std::string("rtl/dma/") + file, name, find, replace));
  };
  CHECK_THAT(run("weight_order", "weight_dma.sv", "assign word_there = used_q != '0 && ",
                 "assign word_there = used_q != '0 || "),
             Catch::Contains("wt:") || Catch::Contains("assertion"));
  CHECK(run("weight_section", "weight_sections.sv",
            "else if (!start && section_q != SectionValue && value_words_q != '0)",
            "else if (!start && section_q != SectionValue)") != "");
  if (!tb::full_run()) return;  // each takes a model of its own
  CHECK(run("weight_full", "weight_dma.sv", "burst_valid && !used_q[SlotBits] &&",
            "burst_valid &&") != "");
  CHECK(run("weight_length", "weight_requests.sv", "if (count_q[0]) total_q",
            "if (count_q[0] || total_q == '0) total_q") != "");
}

TEST_CASE("weight DMA: 64 B per clock, over sections, pieces and command ends") {
  for (const char* config : {"tiny", "s4"}) {
    for (const unsigned words : {400u, 4u}) {
      Harness h("weight_dma", config, options_with(0, false));
      Random random(220);
      CommandPort commands(h.model(), "", random);
      WeightSide side(h.model(), random);
      h.add(commands);
      h.add(side);
      for (unsigned i = 0; i < 6; ++i) {
        const auto c = weights(0x100000 * i + 64 * 3, i % 2, 3, words, 4000 / (words + 3));
        expect_weights(c, h.contents, random, side);
        commands.push(c.encode());
      }
      h.run_until([&] { return commands.idle(); }, 60000);
      CHECK(side.expected.empty());
      const double rate = static_cast<double>(side.taken) / double(side.last - side.first + 1);
      INFO(config << " pieces of " << words << ": words per clock " << rate);
      CHECK(rate >= 0.97);
    }
  }
}

TEST_CASE("weight DMA: first word after the latency of memory and four clocks") {
  Harness h("weight_dma", "tiny", options_with(0, false));
  Random random(225);
  CommandPort commands(h.model(), "", random);
  WeightSide side(h.model(), random);
  h.add(commands);
  h.add(side);
  const auto c = weights(0, 0, 3, 4, 1);
  expect_weights(c, h.contents, random, side);
  commands.push(c.encode());
  h.run_until([&] { return side.taken > 0; }, 200);
  // Accepted at 0, length ready at 2, burst at 3, request at 4, response at 104, out at 106.
  CHECK(side.first == 106);
}

TEST_CASE("weight DMA: an error ends the stream in the burst that failed, before its word") {
  for (unsigned bad = 0; bad < 6; ++bad) {
    Harness h("weight_dma", "tiny", options_with(0.2, true, 30));
    Random random(230 + bad);
    CommandPort commands(h.model(), "", random);
    WeightSide side(h.model(), random);
    h.add(commands);
    h.add(side);
    for (unsigned i = 0; i < 6; ++i) {
      const auto c = weights(0x10000 * i, 1, 6, 20, 2);
      expect_weights(c, h.contents, random, side);
      commands.push(c.encode());
    }
    const std::uint64_t at = random.below(54);
    h.memory().inject_error(0x10000 * bad + 64 * at, memory_port::ResponseError::kData);
    h.run_until([&] { return commands.error; }, 5000);
    CHECK(commands.done == bad);
    CHECK(commands.error_code == static_cast<unsigned>(commands::Error::kMemoryResponse));
    // Words of the burst that left before the failure arrived are good.
    const std::uint64_t taken = side.taken;
    CHECK(taken >= 54 * bad + at / 16 * 16);
    CHECK(taken <= 54 * bad + at);
    for (unsigned i = 0; i < 500; ++i) h.step();
    CHECK(commands.done == bad);
    CHECK(side.taken == taken);
    CHECK(h.memory().idle());
  }
}

TEST_CASE("weight DMA: flush stops requests and drains even while the buffers are full") {
  for (unsigned at = 5; at < 200; at += 13) {
    Harness h("weight_dma", "tiny", options_with(0.3, true, 30));
    Random random(240 + at);
    CommandPort commands(h.model(), "", random);
    WeightSide side(h.model(), random);
    h.add(commands);
    h.add(side);
    side.stall = at % 2 == 0 ? 1 : 0.3;
    for (unsigned i = 0; i < 6; ++i) {
      const auto c = weights(0x10000 * i, 0, 30, 40, 2);
      expect_weights(c, h.contents, random, side);
      commands.push(c.encode());
    }
    for (unsigned i = 0; i < at; ++i) h.step();
    h.model().port("flush_i").set(1);
    const std::uint64_t requests = h.memory().statistics().requests;
    h.run_until([&] { return h.memory().idle() && h.model().port("req_valid_o").get() == 0; },
                3000);
    for (unsigned i = 0; i < 50; ++i) h.step();
    CHECK(h.memory().statistics().requests <= requests + 1);
    CHECK(h.memory().idle());
  }
}
