// ONNX operators that become functions of one number, normalisations and means.
#include <algorithm>
#include <optional>

#include "sw/onnx/operators.hpp"

namespace s4::sw {
namespace {

using graph::DataType;
using graph::Function;
using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

/// Gamma and beta are repeated to at most so many numbers.
constexpr std::int64_t kMaxAffine = std::int64_t{1} << 24;

TensorId float_input(const NodeImport& node) {
  const TensorId x = node.input(0);
  if (node.at(x).type != DataType::kFloat32) {
    node.unsupported(std::string("on ") + graph::name_of(node.at(x).type),
                     "FLOAT, between DequantizeLinear and QuantizeLinear");
  }
  return x;
}

void finish_function(NodeImport& node, Function function) {
  node.attributes_done(1, 1);
  node.finish(node.emit(Op::kUnary, {float_input(node)}, graph::UnaryAttributes{function}));
}
template <Function function>
void import_function(NodeImport& node) {
  finish_function(node, function);
}

void import_gelu(NodeImport& node) {
  const std::string form = node.text("approximate", "none");
  if (form != "none" && form != "tanh") {
    node.damaged("approximate is '" + form + "', not 'none' or 'tanh'");
  }
  finish_function(node, form == "none" ? Function::kGelu : Function::kGeluTanh);
}

/// clamp(alpha x + beta, 0, 1).
void import_hard_sigmoid(NodeImport& node) {
  const float alpha = node.real("alpha", 0.2F);
  const float beta = node.real("beta", 0.5F);
  node.attributes_done(1, 1);
  const TensorId x = float_input(node);
  const auto number = [&](float value, const char* suffix) {
    return node.emit_constant(TensorData(Shape{}, std::vector<float>{value}), suffix);
  };
  const TensorId product =
      node.emit(Op::kMul, {x, number(alpha, "_alpha")}, graph::ClampAttributes{});
  const TensorId sum =
      node.emit(Op::kAdd, {product, number(beta, "_beta")}, graph::ClampAttributes{});
  node.finish(node.emit(Op::kClip, {sum}, graph::ClampAttributes{{0.0F, 1.0F}}));
}

void import_pow(NodeImport& node) {
  if (node.opset() < 7) (void)node.flag("broadcast", false);
  node.attributes_done(2, 2);
  const TensorId x = float_input(node);
  const TensorData& given = node.constant(1, "the exponent");
  TensorId exponent = node.input(1);
  if (given.type == DataType::kInt32 || given.type == DataType::kInt64) {
    std::vector<float> values;
    for (const std::int64_t value : given.integers()) values.push_back(static_cast<float>(value));
    exponent = node.emit_constant(TensorData(Shape(given.shape), std::move(values)), "_exponent");
  } else if (given.type != DataType::kFloat32) {
    node.unsupported(std::string("an exponent of type ") + graph::name_of(given.type), "FLOAT");
  }
  node.finish(node.emit(Op::kPow, {x, exponent}, graph::NoAttributes{}));
}

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

void import_reduce_mean(NodeImport& node) {
  const auto attributes = reduction(node, 18);
  const TensorId x = float_input(node);
  if (!attributes) return node.finish(node.emit_reshape(x, Shape(node.at(x).shape)));
  node.finish(node.emit(Op::kReduceMean, {x}, *attributes));
}

/// Over the image a GlobalMaxPool.
void import_reduce_max(NodeImport& node) {
  const auto attributes = reduction(node, 18);
  const TensorId x = node.input(0);
  const Shape in = node.at(x).shape;
  const DataType type = node.at(x).type;
  if (type != DataType::kFloat32 && !graph::is_byte(type)) {
    node.unsupported(std::string("on ") + graph::name_of(type), "FLOAT");
  }
  if (!attributes) return node.finish(node.emit_reshape(x, Shape(in)));
  const auto& axes = attributes->axes;
  if (in.size() < 3 || axes.size() + 2 != in.size() || axes.front() != 2) {
    node.unsupported("other axes than all behind the channels", "GlobalMaxPool");
  }
  Shape out{in[0], in[1]};
  if (attributes->keep_dims) out.resize(in.size(), 1);
  const bool image = in.size() == 4;
  const std::int64_t height = image ? in[2] : 1;
  const std::int64_t width = graph::element_count(Shape(in.begin() + (image ? 3 : 2), in.end()));
  graph::PoolAttributes pool;
  pool.kernel = {height, width};
  const TensorId seen = image ? x : node.emit_reshape(x, {in[0], in[1], height, width});
  const TensorId y = node.emit(Op::kMaxPool, {seen}, pool);
  node.finish(out.size() == 4 ? y : node.emit_reshape(y, std::move(out)));
}

/// Gamma or beta, repeated to the shape that is normalised.
TensorId affine_input(NodeImport& node, int i, const Shape& wanted) {
  TensorId id = node.input(i);
  Shape own = node.at(id).shape;
  while (own.size() > wanted.size() && own.front() == 1) own.erase(own.begin());
  if (own.size() > wanted.size()) {
    node.unsupported("gamma or beta that differ from row to row", "the shape that is normalised");
  }
  if (own != node.at(id).shape) id = node.emit_reshape(id, own);
  if (own == wanted) return id;
  const std::int64_t count = graph::element_count(wanted);
  if (count > kMaxAffine) {
    node.unsupported("gamma or beta repeated to this size", "the shape that is normalised");
  }
  const TensorId ones = node.emit_constant(
      TensorData(wanted, std::vector<float>(static_cast<std::size_t>(count), 1.0F)),
      "_ones" + std::to_string(i));
  id = node.emit(Op::kMul, {id, ones}, graph::ClampAttributes{});
  if (node.at(id).shape != wanted) {
    node.damaged("input " + std::to_string(i) + " " + graph::to_string(own) +
                 " does not fit the normalised axes " + graph::to_string(wanted));
  }
  return id;
}

void import_layer_norm(NodeImport& node) {
  const std::int64_t axis = node.integer("axis", -1);
  graph::LayerNormAttributes attributes;
  attributes.epsilon = node.real("epsilon", 1e-5F);
  if (node.integer("stash_type", 1) != 1) {
    node.unsupported("statistics in another type than float", "stash_type = 1");
  }
  node.attributes_done(2, 3);
  if (node.has_output(1) || node.has_output(2)) {
    node.unsupported("the results Mean and InvStdDev", "the first result alone");
  }
  const TensorId x = float_input(node);
  const Shape shape = node.at(x).shape;
  attributes.axis = static_cast<std::int64_t>(resolve_axis(node, axis, shape.size()));
  const Shape wanted(shape.begin() + attributes.axis, shape.end());
  std::vector<TensorId> inputs{x, affine_input(node, 1, wanted)};
  if (node.has_input(2)) inputs.push_back(affine_input(node, 2, wanted));
  node.finish(node.emit(Op::kLayerNorm, inputs, attributes));
}

}  // namespace

void add_function_operators(std::map<std::string, OperatorImport>& table) {
  table["Erf"] = import_function<Function::kErf>;
  table["Exp"] = import_function<Function::kExp>;
  table["Gelu"] = import_gelu;
  table["HardSigmoid"] = import_hard_sigmoid;
  table["HardSwish"] = import_function<Function::kHardSwish>;
  table["LayerNormalization"] = import_layer_norm;
  table["Log"] = import_function<Function::kLog>;
  table["Pow"] = import_pow;
  table["Reciprocal"] = import_function<Function::kReciprocal>;
  table["ReduceMax"] = import_reduce_max;
  table["ReduceMean"] = import_reduce_mean;
  table["Sigmoid"] = import_function<Function::kSigmoid>;
  table["Softplus"] = import_function<Function::kSoftplus>;
  table["Sqrt"] = import_function<Function::kSqrt>;
  table["Tanh"] = import_function<Function::kTanh>;
}

}  // namespace s4::sw
