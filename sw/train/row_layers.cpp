#include "sw/train/row_layers.hpp"

#include <cmath>
#include <stdexcept>

#include "sw/train/loss.hpp"

namespace s4::sw {
namespace {

constexpr double kTwoBySqrtPi = 1.12837916709551257390;
constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kDensity = 0.39894228040143267794;  // 1 / sqrt(2 pi)
/// erf is 1 to the last bit of a double beyond.
constexpr double kErfEnd = 6.0;

float attention_scale(Eigen::Index width) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(width)));
}

}  // namespace

// exp(-x^2) times a series of positive terms, which loses no digits to cancellation.
double repeatable_erf(double x) {
  if (!(std::fabs(x) < kErfEnd)) return x > 0 ? 1.0 : -1.0;
  const double square = 2.0 * x * x;
  double term = x;
  double sum = x;
  for (int odd = 3; std::fabs(term) > 1e-17 * std::fabs(sum); odd += 2) {
    term *= square / odd;
    sum += term;
  }
  return kTwoBySqrtPi * repeatable_exp(-x * x) * sum;
}

TrainNorm unit_norm(const std::string& name, Eigen::Index width) {
  return {name, Vector::Ones(width), Vector::Zero(width)};
}

Matrix forward(const TrainNorm& norm, const Matrix& x, NormTrace* trace) {
  const Eigen::Index width = x.cols();
  if (norm.gamma.size() != width || norm.beta.size() != width || width == 0) {
    throw std::invalid_argument("normalisation '" + norm.name + "' has another width");
  }
  Matrix normal(x.rows(), width);
  Vector inverse(x.rows());
  Matrix y(x.rows(), width);
  for (Eigen::Index row = 0; row < x.rows(); ++row) {
    double sum = 0.0;
    for (Eigen::Index c = 0; c < width; ++c) sum += x(row, c);
    const double mean = sum / static_cast<double>(width);
    double squares = 0.0;
    for (Eigen::Index c = 0; c < width; ++c) squares += (x(row, c) - mean) * (x(row, c) - mean);
    const double root = 1.0 / std::sqrt(squares / static_cast<double>(width) + norm.epsilon);
    inverse[row] = static_cast<float>(root);
    for (Eigen::Index c = 0; c < width; ++c) {
      normal(row, c) = static_cast<float>((x(row, c) - mean) * root);
      y(row, c) = normal(row, c) * norm.gamma[c] + norm.beta[c];
    }
  }
  if (trace != nullptr) *trace = {std::move(normal), std::move(inverse)};
  return y;
}

Matrix backward(const TrainNorm& norm, const NormTrace& trace, const Matrix& dy,
                NormGradient& gradient) {
  const Matrix& normal = trace.normal;
  const Eigen::Index width = normal.cols();
  gradient = {Vector::Zero(width), Vector::Zero(width)};
  Matrix dx(dy.rows(), width);
  for (Eigen::Index row = 0; row < dy.rows(); ++row) {
    double sum = 0.0;
    double product = 0.0;
    for (Eigen::Index c = 0; c < width; ++c) {
      const float g = dy(row, c);
      gradient.gamma[c] += g * normal(row, c);
      gradient.beta[c] += g;
      const double by_normal = static_cast<double>(g) * norm.gamma[c];
      sum += by_normal;
      product += by_normal * normal(row, c);
    }
    sum /= static_cast<double>(width);
    product /= static_cast<double>(width);
    // Without what moves the mean and what changes the variance.
    for (Eigen::Index c = 0; c < width; ++c) {
      const double by_normal = static_cast<double>(dy(row, c)) * norm.gamma[c];
      dx(row, c) =
          static_cast<float>((by_normal - sum - normal(row, c) * product) * trace.inverse[row]);
    }
  }
  return dx;
}

Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v, Eigen::Index tokens,
                 AttentionTrace* trace) {
  fix_product_order();
  if (tokens < 1 || q.rows() % tokens != 0 || k.rows() != q.rows() || v.rows() != q.rows() ||
      k.cols() != q.cols() || q.cols() == 0) {
    throw std::invalid_argument("the operands of an attention differ in shape");
  }
  Matrix weights(q.rows(), tokens);
  Matrix y(q.rows(), v.cols());
  for (Eigen::Index at = 0; at < q.rows(); at += tokens) {
    weights.middleRows(at, tokens).noalias() =
        q.middleRows(at, tokens) * k.middleRows(at, tokens).transpose();
  }
  weights = softmax(weights * attention_scale(q.cols()));
  for (Eigen::Index at = 0; at < q.rows(); at += tokens) {
    y.middleRows(at, tokens).noalias() = weights.middleRows(at, tokens) * v.middleRows(at, tokens);
  }
  if (trace != nullptr) *trace = {q, k, v, std::move(weights)};
  return y;
}

AttentionGradient attention_gradient(const AttentionTrace& trace, const Matrix& dy) {
  fix_product_order();
  const Eigen::Index tokens = trace.weights.cols();
  const float scale = attention_scale(trace.q.cols());
  AttentionGradient d{Matrix(trace.q.rows(), trace.q.cols()),
                      Matrix(trace.k.rows(), trace.k.cols()),
                      Matrix(trace.v.rows(), trace.v.cols())};
  Matrix by_scores(tokens, tokens);
  for (Eigen::Index at = 0; at < dy.rows(); at += tokens) {
    const Matrix weights = trace.weights.middleRows(at, tokens);
    d.v.middleRows(at, tokens).noalias() = weights.transpose() * dy.middleRows(at, tokens);
    by_scores.noalias() = dy.middleRows(at, tokens) * trace.v.middleRows(at, tokens).transpose();
    for (Eigen::Index row = 0; row < tokens; ++row) {
      double mean = 0.0;
      for (Eigen::Index c = 0; c < tokens; ++c) mean += by_scores(row, c) * weights(row, c);
      for (Eigen::Index c = 0; c < tokens; ++c) {
        by_scores(row, c) =
            static_cast<float>((by_scores(row, c) - mean) * weights(row, c) * scale);
      }
    }
    d.q.middleRows(at, tokens).noalias() = by_scores * trace.k.middleRows(at, tokens);
    d.k.middleRows(at, tokens).noalias() = by_scores.transpose() * trace.q.middleRows(at, tokens);
  }
  return d;
}

Matrix gelu(const Matrix& x, Matrix* slope) {
  Matrix y(x.rows(), x.cols());
  if (slope != nullptr) slope->resize(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const double value = x.data()[i];
    const double share = 0.5 * (1.0 + repeatable_erf(value * kSqrtHalf));
    y.data()[i] = static_cast<float>(value * share);
    if (slope == nullptr) continue;
    const double density = kDensity * repeatable_exp(-0.5 * value * value);
    slope->data()[i] = static_cast<float>(share + value * density);
  }
  return y;
}

}  // namespace s4::sw
