// A quadrant of the array in INT8 steps against integers, clock by clock.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/bf16/quadrant_bench.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr unsigned kBankSlots = Bf16QuadrantBench::kBankSlots;

std::vector<std::uint8_t> random_bytes(const Bf16QuadrantBench& bench, SeededRandom& random) {
  std::vector<std::uint8_t> data(std::size_t{bench.pixels()} * 64);
  for (auto& byte : data)
    byte = random.percent(20) ? (random.percent(50) ? 0x80 : 0x7f) : random.byte();
  return data;
}

/// The same index and value in every lane.
QuadrantStep integer_step(const Bf16QuadrantBench& bench, std::uint8_t index, std::int8_t value) {
  QuadrantStep s;
  s.bf16 = false;
  s.index.assign(bench.lanes(), index);
  s.value.assign(bench.lanes(), static_cast<std::uint8_t>(value));
  return s;
}

void run_random(Bf16QuadrantBench& bench, SeededRandom& random, unsigned clocks) {
  for (unsigned b = 0; b < kBankSlots; ++b) {
    bench.fill(b, ~std::uint64_t{0}, 0, random_bytes(bench, random), false, 0);
    bench.clock();
  }
  bool is_unsigned = false;
  int zero_point = 0;
  QuadrantStep s = integer_step(bench, 0, 0);
  for (unsigned i = 0; i < clocks && bench.error().empty(); ++i) {
    if (random.percent(3)) {
      is_unsigned = random.percent(50);
      zero_point = is_unsigned ? random.between(0, 255) : random.between(-128, 127);
      if (random.percent(20)) zero_point = is_unsigned ? 255 : (random.percent(50) ? -128 : 127);
    }
    if (random.percent(40)) {
      const bool both = random.percent(25);
      bench.fill(random.below(kBankSlots) & (both ? 2U : 3U), random.bits(),
                 random.bits() & random.bits(), random_bytes(bench, random), is_unsigned,
                 zero_point, both);
    }
    if (random.percent(70)) {
      for (auto& x : s.index) x = static_cast<std::uint8_t>(random.below(64));
      for (auto& x : s.value) x = random.percent(10) ? std::uint8_t{0x80} : random.byte();
      s.bank = random.below(kBankSlots);
      s.clear = random.percent(5);
      s.set = random.percent(50);
      bench.step(s);
    }
    if (random.percent(60)) bench.drain(random.percent(50), random.below(bench.beats()));
    bench.clock();
  }
}

}  // namespace

TEST_CASE("mac quadrant: random fills, steps and drains in every clock", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    Bf16QuadrantBench bench(name);
    SeededRandom random(51);
    INFO(name);
    run_random(bench, random, tb::full_run() ? 100000 : 3000);
    CHECK(bench.error() == "");
    CHECK(bench.compared() > 1000 * bench.lanes());
  }
}

TEST_CASE("mac quadrant: all pairs of bytes, all operands of nine bits", "[spu]") {
  struct Form {
    bool is_unsigned;
    int zero_point;
  };
  for (const Form form :
       {Form{false, 0}, Form{true, 0}, Form{false, -128}, Form{false, 127}, Form{true, 255}}) {
    Bf16QuadrantBench bench("tiny");
    // Four pixels of 64 bytes are the 256 operands.
    std::vector<std::uint8_t> data(std::size_t{bench.pixels()} * 64);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i);
    bench.fill(1, ~std::uint64_t{0}, 0, data, form.is_unsigned, form.zero_point);
    bench.clock();
    for (unsigned w = 0; w < 256; w += bench.lanes()) {
      for (unsigned i = 0; i < 64; ++i) {
        QuadrantStep s = integer_step(bench, static_cast<std::uint8_t>(i), 0);
        for (unsigned o = 0; o < bench.lanes(); ++o) s.value[o] = static_cast<std::uint8_t>(w + o);
        s.bank = 1;
        s.clear = true;
        s.set = (i & 1) != 0;
        bench.step(s);
        bench.clock();
        bench.clock();
        for (unsigned b = 0; b < bench.beats(); ++b) {
          bench.drain((i & 1) != 0, b);
          bench.clock();
        }
      }
    }
    INFO("unsigned " << form.is_unsigned << " zero point " << form.zero_point);
    CHECK(bench.error() == "");
  }
}

TEST_CASE("mac quadrant: sums wrap at 32 bits", "[spu]") {
  Bf16QuadrantBench bench("tiny");
  // 255 * -128 and -255 * -128: both ends after 65,794 steps.
  std::vector<std::uint8_t> data(std::size_t{bench.pixels()} * 64, 0x7f);
  bench.fill(0, ~std::uint64_t{0}, 0, data, false, -128);
  bench.clock();
  std::fill(data.begin(), data.end(), 0x80);
  bench.fill(0, 1, 0, data, false, 127);
  bench.clock();
  QuadrantStep s = integer_step(bench, 63, -128);
  s.set = true;
  for (unsigned i = 0; i < 66000; ++i) {
    s.clear = i == 0;
    bench.step(s);
    if (i > 65700) bench.drain(true, i % bench.beats());
    bench.clock();
  }
  CHECK(bench.error() == "");
}

TEST_CASE("mac quadrant: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  BugList list(2);
  for (const Bug& bug : {
           Bug{"sign", "{!fill_unsigned_i && fill_data_i[p*512+c*8+7],", "{1'b0,"},
           Bug{"clear", "clear_q <= step_clear_i;", "clear_q <= 1'b0;"},
           Bug{"set", "set_q   <= step_set_i;", "set_q   <= 1'b0;"},
           Bug{"both", "(fill_both_i && 32'(fill_bank_i) + 1 == b)", "1'b0"},
           Bug{"zero_wins", "fill_zero_i[p] ? 0 : x",
               "(fill_zero_i[p] && !fill_write_i[p]) ? 0 : x"},
       }) {
    if (list.leaves_out()) continue;
    Bf16QuadrantBench bench(
        "tiny", seeded_bug("rtl/spu/mac_quadrant.sv", std::string("quadrant_") + bug.name, bug.find,
                           bug.replace));
    SeededRandom random(54);
    INFO(bug.name);
    run_random(bench, random, 500);
    CHECK(bench.error() != "");
  }
}
