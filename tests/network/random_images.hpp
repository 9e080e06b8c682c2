// Random networks of convolutions, residuals, pools and a Gemm.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/network/random_network.hpp"

namespace s4::sw::test {

inline graph::ConvGeometry random_geometry(NetworkBuilder& b, const graph::Shape& x,
                                           std::array<std::int64_t, 2>& kernel) {
  graph::ConvGeometry g;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    kernel[axis] = b.pick(1, std::min<std::int64_t>(3, x[2 + axis]));
    g.pads[axis] = b.pick(0, kernel[axis] - 1);
    g.pads[axis + 2] = b.pick(0, kernel[axis] - 1);
    g.strides[axis] = b.chance(4) ? 2 : 1;
    const std::int64_t room = x[2 + axis] + g.pads[axis] + g.pads[axis + 2];
    g.dilations[axis] = b.chance(5) && room > 2 * (kernel[axis] - 1) ? 2 : 1;
  }
  return g;
}

/// Two to seven operators: chains, residuals, several readers of a tensor, pools, a Gemm at the
/// end. `count`: images, which change nothing else.
inline void random_network(NetworkBuilder& b, std::optional<std::int64_t> count = std::nullopt) {
  const std::int64_t drawn = b.pick(1, 4);
  const std::int64_t batch = count.value_or(drawn);
  const graph::Shape shape{batch, b.pick(1, 9), b.pick(3, 9), b.pick(3, 9)};
  std::vector<NetworkBuilder::Tensor> images{b.chance(2) ? b.input(shape) : b.float_input(shape)};
  const std::int64_t layers = b.pick(2, 7);
  for (std::int64_t i = 0; i < layers; ++i) {
    const NetworkBuilder::Tensor x = images[static_cast<std::size_t>(
        b.chance(3) ? b.pick(0, static_cast<std::int64_t>(images.size()) - 1)
                    : static_cast<std::int64_t>(images.size()) - 1)];
    const graph::Shape s = b.shape(x);
    if (i > 0 && b.chance(8) && s[2] > 1 && s[3] > 1) {
      images.push_back(b.max_pool(x));
      continue;
    }
    std::array<std::int64_t, 2> kernel{};
    graph::ConvGeometry g = random_geometry(b, s, kernel);
    std::int64_t filters = b.chance(3) ? b.pick(60, 140) : b.pick(1, 40);
    if (b.chance(5)) {  // depthwise
      g.groups = s[1];
      filters = s[1];
    }
    NetworkBuilder::Tensor y = b.conv(x, filters, kernel, g, b.chance(2) ? 1.0 : 0.2);
    // A sum with an earlier tensor of the same shape, or with another layer of the same input.
    for (const NetworkBuilder::Tensor& other : images) {
      if (b.shape(other) == b.shape(y) && b.chance(2)) {
        y = b.chance(2) ? b.add(y, other) : b.add(other, y);
        break;
      }
    }
    if (b.chance(4)) y = b.add(b.conv(x, filters, kernel, g), y);
    images.push_back(y);
  }
  NetworkBuilder::Tensor last = images.back();
  if (b.chance(3)) last = b.global_average(last);
  if (b.chance(2)) last = b.gemm(b.flatten(last), b.pick(1, 70), 0.5);
  if (b.chance(2)) {
    b.output(b.dequantize(last));
  } else {
    b.output(last.id);
  }
  if (images.size() > 2 && images[1].id != last.id) b.output(images[1].id);
}

}  // namespace s4::sw::test
