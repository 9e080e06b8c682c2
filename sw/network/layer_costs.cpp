#include "sw/network/layer_costs.hpp"

#include <algorithm>

namespace s4::sw {
namespace {

/// Slices of at most so many output channels, with all of the input.
std::vector<ChannelSlice> cut_slice(const ChannelSlice& whole, std::uint32_t channels) {
  std::vector<ChannelSlice> slices;
  for (std::uint32_t at = whole.out_begin; at < whole.out_end; at += channels) {
    slices.push_back({at, std::min(at + channels, whole.out_end), whole.in_begin, whole.in_end});
  }
  return slices;
}

}  // namespace

std::vector<LayerCost> layer_costs(const Layer& whole, const config::Configuration& config,
                                   std::uint32_t channels) {
  std::vector<LayerCost> costs;
  if (!whole.has_weights()) {
    const LayerGeometry& g = whole.geometry;
    const ChannelSlice all{0, g.filters, 0, g.in_blocks()};
    ShapeProfile no_tiles;
    no_tiles.tile_pixels = 1;
    costs.push_back(
        {0, {{all, whole.rows ? no_tiles : profile_shape(whole, {}, config, 0), 0, {}}}});
    return costs;
  }
  if (whole.dense) {
    const LayerGeometry& g = whole.geometry;
    const ChannelSlice all{0, g.filters, 0, g.in_blocks()};
    for (std::uint32_t shape = 0; shape <= config.max_shape; ++shape) {
      if (group_lanes(config, shape) > kDenseLanes) continue;
      costs.push_back({shape, {{all, profile_shape(whole, {}, config, shape), 0, {}}}});
    }
    return costs;
  }
  const auto counts = bank_counts(whole.weights);
  std::vector<ChannelSlice> slices = find_slices(whole.weights, counts);
  const bool cut = channels != 0 && slices.size() == 1;
  if (cut) slices = cut_slice(slices.front(), channels);
  costs.resize(config.max_shape + 1);
  for (const ChannelSlice& slice : slices) {
    const Layer part = slices.size() > 1 ? slice_layer(whole, slice) : Layer();
    const auto part_counts =
        slices.size() > 1 ? bank_counts(part.weights) : std::vector<std::uint8_t>();
    for (std::uint32_t shape = 0; shape <= config.max_shape; ++shape) {
      costs[shape].shape = shape;
      costs[shape].slices.push_back({slice,
                                     slices.size() > 1
                                         ? profile_shape(part, part_counts, config, shape)
                                         : profile_shape(whole, counts, config, shape),
                                     0,
                                     {}});
    }
  }
  for (LayerCost& cost : costs) {
    const ShapeProfile& profile = cost.slices.front().profile;
    cost.shared = slices.size() > 1 && !cut && profile.fits && profile.groups.size() == 1 &&
                  same_slices(whole, slices);
  }
  return costs;
}

}  // namespace s4::sw
