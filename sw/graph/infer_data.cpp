// Rules of what moves, picks or converts data.
#include <algorithm>

#include "sw/graph/inference.hpp"

namespace s4::sw::graph {

TensorInfo Inference::reshape() const {
  const Shape& shape = node_.get<ReshapeAttributes>().shape;
  const TensorInfo result = sized(in(0).type, shape);
  require(element_count(shape) == element_count(in(0).shape),
          "input " + to_string(in(0).shape) + " does not fit the shape " + to_string(shape));
  return result;
}

TensorInfo Inference::transpose() const {
  const auto& order = node_.get<TransposeAttributes>().permutation;
  const Shape& x = in(0).shape;
  require(order.size() == x.size(),
          "permutation of " + std::to_string(order.size()) + " axes for the input " + to_string(x));
  std::vector<bool> seen(x.size());
  Shape y;
  for (const std::int64_t axis : order) {
    const std::size_t a = axis_of(axis, x);
    require(!seen[a], "axis " + std::to_string(axis) + " occurs twice");
    seen[a] = true;
    y.push_back(x[a]);
  }
  return {in(0).type, std::move(y)};
}

TensorInfo Inference::arg_max() const {
  const auto& a = node_.get<AxisAttributes>();
  Shape y = in(0).shape;
  const std::size_t axis = axis_of(a.axis, y);
  require(y[axis] >= 1, "the axis is empty");
  if (a.keep_dims) {
    y[axis] = 1;
  } else {
    y.erase(y.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return {DataType::kInt64, std::move(y)};
}

TensorInfo Inference::gather() const {
  const Shape& x = in(0).shape;
  const auto axis = static_cast<std::ptrdiff_t>(axis_of(node_.get<AxisAttributes>().axis, x));
  require(in(1).type == DataType::kInt32 || in(1).type == DataType::kInt64,
          std::string("indices are ") + name_of(in(1).type));
  Shape y(x.begin(), x.begin() + axis);
  y.insert(y.end(), in(1).shape.begin(), in(1).shape.end());
  y.insert(y.end(), x.begin() + axis + 1, x.end());
  return sized(in(0).type, std::move(y));
}

TensorInfo Inference::concat() const {
  Shape y = in(0).shape;
  const std::size_t axis = axis_of(node_.get<AxisAttributes>().axis, y);
  for (std::size_t i = 1; i < inputs_.size(); ++i) {
    Shape part = in(i).shape;
    require(in(i).type == in(0).type, "operands of different types");
    require(part.size() == y.size(), "operands of different ranks");
    const std::int64_t size = part[axis];
    part[axis] = y[axis];
    require(part == y, "operands of different shapes");
    y[axis] += size;
    require(y[axis] <= kMaxElements, "result too large");
  }
  return sized(in(0).type, std::move(y));
}

TensorInfo Inference::slice() const {
  const auto& s = node_.get<SliceAttributes>();
  const Shape& x = in(0).shape;
  require(s.starts.size() == x.size() && s.counts.size() == x.size() && s.steps.size() == x.size(),
          "bounds do not fit the input " + to_string(x));
  for (std::size_t i = 0; i < x.size(); ++i) {
    require(s.counts[i] >= 0 && s.counts[i] <= x[i], "more elements than the input holds");
    if (s.counts[i] == 0) continue;
    require(s.steps[i] != 0 && std::abs(s.steps[i]) <= kMaxElements, "step out of range");
    require(s.starts[i] >= 0 && s.starts[i] < x[i], "bounds leave the input " + to_string(x));
    const std::int64_t last = s.starts[i] + (s.counts[i] - 1) * s.steps[i];
    require(last >= 0 && last < x[i], "bounds leave the input " + to_string(x));
  }
  return {in(0).type, s.counts};
}

void Inference::check_scales(const QuantizeAttributes& q, DataType type) const {
  require(!q.scale.empty() && q.scale.size() == q.zero.size(), "scales without zero points");
  for (std::size_t i = 0; i < q.scale.size(); ++i) {
    if (is_byte(type)) {
      check_quant({q.scale[i], q.zero[i]}, type, "its");
    } else {
      check_scale(q.scale[i], "its");
      require(q.zero[i] == 0, "an int32 tensor with a zero point");
    }
  }
  if (q.per_tensor()) return;
  const Shape& x = in(0).shape;
  const std::size_t axis = axis_of(q.axis, x);
  require(static_cast<std::int64_t>(q.scale.size()) == x[axis],
          std::to_string(q.scale.size()) + " scales for axis " + std::to_string(axis) + " of " +
              to_string(x));
}

TensorInfo Inference::quantize() const {
  const auto& q = node_.get<QuantizeAttributes>();
  (void)typed(1, DataType::kFloat32);
  require(is_byte(q.byte_type), std::string("result ") + name_of(q.byte_type));
  check_scales(q, q.byte_type);
  return {q.byte_type, in(0).shape};
}

TensorInfo Inference::dequantize() const {
  const auto& q = node_.get<QuantizeAttributes>();
  require(is_byte(in(0).type) || in(0).type == DataType::kInt32,
          std::string("input is ") + name_of(in(0).type));
  check_scales(q, in(0).type);
  return {DataType::kFloat32, in(0).shape};
}

}  // namespace s4::sw::graph
