// The trainer's transformer: gradients against finite differences, repeatability, its graph.
#include <catch2/catch.hpp>
#include <cmath>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/train/fit.hpp"
#include "sw/train/loss.hpp"
#include "sw/train/transformer.hpp"

namespace {

using namespace s4::sw;

Matrix random_matrix(Random& random, Eigen::Index rows, Eigen::Index columns) {
  Matrix m(rows, columns);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = random.symmetric(1.0F);
  return m;
}

double dot(const Matrix& a, const Matrix& b) {
  return a.cast<double>().cwiseProduct(b.cast<double>()).sum();
}

/// Largest distance of `gradient` from the differences of `value` to both sides of every number, of
/// the fourth order: normalisations of few numbers are steep.
template <typename Value>
double error_of(float* numbers, Eigen::Index count, const float* gradient, const Value& value) {
  constexpr float kStep = 2e-3F;
  double worst = 0;
  for (Eigen::Index i = 0; i < count; ++i) {
    const float kept = numbers[i];
    const auto slope = [&](float step) {
      numbers[i] = kept + step;
      const double above = value();
      numbers[i] = kept - step;
      const double below = value();
      numbers[i] = kept;
      return (above - below) / (2.0 * step);
    };
    const double wanted = (4.0 * slope(kStep) - slope(2 * kStep)) / 3.0;
    worst = std::max(worst, std::fabs(wanted - gradient[i]));
  }
  return worst;
}

TransformerSizes small_sizes() {
  TransformerSizes sizes;
  sizes.side = 4;
  sizes.width = 8;
  sizes.hidden = 9;
  sizes.blocks = 2;
  sizes.classes = 3;
  return sizes;
}

/// With biases and normalisations that do something.
Transformer small_transformer(std::uint64_t seed) {
  Random random(seed);
  Transformer network = Transformer::untrained(small_sizes(), random);
  for (TrainLayer* layer : network.layers()) {
    for (Eigen::Index i = 0; i < layer->bias.size(); ++i) layer->bias[i] = random.symmetric(0.3F);
  }
  for (TransformerBlock& block : network.blocks) {
    for (TrainNorm& norm : block.norms) {
      for (Eigen::Index i = 0; i < norm.gamma.size(); ++i) {
        norm.gamma[i] += random.symmetric(0.3F);
        norm.beta[i] = random.symmetric(0.3F);
      }
    }
  }
  return network;
}

struct Problem {
  Transformer network = small_transformer(3);
  TrainableTransformer trainable{network};
  Matrix images;
  std::vector<std::uint8_t> labels{0, 2, 1, 2};

  Problem() {
    Random random(7);
    images = random_matrix(random, 4 * 16, 1);
  }
  [[nodiscard]] std::vector<const float*> gradients() {
    return trainable.backward(cross_entropy(trainable.forward(images), labels).gradient);
  }
  /// Worst error of every array's gradient, with `change` done to the first of its numbers.
  [[nodiscard]] double error_of_all(float change = 0.0F) {
    const std::vector<const float*> given = gradients();
    const std::vector<TrainArray> arrays = trainable.arrays();
    REQUIRE(given.size() == arrays.size());
    double worst = 0;
    double least = 1e9;
    for (std::size_t a = 0; a < arrays.size(); ++a) {
      std::vector<float> gradient(given[a], given[a] + arrays[a].size);
      gradient[0] += change;
      const double error = error_of(arrays[a].values, arrays[a].size, gradient.data(), [&] {
        return cross_entropy(network.forward(images), labels).value;
      });
      worst = std::max(worst, error);
      least = std::min(least, error);
    }
    return change == 0.0F ? worst : least;
  }
};

TrainingSet stripes(std::size_t count) {
  graph::TensorData images(graph::DataType::kFloat32, {static_cast<std::int64_t>(count), 1, 4, 4});
  std::vector<std::uint8_t> labels;
  Random random(5);
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::uint8_t>(i % 3));
    for (std::size_t p = 0; p < 16; ++p) {
      const std::size_t place = i % 3 == 0 ? p % 4 : i % 3 == 1 ? p / 4 : p % 4 + p / 4;
      images.get<float>()[i * 16 + p] = (place % 2 == 0 ? 1.0F : 0.0F) + random.symmetric(0.3F);
    }
  }
  return training_set(images, labels);
}

}  // namespace

TEST_CASE("transformer: the error function is that of the C library to float accuracy") {
  for (double x = -7; x <= 7; x += 0.013) {
    CHECK(repeatable_erf(x) == Approx(std::erf(x)).epsilon(1e-9).margin(1e-12));
  }
  CHECK(repeatable_erf(0.0) == 0.0);
}

TEST_CASE("transformer: gradient of a normalisation") {
  Random random(1);
  TrainNorm norm = unit_norm("n", 5);
  for (Eigen::Index i = 0; i < 5; ++i) norm.gamma[i] += random.symmetric(0.5F);
  Matrix x = random_matrix(random, 7, 5);
  const Matrix by = random_matrix(random, 7, 5);
  const auto value = [&] { return dot(forward(norm, x), by); };
  NormTrace trace;
  const Matrix y = forward(norm, x, &trace);
  NormGradient gradient;
  const Matrix dx = backward(norm, trace, by, gradient);
  CHECK(error_of(x.data(), x.size(), dx.data(), value) < 2e-3);
  CHECK(error_of(norm.gamma.data(), 5, gradient.gamma.data(), value) < 2e-3);
  CHECK(error_of(norm.beta.data(), 5, gradient.beta.data(), value) < 2e-3);
  // What reaches x has neither a mean nor a part along the normalised row.
  for (Eigen::Index row = 0; row < 7; ++row) {
    CHECK(dx.row(row).sum() == Approx(0).margin(1e-4));
    CHECK(dx.row(row).dot(trace.normal.row(row)) == Approx(0).margin(1e-3));
  }
  CHECK_THROWS_AS(forward(norm, random_matrix(random, 2, 4)), std::invalid_argument);
}

