// The trainer: gradients against finite differences, what pruning leaves, repeatability, data.
#include <zlib.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/train/digits.hpp"
#include "sw/train/fit.hpp"
#include "sw/train/graph_network.hpp"
#include "sw/train/loss.hpp"

namespace {

using namespace s4::sw;
namespace fs = std::filesystem;

TrainLayer layer(const char* name, int channels, int size, int filters, int kernel, int stride,
                 int pad, bool relu) {
  TrainLayer l;
  l.name = name;
  TrainGeometry& g = l.geometry;
  g.channels = channels;
  g.height = g.width = size;
  g.filters = filters;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = pad;
  if (relu) l.low = 0.0F;
  return l;
}

/// Asymmetric pads, a stride and a product over the whole image.
TrainNetwork small_network(std::uint64_t seed) {
  TrainNetwork network;
  network.layers.push_back(layer("a", 2, 5, 3, 3, 2, 1, true));
  network.layers[0].geometry.pad_top = 0;
  network.layers[0].geometry.pad_bottom = 2;
  network.layers.push_back(layer("b", 3, 3, 4, 3, 1, 0, false));
  Random random(seed);
  network.initialize(random);
  for (TrainLayer& l : network.layers) {
    for (Eigen::Index i = 0; i < l.bias.size(); ++i) l.bias[i] = random.symmetric(0.5F);
  }
  network.check();
  return network;
}

Matrix random_matrix(Random& random, Eigen::Index rows, Eigen::Index columns) {
  Matrix m(rows, columns);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = random.symmetric(1.0F);
  return m;
}

struct Problem {
  TrainNetwork network = small_network(3);
  Matrix images;
  std::vector<std::uint8_t> labels{0, 3, 1, 2, 2, 0};

  Problem() {
    Random random(11);
    images = random_matrix(random, 6 * 25, 2);
  }
  [[nodiscard]] double loss() const { return cross_entropy(network.forward(images), labels).value; }
  [[nodiscard]] std::vector<LayerGradient> gradients() const {
    std::vector<LayerTrace> traces;
    const Matrix scores = network.forward(images, &traces);
    return network.backward(traces, cross_entropy(scores, labels).gradient);
  }
  /// Largest distance of the gradients from the differences to either side.
  [[nodiscard]] double error_of(const std::vector<LayerGradient>& gradients) {
    double worst = 0;
    const auto compare = [&](float& parameter, float gradient) {
      const float kept = parameter;
      constexpr float kStep = 1e-3F;
      const double here = loss();
      parameter = kept + kStep;
      const double above = (loss() - here) / kStep;
      parameter = kept - kStep;
      const double below = (here - loss()) / kStep;
      parameter = kept;
      // At a kink of Relu the two sides differ, and either is right.
      const double low = std::min(above, below);
      const double high = std::max(above, below);
      worst = std::max({worst, low - gradient, gradient - high});
    };
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      Matrix& w = network.layers[l].weights;
      for (Eigen::Index i = 0; i < w.size(); ++i) {
        compare(w.data()[i], gradients[l].weights.data()[i]);
      }
      Vector& b = network.layers[l].bias;
      for (Eigen::Index i = 0; i < b.size(); ++i) compare(b[i], gradients[l].bias[i]);
    }
    return worst;
  }
};

TrainingSet stripes(std::size_t count) {
  s4::sw::graph::TensorData images(s4::sw::graph::DataType::kFloat32,
                                   {static_cast<std::int64_t>(count), 1, 4, 4});
  std::vector<std::uint8_t> labels;
  Random random(5);
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::uint8_t>(i % 2));
    for (std::size_t p = 0; p < 16; ++p) {
      const bool ink = (i % 2 == 0 ? p % 4 : p / 4) % 2 == 0;
      images.get<float>()[i * 16 + p] = (ink ? 1.0F : 0.0F) + random.symmetric(0.3F);
    }
  }
  return training_set(images, labels);
}

