// Which output channels share a group: a bank takes as many clocks as its fullest channel of the
// group has weights there, so channels that are full in the same banks belong together.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/sparse/weights.hpp"

namespace s4::sw {

struct ChannelOrder {
  /// Channel at every place; empty: every channel at its own, nothing else is better.
  std::vector<std::uint32_t> channels;
  /// K over all banks and groups: clocks that one tile of every group takes, INT8.
  std::uint64_t rows = 0;
  std::uint64_t rows_before = 0;  ///< with every channel at its own place
  double rows_even = 0;           ///< if all channels had equally many weights in every bank
  /// 0: perfectly balanced.
  [[nodiscard]] double excess() const {
    return rows_even > 0 ? static_cast<double>(rows) / rows_even - 1 : 0;
  }
};

/// An order for groups of `lanes` neighbouring places: channels as they are, by their number of
/// weights, or bank by bank, then swaps between groups as long as some are found that save rows;
/// the best of the three. `counts` comes from
/// bank_counts(), [channel][bank]. The same input gives the same order.
[[nodiscard]] ChannelOrder order_channels(std::uint32_t channels,
                                          const std::vector<std::uint8_t>& counts,
                                          std::uint32_t lanes);

/// Output channels in another order.
[[nodiscard]] WeightTensor in_order(const WeightTensor& weights,
                                    const std::vector<std::uint32_t>& channels);

/// Elements, one per channel, in another order; empty stays empty.
template <typename T>
[[nodiscard]] std::vector<T> in_order(const std::vector<T>& values,
                                      const std::vector<std::uint32_t>& channels) {
  std::vector<T> out;
  if (values.empty()) return out;
  out.reserve(channels.size());
  for (const std::uint32_t channel : channels) out.push_back(values.at(channel));
  return out;
}

}  // namespace s4::sw
