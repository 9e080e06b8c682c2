#include "sw/graph/infer.hpp"

#include <algorithm>

#include "sw/graph/inference.hpp"

namespace s4::sw::graph {

TensorInfo Inference::result() const {
  switch (node_.op) {
    case Op::kConv:
      return conv();
    case Op::kGemm:
      return gemm();
    case Op::kMatMul:
      return matmul();
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv:
    case Op::kMax:
      return elementwise();
    case Op::kClip:
      (void)node_.get<ClampAttributes>();
      return typed(1, DataType::kFloat32);
    case Op::kMaxPool:
      return pool(node_.get<PoolAttributes>());
    case Op::kAveragePool:
      (void)typed(1, DataType::kFloat32);
      return pool(node_.get<PoolAttributes>());
    case Op::kGlobalAveragePool:
      (void)typed(1, DataType::kFloat32);
      return global_pool();
    case Op::kBatchNorm:
      return batch_norm();
    case Op::kSoftmax:
      return softmax();
    case Op::kUnary:
      return unary();
    case Op::kLayerNorm:
      return layer_norm();
    case Op::kReduceMean:
      return reduce_mean();
    case Op::kPow:
      return pow();
    case Op::kReshape:
      return reshape();
    case Op::kTranspose:
      return transpose();
    case Op::kArgMax:
      return arg_max();
    case Op::kGather:
      return gather();
    case Op::kConcat:
      return concat();
    case Op::kSlice:
      return slice();
    case Op::kCast:
      return {node_.get<CastAttributes>().type, in(0).shape};
    case Op::kQuantize:
      return quantize();
    case Op::kDequantize:
      return dequantize();
    case Op::kQConv:
      return qconv();
    case Op::kQMatMul:
      return qmatmul();
    case Op::kQMatMulDynamic:
      return qmatmul_dynamic();
    case Op::kQAdd:
    case Op::kQMul:
    case Op::kQSub:
    case Op::kQMax:
      return qbinary();
    case Op::kQClip:
      return qclip();
    case Op::kQAveragePool:
    case Op::kQGlobalAveragePool:
      return qpool();
    case Op::kQUnary:
      return qunary();
    case Op::kQSoftmax:
    case Op::kQLayerNorm:
      return qrow();
    case Op::kBf16Conv:
      return bf16_layer(
          convolved(in(0).shape, in(1).shape, node_.get<Bf16LayerAttributes>().geometry), 1);
    case Op::kBf16MatMul: {
      const Shape y = rows_product();
      return bf16_layer(y, y.size() - 1);
    }
    case Op::kBf16MaxPool:
      (void)typed(1, DataType::kFloat32);
      return pool(node_.get<PoolAttributes>());
    case Op::kBf16Unary:
      require(node_.get<UnaryAttributes>().function != Function::kHardSwish,
              "HardSwish has no BF16 form");
      return unary();
  }
  fail("operator unknown");
}

bool repeats_samples(const Shape& own, const Shape& whole) {
  const auto first = std::find_if(own.begin(), own.end(), [](std::int64_t n) { return n != 1; });
  const auto count = own.end() - first;
  return count >= 2 && count <= static_cast<std::ptrdiff_t>(whole.size()) &&
         std::equal(first, own.end(), whole.end() - count);
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape y(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::int64_t p = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t q = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (p != q && p != 1 && q != 1) return std::nullopt;
    y[y.size() - 1 - i] = p == 1 ? q : p;
  }
  return y;
}

std::int64_t convolved_size(std::int64_t in, std::int64_t before, std::int64_t after,
                            std::int64_t kernel, std::int64_t dilation, std::int64_t stride) {
  const std::int64_t room = in + before + after - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

std::int64_t pooled_size(std::int64_t in, std::int64_t before, std::int64_t after,
                         std::int64_t kernel, std::int64_t dilation, std::int64_t stride,
                         bool ceil_mode) {
  const std::int64_t room = in + before + after - (dilation * (kernel - 1) + 1);
  if (room < 0) return 0;
  std::int64_t size = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (size - 1) * stride >= in + before) --size;
  return size;
}

TensorInfo infer_node(const Node& node, const InputInfos& inputs) {
  return Inference(node, inputs).result();
}

TensorInfo infer_node(const Graph& graph, const Node& node) {
  InputInfos infos;
  for (const TensorId id : node.inputs) {
    if (id == kNoTensor) {
      infos.emplace_back();
    } else {
      infos.emplace_back(TensorInfo{graph.at(id).type, graph.at(id).shape});
    }
  }
  return infer_node(node, infos);
}

void infer_shapes(Graph& graph) {
  for (const Node& node : graph.nodes) {
    TensorInfo info = infer_node(graph, node);
    Tensor& output = graph.at(node.output);
    output.type = info.type;
    output.shape = std::move(info.shape);
  }
}

}  // namespace s4::sw::graph