TrainNetwork stripe_network() {
  TrainNetwork network;
  network.layers.push_back(layer("first", 1, 4, 64, 3, 1, 1, true));
  network.layers.push_back(layer("second", 64, 4, 70, 3, 2, 1, true));
  network.layers.push_back(layer("last", 70, 2, 2, 2, 1, 0, false));
  Random random(1);
  network.initialize(random);
  return network;
}

fs::path write_gzip(const std::string& name, const std::string& text) {
  const fs::path path = fs::temp_directory_path() / name;
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return path;
}

}  // namespace

TEST_CASE("train: gradients are those of finite differences") {
  Problem problem;
  REQUIRE(problem.error_of(problem.gradients()) < 2e-3);
}

TEST_CASE("train: a wrong gradient is noticed") {
  Problem problem;
  auto gradients = problem.gradients();
  gradients[0].weights *= 1.1F;
  CHECK(problem.error_of(gradients) > 4e-3);
  gradients = problem.gradients();
  gradients[1].bias[2] += 0.02F;
  CHECK(problem.error_of(gradients) > 1e-2);
}

TEST_CASE("train: scattering is the transpose of gathering") {
  Random random(2);
  TrainGeometry g = small_network(1).layers[0].geometry;
  g.dilation_w = 2;
  const Matrix x = random_matrix(random, 3 * g.in_pixels(), g.channels);
  const Matrix gathered = gather_patches(x, g);
  const Matrix y = random_matrix(random, gathered.rows(), gathered.cols());
  const double left = gathered.cwiseProduct(y).cast<double>().sum();
  const double right = x.cwiseProduct(scatter_patches(y, g)).cast<double>().sum();
  CHECK(left == Approx(right).epsilon(1e-4));
}

TEST_CASE("train: gradients of distillation") {
  Random random(4);
  Matrix scores = random_matrix(random, 3, 5);
  const Matrix teacher = random_matrix(random, 3, 5);
  const Loss loss = distillation(scores, teacher, 3.0F);
  CHECK(distillation(teacher, teacher, 3.0F).value == Approx(0).margin(1e-6));
  for (Eigen::Index i = 0; i < scores.size(); ++i) {
    const float kept = scores.data()[i];
    scores.data()[i] = kept + 1e-2F;
    const double above = distillation(scores, teacher, 3.0F).value;
    scores.data()[i] = kept - 1e-2F;
    const double below = distillation(scores, teacher, 3.0F).value;
    scores.data()[i] = kept;
    CHECK((above - below) / 2e-2 == Approx(loss.gradient.data()[i]).margin(1e-3));
  }
}

TEST_CASE("train: the exponential and the logarithm are those of the C library to float accuracy") {
  for (double x = -80; x <= 80; x += 0.37) {
    CHECK(repeatable_exp(x) == Approx(std::exp(x)).epsilon(1e-9));
  }
  for (double x = 1e-6; x < 1e6; x *= 1.7) {
    CHECK(repeatable_log(x) == Approx(std::log(x)).margin(1e-9));
  }
}

TEST_CASE("train: a tiny network learns, twice the same") {
  const TrainingSet data = stripes(64);
  FitSettings settings;
  settings.epochs = 6;
  settings.batch = 16;
  settings.shift = 0.3F;
  TrainNetwork first = stripe_network();
  TrainNetwork second = stripe_network();
  fit(first, data, settings);
  fit(second, data, settings);
  CHECK(accuracy(scores_of(first, data), data.labels) >= 0.95);
  for (std::size_t l = 0; l < first.layers.size(); ++l) {
    CHECK(first.layers[l].weights == second.layers[l].weights);
    CHECK(first.layers[l].bias == second.layers[l].bias);
  }
  settings.seed = 2;
  TrainNetwork third = stripe_network();
  fit(third, data, settings);
  CHECK(first.layers[0].weights != third.layers[0].weights);
}

