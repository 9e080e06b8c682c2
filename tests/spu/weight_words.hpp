// Random weight groups, the words that carry them, and the steps that they must become.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <numeric>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "tests/functional/stream_packer.hpp"
#include "tests/spu/random.hpp"

namespace s4::tests {

enum Section : unsigned { kParams = 0, kIndices = 1, kValues = 2 };

struct WeightWord {
  unsigned section = 0;
  std::array<std::uint8_t, 64> data{};
};

/// One group of output channels: its banks, and bias and scale of every lane.
struct Group {
  std::vector<test::PackedBank> banks;
  std::vector<std::int32_t> biases;
  std::vector<std::uint32_t> scales;
};

/// K entries for each of `lanes` lanes in ascending order; pairs may end with (0, 0) padding.
inline test::PackedBank random_bank(SeededRandom& random, std::uint32_t lanes, unsigned count,
                                    bool bitmap) {
  test::PackedBank bank;
  bank.count = count;
  bank.form = bitmap ? test::Form::kBitmap : test::Form::kPairs;
  std::array<std::uint8_t, 64> order;
  std::iota(order.begin(), order.end(), 0);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    for (unsigned i = 0; i < count; ++i) std::swap(order[i], order[i + random.below(64 - i)]);
    std::array<std::uint8_t, 64> kept = order;
    std::sort(kept.begin(), kept.begin() + count);
    std::vector<test::Entry> entries;
    for (unsigned i = 0; i < count; ++i) {
      entries.push_back({kept[i], static_cast<std::int8_t>(random.byte())});
    }
    if (!bitmap && count < 64 && random.percent(20)) {
      for (unsigned i = random.below(count + 1); i < count; ++i) entries[i] = {0, 0};
    }
    bank.lanes.push_back(std::move(entries));
  }
  return bank;
}

/// Makes the values of all banks BF16 of about one, few of them any number.
inline void make_bf16(SeededRandom& random, Group& group) {
  for (test::PackedBank& bank : group.banks) {
    bank.bf16 = true;
    for (auto& lane : bank.lanes) {
      for (test::Entry& entry : lane) {
        if (entry.index == 0 && entry.value == 0) continue;  // padding
        const bool any = random.percent(1);
        entry.value = static_cast<std::int8_t>(random.byte());
        entry.high = static_cast<std::uint8_t>(
            any ? random.byte() : (random.byte() & 0x80) | random.between(0x3B, 0x3F));
      }
    }
  }
}

/// K of the next bank: every value, the ends and the empty bank more often.
inline unsigned random_count(SeededRandom& random, unsigned most) {
  constexpr unsigned kCorners[] = {0, 0, 1, 2, 8, 10, 11, 12, 63, 64};
  const unsigned count = random.percent(40) ? kCorners[random.below(10)] : random.below(65);
  return count > most ? random.below(most + 1) : count;
}

/// `index_chunks`: most index chunks that the banks may need together.
inline Group random_group(SeededRandom& random, std::uint32_t lanes, unsigned banks,
                          unsigned most_k = 64) {
  Group group;
  for (unsigned b = 0; b < banks; ++b) {
    const unsigned count = random_count(random, most_k);
    // Either form is legal from BitmapMinK on; the compiler takes the smaller one.
    const bool bitmap = count >= 11 && count < 64 && random.percent(70);
    group.banks.push_back(random_bank(random, lanes, count, bitmap));
  }
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    group.biases.push_back(static_cast<std::int32_t>(random.bits()));
    group.scales.push_back(static_cast<std::uint32_t>(random.bits()));
  }
  return group;
}

/// Words of one pass of a group as the weight DMA may deliver them: the two sections in blocks,
/// indices always before the values that need them, and ahead of them by up to `lead` blocks.
inline void append_words(std::deque<WeightWord>& words, SeededRandom& random, const Group& group,
                         std::uint32_t lanes_per_quadrant, unsigned lead) {
  const auto lanes = static_cast<std::uint32_t>(group.biases.size());
  const auto push = [&](unsigned section, const std::uint8_t* data, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += 64) {
      WeightWord word;
      word.section = section;
      std::memcpy(word.data.data(), data + at, 64);
      words.push_back(word);
    }
  };
  const auto params = test::pack_params(group.biases, group.scales, lanes_per_quadrant);
  push(kParams, params.data(), params.size());
  const test::Sections sections = test::pack_pass(group.banks, lanes);
  const std::size_t index_blocks = sections.indices.size() / 192;
  const std::size_t value_blocks = sections.values.size() / 256;
  // Index bytes that a value byte needs: those up to the end of its bank.
  std::vector<std::size_t> needed(value_blocks, 0);
  std::size_t index_bytes = 0;
  std::size_t value_bytes = 0;
  const std::size_t chunk = lanes * 6 / 8;
  for (std::size_t b = 0; b < group.banks.size(); ++b) {
    const test::PackedBank& bank = group.banks[b];
    if (b % chunk == 0) index_bytes += chunk;
    if (bank.count % 64 != 0) {
      index_bytes += chunk * (bank.form == test::Form::kBitmap ? 11 : bank.count);
    }
    value_bytes += std::size_t{bank.value_rows()} * lanes;
    for (std::size_t v = 0; v < value_blocks && v * 256 < value_bytes; ++v) {
      if (v * 256 + 256 > value_bytes - std::size_t{bank.value_rows()} * lanes) {
        needed[v] = (index_bytes + 191) / 192;
      }
    }
  }
  std::size_t sent = 0;
  for (std::size_t v = 0; v < value_blocks; ++v) {
    const std::size_t target = std::min(index_blocks, needed[v] + random.below(lead + 1));
    for (; sent < target; ++sent) push(kIndices, sections.indices.data() + sent * 192, 192);
    push(kValues, sections.values.data() + v * 256, 256);
  }
  for (; sent < index_blocks; ++sent) push(kIndices, sections.indices.data() + sent * 192, 192);
}

/// Bytes of a pass in the buffers.
inline bool fits_buffers(const Group& group, const config::Configuration& config) {
  const auto sections =
      test::pack_pass(group.banks, static_cast<std::uint32_t>(group.biases.size()));
  return sections.values.size() <= std::size_t{config.value_rows} * config.array_lanes &&
         sections.indices.size() <= std::size_t{config.index_rows} * config.array_lanes * 6 / 8;
}

}  // namespace s4::tests
