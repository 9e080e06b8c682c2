// Softmax and LayerNormalization of rows in double precision: what the row engine is measured by.
#pragma once
#include <span>
#include <vector>

namespace s4::ref {

/// e^x[i] / sum of e^x, with the maximum taken off first; ONNX Softmax of one row. NaN as IEEE 754
/// makes it: a row with NaN or +infinity, or of -infinity alone, is NaN throughout.
[[nodiscard]] std::vector<double> softmax_row(std::span<const double> x);

/// (x[i] - mean) / sqrt(variance + epsilon) * gamma[i] + beta[i]; the variance is that of the row
/// itself. gamma and beta have the length of x. ONNX LayerNormalization of one row.
[[nodiscard]] std::vector<double> layer_norm_row(std::span<const double> x,
                                                 std::span<const double> gamma,
                                                 std::span<const double> beta, double epsilon);

}  // namespace s4::ref
