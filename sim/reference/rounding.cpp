#include "sim/reference/rounding.hpp"

#include <cfloat>
#include <cmath>

#ifdef __FAST_MATH__
#error "the reference needs IEEE 754 float32 arithmetic: do not compile it with -ffast-math"
#endif
static_assert(FLT_EVAL_METHOD == 0, "float32 expressions must be evaluated in float32");

namespace s4::ref {
namespace {

/// Rounds a real number under `rounding`; half-even for the policies that differ elsewhere.
double round_by(double value, Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfAway:
      return std::round(value);
    case Rounding::kHalfUp:
      return std::floor(value + 0.5);
    case Rounding::kTowardZero:
      return std::trunc(value);
    default: {
      const double low = std::floor(value);
      const double rest = value - low;  // exact
      if (rest < 0.5) return low;
      if (rest > 0.5) return low + 1.0;
      return std::fmod(low, 2.0) == 0.0 ? low : low + 1.0;
    }
  }
}

int32_t clamp_to_int(double value, Range range) {
  if (!(value > range.low)) return range.low;  // NaN too
  if (value >= range.high) return range.high;
  return static_cast<int32_t>(value);
}

}  // namespace

float round_half_even(float value) {
  if (std::fabs(value) >= 8388608.0F || std::isnan(value)) return value;  // 2^23: an integer
  return std::copysign(static_cast<float>(round_by(value, Rounding::kHalfEven)), value);
}

int32_t round_and_saturate(float value, int32_t zero_point, Range range, Rounding rounding) {
  if (rounding == Rounding::kZeroPointFirst) {
    return clamp_to_int(round_by(value + static_cast<float>(zero_point), rounding), range);
  }
  // An infinity stays one through the sum, and a double holds every other sum exactly enough: only
  // sums inside the range matter.
  return clamp_to_int(round_by(value, rounding) + zero_point, range);
}

float requantize_scale(float x_scale, float w_scale, float y_scale) {
  const float product = x_scale * w_scale;
  return product / y_scale;
}

int32_t requantize(int32_t acc, int32_t bias, float scale, int32_t y_zp, int32_t qmin, int32_t qmax,
                   Rounding rounding) {
  const auto sum = static_cast<int32_t>(static_cast<uint32_t>(acc) + static_cast<uint32_t>(bias));
  if (rounding == Rounding::kExactProduct) {
    return clamp_to_int(round_by(static_cast<double>(sum) * scale, rounding) + y_zp, {qmin, qmax});
  }
  const auto rounded_sum = static_cast<float>(sum);  // the first float32 rounding
  const float value = rounded_sum * scale;           // the second
  return round_and_saturate(value, y_zp, {qmin, qmax}, rounding);
}

}  // namespace s4::ref
