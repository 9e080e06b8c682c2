#include "sw/train/digits_models.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/sparse/prune_rows.hpp"
#include "sw/train/graph_network.hpp"

namespace s4::sw {
namespace {

/// Images that choose the ranges of the activations; the first of the training images.
constexpr std::size_t kCalibrationImages = 256;

TrainLayer layer(const std::string& name, int channels, int size, int filters, int kernel,
                 int stride, int pad) {
  TrainLayer out;
  out.name = name;
  TrainGeometry& g = out.geometry;
  g.channels = channels;
  g.height = g.width = size;
  g.filters = filters;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = pad;
  out.low = 0.0F;
  out.weights = Matrix::Zero(filters, g.reduction());
  out.bias = Vector::Zero(filters);
  return out;
}

/// Right answers of an ONNX file to some images, as a fraction.
double accuracy_of_file(const std::filesystem::path& path, const Digits& digits,
                        const std::vector<std::size_t>& which) {
  OnnxOptions options;
  options.batch = static_cast<std::int64_t>(which.size());
  const OnnxNetwork network = import_onnx(path, options);
  const auto results = graph::evaluate(network.graph, {digit_images(digits, which)});
  const std::size_t right = count_right(digit_answers(results.at(0)), digit_labels(digits, which));
  return static_cast<double>(right) / static_cast<double>(which.size());
}

class Builder {
 public:
  Builder(const Digits& digits, const DigitsRecipe& recipe, std::filesystem::path folder,
          const std::function<void(const std::string&)>& log)
      : digits_(digits),
        recipe_(recipe),
        folder_(std::move(folder)),
        log_(log),
        split_(split_digits(digits)),
        train_(set_of(split_.train)) {
    const std::size_t count = std::min(kCalibrationImages, split_.train.size());
    calibration_ =
        split_calibration({digit_images(digits, std::span(split_.train).first(count))}, 1);
  }

  std::vector<DigitsVariant> run() {
    log_(describe(split_));
    TrainNetwork dense = digits_network();
    Random random(recipe_.seed);
    dense.initialize(random);
    FitSettings settings = recipe_.dense;
    settings.seed = recipe_.seed;
    fit(dense, train_, settings, observer("dense"));
    std::vector<TrainNetwork> networks;
    for (const int sparsity : recipe_.sparsities) {
      const std::uint32_t keep = weights_kept_at(sparsity);
      if (keep == 64) {
        networks.push_back(dense);
        continue;
      }
      settings = recipe_.pruned;
      settings.seed = recipe_.seed;
      if (!settings.prune) settings.prune.emplace();
      settings.prune->keep = keep;
      networks.push_back(
          prune_gradually(dense, train_, settings, observer(fmt::format("{}x", sparsity))));
    }
    std::vector<DigitsVariant> variants;
    for (std::size_t i = 0; i < networks.size(); ++i) {
      variants.push_back(write(recipe_.sparsities[i], networks[i]));
    }
    return variants;
  }

 private:
  [[nodiscard]] TrainingSet set_of(const std::vector<std::size_t>& which) const {
    return training_set(digit_images(digits_, which), digit_labels(digits_, which));
  }

  [[nodiscard]] EpochObserver observer(std::string name) const {
    return [this, name = std::move(name)](const EpochReport& report) {
      if (report.epoch % 10 != 0 && report.epoch != report.epochs) return;
      log_(fmt::format("{:<5} epoch {:>3} of {}: loss {:.4f}, right {:.2f} %, {:.1f} of 64 weights",
                       name, report.epoch, report.epochs, report.loss, 100.0 * report.right,
                       report.keep));
    };
  }

  DigitsVariant write(int sparsity, const TrainNetwork& network) {
    DigitsVariant variant;
    variant.sparsity = sparsity;
    for (const TrainLayer& layer : network.layers) {
      variant.fullest_bank = std::max(variant.fullest_bank, fullest_bank(layer));
    }
    OnnxExportOptions options;
    options.open_batch = true;
    options.description =
        fmt::format("Handwritten digits, {} (image: 8x8, 0 to 1; scores of 0 to 9)",
                    sparsity == 1 ? std::string("dense") : fmt::format("{}x sparse", sparsity));
    const graph::Graph real = graph_of(network, "digits");
    const auto float_path = folder_ / digits_model_path(sparsity, false).filename();
    export_onnx(float_path, real, options);
    const QuantizedNetwork bytes = quantize(real, calibration_, recipe_.quantize);
    const auto byte_path = folder_ / digits_model_path(sparsity, true).filename();
    export_onnx(byte_path, bytes.graph, options);
    variant.real = measure(float_path);
    variant.bytes = measure(byte_path);
    log_(fmt::format("wrote {} and {}", float_path.filename().string(),
                     byte_path.filename().string()));
    return variant;
  }

  [[nodiscard]] Accuracy measure(const std::filesystem::path& path) const {
    return {accuracy_of_file(path, digits_, split_.train),
            accuracy_of_file(path, digits_, split_.validation),
            accuracy_of_file(path, digits_, split_.test)};
  }

  const Digits& digits_;
  const DigitsRecipe& recipe_;
  std::filesystem::path folder_;
  const std::function<void(const std::string&)>& log_;
  DigitsSplit split_;
  TrainingSet train_;
  Calibration calibration_;
};

}  // namespace

TrainNetwork digits_network() {
  TrainNetwork network;
  network.layers = {layer("conv1", 1, 8, 64, 3, 1, 1), layer("conv2", 64, 8, 128, 3, 2, 1),
                    layer("conv3", 128, 4, 128, 3, 1, 1), layer("fc", 128, 4, 10, 4, 1, 0)};
  network.layers.back().low = -std::numeric_limits<float>::infinity();
  return network;
}

DigitsRecipe shipped_recipe() {
  DigitsRecipe recipe;
  recipe.dense.epochs = 30;
  recipe.dense.rate = 2e-3F;
  recipe.dense.shift = 0.5F;
  recipe.pruned = recipe.dense;
  recipe.pruned.epochs = 40;
  recipe.pruned.rate = 1e-2F;
  recipe.pruned.teacher = Teacher{nullptr, 0.7F, 4.0F};
  recipe.pruned.prune = PruneSchedule{64, 0.7};
  return recipe;
}

std::vector<DigitsVariant> build_digits_models(const Digits& digits, const DigitsRecipe& recipe,
                                               const std::filesystem::path& folder,
                                               const std::function<void(const std::string&)>& log) {
  std::filesystem::create_directories(folder);
  return Builder(digits, recipe, folder, log).run();
}

std::string describe(const std::vector<DigitsVariant>& variants) {
  std::string text = fmt::format(
      "{:<9} {:>12}   {:^26}   {:^26}\n{:<22}   {:>8} {:>8} {:>8}   "
      "{:>8} {:>8} {:>8}\n",
      "sparsity", "fullest bank", "float32", "INT8", "", "train", "validate", "test", "train",
      "validate", "test");
  for (const DigitsVariant& v : variants) {
    text += fmt::format("{:<9} {:>12} ", fmt::format("{}x", v.sparsity), v.fullest_bank);
    for (const Accuracy* a : {&v.real, &v.bytes}) {
      text += fmt::format("  {:>6.2f} % {:>6.2f} % {:>6.2f} %", 100.0 * a->train,
                          100.0 * a->validation, 100.0 * a->test);
    }
    text += '\n';
  }
  return text;
}

}  // namespace s4::sw
