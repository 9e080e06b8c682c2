// The quadrant in BF16 and INT8 steps against the host's arithmetic, bit for bit.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "tests/bf16/quadrant_bench.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

/// Exponents near one, so that sums stay finite.
std::uint16_t tame_bf16(SeededRandom& random) {
  return static_cast<std::uint16_t>((random.bits() & 0x807F) | random.between(118, 130) << 7);
}

QuadrantStep random_step(Bf16QuadrantBench& bench, SeededRandom& random, bool tame) {
  QuadrantStep s;
  s.bank = random.below(Bf16QuadrantBench::kBankSlots);
  s.set = random.percent(50);
  for (unsigned o = 0; o < bench.lanes(); ++o) {
    s.index.push_back(static_cast<std::uint8_t>(random.below(64)));
    s.value.push_back(tame ? tame_bf16(random) : random_bf16(random));
    if (random.percent(10)) s.value.back() = random.percent(50) ? 0 : 0x8000;
  }
  return s;
}

std::vector<std::uint16_t> random_pair(Bf16QuadrantBench& bench, SeededRandom& random, bool tame) {
  std::vector<std::uint16_t> x(std::size_t{bench.pixels()} * 64);
  for (auto& value : x) value = tame ? tame_bf16(random) : random_bf16(random);
  return x;
}

/// Sums of one to five products, each pair of them new; every sum is compared.
void run_pairs(Bf16QuadrantBench& bench, SeededRandom& random, std::uint64_t products) {
  while (bench.products() < products && bench.error().empty()) {
    const bool tame = random.percent(60);
    bench.fill_pair(0, random_pair(bench, random, tame));
    for (unsigned round = 0; round < 4; ++round) {
      const bool set = random.percent(50);
      const unsigned length = 1 + random.below(5);
      for (unsigned i = 0; i < length; ++i) {
        QuadrantStep s = random_step(bench, random, tame);
        s.bank = random.below(2);
        s.set = set;
        s.clear = i == 0;
        bench.bf16_step(s);
      }
      bench.drain_all(set);
    }
  }
}

/// Everything in every clock that may be, phases of BF16 and INT8 in turn.
void run_random(Bf16QuadrantBench& bench, SeededRandom& random, unsigned phases) {
  for (unsigned phase = 0; phase < phases && bench.error().empty(); ++phase) {
    const bool bf16 = phase % 2 == 0;
    const bool tame = random.percent(50);
    const bool is_unsigned = bf16 || random.percent(50);
    const int zero_point = bf16 ? 0 : random.between(is_unsigned ? 0 : -128, 127);
    bool have_low = false;
    // What the other type left in the accumulators is no number.
    bool cleared[2] = {!bf16, !bf16};
    QuadrantStep next;
    for (unsigned i = 0; i < 120; ++i) {
      if (random.percent(40)) {
        std::vector<std::uint8_t> data(std::size_t{bench.pixels()} * 64);
        for (std::size_t j = 0; j < data.size(); j += 2) {
          const std::uint16_t x = tame ? tame_bf16(random) : random_bf16(random);
          data[j] = static_cast<std::uint8_t>(x);
          data[j + 1] = static_cast<std::uint8_t>(x >> 8);
        }
        const bool both = random.percent(25);
        bench.fill(random.below(4) & (both ? 2U : 3U), random.bits(), random.bits() & random.bits(),
                   data, is_unsigned, zero_point, both);
      }
      if (random.percent(85)) {
        if (have_low || !bf16) {
          if (!bf16) next = random_step(bench, random, tame);
          next.bf16 = bf16;
          next.clear = random.percent(10) || !cleared[next.set];
          cleared[next.set] = true;
          bench.step(next);
          have_low = false;
        } else {
          next = random_step(bench, random, tame);
          bench.low(next);
          have_low = true;
        }
      }
      if (random.percent(70)) bench.drain(random.percent(50), random.below(bench.beats()));
      bench.clock();
    }
    bench.clock(6);
  }
}

}  // namespace

TEST_CASE("bf16 quadrant: every special added to every product of two", "[bf16]") {
  Bf16QuadrantBench bench("small");
  std::vector<std::uint16_t> x(std::size_t{bench.pixels()} * 64, 0x3F80);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % 64 < kSpecials.size()) x[i] = kSpecials[i % 64];
  }
  bench.fill_pair(2, x);
  QuadrantStep s;
  for (unsigned first = 0; first < kSpecials.size(); ++first) {
    for (unsigned second = 0; second < kSpecials.size(); ++second) {
      for (unsigned w = 0; w < kSpecials.size(); w += bench.lanes()) {
        s.bank = 2 + w % 2;
        s.set = w != 0;
        s.clear = true;
        s.index.assign(bench.lanes(), static_cast<std::uint8_t>(first));
        s.value.assign(bench.lanes(), 0x3F80);
        bench.bf16_step(s);
        s.clear = false;
        s.index.assign(bench.lanes(), static_cast<std::uint8_t>(second));
        for (unsigned o = 0; o < bench.lanes(); ++o) {
          s.value[o] = kSpecials[(w + o) % kSpecials.size()];
        }
        bench.bf16_step(s);
        bench.drain_all(s.set);
      }
    }
  }
  CHECK(bench.error() == "");
  CHECK(bench.compared() >= 26 * 26 * 26 * bench.pixels());
}

