#include "sw/sparse/pack.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

namespace s4::sw {
namespace {

using sparse_format::kBankSize;
using sparse_format::kBitmapMinK;
using sparse_format::kBitmapRows;
constexpr std::uint64_t kIndexBlock = sparse_format::kIndexBlockBytes;
constexpr std::uint64_t kValueBlock = sparse_format::kBlockRowsBytes;
constexpr std::uint32_t kDense = kBankSize;
constexpr std::uint8_t kBitmapFlag = 0x80;

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) { return (a + b - 1) / b; }

/// Index chunks of a bank, its header apart.
std::uint64_t index_chunks(std::uint32_t k) {
  if (k == 0 || k == kDense) return 0;
  return k >= kBitmapMinK ? kBitmapRows : k;
}

/// A chunk of 6-bit items, one per lane of the group.
class IndexChunk {
 public:
  explicit IndexChunk(std::uint32_t lanes) : bytes_(lanes * 6 / 8, 0) {}
  void set(std::uint32_t lane, std::uint32_t item) {
    const std::uint32_t bit = lane * 6;
    const std::uint32_t shifted = (item & 63U) << (bit % 8);
    bytes_[bit / 8] |= static_cast<std::uint8_t>(shifted);
    if (bit % 8 > 2) bytes_[bit / 8 + 1] |= static_cast<std::uint8_t>(shifted >> 8);
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

void append(std::vector<std::uint8_t>& stream, const std::vector<std::uint8_t>& bytes) {
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

/// Elements that one lane stores in a bank, padded to `k`, ascending (pairs: padding last).
struct LaneEntries {
  std::array<std::uint8_t, kBankSize> index{};
  std::array<std::uint16_t, kBankSize> value{};
};

LaneEntries lane_entries(const WeightTensor& weights, std::uint32_t out, std::uint32_t bank,
                         std::uint32_t k) {
  LaneEntries entries;
  std::array<std::uint16_t, kBankSize> bank_values{};
  std::uint64_t used = 0;
  if (out < weights.out_channels) {
    for (std::uint32_t e = 0; e < weights.valid_in_bank(bank); ++e) {
      const std::size_t position = weights.position(out, bank, e);
      bank_values[e] = weights.value(position);
      if (weights.data[position] != 0) used |= std::uint64_t{1} << e;
    }
  }
  const bool pairs = k < kBitmapMinK;
  for (std::uint32_t e = 0; !pairs && std::popcount(used) < static_cast<int>(k); ++e) {
    used |= std::uint64_t{1} << e;
  }
  std::uint32_t n = 0;
  for (std::uint32_t e = 0; e < kBankSize; ++e) {
    if (((used >> e) & 1U) == 0) continue;
    entries.index[n] = static_cast<std::uint8_t>(e);
    entries.value[n++] = bank_values[e];
  }
  return entries;
}

/// Both streams of one pass over a group, and where each bank ends in them.
struct GroupStreams {
  std::vector<std::uint8_t> index;
  std::vector<std::uint8_t> value;
  std::vector<std::uint64_t> index_end;
  std::vector<std::uint64_t> value_end;
};

GroupStreams make_streams(const WeightTensor& weights, std::uint32_t first, std::uint32_t lanes,
                          const std::vector<std::uint8_t>& counts) {
  GroupStreams streams;
  const std::uint32_t headers = lanes * 6 / 8;
  std::vector<LaneEntries> entries(lanes);
  std::vector<std::uint8_t> row(lanes);
  for (std::uint32_t bank = 0; bank < counts.size(); ++bank) {
    if (bank % headers == 0) {
      std::vector<std::uint8_t> header(headers, 0);
      for (std::uint32_t i = 0; i < headers && bank + i < counts.size(); ++i) {
        const std::uint8_t k = counts[bank + i];
        header[i] = k >= kBitmapMinK && k < kDense ? k | kBitmapFlag : k;
      }
      append(streams.index, header);
    }
    const std::uint32_t k = counts[bank];
    for (std::uint32_t lane = 0; k > 0 && lane < lanes; ++lane) {
      entries[lane] = lane_entries(weights, first + lane, bank, k);
    }
    if (k >= kBitmapMinK && k < kDense) {
      std::vector<std::uint64_t> bitmap(lanes, 0);
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        for (std::uint32_t j = 0; j < k; ++j) {
          bitmap[lane] |= std::uint64_t{1} << entries[lane].index[j];
        }
      }
      for (std::uint32_t r = 0; r < kBitmapRows; ++r) {
        IndexChunk chunk(lanes);
        for (std::uint32_t lane = 0; lane < lanes; ++lane) {
          chunk.set(lane, static_cast<std::uint32_t>(bitmap[lane] >> (6 * r)));
        }
        append(streams.index, chunk.bytes());
      }
    } else if (k > 0 && k < kDense) {
      for (std::uint32_t j = 0; j < k; ++j) {
        IndexChunk chunk(lanes);
        for (std::uint32_t lane = 0; lane < lanes; ++lane) chunk.set(lane, entries[lane].index[j]);
        append(streams.index, chunk.bytes());
      }
    }
    for (std::uint32_t j = 0; j < k * weights.value_rows(); ++j) {
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const std::uint32_t value = entries[lane].value[j / weights.value_rows()];
        row[lane] = static_cast<std::uint8_t>(value >> (j % weights.value_rows() * 8));
      }
      append(streams.value, row);
    }
    streams.index_end.push_back(streams.index.size());
    streams.value_end.push_back(streams.value.size());
  }
  streams.index.resize(round_up(streams.index.size(), kIndexBlock), 0);
  streams.value.resize(round_up(streams.value.size(), kValueBlock), 0);
  return streams;
}

std::vector<std::uint8_t> parameter_section(const std::vector<std::int32_t>& biases,
                                            const std::vector<float>& scales, std::uint32_t first,
                                            std::uint32_t parts, std::uint32_t row_lanes) {
  std::vector<std::uint8_t> section(static_cast<std::size_t>(parts) * row_lanes * 8, 0);
  for (std::uint32_t part = 0; part < parts; ++part) {
    for (std::uint32_t lane = 0; lane < row_lanes; ++lane) {
      const std::uint32_t channel = first + part * row_lanes + lane;
      if (channel >= biases.size()) continue;
      std::uint8_t* row = section.data() + static_cast<std::size_t>(part) * row_lanes * 8;
      std::memcpy(row + 4 * lane, &biases[channel], 4);
      std::memcpy(row + 4 * (row_lanes + lane), &scales[channel], 4);
    }
  }
  return section;
}

void require(bool condition, const std::string& text) {
  if (!condition) throw std::invalid_argument("weights: " + text);
}

}  // namespace

std::uint32_t group_lanes(const config::Configuration& config, std::uint32_t shape) {
  return (config.num_quadrants >> shape) * config.lanes_per_quadrant;
}

std::uint64_t index_capacity(const config::Configuration& config) {
  return std::uint64_t{config.index_rows} * config.array_lanes * 6 / 8;
}

std::uint64_t value_capacity(const config::Configuration& config) {
  return std::uint64_t{config.value_rows} * config.array_lanes;
}

std::vector<std::uint8_t> bank_counts(const WeightTensor& weights) {
  const std::uint32_t banks = weights.banks();
  const std::uint32_t taps = weights.taps();
  std::vector<std::uint8_t> counts(static_cast<std::size_t>(weights.out_channels) * banks, 0);
  std::size_t position = 0;
  for (std::uint32_t out = 0; out < weights.out_channels; ++out) {
    std::uint8_t* row = counts.data() + static_cast<std::size_t>(out) * banks;
    for (std::uint32_t channel = 0; channel < weights.in_channels; ++channel) {
      std::uint8_t* bank = row + static_cast<std::size_t>(channel / kBankSize) * taps;
      for (std::uint32_t tap = 0; tap < taps; ++tap) {
        if (weights.data[position++] != 0) ++bank[tap];
      }
    }
  }
  return counts;
}

std::vector<GroupProfile> profile_groups(const WeightTensor& weights,
                                         const std::vector<std::uint8_t>& counts,
                                         const config::Configuration& config, std::uint32_t shape) {
  const std::uint32_t lanes = group_lanes(config, shape);
  const std::uint32_t banks = weights.banks();
  const std::uint32_t headers = lanes * 6 / 8;
  std::vector<GroupProfile> groups(ceil_div(weights.out_channels, lanes));
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    GroupProfile& group = groups[g];
    group.counts.assign(banks, 0);
    group.channels = std::min(lanes, weights.out_channels - g * lanes);
    for (std::uint32_t out = g * lanes; out < std::min((g + 1) * lanes, weights.out_channels);
         ++out) {
      const std::uint8_t* row = counts.data() + static_cast<std::size_t>(out) * banks;
      for (std::uint32_t bank = 0; bank < banks; ++bank) {
        group.counts[bank] = std::max(group.counts[bank], row[bank]);
      }
    }
    std::uint64_t chunks = ceil_div(banks, headers);
    for (const std::uint8_t k : group.counts) {
      group.clocks += std::uint64_t{k} * weights.value_rows();
      group.busy_banks += k > 0 ? 1 : 0;
      chunks += index_chunks(k);
    }
    group.index_bytes = round_up(chunks * headers, kIndexBlock);
    group.value_bytes = round_up(group.clocks * lanes, kValueBlock);
    group.param_bytes = std::uint64_t{lanes} * 8;
  }
  return groups;
}

