#include "sw/graph/function_ops.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace s4::sw::graph {
namespace {

/// x g(x) with g from 0 to 1, for functions that vanish at minus infinity.
double gated(double x, double gate) { return std::isinf(x) && x < 0 ? -0.0 : x * gate; }

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

std::size_t element_count_of(const Shape& shape, std::size_t from, std::size_t to) {
  std::size_t count = 1;
  for (std::size_t i = from; i < to; ++i) count *= static_cast<std::size_t>(shape[i]);
  return count;
}

/// Distances from the mean of a row, and what they are divided by: the result does not depend on
/// the unit of the row if epsilon is given in its square.
void normalize(std::vector<double>& row, double epsilon) {
  double sum = 0.0;
  for (const double value : row) sum += value;
  const double mean = sum / static_cast<double>(row.size());
  double squares = 0.0;
  for (double& value : row) {
    value -= mean;
    squares += value * value;
  }
  const double divisor = std::sqrt(squares / static_cast<double>(row.size()) + epsilon);
  for (double& value : row) value /= divisor;
}

double affine(double value, const TensorData* gamma, const TensorData* beta, std::size_t i) {
  if (gamma != nullptr) value *= gamma->floats()[i];
  if (beta != nullptr) value += beta->floats()[i];
  return value;
}

const TensorData* optional_input(const std::vector<const TensorData*>& inputs, std::size_t i) {
  return i < inputs.size() ? inputs[i] : nullptr;
}

/// Sign of f(x) - y where y, in double, has reached a number that f only comes near: its asymptote,
/// or what it is close to 0. 0 elsewhere.
int residue(Function function, double x, double y) {
  const auto sign = [](double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; };
  if (!std::isfinite(x)) return 0;
  switch (function) {
    case Function::kGelu:
    case Function::kGeluTanh:
    case Function::kSilu:
      if (x > 0 && y == x) return -1;
      return x != 0 && y == x / 2 ? 1 : 0;
    case Function::kSigmoid:
      if (y == 1) return -1;
      return y == 0.5 ? sign(x) : 0;
    case Function::kTanh:
      return std::fabs(y) == 1 || y == x ? -sign(x) : 0;
    case Function::kErf:
      return std::fabs(y) == 1 ? -sign(x) : 0;
    case Function::kSoftplus:
      return x > 0 && y == x ? 1 : 0;
    case Function::kHardSwish:
      return x != 0 && y == x / 2 ? 1 : 0;
    case Function::kExp:
      return y == 1 ? sign(x) : 0;
    default:
      return 0;
  }
}

/// The byte of a real value; `rest` is the sign of what the value leaves out. Numbers halfway
/// between two bytes are exact in double, so that no quotient is rounded before the decision.
template <typename T>
T quantized(double value, const Quant& y, int rest = 0) {
  constexpr double kLow = std::numeric_limits<T>::min();
  constexpr double kHigh = std::numeric_limits<T>::max();
  if (std::isnan(value)) return static_cast<T>(y.zero);
  const double quotient = std::clamp(value / y.scale, -1000.0, 1000.0);
  const double below = std::floor(quotient);
  const double tie = (below + 0.5) * y.scale;
  const bool even = std::fmod(below, 2.0) == 0.0;
  const bool up = value > tie || (value == tie && (rest > 0 || (rest == 0 && !even)));
  return static_cast<T>(std::clamp(below + (up ? 1.0 : 0.0) + y.zero, kLow, kHigh));
}

/// Exact: 9 bits times 24.
template <typename T>
double real_of(T byte, const Quant& x) {
  return static_cast<double>(static_cast<std::int32_t>(byte) - x.zero) * x.scale;
}

template <typename T>
TensorData quantized_unary(const TensorData& x, const QFunctionAttributes& q) {
  std::array<T, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const auto byte = static_cast<T>(i);
    const double real = real_of(byte, q.x);
    const double result = apply_function(q.function, real);
    table[static_cast<std::uint8_t>(byte)] =
        quantized<T>(result, q.y, residue(q.function, real, result));
  }
  TensorData y = x;
  for (T& value : y.get<T>()) value = table[static_cast<std::uint8_t>(value)];
  return y;
}

template <typename T>
TensorData quantized_rows(const Node& node, const std::vector<const TensorData*>& inputs) {
  const auto& q = node.get<QRowAttributes>();
  TensorData y = *inputs[0];
  auto& bytes = y.get<T>();
  const auto columns = static_cast<std::size_t>(y.shape.back());
  std::vector<double> row(columns);
  for (std::size_t first = 0; first < bytes.size(); first += columns) {
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(first);
    if (node.op == Op::kQSoftmax) {
      const auto largest = static_cast<std::int32_t>(
          *std::max_element(from, from + static_cast<std::ptrdiff_t>(columns)));
      double sum = 0.0;
      for (std::size_t i = 0; i < columns; ++i) {
        row[i] = std::exp(static_cast<double>(from[static_cast<std::ptrdiff_t>(i)] - largest) *
                          q.x.scale);
        sum += row[i];
      }
      for (double& value : row) value /= sum;
    } else {
      // In units of scale / columns values, sum and mean are whole numbers, and exact.
      const auto count = static_cast<double>(columns);
      for (std::size_t i = 0; i < columns; ++i) {
        row[i] = static_cast<double>(from[static_cast<std::ptrdiff_t>(i)]) * count;
      }
      const double unit = q.x.scale / count;
      normalize(row, q.epsilon / unit / unit);
      for (std::size_t i = 0; i < columns; ++i) {
        row[i] = affine(row[i], optional_input(inputs, 1), optional_input(inputs, 2), i);
      }
    }
    for (std::size_t i = 0; i < columns; ++i) bytes[first + i] = quantized<T>(row[i], q.y);
  }
  return y;
}

