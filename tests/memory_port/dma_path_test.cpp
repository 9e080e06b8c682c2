// The DMA engines of a subsystem together, behind the client mux; words of the weight DMA from the
// local buffer among them.
#include <catch2/catch.hpp>

#include "sim/dma/dense_operand.hpp"
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

struct Path : Harness {
  Path(const char* config, tb::IdealMemoryOptions options, std::uint64_t salt,
       const tb::ModelOptions& model_options = {})
      : Harness("dma_engines", config, std::move(options), model_options),
        random(salt),
        load(model(), "load_", random),
        weight(model(), "weights_", random),
        store(model(), "store_", random),
        load_side(model(), random),
        weight_side(model(), random),
        store_side(model(), random) {
    for (Part* part : std::initializer_list<Part*>{&load, &weight, &store, &load_side, &weight_side,
                                                   &store_side}) {
      add(*part);
    }
    for (Word& word : store_side.words) word = random.word();
    model().port("engine_rst_ni").set(1);
  }
  /// Words of the local buffer as an operand, and the rows that come of them.
  void push_operand(const commands::WeightsCommand& c) {
    std::vector<std::uint8_t> words;
    for (std::uint32_t w = 0; w < c.value_words; ++w) {
      const Word& word = store_side.words[c.local_addr + w];
      words.insert(words.end(), word.begin(), word.end());
    }
    const auto rows = sim::dense_rows(c, words);
    for (std::size_t at = 0; at < rows.size(); at += 64) {
      Word word;
      std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(at), 64, word.begin());
      weight_side.expected.push_back({word, 2});
    }
    weight.push(c.encode());
  }
  bool idle() const { return load.idle() && weight.idle() && store.idle(); }

  Random random;
  CommandPort load, weight, store;
  LoadSide load_side;
  WeightSide weight_side;
  StoreSide store_side;
};

commands::WeightsCommand operand(std::uint32_t at, std::uint32_t words, unsigned lanes,
                                 bool transposed) {
  commands::WeightsCommand c;
  c.from_local = 1;
  c.local_addr = at;
  c.value_words = words;
  c.count = 1;
  c.dense = 1;
  c.lanes = static_cast<std::uint8_t>(lanes);
  c.transposed = transposed ? 1 : 0;
  c.end_row = 65535;
  return c;
}

/// Weights from memory and operands from the local buffer in turns, stores that read it at the same
/// time; the stream and what was stored must be right.
std::string run_operands(unsigned round, const tb::ModelOptions& model_options = {}) {
  const double stall = round % 3 * 0.25;
  Path p("tiny", options_with(stall, round % 2 == 0, 5 + 30 * (round % 3)), 360 + round,
         model_options);
  p.weight_side.stall = p.store_side.stall = stall;
  const auto local_words = static_cast<std::uint32_t>(p.store_side.words.size());
  std::vector<commands::DmaCommand> stores;
  for (unsigned i = 0; i < 30; ++i) {
    const unsigned lanes = static_cast<unsigned>(p.random.below(2));
    const bool transposed = p.random.chance(0.5);
    const std::uint32_t unit = transposed ? 8U << lanes : 64;
    const std::uint32_t words = unit * static_cast<std::uint32_t>(p.random.between(1, 2));
    auto c = operand(
        static_cast<std::uint32_t>(p.random.chance(0.2) ? local_words - words
                                                        : p.random.below(local_words - words)),
        words, lanes, transposed);
    if (!transposed) c.slice = static_cast<std::uint8_t>(p.random.below(8U >> lanes));
    c.first_row = static_cast<std::uint16_t>(p.random.below(9));
    p.push_operand(c);
    if (p.random.chance(0.6)) {
      const auto w = weights((200 + std::uint64_t{i}) << 24, i % 3,
                             static_cast<unsigned>(3 * p.random.below(9)),
                             static_cast<unsigned>(4 + 4 * p.random.below(9)), 1 + i % 2);
      expect_weights(w, p.contents, p.random, p.weight_side);
      p.weight.push(w.encode());
    }
    stores.push_back(row((std::uint64_t{i} << 20) + 64 * p.random.below(99),
                         static_cast<std::uint32_t>(p.random.below(local_words - 60)),
                         static_cast<std::uint32_t>(p.random.between(1, 60))));
    p.store.push(stores.back().encode());
  }
  try {
    // Rows of the last operand leave after its command is done.
    p.run_until([&] { return p.idle() && p.weight_side.expected.empty(); }, 60000);
  } catch (const std::exception& error) {
    return error.what();
  }
  unsigned wrong = 0;
  for (const commands::DmaCommand& c : stores) {
    for_each_word(c, [&](std::uint64_t addr, std::uint64_t at) {
      wrong += p.store_side.words[at] != read_word(p.contents, addr);
    });
  }
  if (wrong != 0) return std::to_string(wrong) + " words stored wrong";
  return p.weight.error || p.store.error ? "an error" : "";
}

}  // namespace