PackedWeights pack_weights(const WeightTensor& weights, const std::vector<std::int32_t>& biases,
                           const std::vector<float>& scales, const config::Configuration& config,
                           std::uint32_t shape, std::uint64_t piece_bytes, bool late_parameters) {
  require(shape <= config.max_shape, "array shape " + std::to_string(shape) +
                                         " does not exist in configuration " + config.name);
  require(weights.out_channels > 0 && weights.in_channels > 0 && weights.taps() > 0,
          "a dimension is 0");
  require(weights.bf16.empty() || weights.bf16.size() == weights.data.size(),
          "as many BF16 values as weights");
  require(biases.size() == weights.out_channels && scales.size() == weights.out_channels,
          std::to_string(weights.out_channels) + " output channels, but " +
              std::to_string(biases.size()) + " biases and " + std::to_string(scales.size()) +
              " scales");
  for (std::uint32_t c = 0; c < scales.size(); ++c) {
    require(std::isfinite(scales[c]), "scale of channel " + std::to_string(c) + " is not finite");
  }
  PackedWeights packed;
  packed.config_hash = config.hash;
  packed.shape = shape;
  packed.group_lanes = group_lanes(config, shape);
  const std::uint32_t parts = config.num_quadrants >> shape;
  std::uint64_t value_limit = value_capacity(config) / 2;
  if (piece_bytes != 0) value_limit = std::min(value_limit, piece_bytes);
  const std::uint64_t index_limit = index_capacity(config) / 2;

  const auto profiles = profile_groups(weights, bank_counts(weights), config, shape);
  for (std::uint32_t g = 0; g < profiles.size(); ++g) {
    WeightGroup group;
    group.counts = profiles[g].counts;
    const std::uint32_t first = g * packed.group_lanes;
    const GroupStreams streams = make_streams(weights, first, packed.group_lanes, group.counts);
    const auto params = parameter_section(biases, scales, first, parts, config.lanes_per_quadrant);
    group.index_bytes = streams.index.size();
    group.value_bytes = streams.value.size();
    group.param_bytes = params.size();

    const auto param_words = static_cast<std::uint32_t>(params.size() / 64);
    const bool late = late_parameters && g == 0;
    std::uint64_t index_done = 0;
    std::uint64_t value_done = 0;
    const auto banks = static_cast<std::uint32_t>(group.counts.size());
    for (std::uint32_t bank = 0; bank < banks;) {
      const auto index_to = [&](std::uint32_t last) {
        return last + 1 == banks ? streams.index.size()
                                 : round_up(streams.index_end[last], kIndexBlock);
      };
      const auto value_to = [&](std::uint32_t last) {
        return last + 1 == banks ? streams.value.size()
                                 : round_up(streams.value_end[last], kValueBlock);
      };
      std::uint32_t last = bank;
      while (last + 1 < banks && value_to(last + 1) - value_done <= value_limit &&
             index_to(last + 1) - index_done <= index_limit) {
        ++last;
      }
      WeightPiece piece;
      piece.offset = packed.bytes.size();
      const std::uint64_t index_end = std::max<std::uint64_t>(index_to(last), index_done);
      const std::uint64_t value_end = value_to(last);
      bank = last + 1;
      const bool is_first = group.pieces.empty() && !late;
      piece.param_words = is_first ? param_words : 0;
      piece.index_words = static_cast<std::uint32_t>((index_end - index_done) / 64);
      piece.value_words = static_cast<std::uint32_t>((value_end - value_done) / 64);
      if (piece.words() == 0) continue;
      if (is_first) append(packed.bytes, params);
      packed.bytes.insert(packed.bytes.end(),
                          streams.index.begin() + static_cast<std::ptrdiff_t>(index_done),
                          streams.index.begin() + static_cast<std::ptrdiff_t>(index_end));
      packed.bytes.insert(packed.bytes.end(),
                          streams.value.begin() + static_cast<std::ptrdiff_t>(value_done),
                          streams.value.begin() + static_cast<std::ptrdiff_t>(value_end));
      index_done = index_end;
      value_done = value_end;
      group.pieces.push_back(piece);
    }
    if (late) {
      group.pieces.push_back({packed.bytes.size(), param_words, 0, 0, {}});
      append(packed.bytes, params);
    }
    packed.index_bytes += group.index_bytes;
    packed.value_bytes += group.value_bytes;
    packed.param_bytes += group.param_bytes;
    packed.groups.push_back(std::move(group));
  }
  return packed;
}

}  // namespace s4::sw
