// What a transformer has besides products: LayerNormalization, attention and GELU, with gradients.
//
// Activations are matrices of one row per image and token. Sums of a row are made in double
// precision, in order; no function of the C library but the square root, which is exact.
#pragma once

#include <string>

#include "sw/train/matrix.hpp"

namespace s4::sw {

/// The error function to float accuracy, the same on every machine.
[[nodiscard]] double repeatable_erf(double x);

/// (x - mean) / sqrt(variance + epsilon) gamma + beta of every row.
struct TrainNorm {
  std::string name;
  Vector gamma;
  Vector beta;
  float epsilon = 1e-5F;
};
struct NormTrace {
  Matrix normal;   ///< before gamma and beta
  Vector inverse;  ///< 1 / sqrt(variance + epsilon) of every row
};
struct NormGradient {
  Vector gamma;
  Vector beta;
};
/// gamma 1, beta 0.
[[nodiscard]] TrainNorm unit_norm(const std::string& name, Eigen::Index width);
/// Throws std::invalid_argument if x has another width.
[[nodiscard]] Matrix forward(const TrainNorm& norm, const Matrix& x, NormTrace* trace = nullptr);
/// Returns the gradient by x.
[[nodiscard]] Matrix backward(const TrainNorm& norm, const NormTrace& trace, const Matrix& dy,
                              NormGradient& gradient);

/// One head: softmax(Q K' / sqrt(width)) V of every image by itself.
struct AttentionTrace {
  Matrix q, k, v;  ///< [images * tokens][width]
  Matrix weights;  ///< [images * tokens][tokens], the softmax
};
/// Throws std::invalid_argument if the operands differ in shape or are not whole images.
[[nodiscard]] Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v,
                               Eigen::Index tokens, AttentionTrace* trace = nullptr);
struct AttentionGradient {
  Matrix q, k, v;
};
[[nodiscard]] AttentionGradient attention_gradient(const AttentionTrace& trace, const Matrix& dy);

/// x/2 (1 + erf(x / sqrt 2)); into `slope`, if given, its derivative.
[[nodiscard]] Matrix gelu(const Matrix& x, Matrix* slope = nullptr);

}  // namespace s4::sw
