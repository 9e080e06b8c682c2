// The integer-only arithmetic of the epilogue against the float formulas of the reference.
#include "sim/epilogue/epilogue.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sim/reference/ops.hpp"
#include "tb/seed.hpp"

namespace {

namespace f32 = s4::sim::float32;

float number(f32::Bits bits) { return std::bit_cast<float>(bits); }
f32::Bits bits_of(float value) { return std::bit_cast<f32::Bits>(value); }

/// Equal, where every NaN is equal to every other.
bool same(f32::Bits got, float expected) {
  if (std::isnan(expected)) return f32::is_nan(got);
  return got == bits_of(expected);
}

/// Bit patterns that favour extreme exponents and mantissas.
f32::Bits random_bits(std::mt19937_64& random) {
  auto bits = static_cast<f32::Bits>(random());
  switch (random() % 8) {
    case 0:
      bits &= 0x807fffffU;  // zero and subnormals
      break;
    case 1:
      bits |= 0x7f000000U;  // largest, infinity, NaN
      break;
    case 2:
      bits &= 0xff800000U;  // powers of two
      break;
    case 3:
      bits = (bits & 0x81ffffffU) | 0x3e000000U;  // around 1
      break;
    default:
      break;
  }
  return bits;
}

std::string requantize_case(std::int32_t acc, std::int32_t bias, float scale, int zero, int low,
                            int high) {
  return "acc " + std::to_string(acc) + " bias " + std::to_string(bias) + " scale bits " +
         std::to_string(bits_of(scale)) + " zero " + std::to_string(zero) + " range " +
         std::to_string(low) + " to " + std::to_string(high) + " seed " +
         std::to_string(s4::tb::seed());
}

/// Whether both agree; `low` and `high` include the zero point, as in the reference.
bool requantize_agrees(std::int32_t acc, std::int32_t bias, float scale, int zero, int low,
                       int high) {
  const int expected = s4::ref::requantize(acc, bias, scale, zero, low, high);
  return s4::sim::requantize(acc, {bias, bits_of(scale)}, zero, low - zero, high - zero) ==
         expected;
}

}  // namespace

TEST_CASE("single precision with integers equals the host's", "[functional][epilogue]") {
  std::mt19937_64 random(s4::tb::seed());
  const int count = s4::tb::full_run() ? 20'000'000 : 1'000'000;
  for (int i = 0; i < count; ++i) {
    const f32::Bits a = random_bits(random);
    f32::Bits b = random_bits(random);
    if (random() % 4 == 0) {  // close in magnitude: cancellation
      b = (a ^ f32::kSignBit) + static_cast<f32::Bits>(random() % 65) - 32;
    }
    if (random() % 4 == 0) {  // ties at the far end of the mantissa
      b = (a & 0xff800000U) - (static_cast<f32::Bits>(random() % 40) << 23);
    }
    const float x = number(a);
    const float y = number(b);
    if (!same(f32::multiply(a, b), x * y)) FAIL("multiply " << a << " " << b);
    if (!same(f32::add(a, b), x + y)) FAIL("add " << a << " " << b);
    const auto value = static_cast<std::int32_t>(random() >> (random() % 32 + 32));
    if (f32::from_int(value) != bits_of(static_cast<float>(value))) FAIL("from_int " << value);
    const float rounded = std::nearbyint(std::isnan(x) ? -512.0F : x);
    const int expected = static_cast<int>(std::fmin(std::fmax(rounded, -512.0F), 511.0F));
    if (f32::to_int_clamped(a, -512, 511) != expected) FAIL("to_int " << a);
  }
}

TEST_CASE("requantise: random accumulators", "[functional][epilogue]") {
  std::mt19937_64 random(s4::tb::seed());
  const int count = s4::tb::full_run() ? 10'000'000 : 1'000'000;
  std::uniform_real_distribution<float> exponent(-32.0F, 2.0F);
  for (int i = 0; i < count; ++i) {
    const bool is_unsigned = random() % 2 != 0;
    const int low = is_unsigned ? 0 : -128;
    const int high = low + 255;
    const int zero = low + static_cast<int>(random() % 256);
    const auto acc = static_cast<std::int32_t>(random()) >> (random() % 28);
    const auto bias = random() % 4 == 0 ? static_cast<std::int32_t>(random())
                                        : static_cast<std::int32_t>(random()) >> 16;
    // Half of the scales bring the accumulator into the range of the output.
    float scale = std::exp2(exponent(random));
    if (random() % 2 == 0 && acc != 0) {
      scale = static_cast<float>(static_cast<int>(random() % 600) - 300) /
              (static_cast<float>(acc) + static_cast<float>(bias) + 0.5F);
    }
    if (!requantize_agrees(acc, bias, scale, zero, low, high)) {
      FAIL(requantize_case(acc, bias, scale, zero, low, high));
    }
  }
}

