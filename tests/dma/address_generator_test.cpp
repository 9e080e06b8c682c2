// Boxes cut into bursts: the words of all bursts, in order, are the words of the box.
#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/dma/dma_harness.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

struct Bursts {
  std::string error;
  std::uint64_t bursts = 0, clocks = 0;
};

/// Runs one box; stall: probability that a burst is not taken in a clock.
Bursts generate(tb::Model& m, const commands::DmaCommand& box, double stall, Random& random) {
  const auto bytes = box.encode();
  tb::Port start = m.port("start_valid_i"), ready = m.port("burst_ready_i");
  tb::Port valid = m.port("burst_valid_o"), addr = m.port("burst_addr_o");
  tb::Port len = m.port("burst_len_o"), local = m.port("burst_local_o");
  tb::Port last = m.port("burst_last_o");
  std::vector<std::pair<std::uint64_t, std::uint64_t>> words;
  for_each_word(box, [&](std::uint64_t a, std::uint64_t l) { words.emplace_back(a, l); });
  m.port("start_command_i").set_bytes(bytes.data(), bytes.size());
  start.set(1);
  ready.set(0);
  m.eval();
  Bursts result;
  if (m.port("start_ready_o").get() == 0) return {"not ready for a command"};
  m.tick();
  start.set(0);
  std::size_t next = 0;
  for (bool ended = false; !ended; ++result.clocks) {
    const bool take = !random.chance(stall);
    ready.set(take ? 1 : 0);
    m.eval();
    if (valid.get() == 0) return {"no burst"};
    if (take) {
      const std::uint64_t beats = len.get() + 1;
      const std::uint64_t first = addr.get();
      if (first / 1024 != (first + 64 * beats - 1) / 1024) return {"crosses 1024 B"};
      for (std::uint64_t i = 0; i < beats; ++i, ++next) {
        const std::pair<std::uint64_t, std::uint64_t> got{first + 64 * i, local.get() + i};
        if (next >= words.size()) return {"too many words"};
        if (got != words[next]) return {"word " + std::to_string(next) + " differs"};
      }
      ++result.bursts;
      ended = last.get() != 0;
    }
    m.tick();
  }
  m.eval();
  if (next != words.size()) return {"words are missing"};
  if (valid.get() != 0) return {"a burst after the last"};
  return result;
}

}  // namespace

TEST_CASE("address generator: random boxes, random stalls") {
  for (const char* config : {"tiny", "s4"}) {
    auto m = tb::Model::load("address_generator", config, tb::Kind::kChecked);
    m->reset();
    const std::uint32_t room = 1u << m->port("burst_local_o").width();
    Random random(1);
    const unsigned boxes = tb::full_run() ? 3000 : 300;
    for (unsigned i = 0; i < boxes; ++i) {
      const auto box = random_box(random, 0, std::min(room, 3000u));
      INFO(config << " box " << i << " seed " << tb::seed());
      const Bursts got = generate(*m, box, i % 2 == 0 ? 0 : 0.5, random);
      REQUIRE(got.error == "");
      if (i % 2 == 0) CHECK(got.bursts == got.clocks);  // one per clock
    }
  }
}

TEST_CASE("address generator: corners") {
  auto m = tb::Model::load("address_generator", "s4", tb::Kind::kChecked);
  m->reset();
  Random random(2);
  CHECK(generate(*m, row(0, 0, 1), 0, random).bursts == 1);
  CHECK(generate(*m, row(64 * 15, 0, 2), 0, random).bursts == 2);
  CHECK(generate(*m, row(0, 0, 65536), 0, random).bursts == 4096);
  CHECK(generate(*m, row(64 * 9, 0, 1024), 0, random).bursts == 65);
  CHECK(generate(*m, row(sim::kAddressSpace - 64, 65535, 1), 0, random).bursts == 1);
  auto repeat = row(128, 7, 3);  // the same row over and over, side by side
  repeat.count1 = 5;
  repeat.count2 = 3;
  repeat.count3 = 2;
  repeat.local_stride1 = 3;
  repeat.local_stride2 = 15;
  repeat.local_stride3 = 45;
  const Bursts got = generate(*m, repeat, 0, random);
  CHECK(got.error == "");
  CHECK(got.bursts == 30);
  auto widest = row(0, 0, 1);
  widest.count1 = 3;
  widest.mem_stride1 = 0xffffffc0;
  widest.local_stride1 = 0x7fff;
  CHECK(generate(*m, widest, 0, random).error == "");
}

TEST_CASE("address generator: the check catches seeded bugs") {
  Random random(3);
  const auto run = [&](const char* name, const char* find, const char* replace) {
    auto m = tb::Model::load("address_generator", "tiny", tb::Kind::kChecked,
                             seeded_bug("rtl/dma/address_generator.sv", name, find, replace));
    m->reset();
    for (unsigned i = 0; i < 100; ++i) {
      const Bursts got = generate(*m, random_box(random, 0, 1000), 0, random);
      if (!got.error.empty()) return got.error;
    }
    return std::string();
  };
  CHECK(run("dma_boundary", "{1'b0, word_q[3:0]};", "{2'b0, word_q[2:0]};") == "crosses 1024 B");
  CHECK(run("dma_plane", "plane_q + stride2_q;", "plane_q + stride1_q;") != "");
}
