#include "sw/zoo/zoo.hpp"

#include <algorithm>
#include <utility>

#include "sw/graph/passes.hpp"
#include "sw/prune/first_layer.hpp"
#include "sw/quantize/quantize.hpp"
#include "sw/zoo/inputs.hpp"
#include "sw/zoo/settle.hpp"

namespace s4::sw {
namespace {

// In the last stages an image has few pixels, all much alike, so statistics take many images; every
// token is a sample of its own.
constexpr std::size_t kImages = 16;
constexpr std::size_t kSentences = 4;
/// The check's inputs are none that the network was made with.
constexpr std::uint64_t kFirstChecked = 1000;

void append(std::vector<LayerHealth>& to, std::vector<LayerHealth> layers) {
  for (LayerHealth& layer : layers) to.push_back(std::move(layer));
}

/// Runs of `batch` samples with at least `count` samples; two runs at least.
ZooSamples runs_of(std::size_t count, std::int64_t batch) {
  const auto each = static_cast<std::size_t>(std::max<std::int64_t>(1, batch));
  return {std::max<std::size_t>(2, (count + each - 1) / each), 2};
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
                          const ZooSamples& samples, graph::DataType activations) {
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
  const Calibration calibration = inputs(0, samples.calibration);
  settle(network, calibration, options.seed);
  result.graph = std::move(network.graph);
  graph::remove_dead(result.graph);
  say("checking the float network");
  const Calibration checked = inputs(kFirstChecked, samples.checked);
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
  return finish_network(resnet50(sizes), images, options, runs_of(kImages, sizes.batch),
                        graph::DataType::kUint8);
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
  return finish_network(bert(sizes), sentences, options, runs_of(kSentences, sizes.batch),
                        graph::DataType::kInt8);
}

}  // namespace s4::sw
