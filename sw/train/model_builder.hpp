// Trains, prunes, quantises and writes one family of networks: what the shipped ones share.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sw/sparse/prune_rows.hpp"
#include "sw/train/digits_models.hpp"

namespace s4::sw {

/// Files and images of a family; what its networks are is the template argument of ModelBuilder.
struct ModelFamily {
  std::string name;   ///< of the graph
  std::string title;  ///< "Handwritten digits"
  std::string input;  ///< what the network takes and gives, for the file's description
  std::int64_t opset = 13;
  std::function<std::filesystem::path(int sparsity, bool quantized)> path;
  /// Images [n,1,8,8] as the networks' input.
  std::function<graph::TensorData(const graph::TensorData& images)> prepared;
};

/// Writes a float graph and what s4 quantize makes of it; `fullest`: weights of the fullest bank.
DigitsVariant write_variant(const ModelFamily& family, const graph::Graph& real, int sparsity,
                            std::size_t fullest, const Digits& digits, const DigitsSplit& split,
                            const QuantizeOptions& options, const std::filesystem::path& folder);

/// `Network` has fit(), prune_gradually(), fullest_bank() and graph_of(), as a TrainNetwork does.
template <typename Network>
class ModelBuilder {
 public:
  using Log = std::function<void(const std::string&)>;

  ModelBuilder(ModelFamily family, const Digits& digits, const DigitsRecipe& recipe,
               std::filesystem::path folder, const Log& log)
      : family_(std::move(family)),
        digits_(digits),
        recipe_(recipe),
        folder_(std::move(folder)),
        log_(log),
        split_(split_digits(digits)),
        train_(
            training_set(digit_images(digits, split_.train), digit_labels(digits, split_.train))) {
    std::filesystem::create_directories(folder_);
  }

  /// `dense`: its first weights.
  std::vector<DigitsVariant> run(Network dense) {
    log_(describe(split_));
    FitSettings settings = recipe_.dense;
    settings.seed = recipe_.seed;
    fit(dense, train_, settings, observer("dense"));
    std::vector<Network> networks;
    for (const int sparsity : recipe_.sparsities) networks.push_back(at(dense, sparsity));
    std::vector<DigitsVariant> variants;
    for (std::size_t i = 0; i < networks.size(); ++i) {
      variants.push_back(write(recipe_.sparsities[i], networks[i]));
    }
    return variants;
  }

 private:
  [[nodiscard]] Network at(const Network& dense, int sparsity) {
    const std::uint32_t keep = weights_kept_at(sparsity);
    if (keep == 64) return dense;
    FitSettings settings = recipe_.pruned;
    settings.seed = recipe_.seed;
    if (!settings.prune) settings.prune.emplace();
    settings.prune->keep = keep;
    return prune_gradually(dense, train_, settings, observer(fmt::format("{}x", sparsity)));
  }

  [[nodiscard]] EpochObserver observer(std::string name) const {
    return [this, name = std::move(name)](const EpochReport& report) {
      if (report.epoch % 10 != 0 && report.epoch != report.epochs) return;
      log_(fmt::format("{:<5} epoch {:>3} of {}: loss {:.4f}, right {:.2f} %, {:.1f} of 64 weights",
                       name, report.epoch, report.epochs, report.loss, 100.0 * report.right,
                       report.keep));
    };
  }

  DigitsVariant write(int sparsity, const Network& network) {
    const DigitsVariant variant =
        write_variant(family_, graph_of(network, family_.name), sparsity, fullest_bank(network),
                      digits_, split_, recipe_.quantize, folder_);
    log_(fmt::format("wrote {} and {}", family_.path(sparsity, false).filename().string(),
                     family_.path(sparsity, true).filename().string()));
    return variant;
  }

  ModelFamily family_;
  const Digits& digits_;
  const DigitsRecipe& recipe_;
  std::filesystem::path folder_;
  const Log& log_;
  DigitsSplit split_;
  TrainingSet train_;
};

}  // namespace s4::sw
