// Training of a TrainNetwork: Adam, cosine rate, random shifts, distillation, gradual pruning.
//
// One thread; the same settings and data give the same bytes, see docs/guide/models.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sw/graph/tensor.hpp"
#include "sw/train/trainable.hpp"

namespace s4::sw {

struct TrainingSet {
  Matrix images;  ///< [images * pixels][channels]
  std::vector<std::uint8_t> labels;
  int channels = 1, height = 1, width = 1;

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

/// Float32 [n,channels,height,width] with labels. Throws std::invalid_argument if counts differ.
[[nodiscard]] TrainingSet training_set(const graph::TensorData& images,
                                       std::vector<std::uint8_t> labels);

/// Distillation: the loss is (1 - share) of cross-entropy with labels and `share` of that with the
/// teacher's answers to the same images.
struct Teacher {
  std::function<Matrix(const Matrix& images)> answers;  ///< its scores
  float share = 0.7F;
  float temperature = 4.0F;
};

/// After the fraction t of the ramp, keep + (64 - keep) * (1 - t)^3 weights of a bank are left,
/// those of largest magnitude; where that is no whole number, one more in some banks.
struct PruneSchedule {
  std::uint32_t keep = 64;  ///< of a full bank, at the end
  double ramp = 0.6;        ///< part of all steps until the end is reached
};

struct FitSettings {
  int epochs = 30;
  std::size_t batch = 64;
  float rate = 1e-3F;         ///< at the beginning; falls to 0 along a cosine
  float weight_decay = 0.0F;  ///< per step, times the rate (AdamW)
  float shift = 0.0F;         ///< images are moved by up to so many pixels, bilinear
  std::uint64_t seed = 1;     ///< order of the images, shifts
  std::optional<Teacher> teacher;
  std::optional<PruneSchedule> prune;
};

struct EpochReport {
  int epoch = 0;  ///< from 1
  int epochs = 0;
  double loss = 0.0;   ///< mean of the epoch
  double right = 0.0;  ///< fraction of the (shifted) images
  double keep = 64.0;  ///< weights of a full bank that are kept, mean of all banks
};
using EpochObserver = std::function<void(const EpochReport&)>;

/// Trains in place. Weights that are zero and layers with trained = false stay. Throws
/// std::invalid_argument if the data do not fit the network.
void fit(Trainable& network, const TrainingSet& data, const FitSettings& settings,
         const EpochObserver& observer = nullptr);
void fit(TrainNetwork& network, const TrainingSet& data, const FitSettings& settings,
         const EpochObserver& observer = nullptr);

/// Gradual pruning with distillation from `teacher`. Layers that are sparse enough
/// already, and not only because their banks hold few channels, are kept as they are.
void prune_gradually(Trainable& network, std::function<Matrix(const Matrix&)> teacher,
                     const TrainingSet& data, FitSettings settings,
                     const EpochObserver& observer = nullptr);
/// The same with a copy, whose teacher is `network`.
[[nodiscard]] TrainNetwork prune_gradually(const TrainNetwork& network, const TrainingSet& data,
                                           FitSettings settings,
                                           const EpochObserver& observer = nullptr);

/// Scores of every image: [n][classes].
[[nodiscard]] Matrix scores_of(const TrainNetwork& network, const TrainingSet& data);
/// Fraction of images whose largest score is that of the label.
[[nodiscard]] double accuracy(const Matrix& scores, const std::vector<std::uint8_t>& labels);

/// Whether every bank has at most `keep` weights, and some bank has room for more.
[[nodiscard]] bool is_sparse_already(const TrainLayer& layer, std::uint32_t keep);
/// Non-zero weights of the fullest bank.
[[nodiscard]] std::size_t fullest_bank(const TrainLayer& layer);
[[nodiscard]] std::size_t fullest_bank(const TrainNetwork& network);

}  // namespace s4::sw
