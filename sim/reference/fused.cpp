// Fused layers, composed of the single operators.
#include "sim/reference/check.hpp"
#include "sim/reference/ops.hpp"

namespace s4::ref {
namespace {

/// What follows the requantisation: clamp, add, clamp.
template <typename T>
Tensor<T> finish(const Tensor<T>& result, const Epilogue<T>& epilogue, Rounding rounding) {
  Tensor<T> y = clamp_quantized(result, epilogue.range);
  if (!epilogue.add) return y;
  const FusedAdd<T>& add = *epilogue.add;
  require(add.tensor != nullptr && add.tensor->shape == y.shape, "fused add",
          "second operand is missing or not of shape " + to_string(y.shape));
  switch (add.use) {
    case FusedUse::kAdd:
      y = qlinear_add(y, epilogue.y_quant, *add.tensor, add.quant, add.y_quant, rounding, add.rule);
      break;
    case FusedUse::kSub:
      y = qlinear_sub(y, epilogue.y_quant, *add.tensor, add.quant, add.y_quant, rounding);
      break;
    case FusedUse::kMul:
      y = qlinear_mul(y, epilogue.y_quant, *add.tensor, add.quant, add.y_quant, rounding);
      break;
    case FusedUse::kMax:
      y = maximum(y, *add.tensor);
      break;
  }
  return clamp_quantized(y, epilogue.add_range);
}

}  // namespace

template <typename T>
Tensor<T> conv_requant(const Tensor<T>& x, Quant x_quant, const QWeights& w,
                       const Epilogue<T>& epilogue, const QConvParams& params, Rounding rounding) {
  return finish(qlinear_conv(x, x_quant, w, epilogue.bias, epilogue.y_quant, params, rounding),
                epilogue, rounding);
}

template <typename T>
Tensor<T> matmul_requant(const Tensor<T>& a, Quant a_quant, const QWeights& b,
                         const Epilogue<T>& epilogue, Rounding rounding) {
  return finish(qlinear_matmul(a, a_quant, b, epilogue.bias, epilogue.y_quant, rounding), epilogue,
                rounding);
}

#define S4_REF_INSTANTIATE(T)                                                                     \
  template Tensor<T> conv_requant(const Tensor<T>&, Quant, const QWeights&, const Epilogue<T>&,   \
                                  const QConvParams&, Rounding);                                  \
  template Tensor<T> matmul_requant(const Tensor<T>&, Quant, const QWeights&, const Epilogue<T>&, \
                                    Rounding);
S4_REF_INSTANTIATE(int8_t)
S4_REF_INSTANTIATE(uint8_t)
#undef S4_REF_INSTANTIATE

}  // namespace s4::ref