TEST_CASE("DMA path: load, weights and store at the same time, random stalls and order") {
  const unsigned rounds = tb::full_run() ? 60 : 6;
  for (unsigned round = 0; round < rounds; ++round) {
    const double stall = round % 3 * 0.3;
    Path p("tiny", options_with(stall, round % 2 == 0, 5 + 30 * (round % 4)), 300 + round);
    p.load_side.stall = p.weight_side.stall = p.store_side.stall = stall;
    p.load.window = 4;
    const auto window = static_cast<std::uint32_t>(p.load_side.words.size() / 4);
    std::vector<commands::DmaCommand> loads, stores;
    // Each command has its own 16 MiB of memory; boxes that are larger are drawn again.
    const auto box_at = [&](std::uint64_t number, std::uint32_t base, std::uint32_t room) {
      commands::DmaCommand box;
      do {
        box = random_box(p.random, base, room);
      } while (std::uint64_t{box.mem_stride3} * box.count3 > 1 << 23);
      box.mem_addr = (number << 24) + 64 * p.random.below(1000);
      return box;
    };
    for (unsigned i = 0; i < 20; ++i) {
      loads.push_back(box_at(i, i % 4 * window, window));
      for_each_word(loads.back(), [&](std::uint64_t addr, std::uint64_t) {
        p.contents.write(addr, p.random.word());
      });
      p.load.push(loads.back().encode());
      stores.push_back(box_at(100 + i, 0, 4 * window));
      p.store.push(stores.back().encode());
      const auto c = weights((200 + std::uint64_t{i}) << 24, i % 3,
                             static_cast<unsigned>(3 * p.random.below(9)),
                             static_cast<unsigned>(4 + 4 * p.random.below(9)), 1 + i % 4);
      expect_weights(c, p.contents, p.random, p.weight_side);
      p.weight.push(c.encode());
    }
    unsigned wrong = 0;
    p.load.on_done = [&](std::uint64_t k) {
      for_each_word(loads[k], [&](std::uint64_t addr, std::uint64_t at) {
        wrong += p.load_side.words[at] != read_word(p.contents, addr);
      });
    };
    p.store.on_done = [&](std::uint64_t k) {
      for_each_word(stores[k], [&](std::uint64_t addr, std::uint64_t at) {
        wrong += p.store_side.words[at] != read_word(p.contents, addr);
      });
    };
    INFO("round " << round << " seed " << tb::seed());
    REQUIRE_NOTHROW(p.run_until([&] { return p.idle(); }, 400000));
    CHECK(wrong == 0);
    CHECK(p.weight_side.expected.empty());
    CHECK_FALSE((p.load.error || p.weight.error || p.store.error));
    p.step();
    p.model().eval();
    CHECK(p.model().port("mem_idle_o").get() == 1);
    CHECK(p.memory().idle());
  }
}

TEST_CASE("DMA path: operands from the local buffer between weights from memory, stores beside") {
  const unsigned rounds = tb::full_run() ? 60 : 8;
  for (unsigned round = 0; round < rounds; ++round) CHECK(run_operands(round) == "");
}

TEST_CASE("DMA path: the test of operands catches seeded bugs") {
  BugList bugs(2);
  const auto run = [&](const char* name, const char* file, const char* find, const char* replace) {
    if (bugs.leaves_out()) return std::string("left out");
    const auto options = seeded_bug(std::string("rtl/dma/") + file, name, find, replace);
    for (unsigned round = 0; round < 6; ++round) {
      const std::string error = run_operands(round, options);
      if (!error.empty()) return error;
    }
    return std::string();
  };
  CHECK(run("local_answer", "local_reads.sv", "st_rvalid_i && !answer_q;", "st_rvalid_i;") != "");
  CHECK(run("local_response", "local_reads.sv", "rsp_ready_i && !answer_q;", "rsp_ready_i;") != "");
  CHECK(run("local_step", "local_reads.sv", "addr_q <= addr_q + LocalBits'(1);",
            "addr_q <= addr_q + LocalBits'(read_last);") != "");
  CHECK(run("local_tag", "local_reads.sv", "answer_tag_q  <= tag_q;",
            "answer_tag_q  <= req_i.tag;") != "");
  CHECK(run("local_origin", "weight_requests.sv", "local_q <= prepare_local_q;",
            "local_q <= start_command_i.from_local;") != "");
}

