// Means of bytes by one rounding, against the steps of the quantised AveragePool.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "sim/reference/ops.hpp"
#include "sw/graph/byte_rounding.hpp"
#include "tb/seed.hpp"

using namespace s4;
using namespace s4::sw::graph;

namespace {

struct Counts {
  int found = 0, refused = 0, wrong = 0;
};

/// Random windows of many kinds: uniform bytes, all alike, near each other.
template <typename T>
void compare(std::mt19937_64& random, const Quant& x, const Quant& y, std::int64_t taps,
             Counts& counts) {
  std::string why_not;
  const DataType type = std::is_signed_v<T> ? DataType::kInt8 : DataType::kUint8;
  const auto c = average_rounding(x, y, taps, type, why_not);
  counts.found += c ? 1 : 0;
  counts.refused += c ? 0 : 1;
  CHECK(why_not.empty() == c.has_value());
  if (!c) return;
  constexpr std::int64_t kWindows = 2000;
  ref::Tensor<T> in({kWindows, 1, 1, taps});
  for (std::int64_t w = 0; w < kWindows; ++w) {
    const int middle = static_cast<int>(random() % 256) + std::numeric_limits<T>::min();
    const int spread = w % 3 == 0 ? 1 : w % 3 == 1 ? 4 : 256;
    for (std::int64_t i = 0; i < taps; ++i) {
      const int value = middle + static_cast<int>(random() % static_cast<unsigned>(spread));
      in[w * taps + i] = static_cast<T>(
          std::clamp<int>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
  }
  ref::PoolParams pool;
  pool.kernel = {1, taps};
  const auto wanted = ref::qlinear_average_pool(in, {x.scale, x.zero}, {y.scale, y.zero}, pool);
  for (std::int64_t w = 0; w < kWindows; ++w) {
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < taps; ++i) sum += in[w * taps + i] - x.zero;
    const auto made = ref::requantize(sum, c->bias, c->factor, c->zero,
                                      std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    counts.wrong += made != wanted[w] ? 1 : 0;
  }
}

}  // namespace

TEST_CASE("constants of means give the bytes of the quantised AveragePool") {
  std::mt19937_64 random(tb::seed());
  Counts counts;
  for (int round = 0; round < 200; ++round) {
    const std::int64_t taps = 1 + static_cast<std::int64_t>(random() % 25);
    const float scale = 0.01F + 0.05F * static_cast<float>(random() % 10000) / 10000.0F;
    const float ratio = 0.4F + 0.8F * static_cast<float>(random() % 10000) / 10000.0F;
    const bool is_signed = round % 2 == 0;
    const auto zero = [&] { return static_cast<int>(random() % 256) - (is_signed ? 128 : 0); };
    const Quant x{scale, round % 3 == 0 ? (is_signed ? -128 : 0) : zero()};
    const Quant y = round % 4 == 0 ? x : Quant{scale * ratio, zero()};
    CAPTURE(round, taps, x.scale, x.zero, y.scale, y.zero);
    if (is_signed) {
      compare<std::int8_t>(random, x, y, taps, counts);
    } else {
      compare<std::uint8_t>(random, x, y, taps, counts);
    }
  }
  INFO(counts.found << " found, " << counts.refused << " refused");
  CHECK(counts.wrong == 0);
  CHECK(counts.found > 50);
  CHECK(counts.refused > 5);
}

TEST_CASE("shares of windows give the bytes of an AveragePool that does not count padding") {
  std::mt19937_64 random(tb::seed());
  int found = 0, wrong = 0;
  for (int round = 0; round < 100; ++round) {
    const auto below = [&](int end) { return static_cast<int>(random() % end); };
    const float scale = 0.01F + 0.05F * static_cast<float>(below(10000)) / 10000.0F;
    const float ratio = 0.4F + 0.8F * static_cast<float>(below(10000)) / 10000.0F;
    const Quant x{scale, below(256)};
    const Quant y = round % 4 == 0 ? x : Quant{scale * ratio, below(256)};
    PoolAttributes pool;
    pool.kernel = {1 + below(3), 2 + below(2)};
    pool.strides = {1 + below(2), 1 + below(2)};
    pool.pads = {below(static_cast<int>(pool.kernel[0])), 1, 0, below(2)};
    const Shape in{50, 2, 4 + below(4), 4 + below(4)};
    ref::Tensor<std::uint8_t> image(in);
    for (std::int64_t i = 0; i < image.size(); ++i) {
      const int spread = i % 3 == 0 ? 4 : 256;
      image[i] = static_cast<std::uint8_t>(below(spread) + (spread == 4 ? x.zero / 2 : 0));
    }
    ref::PoolParams params;
    params.kernel = pool.kernel;
    params.strides = pool.strides;
    params.pads = pool.pads;
    const auto wanted =
        ref::qlinear_average_pool(image, {x.scale, x.zero}, {y.scale, y.zero}, params);
    const std::vector<std::int64_t> pixels = window_pixels(pool, in, wanted.shape);
    std::string why_not;
    const auto rounding = share_rounding(x, y, pixels, DataType::kUint8, why_not);
    CHECK(why_not.empty() == rounding.has_value());
    if (!rounding) continue;
    ++found;
    for (std::int64_t out = 0; out < wanted.size(); ++out) {
      const std::int64_t width = wanted.shape[3];
      const std::int64_t height = wanted.shape[2];
      const std::int64_t plane = out / (width * height);
      std::int32_t sum = 0, count = 0;
      for (std::int64_t ky = 0; ky < pool.kernel[0]; ++ky) {
        for (std::int64_t kx = 0; kx < pool.kernel[1]; ++kx) {
          const std::int64_t iy = out / width % height * pool.strides[0] - pool.pads[0] + ky;
          const std::int64_t ix = out % width * pool.strides[1] - pool.pads[1] + kx;
          if (iy < 0 || iy >= in[2] || ix < 0 || ix >= in[3]) continue;
          sum += image[(plane * in[2] + iy) * in[3] + ix] - x.zero;
          ++count;
        }
      }
      CHECK(pixels[static_cast<std::size_t>(out % (width * height))] == count);
      const float share = static_cast<float>(rounding->share(count));
      const auto made = ref::requantize(sum, 0, share * rounding->factor, y.zero, 0, 255);
      wrong += made != wanted[out] ? 1 : 0;
    }
  }
  INFO(found << " of 100 found");
  CHECK(wrong == 0);
  CHECK(found > 30);
  std::string why;
  const Quant some{0.3F, 0};
  CHECK(!share_rounding(some, some, {4, 0}, DataType::kUint8, why));
  CHECK(why == "a window has no pixel of the image");
  CHECK(!share_rounding(some, {0.2F, 0}, {9, 12, 15, 16, 20, 25}, DataType::kUint8, why));
  CHECK(why == "its windows at the border have too many different divisors");
}

TEST_CASE("constants of products with a number give the bytes of the quantised Mul") {
  std::mt19937_64 random(tb::seed());
  int found = 0, wrong = 0;
  for (int round = 0; round < 40; ++round) {
    const auto byte = [&] { return static_cast<int>(random() % 256); };
    const float scale = 0.01F + 0.05F * static_cast<float>(random() % 10000) / 10000.0F;
    const Quant x{scale, byte()};
    const Quant k{0.02F, 128};
    const Quant y{scale * (round % 4 == 0 ? 1.0F : 0.3F + 0.01F * static_cast<float>(byte())),
                  byte()};
    std::vector<std::int32_t> factors;
    for (int c = 0; c < 5; ++c) factors.push_back(byte() - 128);
    const auto rounding =
        product_rounding(x, factors, x.scale * k.scale / y.scale, y, DataType::kUint8);
    found += rounding ? 1 : 0;
    for (std::size_t c = 0; rounding && c < factors.size(); ++c) {
      ref::Tensor<std::uint8_t> a({256}), b({256});
      for (int i = 0; i < 256; ++i) {
        a[i] = static_cast<std::uint8_t>(i);
        b[i] = static_cast<std::uint8_t>(factors[c] + 128);
      }
      const auto wanted =
          ref::qlinear_mul(a, {x.scale, x.zero}, b, {k.scale, k.zero}, {y.scale, y.zero});
      const SumRounding& r = (*rounding)[c];
      for (int i = 0; i < 256; ++i) {
        const auto made =
            ref::requantize((i - x.zero) * factors[c], r.bias, r.factor, r.zero, 0, 255);
        wrong += made != wanted[i] ? 1 : 0;
      }
    }
  }
  INFO(found << " of 40 found");
  CHECK(wrong == 0);
  CHECK(found > 20);
}

TEST_CASE("means at ties: exact scales keep them, others leave them to the order of the sum") {
  std::string why;
  // Four bytes of one scale: every fourth sum is a tie. A power of two makes all sums exact; the
  // zero point then counts before the rounding, odd or even.
  for (const int zero : {0, 3, 128}) {
    const Quant exact{0.25F, zero};
    const auto c = average_rounding(exact, exact, 4, DataType::kUint8, why);
    REQUIRE(c);
    CHECK(c->zero == (zero % 2 == 0 ? zero : 0));
    CHECK(c->bias == (zero % 2 == 0 ? 0 : 4 * zero));
  }
  const Quant other{0.3F, 0};
  CHECK(!average_rounding(other, other, 4, DataType::kUint8, why));
  CHECK(why.find("the order of its float32 additions decides") == 0);
  // Of nine there are no ties.
  CHECK(average_rounding(other, other, 9, DataType::kUint8, why));
}
