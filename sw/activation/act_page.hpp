// The page of `s4 act`: what every function did, and its error before the last rounding.
#pragma once
#include <string>
#include <vector>

#include "sw/activation/exhaustive.hpp"

namespace s4::sw {

/// A page without scripts: a table of the reports and one chart for each function among them, its
/// largest error before rounding by the exponent of the input
/// (sim/activation/gen/activation_errors.hpp).
[[nodiscard]] std::string activation_page(const std::vector<ActivationReport>& reports);

}  // namespace s4::sw
