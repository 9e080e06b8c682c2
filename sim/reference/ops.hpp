// Reference operators: what a layer means, tensor by tensor, with ONNX semantics.
//
// Written from the ONNX operator specification and from the number rules in
// docs/blocks/reference.md; shares no code with any other part of the project.
// Every function is pure. A wrong shape, scale or zero point throws std::invalid_argument whose
// text names the operator and the offending value. T is int8_t or uint8_t everywhere; input and
// output of an operator have the same T. Accumulators are int32 and wrap.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/reference/rounding.hpp"
#include "sim/reference/tensor.hpp"

namespace s4::ref {

/// Geometry of a 2-D convolution; the kernel size is taken from the weights.
struct QConvParams {
  std::array<int64_t, 4> pads{0, 0, 0, 0};  ///< rows above, columns left, rows below, columns right
  std::array<int64_t, 2> strides{1, 1};     ///< rows, columns; 1 or more
  std::array<int64_t, 2> dilations{1, 1};   ///< rows, columns; 1 or more
  int64_t groups = 1;                       ///< divides input and output channels
};

/// Geometry of a 2-D pooling.
struct PoolParams {
  std::array<int64_t, 2> kernel{1, 1};      ///< rows, columns
  std::array<int64_t, 4> pads{0, 0, 0, 0};  ///< top, left, bottom, right
  std::array<int64_t, 2> strides{1, 1};
  std::array<int64_t, 2> dilations{1, 1};
  bool ceil_mode = false;          ///< output size rounds up
  bool count_include_pad = false;  ///< average: padded pixels count, as real 0
};

/// Constant weights: symmetric int8, one scale or one per output channel.
struct QWeights {
  Tensor<int8_t> values;            ///< conv: [M, C/groups, R, S]; matmul: [K, N]
  std::vector<float> scale;         ///< 1, or M (conv) / N (matmul) values, all positive
  std::vector<int32_t> zero_point;  ///< empty, or 1 or M/N values; each other than 0 is an error
};

// ---- accumulators -------------------------------------------------------------------------------

/// [B,C,H,W] (*) [M,C/groups,R,S] -> [B,M,P,Q] with
/// P = (H + top + bottom - (dilation * (R - 1) + 1)) / stride + 1; padding is x_zp.
template <typename T>
[[nodiscard]] Tensor<int32_t> conv_integer(const Tensor<T>& x, int32_t x_zp,
                                           const Tensor<int8_t>& w, const QConvParams& params);

/// [..., M, K] x [K, N] -> [..., M, N]: sums of (a - a_zp) * b.
template <typename T>
[[nodiscard]] Tensor<int32_t> matmul_integer(const Tensor<T>& a, int32_t a_zp,
                                             const Tensor<int8_t>& b);

// ---- convolution and matrix product -------------------------------------------------------------

/// ONNX QLinearConv. `bias`: nullptr or [M], in units of x.scale * w.scale[m].
template <typename T>
[[nodiscard]] Tensor<T> qlinear_conv(const Tensor<T>& x, Quant x_quant, const QWeights& w,
                                     const Tensor<int32_t>* bias, Quant y_quant,
                                     const QConvParams& params,
                                     Rounding rounding = Rounding::kHalfEven);

/// ONNX QLinearMatMul with constant B; with `bias` ([N] or nullptr) the quantised Gemm.
template <typename T>
[[nodiscard]] Tensor<T> qlinear_matmul(const Tensor<T>& a, Quant a_quant, const QWeights& b,
                                       const Tensor<int32_t>* bias, Quant y_quant,
                                       Rounding rounding = Rounding::kHalfEven);

/// ONNX QLinearMatMul of two activations: [..., M, K] x [..., K, N], the leading dimensions equal.
/// Both may have a zero point.
template <typename T>
[[nodiscard]] Tensor<T> qlinear_matmul_dynamic(const Tensor<T>& a, Quant a_quant,
                                               const Tensor<T>& b, Quant b_quant, Quant y_quant,
                                               Rounding rounding = Rounding::kHalfEven);

// ---- elementwise --------------------------------------------------------------------------------

/// ONNX QuantizeLinear, one scale: sat(rne(x / scale) + zero_point).
template <typename T>
[[nodiscard]] Tensor<T> quantize_linear(const Tensor<float>& x, Quant y_quant,
                                        Rounding rounding = Rounding::kHalfEven);

/// ONNX DequantizeLinear, one scale: (x - zero_point) * scale.
template <typename T>
[[nodiscard]] Tensor<float> dequantize_linear(const Tensor<T>& x, Quant x_quant);

/// The float32 order of the quantised Add; ra = as / ys, rb = bs / ys. The two rules differ by one
/// at sums within a few units in the last place of a tie (2 to 3 in a million byte pairs).
enum class AddRule {
  /// sat(rne(((yz - (ra*az + rb*bz)) + a*ra) + b*rb)), every product and sum rounded.
  kSeparate,
  /// sat(rne(fma(a, ra, fma(b, rb, yz - fma(ra, az, rb*bz))))): ONNX Runtime on a processor with
  /// AVX2. a and b change places if a is broadcast along the innermost dimension.
  kFused,
};
/// The rule of the chip.
inline constexpr AddRule kAddRule = AddRule::kSeparate;

/// Quantised Add. Shapes are equal, or broadcast by the ONNX rules.
template <typename T>
[[nodiscard]] Tensor<T> qlinear_add(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b,
                                    Quant b_quant, Quant y_quant,
                                    Rounding rounding = Rounding::kHalfEven,
                                    AddRule rule = kAddRule);

/// Quantised Mul, shapes as in qlinear_add: sat(rne(p * (as*bs/ys) + yz)), p = (a - az) * (b - bz).
template <typename T>
[[nodiscard]] Tensor<T> qlinear_mul(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b,
                                    Quant b_quant, Quant y_quant,
                                    Rounding rounding = Rounding::kHalfEven);

/// Sub between DequantizeLinear and QuantizeLinear, in float32:
/// sat(rne((-(ra * az - rb * bz) + a * ra) - b * rb) + yz), ra = as / ys, rb = bs / ys.
template <typename T>
[[nodiscard]] Tensor<T> qlinear_sub(const Tensor<T>& a, Quant a_quant, const Tensor<T>& b,
                                    Quant b_quant, Quant y_quant,
                                    Rounding rounding = Rounding::kHalfEven);

/// The larger of the bytes of two tensors of one scale and zero point.
template <typename T>
[[nodiscard]] Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b);

