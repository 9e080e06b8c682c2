#include "sw/sparse/prune.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

namespace s4::sw {
namespace {

void prune_balanced(WeightTensor& weights, std::uint32_t keep) {
  std::array<std::uint32_t, sparse_format::kBankSize> order{};
  for (std::uint32_t out = 0; out < weights.out_channels; ++out) {
    for (std::uint32_t bank = 0; bank < weights.banks(); ++bank) {
      const std::uint32_t valid = weights.valid_in_bank(bank);
      if (valid <= keep) continue;
      std::iota(order.begin(), order.begin() + valid, 0U);
      const auto magnitude = [&](std::uint32_t element) {
        return std::abs(static_cast<int>(weights.data[weights.position(out, bank, element)]));
      };
      std::stable_sort(order.begin(), order.begin() + valid, [&](std::uint32_t a, std::uint32_t b) {
        return magnitude(a) > magnitude(b);
      });
      for (std::uint32_t i = keep; i < valid; ++i) {
        weights.data[weights.position(out, bank, order[i])] = 0;
      }
    }
  }
}

void prune_unstructured(WeightTensor& weights, std::uint32_t keep, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::size_t row = static_cast<std::size_t>(weights.in_channels) * weights.taps();
  const std::size_t kept = (row * keep + sparse_format::kBankSize / 2) / sparse_format::kBankSize;
  std::vector<std::size_t> order(row);
  for (std::uint32_t out = 0; out < weights.out_channels; ++out) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = 0; i < kept; ++i) {
      std::swap(order[i], order[i + random() % (row - i)]);
    }
    for (std::size_t i = kept; i < row; ++i) weights.data[out * row + order[i]] = 0;
  }
}

}  // namespace

const char* pattern_name(Pattern pattern) {
  return pattern == Pattern::kBalanced ? "balanced" : "unstructured";
}

Pattern pattern_from_name(const std::string& name) {
  if (name == "balanced") return Pattern::kBalanced;
  if (name == "unstructured") return Pattern::kUnstructured;
  throw std::invalid_argument("no pattern '" + name + "' (balanced, unstructured)");
}

void prune(WeightTensor& weights, std::uint32_t keep, Pattern pattern, std::uint64_t seed) {
  if (keep < 1 || keep > sparse_format::kBankSize) {
    throw std::invalid_argument("keep = " + std::to_string(keep) + " is outside 1 to 64");
  }
  if (keep == sparse_format::kBankSize) return;
  if (pattern == Pattern::kBalanced) {
    prune_balanced(weights, keep);
  } else {
    prune_unstructured(weights, keep, seed);
  }
}

}  // namespace s4::sw
