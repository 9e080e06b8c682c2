#include "sw/compiler/tensor_layout.hpp"

#include <algorithm>
#include <stdexcept>

namespace s4::sw {
namespace {

template <typename Function>
void for_each_row(const TensorShape& shape, Function&& function) {
  const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
  for (std::uint32_t n = 0; n < shape.batch; ++n) {
    for (std::uint32_t c = 0; c < shape.channels; ++c) {
      const std::uint64_t nchw = (std::uint64_t{n} * shape.channels + c) * plane;
      const std::uint64_t word = (c / 64 * shape.batch + std::uint64_t{n}) * plane;
      function(nchw, word * 64 + c % 64, plane);
    }
  }
}

}  // namespace

std::vector<std::uint8_t> to_words(const TensorShape& shape, std::span<const std::uint8_t> nchw) {
  if (nchw.size() != shape.elements()) throw std::invalid_argument("to_words: wrong size");
  std::vector<std::uint8_t> words(shape.words() * 64, 0);
  for_each_row(shape, [&](std::uint64_t from, std::uint64_t to, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) words[to + 64 * i] = nchw[from + i];
  });
  return words;
}

std::vector<std::uint8_t> from_words(const TensorShape& shape,
                                     std::span<const std::uint8_t> words) {
  if (words.size() != shape.words() * 64) throw std::invalid_argument("from_words: wrong size");
  std::vector<std::uint8_t> nchw(shape.elements());
  for_each_row(shape, [&](std::uint64_t to, std::uint64_t from, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) nchw[to + i] = words[from + 64 * i];
  });
  return nchw;
}

std::vector<std::uint8_t> in_order(const TensorShape& shape, std::span<const std::uint8_t> nchw,
                                   const std::vector<std::uint32_t>& channels,
                                   std::uint32_t bytes) {
  if (nchw.size() != shape.elements() || channels.size() * bytes != shape.channels) {
    throw std::invalid_argument("in_order: wrong size");
  }
  const std::uint64_t channel = std::uint64_t{shape.height} * shape.width * bytes;
  std::vector<std::uint8_t> out(nchw.size());
  for (std::uint64_t n = 0; n < shape.batch; ++n) {
    const std::uint64_t image = n * channels.size() * channel;
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const auto from = nchw.subspan(image + channels[i] * channel, channel);
      std::copy(from.begin(), from.end(),
                out.begin() + static_cast<std::ptrdiff_t>(image + i * channel));
    }
  }
  return out;
}

std::vector<std::uint8_t> split_bf16(std::span<const std::uint16_t> values, std::uint64_t plane) {
  std::vector<std::uint8_t> bytes(values.size() * 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint8_t* low = bytes.data() + i / plane * 2 * plane + i % plane;
    low[0] = static_cast<std::uint8_t>(values[i]);
    low[plane] = static_cast<std::uint8_t>(values[i] >> 8);
  }
  return bytes;
}

std::vector<std::uint16_t> join_bf16(std::span<const std::uint8_t> bytes, std::uint64_t plane) {
  std::vector<std::uint16_t> values(bytes.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint8_t* low = bytes.data() + i / plane * 2 * plane + i % plane;
    values[i] = static_cast<std::uint16_t>(low[0] | low[plane] << 8);
  }
  return values;
}

TensorCoordinate coordinate_of(const TensorShape& shape, std::uint64_t byte) {
  const std::uint64_t word = byte / 64;
  const std::uint64_t pixel = word % shape.pixels();
  const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
  TensorCoordinate at;
  at.channel = static_cast<std::uint32_t>(word / shape.pixels() * 64 + byte % 64);
  at.image = static_cast<std::uint32_t>(pixel / plane);
  at.y = static_cast<std::uint32_t>(pixel % plane / shape.width);
  at.x = static_cast<std::uint32_t>(pixel % shape.width);
  return at;
}

}  // namespace s4::sw
