// The add of a second tensor through the whole epilogue against float arithmetic.
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "sim/reference/ops.hpp"
#include "tb/seed.hpp"
#include "tests/epilogue/epilogue_bench.hpp"

namespace {

using s4::commands::SpuCommand;
using s4::tests::EpilogueBeat;
using s4::tests::EpilogueBench;

/// One quantised Add: y = a + b, scales and zero points of the three tensors.
struct AddCase {
  float a_scale;
  int a_zero;
  float b_scale;
  int b_zero;
  float y_scale;
  int y_zero;
  bool is_unsigned;
  bool swap;
};

constexpr AddCase kCases[] = {
    {0.05F, 0, 0.05F, 0, 0.05F, 0, false, false},  // ra = rb = 1: every sum an integer
    {0.5F, 3, 0.25F, -5, 0.5F, 7, false, false},   // halves: ties
    {0.5F, 3, 0.25F, -5, 0.5F, 7, false, true},
    {0.0471F, -128, 0.0312F, 11, 0.0615F, -9, false, false},
    {0.0471F, -128, 0.0312F, 11, 0.0615F, -9, false, true},
    {0.0471F, 0, 0.0312F, 200, 0.0615F, 131, true, false},
    {0.0471F, 255, 0.0312F, 0, 0.0615F, 0, true, true},
    {1.0e-6F, 10, 3.7F, -20, 1.9F, 5, false, false},  // one operand vanishes
    {7.0F, -1, 0.01F, 1, 0.013F, 0, false, false},    // saturates nearly everywhere
    {0.1F, 77, 0.1F, 78, 0.3F, 79, true, false},
};

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

SpuCommand add_command(float c0, float ra, float rb, bool is_unsigned, bool swap) {
  SpuCommand c;
  c.requant_min = -512;
  c.requant_max = 511;
  c.add_enable = 1;
  c.add_unsigned = is_unsigned ? 1 : 0;
  c.add_swap = swap ? 1 : 0;
  c.add_min = is_unsigned ? 0 : -128;
  c.add_max = is_unsigned ? 255 : 127;
  c.add_c0 = bits(c0);
  c.add_ra = bits(ra);
  c.add_rb = bits(rb);
  return c;
}

/// Constants as a compiler derives them from scales and zero points. With swap the b tensor is the
/// first operand of the ONNX Add.
SpuCommand add_command(const AddCase& n) {
  const float ra = n.a_scale / n.y_scale;
  const float rb = n.b_scale / n.y_scale;
  const float first =
      n.swap ? rb * static_cast<float>(n.b_zero) : ra * static_cast<float>(n.a_zero);
  const float other =
      n.swap ? ra * static_cast<float>(n.a_zero) : rb * static_cast<float>(n.b_zero);
  return add_command(static_cast<float>(n.y_zero) - (first + other), ra, rb, n.is_unsigned, n.swap);
}

/// Beats whose lanes hold every pair of a result in [low, low + 255] and a byte.
std::vector<EpilogueBeat> all_pairs(EpilogueBench& bench, int low) {
  std::vector<EpilogueBeat> beats;
  for (unsigned pair = 0; pair < 65536; ++pair) {
    const unsigned lane = pair % bench.results();
    if (lane == 0) beats.push_back(bench.beat());
    beats.back().acc[lane] = low + static_cast<int>(pair >> 8);
    beats.back().second[lane] = static_cast<std::uint8_t>(pair);
  }
  return beats;
}

template <typename T>
std::vector<std::uint8_t> reference_add(const AddCase& n) {
  using s4::ref::Quant;
  s4::ref::Tensor<T> a({65536});
  s4::ref::Tensor<T> b({65536});
  for (int pair = 0; pair < 65536; ++pair) {
    a[pair] = static_cast<T>((pair >> 8) + std::numeric_limits<T>::min());
    b[pair] = static_cast<T>(pair);
  }
  const Quant a_quant{n.a_scale, n.a_zero};
  const Quant b_quant{n.b_scale, n.b_zero};
  const Quant y_quant{n.y_scale, n.y_zero};
  const auto y = n.swap ? s4::ref::qlinear_add(b, b_quant, a, a_quant, y_quant)
                        : s4::ref::qlinear_add(a, a_quant, b, b_quant, y_quant);
  std::vector<std::uint8_t> result;
  for (int pair = 0; pair < 65536; ++pair) {
    result.push_back(static_cast<std::uint8_t>(y[pair]));
  }
  return result;
}

template <typename T>
std::vector<std::uint8_t> reference_use(const AddCase& n, std::uint8_t use, float product_scale) {
  using s4::ref::Quant;
  s4::ref::Tensor<T> a({65536});
  s4::ref::Tensor<T> b({65536});
  for (int pair = 0; pair < 65536; ++pair) {
    a[pair] = static_cast<T>((pair >> 8) + std::numeric_limits<T>::min());
    b[pair] = static_cast<T>(pair);
  }
  const Quant own{n.a_scale, n.a_zero};
  const Quant other{n.b_scale, n.b_zero};
  const Quant result{n.y_scale, n.y_zero};
  const auto y = use == 2   ? s4::ref::qlinear_mul(a, own, b, other, {product_scale, n.y_zero})
                 : use == 3 ? s4::ref::maximum(a, b)
                 : n.swap   ? s4::ref::qlinear_sub(b, other, a, own, result)
                            : s4::ref::qlinear_sub(a, own, b, other, result);
  std::vector<std::uint8_t> bytes;
  for (const T value : y.data) bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

}  // namespace

TEST_CASE("add of all byte pairs equals float arithmetic and the quantised Add", "[epilogue]") {
  EpilogueBench bench("small");
  for (const AddCase& n : kCases) {
    const SpuCommand command = add_command(n);
    const int low = n.is_unsigned ? 0 : -128;
    const auto beats = all_pairs(bench, low);
    const std::uint64_t wrong = bench.mismatches(command, beats);
    INFO("case " << &n - kCases << ", " << bench.report());
    REQUIRE(wrong == 0);
    // The formula that the lanes were compared with is the operator's.
    const auto expected =
        n.is_unsigned ? reference_add<std::uint8_t>(n) : reference_add<std::int8_t>(n);
    unsigned differing = 0;
    for (unsigned pair = 0; pair < 65536; ++pair) {
      const std::uint8_t byte = s4::tests::epilogue_byte(command, low + static_cast<int>(pair >> 8),
                                                         0, 1.0F, static_cast<std::uint8_t>(pair));
      differing += byte != expected[pair] ? 1U : 0U;
    }
    REQUIRE(differing == 0);
  }
}

TEST_CASE("add with random and extreme constants equals float arithmetic", "[epilogue]") {
  EpilogueBench bench("small");
  std::mt19937_64 random(s4::tb::seed());
  const auto constant = [&random]() -> float {
    const auto value = static_cast<std::uint32_t>(random());
    const std::uint32_t sign_and_fraction = value & 0x807fffffU;
    switch (random() % 8) {
      case 0:  // zero and subnormals
        return std::bit_cast<float>(random() % 3 == 0 ? value & 0x80000000U : sign_and_fraction);
      case 1:  // anywhere below 2^100
        return std::bit_cast<float>(sign_and_fraction | static_cast<std::uint32_t>(random() % 227)
                                                            << 23);
      case 2:  // powers of two
        return std::ldexp((value & 1U) != 0 ? 1.0F : -1.0F,
                          static_cast<int>(value >> 8 & 31U) - 20);
      case 3:  // few significant bits
        return std::ldexp(static_cast<float>(static_cast<int>(value >> 20) - 2048),
                          -static_cast<int>(random() % 16));
      default:  // 2^-8 to 2^8
        return std::bit_cast<float>(sign_and_fraction |
                                    static_cast<std::uint32_t>(119 + random() % 16) << 23);
    }
  };
  const int rounds = s4::tb::full_run() ? 40000 : 4000;
  for (int round = 0; round < rounds; ++round) {
    float ra = constant();
    const float rb = random() % 8 == 0 ? -ra : constant();
    if (random() % 16 == 0) ra = -rb;
    float c0 = constant();
    // Cancellation: the sum of a chosen pair is nearly nothing, or next to a tie.
    if (random() % 2 == 0) {
      const auto a = static_cast<float>(static_cast<int>(random() % 256) - 128);
      const auto b = static_cast<float>(static_cast<int>(random() % 256) - 128);
      const float near = static_cast<float>(static_cast<int>(random() % 64) - 32) / 2;
      const float c = near - (a * ra + b * rb);
      if (std::fabs(c) < 0x1p99F) c0 = c;
    }
    // Half of the last place of the products and a little more or less.
    if (random() % 8 == 0) {
      c0 = std::ldexp(1.0F + std::ldexp(static_cast<float>(random() % 5) - 2.0F, -16),
                      -24 + static_cast<int>(random() % 8));
    }
    SpuCommand command = add_command(c0, ra, rb, (random() & 1U) != 0, (random() & 1U) != 0);
    command.add_min = static_cast<std::int16_t>(-static_cast<int>(random() % 257));
    command.add_max = static_cast<std::int16_t>(random() % 256);
    command.requant_zero = static_cast<std::int16_t>(static_cast<int>(random() % 512) - 256);
    command.second_use = static_cast<std::uint8_t>(random() % 4);
    command.second_zero = static_cast<std::int16_t>(static_cast<int>(random() % 512) - 256);
    std::vector<EpilogueBeat> beats(8, bench.beat());
    for (EpilogueBeat& beat : beats) {
      for (auto& acc : beat.acc) acc = static_cast<int>(random() % 1200) - 600;
      for (auto& byte : beat.second) byte = static_cast<std::uint8_t>(random());
    }
    const std::uint64_t wrong = bench.mismatches(command, beats);
    INFO(bench.report());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("difference, product and maximum of all byte pairs equal the operators", "[epilogue]") {
  EpilogueBench bench("small");
  for (const std::uint8_t use : {1, 2, 3}) {
    for (const AddCase& n : kCases) {
      SpuCommand command = add_command(n);
      const int low = n.is_unsigned ? 0 : -128;
      float product_scale = n.y_scale;
      if (use == 1) {
        const float ra = n.a_scale / n.y_scale;
        const float rb = n.b_scale / n.y_scale;
        const float za = ra * static_cast<float>(n.a_zero);
        const float zb = rb * static_cast<float>(n.b_zero);
        command.second_zero = static_cast<std::int16_t>(n.y_zero);
        command.add_c0 = bits(0.0F - (n.swap ? zb - za : za - zb));
        command.add_ra = bits(n.swap ? -ra : ra);
        command.add_rb = bits(n.swap ? -rb : rb);
      } else if (use == 2) {
        // Half of the cases with ties at every second product.
        product_scale = (&n - kCases) % 2 == 0 ? n.a_scale * n.b_scale * 128.0F : n.y_scale;
        command.requant_zero = static_cast<std::int16_t>(n.a_zero);
        command.requant_min = static_cast<std::int16_t>(low - n.a_zero);
        command.requant_max = static_cast<std::int16_t>(low + 255 - n.a_zero);
        command.second_zero = static_cast<std::int16_t>(n.b_zero);
        command.add_c0 = bits(static_cast<float>(n.y_zero));
        command.add_ra = bits(n.a_scale * n.b_scale / product_scale);
        command.add_rb = bits(-7.0F);  // not read
      }
      command.second_use = use;
      auto beats = all_pairs(bench, low);
      for (EpilogueBeat& beat : beats) {
        for (auto& acc : beat.acc) acc -= command.requant_zero;
      }
      const std::uint64_t wrong = bench.mismatches(command, beats);
      INFO("use " << int{use} << ", case " << &n - kCases << ", " << bench.report());
      REQUIRE(wrong == 0);
      const auto expected = n.is_unsigned ? reference_use<std::uint8_t>(n, use, product_scale)
                                          : reference_use<std::int8_t>(n, use, product_scale);
      unsigned differing = 0;
      for (unsigned pair = 0; pair < 65536; ++pair) {
        const int acc = low + static_cast<int>(pair >> 8) - command.requant_zero;
        const std::uint8_t byte =
            s4::tests::epilogue_byte(command, acc, 0, 1.0F, static_cast<std::uint8_t>(pair));
        differing += byte != expected[pair] ? 1U : 0U;
      }
      REQUIRE(differing == 0);
    }
  }
}
