#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/dma/dma_harness.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

tb::IdealMemoryOptions options_with(double stall, bool reorder, unsigned latency = 100) {
  tb::IdealMemoryOptions options;
  options.latency = latency;
  options.stall_request = options.stall_write = options.stall_response = stall;
  options.reorder = reorder;
  options.prefix = "";
  return options;
}

/// Random boxes from all over the local buffer; every word must be in memory, and every write
/// acknowledged, when its command is done; nothing else may be written.
std::string run_boxes(unsigned boxes, double stall, bool reorder, unsigned latency,
                      const tb::ModelOptions& model_options = {}) {
  Harness h("store_dma", "tiny", options_with(stall, reorder, latency), model_options);
  Random random(110 + boxes + latency);
  CommandPort commands(h.model(), "", random);
  StoreSide local(h.model(), random);
  h.add(commands);
  h.add(local);
  commands.gap = local.stall = stall;
  for (Word& word : local.words) word = random.word();
  std::vector<commands::DmaCommand> list;
  std::uint64_t words = 0;
  // Memory of different commands never overlaps: each has its own range of addresses.
  const std::uint64_t range = sim::kAddressSpace / boxes / 1024 * 1024;
  while (list.size() < boxes) {
    auto box = random_box(random, 0, static_cast<std::uint32_t>(local.words.size()));
    const std::uint64_t bytes = std::uint64_t{box.mem_stride3} * box.count3;
    if (bytes > range) continue;
    box.opcode = commands::Opcode::kStore;
    box.mem_addr = range * list.size() + 64 * random.below((range - bytes) / 64 + 1);
    words += words_of(box);
    commands.push(box.encode());
    list.push_back(box);
  }
  std::string error;
  std::uint64_t bursts_acknowledged = 0;
  commands.on_done = [&](std::uint64_t k) {
    for_each_word(list[k], [&](std::uint64_t addr, std::uint64_t at) {
      if (local.words[at] != read_word(h.contents, addr) && error.empty()) {
        error = "command " + std::to_string(k) + " address " + std::to_string(addr);
      }
    });
    bursts_acknowledged = h.memory().statistics().acknowledges;
  };
  try {
    h.run_until([&] { return commands.idle() || !error.empty(); }, 4000000);
  } catch (const std::exception& problem) {
    return problem.what();
  }
  if (error.empty() && h.memory().statistics().write_beats != words) error = "too many words";
  if (error.empty() && bursts_acknowledged != h.memory().statistics().requests) {
    error = "done before the last acknowledge";
  }
  if (error.empty() && commands.error) error = "error_valid_o";
  return error;
}

}  // namespace

TEST_CASE("store DMA: random boxes, stalls on every handshake, acknowledges in any order") {
  const unsigned boxes = tb::full_run() ? 600 : 50;
  CHECK(run_boxes(boxes, 0, false, 100) == "");
  CHECK(run_boxes(boxes, 0, true, 100) == "");
  CHECK(run_boxes(boxes, 0.3, true, 20) == "");
  CHECK(run_boxes(boxes, 0.8, true, 3) == "");
  CHECK(run_boxes(boxes, 0.5, false, 1) == "");
}

TEST_CASE("store DMA: the test catches seeded bugs") {
  const auto run = [&](const char* name, const char* find, const char* replace) {
    return run_boxes(30, 0.3, true, 20, seeded_bug("rtl/dma/store_dma.sv", name, find, replace));
  };
  CHECK_THAT(run("store_last", "if (read) arriving_last_q <= read_last;",
                 "if (read) arriving_last_q <= read_left_q == 4'd1;"),
             Catch::Contains("wdata_o.last"));
  CHECK(run("store_room", "reserved_q != ReservedBits'(DataDepth);",
            "reserved_q <= ReservedBits'(DataDepth);") != "");
  if (!tb::full_run()) return;  // each takes a model of its own
  CHECK(run("store_retire", ".retire_i(ack)", ".retire_i(write && data_last)") != "");
  CHECK_THAT(run("store_cross", "req_d.len   = burst_len;", "req_d.len   = burst_len + 4'd1;"),
             Catch::Contains("cross a 1024 B boundary") || Catch::Contains("wdata_o.last"));
}

TEST_CASE("store DMA: 64 B per clock on contiguous rows, over command ends") {
  for (const char* config : {"tiny", "s4"}) {
    Harness h("store_dma", config, options_with(0, false));
    Random random(120);
    CommandPort commands(h.model(), "", random);
    StoreSide local(h.model(), random);
    h.add(commands);
    h.add(local);
    for (unsigned i = 0; i < 8; ++i) commands.push(row(0x40000 * i, 0, 1000).encode());
    h.run_until([&] { return h.memory().statistics().write_beats > 0; }, 100);
    const std::uint64_t first = h.cycle();
    CHECK(first <= 8);
    h.run_until([&] { return h.memory().statistics().write_beats == 8000; }, 20000);
    const double rate = 7999.0 / double(h.cycle() - first);
    INFO(config << " words per clock " << rate);
    CHECK(rate >= 0.96);
    h.run_until([&] { return commands.idle(); }, 110);
  }
}

TEST_CASE("store DMA: an error stops its command only when it is the oldest") {
  for (unsigned bad = 0; bad < 6; ++bad) {
    Harness h("store_dma", "tiny", options_with(0.2, true, 30));
    Random random(130 + bad);
    CommandPort commands(h.model(), "", random);
    StoreSide local(h.model(), random);
    h.add(commands);
    h.add(local);
    for (unsigned i = 0; i < 6; ++i) commands.push(row(0x10000 * i, 0, 40).encode());
    h.memory().inject_error(0x10000 * bad + 64 * random.below(40),
                            memory_port::ResponseError::kDecode);
    h.run_until([&] { return commands.error; }, 5000);
    CHECK(commands.done == bad);
    CHECK(commands.error_code == static_cast<unsigned>(commands::Error::kMemoryResponse));
    for (unsigned i = 0; i < 500; ++i) h.step();
    CHECK(commands.done == bad);
    CHECK(h.memory().idle());
  }
}

TEST_CASE("store DMA: flush completes the burst that was begun and begins no other") {
  for (unsigned at = 5; at < 200; at += 7) {
    Harness h("store_dma", "tiny", options_with(0.3, true, 30));
    Random random(140 + at);
    CommandPort commands(h.model(), "", random);
    StoreSide local(h.model(), random);
    h.add(commands);
    h.add(local);
    local.stall = 0.3;
    for (unsigned i = 0; i < 6; ++i) commands.push(row(0x10000 * i, 0, 200).encode());
    for (unsigned i = 0; i < at; ++i) h.step();
    h.model().port("flush_i").set(1);
    const std::uint64_t requests = h.memory().statistics().requests;
    h.run_until([&] { return h.memory().idle() && h.model().port("req_valid_o").get() == 0; },
                3000);
    for (unsigned i = 0; i < 50; ++i) h.step();
    CHECK(h.memory().statistics().requests <= requests + 1);
    CHECK(h.memory().idle());
    CHECK(h.model().port("wdata_valid_o").get() == 0);
    CHECK(h.model().port("st_valid_o").get() == 0);
    CHECK(h.memory().statistics().write_beats == local.reads);
  }
}
