#include "sw/graph/evaluate.hpp"

#include <algorithm>
#include <optional>

#include "sim/reference/bfloat16.hpp"
#include "sim/reference/ops.hpp"
#include "sw/graph/bf16_ops.hpp"
#include "sw/graph/float_ops.hpp"
#include "sw/graph/function_ops.hpp"
#include "sw/graph/infer.hpp"

namespace s4::sw::graph {
namespace {

using Inputs = std::vector<const TensorData*>;

template <typename T>
ref::Tensor<T> to_reference(const TensorData& x) {
  return ref::Tensor<T>(x.shape, x.get<T>());
}
template <typename T>
TensorData from_reference(ref::Tensor<T> x) {
  return TensorData(std::move(x.shape), std::move(x.data));
}
ref::Quant quant(const Quant& q) { return {q.scale, q.zero}; }

ref::PoolParams pool_params(const PoolAttributes& p) {
  return {p.kernel, p.pads, p.strides, p.dilations, p.ceil_mode, p.count_include_pad};
}

const TensorData* at(const Inputs& inputs, std::size_t i) {
  return i < inputs.size() ? inputs[i] : nullptr;
}

/// Calls visit(position, index of the scale) for every element.
template <typename F>
void for_each_scaled(const Shape& shape, const QuantizeAttributes& q, F visit) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  std::size_t inner = 1;
  if (!q.per_tensor()) {
    for (std::size_t i = static_cast<std::size_t>(q.axis) + 1; i < shape.size(); ++i) {
      inner *= static_cast<std::size_t>(shape[i]);
    }
  }
  for (std::size_t i = 0; i < count; ++i) visit(i, i / inner % q.scale.size());
}

template <typename T>
TensorData quantize_as(const TensorData& x, const QuantizeAttributes& q) {
  if (q.per_tensor()) {
    return from_reference(ref::quantize_linear<T>(to_reference<float>(x), {q.scale[0], q.zero[0]}));
  }
  TensorData y(q.byte_type, x.shape);
  auto& out = y.get<T>();
  for_each_scaled(x.shape, q, [&](std::size_t i, std::size_t s) {
    out[i] = static_cast<T>(
        ref::round_and_saturate(x.floats()[i] / q.scale[s], q.zero[s], ref::full_range<T>()));
  });
  return y;
}

TensorData dequantize(const TensorData& x, const QuantizeAttributes& q) {
  if (q.per_tensor() && x.type == DataType::kInt8) {
    return from_reference(
        ref::dequantize_linear(to_reference<std::int8_t>(x), {q.scale[0], q.zero[0]}));
  }
  if (q.per_tensor() && x.type == DataType::kUint8) {
    return from_reference(
        ref::dequantize_linear(to_reference<std::uint8_t>(x), {q.scale[0], q.zero[0]}));
  }
  TensorData y(DataType::kFloat32, x.shape);
  auto& out = y.get<float>();
  std::visit(
      [&](const auto& data) {
        for_each_scaled(x.shape, q, [&](std::size_t i, std::size_t s) {
          out[i] = static_cast<float>(static_cast<std::int64_t>(data[i]) - q.zero[s]) * q.scale[s];
        });
      },
      x.values);
  return y;
}

/// Of bytes. A difference and a maximum are what the files say: float32 between DequantizeLinear
/// and QuantizeLinear.
template <typename T>
ref::Tensor<T> combined(Op op, const ref::Tensor<T>& a, ref::Quant a_quant, const ref::Tensor<T>& b,
                        ref::Quant b_quant, ref::Quant y_quant) {
  if (op == Op::kQMul) return ref::qlinear_mul(a, a_quant, b, b_quant, y_quant);
  if (op == Op::kQSub || op == Op::kQMax) {
    const TensorData left = from_reference(ref::dequantize_linear(a, a_quant));
    const TensorData right = from_reference(ref::dequantize_linear(b, b_quant));
    const auto shape = broadcast(left.shape, right.shape);
    if (!shape) throw GraphError("operands do not fit each other");
    return ref::quantize_linear<T>(to_reference<float>(elementwise(
                                       op == Op::kQSub ? Op::kSub : Op::kMax, left, right, *shape)),
                                   y_quant);
  }
  // The chip adds whole tensors, in its own order of roundings. A repeated operand is added
  // here alone, as ONNX Runtime does it.
  const ref::AddRule rule = a.shape == b.shape ? ref::kAddRule : ref::AddRule::kFused;
  return ref::qlinear_add(a, a_quant, b, b_quant, y_quant, ref::Rounding::kHalfEven, rule);
}

/// A layer's own result, clamped, then the second tensor added and clamped.
template <typename T>
TensorData finish_layer(ref::Tensor<T> y, const QLayerAttributes& q, const TensorData* second) {
  y = ref::clamp_quantized(y, {q.low, q.high});
  if (q.add) {
    const ref::Tensor<T> other = to_reference<T>(*second);
    const ref::Quant sum = quant(q.add->sum);
    const ref::Quant own = quant(q.y);
    const ref::Quant second_quant = quant(q.add->second);
    y = q.add->second_is_left ? combined(q.add->op, other, second_quant, y, own, sum)
                              : combined(q.add->op, y, own, other, second_quant, sum);
    y = ref::clamp_quantized(y, {q.add->low, q.add->high});
  }
  return from_reference(std::move(y));
}

template <typename T>
TensorData quantized_layer(const Node& node, const Inputs& inputs) {
  const auto& q = node.get<QLayerAttributes>();
  const ref::QWeights weights{to_reference<std::int8_t>(*inputs[1]), q.weight_scale, {}};
  std::optional<ref::Tensor<std::int32_t>> bias;
  if (at(inputs, 2) != nullptr) bias = to_reference<std::int32_t>(*inputs[2]);
  const ref::Tensor<T> x = to_reference<T>(*inputs[0]);
  if (node.op == Op::kQConv) {
    const ref::QConvParams params{q.geometry.pads, q.geometry.strides, q.geometry.dilations,
                                  q.geometry.groups};
    return finish_layer(
        ref::qlinear_conv(x, quant(q.x), weights, bias ? &*bias : nullptr, quant(q.y), params), q,
        at(inputs, 3));
  }
  return finish_layer(
      ref::qlinear_matmul(x, quant(q.x), weights, bias ? &*bias : nullptr, quant(q.y)), q,
      at(inputs, 3));
}

template <typename T>
TensorData quantized(const Node& node, const Inputs& inputs) {
  const ref::Tensor<T> x = to_reference<T>(*inputs[0]);
  switch (node.op) {
    case Op::kQConv:
    case Op::kQMatMul:
      return quantized_layer<T>(node, inputs);
    case Op::kQAdd:
    case Op::kQMul:
    case Op::kQSub:
    case Op::kQMax:
    case Op::kQMatMulDynamic: {
      const auto& q = node.get<QBinaryAttributes>();
      const ref::Tensor<T> other = to_reference<T>(*inputs[1]);
      ref::Tensor<T> y =
          node.op == Op::kQMatMulDynamic
              ? ref::qlinear_matmul_dynamic(x, quant(q.a), other, quant(q.b), quant(q.y))
              : combined(node.op, x, quant(q.a), other, quant(q.b), quant(q.y));
      return from_reference(ref::clamp_quantized(y, {q.low, q.high}));
    }
    case Op::kQClip: {
      const auto& q = node.get<QUnaryAttributes>();
      TensorData real = from_reference(ref::dequantize_linear(x, quant(q.x)));
      apply_clamp(real, q.clamp);
      const QuantizeAttributes to{{q.y.scale}, {q.y.zero}, 0, q.y_type};
      return q.y_type == DataType::kInt8 ? quantize_as<std::int8_t>(real, to)
                                         : quantize_as<std::uint8_t>(real, to);
    }
    case Op::kQAveragePool: {
      const auto& q = node.get<QPoolAttributes>();
      return from_reference(
          ref::qlinear_average_pool(x, quant(q.x), quant(q.y), pool_params(q.pool)));
    }
    case Op::kQGlobalAveragePool: {
      const auto& q = node.get<QPoolAttributes>();
      return from_reference(ref::qlinear_global_average_pool(x, quant(q.x), quant(q.y)));
    }
    default:
      return from_reference(ref::max_pool(x, pool_params(node.get<PoolAttributes>())));
  }
}

TensorData compute(const Node& node, const Inputs& inputs, Shape shape) {
  const TensorData& x = *inputs[0];
  switch (node.op) {
    case Op::kConv: {
      const auto& a = node.get<ConvAttributes>();
      TensorData y = float_conv(x, *inputs[1], at(inputs, 2), a.geometry, std::move(shape));
      apply_clamp(y, a.clamp);
      return y;
    }
    case Op::kGemm: {
      const auto& a = node.get<GemmAttributes>();
      TensorData y = float_gemm(x, *inputs[1], at(inputs, 2), a);
      apply_clamp(y, a.clamp);
      return y;
    }
    case Op::kMatMul: {
      TensorData y = float_matmul(x, *inputs[1], std::move(shape));
      apply_clamp(y, node.get<ClampAttributes>().clamp);
      return y;
    }
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv:
    case Op::kMax:
    case Op::kPow: {
      TensorData y = elementwise(node.op, x, *inputs[1], std::move(shape));
      if (const auto* a = std::get_if<ClampAttributes>(&node.attributes)) {
        apply_clamp(y, a->clamp);
      }
      return y;
    }
    case Op::kClip: {
      TensorData y = x;
      apply_clamp(y, node.get<ClampAttributes>().clamp);
      return y;
    }
    case Op::kAveragePool:
      return float_average_pool(x, node.get<PoolAttributes>(), std::move(shape));
    case Op::kGlobalAveragePool:
      return float_global_average_pool(x, std::move(shape));
    case Op::kBatchNorm:
      return float_batch_norm(inputs, node.get<BatchNormAttributes>().epsilon);
    case Op::kSoftmax:
      return float_softmax(x, node.get<AxisAttributes>());
    case Op::kUnary:
      return float_unary(x, node.get<UnaryAttributes>().function);
    case Op::kLayerNorm:
      return float_layer_norm(inputs, node.get<LayerNormAttributes>());
    case Op::kReduceMean:
      return float_reduce_mean(x, node.get<ReduceAttributes>(), std::move(shape));
    case Op::kReshape: {
      TensorData y = x;
      y.shape = std::move(shape);
      return y;
    }
    case Op::kTranspose:
      return transpose(x, node.get<TransposeAttributes>().permutation, std::move(shape));
    case Op::kArgMax:
      return arg_max(x, node.get<AxisAttributes>(), std::move(shape));
    case Op::kGather:
      return gather(x, *inputs[1], node.get<AxisAttributes>().axis, std::move(shape));
    case Op::kConcat:
      return concat(inputs, node.get<AxisAttributes>().axis, std::move(shape));
    case Op::kSlice:
      return slice(x, node.get<SliceAttributes>());
    case Op::kCast:
      return cast(x, node.get<CastAttributes>().type);
    case Op::kQuantize: {
      const auto& q = node.get<QuantizeAttributes>();
      return q.byte_type == DataType::kInt8 ? quantize_as<std::int8_t>(x, q)
                                            : quantize_as<std::uint8_t>(x, q);
    }
    case Op::kDequantize:
      return dequantize(x, node.get<QuantizeAttributes>());
    case Op::kQUnary:
    case Op::kQSoftmax:
    case Op::kQLayerNorm:
      return quantized_function(node, inputs);
    case Op::kBf16Conv:
    case Op::kBf16MatMul:
      return bf16_layer(node, inputs, std::move(shape));
    case Op::kBf16MaxPool: {
      const ref::Tensor<std::uint16_t> numbers(x.shape, to_bf16(x.floats()));
      const auto y = ref::max_pool_bfloat16(numbers, pool_params(node.get<PoolAttributes>()));
      return {std::move(shape), from_bf16(y.data)};
    }
    case Op::kBf16Unary:
      return bf16_function(x, node.get<UnaryAttributes>().function);
    case Op::kMaxPool:
      if (x.type == DataType::kFloat32) {
        return float_max_pool(x, node.get<PoolAttributes>(), std::move(shape));
      }
      break;
    default:
      break;
  }
  return x.type == DataType::kInt8 ? quantized<std::int8_t>(node, inputs)
                                   : quantized<std::uint8_t>(node, inputs);
}

}  // namespace

