// What the compiler expects of layers in sequence, before it is known which are.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/compile_run.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// Clocks of a layer between its neighbours, results on the chip where they fit; 0: not possible.
struct LayerClocks {
  std::uint64_t alone = 0;   ///< of one subsystem with all images
  std::uint64_t shared = 0;  ///< of a subsystem with its share of the images, all at work
  std::uint64_t weight_words = 0;
};

/// By layer. `addresses`: of all values. Without `images` nothing is shared, and never a run of
/// layers with products of activations.
[[nodiscard]] std::vector<LayerClocks> expected_clocks(
    const Network& network, const config::Configuration& config,
    const std::map<std::size_t, std::uint64_t>& addresses, unsigned subsystems, bool images);

/// What each subsystem has of a batch; as many as there are images at most. The last one is not
/// the smallest.
[[nodiscard]] std::vector<Images> image_shares(std::uint32_t batch, unsigned subsystems);

}  // namespace s4::sw