TEST_CASE("DMA path: an operand from the local buffer moves a word per clock, beside stores half") {
  for (const bool stores : {false, true}) {
    Path p("s4", options_with(0, false), 350);
    for (unsigned i = 0; i < 40; ++i) p.push_operand(operand(64 * i, 64, 3, false));
    if (stores) {
      for (unsigned i = 0; i < 4; ++i) p.store.push(row(0x100000 * i, 0, 1000).encode());
    }
    p.run_until([&] { return p.weight.idle(); }, 20000);
    const double rate =
        double(p.weight_side.taken) / double(p.weight_side.last - p.weight_side.first + 1);
    INFO((stores ? "beside stores: " : "alone: ")
         << rate << " words per clock, first after " << p.weight_side.first);
    CHECK(rate >= (stores ? 0.49 : 0.97));
    CHECK(p.weight_side.first <= 20);
    CHECK(p.memory().statistics().read_beats == 0);
    if (!stores) continue;
    // Stores have their share as long as operands are read.
    CHECK(p.store_side.reads >= 40 * 64 + 2400);
    CHECK_NOTHROW(p.run_until([&] { return p.idle(); }, 20000));
  }
}

TEST_CASE("DMA path: both directions at full rate, readers share theirs evenly") {
  for (const char* config : {"tiny", "s4"}) {
    Path p(config, options_with(0, false), 330);
    for (unsigned i = 0; i < 8; ++i) {
      p.load.push(row(0x100000 * i, 0, 1000).encode());
      p.store.push(row(0x10000000 + 0x100000 * i, 0, 1000).encode());
      const auto c = weights(0x20000000 + 0x100000 * i, 0, 3, 997, 1);
      expect_weights(c, p.contents, p.random, p.weight_side);
      p.weight.push(c.encode());
    }
    for (unsigned i = 0; i < 1000; ++i) p.step();
    const auto before = p.memory().statistics();
    const std::uint64_t loaded = p.load_side.written, taken = p.weight_side.taken;
    for (unsigned i = 0; i < 4000; ++i) p.step();
    const auto& after = p.memory().statistics();
    const double reads = double(after.read_beats - before.read_beats) / 4000;
    const double acks = double(after.acknowledges - before.acknowledges) / 4000;
    const double writes = double(after.write_beats - before.write_beats) / 4000;
    INFO(config << " read " << reads << " written " << writes << " per clock");
    CHECK(reads + acks >= 0.97);
    if (std::string(config) == "s4") {
      // With few slots, stores wait for acknowledges that queue behind reads.
      CHECK(writes >= 0.9);
      CHECK(double(p.load_side.written - loaded) > 1200);
      CHECK(double(p.weight_side.taken - taken) > 1200);
    }
    CHECK_NOTHROW(p.run_until([&] { return p.idle(); }, 60000));
  }
}

TEST_CASE("DMA path: flush leads to an idle port, and idle means idle") {
  for (unsigned at = 3; at < 300; at += 11) {
    Path p("tiny", options_with(0.3, true, 25), 340 + at);
    p.load_side.stall = p.store_side.stall = 0.3;
    p.weight_side.stall = at % 2 == 0 ? 1 : 0.3;
    for (unsigned i = 0; i < 4; ++i) {
      p.load.push(row(0x100000 * i, 0, 200).encode());
      p.store.push(row(0x10000000 + 0x100000 * i, 0, 200).encode());
      const auto c = weights(0x20000000 + 0x100000 * i, 0, 30, 160, 1);
      expect_weights(c, p.contents, p.random, p.weight_side);
      p.weight.push(c.encode());
    }
    for (unsigned i = 0; i < at; ++i) p.step();
    p.model().port("flush_i").set(1);
    p.model().eval();
    tb::Port idle = p.model().port("mem_idle_o");
    REQUIRE_NOTHROW(p.run_until([&] { return idle.get() != 0; }, 3000));
    for (unsigned i = 0; i < 50; ++i) {
      CHECK(idle.get() == 1);
      CHECK(p.memory().idle());
      CHECK(p.model().port("mem_req_valid_o").get() == 0);
      CHECK(p.model().port("mem_wdata_valid_o").get() == 0);
      p.step();
    }
  }
}
