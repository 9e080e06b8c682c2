#include "sw/activation/int8_table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace s4::sw {
namespace {

using activation::Function;
using Real = long double;

// x87 or quad: the C library's functions are good to a few units of the last of 64 bits.
static_assert(std::numeric_limits<Real>::digits >= 64, "long double with 64 bits is needed");
// Covers the library's errors and the growth of an argument's rounding in erfc and exp, where the
// quotient stays within what a byte can tell from saturation.
constexpr Real kError = 0x1p-50L;

void check(const ByteQuantization& q, const char* side) {
  if (!(q.scale > 0) || !std::isfinite(q.scale)) {
    throw std::invalid_argument(
        fmt::format("int8_table: {} scale {} is not positive and finite", side, q.scale));
  }
  const int low = q.is_unsigned ? 0 : -128;
  if (q.zero < low || q.zero > low + 255) {
    throw std::invalid_argument(fmt::format("int8_table: {} zero point {} is outside {} to {}",
                                            side, q.zero, low, low + 255));
  }
}

/// f(x) of a finite x; at 0 exact where a long double can be.
Real real(Function function, Real x) {
  if (x == 0) return sim::activation_real(function, 0.0);
  switch (function) {
    case Function::kGelu:
      return x / 2 * std::erfc(-x * (std::numbers::sqrt2_v<Real> / 2));
    case Function::kGeluTanh: {
      const Real root = std::sqrt(2 * std::numbers::inv_pi_v<Real>);
      return x / (1 + std::exp(-2 * root * (x + 0.044715L * x * x * x)));
    }
    case Function::kExp:
      return std::exp(x);
    case Function::kLog:
      return x < 0 ? std::numeric_limits<Real>::quiet_NaN() : std::log(x);
    case Function::kReciprocal:
      return 1 / x;
    case Function::kRsqrt:
      return x < 0 ? std::numeric_limits<Real>::quiet_NaN() : 1 / std::sqrt(x);
    case Function::kSqrt:
      return x < 0 ? std::numeric_limits<Real>::quiet_NaN() : std::sqrt(x);
    case Function::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Function::kTanh:
      return std::tanh(x);
    case Function::kSilu:
      return x / (1 + std::exp(-x));
    case Function::kSoftplus:
      return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
    case Function::kErf:
      return std::erf(x);
  }
  throw std::invalid_argument("int8_table: no such function");
}

/// Is f(x) / y_scale exactly the tie? Products of at most 33, 24 and 9 bits: integers decide.
bool exact_tie(Function function, Real x, Real y_scale, Real tie) {
  int ex = 0, es = 0, et = 0;
  using Wide = unsigned __int128;
  const auto whole = [](Real value, int& exponent) {  // odd integer * 2^exponent
    auto integer = static_cast<std::uint64_t>(std::ldexp(std::frexp(value, &exponent), 64));
    exponent -= 64;
    for (; (integer & 1U) == 0; integer >>= 1) ++exponent;
    return integer;
  };
  const Wide mx = whole(std::fabs(x), ex), ms = whole(y_scale, es), mt = whole(std::fabs(tie), et);
  switch (function) {
    case Function::kReciprocal:  // 1 = tie * y_scale * x
      return mx * ms * mt == 1 && ex + es + et == 0;
    case Function::kSqrt:  // x = (tie * y_scale)^2
      return mx == ms * mt * ms * mt && ex == 2 * (es + et);
    case Function::kRsqrt:  // 1 = x * (tie * y_scale)^2
      return mx == 1 && ms == 1 && mt == 1 && ex + 2 * (es + et) == 0;
    case Function::kExp:
    case Function::kSigmoid:
      return false;  // at 0 the caller's quotient is exact; elsewhere irrational
    default:
      return false;
  }
}

/// Where f(x) is as near to its asymptote as long doubles can tell and the asymptote is exactly the
/// tie: on which side of it f lies, -1 or 1; else 0. Ties times scales are exact: 10 + 24 bits.
int side_of_tie(Function function, Real x, Real y_scale, Real tie) {
  const Real at = tie * y_scale;
  switch (function) {
    case Function::kGelu:
    case Function::kGeluTanh:
    case Function::kSilu:  // x times a factor below 1
      return x > 0 && at == x ? -1 : 0;
    case Function::kSoftplus:
      return x > 0 && at == x ? 1 : 0;
    case Function::kSigmoid:
      return x > 0 && at == 1 ? -1 : 0;
    case Function::kTanh:
    case Function::kErf:
      return x > 0 && at == 1 ? -1 : x < 0 && at == -1 ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace

Int8Table int8_table(Function function, const ByteQuantization& x, const ByteQuantization& y) {
  check(x, "input");
  check(y, "output");
  if (static_cast<unsigned>(function) >= activation::kFunctionCount) {
    throw std::invalid_argument("int8_table: no such function");
  }
  Int8Table table;
  const Real low = (y.is_unsigned ? 0 : -128) - y.zero;
  const Real high = low + 255;
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    const int byte = x.is_unsigned ? static_cast<int>(pattern) : static_cast<std::int8_t>(pattern);
    const Real argument = static_cast<Real>(x.scale) * (byte - x.zero);  // exact: 24 + 9 bits
    const Real value = real(function, argument);
    Real rounded = 0;
    if (std::isnan(value)) {
      ++table.undefined;
    } else {
      const Real quotient = value / y.scale;
      if (!(quotient > low - 1)) {
        rounded = low;
      } else if (!(quotient < high + 1)) {
        rounded = high;
      } else {
        rounded = std::nearbyint(quotient);
        const Real tie = std::floor(quotient) + 0.5L;
        const bool at_zero = argument == 0 && function != Function::kSoftplus;
        if (!at_zero && std::fabs(quotient - tie) <= std::fabs(quotient) * kError) {
          const int side = side_of_tie(function, argument, y.scale, tie);
          if (side == 0 && !exact_tie(function, argument, y.scale, tie)) {
            throw std::runtime_error(fmt::format(
                "int8_table: {} of byte {} (scale {}, zero {}) is too near {} steps of {} to round",
                activation::kFunctionNames[static_cast<unsigned>(function)], byte, x.scale, x.zero,
                static_cast<double>(tie), y.scale));
          }
          // The neighbour on f's side; of a tie the even one.
          rounded = side != 0 ? tie + side * 0.5L : 2 * std::nearbyint(tie / 2);
        }
      }
    }
    const Real clamped = std::min(std::max(rounded, low), high);
    table.bytes[pattern] = static_cast<std::uint8_t>(static_cast<int>(clamped) + y.zero);
  }
  return table;
}

}  // namespace s4::sw
