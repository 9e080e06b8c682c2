// Convolution and matrix product: integer sums, then one requantisation per output channel.
#include <algorithm>
#include <array>

#include "sim/reference/check.hpp"
#include "sim/reference/ops.hpp"

namespace s4::ref {
namespace {

/// Pixels that are summed side by side. A constant, so that the inner loop vectorises.
constexpr int64_t kBlock = 64;
using Sums = std::array<int32_t, kBlock>;

/// sums[p] += weight * row[p], wrapping. Products fit: |x - zp| <= 255, |w| <= 128.
void multiply_add(Sums& sums, const int16_t* row, int16_t weight) {
  for (int64_t p = 0; p < kBlock; ++p) {
    const int32_t product = static_cast<int32_t>(row[p]) * weight;
    sums[p] = static_cast<int32_t>(static_cast<uint32_t>(sums[p]) + static_cast<uint32_t>(product));
  }
}

int64_t output_size(int64_t in, int64_t pads, int64_t kernel, int64_t dilation, int64_t stride) {
  const int64_t room = in + pads - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

void require_weights(const QWeights& w, size_t rank, int64_t channels, const char* op) {
  require(w.values.rank() == rank, op, "weights of shape " + to_string(w.values.shape));
  const auto fits = [&](size_t count) {
    return count == 1 || static_cast<int64_t>(count) == channels;
  };
  require(fits(w.scale.size()), op,
          std::to_string(w.scale.size()) + " weight scales for " + std::to_string(channels) +
              " channels");
  for (const float scale : w.scale) require_quant<int8_t>({scale, 0}, op, "weight");
  require(w.zero_point.empty() || fits(w.zero_point.size()), op,
          std::to_string(w.zero_point.size()) + " weight zero points for " +
              std::to_string(channels) + " channels");
  for (const int32_t zero_point : w.zero_point) {
    require(zero_point == 0, op,
            "weight zero point " + std::to_string(zero_point) +
                " is not supported: weights must be symmetric (zero point 0)");
  }
}

void require_bias(const Tensor<int32_t>* bias, int64_t channels, const char* op) {
  require(bias == nullptr || bias->shape == Shape{channels}, op,
          bias == nullptr ? "" : "bias of shape " + to_string(bias->shape));
}

/// Requantises sums laid out as [outer][channels][inner].
template <typename T>
Tensor<T> requantize_channels(const Tensor<int32_t>& sums, int64_t channels, int64_t inner,
                              float x_scale, const std::vector<float>& w_scale,
                              const Tensor<int32_t>* bias, Quant y_quant, Rounding rounding,
                              const char* op) {
  Tensor<T> y(sums.shape);
  const Range range = full_range<T>();
  std::vector<float> scales(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) {
    const float scale = requantize_scale(
        x_scale, w_scale[w_scale.size() == 1 ? 0 : static_cast<size_t>(c)], y_quant.scale);
    require(std::isfinite(scale), op, "x_scale * w_scale / y_scale overflows float32");
    scales[static_cast<size_t>(c)] = scale;
  }
  for (int64_t i = 0; i < sums.size(); ++i) {
    const int64_t c = i / inner % channels;
    y[i] = static_cast<T>(requantize(sums[i], bias != nullptr ? (*bias)[c] : 0,
                                     scales[static_cast<size_t>(c)], y_quant.zero_point, range.low,
                                     range.high, rounding));
  }
  return y;
}

}  // namespace

template <typename T>
Tensor<int32_t> conv_integer(const Tensor<T>& x, int32_t x_zp, const Tensor<int8_t>& w,
                             const QConvParams& params) {
  constexpr const char* kOp = "QLinearConv";
  require_quant<T>({1.0F, x_zp}, kOp, "x");
  require(x.rank() == 4, kOp, "input of shape " + to_string(x.shape) + " is not [B,C,H,W]");
  require(w.rank() == 4, kOp, "weights of shape " + to_string(w.shape) + " are not [M,C/g,R,S]");
  const int64_t batch = x.dim(0), channels = x.dim(1), height = x.dim(2), width = x.dim(3);
  const int64_t filters = w.dim(0), rows = w.dim(2), columns = w.dim(3);
  const int64_t groups = params.groups;
  require(groups >= 1 && channels % groups == 0 && filters % groups == 0, kOp,
          std::to_string(groups) + " groups for " + std::to_string(channels) + " and " +
              std::to_string(filters) + " channels");
  require(w.dim(1) == channels / groups, kOp,
          "weights " + to_string(w.shape) + " do not fit input " + to_string(x.shape));
  require(rows >= 1 && columns >= 1, kOp, "empty kernel " + to_string(w.shape));
  require(std::min(params.strides[0], params.strides[1]) >= 1, kOp, "stride below 1");
  require(std::min(params.dilations[0], params.dilations[1]) >= 1, kOp, "dilation below 1");
  require(*std::min_element(params.pads.begin(), params.pads.end()) >= 0, kOp, "negative padding");
  const int64_t out_rows = output_size(height, params.pads[0] + params.pads[2], rows,
                                       params.dilations[0], params.strides[0]);
  const int64_t out_columns = output_size(width, params.pads[1] + params.pads[3], columns,
                                          params.dilations[1], params.strides[1]);
  Tensor<int32_t> y({batch, filters, out_rows, out_columns});

  const int64_t group_channels = channels / groups, group_filters = filters / groups;
  const int64_t taps = group_channels * rows * columns;
  const int64_t pixels = out_rows * out_columns;
  // One block of pixels, unfolded: patch[tap][pixel] = x - x_zp, and 0 where there is padding.
  std::vector<int16_t> patch(static_cast<size_t>(taps * kBlock));
  for (int64_t image_group = 0; image_group < batch * groups; ++image_group) {
    const int64_t b = image_group / groups, g = image_group % groups;
    for (int64_t first = 0; first < pixels; first += kBlock) {
      const int64_t in_block = std::min(kBlock, pixels - first);
      std::fill(patch.begin(), patch.end(), int16_t{0});
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t c = g * group_channels + tap / (rows * columns);
        const int64_t r = tap / columns % rows, s = tap % columns;
        for (int64_t p = 0; p < in_block; ++p) {
          const int64_t out_y = (first + p) / out_columns, out_x = (first + p) % out_columns;
          const int64_t in_y = out_y * params.strides[0] - params.pads[0] + r * params.dilations[0];
          const int64_t in_x = out_x * params.strides[1] - params.pads[1] + s * params.dilations[1];
          if (in_y < 0 || in_y >= height || in_x < 0 || in_x >= width) continue;
          const T value = x[((b * channels + c) * height + in_y) * width + in_x];
          patch[static_cast<size_t>(tap * kBlock + p)] = static_cast<int16_t>(value - x_zp);
        }
      }
      for (int64_t m = g * group_filters; m < (g + 1) * group_filters; ++m) {
        Sums sums{};
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int8_t weight = w[m * taps + tap];
          if (weight != 0) multiply_add(sums, &patch[static_cast<size_t>(tap * kBlock)], weight);
        }
        std::copy_n(sums.begin(), in_block, &y[(b * filters + m) * pixels + first]);
      }
    }
  }
  return y;
}