TEST_CASE("bf16 quadrant: random pairs, short sums", "[bf16]") {
  for (const char* name : {"tiny", "small"}) {
    const bool small = std::string(name) == "small";
    Bf16QuadrantBench bench(name);
    SeededRandom random(711);
    const std::uint64_t products = tb::full_run() ? (small ? 10000000 : 1000000) : 100000;
    INFO(name);
    run_pairs(bench, random, products);
    CHECK(bench.error() == "");
    CHECK(bench.products() >= products);
  }
}

TEST_CASE("bf16 quadrant: long sums", "[bf16]") {
  Bf16QuadrantBench bench("small");
  SeededRandom random(712);
  bench.fill_pair(0, random_pair(bench, random, true));
  bench.fill_pair(2, random_pair(bench, random, true));
  const unsigned steps = tb::full_run() ? 40000 : 4000;
  for (unsigned i = 0; i < steps && bench.error().empty(); ++i) {
    QuadrantStep s = random_step(bench, random, true);
    s.clear = false;
    bench.bf16_step(s);
    if (i % 100 == 99) bench.drain_all(random.percent(50));
  }
  CHECK(bench.error() == "");
}

TEST_CASE("bf16 quadrant: fills, steps of both types and drains in every clock", "[bf16]") {
  for (const char* name : {"tiny", "small"}) {
    Bf16QuadrantBench bench(name);
    SeededRandom random(713);
    INFO(name);
    run_random(bench, random, tb::full_run() ? 400 : 16);
    CHECK(bench.error() == "");
    CHECK(bench.compared() > 4000);
  }
}

TEST_CASE("bf16 quadrant: seeded bugs are noticed", "[bf16]") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  constexpr const char* kPackage = "rtl/spu/bf16_pkg.sv";
  constexpr const char* kQuadrant = "rtl/spu/mac_quadrant.sv";
  std::vector<Bug> bugs = {
      {kPackage, "zero_weight", "(w[14:7] == 8'd0) ? NegativeZero : finite", "finite"},
      {kQuadrant, "half", "[(b%2)*Half+p];\n              selected[c][Half+p]",
       "[p];\n              selected[c][Half+p]"},
  };
  if (tb::full_run()) {
    bugs.insert(bugs.end(),
                {{kPackage, "sticky", "moved | 32'(lost != 32'd0)", "moved"},
                 {kQuadrant, "clear", "clear_q <= step_clear_i;", "clear_q <= 1'b0;"},
                 {kQuadrant, "mask", "mask = product_clear_q ? 32'd0", "mask = clear_q ? 32'd0"},
                 {kQuadrant, "low", "if (!half_q) weight[o] =", "weight[o] ="},
                 {kQuadrant, "set", "{sum_half_q, sum_set_q} <= {product_half_q, product_set_q};",
                  "{sum_half_q, sum_set_q} <= {product_half_q, set_q};"}});
  }
  for (const Bug& bug : bugs) {
    Bf16QuadrantBench bench(
        "tiny", seeded_bug(bug.file, std::string("bf16_") + bug.name, bug.find, bug.replace));
    SeededRandom random(714);
    INFO(bug.name);
    run_pairs(bench, random, 60000);
    run_random(bench, random, 8);
    CHECK(bench.error() != "");
  }
}

// Not of the quick tier: prints what docs/blocks/bf16.md quotes.
TEST_CASE("bf16 quadrant: simulated products per second", "[.speed]") {
  for (const bool bf16 : {true, false}) {
    auto model = tb::Model::load("mac_quadrant", "s4", tb::Kind::kFast);
    const auto config = sim::load_configuration(tb::root(), "s4");
    SeededRandom random(715);
    auto set_random = [&](const char* name, unsigned bits, bool tame) {
      std::vector<std::uint16_t> words((bits + 15) / 16);
      for (auto& word : words) {
        word = tame ? tame_bf16(random) : static_cast<std::uint16_t>(random.bits());
      }
      model->port(name).set_bytes(words.data(), words.size() * 2);
    };
    model->reset();
    model->port("fill_unsigned_i").set(1);
    for (unsigned bank = 0; bank < 4; ++bank) {
      set_random("fill_data_i", config.pixels_per_quadrant * 512, true);
      model->port("fill_valid_i").set(1);
      model->port("fill_bank_i").set(bank);
      model->port("fill_write_i").set(0xFFFF);
      model->tick();
    }
    model->port("fill_valid_i").set(0);
    model->port("step_bf16_i").set(bf16);
    constexpr unsigned kSteps = 40000;
    const std::clock_t begin = std::clock();  // of the processor: others may share it
    for (unsigned i = 0; i < kSteps; ++i) {
      if (i % 16 == 0) {
        set_random("step_index_i", config.lanes_per_quadrant * 6, false);
        set_random("step_value_i", config.lanes_per_quadrant * 8, true);
      }
      model->port("step_clear_i").set(i % 64 == 0);
      if (bf16) {
        model->port("step_valid_i").set(0);
        model->port("step_low_i").set(1);
        model->tick();
        model->port("step_low_i").set(0);
      }
      model->port("step_valid_i").set(1);
      model->tick();
    }
    const double time = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const double products =
        double{kSteps} * config.lanes_per_quadrant * config.pixels_per_quadrant / time;
    fmt::print("{}: {:.0f} M products per second\n", bf16 ? "BF16" : "INT8", products / 1e6);
    CHECK(products > 100e6);
  }
}
