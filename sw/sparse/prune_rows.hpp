// Bank-balanced pruning of float weights, as rows of one output channel: [tap][channel].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace s4::sw {

/// A bank inside a row: up to 64 consecutive input channels of one kernel tap.
struct BankSpan {
  std::size_t first = 0;
  std::size_t size = 0;
};

/// Banks of a row of taps * channels weights. Banks begin at multiples of 64 channels of the whole
/// input; `first_channel` is where this row's channels begin in it (convolutions with groups).
[[nodiscard]] std::vector<BankSpan> bank_spans(std::size_t channels, std::size_t taps,
                                               std::size_t first_channel = 0);

/// Non-zero weights of the fullest bank.
[[nodiscard]] std::size_t fullest_bank(std::span<const float> row, std::span<const BankSpan> banks);

/// Sets all but the `keep` weights of largest magnitude in every bank to zero; of equal ones the
/// first are kept. Banks with no more than `keep` non-zero weights stay as they are.
void prune_row(std::span<float> row, std::span<const BankSpan> banks, std::size_t keep);

/// Weights of a full bank that a sparsity leaves: floor(64 / sparsity). Throws
/// std::invalid_argument outside 1 to 64.
[[nodiscard]] std::uint32_t weights_kept_at(double sparsity);

}  // namespace s4::sw