/// Quantised Clip: quantize(clip(dequantize(x), low, high)); low, high are real values.
template <typename T>
[[nodiscard]] Tensor<T> qlinear_clip(const Tensor<T>& x, Quant x_quant, float low, float high,
                                     Quant y_quant, Rounding rounding = Rounding::kHalfEven);

/// Quantised Relu: quantize(max(dequantize(x), 0)).
template <typename T>
[[nodiscard]] Tensor<T> qlinear_relu(const Tensor<T>& x, Quant x_quant, Quant y_quant,
                                     Rounding rounding = Rounding::kHalfEven);

/// min(max(x, range.low), range.high) on the quantised values themselves.
template <typename T>
[[nodiscard]] Tensor<T> clamp_quantized(const Tensor<T>& x, Range range);

// ---- pooling ------------------------------------------------------------------------------------

/// ONNX MaxPool on quantised values: padding never wins; scale and zero point pass through.
template <typename T>
[[nodiscard]] Tensor<T> max_pool(const Tensor<T>& x, const PoolParams& params);

/// Quantised AveragePool: the float32 mean of dequantised values in row-major order, quantised.
template <typename T>
[[nodiscard]] Tensor<T> qlinear_average_pool(const Tensor<T>& x, Quant x_quant, Quant y_quant,
                                             const PoolParams& params,
                                             Rounding rounding = Rounding::kHalfEven);

/// Quantised GlobalAveragePool, [B,C,H,W] -> [B,C,1,1]: integer sum, one requantisation by
/// x.scale / (y.scale * H * W).
template <typename T>
[[nodiscard]] Tensor<T> qlinear_global_average_pool(const Tensor<T>& x, Quant x_quant,
                                                    Quant y_quant,
                                                    Rounding rounding = Rounding::kHalfEven);

// ---- fused layer --------------------------------------------------------------------------------

/// What a fused layer does with its second operand; the names are those of ONNX.
enum class FusedUse { kAdd, kSub, kMul, kMax };

/// Second operand of a fused layer: y = qlinear_add(conv result, *tensor), or as `use` says.
template <typename T>
struct FusedAdd {
  const Tensor<T>* tensor = nullptr;  ///< same shape as the convolution's result
  Quant quant;                        ///< of *tensor
  Quant y_quant;                      ///< of the sum
  AddRule rule = kAddRule;
  FusedUse use = FusedUse::kAdd;
};

/// What follows the accumulators of a fused convolution or matrix product, in this order:
/// bias, requantise to `y_quant`, clamp to `range`, optional second operand, clamp to `add_range`.
template <typename T>
struct Epilogue {
  const Tensor<int32_t>* bias = nullptr;  ///< [M] or [N]
  Quant y_quant;                          ///< of the convolution's own result
  Range range = full_range<T>();          ///< after requantisation
  std::optional<FusedAdd<T>> add;
  Range add_range = full_range<T>();  ///< after the second operand
};

/// qlinear_conv, clamp_quantized, qlinear_add, clamp_quantized.
template <typename T>
[[nodiscard]] Tensor<T> conv_requant(const Tensor<T>& x, Quant x_quant, const QWeights& w,
                                     const Epilogue<T>& epilogue, const QConvParams& params,
                                     Rounding rounding = Rounding::kHalfEven);

/// qlinear_matmul, clamp_quantized, qlinear_add, clamp_quantized.
template <typename T>
[[nodiscard]] Tensor<T> matmul_requant(const Tensor<T>& a, Quant a_quant, const QWeights& b,
                                       const Epilogue<T>& epilogue,
                                       Rounding rounding = Rounding::kHalfEven);

}  // namespace s4::ref
