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

TEST_CASE("a share of the places that a bank has is kept") {
  // As of gathered windows: 44, 44, 44 and 24 of 64 elements can be weights.
  WeightTensor places(1, 64, 4, 1);
  WeightTensor before = random_weights(3, 64, 4, 1);
  for (std::uint32_t bank = 0; bank < 4; ++bank) {
    for (std::uint32_t e = 0; e < 64; ++e) {
      const bool real = e % 16 < (bank == 3 ? 6U : 11U) && e < 62;
      places.data[places.position(0, bank, e)] = real ? 1 : 0;
      for (std::uint32_t out = 0; out < 3; ++out) {
        if (!real) before.data[before.position(out, bank, e)] = 0;
      }
    }
  }
  for (const std::uint32_t keep : {1U, 2U, 8U, 40U, 64U}) {
    WeightTensor after = before;
    prune_share(after, keep, places);
    for (std::uint32_t out = 0; out < 3; ++out) {
      for (std::uint32_t bank = 0; bank < 4; ++bank) {
        std::uint32_t room = 0;
        std::uint32_t kept = 0;
        for (std::uint32_t e = 0; e < 64; ++e) {
          room += places.data[places.position(0, bank, e)] != 0 ? 1 : 0;
          kept += after.data[after.position(out, bank, e)] != 0 ? 1 : 0;
        }
        REQUIRE(room == (bank == 3 ? 24 : 44));
        REQUIRE(kept == (room * keep + 63) / 64);
      }
    }
  }
  WeightTensor other = random_weights(3, 64, 5, 1);
  REQUIRE_THROWS_AS(prune_share(other, 2, places), std::invalid_argument);
  REQUIRE_THROWS_AS(prune_share(before, 0, places), std::invalid_argument);
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
