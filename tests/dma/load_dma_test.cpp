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

/// Random boxes, four at a time in four windows of the local buffer. Every word must be there when
/// its command is done, and nothing else may be written.
std::string run_boxes(unsigned boxes, double stall, bool reorder, unsigned latency,
                      const tb::ModelOptions& model_options = {}) {
  Harness h("load_dma", "tiny", options_with(stall, reorder, latency), model_options);
  Random random(10 + boxes + latency);
  CommandPort commands(h.model(), "", random);
  LoadSide local(h.model(), random);
  h.add(commands);
  h.add(local);
  commands.window = 4;
  commands.gap = local.stall = stall;
  const auto window = static_cast<std::uint32_t>(local.words.size() / 4);
  std::vector<commands::DmaCommand> list;
  std::uint64_t words = 0;
  for (unsigned i = 0; i < boxes; ++i) {
    list.push_back(random_box(random, i % 4 * window, window));
    for_each_word(list.back(), [&](std::uint64_t addr, std::uint64_t) {
      h.contents.write(addr, random.word());
      ++words;
    });
    commands.push(list.back().encode());
  }
  std::string error;
  const Word blank{};
  commands.on_start = [&](std::uint64_t k) {
    for (std::uint32_t i = 0; i < window; ++i) local.words[k % 4 * window + i] = blank;
  };
  commands.on_done = [&](std::uint64_t k) {
    std::vector<bool> expected(window);
    for_each_word(list[k], [&](std::uint64_t addr, std::uint64_t at) {
      expected[at - k % 4 * window] = true;
      if (local.words[at] != read_word(h.contents, addr) && error.empty()) {
        error = "command " + std::to_string(k) + " local word " + std::to_string(at);
      }
    });
    for (std::uint32_t i = 0; i < window; ++i) {
      if (!expected[i] && local.words[k % 4 * window + i] != blank && error.empty()) {
        error = "command " + std::to_string(k) + " wrote outside its box";
      }
    }
  };
  try {
    h.run_until([&] { return commands.idle() || !error.empty(); }, 2000000);
  } catch (const std::exception& problem) {
    return problem.what();
  }
  if (error.empty() && local.written != words) error = "words written more than once";
  if (error.empty() && commands.error) error = "error_valid_o";
  return error;
}

}  // namespace

TEST_CASE("load DMA: random boxes, stalls on every handshake, responses in any order") {
  const unsigned boxes = tb::full_run() ? 1000 : 80;
  CHECK(run_boxes(boxes, 0, false, 100) == "");
  CHECK(run_boxes(boxes, 0, true, 100) == "");
  CHECK(run_boxes(boxes, 0.3, true, 20) == "");
  CHECK(run_boxes(boxes, 0.8, true, 3) == "");
  CHECK(run_boxes(boxes, 0.5, false, 1) == "");
}

TEST_CASE("load DMA: the test catches seeded bugs") {
  const auto run = [&](const char* name, const char* file, const char* find, const char* replace) {
    return run_boxes(60, 0.3, true, 20,
                     seeded_bug(std::string("rtl/dma/") + file, name, find, replace));
  };
  CHECK_THAT(run("load_tag", "slot_allocator.sv", "assign free    = ~reserved_q;",
                 "assign free    = ~(reserved_q >> 1);"),
             Catch::Contains("in use already") || Catch::Contains("ReturnsUsedSlot"));
  CHECK(run("load_local", "load_dma.sv", "slot_local[rsp_slot] + LocalBits'(1);",
            "slot_local[rsp_slot] + LocalBits'(2);") != "");
  if (!tb::full_run()) return;  // each takes a model of its own
  CHECK(run("load_done", "load_dma.sv", ".retire_i(drain && word_last_q)",
            ".retire_i(take && rsp_i.last)") != "");
  CHECK_THAT(run("load_held", "load_dma.sv",
                 "beats_fit && !flush_i &&\n                       (!req_valid_q || req_ready_i);",
                 "beats_fit && !flush_i;"),
             Catch::Contains("RequestHeld") || Catch::Contains("payload changed"));
  CHECK(run("tracker_order", "command_tracker.sv", "issued_q[oldest_q] && drained[oldest_q] &&",
            "drained[oldest_q] &&") != "");
}

TEST_CASE("load DMA: 64 B per clock on contiguous rows, over command ends") {
  for (const char* config : {"tiny", "s4"}) {
    Harness h("load_dma", config, options_with(0, false));
    Random random(20);
    CommandPort commands(h.model(), "", random);
    LoadSide local(h.model(), random);
    h.add(commands);
    h.add(local);
    for (unsigned i = 0; i < 8; ++i) commands.push(row(0x40000 * i, 0, 1000).encode());
    h.run_until([&] { return commands.idle(); }, 20000);
    CHECK(local.written == 8000);
    const double rate = static_cast<double>(local.written) / double(local.last - local.first + 1);
    INFO(config << " words per clock " << rate);
    CHECK(rate >= 0.97);
    // Request after two clocks, 100 clocks of memory, one clock of register.
    CHECK(local.first == 103);
  }
}