template <typename T>
Tensor<int32_t> matmul_integer(const Tensor<T>& a, int32_t a_zp, const Tensor<int8_t>& b) {
  constexpr const char* kOp = "QLinearMatMul";
  require_quant<T>({1.0F, a_zp}, kOp, "a");
  require(a.rank() >= 2, kOp, "A of shape " + to_string(a.shape) + " is not [...,M,K]");
  require(b.rank() == 2, kOp, "B of shape " + to_string(b.shape) + " is not [K,N]");
  const int64_t depth = a.shape.back(), columns = b.dim(1);
  require(b.dim(0) == depth, kOp,
          "A " + to_string(a.shape) + " and B " + to_string(b.shape) + " do not fit");
  Shape shape = a.shape;
  shape.back() = columns;
  Tensor<int32_t> y(shape);
  const int64_t rows = depth == 0 ? 0 : a.size() / depth;
  // patch[k][row] = a - a_zp, as in the convolution: rows of A are the pixels.
  std::vector<int16_t> patch(static_cast<size_t>(depth * kBlock));
  for (int64_t first = 0; first < rows; first += kBlock) {
    const int64_t in_block = std::min(kBlock, rows - first);
    std::fill(patch.begin(), patch.end(), int16_t{0});
    for (int64_t k = 0; k < depth; ++k) {
      for (int64_t p = 0; p < in_block; ++p) {
        patch[static_cast<size_t>(k * kBlock + p)] =
            static_cast<int16_t>(a[(first + p) * depth + k] - a_zp);
      }
    }
    for (int64_t n = 0; n < columns; ++n) {
      Sums sums{};
      for (int64_t k = 0; k < depth; ++k) {
        const int8_t weight = b[k * columns + n];
        if (weight != 0) multiply_add(sums, &patch[static_cast<size_t>(k * kBlock)], weight);
      }
      for (int64_t p = 0; p < in_block; ++p) {
        y[(first + p) * columns + n] = sums[static_cast<size_t>(p)];
      }
    }
  }
  return y;
}

