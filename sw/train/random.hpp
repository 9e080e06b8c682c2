// Random numbers that are the same on every machine and with every C++ library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace s4::sw {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// From 0 to below 1.
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  /// From -limit to below limit.
  float symmetric(float limit) { return static_cast<float>((2.0 * uniform() - 1.0) * limit); }
  /// From 0 to below count, which is not 0.
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(uniform() * static_cast<double>(count));
  }
  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace s4::sw
