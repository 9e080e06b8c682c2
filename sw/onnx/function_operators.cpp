// ONNX operators that become functions of one number, and normalisations.
#include <algorithm>

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
  table["Sigmoid"] = import_function<Function::kSigmoid>;
  table["Softplus"] = import_function<Function::kSoftplus>;
  table["Sqrt"] = import_function<Function::kSqrt>;
  table["Tanh"] = import_function<Function::kTanh>;
}

}  // namespace s4::sw
