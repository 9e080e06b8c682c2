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

/// keep(bank): weights that each output channel keeps of it.
template <typename Keep>
void prune_balanced(WeightTensor& weights, const Keep& keep_of) {
  std::array<std::uint32_t, sparse_format::kBankSize> order{};
  for (std::uint32_t out = 0; out < weights.out_channels; ++out) {
    for (std::uint32_t bank = 0; bank < weights.banks(); ++bank) {
      const std::uint32_t valid = weights.valid_in_bank(bank);
      const std::uint32_t keep = keep_of(bank);
      if (valid <= keep) continue;
      std::iota(order.begin(), order.begin() + valid, 0U);
      const auto magnitude = [&](std::uint32_t element) {
        const std::size_t at = weights.position(out, bank, element);
        return weights.bf16.empty() ? std::abs(static_cast<int>(weights.data[at]))
                                    : weights.value(at) & 0x7FFF;
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

namespace {

void check_keep(std::uint32_t keep) {
  if (keep < 1 || keep > sparse_format::kBankSize) {
    throw std::invalid_argument("keep = " + std::to_string(keep) + " is outside 1 to 64");
  }
}

}  // namespace

void prune(WeightTensor& weights, std::uint32_t keep, Pattern pattern, std::uint64_t seed) {
  check_keep(keep);
  if (keep == sparse_format::kBankSize) return;
  if (pattern == Pattern::kBalanced) {
    prune_balanced(weights, [&](std::uint32_t) { return keep; });
  } else {
    prune_unstructured(weights, keep, seed);
  }
}

void prune_share(WeightTensor& weights, std::uint32_t keep, const WeightTensor& real) {
  check_keep(keep);
  if (real.banks() != weights.banks()) {
    throw std::invalid_argument("the places of weights have " + std::to_string(real.banks()) +
                                " banks, the weights " + std::to_string(weights.banks()));
  }
  prune_balanced(weights, [&](std::uint32_t bank) {
    std::uint32_t places = 0;
    for (std::uint32_t e = 0; e < real.valid_in_bank(bank); ++e) {
      places += real.data[real.position(0, bank, e)] != 0 ? 1 : 0;
    }
    return (places * keep + sparse_format::kBankSize - 1) / sparse_format::kBankSize;
  });
}

}  // namespace s4::sw
