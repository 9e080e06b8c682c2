// Runs of layers that need not be programs of their own.
#pragma once

#include <cstddef>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// Network::runs, those joined that follow each other without the host in between: layers around
/// attention and those that take its heads as images. Layers are in the order of the graph.
[[nodiscard]] std::vector<std::vector<std::size_t>> merged_runs(const Network& network);

}  // namespace s4::sw
