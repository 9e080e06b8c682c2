#include "sw/network/layer_costs.hpp"

#include <algorithm>

namespace s4::sw {

std::vector<LayerCost> layer_costs(const Layer& whole, const config::Configuration& config) {
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
  const std::vector<ChannelSlice> slices = find_slices(whole.weights, counts);
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
    cost.shared = slices.size() > 1 && profile.fits && profile.groups.size() == 1 &&
                  same_slices(whole, slices);
  }
  return costs;
}

}  // namespace s4::sw
