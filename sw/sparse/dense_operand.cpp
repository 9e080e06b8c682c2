#include "sw/sparse/dense_operand.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace s4::sw {
namespace {

constexpr std::uint64_t kWord = 64;
/// Most reduction indices of a command, whose row numbers have 16 bits.
constexpr std::uint32_t kMostRows = 16384;

std::uint64_t up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Where the elements of one image lie, in words and bytes.
struct Place {
  Place(const DenseOperand& operand, std::uint32_t group_lanes)
      : transposed(operand.transposed),
        bytes(operand.images.front().value_rows()),
        elements(static_cast<std::uint32_t>(kWord) / bytes),
        lanes(group_lanes),
        channels(operand.images.front().out_channels),
        reduction(operand.images.front().in_channels) {
    pair = !transposed && bytes == 2 && lanes == kDenseLanes;
    if (transposed) {
      plane = up(channels, kWord);
      planes = up(reduction, kWord) / elements;
    } else {
      plane = up(reduction, kWord) * (pair ? 2 : 1);
      planes = up(channels, std::max(elements, lanes)) / (pair ? kDenseLanes : elements);
    }
    image = planes * plane;
    if (operand.plane == 0) return;
    if (pair) throw std::invalid_argument("a tensor of BF16 words feeds 32 output channels");
    plane = operand.plane;
    image = operand.image;
  }
  [[nodiscard]] std::uint64_t image_bytes() const { return image * kWord; }
  /// Byte of the low half of an element.
  [[nodiscard]] std::uint64_t at(std::uint32_t channel, std::uint32_t index) const {
    if (transposed) {
      return (index / elements * plane + channel) * kWord + std::uint64_t{index % elements} * bytes;
    }
    const std::uint64_t byte = std::uint64_t{channel % elements} * bytes;
    if (!pair) return (channel / elements * plane + index) * kWord + byte;
    const std::uint64_t half = channel % kDenseLanes / elements;
    return (channel / kDenseLanes * plane + std::uint64_t{2} * index + half) * kWord + byte;
  }

  bool transposed;
  std::uint32_t bytes;     ///< of an element
  std::uint32_t elements;  ///< of a word
  std::uint32_t lanes;
  std::uint32_t channels;
  std::uint32_t reduction;
  bool pair = false;        ///< two words of 32 channels beside each other
  std::uint64_t plane = 0;  ///< words
  std::uint64_t planes = 0;
  std::uint64_t image = 0;  ///< words from one to the next
};

/// The pieces with the values of the group that begins at `channel`.
std::vector<WeightPiece> value_pieces(const DenseOperand& operand, const Place& place,
                                      std::uint64_t base, std::uint32_t channel) {
  DenseValues values;
  values.transposed = place.transposed;
  values.wide = place.bytes == 2;
  values.flip = operand.is_unsigned;
  values.lanes = static_cast<std::uint8_t>(std::bit_width(place.lanes / 8) - 1);
  std::vector<WeightPiece> pieces;
  const auto add = [&](std::uint64_t word, std::uint64_t words, std::uint32_t rows) {
    values.end_row = static_cast<std::uint16_t>(rows);
    WeightPiece piece;
    piece.offset = base + word * kWord;
    piece.value_words = static_cast<std::uint32_t>(words);
    piece.dense = values;
    pieces.push_back(piece);
  };
  if (place.transposed) {
    for (std::uint64_t block = 0; block < place.planes; ++block) {
      const std::uint64_t first = block * place.elements;
      const std::uint64_t rows = place.reduction > first ? place.reduction - first : 0;
      add(block * place.plane + channel, place.lanes,
          static_cast<std::uint32_t>(std::min<std::uint64_t>(rows, place.elements)));
    }
    return pieces;
  }
  const std::uint32_t span = place.pair ? kDenseLanes : place.elements;
  values.slice = static_cast<std::uint8_t>(channel % span / place.lanes);
  const std::uint64_t words = place.pair ? 2 : 1;  // of a reduction index
  for (std::uint32_t k = 0; k < place.reduction; k += kMostRows) {
    const std::uint32_t rows = std::min(place.reduction - k, kMostRows);
    add(channel / span * place.plane + k * words, up(rows, kWord) * words, rows);
  }
  return pieces;
}

}  // namespace

std::uint64_t operand_bytes(const DenseOperand& operand, std::uint32_t lanes) {
  const Place place(operand, lanes);
  return operand.plane != 0 ? place.planes * place.plane * kWord
                            : place.image_bytes() * operand.images.size();
}

