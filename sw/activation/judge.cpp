#include "sw/activation/judge.hpp"

#include <mpfr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace s4::sw {
namespace {

using activation::Function;

struct Number {
  Number() { mpfr_init2(value, 256); }
  ~Number() { mpfr_clear(value); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  mpfr_t value;
};

/// y = f(x), x finite and not zero, 256 bits. Rounding down or up keeps y from reaching an
/// asymptote that f only approaches, from below or above.
void evaluate(Function function, mpfr_t y, const mpfr_t x, mpfr_rnd_t round = MPFR_RNDN) {
  const mpfr_rnd_t reverse =
      round == MPFR_RNDD ? MPFR_RNDU : (round == MPFR_RNDU ? MPFR_RNDD : MPFR_RNDN);
  Number a, b;
  mpfr_ptr p = a.value;
  mpfr_ptr q = b.value;
  const auto sigmoid = [&](mpfr_srcptr z) {  // p = 1 / (1 + e^-z)
    mpfr_neg(p, z, MPFR_RNDN);
    mpfr_exp(p, p, reverse);
    mpfr_add_ui(p, p, 1, reverse);
    mpfr_ui_div(p, 1, p, round);
  };
  switch (function) {
    case Function::kGelu:
      mpfr_sqrt_ui(p, 2, MPFR_RNDN);
      mpfr_div(p, x, p, MPFR_RNDN);
      mpfr_neg(p, p, MPFR_RNDN);
      mpfr_erfc(p, p, round);
      mpfr_mul(y, x, p, round);
      mpfr_div_2ui(y, y, 1, MPFR_RNDN);
      return;
    case Function::kGeluTanh:
      mpfr_sqr(p, x, MPFR_RNDN);
      mpfr_mul(p, p, x, MPFR_RNDN);
      mpfr_mul_ui(p, p, 44715, MPFR_RNDN);
      mpfr_div_ui(p, p, 1000000, MPFR_RNDN);
      mpfr_add(p, p, x, MPFR_RNDN);
      mpfr_const_pi(q, MPFR_RNDN);
      mpfr_ui_div(q, 2, q, MPFR_RNDN);
      mpfr_sqrt(q, q, MPFR_RNDN);
      mpfr_mul(q, q, p, MPFR_RNDN);
      mpfr_mul_2ui(q, q, 1, MPFR_RNDN);
      sigmoid(q);
      mpfr_mul(y, x, p, round);
      return;
    case Function::kExp:
      mpfr_exp(y, x, round);
      return;
    case Function::kLog:
      mpfr_log(y, x, round);
      return;
    case Function::kReciprocal:
      mpfr_ui_div(y, 1, x, round);
      return;
    case Function::kRsqrt:
      mpfr_rec_sqrt(y, x, round);
      return;
    case Function::kSqrt:
      mpfr_sqrt(y, x, round);
      return;
    case Function::kSigmoid:
      sigmoid(x);
      mpfr_set(y, p, MPFR_RNDN);
      return;
    case Function::kTanh:
      mpfr_tanh(y, x, round);
      return;
    case Function::kSilu:
      sigmoid(x);
      mpfr_mul(y, x, p, round);
      return;
    case Function::kSoftplus:
      // max(x, 0) + log(1 + e^-|x|), so that nothing overflows
      mpfr_abs(p, x, MPFR_RNDN);
      mpfr_neg(p, p, MPFR_RNDN);
      mpfr_exp(p, p, round);
      mpfr_log1p(y, p, round);
      if (mpfr_sgn(x) > 0) mpfr_add(y, y, x, round);
      return;
    case Function::kErf:
      mpfr_erf(y, x, round);
      return;
  }
}

/// What happens at zeros and infinities, by name of the function rather than by formula.
sim::ActivationResult at_bound(Function function, std::uint16_t x) {
  const auto sign = static_cast<std::uint16_t>(x & 0x8000);
  const bool negative = sign != 0;
  const bool zero = (x & 0x7FFF) == 0;
  const auto signed_inf = static_cast<std::uint16_t>(sign | 0x7F80);
  constexpr std::uint16_t kOne = 0x3F80, kHalf = 0x3F00, kInf = 0x7F80, kLn2 = 0x3F31;
  switch (function) {
    case Function::kExp:
      return {zero ? kOne : negative ? std::uint16_t{0} : kInf, false};
    case Function::kSigmoid:
      return {zero ? kHalf : negative ? std::uint16_t{0} : kOne, false};
    case Function::kSoftplus:
      return {zero ? kLn2 : negative ? std::uint16_t{0} : kInf, false};
    case Function::kTanh:
    case Function::kErf:
      return {zero ? x : static_cast<std::uint16_t>(sign | kOne), false};
    case Function::kReciprocal:
      return {zero ? signed_inf : sign, false};
    case Function::kLog:
      if (zero) return {0xFF80, false};
      return negative ? sim::ActivationResult{0x7FC0, true} : sim::ActivationResult{kInf, false};
    case Function::kSqrt:
      if (zero) return {x, false};
      return negative ? sim::ActivationResult{0x7FC0, true} : sim::ActivationResult{kInf, false};
    case Function::kRsqrt:
      if (zero) return {signed_inf, false};
      return negative ? sim::ActivationResult{0x7FC0, true} : sim::ActivationResult{0, false};
    case Function::kGelu:
    case Function::kGeluTanh:
    case Function::kSilu:
      if (zero) return {x, false};
      return {negative ? std::uint16_t{0x8000} : kInf, false};
  }
  return {};
}

/// (rounded - exact) / ulp of the exact value; subnormals share one ulp, 2^-133.
float residual(float rounded, mpfr_t exact) {
  if (!std::isfinite(rounded) || mpfr_zero_p(exact) != 0) return 0;
  Number error;
  mpfr_d_sub(error.value, rounded, exact, MPFR_RNDN);
  const long ulp = std::max<long>(mpfr_get_exp(exact) - 8, -133);
  mpfr_div_2si(error.value, error.value, ulp, MPFR_RNDN);
  return mpfr_get_flt(error.value, MPFR_RNDN);
}

struct Judged {
  std::vector<sim::ActivationResult> results;
  std::vector<float> residuals;
};

sim::ActivationResult judge(Function function, std::uint16_t x, float& error) {
  error = 0;
  if ((x & 0x7FFF) > 0x7F80) return {0x7FC0, false};
  if ((x & 0x7FFF) == 0 || (x & 0x7FFF) == 0x7F80) return at_bound(function, x);
  Number argument, value;
  mpfr_set_d(argument.value, std::bit_cast<float>(std::uint32_t{x} << 16), MPFR_RNDN);
  evaluate(function, value.value, argument.value);
  if (mpfr_nan_p(value.value) != 0) return {0x7FC0, true};
  // BF16: 8 bits, smallest subnormal 2^-133 = 0.5 * 2^-132, largest below 2^128.
  const mpfr_exp_t low = mpfr_get_emin();
  const mpfr_exp_t high = mpfr_get_emax();
  mpfr_set_emin(-132);
  mpfr_set_emax(128);
  mpfr_t rounded;
  mpfr_init2(rounded, 8);
  int ternary = mpfr_set(rounded, value.value, MPFR_RNDN);
  ternary = mpfr_check_range(rounded, ternary, MPFR_RNDN);
  mpfr_subnormalize(rounded, ternary, MPFR_RNDN);
  const float result = mpfr_get_flt(rounded, MPFR_RNDN);
  mpfr_clear(rounded);
  mpfr_set_emin(low);
  mpfr_set_emax(high);
  error = residual(result, value.value);
  return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(result) >> 16), false};
}

