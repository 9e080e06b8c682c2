// Pooling on quantised tensors and BF16, [B,C,H,W].
#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/reference/bfloat16.hpp"
#include "sim/reference/check.hpp"
#include "sim/reference/ops.hpp"

namespace s4::ref {
namespace {

/// Output size of one axis, by the ONNX rules; a window that would start in the padding after the
/// image is left out.
int64_t pooled_size(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t dilation,
                    int64_t stride, bool ceil_mode) {
  const int64_t room = in + before + after - (dilation * (kernel - 1) + 1);
  if (room < 0) return 0;
  int64_t size = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (size - 1) * stride >= in + before) --size;
  return size;
}

void require_pool(const Shape& shape, const PoolParams& params, const char* op) {
  require(shape.size() == 4, op, "input of shape " + to_string(shape) + " is not [B,C,H,W]");
  for (size_t axis = 0; axis < 2; ++axis) {
    require(params.kernel[axis] >= 1, op, "kernel below 1");
    require(params.strides[axis] >= 1, op, "stride below 1");
    require(params.dilations[axis] >= 1, op, "dilation below 1");
    const int64_t reach = params.dilations[axis] * (params.kernel[axis] - 1) + 1;
    for (const size_t side : {axis, axis + 2}) {
      require(params.pads[side] >= 0 && params.pads[side] < reach, op,
              "padding " + std::to_string(params.pads[side]) + " does not fit the kernel");
    }
  }
}

/// Calls window(output index, list of the input indices inside the image, in row-major order).
template <typename F>
void for_each_window(const Shape& in, const Shape& out, const PoolParams& params, F window) {
  std::vector<int64_t> inside;
  const int64_t height = in[2], width = in[3];
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    for (int64_t p = 0; p < out[2]; ++p) {
      for (int64_t q = 0; q < out[3]; ++q) {
        inside.clear();
        for (int64_t r = 0; r < params.kernel[0]; ++r) {
          for (int64_t s = 0; s < params.kernel[1]; ++s) {
            const int64_t row = p * params.strides[0] - params.pads[0] + r * params.dilations[0];
            const int64_t column = q * params.strides[1] - params.pads[1] + s * params.dilations[1];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            inside.push_back((plane * height + row) * width + column);
          }
        }
        window((plane * out[2] + p) * out[3] + q, inside);
      }
    }
  }
}

Shape pooled_shape(const Shape& in, const PoolParams& params) {
  return {in[0], in[1],
          pooled_size(in[2], params.pads[0], params.pads[2], params.kernel[0], params.dilations[0],
                      params.strides[0], params.ceil_mode),
          pooled_size(in[3], params.pads[1], params.pads[3], params.kernel[1], params.dilations[1],
                      params.strides[1], params.ceil_mode)};
}

}  // namespace

template <typename T>
Tensor<T> max_pool(const Tensor<T>& x, const PoolParams& params) {
  require_pool(x.shape, params, "MaxPool");
  Tensor<T> y(pooled_shape(x.shape, params));
  for_each_window(x.shape, y.shape, params, [&](int64_t out, const std::vector<int64_t>& inside) {
    T best = std::numeric_limits<T>::min();
    for (const int64_t i : inside) best = std::max(best, x[i]);
    y[out] = best;
  });
  return y;
}

Tensor<std::uint16_t> max_pool_bfloat16(const Tensor<std::uint16_t>& x, const PoolParams& params) {
  require_pool(x.shape, params, "MaxPool");
  // Not from_bfloat16(), which makes subnormal numbers zeros.
  const auto real = [&x](int64_t i) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(x[i]) << 16);
  };
  Tensor<std::uint16_t> y(pooled_shape(x.shape, params));
  for_each_window(x.shape, y.shape, params, [&](int64_t out, const std::vector<int64_t>& inside) {
    float best = -INFINITY;
    for (const int64_t i : inside) {
      const bool above = real(i) > best || (real(i) == best && !std::signbit(real(i)));
      if (std::isnan(real(i)) || (above && !std::isnan(best))) best = real(i);
    }
    y[out] = std::isnan(best)
                 ? std::uint16_t{0x7FC0}
                 : static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(best) >> 16);
  });
  return y;
}

template <typename T>
Tensor<T> qlinear_average_pool(const Tensor<T>& x, Quant x_quant, Quant y_quant,
                               const PoolParams& params, Rounding rounding) {
  constexpr const char* kOp = "QLinearAveragePool";
  require_quant<T>(x_quant, kOp, "x");
  require_quant<T>(y_quant, kOp, "y");
  require_pool(x.shape, params, kOp);
  require(params.dilations == std::array<int64_t, 2>{1, 1}, kOp, "dilation is not supported");
  Tensor<T> y(pooled_shape(x.shape, params));
  for_each_window(x.shape, y.shape, params, [&](int64_t out, const std::vector<int64_t>& inside) {
    float sum = 0.0F;
    for (const int64_t i : inside) {
      const float real = x_quant.scale * static_cast<float>(x[i] - x_quant.zero_point);
      sum += real;
    }
    const int64_t count = params.count_include_pad ? params.kernel[0] * params.kernel[1]
                                                   : static_cast<int64_t>(inside.size());
    const float mean = sum / static_cast<float>(count);
    const float scaled = mean / y_quant.scale;
    const float value = scaled + static_cast<float>(y_quant.zero_point);
    y[out] = static_cast<T>(round_and_saturate(value, 0, full_range<T>(), rounding));
  });
  return y;
}

template <typename T>
Tensor<T> qlinear_global_average_pool(const Tensor<T>& x, Quant x_quant, Quant y_quant,
                                      Rounding rounding) {
  constexpr const char* kOp = "QLinearGlobalAveragePool";
  require_quant<T>(x_quant, kOp, "x");
  require_quant<T>(y_quant, kOp, "y");
  require(x.rank() == 4, kOp, "input of shape " + to_string(x.shape) + " is not [B,C,H,W]");
  const int64_t pixels = x.dim(2) * x.dim(3);
  require(pixels > 0 && pixels < 1 << 23, kOp, "image of shape " + to_string(x.shape));
  const float divisor = y_quant.scale * static_cast<float>(pixels);
  const float scale = x_quant.scale / divisor;
  require(std::isfinite(scale), kOp, "x_scale / (y_scale * H * W) overflows float32");
  const Range range = full_range<T>();
  Tensor<T> y({x.dim(0), x.dim(1), 1, 1});
  for (int64_t plane = 0; plane < y.size(); ++plane) {
    int32_t sum = 0;
    for (int64_t i = 0; i < pixels; ++i) sum += x[plane * pixels + i] - x_quant.zero_point;
    y[plane] = static_cast<T>(
        requantize(sum, 0, scale, y_quant.zero_point, range.low, range.high, rounding));
  }
  return y;
}

#define S4_REF_INSTANTIATE(T)                                                                \
  template Tensor<T> max_pool(const Tensor<T>&, const PoolParams&);                          \
  template Tensor<T> qlinear_average_pool(const Tensor<T>&, Quant, Quant, const PoolParams&, \
                                          Rounding);                                         \
  template Tensor<T> qlinear_global_average_pool(const Tensor<T>&, Quant, Quant, Rounding);
S4_REF_INSTANTIATE(int8_t)
S4_REF_INSTANTIATE(uint8_t)
#undef S4_REF_INSTANTIATE

}  // namespace s4::ref
