// What a layer's weights cost the compiler's plans, before they are packed.
#pragma once

#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/schedule.hpp"

namespace s4::sw {

/// Costs of a layer in every array shape that it can have, slice by slice.
[[nodiscard]] std::vector<LayerCost> layer_costs(const Layer& whole,
                                                 const config::Configuration& config);

}  // namespace s4::sw
