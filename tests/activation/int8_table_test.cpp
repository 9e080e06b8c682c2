// INT8 tables against MPFR, with ties, saturation and bad input.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sw/activation/int8_table.hpp"
#include "sw/activation/judge.hpp"
#include "tb/seed.hpp"

namespace {

using s4::activation::Function;
using s4::activation::kFunctionCount;
using s4::sw::ByteQuantization;
using s4::sw::int8_table;

unsigned differing(Function function, const ByteQuantization& x, const ByteQuantization& y,
                   int skew = 0) {
  const auto table = int8_table(function, x, y);
  unsigned wrong = 0;
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    const int byte = x.is_unsigned ? static_cast<int>(pattern) : static_cast<std::int8_t>(pattern);
    const auto judged = s4::sw::judged_quotient(
        function, static_cast<double>(x.scale) * (byte - x.zero + skew), y.scale);
    const long low = y.is_unsigned ? 0 : -128;
    const long value =
        judged.undefined
            ? y.zero
            : std::clamp(std::clamp(judged.value, -100000L, 100000L) + y.zero, low, low + 255);
    wrong += table.bytes[pattern] != static_cast<std::uint8_t>(value) ? 1U : 0U;
  }
  return wrong;
}

}  // namespace

TEST_CASE("INT8 tables are correctly rounded", "[activation]") {
  std::mt19937_64 random(s4::tb::seed());
  std::uniform_real_distribution<float> exponent(-9, 1);
  const int rounds = s4::tb::full_run() ? 200 : 20;
  for (unsigned code = 0; code < kFunctionCount; ++code) {
    for (int round = 0; round < rounds; ++round) {
      ByteQuantization x{std::exp2(exponent(random)), 0, (random() & 1U) != 0};
      ByteQuantization y{std::exp2(exponent(random)), 0, (random() & 1U) != 0};
      if (round % 4 == 0) {  // powers of two: ties of sqrt, reciprocal and at 0
        x.scale = std::exp2(std::floor(exponent(random)));
        y.scale = std::exp2(std::floor(exponent(random)));
      }
      x.zero = static_cast<int>(random() % 256) - (x.is_unsigned ? 0 : 128);
      y.zero = static_cast<int>(random() % 256) - (y.is_unsigned ? 0 : 128);
      INFO(s4::activation::kFunctionNames[code] << " scales " << x.scale << ' ' << y.scale
                                                << " zeros " << x.zero << ' ' << y.zero);
      CHECK(differing(static_cast<Function>(code), x, y) == 0);
    }
  }
  // The check sees an input that is off by one step.
  CHECK(differing(Function::kSigmoid, {0.05F, 0, false}, {1.0F / 256, -128, false}, 1) != 0);
}

TEST_CASE("INT8 tables: ties go to even, undefined inputs are counted", "[activation]") {
  // sqrt(x) with x = q / 4 and steps of 1: 1/4 -> 0.5 -> 0, 9/4 -> 1.5 -> 2, 25/4 -> 2.5 -> 2
  const auto root = int8_table(Function::kSqrt, {0.25F, 0, false}, {1.0F, 0, false});
  CHECK(root.bytes[1] == 0);
  CHECK(root.bytes[9] == 2);
  CHECK(root.bytes[25] == 2);
  CHECK(root.undefined == 128);
  const auto inverse = int8_table(Function::kReciprocal, {1.0F, 0, false}, {0.125F, 0, false});
  CHECK(inverse.bytes[16] == 0);   // 8 / 16 = 0.5
  CHECK(inverse.bytes[0] == 127);  // infinity saturates
  CHECK(inverse.bytes[240] == 0);  // -0.5
  CHECK(int8_table(Function::kSigmoid, {1.0F, 0, false}, {1.0F, 0, false}).bytes[0] == 0);
}

TEST_CASE("INT8 tables: an asymptote that is a tie is not reached", "[activation]") {
  // x = 0.125 * (79 - 11) = 8.5: gelu lies below by less than a long double shows, softplus above.
  CHECK(int8_table(Function::kGelu, {0.125F, 11, false}, {1.0F, 0, false}).bytes[79] == 8);
  CHECK(int8_table(Function::kSilu, {0.5F, 0, false}, {1.0F, 0, false}).bytes[91] == 45);
  CHECK(int8_table(Function::kSoftplus, {0.5F, 0, false}, {1.0F, 0, false}).bytes[91] == 46);
  // 1 = 1.5 steps of 2/3 is no tie, for 2/3 is not exact; 0.5 steps of 2 is: f stays below 1.
  for (const Function f : {Function::kTanh, Function::kErf, Function::kSigmoid}) {
    CHECK(int8_table(f, {1.0F, 0, false}, {2.0F, 0, false}).bytes[100] == 0);
    CHECK(differing(f, {1.0F, 0, false}, {2.0F, 0, false}) == 0);
  }
  CHECK(int8_table(Function::kTanh, {1.0F, 0, false}, {2.0F / 3, 0, false}).bytes[156] ==
        static_cast<std::uint8_t>(-1));
}

TEST_CASE("INT8 tables refuse impossible quantisation", "[activation]") {
  const ByteQuantization good{0.1F, 0, false};
  CHECK_THROWS_WITH(int8_table(Function::kExp, {0.0F, 0, false}, good),
                    Catch::Contains("input scale 0"));
  CHECK_THROWS_WITH(int8_table(Function::kExp, good, {0.1F, -1, true}),
                    Catch::Contains("output zero point -1 is outside 0 to 255"));
  CHECK_THROWS_WITH(int8_table(Function::kExp, good, {INFINITY, 0, true}),
                    Catch::Contains("output scale inf"));
}