template <typename T>
Tensor<T> qlinear_conv(const Tensor<T>& x, Quant x_quant, const QWeights& w,
                       const Tensor<int32_t>* bias, Quant y_quant, const QConvParams& params,
                       Rounding rounding) {
  constexpr const char* kOp = "QLinearConv";
  require_quant<T>(x_quant, kOp, "x");
  require_quant<T>(y_quant, kOp, "y");
  require(w.values.rank() == 4, kOp, "weights of shape " + to_string(w.values.shape));
  const int64_t filters = w.values.dim(0);
  require_weights(w, 4, filters, kOp);
  require_bias(bias, filters, kOp);
  const Tensor<int32_t> sums = conv_integer(x, x_quant.zero_point, w.values, params);
  return requantize_channels<T>(sums, filters, sums.dim(2) * sums.dim(3), x_quant.scale, w.scale,
                                bias, y_quant, rounding, kOp);
}

template <typename T>
Tensor<T> qlinear_matmul(const Tensor<T>& a, Quant a_quant, const QWeights& b,
                         const Tensor<int32_t>* bias, Quant y_quant, Rounding rounding) {
  constexpr const char* kOp = "QLinearMatMul";
  require_quant<T>(a_quant, kOp, "a");
  require_quant<T>(y_quant, kOp, "y");
  require(b.values.rank() == 2, kOp, "B of shape " + to_string(b.values.shape) + " is not [K,N]");
  const int64_t columns = b.values.dim(1);
  require_weights(b, 2, columns, kOp);
  require_bias(bias, columns, kOp);
  const Tensor<int32_t> sums = matmul_integer(a, a_quant.zero_point, b.values);
  return requantize_channels<T>(sums, columns, 1, a_quant.scale, b.scale, bias, y_quant, rounding,
                                kOp);
}

template <typename T>
Tensor<T> qlinear_matmul_dynamic(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b,
                                 Quant b_quant, Quant y_quant, Rounding rounding) {
  constexpr const char* kOp = "QLinearMatMul";
  require_quant<T>(a_quant, kOp, "a");
  require_quant<T>(b_quant, kOp, "b");
  require_quant<T>(y_quant, kOp, "y");
  const size_t rank = a.rank();
  require(rank >= 2 && b.rank() == rank &&
              std::equal(a.shape.begin(), a.shape.end() - 2, b.shape.begin()) &&
              a.dim(rank - 1) == b.dim(rank - 2),
          kOp, "A " + to_string(a.shape) + " and B " + to_string(b.shape) + " do not fit");
  const int64_t rows = a.dim(rank - 2), depth = a.dim(rank - 1), columns = b.dim(rank - 1);
  Shape shape = a.shape;
  shape.back() = columns;
  Tensor<int32_t> sums(shape);
  const int64_t products = rows * columns == 0 ? 0 : sums.size() / (rows * columns);
  for (int64_t i = 0; i < products; ++i) {
    for (int64_t m = 0; m < rows; ++m) {
      for (int64_t n = 0; n < columns; ++n) {
        uint32_t sum = 0;
        for (int64_t k = 0; k < depth; ++k) {
          const int32_t left = a[(i * rows + m) * depth + k] - a_quant.zero_point;
          const int32_t right = b[(i * depth + k) * columns + n] - b_quant.zero_point;
          sum += static_cast<uint32_t>(left * right);
        }
        sums[(i * rows + m) * columns + n] = static_cast<int32_t>(sum);
      }
    }
  }
  return requantize_channels<T>(sums, 1, 1, a_quant.scale, {b_quant.scale}, nullptr, y_quant,
                                rounding, kOp);
}

#define S4_REF_INSTANTIATE(T)                                                                   \
  template Tensor<int32_t> conv_integer(const Tensor<T>&, int32_t, const Tensor<int8_t>&,       \
                                        const QConvParams&);                                    \
  template Tensor<int32_t> matmul_integer(const Tensor<T>&, int32_t, const Tensor<int8_t>&);    \
  template Tensor<T> qlinear_conv(const Tensor<T>&, Quant, const QWeights&,                     \
                                  const Tensor<int32_t>*, Quant, const QConvParams&, Rounding); \
  template Tensor<T> qlinear_matmul(const Tensor<T>&, Quant, const QWeights&,                   \
                                    const Tensor<int32_t>*, Quant, Rounding);                   \
  template Tensor<T> qlinear_matmul_dynamic(const Tensor<T>&, Quant, const Tensor<T>&, Quant,   \
                                            Quant, Rounding);
S4_REF_INSTANTIATE(int8_t)
S4_REF_INSTANTIATE(uint8_t)
#undef S4_REF_INSTANTIATE

}  // namespace s4::ref
