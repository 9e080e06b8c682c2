// Random numbers of the SPU and local buffer tests, all from the seed of the run.
#pragma once
#include <cstdint>
#include <random>

#include "tb/seed.hpp"

namespace s4::tests {

class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t salt) : engine_(tb::seed() * 1000003 + salt) {}

  std::uint64_t bits() { return engine_(); }
  std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>(engine_() % n); }
  int between(int low, int high) {
    return low + static_cast<int>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool percent(unsigned chance) { return engine_() % 100 < chance; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(engine_()); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace s4::tests
