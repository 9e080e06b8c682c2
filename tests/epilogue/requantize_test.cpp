// Requantisation through the whole epilogue against the float formula of the reference.
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tb/seed.hpp"
#include "tests/epilogue/epilogue_bench.hpp"

namespace {

using s4::commands::SpuCommand;
using s4::ref::Rounding;
using s4::tests::EpilogueBeat;
using s4::tests::EpilogueBench;

constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kHighest = std::numeric_limits<std::int32_t>::max();

SpuCommand requantize_command(int zero, int low, int high) {
  SpuCommand c;
  c.requant_zero = static_cast<std::int16_t>(zero);
  c.requant_min = static_cast<std::int16_t>(low);
  c.requant_max = static_cast<std::int16_t>(high);
  return c;
}

/// Any finite float; a quarter of them extreme.
float any_scale(std::mt19937_64& random) {
  auto bits = static_cast<std::uint32_t>(random());
  switch (random() % 8) {
    case 0:
      bits &= 0x80ffffffU;  // zero, subnormals, smallest normals
      break;
    case 1:
      bits |= 0x7f000000U;  // largest
      break;
    default:
      break;
  }
  if ((bits & 0x7f800000U) == 0x7f800000U) bits ^= 0x00800000U;
  return std::bit_cast<float>(bits);
}

/// A scale that brings `sum` near `target`.
float scale_towards(std::mt19937_64& random, std::int32_t sum, double target) {
  const auto scale = static_cast<float>(target / (sum == 0 ? 1 : sum));
  const auto bits =
      std::bit_cast<std::uint32_t>(scale) + static_cast<std::uint32_t>(random() % 3) - 1;
  const float near = std::bit_cast<float>(bits);
  return std::isfinite(near) ? near : scale;
}

std::int32_t any_sum(std::mt19937_64& random) {
  const auto value = static_cast<std::int32_t>(random());
  switch (random() % 6) {
    case 0:
      return value;
    case 1:  // a tie, or next to one, of the conversion to float32
    {
      const unsigned dropped = 1 + random() % 8;
      const auto base = static_cast<std::uint32_t>(value) >> (8 - dropped) | 1U << (23 + dropped);
      const std::uint32_t cut = base >> dropped << dropped | 1U << (dropped - 1);
      const auto sum = static_cast<std::int32_t>((cut + random() % 3 - 1) & 0x7fffffffU);
      return (value & 1) != 0 ? -sum : sum;
    }
    case 2:
      return static_cast<std::int32_t>(random() % 3) - 1;
    case 3:
      return (random() & 1U) != 0 ? kLowest + static_cast<std::int32_t>(random() % 300)
                                  : kHighest - static_cast<std::int32_t>(random() % 300);
    default:
      return value >> (random() % 28);
  }
}

/// Fills a beat with hard cases: near ties, near the limits, exact ties, extreme exponents, plain.
void fill(EpilogueBench& bench, const SpuCommand& command, EpilogueBeat& beat,
          std::mt19937_64& random) {
  for (unsigned o = 0; o < bench.lanes(); ++o) {
    const auto bias = static_cast<std::int32_t>(random()) >> (random() % 32);
    std::int32_t sum = any_sum(random);
    beat.bias[o] = bias;
    float& scale = beat.scale[o];
    const unsigned kind = random() % 6;
    const double half = static_cast<double>(random() % 2048) / 2 - 512;
    switch (kind) {
      case 0:
        scale = any_scale(random);
        break;
      case 1:  // powers of two: exact ties
        scale = std::ldexp((random() & 1U) != 0 ? 1.0F : -1.0F, -static_cast<int>(random() % 32));
        break;
      case 2:  // the limits
        scale = scale_towards(random, sum,
                              ((random() & 1U) != 0 ? command.requant_min : command.requant_max) +
                                  (static_cast<double>(random() % 5) - 2) / 2);
        break;
      case 3:
        scale = scale_towards(random, sum, half);
        break;
      default:
        scale = std::ldexp(1.0F + static_cast<float>(random() % 8388608) / 8388608.0F,
                           -static_cast<int>(random() % 30));
    }
    for (unsigned e = 0; e < bench.pixels(); ++e) {
      if (e > 0 && kind == 1) sum = static_cast<std::int32_t>(random()) >> (random() % 31);
      if (e > 0 && kind >= 4) sum = any_sum(random);
      const auto near = static_cast<std::uint32_t>(sum) + (kind == 3 ? e / 2 : 0U);
      beat.acc[e * bench.lanes() + o] =
          static_cast<std::int32_t>(near - static_cast<std::uint32_t>(bias));
    }
  }
}

/// int8, uint8, fused ReLU, and anything.
SpuCommand any_command(std::mt19937_64& random) {
  const int zero = static_cast<int>(random() % 256);
  switch (random() % 4) {
    case 0:
      return requantize_command(zero - 128, -zero, 255 - zero);
    case 1:
      return requantize_command(zero, -zero, 255 - zero);
    case 2:
      return requantize_command(zero, 0, 255 - zero);
    default: {
      const int low = static_cast<int>(random() % 1024) - 512;
      return requantize_command(
          static_cast<int>(random() % 512) - 256, low,
          low + static_cast<int>(random() % static_cast<unsigned>(512 - low)));
    }
  }
}

/// Runs `count` random lanes; returns how many differ from the formula.
std::uint64_t random_lanes(EpilogueBench& bench, std::uint64_t count, std::mt19937_64& random) {
  std::uint64_t wrong = 0;
  std::vector<EpilogueBeat> beats(256, bench.beat());
  for (std::uint64_t done = 0; done < count; done += beats.size() * bench.results()) {
    const SpuCommand command = any_command(random);
    for (EpilogueBeat& beat : beats) fill(bench, command, beat, random);
    wrong += bench.mismatches(command, beats);
    if (wrong != 0) break;
  }
  return wrong;
}

}  // namespace

