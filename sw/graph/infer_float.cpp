// Rules of layers, sums and pools of floats.
#include <algorithm>

#include "sw/graph/inference.hpp"

namespace s4::sw::graph {

Shape Inference::convolved(const Shape& x, const Shape& w, const ConvGeometry& g) const {
  require(x.size() == 4, "input " + to_string(x) + " is not [batch,channels,height,width]");
  require(w.size() == 4, "weights " + to_string(w) + " are not [filters,channels,rows,columns]");
  check_extents(g.strides, "stride");
  check_extents(g.dilations, "dilation");
  for (const std::int64_t pad : g.pads) {
    require(pad >= 0 && pad <= kMaxExtent, "padding " + std::to_string(pad));
  }
  require(g.groups >= 1 && x[1] % g.groups == 0 && w[0] % g.groups == 0 && w[1] == x[1] / g.groups,
          "weights " + to_string(w) + " in " + std::to_string(g.groups) +
              " groups do not fit the input " + to_string(x));
  Shape y{x[0], w[0], 0, 0};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    require(w[2 + axis] >= 1 && w[2 + axis] <= kMaxExtent, "kernel " + to_string(w));
    y[2 + axis] = convolved_size(x[2 + axis], g.pads[axis], g.pads[axis + 2], w[2 + axis],
                                 g.dilations[axis], g.strides[axis]);
    require(y[2 + axis] >= 1,
            "the kernel " + to_string(w) + " does not fit the padded input " + to_string(x));
  }
  return y;
}

void Inference::check_bias(std::size_t i, DataType type, std::int64_t channels) const {
  if (!has(i)) return;
  require(in(i).type == type && in(i).shape == Shape{channels},
          std::string("bias ") + name_of(in(i).type) + to_string(in(i).shape) + " is not " +
              name_of(type) + to_string(Shape{channels}));
}

TensorInfo Inference::conv() const {
  (void)typed(2, DataType::kFloat32);
  Shape y = convolved(in(0).shape, in(1).shape, node_.get<ConvAttributes>().geometry);
  check_bias(2, DataType::kFloat32, y[1]);
  return sized(DataType::kFloat32, std::move(y));
}

TensorInfo Inference::gemm() const {
  (void)typed(2, DataType::kFloat32);
  const auto& g = node_.get<GemmAttributes>();
  const Shape& a = in(0).shape;
  const Shape& b = in(1).shape;
  require(a.size() == 2 && b.size() == 2,
          "operands " + to_string(a) + " and " + to_string(b) + " are not matrices");
  const Shape y{a[g.transpose_a ? 1 : 0], b[g.transpose_b ? 0 : 1]};
  require(a[g.transpose_a ? 0 : 1] == b[g.transpose_b ? 1 : 0],
          "operands " + to_string(a) + " and " + to_string(b) + " do not fit each other");
  if (has(2)) {
    require(in(2).type == DataType::kFloat32 && broadcast(in(2).shape, y) == y,
            "addend " + to_string(in(2).shape) + " does not fit the product " + to_string(y));
  }
  return sized(DataType::kFloat32, y);
}

Shape Inference::product(Shape a, Shape b) const {
  const std::string both = to_string(a) + " and " + to_string(b);
  require(!a.empty() && !b.empty(), "a scalar is no operand of a matrix product");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  require(a.back() == b[b.size() - 2], "operands " + both + " do not fit each other");
  const auto batch = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  require(batch.has_value(), "operands " + both + " do not fit each other");
  Shape y = *batch;
  if (!row) y.push_back(a[a.size() - 2]);
  if (!column) y.push_back(b.back());
  return y;
}

TensorInfo Inference::matmul() const {
  (void)node_.get<ClampAttributes>();
  (void)typed(2, DataType::kFloat32);
  return sized(DataType::kFloat32, product(in(0).shape, in(1).shape));
}

TensorInfo Inference::elementwise() const {
  require(in(0).type == in(1).type,
          std::string("operands are ") + name_of(in(0).type) + " and " + name_of(in(1).type));
  require(in(0).type == DataType::kFloat32 || in(0).type == DataType::kInt32 ||
              in(0).type == DataType::kInt64,
          std::string("operands are ") + name_of(in(0).type));
  const auto shape = broadcast(in(0).shape, in(1).shape);
  require(shape.has_value(), "operands " + to_string(in(0).shape) + " and " +
                                 to_string(in(1).shape) + " do not fit each other");
  return sized(in(0).type, *shape);
}

TensorInfo Inference::pool(const PoolAttributes& p) const {
  const Shape& x = in(0).shape;
  require(in(0).type == DataType::kFloat32 || is_byte(in(0).type),
          std::string("input is ") + name_of(in(0).type));
  require(x.size() == 4, "input " + to_string(x) + " is not [batch,channels,height,width]");
  check_extents(p.kernel, "kernel");
  check_extents(p.strides, "stride");
  check_extents(p.dilations, "dilation");
  Shape y{x[0], x[1], 0, 0};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    for (const std::size_t side : {axis, axis + 2}) {
      const std::int64_t reach = p.dilations[axis] * (p.kernel[axis] - 1) + 1;
      require(p.pads[side] >= 0 && p.pads[side] < reach,
              "padding " + std::to_string(p.pads[side]) + " does not fit the kernel");
    }
    y[2 + axis] = pooled_size(x[2 + axis], p.pads[axis], p.pads[axis + 2], p.kernel[axis],
                              p.dilations[axis], p.strides[axis], p.ceil_mode);
    require(y[2 + axis] >= 1, "the kernel does not fit the padded input " + to_string(x));
  }
  return sized(in(0).type, std::move(y));
}

TensorInfo Inference::global_pool() const {
  const Shape& x = in(0).shape;
  require(x.size() == 4, "input " + to_string(x) + " is not [batch,channels,height,width]");
  require(x[2] >= 1 && x[3] >= 1, "input " + to_string(x) + " is empty");
  return {in(0).type, {x[0], x[1], 1, 1}};
}

TensorInfo Inference::batch_norm() const {
  const TensorInfo x = typed(5, DataType::kFloat32);
  require(std::isfinite(node_.get<BatchNormAttributes>().epsilon), "epsilon is not finite");
  require(x.shape.size() >= 2, "input " + to_string(x.shape) + " has no channels");
  for (std::size_t i = 1; i < 5; ++i) {
    require(in(i).shape == Shape{x.shape[1]},
            "parameter " + to_string(in(i).shape) + " is not " + to_string({x.shape[1]}));
  }
  return x;
}

}  // namespace s4::sw::graph
