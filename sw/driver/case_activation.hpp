// The activation behind a reproducible layer, and what it must give.
#pragma once

#include <cstdint>
#include <string>

#include "sw/compiler/layer.hpp"

namespace s4::sw {

/// The names that make_activation() takes: those of the functions, then "table".
[[nodiscard]] std::vector<std::string> activation_names();

/// A function for BF16 results; for bytes its table, with a scale and a zero point of the seed
/// behind those of `layer`'s results, every entry compared with MPFR. "table": any bytes. Throws
/// CompileError for a table of BF16, std::logic_error if an entry is not the nearest byte.
[[nodiscard]] FusedActivation make_activation(const std::string& name, const Layer& layer,
                                              std::uint64_t seed);

/// The result for a BF16 number, of MPFR.
[[nodiscard]] std::uint16_t reference_activation(const FusedActivation& activation,
                                                 std::uint16_t x);

}  // namespace s4::sw
