// Statistics of an untrained network: from data, as training would leave them.
#pragma once

#include <cstdint>

#include "sw/quantize/calibrate.hpp"
#include "sw/zoo/torch_graph.hpp"

namespace s4::sw {

/// Layer by layer, with the results of those settled before: BatchNormalization gets the mean and
/// variance that its input has for these data, not quite, as those of a training set would be;
/// the weights of a projection are scaled so that its results have their spread, and its bias
/// centres them, not quite either. So activations keep healthy ranges however deep and sparse the
/// network is. Throws as Walk does.
void settle(TorchGraph& network, const Calibration& calibration, std::uint64_t seed);

}  // namespace s4::sw
