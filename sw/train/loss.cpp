#include "sw/train/loss.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace s4::sw {
namespace {

constexpr double kLog2 = 0.693147180559945309417;

}  // namespace

// Sums, products and std::ldexp, std::frexp are exactly defined; std::exp and std::log of the C
// library are not, and choose among versions by processor.
double repeatable_exp(double x) {
  x = std::clamp(x, -700.0, 700.0);
  const double power = std::nearbyint(x / kLog2);
  const double rest = x - power * kLog2;  // within 0.35
  double sum = 1.0;
  for (int i = 14; i > 0; --i) sum = 1.0 + sum * rest / i;
  return std::ldexp(sum, static_cast<int>(power));
}

double repeatable_log(double x) {
  if (!(x > 0.0)) throw std::invalid_argument("logarithm of a number that is not positive");
  int power = 0;
  double part = std::frexp(x, &power);  // 0.5 to 1
  // log(part) = 2 atanh(t)
  const double t = (part - 1.0) / (part + 1.0);
  double sum = 0.0;
  for (int i = 41; i > 0; i -= 2) sum = sum * t * t + 1.0 / i;
  return 2.0 * t * sum + power * kLog2;
}

Matrix softmax(const Matrix& scores, float temperature) {
  Matrix out(scores.rows(), scores.cols());
  for (Eigen::Index row = 0; row < scores.rows(); ++row) {
    double largest = scores(row, 0);
    for (Eigen::Index c = 1; c < scores.cols(); ++c) {
      largest = std::max(largest, static_cast<double>(scores(row, c)));
    }
    double sum = 0.0;
    for (Eigen::Index c = 0; c < scores.cols(); ++c) {
      const double value = repeatable_exp((scores(row, c) - largest) / temperature);
      out(row, c) = static_cast<float>(value);
      sum += value;
    }
    for (Eigen::Index c = 0; c < scores.cols(); ++c) {
      out(row, c) = static_cast<float>(out(row, c) / sum);
    }
  }
  return out;
}

Loss cross_entropy(const Matrix& scores, std::span<const std::uint8_t> labels) {
  if (static_cast<std::size_t>(scores.rows()) != labels.size() || labels.empty()) {
    throw std::invalid_argument("scores and labels differ in number");
  }
  Loss loss{0.0, softmax(scores)};
  const auto count = static_cast<double>(labels.size());
  for (Eigen::Index row = 0; row < scores.rows(); ++row) {
    const auto label = static_cast<Eigen::Index>(labels[static_cast<std::size_t>(row)]);
    if (label >= scores.cols()) throw std::invalid_argument("a label is no class");
    float& probability = loss.gradient(row, label);
    loss.value -= repeatable_log(std::max(static_cast<double>(probability), 1e-30)) / count;
    probability -= 1.0F;
  }
  loss.gradient /= static_cast<float>(count);
  return loss;
}

Loss distillation(const Matrix& scores, const Matrix& teacher, float temperature) {
  if (scores.rows() != teacher.rows() || scores.cols() != teacher.cols() || scores.rows() == 0) {
    throw std::invalid_argument("scores and the teacher's scores differ in shape");
  }
  const Matrix wanted = softmax(teacher, temperature);
  const Matrix given = softmax(scores, temperature);
  const auto count = static_cast<double>(scores.rows());
  Loss loss;
  for (Eigen::Index i = 0; i < given.size(); ++i) {
    const double p = std::max(static_cast<double>(wanted.data()[i]), 1e-30);
    const double q = std::max(static_cast<double>(given.data()[i]), 1e-30);
    loss.value += p * (repeatable_log(p) - repeatable_log(q)) * temperature * temperature / count;
  }
  loss.gradient = (given - wanted) * static_cast<float>(temperature / count);
  return loss;
}

}  // namespace s4::sw
