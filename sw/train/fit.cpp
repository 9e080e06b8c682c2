#include "sw/train/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "sw/sparse/prune_rows.hpp"
#include "sw/train/loss.hpp"

namespace s4::sw {
namespace {

constexpr std::uint32_t kBank = 64;
constexpr std::size_t kScoreBatch = 128;

/// cos(x) for 0 <= x <= pi / 2, the same on every machine.
double quarter_cosine(double x) {
  double sum = 1.0;
  for (int i = 20; i > 0; i -= 2) sum = 1.0 - sum * x * x / (i * (i - 1));
  return sum;
}

double cosine_rate(double progress) {
  const double c = quarter_cosine(1.57079632679489661923 * progress);
  return c * c;
}

double kept_at(const PruneSchedule& schedule, double progress) {
  const double t = schedule.ramp > 0.0 ? std::min(1.0, progress / schedule.ramp) : 1.0;
  const double left = (1.0 - t) * (1.0 - t) * (1.0 - t);
  return schedule.keep + (kBank - static_cast<double>(schedule.keep)) * left;
}

/// The fraction of `keep` decides in how many banks one more weight is kept, so that they do not
/// all lose one in the same step. Multiples of the golden ratio spread evenly.
std::size_t kept_in_bank(double keep, std::size_t bank) {
  const double place = static_cast<double>(bank) * 0.61803398874989485;
  return static_cast<std::size_t>(std::ceil(keep - (place - std::floor(place))));
}

/// Adam with decoupled weight decay, on one array.
class Adam {
 public:
  explicit Adam(Eigen::Index size) : mean_(Vector::Zero(size)), square_(Vector::Zero(size)) {}

  void step(float* values, const float* gradient, float rate, float decay) {
    mean_power_ *= kMean;
    square_power_ *= kSquare;
    const auto mean_scale = static_cast<float>(1.0 / (1.0 - mean_power_));
    const auto square_scale = static_cast<float>(1.0 / (1.0 - square_power_));
    for (Eigen::Index i = 0; i < mean_.size(); ++i) {
      const float g = gradient[i];
      mean_[i] = static_cast<float>(kMean) * mean_[i] + static_cast<float>(1.0 - kMean) * g;
      square_[i] =
          static_cast<float>(kSquare) * square_[i] + static_cast<float>(1.0 - kSquare) * g * g;
      const float root = std::sqrt(square_[i] * square_scale) + 1e-8F;
      values[i] -= rate * (mean_[i] * mean_scale / root + decay * values[i]);
    }
  }

 private:
  static constexpr double kMean = 0.9;
  static constexpr double kSquare = 0.999;
  Vector mean_;
  Vector square_;
  double mean_power_ = 1.0;
  double square_power_ = 1.0;
};

/// Image `index` moved by (dy, dx) pixels into rows of `out`; what comes in is 0.
void copy_shifted(const TrainingSet& data, std::size_t index, float dy, float dx, Matrix& out,
                  Eigen::Index first) {
  const auto from = static_cast<Eigen::Index>(index) * data.height * data.width;
  const float floor_y = std::floor(dy);
  const float floor_x = std::floor(dx);
  for (int y = 0; y < data.height; ++y) {
    for (int x = 0; x < data.width; ++x) {
      auto to = out.row(first + Eigen::Index{y} * data.width + x);
      to.setZero();
      for (int corner = 0; corner < 4; ++corner) {
        const int in_y = y + static_cast<int>(floor_y) + corner / 2;
        const int in_x = x + static_cast<int>(floor_x) + corner % 2;
        if (in_y < 0 || in_y >= data.height || in_x < 0 || in_x >= data.width) continue;
        const float part_y = corner / 2 == 1 ? dy - floor_y : 1.0F - (dy - floor_y);
        const float part_x = corner % 2 == 1 ? dx - floor_x : 1.0F - (dx - floor_x);
        to += part_y * part_x * data.images.row(from + Eigen::Index{in_y} * data.width + in_x);
      }
    }
  }
}

class Fit {
 public:
  Fit(Trainable& network, const TrainingSet& data, const FitSettings& settings)
      : network_(network), data_(data), settings_(settings), random_(settings.seed) {
    network_.check();
    const ImageSize wanted = network_.input();
    if (wanted != ImageSize{data.channels, data.height, data.width}) {
      throw std::invalid_argument(fmt::format("the images are {}x{}x{}, the network takes {}x{}x{}",
                                              data.channels, data.height, data.width,
                                              wanted.channels, wanted.height, wanted.width));
    }
    if (data.size() == 0 || settings.batch == 0 || settings.epochs < 1) {
      throw std::invalid_argument("images, batch and epochs must be 1 or more");
    }
    for (const TrainArray& array : network_.arrays()) {
      arrays_.push_back({array, Adam(array.size), {}});
      set_mask(arrays_.back());
    }
  }

