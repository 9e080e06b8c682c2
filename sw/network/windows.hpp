// First layers: the host gathers parts of the kernel's window into words.
//
// An image of three channels fills 3 of the 64 bytes of a word, and a 7x7 kernel reads 49 of them.
// When the host writes such an image it can put into a word what one output pixel needs of some
// kernel rows: the whole window where that is at most 64 elements, else all columns of as many
// rows as the kernel moves down per output row (one, where they do not fit). Words of neighbouring
// output rows are then shared, and the taps fill banks that can be pruned like any others.
//
// Neighbouring columns have most of their elements in common. Where what the kernel moves on by, in
// both directions, is at most 16 bytes, and four such pixels hold a row of windows, the image is
// written as pixels of a quarter word instead, once each, and the chip makes windows of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sw/compiler/layer.hpp"
#include "sw/compiler/tensor_layout.hpp"

namespace s4::sw {

/// How words are gathered: word (j, x) holds elements [row][column][channel], the order of sums in
/// BF16 (docs/blocks/bf16.md), of the input rows
/// first_row + j * row_step + row * row_tap, and of the window columns of output column x. As
/// pixels of a quarter word (gathered.quarters): pixel (j, x), in byte 16 * (x % 4) of word (j, x /
/// 4), holds such elements of the stride_w columns from x * stride_w - pad_left.
struct Windows {
  LayerGeometry conv;  ///< before
  std::uint32_t rows = 1;
  std::int32_t first_row = 0;
  std::uint32_t row_step = 1;
  std::uint32_t row_tap = 1;
  LayerGeometry gathered;  ///< the layer's geometry on the gathered image
};

/// Nothing where the image as it is serves as well: windows of one element, more than 64 elements
/// in a row of it, or more words than pixels. `pixel_group`: columns of which the output's width
/// has to be a multiple for quarter words; 0: the chip has none.
[[nodiscard]] std::optional<Windows> find_windows(const LayerGeometry& conv,
                                                  std::uint32_t pixel_group);

/// Geometry and weights of the layer become those on the gathered image.
void gather(Layer& layer, const Windows& windows);

/// The weights before gather().
[[nodiscard]] WeightTensor scattered_weights(const WeightTensor& gathered, const Windows& windows);

/// One output channel: 1 where a gathered bank has a weight of the kernel, 0 elsewhere.
[[nodiscard]] WeightTensor gathered_places(const Windows& windows);

[[nodiscard]] TensorShape gathered_shape(const Windows& windows);

/// The gathered image of an image [N,C,H,W], of bytes or of BF16; `padding` outside of it.
[[nodiscard]] std::vector<std::uint8_t> windows_of(const Windows& windows,
                                                   std::span<const std::uint8_t> image,
                                                   std::uint8_t padding);
[[nodiscard]] std::vector<std::uint16_t> windows_of(const Windows& windows,
                                                    std::span<const std::uint16_t> image);

}  // namespace s4::sw
