// A sequence of convolutions and products, with gradients: what the trainer works on.
//
// Activations are matrices of one row per image and pixel (image, y, x) and one column per channel.
// A product behind Flatten is a convolution with a kernel like the image.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "sw/train/matrix.hpp"
#include "sw/train/random.hpp"

namespace s4::sw {

/// Sizes of one layer; all at least 1, pads and strides as in ONNX.
struct TrainGeometry {
  int channels = 1, height = 1, width = 1;
  int filters = 1;
  int kernel_h = 1, kernel_w = 1;
  int stride_h = 1, stride_w = 1;
  int dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;

  [[nodiscard]] int taps() const { return kernel_h * kernel_w; }
  [[nodiscard]] int reduction() const { return taps() * channels; }
  [[nodiscard]] int out_height() const {
    return (height + pad_top + pad_bottom - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
  }
  [[nodiscard]] int out_width() const {
    return (width + pad_left + pad_right - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
  }
  [[nodiscard]] int in_pixels() const { return height * width; }
  [[nodiscard]] int out_pixels() const { return out_height() * out_width(); }
};

struct TrainLayer {
  std::string name;
  TrainGeometry geometry;
  Matrix weights;                                       ///< [filters][tap][channel]
  Vector bias;                                          ///< [filters]
  float low = -std::numeric_limits<float>::infinity();  ///< clamp of the result; Relu from 0
  float high = std::numeric_limits<float>::infinity();
  bool trained = true;  ///< false: weights and bias stay as they are
};

/// What the backward pass needs of the forward pass.
struct LayerTrace {
  Matrix patches;  ///< [images * out pixels][reduction]
  Matrix result;   ///< [images * out pixels][filters], clamped
};
struct LayerGradient {
  Matrix weights;
  Vector bias;
};

/// Weights uniform within sqrt(6 / reduction), biases 0.
void initialize(TrainLayer& layer, Random& random);

struct TrainNetwork {
  std::vector<TrainLayer> layers;

  /// All layers, in order.
  void initialize(Random& random);
  /// Throws std::invalid_argument unless sizes are positive and every layer fits the one before.
  void check() const;
  [[nodiscard]] int classes() const { return layers.back().geometry.filters; }

  /// Result of the last layer. `images`: [images * pixels][channels] of the first layer.
  [[nodiscard]] Matrix forward(const Matrix& images,
                               std::vector<LayerTrace>* traces = nullptr) const;
  /// Gradients of a loss by all parameters, from that by the result of the last layer.
  [[nodiscard]] std::vector<LayerGradient> backward(const std::vector<LayerTrace>& traces,
                                                    Matrix result_gradient) const;
};

/// Result of one layer; into `trace`, if given, what backward() needs.
[[nodiscard]] Matrix forward(const TrainLayer& layer, const Matrix& x, LayerTrace* trace = nullptr);
/// Gradients by the layer's parameters, from that by its result, which becomes zero where the
/// result was clamped. Returns the gradient by x, empty unless `wanted`.
Matrix backward(const TrainLayer& layer, const LayerTrace& trace, Matrix result_gradient,
                LayerGradient& gradient, bool wanted = true);

/// The pixels under the kernel, one row per place: [images * out pixels][tap][channel].
[[nodiscard]] Matrix gather_patches(const Matrix& images, const TrainGeometry& geometry);
/// Its transpose: sums every patch element into its pixel.
[[nodiscard]] Matrix scatter_patches(const Matrix& patches, const TrainGeometry& geometry);

}  // namespace s4::sw
