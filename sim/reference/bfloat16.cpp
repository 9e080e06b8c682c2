#include "sim/reference/bfloat16.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace s4::ref {
namespace {

constexpr double kMinNormal = std::numeric_limits<float>::min();

float operand(float x) {
  return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0F, x) : x;
}

/// The float nearest to x, zero if x rounded to 24 bits with any exponent lies below 2^-126.
float rounded(double x) {
  if (std::fabs(x) >= kMinNormal) return static_cast<float>(x);
  if (std::isnan(x)) return std::numeric_limits<float>::quiet_NaN();
  constexpr double kUp = 0x1p100;
  if (x != 0.0 && std::fabs(x) < kMinNormal) {
    const auto lifted = static_cast<float>(x * kUp);
    if (std::fabs(static_cast<double>(lifted)) < kMinNormal * kUp) {
      return std::copysign(0.0F, lifted);
    }
  }
  return static_cast<float>(x);
}

/// The larger of two, +0 above -0; NaN if one is.
float larger(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<float>::quiet_NaN();
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

}  // namespace

float from_bfloat16(std::uint16_t x) {
  return operand(std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16));
}

std::uint16_t to_bfloat16(float x) {
  if (std::isnan(x)) return 0x7FC0;
  x = operand(x);
  if (std::isinf(x) || x == 0.0F) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
  }
  // Eight significant bits: scaled so that the last of them is 1, rounded, scaled back.
  int exponent = 0;
  const double fraction = std::frexp(static_cast<double>(x), &exponent);
  const double whole = std::ldexp(fraction, 8);
  double nearest = std::floor(whole);
  const double rest = whole - nearest;
  if (rest > 0.5 || (rest == 0.5 && std::fmod(nearest, 2.0) != 0.0)) nearest += 1.0;
  const auto result = static_cast<float>(std::ldexp(nearest, exponent - 8));
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(result) >> 16);
}

float add_flushed(float a, float b) {
  return rounded(static_cast<double>(operand(a)) + static_cast<double>(operand(b)));
}

float multiply_flushed(float a, float b) {
  return rounded(static_cast<double>(operand(a)) * static_cast<double>(operand(b)));
}

float dot_bfloat16(std::span<const std::uint16_t> x, std::span<const std::uint16_t> w) {
  if (x.size() != w.size()) throw std::invalid_argument("dot_bfloat16: lengths differ");
  float sum = 0.0F;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float weight = from_bfloat16(w[i]);
    if (weight == 0.0F) continue;
    sum = add_flushed(sum, multiply_flushed(from_bfloat16(x[i]), weight));
  }
  return sum;
}

Tensor<float> conv_bfloat16(const Tensor<std::uint16_t>& x, const Tensor<std::uint16_t>& w,
                            const QConvParams& params) {
  if (x.rank() != 4 || w.rank() != 4 || w.dim(1) != x.dim(1) || params.groups != 1) {
    throw std::invalid_argument("conv_bfloat16: input " + to_string(x.shape) + ", weights " +
                                to_string(w.shape));
  }
  const std::int64_t channels = x.dim(1), height = x.dim(2), width = x.dim(3);
  const std::int64_t rows = w.dim(2), columns = w.dim(3);
  const auto extent = [&](std::int64_t size, std::size_t axis, std::int64_t kernel) {
    const std::int64_t reach = params.dilations[axis] * (kernel - 1) + 1;
    return (size + params.pads[axis] + params.pads[axis + 2] - reach) / params.strides[axis] + 1;
  };
  Tensor<float> y({x.dim(0), w.dim(0), extent(height, 0, rows), extent(width, 1, columns)});
  std::vector<float> values(x.data.size());
  std::transform(x.data.begin(), x.data.end(), values.begin(), from_bfloat16);
  constexpr std::int64_t kBank = 64;
  const auto one_tap = [&](std::int64_t b, std::int64_t m, std::int64_t c, std::int64_t r,
                           std::int64_t s) {
    const float weight = from_bfloat16(w[((m * channels + c) * rows + r) * columns + s]);
    if (weight == 0.0F) return;
    for (std::int64_t out_y = 0; out_y < y.dim(2); ++out_y) {
      const std::int64_t in_y =
          out_y * params.strides[0] - params.pads[0] + r * params.dilations[0];
      const bool row_inside = in_y >= 0 && in_y < height;
      const std::int64_t from = ((b * channels + c) * height + in_y) * width;
      float* sum = y.data.data() + ((b * w.dim(0) + m) * y.dim(2) + out_y) * y.dim(3);
      std::int64_t in_x = s * params.dilations[1] - params.pads[1];
      for (std::int64_t out_x = 0; out_x < y.dim(3); ++out_x, in_x += params.strides[1]) {
        const bool inside = row_inside && in_x >= 0 && in_x < width;
        const float product = multiply_flushed(inside ? values[from + in_x] : 0.0F, weight);
        sum[out_x] = add_flushed(sum[out_x], product);
      }
    }
  };
  for (std::int64_t image = 0; image < x.dim(0) * w.dim(0); ++image) {
    for (std::int64_t block = 0; block < channels; block += kBank) {
      for (std::int64_t tap = 0; tap < rows * columns; ++tap) {
        for (std::int64_t c = block; c < std::min(block + kBank, channels); ++c) {
          one_tap(image / w.dim(0), image % w.dim(0), c, tap / columns, tap % columns);
        }
      }
    }
  }
  return y;
}

float scaled(const FloatEpilogue&, float sum, float scale, float bias) {
  return add_flushed(multiply_flushed(sum, scale), bias);
}

float scaled(const FloatEpilogue&, std::int32_t sum, float scale, std::int32_t bias) {
  const auto wrapped =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) + static_cast<std::uint32_t>(bias));
  return multiply_flushed(static_cast<float>(wrapped), scale);
}

float combined(const FloatEpilogue& e, float x, float second) {
  const float other = multiply_flushed(second, e.second_scale);
  switch (e.use) {
    case SecondUse::kNone:
      break;
    case SecondUse::kAdd:
      x = add_flushed(x, other);
      break;
    case SecondUse::kSubtract:
      x = add_flushed(x, -other);
      break;
    case SecondUse::kMultiply:
      x = multiply_flushed(x, other);
      break;
    case SecondUse::kMaximum:
      x = larger(x, other);
      break;
  }
  return std::signbit(x) ? multiply_flushed(x, e.negative_slope) : x;
}

std::uint16_t converted(const FloatEpilogue& e, float x) {
  if (!e.integer_result) {
    if (std::isnan(x)) return to_bfloat16(x);
    return to_bfloat16(-larger(-larger(x, e.low), -e.high));
  }
  double q = e.least;
  if (!std::isnan(x)) q = std::nearbyint(std::fmin(std::fmax(x, e.least), e.most));
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(q) + e.zero);
}

}  // namespace s4::ref