  void run(const EpochObserver& observer) {
    const std::size_t batches = (data_.size() + settings_.batch - 1) / settings_.batch;
    const double steps = static_cast<double>(batches) * settings_.epochs;
    std::vector<std::size_t> order(data_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    double step = 0.0;
    for (int epoch = 1; epoch <= settings_.epochs; ++epoch) {
      random_.shuffle(order);
      EpochReport report{epoch, settings_.epochs, 0.0, 0.0, kBank};
      for (std::size_t first = 0; first < order.size(); first += settings_.batch) {
        const std::size_t count = std::min(settings_.batch, order.size() - first);
        prune(step / steps);
        const auto rate = static_cast<float>(settings_.rate * cosine_rate(step / steps));
        train_batch({order.data() + first, count}, rate, report);
        step += 1.0;
      }
      report.keep = keep_;
      report.loss /= static_cast<double>(data_.size());
      report.right /= static_cast<double>(data_.size());
      if (observer) observer(report);
    }
    prune(1.0);
  }

 private:
  struct Array {
    TrainArray of;
    Adam step;
    Vector mask;  ///< 1 where a weight is kept; empty for what is not pruned
  };

  static void set_mask(Array& array) {
    if (array.of.weights_of == nullptr) return;
    const Eigen::Map<const Vector> values(array.of.values, array.of.size);
    array.mask = (values.array() != 0.0F).cast<float>().matrix();
  }

  void prune(double progress) {
    if (!settings_.prune) return;
    const double keep = kept_at(*settings_.prune, progress);
    if (keep == keep_) return;
    keep_ = keep;
    for (Array& array : arrays_) {
      if (array.of.weights_of == nullptr) continue;
      prune_layer(*array.of.weights_of, keep);
      set_mask(array);
    }
  }

  void prune_layer(TrainLayer& layer, double keep) const {
    const auto banks = bank_spans(static_cast<std::size_t>(layer.geometry.channels),
                                  static_cast<std::size_t>(layer.geometry.taps()));
    const auto size = static_cast<std::size_t>(layer.weights.cols());
    std::size_t number = 0;
    for (Eigen::Index row = 0; row < layer.weights.rows(); ++row) {
      for (const BankSpan& bank : banks) {
        prune_row({&layer.weights(row, 0), size}, {&bank, 1},
                  std::max<std::size_t>(kept_in_bank(keep, number++), settings_.prune->keep));
      }
    }
  }

  void train_batch(std::span<const std::size_t> which, float rate, EpochReport& report) {
    const Eigen::Index pixels = Eigen::Index{data_.height} * data_.width;
    Matrix images(static_cast<Eigen::Index>(which.size()) * pixels, data_.channels);
    std::vector<std::uint8_t> labels;
    for (std::size_t i = 0; i < which.size(); ++i) {
      const float dy = settings_.shift > 0.0F ? random_.symmetric(settings_.shift) : 0.0F;
      const float dx = settings_.shift > 0.0F ? random_.symmetric(settings_.shift) : 0.0F;
      copy_shifted(data_, which[i], dy, dx, images, static_cast<Eigen::Index>(i) * pixels);
      labels.push_back(data_.labels[which[i]]);
    }
    const Matrix scores = network_.forward(images);
    Loss loss = cross_entropy(scores, labels);
    if (settings_.teacher) {
      const Teacher& teacher = *settings_.teacher;
      const Loss other = distillation(scores, teacher.answers(images), teacher.temperature);
      loss.value = (1.0 - teacher.share) * loss.value + teacher.share * other.value;
      loss.gradient = (1.0F - teacher.share) * loss.gradient + teacher.share * other.gradient;
    }
    if (!std::isfinite(loss.value)) throw std::runtime_error("training diverged: lower the rate");
    const auto count = static_cast<double>(which.size());
    report.loss += loss.value * count;
    report.right += accuracy(scores, labels) * count;
    const auto gradients = network_.backward(std::move(loss.gradient));
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      Array& array = arrays_[i];
      const bool weights = array.of.weights_of != nullptr;
      array.step.step(array.of.values, gradients[i], rate, weights ? settings_.weight_decay : 0.0F);
      if (weights) Eigen::Map<Vector>(array.of.values, array.of.size).array() *= array.mask.array();
    }
  }