TensorData evaluate_node(const Node& node, const std::vector<const TensorData*>& inputs) {
  InputInfos infos;
  for (const TensorData* input : inputs) {
    if (input == nullptr) {
      infos.emplace_back();
    } else {
      infos.emplace_back(TensorInfo{input->type, input->shape});
    }
  }
  TensorInfo info = infer_node(node, infos);
  try {
    return compute(node, inputs, std::move(info.shape));
  } catch (const std::invalid_argument& error) {
    throw GraphError(std::string(name_of(node.op)) + " '" + node.name + "': " + error.what());
  }
}

std::vector<TensorData> evaluate(const Graph& graph, std::vector<TensorData> inputs,
                                 const Observer& observer) {
  if (inputs.size() != graph.inputs.size()) {
    throw GraphError("the network has " + std::to_string(graph.inputs.size()) +
                     " inputs, given are " + std::to_string(inputs.size()));
  }
  std::vector<std::optional<TensorData>> values(graph.tensors.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& wanted = graph.at(graph.inputs[i]);
    if (inputs[i].type != wanted.type || inputs[i].shape != wanted.shape) {
      throw GraphError("input '" + wanted.name + "' is " + name_of(wanted.type) +
                       to_string(wanted.shape) + ", given is " + name_of(inputs[i].type) +
                       to_string(inputs[i].shape));
    }
    values[graph.inputs[i]] = std::move(inputs[i]);
    if (observer) observer(graph.inputs[i], *values[graph.inputs[i]]);
  }
  const auto value = [&](TensorId id) -> const TensorData* {
    if (graph.at(id).constant) return &*graph.at(id).constant;
    if (!values[id]) throw GraphError("tensor '" + graph.at(id).name + "' is read unmade");
    return &*values[id];
  };
  std::vector<std::size_t> readers(graph.tensors.size());
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor) ++readers[id];
    }
  }
  for (const TensorId id : graph.outputs) ++readers[id];
  for (const Node& node : graph.nodes) {
    std::vector<const TensorData*> operands;
    for (const TensorId id : node.inputs) {
      operands.push_back(id == kNoTensor ? nullptr : value(id));
    }
    values[node.output] = evaluate_node(node, operands);
    if (observer) observer(node.output, *values[node.output]);
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor && --readers[id] == 0) values[id].reset();
    }
  }
  std::vector<TensorData> results;
  for (const TensorId id : graph.outputs) results.push_back(*value(id));
  return results;
}

}  // namespace s4::sw::graph