TEST_CASE("requantise: extreme scales and clamps", "[functional][epilogue]") {
  std::mt19937_64 random(s4::tb::seed());
  for (int i = 0; i < 300'000; ++i) {
    const float scale = number(random_bits(random));
    if (!std::isfinite(scale)) continue;
    const auto acc = static_cast<std::int32_t>(random()) >> (random() % 32);
    const int zero = static_cast<int>(random() % 256) - 128;
    const int low = static_cast<int>(random() % 256) - 128;
    const int high = low + static_cast<int>(random() % (128 - low));
    if (!requantize_agrees(acc, 0, scale, zero, low, high)) {
      FAIL(requantize_case(acc, 0, scale, zero, low, high));
    }
  }
}

TEST_CASE("requantise: all ties and their neighbours", "[functional][epilogue]") {
  // acc * 2^-s is a tie when acc is an odd multiple of 2^(s-1): every tie of the output range, for
  // every power-of-two scale that an accumulator can be a tie of, and the accumulators around it.
  int checked = 0;
  int truncation_differs = 0;
  for (int shift = 1; shift <= 23; ++shift) {
    const float scale = std::ldexp(1.0F, -shift);
    for (int half = -2 * 300 + 1; half < 2 * 300; half += 2) {
      const std::int64_t tie = std::int64_t{half} << (shift - 1);
      if (tie > INT32_MAX - 2 || tie < INT32_MIN + 2) continue;
      for (int near = -2; near <= 2; ++near) {
        for (const int zero : {-128, -1, 0, 3, 127}) {
          const auto acc = static_cast<std::int32_t>(tie + near);
          ++checked;
          if (!requantize_agrees(acc, 0, scale, zero, -128, 127)) {
            FAIL(requantize_case(acc, 0, scale, zero, -128, 127));
          }
          if (s4::ref::requantize(acc, 0, scale, zero, -128, 127, s4::ref::Rounding::kTowardZero) !=
              s4::sim::requantize(acc, {0, bits_of(scale)}, zero, -128 - zero, 127 - zero)) {
            ++truncation_differs;
          }
        }
      }
    }
  }
  CHECK(checked > 50'000);
  CHECK(truncation_differs > 10'000);  // the vectors notice a wrong rounding
}

TEST_CASE("requantise: ties of the conversion and of the product", "[functional][epilogue]") {
  // Accumulators of more than 24 bits round on conversion; scales one ulp around powers of two make
  // products that are ties of the 24-bit mantissa.
  for (int top = 24; top <= 30; ++top) {
    for (int step = -64; step <= 64; ++step) {
      const auto acc = static_cast<std::int32_t>((std::int64_t{1} << top) + step);
      for (int sign = -1; sign <= 1; sign += 2) {
        for (int ulp = -3; ulp <= 3; ++ulp) {
          for (int out = 0; out < 8; ++out) {
            const auto base = static_cast<std::int32_t>(bits_of(std::ldexp(1.0F, out - top)));
            const float scale = number(static_cast<f32::Bits>(base + ulp));
            if (!requantize_agrees(sign * acc, 0, scale, 0, -128, 127)) {
              FAIL(requantize_case(sign * acc, 0, scale, 0, -128, 127));
            }
          }
        }
      }
    }
  }
  CHECK(requantize_agrees(INT32_MIN, 0, 1.0F / (1 << 25), 0, -128, 127));
  CHECK(requantize_agrees(INT32_MAX, 1, 1.0F / (1 << 25), 0, -128, 127));  // wraps
}

namespace {

struct AddSet {
  s4::ref::Quant a, b, y;
};

/// All 65,536 pairs of bytes, with a and b in both roles.
template <typename T>
void check_add(const AddSet& set) {
  const auto range = s4::ref::full_range<T>();
  s4::ref::Tensor<T> a({65536});
  s4::ref::Tensor<T> b({65536});
  for (int i = 0; i < 65536; ++i) {
    a[i] = static_cast<T>(i & 0xff);
    b[i] = static_cast<T>(i >> 8);
  }
  const auto expected = s4::ref::qlinear_add(a, set.a, b, set.b, set.y);
  const float ra = set.a.scale / set.y.scale;
  const float rb = set.b.scale / set.y.scale;
  const float offset_a = ra * static_cast<float>(set.a.zero_point);
  const float offset_b = rb * static_cast<float>(set.b.zero_point);
  const float c0 = static_cast<float>(set.y.zero_point) - (offset_a + offset_b);
  int differ_truncated = 0;
  for (int i = 0; i < 65536; ++i) {
    const int x = a[i];
    const int z = b[i];
    const int plain = s4::sim::elementwise_add(
        x, z, {false, bits_of(c0), bits_of(ra), bits_of(rb), range.low, range.high});
    // The convolution's result as ONNX's second operand: roles and order swapped.
    const int swapped = s4::sim::elementwise_add(
        z, x, {true, bits_of(c0), bits_of(rb), bits_of(ra), range.low, range.high});
    const float sum = (c0 + static_cast<float>(x) * ra) + static_cast<float>(z) * rb;
    differ_truncated +=
        plain != static_cast<int>(std::fmin(std::fmax(std::trunc(sum), range.low), range.high)) ? 1
                                                                                                : 0;
    if (plain != expected[i] || swapped != expected[i]) {
      FAIL("a " << x << " b " << z << ": expected " << int{expected[i]} << ", got " << plain
                << ", swapped " << swapped);
    }
  }
  CHECK(differ_truncated > 1000);
}

}  // namespace

TEST_CASE("add: all byte pairs, several scales", "[functional][epilogue]") {
  const std::vector<AddSet> sets{
      {{0.05F, 3}, {0.07F, -5}, {0.1F, 2}},
      {{0.5F, 0}, {0.25F, 0}, {1.0F, 0}},
      {{0.01F, -128}, {0.02F, 127}, {0.015F, -1}},
      {{1e-3F, 17}, {3.3F, -40}, {0.9F, 100}},
      {{0.021653F, 4}, {0.0193F, -11}, {0.0305F, -7}},
      {{1.0F, 0}, {1.0F, 0}, {2.0F, 1}},
  };
  for (const AddSet& set : sets) check_add<std::int8_t>(set);
  for (AddSet set : sets) {
    set.a.zero_point += 128;
    set.b.zero_point += 128;
    set.y.zero_point += 128;
    check_add<std::uint8_t>(set);
  }
}

TEST_CASE("epilogue of a command", "[functional][epilogue]") {
  s4::commands::SpuCommand command;
  command.requant_zero = 10;
  command.requant_min = -20;
  command.requant_max = 30;
  const s4::sim::ChannelParameters channel{5, bits_of(0.5F)};
  CHECK(s4::sim::Epilogue(command).output(15, channel, 99) == 20);
  CHECK(s4::sim::Epilogue(command).output(-1000, channel, 99) == static_cast<std::uint8_t>(-10));
  CHECK(s4::sim::Epilogue(command).output(1000, channel, 99) == 40);
  command.requant_min = 31;  // above the maximum, which wins
  CHECK(s4::sim::Epilogue(command).output(15, channel, 99) == 40);
  command.requant_min = -20;
  command.add_enable = 1;
  command.add_c0 = bits_of(1.0F);
  command.add_ra = bits_of(1.0F);
  command.add_rb = bits_of(2.0F);
  command.add_min = -128;
  command.add_max = 127;
  CHECK(s4::sim::Epilogue(command).output(15, channel, 0xff) == 19);  // 1 + 20 + 2 * -1
  command.add_unsigned = 1;
  command.add_max = 255;
  CHECK(s4::sim::Epilogue(command).output(15, channel, 100) == 221);  // 1 + 20 + 2 * 100
  CHECK(s4::sim::Epilogue(command).output(15, channel, 0xff) == 255);
}
