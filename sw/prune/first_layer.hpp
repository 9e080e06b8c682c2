// Balanced pruning of first convolutions, in the banks that the chip makes of them.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/prune/prune_graph.hpp"

namespace s4::sw {

/// A convolution that reads an input of the network has few channels, so banks of one kernel tap
/// are too small to prune. The chip gathers its windows into fuller banks (docs/guide/networks.md);
/// of each of those this keeps keep / 64 of the places, rounded up, those of largest magnitude.
/// Convolutions that are not gathered, or have groups, stay as they are and are not listed. In the
/// report `fullest` counts gathered banks. Throws std::invalid_argument unless `keep` is 1 to 64.
std::vector<PrunedLayer> prune_first_layers(graph::Graph& graph, std::uint32_t keep);

}  // namespace s4::sw
