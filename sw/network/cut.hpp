// Parts of a network as networks of their own, their inputs made by the reference: one layer of
// many is run, watched or repeated without the others.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// Chip layers [first, last], as positions in Network::layers.
struct LayerRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

struct NetworkCut {
  LayerRange range;
  graph::Graph graph;                     ///< the nodes from the first layer's to the last one's
  std::vector<graph::TensorData> inputs;  ///< in the order of Graph::inputs
};

/// The layer of this name or number. Throws NetworkError: no such layer, or a name of several.
[[nodiscard]] std::size_t find_layer(const Network& network, const std::string& name);

/// The ranges in order; the reference runs once, up to the last input needed. Throws NetworkError
/// if a range's layers are not in order.
[[nodiscard]] std::vector<NetworkCut> cut_network(const Network& network,
                                                  const std::vector<graph::TensorData>& inputs,
                                                  const std::vector<LayerRange>& ranges);

}  // namespace s4::sw
