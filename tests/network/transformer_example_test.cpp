// The shipped transformer: on the RTL, and how much of its accuracy the bytes keep.
#include <catch2/catch.hpp>

#include <algorithm>
#include <span>

#include "sim/config/configuration_loader.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/network.hpp"
#include "sw/network/open.hpp"
#include "sw/report/score_error.hpp"
#include "sw/train/transformer_models.hpp"
#include "tb/root.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using graph::TensorData;

struct HeldOut {
  std::vector<std::uint8_t> labels;
  TensorData tokens;

  explicit HeldOut(std::size_t count = 360) {
    const Digits digits = load_digits();
    const DigitsSplit split = split_digits(digits);
    const auto which = std::span(split.test).first(count);
    labels = digit_labels(digits, which);
    tokens = token_tensor(digit_images(digits, which));
  }
  [[nodiscard]] double accuracy_of(const TensorData& scores) const {
    return static_cast<double>(count_right(digit_answers(scores), labels)) /
           static_cast<double>(labels.size());
  }
  [[nodiscard]] TensorData scores_of(int sparsity, bool quantized) const {
    const auto path = transformer_model_path(sparsity, quantized);
    return graph::evaluate(open_graph(path, {tokens}), {tokens}).at(0);
  }
};

}  // namespace

TEST_CASE("shipped transformers: INT8 is right about 95 % of the held-out images, as float is") {
  HeldOut data;
  REQUIRE(data.labels.size() == 360);
  for (const int sparsity : kTransformerSparsities) {
    CAPTURE(sparsity);
    const TensorData real = data.scores_of(sparsity, false);
    const TensorData bytes = data.scores_of(sparsity, true);
    CHECK(data.accuracy_of(bytes) >= 0.95);
    CHECK(data.accuracy_of(bytes) >= data.accuracy_of(real) - 0.01);
    const ScoreError error = score_error(bytes.floats(), real.floats(), Digits::kClasses);
    CHECK(error.mean < 0.15);
    CHECK(error.largest < 2.0);
    CHECK(error.same_answers >= 0.99);
  }
  // Tokens in another order are not what the network was trained on: the figure can be missed.
  std::reverse(data.tokens.get<float>().begin(), data.tokens.get<float>().end());
  std::reverse(data.labels.begin(), data.labels.end());
  CHECK(data.accuracy_of(data.scores_of(1, true)) < 0.5);
}

TEST_CASE("shipped transformers: RTL = functional model = reference, rows within their bounds") {
  const config::Configuration config = sim::load_configuration(tb::root(), "tiny");
  const HeldOut data(4);
  for (const int sparsity : kTransformerSparsities) {
    CAPTURE(sparsity);
    NetworkOptions options;
    options.store_all = true;
    const auto path = transformer_model_path(sparsity, true);
    const Network network = prepare(open_graph(path, {data.tokens}), options);
    // Attention, normalisations and products are on the chip, the flattening costs nothing.
    for (const NetworkStep& step : network.steps) {
      INFO(step.op << " '" << step.name << "': " << step.why);
      const bool product = step.op == "QMatMul" || step.op == "QMatMulDynamic";
      const bool rows = step.op == "QSoftmax" || step.op == "QLayerNormalization";
      if (product || rows || step.op == "QAdd") CHECK(step.place == Place::kChip);
    }
    CHECK(network.layers.back().layer.geometry.kernel_w == 8);
    const NetworkReport report =
        run_network(compile_network(network, config), {data.tokens}, config);
    INFO(report.error);
    CHECK(report.ok());
    CHECK(report.has_rows);
    CHECK(report.mismatches() == 0);
    for (const NetworkLayerReport& layer : report.layers) {
      if (layer.worst_error) CHECK(*layer.worst_error < 0.51);
    }
    CHECK(report.outputs.at(0).floats() == report.reference_outputs.at(0).floats());
  }
}
