#include "sw/sparse/prune_rows.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "sim/spu/gen/sparse_format.hpp"

namespace s4::sw {

std::vector<BankSpan> bank_spans(std::size_t channels, std::size_t taps,
                                 std::size_t first_channel) {
  constexpr std::size_t kBank = sparse_format::kBankSize;
  std::vector<BankSpan> banks;
  for (std::size_t tap = 0; tap < taps; ++tap) {
    for (std::size_t channel = 0; channel < channels;) {
      const std::size_t room = kBank - (first_channel + channel) % kBank;
      const std::size_t size = std::min(room, channels - channel);
      banks.push_back({tap * channels + channel, size});
      channel += size;
    }
  }
  return banks;
}

std::size_t fullest_bank(std::span<const float> row, std::span<const BankSpan> banks) {
  std::size_t fullest = 0;
  for (const BankSpan& bank : banks) {
    const auto weights = row.subspan(bank.first, bank.size);
    const auto zeros = std::count(weights.begin(), weights.end(), 0.0F);
    fullest = std::max(fullest, bank.size - static_cast<std::size_t>(zeros));
  }
  return fullest;
}

void prune_row(std::span<float> row, std::span<const BankSpan> banks, std::size_t keep) {
  std::vector<std::size_t> order;
  for (const BankSpan& bank : banks) {
    if (bank.size <= keep) continue;
    const auto weights = row.subspan(bank.first, bank.size);
    order.resize(bank.size);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::fabs(weights[a]) > std::fabs(weights[b]);
    });
    for (std::size_t i = keep; i < bank.size; ++i) weights[order[i]] = 0.0F;
  }
}

std::uint32_t weights_kept_at(double sparsity) {
  constexpr double kBank = sparse_format::kBankSize;
  if (!(sparsity >= 1.0 && sparsity <= kBank)) {
    throw std::invalid_argument("sparsity " + std::to_string(sparsity) +
                                ": it is 1 (dense) to 64 (one weight of 64 is kept)");
  }
  return static_cast<std::uint32_t>(std::floor(kBank / sparsity));
}

}  // namespace s4::sw
