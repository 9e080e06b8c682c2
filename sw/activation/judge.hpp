// The judge of the activation functions: MPFR with 256 bits, one rounding to BF16. Programs that
// use it link MPFR and GMP (the tests of the activation engine, `s4 act`).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/activation/activation_function.hpp"

namespace s4::sw {

/// All 65,536 results in the order of the inputs' bit patterns; made once per function.
const std::vector<sim::ActivationResult>& judged(activation::Function function);

/// (rounded - exact) / ulp of each of these results, 0 where an infinity, a NaN or an overflow is
/// right. Never above 0.5 in size.
const std::vector<float>& judged_residuals(activation::Function function);

/// MPFR's round(f(x) / y_scale) to nearest even, for a finite x; saturates far outside bytes.
/// NaN of f gives `undefined` true.
struct JudgedInteger {
  long value = 0;
  bool undefined = false;
};
JudgedInteger judged_quotient(activation::Function function, double x, float y_scale);

}  // namespace s4::sw
