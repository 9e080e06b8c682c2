// The three DMAs together behind the client mux.
#include <catch2/catch.hpp>

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
  Path(const char* config, tb::IdealMemoryOptions options, std::uint64_t salt)
      : Harness("dma_path", config, std::move(options)),
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
  }
  bool idle() const { return load.idle() && weight.idle() && store.idle(); }

  Random random;
  CommandPort load, weight, store;
  LoadSide load_side;
  WeightSide weight_side;
  StoreSide store_side;
};

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
