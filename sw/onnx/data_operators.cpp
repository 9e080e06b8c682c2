// ONNX operators that move or describe data.
#include <algorithm>
#include <limits>

#include "sw/graph/infer.hpp"
#include "sw/onnx/operators.hpp"
#include "sw/onnx/spatial.hpp"
#include "sw/onnx/tensor_reader.hpp"

namespace s4::sw {
namespace {

using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

void import_identity(NodeImport& node) {
  node.attributes_done(1, 1);
  node.finish(node.emit_reshape(node.input(0), Shape(node.shape(0))));
}

void import_flatten(NodeImport& node) {
  const std::int64_t given = node.integer("axis", 1);
  node.attributes_done(1, 1);
  const Shape& shape = node.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (given < -rank || given > rank) node.damaged("axis " + std::to_string(given));
  const std::int64_t axis = given < 0 ? given + rank : given;
  const std::int64_t rows = graph::element_count(Shape(shape.begin(), shape.begin() + axis));
  const std::int64_t columns = graph::element_count(Shape(shape.begin() + axis, shape.end()));
  node.finish(node.emit_reshape(node.input(0), {rows, columns}));
}

void import_reshape(NodeImport& node) {
  const bool allow_zero = node.opset() >= 14 && node.flag("allowzero", false);
  node.attributes_done(2, 2);
  const Shape x = node.shape(0);
  Shape shape = integers_of(node, 1, "the shape");
  std::size_t open = shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= x.size()) node.damaged("shape " + graph::to_string(shape));
      shape[i] = x[i];
    } else if (shape[i] == -1) {
      if (open != shape.size()) node.damaged("shape " + graph::to_string(shape));
      open = i;
      shape[i] = 1;
    }
  }
  if (open != shape.size()) {
    const std::int64_t others = graph::element_count(shape);
    const std::int64_t all = graph::element_count(x);
    shape[open] = others > 0 ? all / others : 0;
  }
  node.finish(node.emit_reshape(node.input(0), shape));
}

/// Axes of Squeeze and Unsqueeze: an attribute before opset 13, an input since.
std::vector<std::int64_t> read_axes(NodeImport& node, int least_inputs) {
  std::vector<std::int64_t> axes;
  if (node.opset() < 13) axes = node.integers("axes");
  node.attributes_done(node.opset() < 13 ? 1 : least_inputs, node.opset() < 13 ? 1 : 2);
  (void)node.input(0);
  if (node.has_input(1)) axes = integers_of(node, 1, "the list of axes");
  return axes;
}

void import_squeeze(NodeImport& node) {
  const auto axes = read_axes(node, 1);
  const Shape& x = node.shape(0);
  std::vector<bool> drop(x.size());
  for (const std::int64_t axis : axes) {
    const std::size_t a = resolve_axis(node, axis, x.size());
    if (x[a] != 1) node.damaged("axis " + std::to_string(axis) + " of " + graph::to_string(x));
    drop[a] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (axes.empty() ? x[i] != 1 : !drop[i]) shape.push_back(x[i]);
  }
  node.finish(node.emit_reshape(node.input(0), shape));
}

void import_unsqueeze(NodeImport& node) {
  const auto axes = read_axes(node, 2);
  const Shape x = node.shape(0);
  const std::size_t rank = x.size() + axes.size();
  if (rank > 16) node.damaged("result of " + std::to_string(rank) + " axes");
  Shape shape(rank, 0);
  for (const std::int64_t axis : axes) {
    std::int64_t& size = shape[resolve_axis(node, axis, rank)];
    if (size == 1) node.damaged("axis " + std::to_string(axis) + " occurs twice");
    size = 1;
  }
  std::size_t from = 0;
  for (std::int64_t& size : shape) {
    if (size == 0) size = x[from++];
  }
  node.finish(node.emit_reshape(node.input(0), shape));
}

void import_transpose(NodeImport& node) {
  auto order = node.integers("perm");
  node.attributes_done(1, 1);
  if (order.empty()) {
    for (std::size_t i = node.shape(0).size(); i-- > 0;) {
      order.push_back(static_cast<std::int64_t>(i));
    }
  }
  node.finish(node.emit(Op::kTranspose, {node.input(0)}, graph::TransposeAttributes{order}));
}

void import_constant(NodeImport& node) {
  static const char* const kForms[] = {"value", "value_float", "value_floats", "value_int",
                                       "value_ints"};
  const auto form = std::find_if(std::begin(kForms), std::end(kForms),
                                 [&](const char* name) { return node.has_attribute(name); });
  if (form == std::end(kForms)) {
    node.unsupported("a constant without a dense numeric value", "the attribute 'value'");
  }
  const std::string name = *form;
  TensorData data;
  if (name == "value") {
    data = node.tensor(name);
  } else if (name == "value_float") {
    data = TensorData(Shape{}, std::vector<float>{node.real(name, 0.0F)});
  } else if (name == "value_int") {
    data = TensorData(Shape{}, std::vector<std::int64_t>{node.integer(name, 0)});
  } else if (name == "value_floats") {
    const auto values = node.reals(name);
    data = TensorData(Shape{static_cast<std::int64_t>(values.size())}, values);
  } else {
    const auto values = node.integers(name);
    data = TensorData(Shape{static_cast<std::int64_t>(values.size())}, values);
  }
  node.attributes_done(0, 0);
  node.finish(node.emit_constant(std::move(data)));
}

