// Benchmark networks from a seed: built, pruned, settled, quantised and checked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sw/prune/prune_graph.hpp"
#include "sw/quantize/calibrate.hpp"
#include "sw/zoo/health.hpp"
#include "sw/zoo/networks.hpp"

namespace s4::sw {

enum class ZooForm : std::uint8_t { kFloat, kQdq };

struct ZooOptions {
  ZooForm form = ZooForm::kFloat;
  double sparsity = 1;  ///< 1 to 64: floor(64 / sparsity) weights stay of every bank
  std::uint64_t seed = 1;
  /// Called before every step.
  std::function<void(const std::string& step)> progress;
};

struct ZooNetwork {
  graph::Graph graph;
  std::vector<PrunedLayer> pruned;  ///< empty at 1x
  std::vector<LayerHealth> health;  ///< of the float network, then of the bytes
  /// One run of inputs that the network has not seen before the check, in the order of the graph.
  std::vector<graph::TensorData> sample;
};

/// Runs of inputs that differ: `first` is the number of the first.
using ZooInputs = std::function<Calibration(std::uint64_t first, std::size_t count)>;

/// How many samples settle and calibrate a network, and check it.
struct ZooSamples {
  std::size_t calibration = 0;
  std::size_t checked = 2;
};

/// Prunes, settles and checks a network, and quantises it; nothing else than it was asked to be.
/// Throws UnhealthyNetwork, std::invalid_argument.
[[nodiscard]] ZooNetwork finish_network(TorchGraph network, const ZooInputs& inputs,
                                        const ZooOptions& options, const ZooSamples& samples,
                                        graph::DataType activations);

[[nodiscard]] ZooNetwork zoo_resnet50(const Resnet50Options& sizes, const ZooOptions& options);
[[nodiscard]] ZooNetwork zoo_bert(const BertOptions& sizes, const ZooOptions& options);

}  // namespace s4::sw