const Judged& judgement(Function function) {
  static std::array<Judged, activation::kFunctionCount> all;
  Judged& judged = all[static_cast<unsigned>(function)];
  if (judged.results.empty()) {
    judged.residuals.resize(65536);
    for (unsigned x = 0; x < 65536; ++x) {
      judged.results.push_back(judge(function, static_cast<std::uint16_t>(x), judged.residuals[x]));
    }
  }
  return judged;
}

}  // namespace

const std::vector<sim::ActivationResult>& judged(Function function) {
  return judgement(function).results;
}

const std::vector<float>& judged_residuals(Function function) {
  return judgement(function).residuals;
}

JudgedInteger judged_quotient(Function function, double x, float y_scale) {
  Number argument, value;
  mpfr_set_d(argument.value, x, MPFR_RNDN);
  if (x == 0) {
    mpfr_set_d(value.value, sim::activation_real(function, x), MPFR_RNDN);
    if (function == Function::kSoftplus) mpfr_const_log2(value.value, MPFR_RNDN);
  } else {
    evaluate(function, value.value, argument.value);
  }
  if (mpfr_nan_p(value.value) != 0) return {0, true};
  mpfr_div_d(value.value, value.value, y_scale, MPFR_RNDN);
  // As near to a tie as 256 bits can tell: bounds from both sides say where it lies.
  Number twice;
  mpfr_mul_2ui(twice.value, value.value, 1, MPFR_RNDN);
  if (x != 0 && mpfr_cmpabs_ui(value.value, 100000) < 0 && mpfr_integer_p(twice.value) != 0 &&
      mpfr_integer_p(value.value) == 0) {
    Number low, high;
    evaluate(function, low.value, argument.value, MPFR_RNDD);
    evaluate(function, high.value, argument.value, MPFR_RNDU);
    mpfr_div_d(low.value, low.value, y_scale, MPFR_RNDD);
    mpfr_div_d(high.value, high.value, y_scale, MPFR_RNDU);
    const bool below = mpfr_less_p(low.value, value.value) != 0;
    const bool above = mpfr_greater_p(high.value, value.value) != 0;
    if (below && above) throw std::runtime_error("256 bits do not tell a tie from its neighbours");
    if (below) mpfr_floor(value.value, value.value);
    if (above) mpfr_ceil(value.value, value.value);
  }
  mpfr_rint(value.value, value.value, MPFR_RNDN);
  return {mpfr_get_si(value.value, MPFR_RNDN), false};
}

}  // namespace s4::sw
