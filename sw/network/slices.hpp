// Layers whose weights form blocks on the diagonal: grouped and depthwise convolutions, pools.
//
// The array reads every input channel for every output channel, zero weights or not: a bank without
// weights still costs its activations. Such a layer is therefore computed slice by slice, each with
// the blocks of 64 input channels that it reads.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/layer.hpp"

namespace s4::sw {

/// Output channels and the input that has all of their weights.
struct ChannelSlice {
  std::uint32_t out_begin = 0;  ///< channel, a multiple of 64
  std::uint32_t out_end = 0;    ///< channel, a multiple of 64 or the last one
  std::uint32_t in_begin = 0;   ///< block of 64 channels
  std::uint32_t in_end = 0;

  [[nodiscard]] std::uint32_t in_blocks() const { return in_end - in_begin; }
  [[nodiscard]] std::uint32_t filters() const { return out_end - out_begin; }
};

/// Slices in order of their outputs; one that is the whole layer unless cutting saves at least half
/// of the banks. `counts` comes from bank_counts().
[[nodiscard]] std::vector<ChannelSlice> find_slices(const WeightTensor& weights,
                                                    const std::vector<std::uint8_t>& counts);

/// Output channels [begin, end) with the input blocks that hold their weights.
[[nodiscard]] ChannelSlice channel_slice(const WeightTensor& weights,
                                         const std::vector<std::uint8_t>& counts,
                                         std::uint32_t begin, std::uint32_t end);

/// The slice as a layer of its own: channels, filters, weights, biases and scales are its own, all
/// else is the layer's.
[[nodiscard]] Layer slice_layer(const Layer& layer, const ChannelSlice& slice);

/// Whether all slices have the same sizes, weights, biases and scales.
[[nodiscard]] bool same_slices(const Layer& layer, const std::vector<ChannelSlice>& slices);

}  // namespace s4::sw
