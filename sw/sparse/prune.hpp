// Removal of weights.
#pragma once

#include <cstdint>
#include <string>

#include "sw/sparse/weights.hpp"

namespace s4::sw {

/// kBalanced: every output channel keeps min(keep, valid elements) weights in every bank, those of
/// largest magnitude. kUnstructured: every output channel keeps the fraction keep / 64 of its
/// weights, at random places.
enum class Pattern { kBalanced, kUnstructured };

[[nodiscard]] const char* pattern_name(Pattern pattern);
/// Inverse of pattern_name; throws std::invalid_argument.
[[nodiscard]] Pattern pattern_from_name(const std::string& name);

/// Sets the weights that are not kept to zero. `keep`: 1 to 64 weights of a full bank; `seed`
/// chooses the places of kUnstructured. Throws std::invalid_argument.
void prune(WeightTensor& weights, std::uint32_t keep, Pattern pattern, std::uint64_t seed);

/// Every output channel keeps the largest keep / 64, rounded up, of the weights that a bank can
/// have: of its elements that are not zero in the first channel of `real`. For banks that are not
/// full, as those of gathered windows. Throws std::invalid_argument.
void prune_share(WeightTensor& weights, std::uint32_t keep, const WeightTensor& real);

}  // namespace s4::sw
