// Functional model and reference against the host's float operations.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "sim/reference/bfloat16.hpp"
#include "sim/spu/bf16.hpp"
#include "tests/bf16/numbers.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

struct Wrong {
  std::uint64_t model = 0, reference = 0;
};

void compare(std::uint32_t a, std::uint32_t b, Wrong& wrong) {
  std::uint32_t sum = 0, product = 0;
  {
    const FlushMode flush;
    sum = host_add(a, b);
    product = host_multiply(a, b);
  }
  const auto x = std::bit_cast<float>(a);
  const auto y = std::bit_cast<float>(b);
  wrong.model += sim::bf16::add(a, b) != sum;
  wrong.model += sim::bf16::multiply(a, b) != product;
  wrong.reference += canonical(ref::add_flushed(x, y)) != sum;
  wrong.reference += canonical(ref::multiply_flushed(x, y)) != product;
}

}  // namespace

TEST_CASE("bf16 arithmetic: specials, all pairs of them", "[bf16]") {
  Wrong wrong;
  for (const std::uint32_t a : kSpecials) {
    for (const std::uint32_t b : kSpecials) {
      for (const std::uint32_t low : {0U, 1U, 0x8000U, 0xFFFFU}) {
        compare(a << 16 | low, b << 16 | low, wrong);
        compare(a << 16 | low, b << 16, wrong);
      }
    }
  }
  CHECK(wrong.model == 0);
  CHECK(wrong.reference == 0);
}

TEST_CASE("bf16 arithmetic: random pairs", "[bf16]") {
  SeededRandom random(701);
  Wrong wrong;
  const unsigned count = tb::full_run() ? 10000000 : 200000;
  for (unsigned i = 0; i < count; ++i) {
    const int centre = random.between(0, 255);
    // Products near the smallest normal number are as interesting as sums of equal exponents.
    const std::uint32_t a = random_float(random, centre);
    const std::uint32_t b = random_float(random, random.percent(50) ? centre : 128 - centre);
    compare(a, b, wrong);
  }
  CHECK(wrong.model == 0);
  CHECK(wrong.reference == 0);
}

TEST_CASE("bf16 arithmetic: a product that rounds up to the smallest normal", "[bf16]") {
  Wrong wrong;
  // All ones times 2^-127 is no normal number, but would round to one in 23 bits.
  compare(0x3FFFFFFFU, 0x00000000U | 0x1F800000U, wrong);
  for (std::uint32_t i = 0; i < 4096; ++i) compare(0x1FFFFFFFU - i, 0x1FFFFFFFU - 7 * i, wrong);
  for (std::uint32_t i = 0; i < 4096; ++i) compare(0x3FFFFFFFU - i, 0x00800000U, wrong);
  for (std::uint32_t i = 0; i < 4096; ++i) compare(0x3F7FFFFFU - i, 0x00800000U + i / 3, wrong);
  for (std::uint32_t i = 0; i < 4096; ++i) compare(0x3F7FFFFFU - i, 0x80800000U + i, wrong);
  CHECK(wrong.model == 0);
  CHECK(wrong.reference == 0);
}

TEST_CASE("bf16 conversion: every BF16, ties, every upper half", "[bf16]") {
  std::uint64_t wrong = 0;
  for (std::uint32_t high = 0; high < 65536; ++high) {
    for (const std::uint32_t low : {0U, 1U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
      const std::uint32_t x = high << 16 | low;
      wrong += sim::bf16::narrow(x) != ref::to_bfloat16(std::bit_cast<float>(x));
    }
  }
  CHECK(wrong == 0);
  CHECK(sim::bf16::narrow(0x7F7F8000U) == 0x7F80);
  CHECK(sim::bf16::narrow(0x3F808000U) == 0x3F80);
  CHECK(sim::bf16::narrow(0x3F818000U) == 0x3F82);
  CHECK(sim::bf16::narrow(0x807FFFFFU) == 0x8000);
}

TEST_CASE("bf16 sums: model equals reference, both within the bound of doubles", "[bf16]") {
  SeededRandom random(702);
  std::uint64_t wrong = 0, outside = 0;
  double worst = 0;
  for (unsigned n = 0; n < (tb::full_run() ? 4000U : 200U); ++n) {
    const unsigned length = 64U << random.below(7);
    const bool wild = random.percent(30);
    std::vector<std::uint16_t> x(length), w(length);
    for (unsigned i = 0; i < length; ++i) {
      x[i] = wild ? random_bf16(random)
                  : static_cast<std::uint16_t>((random.bits() & 0x807F) | random.between(118, 130)
                                                                              << 7);
      w[i] = wild ? random_bf16(random)
                  : static_cast<std::uint16_t>((random.bits() & 0x807F) | random.between(118, 130)
                                                                              << 7);
      if (random.percent(40)) w[i] = static_cast<std::uint16_t>(random.percent(50) ? 0 : 0x8000);
    }
    sim::bf16::Bits sum = 0;
    double exact = 0, size = 0;
    for (unsigned i = 0; i < length; ++i) {
      sum = sim::bf16::multiply_add(sum, x[i], w[i]);
      const double p = static_cast<double>(ref::from_bfloat16(x[i])) * ref::from_bfloat16(w[i]);
      exact += p;
      size += std::fabs(p);
    }
    const float reference = ref::dot_bfloat16(x, w);
    wrong += canonical(reference) != sum;
    if (!wild) {
      const double got = ref::from_bfloat16(sim::bf16::narrow(sum));
      const double bound = 0x1p-8 * std::fabs(exact) + 0x1p-20 * size;
      worst = std::max(worst, std::fabs(got - exact) / bound);
      outside += !(std::fabs(got - exact) <= bound);
    }
  }
  CHECK(wrong == 0);
  CHECK(outside == 0);
  CHECK(worst > 0.01);
}

TEST_CASE("bf16 sums: a weight of zero drops infinities and NaN", "[bf16]") {
  for (const std::uint16_t x : {0x7F80, 0xFF80, 0x7FC1}) {
    for (const std::uint16_t w : {0x0000, 0x8000, 0x0001, 0x807F}) {
      CHECK(sim::bf16::multiply_add(0x80000000U, x, w) == 0x80000000U);
    }
  }
  CHECK(sim::bf16::multiply_add(0x3F800000U, 0, 0x7F80) == 0x7FC00000U);
}
