#include "sw/train/trainable.hpp"

#include <stdexcept>
#include <utility>

namespace s4::sw {

ImageSize TrainableNetwork::input() const {
  const TrainGeometry& g = network_.layers.front().geometry;
  return {g.channels, g.height, g.width};
}

void TrainableNetwork::check() const {
  network_.check();
  if (network_.layers.back().geometry.out_pixels() != 1) {
    throw std::invalid_argument("the network's result is an image, not one score per class");
  }
}

std::vector<TrainArray> TrainableNetwork::arrays() {
  std::vector<TrainArray> arrays;
  for (TrainLayer& layer : network_.layers) add_arrays(arrays, layer);
  return arrays;
}

Matrix TrainableNetwork::forward(const Matrix& images) {
  return network_.forward(images, &traces_);
}

std::vector<const float*> TrainableNetwork::backward(Matrix scores_gradient) {
  gradients_ = network_.backward(traces_, std::move(scores_gradient));
  std::vector<const float*> gradients;
  for (std::size_t i = 0; i < network_.layers.size(); ++i) {
    add_gradients(gradients, network_.layers[i], gradients_[i]);
  }
  return gradients;
}

}  // namespace s4::sw