template <typename T>
TensorData quantized_as(const Node& node, const std::vector<const TensorData*>& inputs) {
  if (node.op == Op::kQUnary) {
    return quantized_unary<T>(*inputs[0], node.get<QFunctionAttributes>());
  }
  return quantized_rows<T>(node, inputs);
}

}  // namespace

double apply_function(Function function, double x) {
  switch (function) {
    case Function::kGelu:
      return gated(x, 0.5 * std::erfc(-x / std::numbers::sqrt2));
    case Function::kGeluTanh:
      // 1/2 (1 + tanh u) = sigmoid(2 u), without cancellation.
      return gated(
          x, sigmoid(2.0 * std::sqrt(2.0 * std::numbers::inv_pi) * (x + 0.044715 * x * x * x)));
    case Function::kExp:
      return std::exp(x);
    case Function::kLog:
      return std::log(x);
    case Function::kReciprocal:
      return 1.0 / x;
    case Function::kRsqrt:
      // Of -0 it is -inf, as IEEE 754 has it.
      return 1.0 / std::sqrt(x);
    case Function::kSqrt:
      return std::sqrt(x);
    case Function::kSigmoid:
      return sigmoid(x);
    case Function::kTanh:
      return std::tanh(x);
    case Function::kSilu:
      return gated(x, sigmoid(x));
    case Function::kSoftplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
    case Function::kErf:
      return std::erf(x);
    case Function::kHardSwish:
      // The division last: multiples of the scales that are ties stay exact.
      return gated(x, std::clamp(x + 3.0, 0.0, 6.0)) / 6.0;
  }
  throw GraphError("no such function");
}

TensorData float_unary(const TensorData& x, Function function) {
  TensorData y = x;
  for (float& value : y.get<float>()) value = static_cast<float>(apply_function(function, value));
  return y;
}

TensorData float_layer_norm(const std::vector<const TensorData*>& inputs,
                            const LayerNormAttributes& attributes) {
  TensorData y = *inputs[0];
  auto& out = y.get<float>();
  const std::size_t columns =
      element_count_of(y.shape, static_cast<std::size_t>(attributes.axis), y.shape.size());
  std::vector<double> row(columns);
  for (std::size_t first = 0; first < out.size(); first += columns) {
    std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(first), columns, row.begin());
    normalize(row, attributes.epsilon);
    for (std::size_t i = 0; i < columns; ++i) {
      out[first + i] = static_cast<float>(
          affine(row[i], optional_input(inputs, 1), optional_input(inputs, 2), i));
    }
  }
  return y;
}

TensorData float_reduce_mean(const TensorData& x, const ReduceAttributes& attributes,
                             Shape result) {
  // Step of every axis in the result; 0 where it is summed over.
  std::vector<std::size_t> steps(x.shape.size(), 0);
  std::size_t step = 1;
  std::size_t count = 1;
  for (std::size_t axis = steps.size(); axis-- > 0;) {
    const auto size = static_cast<std::size_t>(x.shape[axis]);
    if (std::find(attributes.axes.begin(), attributes.axes.end(),
                  static_cast<std::int64_t>(axis)) != attributes.axes.end()) {
      count *= size;
    } else {
      steps[axis] = step;
      step *= size;
    }
  }
  TensorData y(DataType::kFloat32, std::move(result));
  std::vector<double> sums(y.floats().size());
  std::vector<std::int64_t> index(steps.size(), 0);
  std::size_t to = 0;
  for (const float value : x.floats()) {
    sums[to] += value;
    for (std::size_t axis = steps.size(); axis-- > 0;) {
      to += steps[axis];
      if (++index[axis] < x.shape[axis]) break;
      to -= steps[axis] * static_cast<std::size_t>(x.shape[axis]);
      index[axis] = 0;
    }
  }
  std::transform(sums.begin(), sums.end(), y.get<float>().begin(),
                 [&](double sum) { return static_cast<float>(sum / static_cast<double>(count)); });
  return y;
}

TensorData quantized_function(const Node& node, const std::vector<const TensorData*>& inputs) {
  return inputs[0]->type == DataType::kInt8 ? quantized_as<std::int8_t>(node, inputs)
                                            : quantized_as<std::uint8_t>(node, inputs);
}

}  // namespace s4::sw::graph
