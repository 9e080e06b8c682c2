// Random networks of all that a subsystem computes: images, rows, and images that become rows.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/network/random_images.hpp"
#include "tests/network/random_network.hpp"

namespace s4::sw::test {

/// Two to eight layers on so many images, which change nothing else: convolutions, depthwise ones
/// too, sums, differences and products with earlier tensors, pools, functions, products with
/// weights and of two activations, softmax and LayerNorm; tensors that several layers read; sizes
/// from 1 on, mostly odd.
class RandomLayers {
 public:
  static void build(NetworkBuilder& b, std::int64_t images) { RandomLayers(b).run(images); }

 private:
  using Tensor = NetworkBuilder::Tensor;

  explicit RandomLayers(NetworkBuilder& b) : b_(b), left_(b.pick(2, 8)) {}

  void run(std::int64_t images) {
    const std::int64_t kind = b_.pick(0, 3);  // rows, images that become rows, twice images
    if (kind == 0) {
      add_input({images, b_.pick(1, 13), b_.chance(3) ? b_.pick(60, 130) : b_.pick(3, 40)});
    } else {
      add_input({images, b_.pick(1, 9), b_.pick(3, 9), b_.pick(3, 9)});
      // For a pool of whole images and what stands behind it.
      const std::int64_t behind = b_.chance(3) ? 0 : std::min(b_.pick(1, 3), left_ - 1);
      const std::int64_t kept = kind == 1 ? left_ / 2 : behind;
      while (left_ > kept) image_layer();
      if (left_ > 0) made_ = {to_rows(made_.back(), kind == 1)};
    }
    while (left_ > 0) rows_layer();
    const Tensor last = made_.back();
    b_.output(b_.chance(2) ? b_.dequantize(last) : last.id);
    if (made_.size() > 2 && made_[1].id != last.id && b_.chance(2)) b_.output(made_[1].id);
  }

  void add_input(const graph::Shape& shape) {
    made_ = {b_.chance(2) ? b_.input(shape) : b_.float_input(shape)};
  }

  void push(const Tensor& x, std::int64_t layers) {
    made_.push_back(x);
    left_ -= layers;
  }

  /// The last tensor, or an earlier one, which then has several readers.
  [[nodiscard]] Tensor source() {
    const auto newest = static_cast<std::int64_t>(made_.size()) - 1;
    return made_[static_cast<std::size_t>(b_.chance(3) ? b_.pick(0, newest) : newest)];
  }

  /// Another tensor of the same shape, if there is one.
  [[nodiscard]] const Tensor* like(const Tensor& x) const {
    for (const Tensor& other : made_) {
      if (other.id != x.id && b_.shape(other) == b_.shape(x)) return &other;
    }
    return nullptr;
  }

  [[nodiscard]] Tensor convolution(const Tensor& x) {
    std::array<std::int64_t, 2> kernel{};
    graph::ConvGeometry g = random_geometry(b_, b_.shape(x), kernel);
    std::int64_t filters = b_.chance(3) ? b_.pick(60, 130) : b_.pick(1, 40);
    if (b_.chance(5)) g.groups = filters = b_.shape(x)[1];  // depthwise
    return b_.conv(x, filters, kernel, g, b_.chance(2) ? 1.0 : 0.2);
  }

  void image_layer() {
    const Tensor x = source();
    const graph::Shape s = b_.shape(x);
    const std::int64_t kind = b_.pick(0, 7);
    if (kind == 0 && s[2] > 1 && s[3] > 1) return push(b_.max_pool(x), 1);
    if (kind == 1 && made_.size() > 1) return push(b_.function(x), 1);
    if (kind == 2 && left_ > 1) {  // a residual
      const graph::ConvGeometry same{{1, 1, 1, 1}, {1, 1}, {1, 1}, 1};
      return push(b_.combine(x, b_.conv(x, s[1], {3, 3}, same)), 2);
    }
    if (kind == 3 && left_ > 2) {  // two readers, and their sum
      std::array<std::int64_t, 2> kernel{};
      const graph::ConvGeometry g = random_geometry(b_, s, kernel);
      const std::int64_t filters = b_.pick(1, 70);
      return push(b_.combine(b_.conv(x, filters, kernel, g), b_.conv(x, filters, kernel, g, 0.2)),
                  3);
    }
    if (const Tensor* other = like(x); kind == 4 && other != nullptr) {
      return push(b_.combine(x, *other), 1);
    }
    push(convolution(x), 1);
  }

  /// Rows of pixels, or one row per image.
  [[nodiscard]] Tensor to_rows(const Tensor& x, bool pixels) {
    const graph::Shape s = b_.shape(x);
    if (pixels) return b_.reshape(x, {s[0], s[1], s[2] * s[3]});
    if (left_ < 2 || b_.chance(4)) return b_.flatten(x);
    --left_;
    return b_.flatten(b_.global_average(x));
  }

  void rows_layer() {
    const Tensor x = source();
    const std::int64_t columns = b_.chance(3) ? b_.pick(60, 130) : b_.pick(2, 40);
    const std::int64_t kind = b_.pick(0, 7);
    if (kind == 0) return push(b_.softmax(x), 1);
    if (kind == 1) return push(b_.layer_norm(x), 1);
    if (kind == 2 && made_.size() > 1) return push(b_.function(x), 1);
    if (kind <= 4 && left_ > 2 && b_.shape(x).size() == 3) {  // of two activations
      const Tensor other = b_.transpose(b_.gemm_operand(x, columns));
      return push(b_.product(b_.gemm(x, columns), other), 3);
    }
    if (const Tensor* other = like(x); kind == 5 && other != nullptr) {
      return push(b_.combine(x, *other), 1);
    }
    push(b_.gemm(x, columns, b_.chance(2) ? 1.0 : 0.3), 1);
  }

  NetworkBuilder& b_;
  std::vector<Tensor> made_;
  std::int64_t left_;  // layers
};

}  // namespace s4::sw::test