void import_cast(NodeImport& node) {
  const std::int64_t to = node.integer("to", 0);
  if (node.opset() >= 19) (void)node.integer("saturate", 1);
  node.attributes_done(1, 1);
  const TensorId x = node.input(0);
  const auto type =
      to >= 0 && to < 1000 ? onnx_data_type(static_cast<std::int32_t>(to)) : std::nullopt;
  if (!type) {
    node.unsupported(
        "to " + onnx_type_name(static_cast<std::int32_t>(std::clamp<std::int64_t>(to, -1, 1000))),
        "FLOAT, INT8, UINT8, INT32 or INT64");
  }
  if (*type == node.at(x).type) return node.finish(node.emit_reshape(x, Shape(node.at(x).shape)));
  (void)node.constant(0, "its input");
  node.finish(node.emit(Op::kCast, {x}, graph::CastAttributes{*type}));
}

void import_shape(NodeImport& node) {
  std::int64_t start = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  if (node.opset() >= 15) {
    start = node.integer("start", start);
    end = node.integer("end", end);
  }
  node.attributes_done(1, 1);
  const Shape& shape = node.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto bound = [&](std::int64_t at) {
    return at < 0 ? std::max<std::int64_t>(0, std::max(at, -rank) + rank) : std::min(at, rank);
  };
  const std::int64_t first = bound(start);
  const std::int64_t last = std::max(first, bound(end));
  const Shape part(shape.begin() + first, shape.begin() + last);
  node.finish(node.emit_constant(TensorData(Shape{last - first}, part)));
}

void import_gather(NodeImport& node) {
  const std::int64_t axis = node.integer("axis", 0);
  node.attributes_done(2, 2);
  graph::AxisAttributes attributes;
  attributes.axis = static_cast<std::int64_t>(resolve_axis(node, axis, node.shape(0).size()));
  node.finish(node.emit(Op::kGather, {node.input(0), node.input(1)}, attributes));
}

void import_concat(NodeImport& node) {
  const std::int64_t axis = node.integer("axis", 0);
  node.attributes_done(1, std::numeric_limits<int>::max());
  graph::AxisAttributes attributes;
  attributes.axis = static_cast<std::int64_t>(resolve_axis(node, axis, node.shape(0).size()));
  std::vector<TensorId> inputs;
  for (int i = 0; i < node.input_count(); ++i) inputs.push_back(node.input(i));
  node.finish(node.emit(Op::kConcat, inputs, attributes));
}

void import_slice(NodeImport& node) {
  std::vector<std::int64_t> starts, ends, axes, steps;
  if (node.opset() < 10) {
    starts = node.integers("starts");
    ends = node.integers("ends");
    axes = node.integers("axes");
    node.attributes_done(1, 1);
  } else {
    node.attributes_done(3, 5);
    (void)node.input(0);
    starts = integers_of(node, 1, "the list of starts");
    ends = integers_of(node, 2, "the list of ends");
    if (node.has_input(3)) axes = integers_of(node, 3, "the list of axes");
    if (node.has_input(4)) steps = integers_of(node, 4, "the list of steps");
  }
  const Shape& x = node.shape(0);
  if (axes.empty()) {
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  steps.resize(steps.empty() ? starts.size() : steps.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    node.damaged("starts, ends, axes and steps differ in length");
  }
  graph::SliceAttributes slice{std::vector<std::int64_t>(x.size(), 0), x,
                               std::vector<std::int64_t>(x.size(), 1)};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = resolve_axis(node, axes[i], x.size());
    const std::int64_t size = x[axis];
    if (steps[i] == 0) node.damaged("a step of 0");
    const std::int64_t step = std::clamp(steps[i], -graph::kMaxElements, graph::kMaxElements);
    const auto bound = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
      const std::int64_t near = std::clamp(at, -graph::kMaxElements, graph::kMaxElements);
      return std::clamp(near < 0 ? near + size : near, low, high);
    };
    std::int64_t count = 0;
    if (step > 0) {
      slice.starts[axis] = bound(starts[i], 0, size);
      count = (bound(ends[i], 0, size) - slice.starts[axis] + step - 1) / step;
    } else {
      slice.starts[axis] = bound(starts[i], -1, size - 1);
      count = (slice.starts[axis] - bound(ends[i], -1, size - 1) - step - 1) / -step;
    }
    slice.counts[axis] = std::max<std::int64_t>(0, count);
    slice.steps[axis] = step;
  }
  node.finish(node.emit(Op::kSlice, {node.input(0)}, slice));
}

}  // namespace

void add_data_operators(std::map<std::string, OperatorImport>& table) {
  table["Cast"] = import_cast;
  table["Concat"] = import_concat;
  table["Constant"] = import_constant;
  table["Flatten"] = import_flatten;
  table["Gather"] = import_gather;
  table["Identity"] = import_identity;
  table["Reshape"] = import_reshape;
  table["Shape"] = import_shape;
  table["Slice"] = import_slice;
  table["Squeeze"] = import_squeeze;
  table["Transpose"] = import_transpose;
  table["Unsqueeze"] = import_unsqueeze;
}

}  // namespace s4::sw
