#include "sw/sparse/channel_order.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace s4::sw {
namespace {

/// Steps of the search: counts looked at.
constexpr std::uint64_t kMostWork = 20'000'000;
/// Swaps tried per channel without success before the search ends.
constexpr std::uint64_t kPatientRounds = 16;

class Search {
 public:
  Search(std::uint32_t channels, const std::vector<std::uint8_t>& counts, std::uint32_t lanes)
      : counts_(counts),
        channels_(channels),
        banks_(channels == 0 ? 0 : counts.size() / channels),
        lanes_(lanes),
        groups_((channels + lanes - 1) / lanes),
        order_(channels),
        groups_of_banks_(groups_ * banks_) {
    std::iota(order_.begin(), order_.end(), 0U);
    look();
  }

  [[nodiscard]] std::uint64_t rows() const {
    std::uint64_t total = 0;
    for (const Fullest& f : groups_of_banks_) total += f.first;
    return total;
  }
  [[nodiscard]] std::uint64_t weights() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }
  [[nodiscard]] std::size_t groups() const { return groups_; }
  [[nodiscard]] const std::vector<std::uint32_t>& order() const { return order_; }

  void sort_by_weights() {
    std::vector<std::uint64_t> total(channels_);
    for (std::uint32_t c = 0; c < channels_; ++c) {
      for (std::size_t b = 0; b < banks_; ++b) total[c] += count(c, b);
    }
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return total[a] > total[b]; });
    look();
  }

  /// By the first bank, then by the second, and so on.
  void sort_by_banks() {
    const auto row = [this](std::uint32_t c) {
      return counts_.begin() + static_cast<std::ptrdiff_t>(c * banks_);
    };
    const auto width = static_cast<std::ptrdiff_t>(banks_);
    std::stable_sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::lexicographical_compare(row(b), row(b) + width, row(a), row(a) + width);
    });
    look();
  }

  void swap_while_better() {
    if (groups_ < 2 || banks_ == 0) return;
    std::mt19937_64 random(1);
    std::uint64_t in_vain = 0;
    for (std::uint64_t work = 0; work < kMostWork && in_vain < kPatientRounds * channels_;
         work += 2 * banks_) {
      const std::size_t i = random() % channels_;
      const std::size_t j = random() % channels_;
      ++in_vain;
      if (i / lanes_ == j / lanes_) continue;
      if (gain(i, j) + gain(j, i) <= 0) continue;
      std::swap(order_[i], order_[j]);
      look(i / lanes_);
      look(j / lanes_);
      in_vain = 0;
    }
  }

 private:
  /// Of a bank in a group: the largest count, how many channels have it, the next smaller one.
  struct Fullest {
    std::uint8_t first = 0, second = 0;
    std::uint32_t times = 0;
  };

  [[nodiscard]] std::uint8_t count(std::uint32_t channel, std::size_t bank) const {
    return counts_[channel * banks_ + bank];
  }

  void look() {
    for (std::size_t g = 0; g < groups_; ++g) look(g);
  }
  void look(std::size_t group) {
    const std::size_t end = std::min<std::size_t>((group + 1) * lanes_, channels_);
    for (std::size_t b = 0; b < banks_; ++b) {
      Fullest f;
      for (std::size_t i = group * lanes_; i < end; ++i) {
        const std::uint8_t n = count(order_[i], b);
        if (n > f.first) {
          f = {n, f.first, 1};
        } else if (n == f.first) {
          ++f.times;
        } else {
          f.second = std::max(f.second, n);
        }
      }
      groups_of_banks_[group * banks_ + b] = f;
    }
  }

  /// Rows that the group of place `i` saves when the channel of place `j` takes it.
  [[nodiscard]] std::int64_t gain(std::size_t i, std::size_t j) const {
    std::int64_t saved = 0;
    const Fullest* f = &groups_of_banks_[i / lanes_ * banks_];
    for (std::size_t b = 0; b < banks_; ++b) {
      const bool alone = f[b].times == 1 && count(order_[i], b) == f[b].first;
      const int rest = alone ? f[b].second : f[b].first;
      saved += int{f[b].first} - std::max(rest, int{count(order_[j], b)});
    }
    return saved;
  }

  const std::vector<std::uint8_t>& counts_;
  std::uint32_t channels_;
  std::size_t banks_;
  std::uint32_t lanes_;
  std::size_t groups_;
  std::vector<std::uint32_t> order_;
  std::vector<Fullest> groups_of_banks_;
};

}  // namespace

ChannelOrder order_channels(std::uint32_t channels, const std::vector<std::uint8_t>& counts,
                            std::uint32_t lanes) {
  ChannelOrder out;
  if (channels == 0) return out;
  Search own(channels, counts, lanes);
  out.rows = out.rows_before = own.rows();
  out.rows_even = static_cast<double>(own.weights()) / channels * static_cast<double>(own.groups());
  Search by_weights = own;
  by_weights.sort_by_weights();
  Search by_banks = own;
  by_banks.sort_by_banks();
  for (Search* search : {&own, &by_weights, &by_banks}) {
    search->swap_while_better();
    if (search->rows() >= out.rows) continue;
    out.rows = search->rows();
    out.channels = search->order();
  }
  return out;
}

WeightTensor in_order(const WeightTensor& weights, const std::vector<std::uint32_t>& channels) {
  WeightTensor out = weights;
  const std::size_t row = std::size_t{weights.in_channels} * weights.taps();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto from = static_cast<std::ptrdiff_t>(channels[i] * row);
    const auto to = static_cast<std::ptrdiff_t>(i * row);
    std::copy_n(weights.data.begin() + from, row, out.data.begin() + to);
    if (!weights.bf16.empty()) {
      std::copy_n(weights.bf16.begin() + from, row, out.bf16.begin() + to);
    }
  }
  return out;
}

}  // namespace s4::sw
