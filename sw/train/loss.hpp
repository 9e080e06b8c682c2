// What training makes small.
#pragma once

#include <cstdint>
#include <span>

#include "sw/train/matrix.hpp"

namespace s4::sw {

/// e^x to the last bits of float, the same on every machine (that of the C library is not).
[[nodiscard]] double repeatable_exp(double x);
[[nodiscard]] double repeatable_log(double x);

/// Every row to probabilities: e^(x / temperature) over their sum.
[[nodiscard]] Matrix softmax(const Matrix& scores, float temperature = 1.0F);

struct Loss {
  double value = 0.0;  ///< mean over the rows
  Matrix gradient;     ///< by the scores
};

/// Cross-entropy of the scores [n][classes] with labels. Throws std::invalid_argument if counts
/// differ or a label is no class.
[[nodiscard]] Loss cross_entropy(const Matrix& scores, std::span<const std::uint8_t> labels);

/// Cross-entropy with the teacher's probabilities at a temperature, less the teacher's entropy (so
/// that equal scores give 0), times temperature squared.
[[nodiscard]] Loss distillation(const Matrix& scores, const Matrix& teacher, float temperature);

}  // namespace s4::sw
