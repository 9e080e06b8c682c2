// ONNX operators on float32, and those that move or describe data.
#include <algorithm>
#include <cmath>
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

/// An axis that may count from the end.
std::size_t resolve_axis(const NodeImport& node, std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    node.damaged("axis " + std::to_string(axis) + " of a tensor with " + std::to_string(rank) +
                 " axes");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

std::vector<std::int64_t> integers_of(const NodeImport& node, int i, const std::string& role) {
  const TensorData& data = node.constant(i, role);
  if (data.type != graph::DataType::kInt64 && data.type != graph::DataType::kInt32) {
    node.damaged(role + " is " + graph::name_of(data.type));
  }
  return data.integers();
}

/// One number in a constant input.
float number_of(const NodeImport& node, int i, const std::string& role) {
  const TensorData& data = node.constant(i, role);
  if (data.type != graph::DataType::kFloat32) {
    node.unsupported(role + " is " + graph::name_of(data.type), "FLOAT");
  }
  if (data.size() != 1) node.damaged(role + " is no single number");
  return data.floats()[0];
}

void require_single_output(const NodeImport& node, const char* what) {
  if (node.has_output(1)) node.unsupported(what, "the first result alone");
}

TensorId flattened(NodeImport& node, TensorId id) {
  const Shape shape = in_two_dimensions(node.at(id).shape);
  return shape == node.at(id).shape ? id : node.emit_reshape(id, shape);
}

/// A result of height 1 back to the rank of the input.
TensorId as_rank(NodeImport& node, TensorId id, std::size_t rank) {
  if (rank == 4) return id;
  Shape shape = node.at(id).shape;
  shape.erase(shape.begin() + 2);
  return node.emit_reshape(id, shape);
}

void import_conv(NodeImport& node) {
  WindowAttributes window = read_window(node);
  const std::int64_t groups = node.integer("group", 1);
  node.attributes_done(2, 3);
  const Shape x = node.shape(0);
  const Shape w = node.shape(1);
  if (w.size() != x.size()) {
    node.damaged("weights " + graph::to_string(w) + " for the input " + graph::to_string(x));
  }
  const std::vector<std::int64_t> kernel(
      w.begin() + std::min<std::ptrdiff_t>(2, w.end() - w.begin()), w.end());
  if (!window.kernel.empty() && window.kernel != kernel) {
    node.damaged("kernel_shape contradicts the weights " + graph::to_string(w));
  }
  window.kernel = kernel;
  const Window resolved = resolve_window(node, window, x);
  graph::ConvAttributes attributes;
  attributes.geometry = {resolved.pads, resolved.strides, resolved.dilations, groups};
  const TensorId image = flattened(node, node.input(0));
  const TensorId weights = flattened(node, node.input(1));
  const TensorId y = node.emit(Op::kConv, {image, weights, node.optional_input(2)}, attributes);
  node.finish(as_rank(node, y, x.size()));
}

/// Whether B of an elementwise operator must be given ones behind its axes: opset 6 names the axis
/// of A where they start.
TensorId legacy_operand(NodeImport& node, bool broadcast, bool has_axis, std::int64_t axis) {
  const TensorId b = node.input(1);
  if (!broadcast || !has_axis) return b;
  const std::size_t rank = node.shape(0).size();
  Shape shape = node.shape(1);
  const std::size_t start = resolve_axis(node, axis, rank);
  if (start + shape.size() > rank) node.damaged("axis " + std::to_string(axis));
  shape.resize(rank - start, 1);
  return node.emit_reshape(b, shape);
}

void import_elementwise(NodeImport& node, Op op) {
  bool broadcast = false;
  bool has_axis = false;
  std::int64_t axis = 0;
  if (node.opset() < 7) {
    broadcast = node.flag("broadcast", false);
    has_axis = node.has_attribute("axis");
    axis = node.integer("axis", 0);
  }
  node.attributes_done(2, 2);
  const TensorId a = node.input(0);
  const TensorId b = legacy_operand(node, broadcast, has_axis, axis);
  for (const TensorId id : {a, b}) {
    const graph::DataType type = node.at(id).type;
    if (graph::is_byte(type) || type == graph::DataType::kBool) {
      node.unsupported(std::string("operands of type ") + graph::name_of(type),
                       "FLOAT, or the quantised form");
    }
  }
  if (op == Op::kAdd || op == Op::kMul) {
    node.finish(node.emit(op, {a, b}, graph::ClampAttributes{}));
  } else {
    node.finish(node.emit(op, {a, b}, graph::NoAttributes{}));
  }
}
void import_add(NodeImport& node) { import_elementwise(node, Op::kAdd); }
void import_sub(NodeImport& node) { import_elementwise(node, Op::kSub); }
void import_mul(NodeImport& node) { import_elementwise(node, Op::kMul); }
void import_div(NodeImport& node) { import_elementwise(node, Op::kDiv); }

void import_sum(NodeImport& node) {
  node.attributes_done(1, std::numeric_limits<int>::max());
  TensorId sum = node.input(0);
  if (node.input_count() == 1) sum = node.emit_reshape(sum, Shape(node.at(sum).shape));
  for (int i = 1; i < node.input_count(); ++i) {
    sum = node.emit(Op::kAdd, {sum, node.input(i)}, graph::ClampAttributes{});
  }
  node.finish(sum);
}

void import_gemm(NodeImport& node) {
  graph::GemmAttributes attributes;
  attributes.alpha = node.real("alpha", 1.0F);
  attributes.beta = node.real("beta", 1.0F);
  attributes.transpose_a = node.flag("transA", false);
  attributes.transpose_b = node.flag("transB", false);
  if (node.opset() < 7) (void)node.flag("broadcast", false);
  node.attributes_done(2, 3);
  node.finish(
      node.emit(Op::kGemm, {node.input(0), node.input(1), node.optional_input(2)}, attributes));
}

void import_matmul(NodeImport& node) {
  node.attributes_done(2, 2);
  node.finish(node.emit(Op::kMatMul, {node.input(0), node.input(1)}, graph::ClampAttributes{}));
}

void emit_clip(NodeImport& node, graph::Clamp clamp) {
  const TensorId x = node.input(0);
  if (node.at(x).type != graph::DataType::kFloat32) {
    node.unsupported(std::string("on ") + graph::name_of(node.at(x).type),
                     "FLOAT, between DequantizeLinear and QuantizeLinear");
  }
  if (std::isnan(clamp.low) || std::isnan(clamp.high)) node.damaged("a limit is not a number");
  // The largest finite numbers stand for no limit.
  if (clamp.low == std::numeric_limits<float>::lowest()) clamp.low = graph::Clamp{}.low;
  if (clamp.high == std::numeric_limits<float>::max()) clamp.high = graph::Clamp{}.high;
  clamp.low = std::min(clamp.low, clamp.high);
  node.finish(node.emit(Op::kClip, {x}, graph::ClampAttributes{clamp}));
}

void import_relu(NodeImport& node) {
  node.attributes_done(1, 1);
  emit_clip(node, {0.0F, graph::Clamp{}.high});
}

void import_clip(NodeImport& node) {
  graph::Clamp clamp;
  if (node.opset() < 11) {
    clamp.low = node.real("min", clamp.low);
    clamp.high = node.real("max", clamp.high);
    node.attributes_done(1, 1);
  } else {
    node.attributes_done(1, 3);
    (void)node.input(0);
    if (node.at(node.input(0)).type == graph::DataType::kFloat32) {
      if (node.has_input(1)) clamp.low = number_of(node, 1, "the limit min");
      if (node.has_input(2)) clamp.high = number_of(node, 2, "the limit max");
    }
  }
  emit_clip(node, clamp);
}

void import_pool(NodeImport& node, Op op) {
  const WindowAttributes window = read_window(node);
  const bool ceil_mode = node.opset() >= 10 && node.flag("ceil_mode", false);
  bool count_include_pad = false;
  if (op == Op::kMaxPool) {
    if (node.opset() >= 8) (void)node.integer("storage_order", 0);
  } else if (node.opset() >= 7) {
    count_include_pad = node.flag("count_include_pad", false);
  }
  node.attributes_done(1, 1);
  if (window.kernel.empty()) node.damaged("attribute 'kernel_shape' is missing");
  require_single_output(node, "the result Indices");
  const Shape x = node.shape(0);
  const Window resolved = resolve_window(node, window, x);
  for (std::size_t i = 0; i < 4; ++i) {
    if (resolved.pads[i] > resolved.dilations[i % 2] * (resolved.kernel[i % 2] - 1)) {
      node.unsupported("a window that lies in the padding alone", "pads smaller than the kernel");
    }
  }
  const graph::DataType type = node.at(node.input(0)).type;
  if (type != graph::DataType::kFloat32 && !(op == Op::kMaxPool && graph::is_byte(type))) {
    node.unsupported(std::string("on ") + graph::name_of(type), "FLOAT");
  }
  const graph::PoolAttributes attributes{resolved.kernel,    resolved.pads, resolved.strides,
                                         resolved.dilations, ceil_mode,     count_include_pad};
  const TensorId y = node.emit(op, {flattened(node, node.input(0))}, attributes);
  node.finish(as_rank(node, y, x.size()));
}
void import_max_pool(NodeImport& node) { import_pool(node, Op::kMaxPool); }
void import_average_pool(NodeImport& node) { import_pool(node, Op::kAveragePool); }

/// The whole image as [N,C,1,pixels].
TensorId as_row(NodeImport& node, TensorId x) {
  const Shape& shape = node.at(x).shape;
  if (shape.size() == 4) return x;
  if (shape.size() < 3) node.damaged("its input " + graph::to_string(shape) + " has no image");
  const std::int64_t pixels = graph::element_count(Shape(shape.begin() + 2, shape.end()));
  return node.emit_reshape(x, {shape[0], shape[1], 1, pixels});
}

void import_global_average_pool(NodeImport& node) {
  node.attributes_done(1, 1);
  Shape shape = node.shape(0);
  TensorId y =
      node.emit(Op::kGlobalAveragePool, {as_row(node, node.input(0))}, graph::NoAttributes{});
  if (shape.size() != 4) {
    std::fill(shape.begin() + 2, shape.end(), 1);
    y = node.emit_reshape(y, shape);
  }
  node.finish(y);
}

void import_global_max_pool(NodeImport& node) {
  node.attributes_done(1, 1);
  Shape shape = node.shape(0);
  const TensorId row = as_row(node, node.input(0));
  graph::PoolAttributes attributes;
  attributes.kernel = {node.at(row).shape[2], node.at(row).shape[3]};
  TensorId y = node.emit(Op::kMaxPool, {row}, attributes);
  if (shape.size() != 4) {
    std::fill(shape.begin() + 2, shape.end(), 1);
    y = node.emit_reshape(y, shape);
  }
  node.finish(y);
}

/// Only the mean over the image, which is GlobalAveragePool.
void import_reduce_mean(NodeImport& node) {
  std::vector<std::int64_t> axes;
  if (node.opset() < 18) axes = node.integers("axes");
  const bool keep = node.flag("keepdims", true);
  const bool no_op = node.opset() >= 18 && node.flag("noop_with_empty_axes", false);
  node.attributes_done(1, node.opset() < 18 ? 1 : 2);
  Shape shape = node.shape(0);
  if (node.has_input(1)) axes = integers_of(node, 1, "the list of axes");
  std::vector<std::size_t> sorted;
  for (const std::int64_t axis : axes) sorted.push_back(resolve_axis(node, axis, shape.size()));
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> image;
  for (std::size_t axis = 2; axis < shape.size(); ++axis) image.push_back(axis);
  if (no_op || image.empty() || sorted != image) {
    node.unsupported("a mean over other axes than height and width", "the mean over [2, 3]");
  }
  TensorId y =
      node.emit(Op::kGlobalAveragePool, {as_row(node, node.input(0))}, graph::NoAttributes{});
  if (keep) {
    std::fill(shape.begin() + 2, shape.end(), 1);
  } else {
    shape.resize(2);
  }
  if (shape != node.at(y).shape) y = node.emit_reshape(y, shape);
  node.finish(y);
}

void import_batch_norm(NodeImport& node) {
  const float epsilon = node.real("epsilon", 1e-5F);
  (void)node.real("momentum", 0.9F);
  if (node.opset() < 9 && !node.flag("spatial", true)) {
    node.unsupported("statistics per pixel (spatial = 0)", "spatial = 1");
  }
  if (node.opset() < 7 && !node.flag("is_test", false)) {
    node.unsupported("the training form", "is_test = 1");
  }
  if (node.opset() >= 14 && node.flag("training_mode", false)) {
    node.unsupported("the training form", "training_mode = 0");
  }
  node.attributes_done(5, 5);
  require_single_output(node, "the results of training");
  std::vector<TensorId> inputs;
  for (int i = 0; i < 5; ++i) inputs.push_back(node.input(i));
  node.finish(node.emit(Op::kBatchNorm, inputs, graph::BatchNormAttributes{epsilon}));
}

void import_dropout(NodeImport& node) {
  float ratio = 0.5F;
  if (node.opset() < 12) {
    ratio = node.real("ratio", ratio);
    if (node.opset() < 7) (void)node.flag("is_test", false);
  } else {
    (void)node.integer("seed", 0);
  }
  node.attributes_done(1, node.opset() < 12 ? 1 : 3);
  const TensorId x = node.input(0);
  if (node.has_input(1)) ratio = number_of(node, 1, "the ratio");
  if (node.has_input(2) && ratio != 0.0F) {
    const TensorData& training = node.constant(2, "the switch training_mode");
    if (training.size() != 1 || training.type != graph::DataType::kBool) {
      node.damaged("training_mode is no single bool");
    }
    if (training.get<std::uint8_t>()[0] != 0) {
      node.unsupported("the training form", "training_mode = false");
    }
  }
  if (node.has_output(1)) {
    if (graph::element_count(node.at(x).shape) > (1 << 24)) {
      node.unsupported("a mask of this size", "the first result alone");
    }
    TensorData mask(graph::DataType::kBool, node.at(x).shape);
    for (auto& value : mask.get<std::uint8_t>()) value = 1;
    node.finish(node.emit_constant(std::move(mask)), 1);
  }
  node.finish(node.emit_reshape(x, Shape(node.at(x).shape)));
}

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

void import_softmax(NodeImport& node) {
  const bool flat = node.opset() < 13;
  const std::int64_t axis = node.integer("axis", flat ? 1 : -1);
  node.attributes_done(1, 1);
  graph::AxisAttributes attributes;
  attributes.axis = static_cast<std::int64_t>(resolve_axis(node, axis, node.shape(0).size()));
  attributes.to_end = flat;
  node.finish(node.emit(Op::kSoftmax, {node.input(0)}, attributes));
}

void import_arg_max(NodeImport& node) {
  const std::int64_t axis = node.integer("axis", 0);
  graph::AxisAttributes attributes;
  attributes.keep_dims = node.flag("keepdims", true);
  if (node.opset() >= 12) attributes.last_index = node.flag("select_last_index", false);
  node.attributes_done(1, 1);
  attributes.axis = static_cast<std::int64_t>(resolve_axis(node, axis, node.shape(0).size()));
  node.finish(node.emit(Op::kArgMax, {node.input(0)}, attributes));
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
  (void)node.constant(1, "the list of indices");
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

void add_float_operators(std::map<std::string, OperatorImport>& table) {
  table["Add"] = import_add;
  table["ArgMax"] = import_arg_max;
  table["AveragePool"] = import_average_pool;
  table["BatchNormalization"] = import_batch_norm;
  table["Cast"] = import_cast;
  table["Clip"] = import_clip;
  table["Concat"] = import_concat;
  table["Constant"] = import_constant;
  table["Conv"] = import_conv;
  table["Div"] = import_div;
  table["Dropout"] = import_dropout;
  table["Flatten"] = import_flatten;
  table["Gather"] = import_gather;
  table["Gemm"] = import_gemm;
  table["GlobalAveragePool"] = import_global_average_pool;
  table["GlobalMaxPool"] = import_global_max_pool;
  table["Identity"] = import_identity;
  table["MatMul"] = import_matmul;
  table["MaxPool"] = import_max_pool;
  table["Mul"] = import_mul;
  table["ReduceMean"] = import_reduce_mean;
  table["Relu"] = import_relu;
  table["Reshape"] = import_reshape;
  table["Shape"] = import_shape;
  table["Slice"] = import_slice;
  table["Softmax"] = import_softmax;
  table["Squeeze"] = import_squeeze;
  table["Sub"] = import_sub;
  table["Sum"] = import_sum;
  table["Transpose"] = import_transpose;
  table["Unsqueeze"] = import_unsqueeze;
}

}  // namespace s4::sw
