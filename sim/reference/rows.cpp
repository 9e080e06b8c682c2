// Row operators in double precision.
#include "sim/reference/rows.hpp"

#include <cmath>
#include <limits>

#include "sim/reference/check.hpp"

namespace s4::ref {

std::vector<double> softmax_row(std::span<const double> x) {
  require(!x.empty(), "Softmax", "a row has no elements");
  double most = x[0];
  bool no_number = false;
  for (const double value : x) {
    most = std::fmax(most, value);
    no_number = no_number || std::isnan(value);
  }
  std::vector<double> y(x.size());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += y[i] = std::exp(x[i] - most);
  for (double& value : y) {
    value = no_number ? std::numeric_limits<double>::quiet_NaN() : value / sum;
  }
  return y;
}

std::vector<double> layer_norm_row(std::span<const double> x, std::span<const double> gamma,
                                   std::span<const double> beta, double epsilon) {
  require(!x.empty(), "LayerNormalization", "a row has no elements");
  require(gamma.size() == x.size() && beta.size() == x.size(), "LayerNormalization",
          "gamma, beta and the row differ in length");
  const auto count = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (const double value : x) mean += value / count;
  for (const double value : x) variance += (value - mean) * (value - mean) / count;
  const double deviation = std::sqrt(variance + epsilon);
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = (x[i] - mean) / deviation * gamma[i] + beta[i];
  }
  return y;
}

}  // namespace s4::ref
