// Which channels share a group: never worse than before, and right where the answer is known.
#include "sw/sparse/channel_order.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "sim/config/configuration_loader.hpp"
#include "sw/sparse/pack.hpp"
#include "sw/sparse/prune.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

using namespace s4::sw;

namespace {

bool is_permutation_of(const std::vector<std::uint32_t>& order, std::uint32_t channels) {
  std::vector<std::uint32_t> sorted = order, all(channels);
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0U);
  return sorted == all;
}

/// K over all banks and groups, from the definition.
std::uint64_t rows(const std::vector<std::uint32_t>& order, std::size_t banks, std::uint32_t lanes,
                   const std::vector<std::uint8_t>& counts) {
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < order.size(); first += lanes) {
    for (std::size_t b = 0; b < banks; ++b) {
      std::uint8_t most = 0;
      for (std::size_t i = first; i < std::min(first + lanes, order.size()); ++i) {
        most = std::max(most, counts[order[i] * banks + b]);
      }
      total += most;
    }
  }
  return total;
}

}  // namespace

TEST_CASE("channel order: two kinds of channels are told apart", "[sparse]") {
  // Full in the first bank or in the second, in turn: side by side every group is full in both.
  std::vector<std::uint8_t> counts;
  for (unsigned c = 0; c < 64; ++c) {
    counts.push_back(c % 2 == 0 ? 40 : 2);
    counts.push_back(c % 2 == 0 ? 2 : 40);
  }
  const ChannelOrder order = order_channels(64, counts, 16);
  CHECK(order.rows_before == 4 * 80);
  CHECK(order.rows == 4 * 42);
  CHECK(order.rows_even == 4 * 42);
  CHECK(order.excess() == 0);
  CHECK(is_permutation_of(order.channels, 64));
}

TEST_CASE("channel order: what is balanced stays where it is", "[sparse]") {
  CHECK(order_channels(70, std::vector<std::uint8_t>(70 * 5, 8), 16).channels.empty());
  CHECK(order_channels(7, {1, 2, 3, 4, 5, 6, 7}, 16).channels.empty());  // a single group
  CHECK(order_channels(0, {}, 16).channels.empty());
}

TEST_CASE("channel order: random counts, never worse, rows as the definition says", "[sparse]") {
  std::mt19937_64 random(s4::tb::seed());
  for (const auto& [channels, banks, lanes] :
       {std::array{128U, 4U, 16U}, std::array{100U, 9U, 8U}, std::array{33U, 1U, 8U},
        std::array{256U, 36U, 64U}}) {
    std::vector<std::uint8_t> counts(std::size_t{channels} * banks);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const unsigned fullness = 1 + i / banks * 7 % 40;  // channels differ
      counts[i] = static_cast<std::uint8_t>(random() % fullness + (random() % 8 == 0 ? 20 : 0));
    }
    const ChannelOrder order = order_channels(channels, counts, lanes);
    std::vector<std::uint32_t> own(channels);
    std::iota(own.begin(), own.end(), 0U);
    CAPTURE(channels, banks, lanes, order.rows_before, order.rows, order.rows_even);
    CHECK(order.rows_before == rows(own, banks, lanes, counts));
    REQUIRE(is_permutation_of(order.channels, channels));
    CHECK(order.rows == rows(order.channels, banks, lanes, counts));
    CHECK(order.rows < order.rows_before);
    if (channels % lanes == 0) CHECK(static_cast<double>(order.rows) >= order.rows_even);
    CHECK(order_channels(channels, counts, lanes).channels == order.channels);
  }
}

TEST_CASE("channel order: rows are those of the packed stream", "[sparse]") {
  const auto config = s4::sim::load_configuration(s4::tb::root(), "small");
  WeightTensor weights(96, 200, 3, 1);
  std::mt19937_64 random(s4::tb::seed());
  for (auto& w : weights.data) w = static_cast<std::int8_t>(random() % 127 + 1);
  prune(weights, 6, Pattern::kUnstructured, 5);
  const std::uint32_t lanes = group_lanes(config, 1);
  const ChannelOrder order = order_channels(96, bank_counts(weights), lanes);
  REQUIRE(is_permutation_of(order.channels, 96));
  const WeightTensor permuted = in_order(weights, order.channels);
  std::uint64_t clocks = 0;
  for (const auto& group : profile_groups(permuted, bank_counts(permuted), config, 1)) {
    clocks += group.clocks;
  }
  CHECK(clocks == order.rows);
  for (std::uint32_t i = 0; i < 96; ++i) {
    CHECK(permuted.data[permuted.position(i, 4, 11)] ==
          weights.data[weights.position(order.channels[i], 4, 11)]);
  }
}