std::vector<std::uint8_t> operand_words(const DenseOperand& operand, std::uint32_t lanes) {
  const Place place(operand, lanes);
  const std::uint8_t flip = operand.is_unsigned ? 0x80 : 0;
  std::vector<std::uint8_t> bytes(operand_bytes(operand, lanes), 0);
  for (std::size_t image = 0; image < operand.images.size(); ++image) {
    std::uint8_t* const base = bytes.data() + image * place.image_bytes();
    const WeightTensor& elements = operand.images[image];
    for (std::uint32_t n = 0; n < place.channels; ++n) {
      for (std::uint32_t k = 0; k < place.reduction; ++k) {
        const std::uint16_t value = elements.value(std::size_t{n} * place.reduction + k);
        std::uint8_t* const to = base + place.at(n, k);
        to[0] = static_cast<std::uint8_t>(value ^ flip);
        if (place.bytes == 2) to[1] = static_cast<std::uint8_t>(value >> 8);
      }
    }
  }
  return bytes;
}

std::vector<GroupProfile> profile_dense(const WeightTensor& weights,
                                        const config::Configuration& config, std::uint32_t shape) {
  const std::uint32_t lanes = group_lanes(config, shape);
  const std::uint64_t headers = lanes * 6 / 8;
  GroupProfile group;
  group.counts.assign(weights.banks(), sparse_format::kBankSize);
  group.busy_banks = weights.banks();
  group.clocks = std::uint64_t{weights.banks()} * sparse_format::kBankSize * weights.value_rows();
  group.index_bytes = up(up(weights.banks(), headers), sparse_format::kIndexBlockBytes);
  group.value_bytes = group.clocks * lanes;
  group.param_bytes = std::uint64_t{lanes} * 8;
  group.channels = lanes;
  std::vector<GroupProfile> groups((weights.out_channels + lanes - 1) / lanes, group);
  groups.back().channels = (weights.out_channels - 1) % lanes + 1;
  return groups;
}

PackedWeights pack_dense(const DenseOperand& operand, const std::vector<std::int32_t>& biases,
                         const std::vector<float>& scales, const config::Configuration& config,
                         std::uint32_t shape) {
  const WeightTensor& first = operand.images.at(0);
  // Weights of no value have parameters and empty headers: the stream but for its values.
  WeightTensor nothing(first.out_channels, first.in_channels, 1, 1);
  PackedWeights packed = pack_weights(nothing, biases, scales, config, shape);
  if (packed.group_lanes > kDenseLanes) {
    throw std::invalid_argument("weights: a dense operand feeds at most 64 output channels");
  }
  const Place place(operand, packed.group_lanes);
  const std::vector<GroupProfile> profiles = profile_dense(first, config, shape);
  const std::vector<WeightGroup> empty = packed.groups;
  const std::vector<std::uint8_t> source = packed.bytes;
  packed = PackedWeights{packed.config_hash, packed.shape, packed.group_lanes, {}, {}, 0, 0, 0, 0};
  for (std::size_t image = 0; image < operand.images.size(); ++image) {
    for (std::size_t g = 0; g < empty.size(); ++g) {
      const GroupProfile& profile = profiles[g];
      WeightPiece head;
      head.offset = packed.bytes.size();
      head.param_words = static_cast<std::uint32_t>(profile.param_bytes / kWord);
      head.index_words = static_cast<std::uint32_t>(profile.index_bytes / kWord);
      const auto params = source.begin() + static_cast<std::ptrdiff_t>(empty[g].pieces[0].offset);
      packed.bytes.insert(packed.bytes.end(), params,
                          params + static_cast<std::ptrdiff_t>(profile.param_bytes));
      packed.bytes.insert(packed.bytes.end(), profile.counts.begin(), profile.counts.end());
      packed.bytes.resize(head.offset + head.words() * kWord, 0);
      WeightGroup group;
      group.counts = profile.counts;
      group.index_bytes = profile.index_bytes;
      group.value_bytes = profile.value_bytes;
      group.param_bytes = profile.param_bytes;
      group.pieces = value_pieces(operand, place, image * place.image_bytes(),
                                  static_cast<std::uint32_t>(g) * packed.group_lanes);
      group.pieces.insert(group.pieces.begin(), head);
      packed.index_bytes += group.index_bytes;
      packed.value_bytes += group.value_bytes;
      packed.param_bytes += group.param_bytes;
      packed.groups.push_back(std::move(group));
    }
  }
  return packed;
}

}  // namespace s4::sw
