// Random numbers of a network: every tensor has a stream of its own, so that one more layer changes
// no other.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sw/train/random.hpp"

namespace s4::sw {

/// The stream of `seed` that belongs to a name.
[[nodiscard]] inline Random stream(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return Random(hash);
}

/// About normal, mean 0: the sum of three even ones, within three times `deviation`.
[[nodiscard]] inline std::vector<float> bell(Random random, std::size_t count, double deviation) {
  std::vector<float> values(count);
  for (float& value : values) {
    const double sum = random.uniform() + random.uniform() + random.uniform();
    value = static_cast<float>((2.0 * sum - 3.0) * deviation);
  }
  return values;
}

/// Evenly between two limits.
[[nodiscard]] inline std::vector<float> even(Random random, std::size_t count, double low,
                                             double high) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(low + (high - low) * random.uniform());
  return values;
}

}  // namespace s4::sw
