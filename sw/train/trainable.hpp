// What fit() changes: arrays of numbers, and the gradients of a loss by them.
#pragma once

#include <vector>

#include "sw/train/matrix.hpp"
#include "sw/train/train_network.hpp"

namespace s4::sw {

/// One array that training changes.
struct TrainArray {
  float* values = nullptr;
  Eigen::Index size = 0;
  /// Set: the weights of this layer, which decay, are pruned, and stay zero where they are.
  TrainLayer* weights_of = nullptr;
};

struct ImageSize {
  int channels = 1, height = 1, width = 1;
  [[nodiscard]] bool operator==(const ImageSize&) const = default;
};

class Trainable {
 public:
  virtual ~Trainable() = default;
  [[nodiscard]] virtual ImageSize input() const = 0;
  /// Throws std::invalid_argument unless all sizes fit and there is one row of scores per image.
  virtual void check() const = 0;
  /// The same arrays in the same order every time; they live as long as the network.
  [[nodiscard]] virtual std::vector<TrainArray> arrays() = 0;
  /// Scores [images][classes] of `images` [images * pixels][channels]; keeps what backward() needs.
  [[nodiscard]] virtual Matrix forward(const Matrix& images) = 0;
  /// Gradients by arrays(), in their order, from that by the scores of the last forward(). Valid
  /// until the next call.
  [[nodiscard]] virtual std::vector<const float*> backward(Matrix scores_gradient) = 0;
};

/// Adds weights and bias of a layer unless they are to stay as they are.
inline void add_arrays(std::vector<TrainArray>& arrays, TrainLayer& layer) {
  if (!layer.trained) return;
  arrays.push_back({layer.weights.data(), layer.weights.size(), &layer});
  arrays.push_back({layer.bias.data(), layer.bias.size()});
}
/// Its gradients, in the same order.
inline void add_gradients(std::vector<const float*>& gradients, const TrainLayer& layer,
                          const LayerGradient& gradient) {
  if (!layer.trained) return;
  gradients.push_back(gradient.weights.data());
  gradients.push_back(gradient.bias.data());
}

/// A TrainNetwork, which has to live longer.
class TrainableNetwork : public Trainable {
 public:
  explicit TrainableNetwork(TrainNetwork& network) : network_(network) {}
  [[nodiscard]] ImageSize input() const override;
  void check() const override;
  [[nodiscard]] std::vector<TrainArray> arrays() override;
  [[nodiscard]] Matrix forward(const Matrix& images) override;
  [[nodiscard]] std::vector<const float*> backward(Matrix scores_gradient) override;

 private:
  TrainNetwork& network_;
  std::vector<LayerTrace> traces_;
  std::vector<LayerGradient> gradients_;
};

}  // namespace s4::sw
