// Reader of the weight stream for tests and tools; shares nothing with the writer but the format.
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>

#include "sw/sparse/pack.hpp"

namespace s4::sw {
namespace {

/// The three streams of one group, put together from its pieces.
struct Streams {
  std::vector<std::uint8_t> param;
  std::vector<std::uint8_t> index;
  std::vector<std::uint8_t> value;
};

[[noreturn]] void fail(std::uint32_t group, const std::string& text) {
  throw std::invalid_argument("weight stream: group " + std::to_string(group) + ": " + text);
}

Streams gather(const PackedWeights& packed, std::uint32_t g) {
  Streams streams;
  for (const WeightPiece& piece : packed.groups[g].pieces) {
    std::uint64_t at = piece.offset;
    const auto take = [&](std::vector<std::uint8_t>& to, std::uint64_t words) {
      if (at + words * 64 > packed.bytes.size()) fail(g, "a piece ends beyond the stream");
      to.insert(to.end(), packed.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                packed.bytes.begin() + static_cast<std::ptrdiff_t>(at + words * 64));
      at += words * 64;
    };
    if (piece.index_words % 3 != 0 || piece.value_words % 4 != 0) {
      fail(g, "a section is not a whole number of blocks");
    }
    take(streams.param, piece.param_words);
    take(streams.index, piece.index_words);
    take(streams.value, piece.value_words);
  }
  return streams;
}

}  // namespace

UnpackedWeights unpack_weights(const PackedWeights& packed, const config::Configuration& config,
                               std::uint32_t out_channels, std::uint32_t in_channels,
                               std::uint32_t kernel_h, std::uint32_t kernel_w, bool bf16) {
  UnpackedWeights result;
  WeightTensor& weights = result.weights;
  weights = WeightTensor(out_channels, in_channels, kernel_h, kernel_w);
  if (bf16) weights.bf16.assign(weights.data.size(), 0);
  const std::size_t rows = bf16 ? sparse_format::kBf16ValueRows : 1;
  result.biases.resize(out_channels);
  result.scales.resize(out_channels);
  const std::uint32_t lanes = packed.group_lanes;
  const std::uint32_t headers = lanes * 6 / 8;
  for (std::uint32_t g = 0; g < packed.groups.size(); ++g) {
    const Streams streams = gather(packed, g);
    const std::uint32_t row = config.lanes_per_quadrant;
    if (streams.param.size() != std::size_t{lanes} * 8) fail(g, "wrong parameter section");
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::uint32_t channel = g * lanes + lane;
      if (channel >= out_channels) continue;
      const std::uint8_t* part = streams.param.data() + lane / row * row * 8;
      std::memcpy(&result.biases[channel], part + 4 * (lane % row), 4);
      std::memcpy(&result.scales[channel], part + 4 * (row + lane % row), 4);
    }
    std::size_t index_at = 0;
    std::size_t value_at = 0;
    const auto index_item = [&](std::size_t chunk, std::uint32_t lane) {
      std::uint32_t item = 0;
      for (std::uint32_t b = 0; b < 6; ++b) {
        const std::size_t bit = chunk * 8 + lane * 6 + b;
        if (bit / 8 >= streams.index.size()) fail(g, "the index stream ends early");
        item |= ((streams.index[bit / 8] >> (bit % 8)) & 1U) << b;
      }
      return item;
    };
    const auto put = [&](std::uint32_t lane, std::uint32_t bank, std::uint32_t element,
                         std::uint16_t value) {
      const std::uint32_t channel = g * lanes + lane;
      if (channel >= out_channels || element >= weights.valid_in_bank(bank)) {
        if (value != 0) fail(g, "a weight of a channel that does not exist");
        return;
      }
      if (value == 0) return;
      const std::size_t position = weights.position(channel, bank, element);
      weights.data[position] = bf16 ? std::int8_t{1} : static_cast<std::int8_t>(value);
      if (bf16) weights.bf16[position] = value;
    };
    std::vector<std::uint8_t> header;
    for (std::uint32_t bank = 0; bank < weights.banks(); ++bank) {
      if (bank % headers == 0) {
        if (index_at + headers > streams.index.size()) fail(g, "the index stream ends early");
        header.assign(streams.index.begin() + static_cast<std::ptrdiff_t>(index_at),
                      streams.index.begin() + static_cast<std::ptrdiff_t>(index_at + headers));
        index_at += headers;
        for (std::uint32_t i = weights.banks() - bank; i < headers; ++i) {
          if (header[i] != 0) fail(g, "a header of a bank that does not exist is not zero");
        }
      }
      const std::uint32_t k = header[bank % headers] & 0x7FU;
      const bool bitmap = (header[bank % headers] & 0x80U) != 0;
      if (k > 64) fail(g, "bank " + std::to_string(bank) + " has K = " + std::to_string(k));
      if (value_at + rows * k * lanes > streams.value.size()) {
        fail(g, "the value stream ends early");
      }
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const auto value = [&](std::uint32_t j) {
          const std::uint8_t* low = streams.value.data() + value_at + rows * j * lanes + lane;
          return static_cast<std::uint16_t>(bf16 ? low[0] | low[lanes] << 8 : low[0]);
        };
        if (k == 64) {
          for (std::uint32_t j = 0; j < 64; ++j) put(lane, bank, j, value(j));
        } else if (bitmap && k > 0) {
          std::uint64_t bits = 0;
          for (std::uint32_t r = 0; r < 11; ++r) {
            const std::uint64_t item = index_item(index_at + std::size_t{r} * headers, lane);
            if (r == 10 && item > 15) fail(g, "bits beyond the bitmap are set");
            bits |= item << (6 * r);
          }
          if (std::popcount(bits) != static_cast<int>(k)) fail(g, "bitmap and K differ");
          for (std::uint32_t j = 0; j < k; ++j) {
            put(lane, bank, static_cast<std::uint32_t>(std::countr_zero(bits)), value(j));
            bits &= bits - 1;
          }
        } else {
          std::int32_t before = -1;
          for (std::uint32_t j = 0; j < k; ++j) {
            const std::uint32_t element = index_item(index_at + std::size_t{j} * headers, lane);
            if (value(j) != 0 && static_cast<std::int32_t>(element) <= before) {
              fail(g, "indices do not ascend");
            }
            before = static_cast<std::int32_t>(element);
            put(lane, bank, element, value(j));
          }
        }
      }
      value_at += rows * k * lanes;
      if (k > 0 && k < 64) index_at += std::size_t{headers} * (bitmap ? 11 : k);
    }
    for (std::size_t i = index_at; i < streams.index.size(); ++i) {
      if (streams.index[i] != 0) fail(g, "padding of the index stream is not zero");
    }
    for (std::size_t i = value_at; i < streams.value.size(); ++i) {
      if (streams.value[i] != 0) fail(g, "padding of the value stream is not zero");
    }
    if (streams.index.size() - index_at >= 192 || streams.value.size() - value_at >= 256) {
      fail(g, "more than one block of padding");
    }
  }
  return result;
}

}  // namespace s4::sw
