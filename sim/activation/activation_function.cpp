#include "sim/activation/activation_function.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace s4::sim {
namespace {

using activation::Function;

constexpr std::uint16_t kNan = 0x7FC0;

double from_bf16(std::uint16_t x) { return std::bit_cast<float>(std::uint32_t{x} << 16); }

/// To nearest even; the sign of zero is kept.
std::uint16_t to_bf16(double y) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(y) ? 0x8000 : 0);
  const double magnitude = std::fabs(y);
  if (std::isinf(magnitude)) return sign | 0x7F80;
  if (magnitude == 0) return sign;
  const int q = std::max(std::ilogb(magnitude), -126) - 7;
  // Exact: a scaling by a power of two and the rounding of a number below 2^9.
  const double k = std::nearbyint(std::scalbn(magnitude, -q));
  const int code = (q + 133) * 128 + static_cast<int>(k);
  if (code >= 0x7F80) return sign | 0x7F80;
  return static_cast<std::uint16_t>(sign | code);
}

/// x * sigmoid(z) for any z, also where the sigmoid underflows alone.
double gated(double x, double z) { return x / (1 + std::exp(-z)); }

/// Results that are limits, signs of zero or nothing at all.
double limit(Function function, double x) {
  const bool negative = std::signbit(x);
  const double inf = std::numeric_limits<double>::infinity();
  if (x == 0) {
    switch (function) {
      case Function::kReciprocal:
      case Function::kRsqrt:
        return negative ? -inf : inf;
      case Function::kLog:
        return -inf;
      default:
        return x;
    }
  }
  switch (function) {  // infinite
    case Function::kReciprocal:
      return negative ? -0.0 : 0.0;
    case Function::kRsqrt:
      return negative ? std::nan("") : 0.0;
    case Function::kGelu:
    case Function::kGeluTanh:
    case Function::kSilu:
      return negative ? -0.0 : x;
    default:
      return x;
  }
}

}  // namespace

double activation_real(Function function, double x) {
  const bool at_zero = x == 0 && function != Function::kExp && function != Function::kSigmoid &&
                       function != Function::kSoftplus;
  const bool by_limit = function == Function::kReciprocal || function == Function::kRsqrt ||
                        function == Function::kGelu || function == Function::kGeluTanh ||
                        function == Function::kSilu;
  if (at_zero || (std::isinf(x) && by_limit)) return limit(function, x);
  switch (function) {
    case Function::kGelu:
      return x / 2 * std::erfc(-x * (std::numbers::sqrt2 / 2));
    case Function::kGeluTanh: {
      const double root = std::sqrt(2 * std::numbers::inv_pi);
      return gated(x, 2 * root * (x + 0.044715 * x * x * x));
    }
    case Function::kExp:
      return std::exp(x);
    case Function::kLog:
      return std::log(x);
    case Function::kReciprocal:
      return 1 / x;
    case Function::kRsqrt:
      return 1 / std::sqrt(x);
    case Function::kSqrt:
      return std::sqrt(x);
    case Function::kSigmoid:
      return gated(1, x);
    case Function::kTanh:
      return std::tanh(x);
    case Function::kSilu:
      return gated(x, x);
    case Function::kSoftplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case Function::kErf:
      return std::erf(x);
  }
  throw std::invalid_argument(
      fmt::format("activation function {}: no such code", static_cast<int>(function)));
}

ActivationResult activation_function(Function function, std::uint16_t x) {
  const double argument = from_bf16(x);
  if (std::isnan(argument)) return {kNan, false};
  const double y = activation_real(function, argument);
  if (std::isnan(y)) return {kNan, true};
  const std::uint16_t rounded = to_bf16(y);
  if (y == 0 || std::isinf(y)) return {rounded, false};
  // Everything within the error of y has to round alike, or y is exact.
  const double error = std::fabs(y) * 0x1p-38;
  if (to_bf16(y - error) == rounded && to_bf16(y + error) == rounded) return {rounded, false};
  if (function == Function::kSqrt && std::fma(y, y, -argument) == 0) return {rounded, false};
  if (function == Function::kReciprocal && std::fma(y, argument, -1.0) == 0) {
    return {rounded, false};
  }
  // x/2 of an odd subnormal is a tie; x/2 + c x^2 with c > 0 is what the three functions are there.
  const bool halves =
      function == Function::kGelu || function == Function::kGeluTanh || function == Function::kSilu;
  const double half = argument / 2;
  if (halves && std::fabs(y - half) < error) return {to_bf16(half + error), false};
  throw std::logic_error(fmt::format("{} of {:#06x}: double precision cannot decide the rounding",
                                     activation::kFunctionNames[static_cast<unsigned>(function)],
                                     x));
}

ActivationResult activation_lookup(Function function, std::uint16_t x) {
  static std::array<std::unique_ptr<std::vector<ActivationResult>>, activation::kFunctionCount>
      tables;
  static std::array<std::once_flag, activation::kFunctionCount> made;
  const auto code = static_cast<unsigned>(function);
  if (code >= activation::kFunctionCount) return {kNan, true};
  std::call_once(made[code], [&] {
    auto table = std::make_unique<std::vector<ActivationResult>>(65536);
    for (unsigned i = 0; i < 65536; ++i) {
      (*table)[i] = activation_function(function, static_cast<std::uint16_t>(i));
    }
    tables[code] = std::move(table);
  });
  return (*tables[code])[x];
}

Function activation_from_name(const std::string& name) {
  std::string names;
  for (unsigned i = 0; i < activation::kFunctionCount; ++i) {
    if (name == activation::kFunctionNames[i]) return static_cast<Function>(i);
    names += std::string(i == 0 ? "" : ", ") + activation::kFunctionNames[i];
  }
  throw std::invalid_argument(
      fmt::format("'{}' is no activation function; there are {}", name, names));
}

}  // namespace s4::sim
