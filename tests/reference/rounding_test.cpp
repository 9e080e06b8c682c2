// The scalar rules against an independent formulation of each.
#include <catch2/catch.hpp>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <random>

#include "sim/reference/rounding.hpp"
#include "tb/seed.hpp"

namespace s4::ref {
namespace {

/// The rule as the C library computes it: float multiplication, clamp, nearbyint half-even.
int32_t requantize_by_library(int32_t acc, int32_t bias, float scale, int32_t y_zp, int32_t qmin,
                              int32_t qmax) {
  const int64_t sum = static_cast<int64_t>(acc) + bias;
  const auto wrapped = static_cast<int32_t>(static_cast<uint64_t>(sum));
  float value = static_cast<float>(wrapped) * scale;
  value = std::fmax(value, static_cast<float>(qmin - y_zp));
  value = std::fmin(value, static_cast<float>(qmax - y_zp));
  return static_cast<int32_t>(std::nearbyint(value)) + y_zp;
}

float float_of_bits(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

TEST_CASE("float32 products and sums are rounded one by one") {
  // 1 + 2^-12 squared needs 25 bits: contracted into a fused multiply-add, the rest would be 2^-24.
  volatile float a = 1.0F + 0x1p-12F;
  volatile float rounded = 1.0F + 0x1p-11F;
  const float product = a * a;
  CHECK(product - rounded == 0.0F);
  CHECK(std::fegetround() == FE_TONEAREST);
}

TEST_CASE("round_half_even") {
  for (const auto& [value, expected] :
       std::initializer_list<std::pair<float, float>>{{0.5F, 0.0F},
                                                      {1.5F, 2.0F},
                                                      {2.5F, 2.0F},
                                                      {-0.5F, -0.0F},
                                                      {-1.5F, -2.0F},
                                                      {0.49999997F, 0.0F},
                                                      {8388607.5F, 8388608.0F},
                                                      {-4194304.5F, -4194304.0F}}) {
    CHECK(round_half_even(value) == expected);
    CHECK(std::signbit(round_half_even(value)) == std::signbit(value));
  }
  std::mt19937_64 random(tb::seed());
  for (int i = 0; i < 1000000; ++i) {
    const float value = float_of_bits(static_cast<uint32_t>(random()));
    if (std::isnan(value)) continue;
    if (round_half_even(value) != std::nearbyint(value)) {
      FAIL("round_half_even(" << value << ") = " << round_half_even(value));
    }
  }
}

TEST_CASE("round_and_saturate at the edges of float32") {
  const Range range = full_range<int8_t>();
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(round_and_saturate(infinity, -5, range) == 127);
  CHECK(round_and_saturate(-infinity, 5, range) == -128);
  CHECK(round_and_saturate(3.4e38F, -128, range) == 127);
  CHECK(round_and_saturate(-3.4e38F, 127, range) == -128);
  CHECK(round_and_saturate(std::nanf(""), 0, range) == -128);
  CHECK(round_and_saturate(127.5F, 0, range) == 127);
  CHECK(round_and_saturate(-128.5F, 0, range) == -128);
  CHECK(round_and_saturate(254.5F, -128, range) == 126);
  CHECK(round_and_saturate(2.5F, 1, range) == 3);
  CHECK(round_and_saturate(2.5F, 1, range, Rounding::kZeroPointFirst) == 4);
}

TEST_CASE("requantize: both float32 roundings, wrap, ties, saturation") {
  CHECK(requantize(5, 0, 0.5F, 0, -128, 127) == 2);
  CHECK(requantize(7, 0, 0.5F, 0, -128, 127) == 4);
  CHECK(requantize(-5, 0, 0.5F, 0, -128, 127) == -2);
  CHECK(requantize(5, 0, 0.5F, 1, -128, 127) == 3);
  CHECK(requantize(1 << 20, 1 << 20, 1.0F, 0, -128, 127) == 127);
  CHECK(requantize(-(1 << 20), 0, 1.0F, 0, -128, 127) == -128);
  CHECK(requantize(100, 0, 1.0F, 0, 0, 63) == 63);
  // 2^24 + 2^20/2 + 1 has 25 bits: float32 drops the 1, and what was above the tie becomes one.
  const int32_t tie = 16 * (1 << 20) + (1 << 19);
  CHECK(requantize(tie, 1, 0x1p-20F, 0, -128, 127) == 16);
  CHECK(requantize(tie, 1, 0x1p-20F, 0, -128, 127, Rounding::kExactProduct) == 17);
  // INT32_MAX + 1 wraps to INT32_MIN.
  CHECK(requantize(std::numeric_limits<int32_t>::max(), 1, 0x1p-31F, 0, -128, 127) == -1);
}

TEST_CASE("requantize equals the library's formula on 10 million random accumulators") {
  const int count = 10000000;
  std::mt19937_64 random(tb::seed());
  for (int i = 0; i < count; ++i) {
    const uint64_t bits = random(), more = random();
    const int shift = static_cast<int>(bits & 31U);
    const int32_t acc = static_cast<int32_t>(bits >> 32) >> shift;
    const int32_t bias = static_cast<int32_t>(more) >> (more >> 32 & 31U);
    const uint32_t exponent = 127U - 30U + static_cast<uint32_t>(more >> 40) % 32U;
    const uint32_t fraction = (bits & 32U) != 0 ? 0U : static_cast<uint32_t>(bits >> 8) & 0x7FFFFFU;
    const float scale = float_of_bits(exponent << 23 | fraction);
    const bool is_signed = (more >> 63) != 0;
    const int32_t qmin = is_signed ? -128 : 0;
    const int32_t y_zp = qmin + static_cast<int32_t>(more >> 48 & 255U);
    const int32_t got = requantize(acc, bias, scale, y_zp, qmin, qmin + 255);
    const int32_t expected = requantize_by_library(acc, bias, scale, y_zp, qmin, qmin + 255);
    if (got != expected) {
      FAIL("acc " << acc << " bias " << bias << " scale " << scale << " zero point " << y_zp
                  << ": got " << got << ", expected " << expected);
    }
  }
}

}  // namespace s4::ref
