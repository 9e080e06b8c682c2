// ONNX operators on float32.
#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/graph/infer.hpp"
#include "sw/onnx/operators.hpp"
#include "sw/onnx/spatial.hpp"
#include "sw/onnx/tensor_reader.hpp"

namespace s4::sw {

using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

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

namespace {

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

void require_numbers(NodeImport& node, TensorId id) {
  const graph::DataType type = node.at(id).type;
  if (graph::is_byte(type) || type == graph::DataType::kBool) {
    node.unsupported(std::string("operands of type ") + graph::name_of(type),
                     "FLOAT, or the quantised form");
  }
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
  for (const TensorId id : {a, b}) require_numbers(node, id);
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

/// Max or Min of a tensor and one constant number: a limit of the tensor.
bool limited(NodeImport& node, bool least) {
  if (node.input_count() != 2) return false;
  for (const int i : {0, 1}) {
    const graph::Tensor& limit = node.at(node.input(i));
    const graph::Tensor& x = node.at(node.input(1 - i));
    if (!limit.constant || x.constant || limit.type != graph::DataType::kFloat32 ||
        x.type != graph::DataType::kFloat32 || limit.constant->size() != 1 ||
        limit.shape.size() > x.shape.size() || std::isnan(limit.constant->floats()[0])) {
      continue;
    }
    graph::Clamp clamp;
    (least ? clamp.low : clamp.high) = limit.constant->floats()[0];
    node.finish(node.emit(Op::kClip, {node.input(1 - i)}, graph::ClampAttributes{clamp}));
    return true;
  }
  return false;
}

void import_min(NodeImport& node) {
  node.attributes_done(1, std::numeric_limits<int>::max());
  for (int i = 0; i < node.input_count(); ++i) require_numbers(node, node.input(i));
  if (!limited(node, false)) {
    node.unsupported("of other operands than a tensor and one constant number", "Clip or Max");
  }
}

void import_max(NodeImport& node) {
  node.attributes_done(1, std::numeric_limits<int>::max());
  if (limited(node, true)) return;
  TensorId most = node.input(0);
  if (node.input_count() == 1) most = node.emit_reshape(most, Shape(node.at(most).shape));
  for (int i = 0; i < node.input_count(); ++i) {
    require_numbers(node, node.input(i));
    if (i > 0) most = node.emit(Op::kMax, {most, node.input(i)}, graph::NoAttributes{});
  }
  node.finish(most);
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

}  // namespace

void add_float_operators(std::map<std::string, OperatorImport>& table) {
  table["Add"] = import_add;
  table["ArgMax"] = import_arg_max;
  table["AveragePool"] = import_average_pool;
  table["BatchNormalization"] = import_batch_norm;
  table["Clip"] = import_clip;
  table["Conv"] = import_conv;
  table["Div"] = import_div;
  table["Dropout"] = import_dropout;
  table["Gemm"] = import_gemm;
  table["GlobalAveragePool"] = import_global_average_pool;
  table["MatMul"] = import_matmul;
  table["MaxPool"] = import_max_pool;
  table["Mul"] = import_mul;
  table["Relu"] = import_relu;
  table["Softmax"] = import_softmax;
  table["Sub"] = import_sub;
  table["Sum"] = import_sum;
  table["Max"] = import_max;
  table["Min"] = import_min;
}

}  // namespace s4::sw
