#include "sw/train/model_builder.hpp"

#include <span>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"

namespace s4::sw {
namespace {

/// Images that choose the ranges of the activations; the first of the training images.
constexpr std::size_t kCalibrationImages = 256;

/// Right answers of an ONNX file to some images, as a fraction.
double accuracy_of_file(const ModelFamily& family, const std::filesystem::path& path,
                        const Digits& digits, const std::vector<std::size_t>& which) {
  OnnxOptions options;
  options.batch = static_cast<std::int64_t>(which.size());
  const OnnxNetwork network = import_onnx(path, options);
  const auto results =
      graph::evaluate(network.graph, {family.prepared(digit_images(digits, which))});
  const std::size_t right = count_right(digit_answers(results.at(0)), digit_labels(digits, which));
  return static_cast<double>(right) / static_cast<double>(which.size());
}

}  // namespace

DigitsVariant write_variant(const ModelFamily& family, const graph::Graph& real, int sparsity,
                            std::size_t fullest, const Digits& digits, const DigitsSplit& split,
                            const QuantizeOptions& options, const std::filesystem::path& folder) {
  OnnxExportOptions to;
  to.opset = family.opset;
  to.open_batch = true;
  to.description = fmt::format(
      "{}, {} ({})", family.title,
      sparsity == 1 ? std::string("dense") : fmt::format("{}x sparse", sparsity), family.input);
  const auto float_path = folder / family.path(sparsity, false).filename();
  export_onnx(float_path, real, to);
  const std::size_t count = std::min(kCalibrationImages, split.train.size());
  const auto images = digit_images(digits, std::span(split.train).first(count));
  graph::Graph folded = real;
  graph::optimize(folded);
  const QuantizedNetwork bytes =
      quantize(folded, split_calibration({family.prepared(images)}, 1), options);
  const auto byte_path = folder / family.path(sparsity, true).filename();
  export_onnx(byte_path, bytes.graph, to);
  DigitsVariant variant;
  variant.sparsity = sparsity;
  variant.fullest_bank = fullest;
  const auto measure = [&](const std::filesystem::path& path) {
    return Accuracy{accuracy_of_file(family, path, digits, split.train),
                    accuracy_of_file(family, path, digits, split.validation),
                    accuracy_of_file(family, path, digits, split.test)};
  };
  variant.real = measure(float_path);
  variant.bytes = measure(byte_path);
  return variant;
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
