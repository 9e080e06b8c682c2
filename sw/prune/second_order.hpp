// Second-order pruning of the float layers of a graph, with calibration data.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sw/prune/prune_graph.hpp"
#include "sw/quantize/calibrate.hpp"

namespace s4::sw {

struct SecondOrderOptions {
  double damping = 0.01;  ///< of the mean of the diagonal of X'X
  /// Called before each layer is pruned.
  std::function<void(const std::string& name)> progress;
};

/// Reductions above this are refused: the inverse would take gigabytes.
inline constexpr std::size_t kMaxSecondOrderReduction = 16384;

/// The same number of weights, chosen one by one so that the layer's result on the calibration data
/// changes least, while the others (and the bias) are changed to make up for it. Layers are taken
/// in order, each with the results of those pruned before. Throws as above, GraphError if the data
/// do not fit the network.
std::vector<PrunedLayer> prune_second_order(graph::Graph& graph, const Calibration& calibration,
                                            std::uint32_t keep,
                                            const SecondOrderOptions& options = {});

/// The same for one layer, given the matrix X'X [reduction + 1][reduction + 1], row-major, of its
/// inputs with a column of ones behind them. `bias` may be empty. Banks of one row.
void prune_rows_second_order(LayerRows& layer, std::size_t group, std::vector<float>& bias,
                             const std::vector<double>& gram, std::uint32_t keep, double damping);

}  // namespace s4::sw
