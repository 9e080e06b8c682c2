// QuantizeLinear and DequantizeLinear, and the operators on bytes (QOperator form).
#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/graph/float_ops.hpp"
#include "sw/onnx/operators.hpp"
#include "sw/onnx/spatial.hpp"

namespace s4::sw {
namespace {

using graph::DataType;
using graph::Op;
using graph::Quant;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

std::int32_t lowest(DataType type) { return type == DataType::kInt8 ? -128 : 0; }
std::int32_t highest(DataType type) { return type == DataType::kInt8 ? 127 : 255; }

std::vector<float> scales_of(const NodeImport& node, int i, const std::string& role) {
  const TensorData& data = node.constant(i, role);
  if (data.type != DataType::kFloat32) node.damaged(role + " is " + graph::name_of(data.type));
  if (data.size() < 1 || data.shape.size() > 1) {
    node.unsupported(role + " has shape " + graph::to_string(data.shape),
                     "one per tensor, or one per channel");
  }
  for (const float scale : data.floats()) {
    if (!std::isfinite(scale) || scale <= 0.0F) {
      node.unsupported(role + " holds " + std::to_string(scale), "positive scales");
    }
  }
  return data.floats();
}

/// Zero points as many as scales; zeros where the input is missing.
std::vector<std::int32_t> zeros_of(const NodeImport& node, int i, std::size_t count,
                                   DataType type) {
  if (!node.has_input(i)) return std::vector<std::int32_t>(count, 0);
  const TensorData& data = node.constant(i, "the zero point");
  if (data.type != type) {
    node.unsupported(std::string("a zero point of type ") + graph::name_of(data.type) + " for " +
                         graph::name_of(type),
                     "equal types");
  }
  const auto values = data.integers();
  if (values.size() != count && values.size() != 1) {
    node.damaged(std::to_string(values.size()) + " zero points for " + std::to_string(count) +
                 " scales");
  }
  std::vector<std::int32_t> zeros(count);
  for (std::size_t c = 0; c < count; ++c) {
    zeros[c] = static_cast<std::int32_t>(values[values.size() == 1 ? 0 : c]);
  }
  return zeros;
}

/// One scale and zero point of an activation.
Quant quant_of(const NodeImport& node, int scale, int zero, DataType type,
               const std::string& which) {
  const auto scales = scales_of(node, scale, "the scale of " + which);
  if (scales.size() != 1) {
    node.unsupported("a scale per channel of " + which, "one scale per tensor");
  }
  return {scales[0], zeros_of(node, zero, 1, type)[0]};
}

/// The type of a byte tensor.
DataType byte_type(const NodeImport& node, int i, const std::string& which) {
  const DataType type = node.at(node.input(i)).type;
  if (!graph::is_byte(type)) {
    node.unsupported(which + " is " + graph::name_of(type), "INT8 or UINT8");
  }
  return type;
}

/// The type that the zero point of a result names; uint8 where it is missing.
DataType result_type(const NodeImport& node, int zero) {
  return node.has_input(zero) ? byte_type(node, zero, "the zero point of the result")
                              : DataType::kUint8;
}

void require_same(const NodeImport& node, DataType a, DataType b) {
  if (a == b) return;
  node.unsupported(
      std::string("operands of type ") + graph::name_of(a) + " and " + graph::name_of(b),
      "all activations int8, or all uint8");
}

graph::QuantizeAttributes read_quantize(NodeImport& node, DataType type, std::int64_t axis) {
  graph::QuantizeAttributes attributes;
  attributes.scale = scales_of(node, 1, "the scale");
  attributes.zero = zeros_of(node, 2, attributes.scale.size(), type);
  attributes.byte_type = type;
  const Shape& x = node.shape(0);
  if (attributes.per_tensor()) return attributes;
  const auto rank = static_cast<std::int64_t>(x.size());
  if (axis < -rank || axis >= rank) node.damaged("axis " + std::to_string(axis));
  attributes.axis = axis < 0 ? axis + rank : axis;
  return attributes;
}

/// Attributes of both directions; returns the axis.
std::int64_t read_quantize_attributes(NodeImport& node) {
  std::int64_t axis = 1;
  if (node.opset() >= 13) axis = node.integer("axis", 1);
  if (node.opset() >= 21 && node.integer("block_size", 0) != 0) {
    node.unsupported("scales per block", "one per tensor, or one per channel");
  }
  return axis;
}

void import_quantize(NodeImport& node) {
  const std::int64_t axis = read_quantize_attributes(node);
  if (node.opset() >= 19) (void)node.integer("saturate", 1);
  const std::int64_t wanted = node.opset() >= 21 ? node.integer("output_dtype", 0) : 0;
  node.attributes_done(2, 3);
  const TensorId x = node.input(0);
  if (node.at(x).type != DataType::kFloat32) {
    node.unsupported(std::string("of ") + graph::name_of(node.at(x).type), "FLOAT");
  }
  DataType type = result_type(node, 2);
  if (wanted != 0 && !node.has_input(2)) {
    if (wanted != ::onnx::TensorProto::INT8 && wanted != ::onnx::TensorProto::UINT8) {
      node.unsupported("to type " + std::to_string(wanted), "INT8 or UINT8");
    }
    type = wanted == ::onnx::TensorProto::INT8 ? DataType::kInt8 : DataType::kUint8;
  }
  node.finish(node.emit(Op::kQuantize, {x}, read_quantize(node, type, axis)));
}

void import_dequantize(NodeImport& node) {
  const std::int64_t axis = read_quantize_attributes(node);
  node.attributes_done(2, 3);
  const TensorId x = node.input(0);
  const DataType type = node.at(x).type;
  if (!graph::is_byte(type) && type != DataType::kInt32) {
    node.unsupported(std::string("of ") + graph::name_of(type), "INT8, UINT8 or INT32");
  }
  graph::QuantizeAttributes attributes = read_quantize(node, type, axis);
  if (type == DataType::kInt32) {
    if (std::any_of(attributes.zero.begin(), attributes.zero.end(),
                    [](std::int32_t zero) { return zero != 0; })) {
      node.unsupported("an int32 tensor with a zero point", "zero point 0");
    }
    attributes.byte_type = DataType::kUint8;
  }
  node.finish(node.emit(Op::kDequantize, {x}, attributes));
}

/// Constant int8 weights with zero point 0; uint8 ones with zero point 128 are shifted.
TensorId weights_of(NodeImport& node, int value, int scale, int zero, bool transposed,
                    std::vector<float>& scales) {
  TensorData data = node.constant(value, "the weight tensor");
  if (!graph::is_byte(data.type)) {
    node.unsupported(std::string("weights of type ") + graph::name_of(data.type), "INT8");
  }
  scales = scales_of(node, scale, "the scale of the weights");
  const std::int32_t wanted = data.type == DataType::kUint8 ? 128 : 0;
  for (const std::int32_t z : zeros_of(node, zero, scales.size(), data.type)) {
    if (z == wanted) continue;
    node.unsupported("weights with zero point " + std::to_string(z),
                     "symmetric weights: int8 with zero point 0, uint8 with 128");
  }
  if (wanted == 0 && !transposed) return node.input(value);
  if (wanted != 0) {
    std::vector<std::int8_t> shifted;
    for (const std::uint8_t v : data.get<std::uint8_t>()) {
      shifted.push_back(static_cast<std::int8_t>(v - 128));
    }
    data = TensorData(data.shape, std::move(shifted));
  }
  if (transposed && data.shape.size() == 2) {
    data = graph::transpose(data, {1, 0}, {data.shape[1], data.shape[0]});
  }
  return node.emit_constant(std::move(data), "_weights");
}

void import_qconv(NodeImport& node) {
  WindowAttributes window = read_window(node);
  const std::int64_t groups = node.integer("group", 1);
  node.attributes_done(8, 9);
  const DataType type = byte_type(node, 0, "the input");
  require_same(node, type, result_type(node, 7));
  graph::QLayerAttributes q;
  q.x = quant_of(node, 1, 2, type, "the input");
  q.y = quant_of(node, 6, 7, type, "the result");
  q.low = lowest(type);
  q.high = highest(type);
  const Shape x = node.shape(0);
  const Shape w = node.shape(3);
  if (x.size() != 4 || w.size() != 4) {
    node.unsupported("an input " + graph::to_string(x) + " with weights " + graph::to_string(w),
                     "2-D images");
  }
  window.kernel = {w[2], w[3]};
  const Window resolved = resolve_window(node, window, x);
  q.geometry = {resolved.pads, resolved.strides, resolved.dilations, groups};
  const TensorId weights = weights_of(node, 3, 4, 5, false, q.weight_scale);
  if (node.has_input(8)) (void)node.constant(8, "the bias");
  node.finish(node.emit(Op::kQConv, {node.input(0), weights, node.optional_input(8)}, q));
}

void import_qmatmul(NodeImport& node) {
  node.attributes_done(8, 8);
  const DataType type = byte_type(node, 0, "the first operand");
  require_same(node, type, result_type(node, 7));
  const Quant a = quant_of(node, 1, 2, type, "the first operand");
  const Quant y = quant_of(node, 6, 7, type, "the result");
  if (!node.is_constant(3)) {
    require_same(node, type, byte_type(node, 3, "the second operand"));
    const Quant b = quant_of(node, 4, 5, type, "the second operand");
    return node.finish(node.emit(Op::kQMatMulDynamic, {node.input(0), node.input(3)},
                                 graph::QBinaryAttributes{a, b, y, lowest(type), highest(type)}));
  }
  graph::QLayerAttributes q;
  q.x = a;
  q.y = y;
  q.low = lowest(type);
  q.high = highest(type);
  const TensorId weights = weights_of(node, 3, 4, 5, false, q.weight_scale);
  node.finish(node.emit(Op::kQMatMul, {node.input(0), weights}, q));
}

/// com.microsoft.QGemm with a quantised result.
void import_qgemm(NodeImport& node) {
  const float alpha = node.real("alpha", 1.0F);
  const bool transpose_a = node.flag("transA", false);
  const bool transpose_b = node.flag("transB", false);
  node.attributes_done(6, 9);
  if (!node.has_input(7)) node.unsupported("a result of type float", "a scale of the result");
  if (transpose_a || alpha != 1.0F) node.unsupported("transA or alpha", "transA = 0, alpha = 1");
  const DataType type = byte_type(node, 0, "the first operand");
  require_same(node, type, result_type(node, 8));
  graph::QLayerAttributes q;
  q.x = quant_of(node, 1, 2, type, "the first operand");
  q.y = quant_of(node, 7, 8, type, "the result");
  q.low = lowest(type);
  q.high = highest(type);
  const TensorId weights = weights_of(node, 3, 4, 5, transpose_b, q.weight_scale);
  if (node.at(weights).shape.size() != 2) node.damaged("its weights are no matrix");
  TensorId bias = graph::kNoTensor;
  if (node.has_input(6)) {
    const TensorData& data = node.constant(6, "the bias");
    const std::int64_t columns = node.at(weights).shape[1];
    if (data.size() != columns) {
      node.unsupported("a bias of shape " + graph::to_string(data.shape), "one per column");
    }
    bias = node.emit_reshape(node.input(6), {columns});
  }
  node.finish(node.emit(Op::kQMatMul, {node.input(0), weights, bias}, q));
}

void import_qbinary(NodeImport& node, Op op) {
  node.attributes_done(7, 8);
  const DataType type = byte_type(node, 0, "the first operand");
  require_same(node, type, byte_type(node, 3, "the second operand"));
  const graph::QBinaryAttributes q{quant_of(node, 1, 2, type, "the first operand"),
                                   quant_of(node, 4, 5, type, "the second operand"),
                                   quant_of(node, 6, 7, type, "the result"), lowest(type),
                                   highest(type)};
  node.finish(node.emit(op, {node.input(0), node.input(3)}, q));
}
void import_qadd(NodeImport& node) { import_qbinary(node, Op::kQAdd); }
void import_qmul(NodeImport& node) { import_qbinary(node, Op::kQMul); }

void import_qpool(NodeImport& node, Op op) {
  WindowAttributes window;
  graph::QPoolAttributes q;
  if (op == Op::kQAveragePool) {
    window = read_window(node);
    q.pool.ceil_mode = node.flag("ceil_mode", false);
    q.pool.count_include_pad = node.flag("count_include_pad", false);
  }
  const bool channels_last = node.flag("channels_last", false);
  node.attributes_done(4, 5);
  const DataType type = byte_type(node, 0, "the input");
  if (channels_last || node.shape(0).size() != 4) {
    node.unsupported("an input " + graph::to_string(node.shape(0)), "2-D images, channels first");
  }
  q.x = quant_of(node, 1, 2, type, "the input");
  q.y = quant_of(node, 3, 4, type, "the result");
  if (op == Op::kQAveragePool) {
    if (window.kernel.empty()) node.damaged("attribute 'kernel_shape' is missing");
    const Window resolved = resolve_window(node, window, node.shape(0));
    q.pool.kernel = resolved.kernel;
    q.pool.strides = resolved.strides;
    q.pool.dilations = resolved.dilations;
    q.pool.pads = resolved.pads;
  }
  node.finish(node.emit(op, {node.input(0)}, q));
}
void import_qaverage_pool(NodeImport& node) { import_qpool(node, Op::kQAveragePool); }
void import_qglobal_average_pool(NodeImport& node) { import_qpool(node, Op::kQGlobalAveragePool); }

}  // namespace

void add_quantized_operators(std::map<std::string, OperatorImport>& table) {
  table["DequantizeLinear"] = import_dequantize;
  table["QLinearConv"] = import_qconv;
  table["QLinearMatMul"] = import_qmatmul;
  table["QuantizeLinear"] = import_quantize;
  const std::string domain = "com.microsoft.";
  table[domain + "DequantizeLinear"] = import_dequantize;
  table[domain + "QGemm"] = import_qgemm;
  table[domain + "QLinearAdd"] = import_qadd;
  table[domain + "QLinearAveragePool"] = import_qaverage_pool;
  table[domain + "QLinearGlobalAveragePool"] = import_qglobal_average_pool;
  table[domain + "QLinearMul"] = import_qmul;
  table[domain + "QuantizeLinear"] = import_quantize;
}

const std::map<std::string, OperatorImport>& operator_imports() {
  static const std::map<std::string, OperatorImport> kTable = [] {
    std::map<std::string, OperatorImport> table;
    add_data_operators(table);
    add_float_operators(table);
    add_function_operators(table);
    add_quantized_operators(table);
    add_reduction_operators(table);
    return table;
  }();
  return kTable;
}

std::string nearest_operator(const std::string& op) {
  static const std::map<std::string, std::string> kNearest = {
      {"ConvTranspose", "Conv"},
      {"ConvInteger", "QLinearConv, or the QDQ form"},
      {"MatMulInteger", "QLinearMatMul, or the QDQ form"},
      {"DynamicQuantizeLinear", "QuantizeLinear with constant scale"},
      {"FusedConv", "Conv followed by Relu or Clip"},
      {"Elu", "Relu or Clip"},
      {"LeakyRelu", "Relu or Clip"},
      {"LogSoftmax", "Softmax"},
      {"PRelu", "Relu or Clip"},
      {"Selu", "Relu or Clip"},
      {"ThresholdedRelu", "Relu or Clip"},
      {"GlobalLpPool", "GlobalAveragePool"},
      {"InstanceNormalization", "BatchNormalization or LayerNormalization"},
      {"GroupNormalization", "BatchNormalization or LayerNormalization"},
      {"LpPool", "AveragePool"},
      {"LRN", "BatchNormalization"},
      {"Mean", "Add, then Mul by a constant"},
      {"Mish", "Softplus, Tanh and Mul"},
      {"Pad", "the pads of Conv or of a pool"},
      {"Split", "Slice"},
      {"Expand", "Add or Mul, which repeat the smaller operand"},
  };
  const auto found = kNearest.find(op);
  return found == kNearest.end() ? "" : found->second;
}

}  // namespace s4::sw
