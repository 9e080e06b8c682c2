#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "sw/sparse/prune.hpp"
#include "tb/seed.hpp"

using namespace s4::sw;

namespace {

WeightTensor random_weights(std::uint32_t out, std::uint32_t in, std::uint32_t kh,
                            std::uint32_t kw) {
  std::mt19937_64 random(s4::tb::seed() + out * 31 + in);
  WeightTensor weights(out, in, kh, kw);
  for (std::int8_t& w : weights.data) {
    const int value = static_cast<int>(random() % 254) - 127;
    w = static_cast<std::int8_t>(value >= 0 ? value + 1 : value);
  }
  return weights;
}

}  // namespace

TEST_CASE("balanced pruning keeps the largest of every bank") {
  for (const std::uint32_t keep : {1U, 2U, 7U, 31U, 63U, 64U}) {
    const WeightTensor before = random_weights(5, 150, 3, 2);
    WeightTensor after = before;
    prune(after, keep, Pattern::kBalanced, 1);
    for (std::uint32_t out = 0; out < 5; ++out) {
      for (std::uint32_t bank = 0; bank < before.banks(); ++bank) {
        const std::uint32_t valid = before.valid_in_bank(bank);
        std::uint32_t kept = 0;
        int smallest_kept = 1000;
        int largest_dropped = 0;
        for (std::uint32_t e = 0; e < valid; ++e) {
          const std::size_t at = before.position(out, bank, e);
          const int magnitude = std::abs(static_cast<int>(before.data[at]));
          if (after.data[at] != 0) {
            ++kept;
            REQUIRE(after.data[at] == before.data[at]);
            smallest_kept = std::min(smallest_kept, magnitude);
          } else {
            largest_dropped = std::max(largest_dropped, magnitude);
          }
        }
        REQUIRE(kept == std::min(keep, valid));
        REQUIRE(smallest_kept >= largest_dropped);
      }
    }
  }
}

TEST_CASE("unstructured pruning keeps the same share of every channel at other places") {
  const WeightTensor before = random_weights(9, 200, 1, 3);
  WeightTensor a = before;
  WeightTensor b = before;
  prune(a, 8, Pattern::kUnstructured, 1);
  prune(b, 8, Pattern::kUnstructured, 2);
  REQUIRE(a.non_zeros() == 9 * 75);  // 600 weights / 8
  REQUIRE(b.non_zeros() == 9 * 75);
  REQUIRE(a.data != b.data);
}

TEST_CASE("pruning refuses a keep outside 1 to 64") {
  WeightTensor weights = random_weights(1, 64, 1, 1);
  REQUIRE_THROWS_AS(prune(weights, 0, Pattern::kBalanced, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(prune(weights, 65, Pattern::kBalanced, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(pattern_from_name("striped"), std::invalid_argument);
}
