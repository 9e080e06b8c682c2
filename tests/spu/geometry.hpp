// Random convolutions that fit a local buffer, and where the words of their windows lie.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "sim/config/gen/configuration.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "tests/spu/random.hpp"

namespace s4::tests {

inline unsigned divide_up(unsigned value, unsigned unit) { return (value + unit - 1) / unit; }

/// Geometry of the input and output of a command; nothing of the epilogue, one output channel.
/// `words`: room of the input in the local buffer.
inline commands::SpuCommand random_geometry(SeededRandom& random,
                                            const config::Configuration& config, unsigned words,
                                            unsigned most_pixels = 100000) {
  for (;;) {
    commands::SpuCommand c;
    c.shape = static_cast<std::uint8_t>(random.below(config.max_shape + 1));
    const bool matrix = random.percent(20);
    const auto pick = [&](int low, int high) { return random.between(low, high); };
    c.kernel_h = static_cast<std::uint8_t>(matrix ? 1 : pick(1, random.percent(70) ? 3 : 11));
    c.kernel_w = static_cast<std::uint8_t>(matrix ? 1 : pick(1, random.percent(70) ? 3 : 11));
    c.stride_h = static_cast<std::uint8_t>(matrix ? 1 : pick(1, 4));
    c.stride_w = static_cast<std::uint8_t>(matrix ? 1 : pick(1, 4));
    c.dilation_h = static_cast<std::uint8_t>(matrix ? 1 : pick(1, random.percent(70) ? 1 : 4));
    c.dilation_w = static_cast<std::uint8_t>(matrix ? 1 : pick(1, random.percent(70) ? 1 : 4));
    c.in_height = static_cast<std::uint16_t>(matrix ? 1 : pick(1, 14));
    c.in_width = static_cast<std::uint16_t>(pick(1, matrix ? 60 : 18));
    c.images = static_cast<std::uint16_t>(pick(1, 3));
    c.in_blocks = static_cast<std::uint16_t>(pick(1, 3));
    // Padding as far as a kernel that lies outside altogether.
    const int top = matrix ? 0 : pick(0, c.kernel_h * c.dilation_h);
    const int left = matrix ? 0 : pick(0, c.kernel_w * c.dilation_w);
    const int bottom = matrix ? 0 : pick(0, c.kernel_h * c.dilation_h);
    const int right = matrix ? 0 : pick(0, c.kernel_w * c.dilation_w);
    const int room_h = c.in_height + top + bottom - c.dilation_h * (c.kernel_h - 1) - 1;
    const int room_w = c.in_width + left + right - c.dilation_w * (c.kernel_w - 1) - 1;
    if (room_h < 0 || room_w < 0) continue;
    c.pad_top = static_cast<std::uint16_t>(top);
    c.pad_left = static_cast<std::uint16_t>(left);
    c.out_height = static_cast<std::uint16_t>(room_h / c.stride_h + 1);
    c.out_width = static_cast<std::uint16_t>(room_w / c.stride_w + 1);
    c.pixels = std::uint32_t{c.images} * c.out_height * c.out_width;
    if (c.pixels > most_pixels) continue;
    // Rows, images and planes may lie apart.
    c.in_row = static_cast<std::uint16_t>(c.in_width + (random.percent(30) ? pick(0, 5) : 0));
    c.in_image = std::uint32_t{c.in_row} * c.in_height + (random.percent(30) ? pick(0, 9) : 0);
    c.in_plane = c.in_image * c.images + (random.percent(30) ? pick(0, 9) : 0);
    const std::uint32_t extent = c.in_plane * c.in_blocks;
    if (extent > words) continue;
    c.in_addr = random.below(words - extent + 1);
    c.out_channels = 1;
    return c;
  }
}

/// The same rows, but of pixels that are a quarter of a word; false if they do not fit `words`.
inline bool make_quarters(SeededRandom& random, const config::Configuration& config,
                          commands::SpuCommand& c, unsigned words) {
  if (config.pixels_per_quadrant < 4) return false;
  c.in_quarters = 1;
  c.kernel_w = c.stride_w = 1;
  c.in_blocks = 1;
  c.pad_left = 0;
  c.out_width = static_cast<std::uint16_t>(config.pixels_per_quadrant * random.between(1, 3));
  c.in_width = static_cast<std::uint16_t>(c.out_width / 4 + random.between(1, 3));
  c.in_row = static_cast<std::uint16_t>(c.in_width + random.between(0, 3));
  c.in_image = std::uint32_t{c.in_row} * c.in_height + static_cast<unsigned>(random.between(0, 5));
  c.in_plane = c.in_image * c.images;
  c.pixels = std::uint32_t{c.images} * c.out_height * c.out_width;
  if (c.in_plane > words) return false;
  c.in_addr = random.below(words - c.in_plane + 1);
  return true;
}

/// Word of output pixel `pixel` in bank (block, ky, kx); none: outside the image or no pixel.
inline std::optional<std::uint32_t> window_word(const commands::SpuCommand& c, unsigned block,
                                                unsigned ky, unsigned kx, unsigned pixel) {
  if (pixel >= c.pixels) return std::nullopt;
  const unsigned column = pixel % c.out_width;
  const unsigned row = pixel / c.out_width % c.out_height;
  const unsigned image = pixel / c.out_width / c.out_height;
  const int y = static_cast<int>(row * c.stride_h + ky * c.dilation_h) - c.pad_top;
  const int x = static_cast<int>(column * c.stride_w + kx * c.dilation_w) - c.pad_left;
  if (y < 0 || y >= c.in_height || x < 0 || x >= c.in_width) return std::nullopt;
  return c.in_addr + block * c.in_plane + image * c.in_image + static_cast<unsigned>(y) * c.in_row +
         static_cast<unsigned>(x);
}

}  // namespace s4::tests