TEST_CASE("load DMA: short rows keep all slots in flight") {
  for (const auto& [config, slots] : {std::pair("tiny", 16u), std::pair("s4", 64u)}) {
    for (const unsigned words : {1u, 4u}) {
      Harness h("load_dma", config, options_with(0, false));
      Random random(21);
      CommandPort commands(h.model(), "", random);
      LoadSide local(h.model(), random);
      h.add(commands);
      h.add(local);
      auto box = row(0, 0, words);
      box.count1 = 200;
      box.mem_stride1 = 4096;
      box.local_stride1 = words;
      for (unsigned i = 0; i < 10; ++i) commands.push(box.encode());
      h.run_until([&] { return commands.idle(); }, 100000);
      CHECK(h.memory().statistics().max_in_flight == slots);
      const double rate = static_cast<double>(local.written) / double(local.last - local.first + 1);
      INFO(config << " rows of " << words << ": words per clock " << rate);
      CHECK(rate >= std::min(0.95, 0.95 * slots * words / 106));
    }
  }
}

TEST_CASE("load DMA: an error stops its command only when it is the oldest") {
  for (unsigned bad = 0; bad < 6; ++bad) {
    Harness h("load_dma", "tiny", options_with(0.2, true, 30));
    Random random(30 + bad);
    CommandPort commands(h.model(), "", random);
    LoadSide local(h.model(), random);
    h.add(commands);
    h.add(local);
    for (unsigned i = 0; i < 6; ++i) commands.push(row(0x10000 * i, 0, 40).encode());
    h.memory().inject_error(
        0x10000 * bad + 64 * random.below(40),
        bad % 2 == 0 ? memory_port::ResponseError::kData : memory_port::ResponseError::kDecode);
    h.run_until([&] { return commands.error; }, 5000);
    CHECK(commands.done == bad);
    CHECK(commands.error_code == static_cast<unsigned>(commands::Error::kMemoryResponse));
    for (unsigned i = 0; i < 500; ++i) h.step();
    CHECK(commands.done == bad);
    CHECK(h.model().port("error_valid_o").get() == 1);
    CHECK(h.memory().idle());
  }
}

TEST_CASE("load DMA: flush stops requests and drains, and reset makes it ready again") {
  for (unsigned at = 5; at < 200; at += 13) {
    Harness h("load_dma", "tiny", options_with(0.3, true, 30));
    Random random(40 + at);
    CommandPort commands(h.model(), "", random);
    LoadSide local(h.model(), random);
    h.add(commands);
    h.add(local);
    local.stall = 0.3;
    for (unsigned i = 0; i < 6; ++i) commands.push(row(0x10000 * i, 0, 200).encode());
    for (unsigned i = 0; i < at; ++i) h.step();
    h.model().port("flush_i").set(1);
    const std::uint64_t requests = h.memory().statistics().requests;
    const std::uint64_t started = commands.started;
    h.run_until([&] { return h.memory().idle() && h.model().port("req_valid_o").get() == 0; },
                3000);
    for (unsigned i = 0; i < 50; ++i) h.step();
    CHECK(h.memory().statistics().requests <= requests + 1);
    CHECK(commands.started == started);
    CHECK(h.memory().idle());
    h.model().port("flush_i").set(0);
    commands.clear();
    h.model().port("cmd_valid_i").set(0);
    h.model().reset();
    commands.started = commands.done = 0;
    const Word word = random.word();
    h.contents.write(0x77000, word);
    commands.push(row(0x77000, 3, 1).encode());
    h.run_until([&] { return commands.done == 1; }, 1000);
    CHECK(local.words[3] == word);
  }
}

TEST_CASE("load DMA: counters and the interface that is waited on") {
  Harness h("load_dma", "tiny", options_with(0, false));
  Random random(50);
  CommandPort commands(h.model(), "", random);
  LoadSide local(h.model(), random);
  h.add(commands);
  h.add(local);
  commands.push(row(0, 0, 100).encode());
  std::uint64_t busy = 0, words = 0, stall_memory = 0, stall_local = 0, waits = 0;
  for (unsigned i = 0; i < 400; ++i) {
    local.stall = i >= 150 && i < 170 ? 1 : 0;
    h.step();
    busy += h.model().port("load_busy_o").get();
    words += h.model().port("load_words_o").get();
    stall_memory += h.model().port("load_stall_memory_o").get();
    stall_local += h.model().port("load_stall_local_o").get();
    if (i == 60) waits = h.model().port("waiting_o").get();
    if (i == 160) CHECK(h.model().port("waiting_o").get() == 8);
    if (i == 165) CHECK(h.model().port("progress_o").get() == 0);
  }
  CHECK(waits == 4);
  CHECK(commands.done == 1);
  CHECK(words == 100);
  CHECK(stall_local == 20);
  CHECK(busy > 220);
  CHECK(busy < 240);
  CHECK(stall_memory > 95);
  CHECK(stall_memory < 110);
}
