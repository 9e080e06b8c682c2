// Activations in memory and local buffer: 64-byte words [channel block][image][y][x], byte =
// channel within the block. Channels that do not exist are zero bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace s4::sw {

struct TensorShape {
  std::uint32_t batch = 1;
  std::uint32_t channels = 1;
  std::uint32_t height = 1;
  std::uint32_t width = 1;

  [[nodiscard]] std::uint32_t blocks() const { return (channels + 63) / 64; }
  [[nodiscard]] std::uint64_t pixels() const { return std::uint64_t{batch} * height * width; }
  [[nodiscard]] std::uint64_t elements() const { return pixels() * channels; }
  [[nodiscard]] std::uint64_t words() const { return pixels() * blocks(); }
};

/// NCHW bytes to words.
[[nodiscard]] std::vector<std::uint8_t> to_words(const TensorShape& shape,
                                                 std::span<const std::uint8_t> nchw);
/// Words to NCHW bytes; bytes of channels that do not exist are dropped.
[[nodiscard]] std::vector<std::uint8_t> from_words(const TensorShape& shape,
                                                   std::span<const std::uint8_t> words);

/// BF16 in planes of `plane` elements to planes of bytes, two of each, the low ones first; and
/// back.
[[nodiscard]] std::vector<std::uint8_t> split_bf16(std::span<const std::uint16_t> values,
                                                   std::uint64_t plane);
[[nodiscard]] std::vector<std::uint16_t> join_bf16(std::span<const std::uint8_t> bytes,
                                                   std::uint64_t plane);

/// NCHW bytes with channels in another order, of `bytes` each: place i gets channel channels[i].
[[nodiscard]] std::vector<std::uint8_t> in_order(const TensorShape& shape,
                                                 std::span<const std::uint8_t> nchw,
                                                 const std::vector<std::uint32_t>& channels,
                                                 std::uint32_t bytes);

/// Where a byte of the word layout belongs.
struct TensorCoordinate {
  std::uint32_t image = 0;
  std::uint32_t channel = 0;  ///< may lie beyond the last channel: padding of the last block
  std::uint32_t y = 0;
  std::uint32_t x = 0;
};
[[nodiscard]] TensorCoordinate coordinate_of(const TensorShape& shape, std::uint64_t byte);

}  // namespace s4::sw
