// The activation engine's functions, correctly rounded, without the hardware's arithmetic.
// Model of rtl/activation/activation_lane.sv; the names come from gen/activation.hpp.
#pragma once
#include <cstdint>
#include <string>

#include "sim/activation/gen/activation.hpp"

namespace s4::sim {

struct ActivationResult {
  std::uint16_t value = 0;  // BF16
  bool invalid = false;     // the function has no value there (then value is 0x7FC0)
};

/// Function of a BF16 number, rounded to nearest even; subnormals count. NaN gives 0x7FC0 and is
/// not invalid. Throws std::logic_error if double arithmetic could not decide a rounding (no input
/// does).
[[nodiscard]] ActivationResult activation_function(activation::Function function, std::uint16_t x);

/// The same from a table of all inputs, made at the first call of each function (some ms).
[[nodiscard]] ActivationResult activation_lookup(activation::Function function, std::uint16_t x);

/// Code of a name (gelu ... erf); throws std::invalid_argument that lists the names.
[[nodiscard]] activation::Function activation_from_name(const std::string& name);

/// The function in double precision for a finite x inside its domain (relative error below 2^-40);
/// where it has no value: NaN. At infinities: its limit.
[[nodiscard]] double activation_real(activation::Function function, double x);

}  // namespace s4::sim
