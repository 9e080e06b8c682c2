#include "sw/train/train_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace s4::sw {
namespace {

/// Calls use(row of patches, column of patches, row of images) for every pixel under the kernel.
template <typename F>
void for_each_tap(const TrainGeometry& g, Eigen::Index images, F use) {
  const int out_h = g.out_height();
  const int out_w = g.out_width();
  Eigen::Index row = 0;
  for (Eigen::Index image = 0; image < images; ++image) {
    const Eigen::Index first = image * g.in_pixels();
    for (int y = 0; y < out_h; ++y) {
      for (int x = 0; x < out_w; ++x, ++row) {
        for (int r = 0; r < g.kernel_h; ++r) {
          const int in_y = y * g.stride_h - g.pad_top + r * g.dilation_h;
          if (in_y < 0 || in_y >= g.height) continue;
          for (int s = 0; s < g.kernel_w; ++s) {
            const int in_x = x * g.stride_w - g.pad_left + s * g.dilation_w;
            if (in_x < 0 || in_x >= g.width) continue;
            use(row, Eigen::Index{r * g.kernel_w + s} * g.channels,
                first + Eigen::Index{in_y} * g.width + in_x);
          }
        }
      }
    }
  }
}

}  // namespace

Matrix gather_patches(const Matrix& images, const TrainGeometry& g) {
  const Eigen::Index count = images.rows() / g.in_pixels();
  Matrix patches = Matrix::Zero(count * g.out_pixels(), g.reduction());
  for_each_tap(g, count, [&](Eigen::Index row, Eigen::Index column, Eigen::Index pixel) {
    std::copy_n(&images(pixel, 0), g.channels, &patches(row, column));
  });
  return patches;
}

Matrix scatter_patches(const Matrix& patches, const TrainGeometry& g) {
  const Eigen::Index count = patches.rows() / g.out_pixels();
  Matrix images = Matrix::Zero(count * g.in_pixels(), g.channels);
  for_each_tap(g, count, [&](Eigen::Index row, Eigen::Index column, Eigen::Index pixel) {
    const float* from = &patches(row, column);
    float* to = &images(pixel, 0);
    for (int c = 0; c < g.channels; ++c) to[c] += from[c];
  });
  return images;
}

void initialize(TrainLayer& layer, Random& random) {
  const TrainGeometry& g = layer.geometry;
  layer.weights.resize(g.filters, g.reduction());
  const float limit = std::sqrt(6.0F / static_cast<float>(g.reduction()));
  for (Eigen::Index i = 0; i < layer.weights.size(); ++i) {
    layer.weights.data()[i] = random.symmetric(limit);
  }
  layer.bias = Vector::Zero(g.filters);
}

void TrainNetwork::initialize(Random& random) {
  for (TrainLayer& layer : layers) sw::initialize(layer, random);
}

void TrainNetwork::check() const {
  if (layers.empty()) throw std::invalid_argument("a network without layers cannot be trained");
  const TrainGeometry* before = nullptr;
  for (const TrainLayer& layer : layers) {
    const TrainGeometry& g = layer.geometry;
    const auto fail = [&](const std::string& why) {
      throw std::invalid_argument("layer '" + layer.name + "': " + why);
    };
    for (const int size : {g.channels, g.height, g.width, g.filters, g.kernel_h, g.kernel_w,
                           g.stride_h, g.stride_w, g.dilation_h, g.dilation_w}) {
      if (size < 1) fail("a size below 1");
    }
    if (std::min({g.pad_top, g.pad_left, g.pad_bottom, g.pad_right}) < 0) fail("a negative pad");
    if (g.out_height() < 1 || g.out_width() < 1) fail("the kernel is larger than the image");
    if (layer.weights.rows() != g.filters || layer.weights.cols() != g.reduction() ||
        layer.bias.size() != g.filters) {
      fail("weights or bias of another size");
    }
    // Where height and width are 1, a layer may also see the image of the one before as channels.
    if (before != nullptr && (g.channels != before->filters || g.height != before->out_height() ||
                              g.width != before->out_width())) {
      fail(fmt::format("its input {}x{}x{} is not the result {}x{}x{} of the layer before",
                       g.channels, g.height, g.width, before->filters, before->out_height(),
                       before->out_width()));
    }
    before = &g;
  }
}

Matrix forward(const TrainLayer& layer, const Matrix& x, LayerTrace* trace) {
  fix_product_order();
  Matrix patches = gather_patches(x, layer.geometry);
  Matrix y(patches.rows(), layer.geometry.filters);
  y.noalias() = patches * layer.weights.transpose();
  y.rowwise() += layer.bias.transpose();
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    y.data()[i] = std::min(std::max(y.data()[i], layer.low), layer.high);
  }
  if (trace != nullptr) *trace = {std::move(patches), y};
  return y;
}

Matrix backward(const TrainLayer& layer, const LayerTrace& trace, Matrix result_gradient,
                LayerGradient& gradient, bool wanted) {
  fix_product_order();
  Matrix& dy = result_gradient;
  for (Eigen::Index k = 0; k < dy.size(); ++k) {
    const float y = trace.result.data()[k];
    if (y <= layer.low || y >= layer.high) dy.data()[k] = 0.0F;
  }
  gradient.weights.noalias() = dy.transpose() * trace.patches;
  gradient.bias = dy.colwise().sum().transpose();
  if (!wanted) return {};
  Matrix patches(dy.rows(), layer.weights.cols());
  patches.noalias() = dy * layer.weights;
  return scatter_patches(patches, layer.geometry);
}

Matrix TrainNetwork::forward(const Matrix& images, std::vector<LayerTrace>* traces) const {
  if (traces != nullptr) traces->assign(layers.size(), {});
  Matrix x = images;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    x = sw::forward(layers[i], x, traces == nullptr ? nullptr : &(*traces)[i]);
  }
  return x;
}

std::vector<LayerGradient> TrainNetwork::backward(const std::vector<LayerTrace>& traces,
                                                  Matrix result_gradient) const {
  std::vector<LayerGradient> gradients(layers.size());
  for (std::size_t i = layers.size(); i-- > 0;) {
    result_gradient =
        sw::backward(layers[i], traces.at(i), std::move(result_gradient), gradients[i], i > 0);
  }
  return gradients;
}

}  // namespace s4::sw
