#include "tests/graph/network_evaluation.hpp"

#include <stdexcept>

namespace s4::sw::graph::test {
namespace {

using Inputs = std::vector<const TensorData*>;

ref::Quant quant(const Quant& q) { return {q.scale, q.zero}; }

template <typename T>
ref::Tensor<T> reference(const TensorData& x) {
  return ref::Tensor<T>(x.shape, x.get<T>());
}
template <typename T>
TensorData result(const ref::Tensor<T>& x) {
  return TensorData(x.shape, x.data);
}

template <typename T>
TensorData add_in_float(const QBinaryAttributes& q, const TensorData& a, const TensorData& b) {
  const auto real = [](const TensorData& x, const Quant& from) {
    const auto values = ref::dequantize_linear(reference<T>(x), quant(from));
    return TensorData(values.shape, values.data);
  };
  Node add{Op::kAdd, "add", {0, 1}, 2, ClampAttributes{}};
  const TensorData left = real(a, q.a);
  const TensorData right = real(b, q.b);
  const TensorData sum = evaluate_node(add, {&left, &right});
  const ref::Tensor<float> values(sum.shape, sum.floats());
  return result(ref::clamp_quantized(ref::quantize_linear<T>(values, quant(q.y)), {q.low, q.high}));
}

template <typename T>
TensorData add_as_runtime(const Node& node, const Inputs& inputs) {
  const auto& q = node.get<QBinaryAttributes>();
  const ref::Range full = ref::full_range<T>();
  if (q.low != full.low || q.high != full.high) {
    return add_in_float<T>(q, *inputs[0], *inputs[1]);
  }
  return result(ref::qlinear_add(reference<T>(*inputs[0]), quant(q.a), reference<T>(*inputs[1]),
                                 quant(q.b), quant(q.y), ref::Rounding::kHalfEven,
                                 ref::AddRule::kFused));
}

template <typename T>
TensorData rounded(const Node& node, const Inputs& inputs, ref::Rounding rounding) {
  const ref::Tensor<T> x = reference<T>(*inputs[0]);
  switch (node.op) {
    case Op::kQConv:
    case Op::kQMatMul: {
      const auto& q = node.get<QLayerAttributes>();
      const ref::QWeights weights{reference<std::int8_t>(*inputs[1]), q.weight_scale, {}};
      std::optional<ref::Tensor<std::int32_t>> bias;
      if (inputs.size() > 2 && inputs[2] != nullptr) bias = reference<std::int32_t>(*inputs[2]);
      const auto* sums = bias ? &*bias : nullptr;
      const ref::QConvParams geometry{q.geometry.pads, q.geometry.strides, q.geometry.dilations,
                                      q.geometry.groups};
      const auto y =
          node.op == Op::kQConv
              ? ref::qlinear_conv(x, quant(q.x), weights, sums, quant(q.y), geometry, rounding)
              : ref::qlinear_matmul(x, quant(q.x), weights, sums, quant(q.y), rounding);
      return result(ref::clamp_quantized(y, {q.low, q.high}));
    }
    case Op::kQAdd:
    case Op::kQMul: {
      const auto& q = node.get<QBinaryAttributes>();
      const ref::Tensor<T> b = reference<T>(*inputs[1]);
      const auto y = node.op == Op::kQAdd
                         ? ref::qlinear_add(x, quant(q.a), b, quant(q.b), quant(q.y), rounding)
                         : ref::qlinear_mul(x, quant(q.a), b, quant(q.b), quant(q.y), rounding);
      return result(ref::clamp_quantized(y, {q.low, q.high}));
    }
    case Op::kQAveragePool: {
      const auto& q = node.get<QPoolAttributes>();
      const ref::PoolParams pool{q.pool.kernel,    q.pool.pads,      q.pool.strides,
                                 q.pool.dilations, q.pool.ceil_mode, q.pool.count_include_pad};
      return result(ref::qlinear_average_pool(x, quant(q.x), quant(q.y), pool, rounding));
    }
    case Op::kQGlobalAveragePool: {
      const auto& q = node.get<QPoolAttributes>();
      return result(ref::qlinear_global_average_pool(x, quant(q.x), quant(q.y), rounding));
    }
    default:
      throw std::logic_error(std::string("no other rounding of ") + name_of(node.op));
  }
}

}  // namespace

std::vector<TensorData> evaluate_with(const Graph& graph, const std::vector<TensorData>& inputs,
                                      const Replacement& replacement) {
  std::vector<TensorData> values(graph.tensors.size());
  for (std::size_t id = 0; id < values.size(); ++id) {
    if (graph.tensors[id].constant) values[id] = *graph.tensors[id].constant;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) values.at(graph.inputs.at(i)) = inputs[i];
  for (const Node& node : graph.nodes) {
    Inputs operands;
    for (const TensorId id : node.inputs) {
      operands.push_back(id == kNoTensor ? nullptr : &values.at(id));
    }
    auto other = replacement(node, operands);
    values[node.output] = other ? std::move(*other) : evaluate_node(node, operands);
  }
  std::vector<TensorData> results;
  for (const TensorId id : graph.outputs) results.push_back(values[id]);
  return results;
}

std::optional<TensorData> add_of_onnx_runtime(const Node& node, const Inputs& inputs) {
  if (node.op != Op::kQAdd) return std::nullopt;
  return inputs[0]->type == DataType::kInt8 ? add_as_runtime<std::int8_t>(node, inputs)
                                            : add_as_runtime<std::uint8_t>(node, inputs);
}

Replacement with_rounding(Op op, ref::Rounding rounding) {
  return [op, rounding](const Node& node, const Inputs& inputs) -> std::optional<TensorData> {
    if (node.op != op) return std::nullopt;
    return inputs[0]->type == DataType::kInt8 ? rounded<std::int8_t>(node, inputs, rounding)
                                              : rounded<std::uint8_t>(node, inputs, rounding);
  };
}

std::size_t differing(const std::vector<TensorData>& a, const std::vector<TensorData>& b) {
  if (a.size() != b.size()) throw std::logic_error("numbers of results differ");
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].type != b[i].type || a[i].shape != b[i].shape) {
      throw std::logic_error("result " + std::to_string(i) + " has another type or shape");
    }
    std::visit(
        [&](const auto& left) {
          const auto& right = std::get<std::decay_t<decltype(left)>>(b[i].values);
          for (std::size_t k = 0; k < left.size(); ++k) count += left[k] == right[k] ? 0 : 1;
        },
        a[i].values);
  }
  return count;
}

}  // namespace s4::sw::graph::test
