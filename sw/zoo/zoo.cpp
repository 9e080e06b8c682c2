#include "sw/zoo/zoo.hpp"

#include <utility>

#include "sw/graph/passes.hpp"
#include "sw/prune/first_layer.hpp"
#include "sw/quantize/quantize.hpp"
#include "sw/zoo/inputs.hpp"
#include "sw/zoo/settle.hpp"

namespace s4::sw {
namespace {

constexpr std::size_t kCalibrationRuns = 4;
constexpr std::size_t kCheckedRuns = 2;
/// The check's inputs are none that the network was made with.
constexpr std::uint64_t kFirstChecked = 1000;

void append(std::vector<LayerHealth>& to, std::vector<LayerHealth> layers) {
  for (LayerHealth& layer : layers) to.push_back(std::move(layer));
}

/// Layers of both kinds, each once, in the order of the network.
std::vector<PrunedLayer> prune_all(graph::Graph& graph, std::uint32_t keep) {
  std::vector<PrunedLayer> layers = prune_by_magnitude(graph, keep);
  for (const PrunedLayer& first : prune_first_layers(graph, keep)) {
    for (PrunedLayer& layer : layers) {
      if (layer.name == first.name) layer = first;
    }
  }
  return layers;
}

}  // namespace

ZooNetwork finish_network(TorchGraph network, const ZooInputs& inputs, const ZooOptions& options,
                          graph::DataType activations) {
  const auto say = [&](const char* step) {
    if (options.progress) options.progress(step);
  };
  ZooNetwork result;
  const std::uint32_t keep = weights_kept_at(options.sparsity);
  if (keep < 64) {
    say("pruning");
    result.pruned = prune_all(network.graph, keep);
  }
  say("settling statistics");
  const Calibration calibration = inputs(0, kCalibrationRuns);
  settle(network, calibration, options.seed);
  result.graph = std::move(network.graph);
  graph::remove_dead(result.graph);
  say("checking the float network");
  const Calibration checked = inputs(kFirstChecked, kCheckedRuns);
  result.health = examine_health(result.graph, checked);
  result.sample = checked.front();
  if (options.form == ZooForm::kQdq) {
    say("quantising");
    graph::optimize(result.graph);
    QuantizeOptions quantization;
    quantization.type = activations;
    result.graph = quantize(result.graph, calibration, quantization).graph;
    say("checking the bytes");
    append(result.health, examine_health(result.graph, checked));
  }
  return result;
}

ZooNetwork zoo_resnet50(const Resnet50Options& sizes, const ZooOptions& options) {
  const auto images = [&](std::uint64_t first, std::size_t count) {
    Calibration runs;
    for (std::size_t i = 0; i < count; ++i) {
      runs.push_back({zoo_images(options.seed + first + i, sizes.batch, sizes.size)});
    }
    return runs;
  };
  return finish_network(resnet50(sizes), images, options, graph::DataType::kUint8);
}

ZooNetwork zoo_bert(const BertOptions& sizes, const ZooOptions& options) {
  const auto sentences = [&](std::uint64_t first, std::size_t count) {
    Calibration runs;
    for (std::size_t i = 0; i < count; ++i) {
      runs.push_back(
          zoo_tokens(options.seed + first + i, sizes.batch, sizes.sequence, sizes.vocabulary));
    }
    return runs;
  };
  return finish_network(bert(sizes), sentences, options, graph::DataType::kInt8);
}

}  // namespace s4::sw
