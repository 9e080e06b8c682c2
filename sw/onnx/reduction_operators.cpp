// ONNX operators that make one number of many: sums, means and maxima over axes.
#include <algorithm>
#include <optional>
#include <utility>

#include "sw/onnx/operators.hpp"

namespace s4::sw {
namespace {

using graph::DataType;
using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

// Of a maximum over more than the chip's largest window, windows of this size come first: the
// largest step from window to window.
constexpr std::int64_t kLargestWindow = 11;
constexpr std::int64_t kFirstWindow = 4;

/// The axes of a reduction of the first input, an attribute before `inputs_since`; none of them if
/// it leaves its input as it is.
std::optional<graph::ReduceAttributes> reduction(NodeImport& node, int inputs_since) {
  std::vector<std::int64_t> given;
  const bool is_input = node.opset() >= inputs_since;
  if (!is_input) given = node.integers("axes");
  graph::ReduceAttributes attributes;
  attributes.keep_dims = node.flag("keepdims", true);
  const bool no_op = is_input && node.flag("noop_with_empty_axes", false);
  node.attributes_done(1, is_input ? 2 : 1);
  if (node.has_input(1)) given = integers_of(node, 1, "the list of axes");
  const std::size_t rank = node.at(node.input(0)).shape.size();
  for (const std::int64_t axis : given) {
    attributes.axes.push_back(static_cast<std::int64_t>(resolve_axis(node, axis, rank)));
  }
  std::sort(attributes.axes.begin(), attributes.axes.end());
  if (std::adjacent_find(attributes.axes.begin(), attributes.axes.end()) != attributes.axes.end()) {
    node.damaged("an axis occurs twice");
  }
  if (given.empty() && no_op) return std::nullopt;
  if (given.empty()) {
    for (std::size_t axis = 0; axis < rank; ++axis) {
      attributes.axes.push_back(static_cast<std::int64_t>(axis));
    }
  }
  return attributes;
}

void require_type(const NodeImport& node, bool bytes) {
  const DataType type = node.at(node.input(0)).type;
  if (type == DataType::kFloat32 || (bytes && graph::is_byte(type))) return;
  node.unsupported(std::string("on ") + graph::name_of(type),
                   "FLOAT, between DequantizeLinear and QuantizeLinear");
}

/// A tensor whose last axis is what goes: [rows, length], and the shape of what stays.
struct Rows {
  TensorId tensor;
  std::int64_t rows = 1;
  std::int64_t length = 1;
  Shape result;
};

Rows as_rows(NodeImport& node, const graph::ReduceAttributes& reduce) {
  const TensorId x = node.input(0);
  const Shape in = node.at(x).shape;
  Rows rows{x, 1, 1, {}};
  std::vector<std::int64_t> order;
  for (std::size_t axis = 0; axis < in.size(); ++axis) {
    const auto number = static_cast<std::int64_t>(axis);
    if (std::binary_search(reduce.axes.begin(), reduce.axes.end(), number)) {
      rows.length *= in[axis];
      if (reduce.keep_dims) rows.result.push_back(1);
    } else {
      rows.rows *= in[axis];
      rows.result.push_back(in[axis]);
      order.push_back(number);
    }
  }
  order.insert(order.end(), reduce.axes.begin(), reduce.axes.end());
  if (!std::is_sorted(order.begin(), order.end())) {
    rows.tensor = node.emit(Op::kTranspose, {x}, graph::TransposeAttributes{std::move(order)});
  }
  return rows;
}

/// The maximum over width, and height, of [N,C,H,W]. Windows are those of the chip: a maximum of
/// maxima is exact.
TensorId maximum(NodeImport& node, TensorId x, bool height_too) {
  for (;;) {
    const Shape in = node.at(x).shape;
    const bool high = height_too && in[2] > kLargestWindow;
    const bool wide = in[3] > kLargestWindow;
    graph::PoolAttributes pool;
    if (!high && !wide) {
      pool.kernel = {height_too ? in[2] : 1, in[3]};
      return node.emit(Op::kMaxPool, {x}, pool);
    }
    pool.kernel = pool.strides = {high ? kFirstWindow : 1, wide ? kFirstWindow : 1};
    // Behind the image, where the last window is not full.
    if (high) pool.pads[2] = (kFirstWindow - in[2] % kFirstWindow) % kFirstWindow;
    if (wide) pool.pads[3] = (kFirstWindow - in[3] % kFirstWindow) % kFirstWindow;
    x = node.emit(Op::kMaxPool, {x}, pool);
  }
}

/// The maximum over all axes behind the channels, which stay as axes of 1.
TensorId maximum_of_image(NodeImport& node) {
  const TensorId x = node.input(0);
  Shape shape = node.at(x).shape;
  if (shape.size() == 4) return maximum(node, x, true);
  const std::int64_t height = shape.size() > 3 ? shape[2] : 1;
  const std::int64_t width =
      graph::element_count(Shape(shape.begin() + (shape.size() > 3 ? 3 : 2), shape.end()));
  const TensorId image = node.emit_reshape(x, {shape[0], shape[1], height, width});
  std::fill(shape.begin() + 2, shape.end(), 1);
  return node.emit_reshape(maximum(node, image, true), std::move(shape));
}

void import_global_max_pool(NodeImport& node) {
  node.attributes_done(1, 1);
  const Shape& shape = node.shape(0);
  if (shape.size() < 3) node.damaged("its input has fewer than three dimensions");
  node.finish(maximum_of_image(node));
}

void import_reduce_max(NodeImport& node) {
  const auto reduce = reduction(node, 18);
  require_type(node, true);
  const Shape in = node.shape(0);
  if (!reduce) return node.finish(node.emit_reshape(node.input(0), Shape(in)));
  const auto& axes = reduce->axes;
  if (in.size() > 2 && axes.size() + 2 == in.size() && axes.front() == 2) {
    const TensorId y = maximum_of_image(node);
    return node.finish(reduce->keep_dims ? y : node.emit_reshape(y, {in[0], in[1]}));
  }
  const Rows rows = as_rows(node, *reduce);
  const TensorId image = node.emit_reshape(rows.tensor, {1, 1, rows.rows, rows.length});
  node.finish(node.emit_reshape(maximum(node, image, false), Shape(rows.result)));
}

void import_reduce_mean(NodeImport& node) {
  const auto reduce = reduction(node, 18);
  require_type(node, false);
  const TensorId x = node.input(0);
  if (!reduce) return node.finish(node.emit_reshape(x, Shape(node.at(x).shape)));
  node.finish(node.emit(Op::kReduceMean, {x}, *reduce));
}

/// A product with ones, exact but for the order of the sums, which ONNX leaves open.
void import_reduce_sum(NodeImport& node) {
  const auto reduce = reduction(node, 13);
  require_type(node, false);
  const TensorId x = node.input(0);
  if (!reduce) return node.finish(node.emit_reshape(x, Shape(node.at(x).shape)));
  const Rows rows = as_rows(node, *reduce);
  const TensorId flat = node.emit_reshape(rows.tensor, {rows.rows, rows.length});
  const auto count = static_cast<std::size_t>(rows.length);
  const TensorId ones =
      node.emit_constant(TensorData({rows.length, 1}, std::vector<float>(count, 1.0F)), "_ones");
  const TensorId sums = node.emit(Op::kMatMul, {flat, ones}, graph::ClampAttributes{});
  node.finish(node.emit_reshape(sums, Shape(rows.result)));
}

}  // namespace

void add_reduction_operators(std::map<std::string, OperatorImport>& table) {
  table["GlobalMaxPool"] = import_global_max_pool;
  table["ReduceMax"] = import_reduce_max;
  table["ReduceMean"] = import_reduce_mean;
  table["ReduceSum"] = import_reduce_sum;
}

}  // namespace s4::sw
