// The queue in SRAM macros against a std::deque.
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

std::unique_ptr<tb::Model> queue(unsigned width, unsigned depth, tb::ModelOptions options = {}) {
  options.parameters["Width"] = std::to_string(width);
  options.parameters["Depth"] = std::to_string(depth);
  auto model = tb::Model::load("fifo_sram", "tiny", tb::Kind::kChecked, options);
  model->port("in_valid_i").set(0);
  model->port("out_ready_i").set(0);
  model->reset();
  return model;
}

/// Random transfers; false at the first wrong one. The word's ends carry its number.
bool random_run(tb::Model& model, unsigned width, unsigned depth, unsigned clocks) {
  std::mt19937_64 random(tb::seed());
  auto in_valid = model.port("in_valid_i"), in_ready = model.port("in_ready_o"),
       in_data = model.port("in_data_i"), out_valid = model.port("out_valid_o"),
       out_ready = model.port("out_ready_i"), out_data = model.port("out_data_o"),
       count = model.port("count_o");
  std::deque<unsigned> words;
  unsigned number = 0, full = 0;
  for (unsigned clock = 0; clock < clocks; ++clock) {
    const unsigned in_percent = std::array{100u, 20u, 90u}[clock / 300 % 3];
    const unsigned out_percent = std::array{10u, 100u, 90u, 100u}[clock / 200 % 4];
    const bool offer = random() % 100 < in_percent;
    const bool take = random() % 100 < out_percent;
    const unsigned low = std::min(width, 16u);
    in_valid.set(offer);
    in_data.set_bits(0, low, number);
    in_data.set_bits(width - low, low, number);
    out_ready.set(take);
    model.eval();
    if (count.get() != words.size() || (in_ready.get() != 0) != (words.size() < depth))
      return false;
    full += words.size() == depth;
    if (out_valid.get() != 0 && words.empty()) return false;
    if (out_valid.get() != 0 && take) {
      const unsigned due = words.front() & ((1u << low) - 1);
      if (out_data.bits(0, low) != due || out_data.bits(width - low, low) != due) return false;
      words.pop_front();
    }
    if (offer && in_ready.get() != 0) words.push_back(number++);
    model.tick();
  }
  return full > 0 && number > clocks / 4;
}

}  // namespace

TEST_CASE("fifo_sram: random transfers, odd sizes") {
  const unsigned clocks = tb::full_run() ? 1000000 : 20000;
  for (const auto& [width, depth] :
       {std::pair{607u, 64u}, std::pair{16u, 5u}, std::pair{513u, 4u}}) {
    INFO("width " << width << ", depth " << depth);
    CHECK(random_run(*queue(width, depth), width, depth, clocks));
  }
}

TEST_CASE("fifo_sram: a word per clock, visible one clock after it was accepted") {
  auto model = queue(16, 8);
  auto in_valid = model->port("in_valid_i"), out_valid = model->port("out_valid_o"),
       out_ready = model->port("out_ready_i");
  CHECK(out_valid.get() == 0);
  in_valid.set(1);
  model->tick();
  CHECK(out_valid.get() == 1);
  model->tick(5);  // six words wait, three of them in the SRAM
  out_ready.set(1);
  model->eval();
  unsigned taken = 0;
  for (unsigned clock = 0; clock < 200; ++clock, model->tick()) taken += out_valid.get();
  CHECK(taken == 200);
}

TEST_CASE("fifo_sram: the check fails on a seeded bug") {
  auto options = seeded_bug("rtl/common/fifo_sram.sv", "fifo_sram_overtakes",
                            "behind_q == '0 && !coming_q &&", "");
  bool fails = false;
  try {
    fails = !random_run(*queue(16, 8, options), 16, 8, 5000);
  } catch (const tb::ModelError&) {
    fails = true;
  }
  CHECK(fails);
}