  Trainable& network_;
  const TrainingSet& data_;
  const FitSettings& settings_;
  Random random_;
  std::vector<Array> arrays_;
  double keep_ = kBank;
};

}  // namespace

TrainingSet training_set(const graph::TensorData& images, std::vector<std::uint8_t> labels) {
  const auto& shape = images.shape;
  if (shape.size() != 4 || shape[0] != static_cast<std::int64_t>(labels.size())) {
    throw std::invalid_argument(
        fmt::format("images of shape {} with {} labels", graph::to_string(shape), labels.size()));
  }
  TrainingSet set;
  set.labels = std::move(labels);
  set.channels = static_cast<int>(shape[1]);
  set.height = static_cast<int>(shape[2]);
  set.width = static_cast<int>(shape[3]);
  const Eigen::Index pixels = Eigen::Index{set.height} * set.width;
  const auto count = static_cast<Eigen::Index>(set.size());
  set.images.resize(count * pixels, set.channels);
  const float* value = images.floats().data();
  for (Eigen::Index n = 0; n < count; ++n) {
    for (Eigen::Index c = 0; c < set.channels; ++c) {
      for (Eigen::Index p = 0; p < pixels; ++p) set.images(n * pixels + p, c) = *value++;
    }
  }
  return set;
}

void fit(Trainable& network, const TrainingSet& data, const FitSettings& settings,
         const EpochObserver& observer) {
  Fit(network, data, settings).run(observer);
}

void fit(TrainNetwork& network, const TrainingSet& data, const FitSettings& settings,
         const EpochObserver& observer) {
  TrainableNetwork trainable(network);
  fit(trainable, data, settings, observer);
}

void prune_gradually(Trainable& network, std::function<Matrix(const Matrix&)> teacher,
                     const TrainingSet& data, FitSettings settings, const EpochObserver& observer) {
  if (!settings.prune || settings.prune->keep < 1 || settings.prune->keep > kBank) {
    throw std::invalid_argument("gradual pruning keeps 1 to 64 weights of a bank");
  }
  for (const TrainArray& array : network.arrays()) {
    if (array.weights_of != nullptr && is_sparse_already(*array.weights_of, settings.prune->keep)) {
      array.weights_of->trained = false;
    }
  }
  if (!settings.teacher) settings.teacher = Teacher{};
  settings.teacher->answers = std::move(teacher);
  fit(network, data, settings, observer);
}

TrainNetwork prune_gradually(const TrainNetwork& network, const TrainingSet& data,
                             FitSettings settings, const EpochObserver& observer) {
  TrainNetwork pruned = network;
  TrainableNetwork trainable(pruned);
  prune_gradually(
      trainable, [&](const Matrix& images) { return network.forward(images); }, data,
      std::move(settings), observer);
  return pruned;
}

Matrix scores_of(const TrainNetwork& network, const TrainingSet& data) {
  const Eigen::Index pixels = Eigen::Index{data.height} * data.width;
  Matrix scores(static_cast<Eigen::Index>(data.size()), network.classes());
  for (std::size_t first = 0; first < data.size(); first += kScoreBatch) {
    const auto at = static_cast<Eigen::Index>(first);
    const auto count = static_cast<Eigen::Index>(std::min(kScoreBatch, data.size() - first));
    scores.middleRows(at, count) =
        network.forward(data.images.middleRows(at * pixels, count * pixels));
  }
  return scores;
}

double accuracy(const Matrix& scores, const std::vector<std::uint8_t>& labels) {
  std::size_t right = 0;
  for (Eigen::Index row = 0; row < scores.rows(); ++row) {
    Eigen::Index best = 0;
    scores.row(row).maxCoeff(&best);
    right += best == labels[static_cast<std::size_t>(row)] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

bool is_sparse_already(const TrainLayer& layer, std::uint32_t keep) {
  const int channels = std::min<int>(layer.geometry.channels, kBank);
  return channels > static_cast<int>(keep) && fullest_bank(layer) <= keep;
}

std::size_t fullest_bank(const TrainLayer& layer) {
  const auto banks = bank_spans(static_cast<std::size_t>(layer.geometry.channels),
                                static_cast<std::size_t>(layer.geometry.taps()));
  const auto size = static_cast<std::size_t>(layer.weights.cols());
  std::size_t fullest = 0;
  for (Eigen::Index row = 0; row < layer.weights.rows(); ++row) {
    fullest = std::max(fullest, fullest_bank({&layer.weights(row, 0), size}, banks));
  }
  return fullest;
}

std::size_t fullest_bank(const TrainNetwork& network) {
  std::size_t fullest = 0;
  for (const TrainLayer& layer : network.layers) fullest = std::max(fullest, fullest_bank(layer));
  return fullest;
}

}  // namespace s4::sw