TEST_CASE("train: gradual pruning leaves at most K weights in every bank") {
  const TrainingSet data = stripes(64);
  FitSettings settings;
  settings.epochs = 8;
  settings.batch = 16;
  TrainNetwork dense = stripe_network();
  fit(dense, data, settings);
  for (const std::uint32_t keep : {8U, 2U, 1U}) {
    CAPTURE(keep);
    settings.prune = PruneSchedule{keep, 0.6};
    const TrainNetwork pruned = prune_gradually(dense, data, settings);
    for (const TrainLayer& l : pruned.layers) CHECK(fullest_bank(l) <= keep);
    CHECK(accuracy(scores_of(pruned, data), data.labels) >= 0.9);
  }
}

TEST_CASE("train: a layer that is sparse already keeps its weights' places") {
  const TrainingSet data = stripes(32);
  FitSettings settings;
  settings.epochs = 2;
  settings.batch = 16;
  TrainNetwork network = stripe_network();
  TrainLayer& second = network.layers[1];
  for (Eigen::Index i = 0; i < second.weights.size(); ++i) {
    if (i % 64 >= 3) second.weights.data()[i] = 0;
  }
  const Matrix before = second.weights;
  REQUIRE(is_sparse_already(second, 4));
  settings.prune = PruneSchedule{4, 0.5};
  const TrainNetwork pruned = prune_gradually(network, data, settings);
  for (Eigen::Index i = 0; i < before.size(); ++i) {
    if (before.data()[i] == 0) REQUIRE(pruned.layers[1].weights.data()[i] == 0);
  }
}

TEST_CASE("train: network to graph to file and back computes the same") {
  const TrainNetwork network = stripe_network();
  const TrainingSet data = stripes(8);
  const std::string bytes = export_onnx_bytes(graph_of(network, "stripes"), {13, true, "s4", ""});
  CHECK(bytes == export_onnx_bytes(graph_of(network, "stripes"), {13, true, "s4", ""}));
  const TrainNetwork back = train_network_of(import_onnx_bytes(bytes, ".").graph);
  REQUIRE(back.layers.size() == network.layers.size());
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    CHECK(back.layers[l].weights == network.layers[l].weights);
    CHECK(back.layers[l].low == network.layers[l].low);
  }
  CHECK(scores_of(back, data) == scores_of(network, data));
}

TEST_CASE("digits: 1,797 images, split evenly and without overlap") {
  const Digits digits = load_digits();
  REQUIRE(digits.size() == 1797);
  const DigitsSplit split = split_digits(digits);
  CHECK(split.test.size() == 360);
  CHECK(split.validation.size() == 200);
  CHECK(split.train.size() == 1237);
  std::set<std::size_t> all;
  for (const auto* part : {&split.train, &split.validation, &split.test}) {
    all.insert(part->begin(), part->end());
  }
  CHECK(all.size() == 1797);
  std::array<int, 10> counts{};
  for (const std::size_t i : split.test) counts.at(digits.labels[i]) += 1;
  for (const int count : counts) CHECK((count >= 33 && count <= 39));
  CHECK(split_digits(digits).test == split.test);
  CHECK(split_digits(digits, 2).test != split.test);
  const auto images = digit_images(digits, split.test);
  CHECK(*std::max_element(images.floats().begin(), images.floats().end()) == 1.0F);
}

TEST_CASE("digits: damaged files are refused with the line") {
  std::string line;
  for (int i = 0; i < 64; ++i) line += "3,";
  CHECK(load_digits(write_gzip("digits_good.csv.gz", line + "7\n")).size() == 1);
  const auto refused = [&](const std::string& text, const std::string& what) {
    CHECK_THROWS_WITH(load_digits(write_gzip("digits_bad.csv.gz", text)), Catch::Contains(what));
  };
  refused(line + "7\n" + line + "10\n", "2");
  refused("17," + line.substr(2) + "7\n", "1");
  refused(line + "\n", "1");
  refused(line + "3,7\n", "1");
  refused("x" + line + "7\n", "1");
  refused("", "");
  CHECK_THROWS_AS(load_digits("/no/such/file.gz"), DigitsError);
  std::ifstream in(digits_folder() / "digits.csv.gz", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const fs::path cut = fs::temp_directory_path() / "digits_cut.csv.gz";
  std::ofstream(cut, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  CHECK_THROWS_AS(load_digits(cut), DigitsError);
}
