// Rules of functions, rows and means, on floats and on bytes.
#include "sw/graph/inference.hpp"

namespace s4::sw::graph {

TensorInfo Inference::unary() const {
  const TensorInfo x = typed(1, DataType::kFloat32);
  require(node_.get<UnaryAttributes>().function <= kLastFunction, "its function is unknown");
  return x;
}

TensorInfo Inference::softmax() const {
  const TensorInfo x = typed(1, DataType::kFloat32);
  (void)axis_of(node_.get<AxisAttributes>().axis, x.shape);
  return x;
}

TensorInfo Inference::pow() const {
  (void)node_.get<NoAttributes>();
  (void)typed(2, DataType::kFloat32);
  return elementwise();
}

TensorInfo Inference::reduce_mean() const {
  const auto& a = node_.get<ReduceAttributes>();
  Shape y = typed(1, DataType::kFloat32).shape;
  for (std::size_t i = 0; i < a.axes.size(); ++i) {
    const std::size_t axis = axis_of(a.axes[i], y);
    require(i == 0 || a.axes[i] > a.axes[i - 1], "its axes do not rise");
    require(y[axis] >= 1, "axis " + std::to_string(axis) + " of " + to_string(y) + " is empty");
  }
  for (std::size_t i = a.axes.size(); i-- > 0;) {
    const auto axis = static_cast<std::ptrdiff_t>(a.axes[i]);
    if (a.keep_dims) {
      y[static_cast<std::size_t>(axis)] = 1;
    } else {
      y.erase(y.begin() + axis);
    }
  }
  return {DataType::kFloat32, std::move(y)};
}

void Inference::check_epsilon(float epsilon) const {
  require(std::isfinite(epsilon) && epsilon >= 0.0F,
          "epsilon " + std::to_string(epsilon) + " is not a number from 0 on");
}

void Inference::check_affine(const Shape& shape) const {
  for (std::size_t i = 1; i < 3; ++i) {
    if (!has(i)) continue;
    require(in(i).type == DataType::kFloat32 && in(i).shape == shape,
            std::string(i == 1 ? "gamma " : "beta ") + name_of(in(i).type) +
                to_string(in(i).shape) + " is not " + name_of(DataType::kFloat32) +
                to_string(shape));
  }
}

TensorInfo Inference::layer_norm() const {
  const auto& a = node_.get<LayerNormAttributes>();
  const TensorInfo x = typed(1, DataType::kFloat32);
  const auto axis = static_cast<std::ptrdiff_t>(axis_of(a.axis, x.shape));
  check_epsilon(a.epsilon);
  check_affine(Shape(x.shape.begin() + axis, x.shape.end()));
  return x;
}

TensorInfo Inference::qunary() const {
  const auto& a = node_.get<QFunctionAttributes>();
  const TensorInfo x = bytes(0);
  require(a.function <= kLastFunction, "its function is unknown");
  check_quant(a.x, x.type, "input");
  check_quant(a.y, x.type, "output");
  return x;
}

TensorInfo Inference::qrow() const {
  const auto& a = node_.get<QRowAttributes>();
  const TensorInfo x = bytes(0);
  require(!x.shape.empty(), "a scalar has no rows");
  check_quant(a.x, x.type, "input");
  check_quant(a.y, x.type, "output");
  if (node_.op == Op::kQSoftmax) return x;
  check_epsilon(a.epsilon);
  check_affine({x.shape.back()});
  return x;
}

}  // namespace s4::sw::graph
