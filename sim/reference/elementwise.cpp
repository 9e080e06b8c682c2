// Elementwise operators on quantised tensors.
#include <algorithm>
#include <cmath>

#include "sim/reference/check.hpp"
#include "sim/reference/ops.hpp"

namespace s4::ref {
namespace {

/// The ONNX broadcast of two shapes: aligned at the right, a dimension of 1 repeats.
Shape broadcast_shape(const Shape& a, const Shape& b, const char* op) {
  Shape shape(std::max(a.size(), b.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    require(da == db || da == 1 || db == 1, op,
            "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
    shape[shape.size() - 1 - i] = da == 1 ? db : da;
  }
  return shape;
}

/// Flat index into a tensor of shape `from` of element `flat` of the broadcast shape `to`.
int64_t broadcast_index(int64_t flat, const Shape& to, const Shape& from) {
  int64_t index = 0, stride = 1;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t size = to[to.size() - 1 - i], own = from[from.size() - 1 - i];
    if (own != 1) index += flat % size * stride;
    stride *= own;
    flat /= size;
  }
  return index;
}

/// True if `shape` is broadcast along the innermost dimension in which the result with `other` has
/// more than one element.
bool repeats_innermost(const Shape& shape, const Shape& other) {
  for (size_t i = 0; i < std::max(shape.size(), other.size()); ++i) {
    const int64_t own = i < shape.size() ? shape[shape.size() - 1 - i] : 1;
    const int64_t its = i < other.size() ? other[other.size() - 1 - i] : 1;
    if (own != 1 || its != 1) return own == 1;
  }
  return false;
}

/// y[i] = f(a[i], b[i]) over the broadcast shape.
template <typename T, typename F>
Tensor<T> combine(const Tensor<T>& a, const Tensor<T>& b, const char* op, F f) {
  Tensor<T> y(broadcast_shape(a.shape, b.shape, op));
  const bool same_a = a.shape == y.shape, same_b = b.shape == y.shape;
  for (int64_t i = 0; i < y.size(); ++i) {
    const int64_t ia = same_a ? i : broadcast_index(i, y.shape, a.shape);
    const int64_t ib = same_b ? i : broadcast_index(i, y.shape, b.shape);
    y[i] = static_cast<T>(f(a[ia], b[ib]));
  }
  return y;
}

template <typename T>
Tensor<T> add_fused(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b, Quant b_quant,
                    Quant y_quant, Rounding rounding, const char* op) {
  const float ratio_a = a_quant.scale / y_quant.scale;
  const float ratio_b = b_quant.scale / y_quant.scale;
  const float offset_b = ratio_b * static_cast<float>(b_quant.zero_point);
  const float offsets = std::fma(ratio_a, static_cast<float>(a_quant.zero_point), offset_b);
  const float start = static_cast<float>(y_quant.zero_point) - offsets;
  return combine(a, b, op, [&](T va, T vb) {
    const float partial = std::fma(static_cast<float>(vb), ratio_b, start);
    const float sum = std::fma(static_cast<float>(va), ratio_a, partial);
    return round_and_saturate(sum, 0, full_range<T>(), rounding);
  });
}

template <typename T>
float dequantize(T x, const Quant& quant) {
  return static_cast<float>(x - quant.zero_point) * quant.scale;
}

template <typename T>
T quantize(float x, const Quant& quant, Rounding rounding) {
  return static_cast<T>(
      round_and_saturate(x / quant.scale, quant.zero_point, full_range<T>(), rounding));
}

}  // namespace

template <typename T>
Tensor<T> quantize_linear(const Tensor<float>& x, Quant y_quant, Rounding rounding) {
  require_quant<T>(y_quant, "QuantizeLinear", "y");
  Tensor<T> y(x.shape);
  for (int64_t i = 0; i < x.size(); ++i) y[i] = quantize<T>(x[i], y_quant, rounding);
  return y;
}

template <typename T>
Tensor<float> dequantize_linear(const Tensor<T>& x, Quant x_quant) {
  require_quant<T>(x_quant, "DequantizeLinear", "x");
  Tensor<float> y(x.shape);
  for (int64_t i = 0; i < x.size(); ++i) y[i] = dequantize(x[i], x_quant);
  return y;
}

template <typename T>
Tensor<T> qlinear_add(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b, Quant b_quant,
                      Quant y_quant, Rounding rounding, AddRule rule) {
  constexpr const char* kOp = "QLinearAdd";
  require_quant<T>(a_quant, kOp, "a");
  require_quant<T>(b_quant, kOp, "b");
  require_quant<T>(y_quant, kOp, "y");
  if (rule == AddRule::kFused && repeats_innermost(a.shape, b.shape)) {
    return add_fused(b, b_quant, a, a_quant, y_quant, rounding, kOp);
  }
  if (rule == AddRule::kFused) return add_fused(a, a_quant, b, b_quant, y_quant, rounding, kOp);
  const float ratio_a = a_quant.scale / y_quant.scale;
  const float ratio_b = b_quant.scale / y_quant.scale;
  // Each statement is one float32 rounding; their order is part of the rule.
  const float offset_a = ratio_a * static_cast<float>(a_quant.zero_point);
  const float offset_b = ratio_b * static_cast<float>(b_quant.zero_point);
  const float offsets = offset_a + offset_b;
  const float start = static_cast<float>(y_quant.zero_point) - offsets;
  return combine(a, b, kOp, [&](T va, T vb) {
    const float term_a = static_cast<float>(va) * ratio_a;
    const float term_b = static_cast<float>(vb) * ratio_b;
    const float partial = start + term_a;
    const float sum = partial + term_b;
    return round_and_saturate(sum, 0, full_range<T>(), rounding);
  });
}

template <typename T>
Tensor<T> qlinear_sub(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b, Quant b_quant,
                      Quant y_quant, Rounding rounding) {
  constexpr const char* kOp = "QLinearSub";
  require_quant<T>(a_quant, kOp, "a");
  require_quant<T>(b_quant, kOp, "b");
  require_quant<T>(y_quant, kOp, "y");
  const float ratio_a = a_quant.scale / y_quant.scale;
  const float ratio_b = b_quant.scale / y_quant.scale;
  const float offset_a = ratio_a * static_cast<float>(a_quant.zero_point);
  const float offset_b = ratio_b * static_cast<float>(b_quant.zero_point);
  const float start = 0.0F - (offset_a - offset_b);
  return combine(a, b, kOp, [&](T va, T vb) {
    const float scaled_a = static_cast<float>(va) * ratio_a;
    const float scaled_b = static_cast<float>(vb) * ratio_b;
    const float partial = start + scaled_a;
    return round_and_saturate(partial - scaled_b, y_quant.zero_point, full_range<T>(), rounding);
  });
}

template <typename T>
Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b) {
  return combine(a, b, "Max", [](T va, T vb) { return std::max(va, vb); });
}

template <typename T>
Tensor<T> qlinear_mul(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b, Quant b_quant,
                      Quant y_quant, Rounding rounding) {
  constexpr const char* kOp = "QLinearMul";
  require_quant<T>(a_quant, kOp, "a");
  require_quant<T>(b_quant, kOp, "b");
  require_quant<T>(y_quant, kOp, "y");
  const float ratio = requantize_scale(a_quant.scale, b_quant.scale, y_quant.scale);
  return combine(a, b, kOp, [&](T va, T vb) {
    const int32_t product = (va - a_quant.zero_point) * (vb - b_quant.zero_point);
    const float scaled = static_cast<float>(product) * ratio;
    const float value = scaled + static_cast<float>(y_quant.zero_point);
    return round_and_saturate(value, 0, full_range<T>(), rounding);
  });
}

template <typename T>
Tensor<T> qlinear_clip(const Tensor<T>& x, Quant x_quant, float low, float high, Quant y_quant,
                       Rounding rounding) {
  constexpr const char* kOp = "Clip";
  require_quant<T>(x_quant, kOp, "x");
  require_quant<T>(y_quant, kOp, "y");
  require(!std::isnan(low) && !std::isnan(high), kOp, "limit is not a number");
  Tensor<T> y(x.shape);
  for (int64_t i = 0; i < x.size(); ++i) {
    // ONNX: where low > high, the result is high.
    const float value = std::min(std::max(dequantize(x[i], x_quant), low), high);
    y[i] = quantize<T>(value, y_quant, rounding);
  }
  return y;
}

template <typename T>
Tensor<T> qlinear_relu(const Tensor<T>& x, Quant x_quant, Quant y_quant, Rounding rounding) {
  return qlinear_clip(x, x_quant, 0.0F, std::numeric_limits<float>::infinity(), y_quant, rounding);
}

template <typename T>
Tensor<T> clamp_quantized(const Tensor<T>& x, Range range) {
  const Range full = full_range<T>();
  require(range.low <= range.high && range.low >= full.low && range.high <= full.high, "clamp",
          "range " + std::to_string(range.low) + ".." + std::to_string(range.high));
  Tensor<T> y = x;
  for (T& value : y.data) {
    value = std::clamp(value, static_cast<T>(range.low), static_cast<T>(range.high));
  }
  return y;
}

#define S4_REF_INSTANTIATE(T)                                                              \
  template Tensor<T> quantize_linear(const Tensor<float>&, Quant, Rounding);               \
  template Tensor<float> dequantize_linear(const Tensor<T>&, Quant);                       \
  template Tensor<T> qlinear_add(const Tensor<T>&, Quant, const Tensor<T>&, Quant, Quant,  \
                                 Rounding, AddRule);                                       \
  template Tensor<T> qlinear_sub(const Tensor<T>&, Quant, const Tensor<T>&, Quant, Quant,  \
                                 Rounding);                                                \
  template Tensor<T> maximum(const Tensor<T>&, const Tensor<T>&);                          \
  template Tensor<T> qlinear_mul(const Tensor<T>&, Quant, const Tensor<T>&, Quant, Quant,  \
                                 Rounding);                                                \
  template Tensor<T> qlinear_clip(const Tensor<T>&, Quant, float, float, Quant, Rounding); \
  template Tensor<T> qlinear_relu(const Tensor<T>&, Quant, Quant, Rounding);               \
  template Tensor<T> clamp_quantized(const Tensor<T>&, Range);
S4_REF_INSTANTIATE(int8_t)
S4_REF_INSTANTIATE(uint8_t)
#undef S4_REF_INSTANTIATE

}  // namespace s4::ref
