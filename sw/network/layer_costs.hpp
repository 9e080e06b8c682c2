// What a layer's weights cost the compiler's plans, before they are packed.
#pragma once

#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/schedule.hpp"

namespace s4::sw {

/// Costs of a layer in every array shape that it can have, slice by slice. `channels`, a multiple
/// of 64: a layer that is one slice is cut into several of at most so many output channels; 0: it
/// is not.
[[nodiscard]] std::vector<LayerCost> layer_costs(const Layer& whole,
                                                 const config::Configuration& config,
                                                 std::uint32_t channels = 0);

}  // namespace s4::sw