TEST_CASE("transformer: gradient of attention; images do not see each other") {
  Random random(2);
  Matrix q = random_matrix(random, 6, 5);
  Matrix k = random_matrix(random, 6, 5);
  Matrix v = random_matrix(random, 6, 4);
  const Matrix by = random_matrix(random, 6, 4);
  const auto value = [&] { return dot(attention(q, k, v, 3), by); };
  AttentionTrace trace;
  const Matrix y = attention(q, k, v, 3, &trace);
  const AttentionGradient d = attention_gradient(trace, by);
  CHECK(error_of(q.data(), q.size(), d.q.data(), value) < 1e-3);
  CHECK(error_of(k.data(), k.size(), d.k.data(), value) < 1e-3);
  CHECK(error_of(v.data(), v.size(), d.v.data(), value) < 1e-3);
  v.bottomRows(3).setZero();
  CHECK(attention(q, k, v, 3).topRows(3) == y.topRows(3));
  CHECK_THROWS_AS(attention(q, k, v, 4), std::invalid_argument);
  CHECK_THROWS_AS(attention(q, random_matrix(random, 6, 4), v, 3), std::invalid_argument);
}

TEST_CASE("transformer: gradient of GELU") {
  Random random(3);
  Matrix x = 4.0F * random_matrix(random, 5, 9);
  const Matrix by = random_matrix(random, 5, 9);
  Matrix slope;
  (void)gelu(x, &slope);
  const Matrix dx = slope.cwiseProduct(by);
  CHECK(error_of(x.data(), x.size(), dx.data(), [&] { return dot(gelu(x), by); }) < 1e-3);
}

TEST_CASE("transformer: all gradients are those of finite differences") {
  Problem problem;
  CHECK(problem.error_of_all() < 1.5e-3);
  // Every array's comparison fails for a gradient that is a little off.
  CHECK(problem.error_of_all(0.01F) > 8e-3);
}

TEST_CASE("transformer: tokens are rows, columns and their number") {
  Matrix images(8, 1);
  for (Eigen::Index i = 0; i < 8; ++i) images(i, 0) = static_cast<float>(i + 1);
  Matrix wanted(4, 6);
  wanted << 1, 2, 1, 3, 1, 0,  //
      3, 4, 2, 4, 0, 1,        //
      5, 6, 5, 7, 1, 0,        //
      7, 8, 6, 8, 0, 1;
  CHECK(tokens_of(images, 2) == wanted);
  CHECK_THROWS_AS(tokens_of(images, 3), std::invalid_argument);
}

TEST_CASE("transformer: a tiny one learns, twice the same, and keeps what it knows when pruned") {
  const TrainingSet data = stripes(90);
  FitSettings settings;
  settings.epochs = 20;
  settings.batch = 15;
  settings.rate = 5e-3F;
  const auto trained = [&] {
    Random random(1);
    TransformerSizes sizes = small_sizes();
    sizes.width = 70;
    Transformer network = Transformer::untrained(sizes, random);
    fit(network, data, settings);
    return network;
  };
  const Transformer first = trained();
  Transformer second = trained();
  CHECK(accuracy(first.forward(data.images), data.labels) >= 0.95);
  CHECK(first.forward(data.images) == second.forward(data.images));
  CHECK(first.embed.weights == second.embed.weights);
  settings.seed = 2;
  CHECK(trained().embed.weights != first.embed.weights);
  for (const std::uint32_t keep : {8U, 2U}) {
    settings.prune = PruneSchedule{keep, 0.6};
    const Transformer pruned = prune_gradually(first, data, settings);
    CHECK(fullest_bank(pruned) <= keep);
    CHECK(accuracy(pruned.forward(data.images), data.labels) >= 0.9);
  }
}

TEST_CASE("transformer: network to graph to file and back computes the same") {
  const Transformer network = small_transformer(3);
  Random random(8);
  graph::TensorData images(graph::DataType::kFloat32, {5, 1, 4, 4});
  for (float& value : images.get<float>()) value = random.symmetric(1.0F);
  const Matrix scores = network.forward(training_set(images, {0, 0, 0, 0, 0}).images);
  for (const bool optimized : {false, true}) {
    graph::Graph real = graph_of(network, "small");
    if (optimized) CHECK(graph::optimize(real).empty());
    OnnxExportOptions to;
    to.opset = 20;
    to.open_batch = true;
    const std::string bytes = export_onnx_bytes(real, to);
    OnnxOptions from;
    from.batch = 5;
    const graph::Graph read = import_onnx_bytes(bytes, ".", from).graph;
    const auto result = graph::evaluate(read, {token_tensor(images)}).at(0);
    REQUIRE(result.shape == graph::Shape{5, 3});
    for (Eigen::Index i = 0; i < scores.size(); ++i) {
      CHECK(result.floats()[static_cast<std::size_t>(i)] == Approx(scores.data()[i]).margin(1e-4));
    }
  }
}
