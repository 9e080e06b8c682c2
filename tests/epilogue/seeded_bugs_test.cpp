// Seeded bugs of the epilogue, each of which the checks of this folder must notice.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/epilogue/epilogue_bench.hpp"

namespace {

using s4::commands::SpuCommand;
using s4::tests::EpilogueBeat;
using s4::tests::EpilogueBench;

/// Lanes that differ from the formula in a fixed mix of requantisation and adds.
std::uint64_t differing(EpilogueBench& bench) {
  std::mt19937_64 random(s4::tb::seed());
  std::uint64_t wrong = 0;
  for (int round = 0; round < 40; ++round) {
    SpuCommand c;
    c.requant_zero = 9;
    c.requant_min = -137;
    c.requant_max = 118;
    c.add_enable = static_cast<std::uint8_t>(round & 1);
    c.add_min = -128;
    c.add_max = 127;
    // Halves, thirds and a c0 with bits far below both: ties, and what is just beside them.
    c.add_ra = std::bit_cast<std::uint32_t>(round % 4 == 1 ? 0.5F : -1.0F / 3.0F);
    c.add_rb = std::bit_cast<std::uint32_t>(round % 4 == 1 ? 1.0F / 3.0F : -0.25F);
    c.add_c0 = std::bit_cast<std::uint32_t>(round % 8 < 4 ? 0.5F : 0.5F + 0x1p-20F);
    if (round % 8 == 7) {  // a = 1 and c0 just above half its last place: 1 + 2^-23, then a tie
      c.requant_min = c.requant_max = -8;
      c.add_ra = std::bit_cast<std::uint32_t>(1.0F);
      c.add_rb = std::bit_cast<std::uint32_t>(0.5F);
      c.add_c0 = std::bit_cast<std::uint32_t>(0x1p-24F + 0x1p-40F);
    }
    if (round % 4 == 3 && round % 8 != 7) {  // every use in turn
      c.second_use = static_cast<std::uint8_t>(round / 8 % 4);
      c.second_zero = 5;
    }
    if (c.second_use == 2) c.add_ra = std::bit_cast<std::uint32_t>(1.0F / 150.0F);
    std::vector<EpilogueBeat> beats(60, bench.beat());
    for (EpilogueBeat& beat : beats) {
      for (unsigned o = 0; o < bench.lanes(); ++o) {
        const int shift = 1 + static_cast<int>(random() % 24);
        beat.scale[o] = std::ldexp(random() % 2 == 0 ? 1.0F : 1.0F / 3.0F, -shift);
        for (unsigned e = 0; e < bench.pixels(); ++e) {
          const auto half = static_cast<std::int32_t>(2 * (random() % 160) + 1);
          const std::int32_t sum = half * (1 << (shift - 1));
          beat.acc[e * bench.lanes() + o] = (random() & 1U) != 0 ? sum : -sum;
          beat.second[e * bench.lanes() + o] = static_cast<std::uint8_t>(random());
        }
      }
    }
    wrong += bench.mismatches(c, beats, {80, 80});
  }
  return wrong;
}

struct Bug {
  const char* name;
  const char* file;
  const char* find;
  const char* replace;
};

constexpr Bug kBugs[] = {
    {"half_up", "rtl/epilogue/epilogue_pkg.sv", "+ below_half + odd)", "+ below_half + 32'd1)"},
    {"product_truncated", "rtl/epilogue/epilogue_pkg.sv", "25'((value >> 8) + 32'(up))",
     "25'((value >> 8) + 32'(up && 1'b0))"},
    {"sticky_lost", "rtl/epilogue/epilogue_pkg.sv",
     "(full & ~(32'hffff_ffff << distance[4:0])) != 32'd0", "1'b0"},
    {"clamp_off_by_one", "rtl/epilogue/requantize.sv", "magnitude, minimum, maximum)",
     "magnitude, minimum + 32'd1, maximum)"},
    {"sign_of_rb_ignored", "rtl/epilogue/elementwise_add.sv", "operands[i][27] ^ rb_sign",
     "operands[i][27]"},
    {"difference_adds", "rtl/epilogue/elementwise_add.sv", "rb_i[31] ^ (use_i == UseSubtract)",
     "rb_i[31]"},
    {"zero_of_difference_lost", "rtl/epilogue/elementwise_add.sv",
     "(use_i == UseSubtract) ? 32'(second_zero_i) : 32'd0", "32'd0"},
    {"low_part_of_product_lost", "rtl/epilogue/elementwise_add.sv",
     "addend[i], 8'd0} + 42'(next[i])", "addend[i], 8'd0}"},
    {"zero_of_product_lost", "rtl/epilogue/elementwise_add.sv",
     "first_i[i*32+:32] - 32'(first_zero_i)", "first_i[i*32+:32]"},
    {"sign_of_product_lost", "rtl/epilogue/epilogue_pkg.sv", "first[9] ^ second[9]", "first[9]"},
    {"smaller_byte", "rtl/epilogue/elementwise_add.sv",
     "($signed(a) > $signed(bytes[i])) ? a : bytes[i]",
     "($signed(a) > $signed(bytes[i])) ? bytes[i] : a"},
    {"companions_move_while_stalled", "rtl/epilogue/epilogue.sv",
     "(advance && (in_valid_i || busy_o))", "(in_valid_i || busy_o)"},
};

}  // namespace

TEST_CASE("every seeded bug of the epilogue is noticed", "[epilogue]") {
  {
    EpilogueBench bench("tiny", s4::tb::Kind::kFast);
    INFO(bench.report());
    REQUIRE(differing(bench) == 0);
  }
  s4::tests::BugList list(2);
  for (const Bug& bug : kBugs) {
    if (list.leaves_out()) continue;
    const auto options =
        s4::tests::seeded_bug(bug.file, std::string("epilogue_") + bug.name, bug.find, bug.replace);
    EpilogueBench bench("tiny", s4::tb::Kind::kFast, options);
    INFO(bug.name);
    bool noticed = false;
    try {
      noticed = differing(bench) != 0;
    } catch (const std::runtime_error&) {
      noticed = true;
    }
    CHECK(noticed);
  }
}