TEST_CASE("requantisation of random accumulators equals the float formula", "[epilogue]") {
  const std::uint64_t count = s4::tb::full_run() ? 10'000'000 : 300'000;
  for (const char* config : {"tiny", "small"}) {
    EpilogueBench bench(config);
    std::mt19937_64 random(s4::tb::seed());
    const std::uint64_t wrong = random_lanes(bench, count, random);
    INFO(config << ", " << bench.report());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("requantisation around every tie and limit of the byte range", "[epilogue]") {
  EpilogueBench bench("small");
  // Scales 2^-k: sums at n + 1/2 for every n of -1040 to 1040, and one less and one more. Scale
  // 1/3 and 3 * 2^-k: sums next to ties of inexact products.
  for (const auto& [zero, low, high] :
       {std::array{0, -128, 127}, std::array{128, -128, 127}, std::array{-7, -121, 134},
        std::array{255, -512, 511}, std::array{-256, 100, 100}}) {
    const SpuCommand command = requantize_command(zero, low, high);
    std::vector<EpilogueBeat> beats;
    unsigned next = bench.results();
    float scale_of_beat = 0;
    const auto add = [&](std::int64_t sum, float scale) {
      if (sum < kLowest || sum > kHighest) return;
      if (next == bench.results() || scale != scale_of_beat) {
        beats.push_back(bench.beat());
        beats.back().scale.assign(bench.lanes(), scale);
        scale_of_beat = scale;
        next = 0;
      }
      beats.back().acc[next++] = static_cast<std::int32_t>(sum);
    };
    for (const int k : {1, 2, 7, 8, 13, 14, 15, 16, 20, 21}) {
      for (const float factor : {1.0F, -1.0F, 3.0F, 1.0F / 3.0F, 1.0F + 0x1p-23F}) {
        for (std::int64_t n = -1040; n <= 1040; ++n) {
          const auto tie = std::llround(static_cast<double>((2 * n + 1) << (k - 1)) / factor);
          for (std::int64_t near = -1; near <= 1; ++near) add(tie + near, std::ldexp(factor, -k));
        }
      }
    }
    const std::uint64_t wrong = bench.mismatches(command, beats);
    INFO(bench.report());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("requantisation of extreme sums by extreme scales", "[epilogue]") {
  EpilogueBench bench("tiny");
  std::vector<float> scales;
  for (const std::uint32_t exponent :
       {0U,   1U,   2U,   90U,  93U,  94U,  95U,  96U,  118U, 119U,
        120U, 126U, 127U, 128U, 150U, 222U, 223U, 224U, 253U, 254U}) {
    for (const std::uint32_t fraction : {0U, 1U, 0x400000U, 0x555555U, 0x7ffffeU, 0x7fffffU}) {
      for (const std::uint32_t sign : {0U, 0x80000000U}) {
        scales.push_back(std::bit_cast<float>(sign | exponent << 23 | fraction));
      }
    }
  }
  std::vector<std::int32_t> sums = {0, kLowest, kLowest + 1, kHighest, kHighest - 1};
  for (int bit = 0; bit < 31; ++bit) {
    for (const std::int32_t near : {-1, 0, 1}) {
      sums.push_back((std::int32_t{1} << bit) + near);
      sums.push_back(-(std::int32_t{1} << bit) + near);
    }
    if (bit >= 24) {  // ties of the conversion: even and odd neighbours, one to each side
      for (std::int32_t near = -3; near <= 3; ++near) {
        sums.push_back((std::int32_t{1} << bit) + near * (std::int32_t{1} << (bit - 24)));
        sums.push_back((std::int32_t{1} << bit) + near * (std::int32_t{1} << (bit - 24)) + 1);
      }
    }
  }
  sums.push_back(0x7fffffbf);
  sums.push_back(0x7fffffc0);
  sums.push_back(0x7fffffc1);
  for (const auto& [zero, low, high] :
       {std::array{0, -128, 127}, std::array{3, -512, 511}, std::array{0, 5, 9}}) {
    std::vector<EpilogueBeat> beats;
    for (const std::int32_t sum : sums) {
      for (std::size_t s = 0; s < scales.size(); s += bench.lanes()) {
        EpilogueBeat beat = bench.beat();
        for (unsigned o = 0; o < bench.lanes(); ++o) {
          beat.scale[o] = scales[(s + o) % scales.size()];
          beat.bias[o] = static_cast<std::int32_t>(s * 123456789U + o);
          for (unsigned e = 0; e < bench.pixels(); ++e) {
            beat.acc[e * bench.lanes() + o] = static_cast<std::int32_t>(
                static_cast<std::uint32_t>(sum) - static_cast<std::uint32_t>(beat.bias[o]));
          }
        }
        beats.push_back(beat);
      }
    }
    const std::uint64_t wrong = bench.mismatches(requantize_command(zero, low, high), beats);
    INFO(bench.report());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("wrong roundings disagree with the formula on these vectors", "[epilogue]") {
  EpilogueBench bench("tiny");
  for (const Rounding rounding : {Rounding::kHalfAway, Rounding::kHalfUp, Rounding::kTowardZero,
                                  Rounding::kZeroPointFirst, Rounding::kExactProduct}) {
    std::mt19937_64 random(s4::tb::seed());
    std::uint64_t differing = 0;
    for (int n = 0; n < 2000; ++n) {
      const SpuCommand command = any_command(random);
      EpilogueBeat beat = bench.beat();
      fill(bench, command, beat, random);
      for (unsigned i = 0; i < bench.results(); ++i) {
        const unsigned o = i % bench.lanes();
        const auto byte = [&](Rounding r) {
          return s4::tests::epilogue_byte(command, beat.acc[i], beat.bias[o], beat.scale[o], 0, r);
        };
        differing += byte(rounding) != byte(Rounding::kHalfEven) ? 1U : 0U;
      }
    }
    INFO("rounding policy " << static_cast<int>(rounding) << ", seed " << s4::tb::seed());
    CHECK(differing > 20);
  }
}
