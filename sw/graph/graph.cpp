#include "sw/graph/graph.hpp"

#include <queue>
#include <utility>

#include "sw/graph/infer.hpp"

namespace s4::sw::graph {

const char* name_of(Op op) {
  switch (op) {
    case Op::kConv:
      return "Conv";
    case Op::kGemm:
      return "Gemm";
    case Op::kMatMul:
      return "MatMul";
    case Op::kAdd:
      return "Add";
    case Op::kSub:
      return "Sub";
    case Op::kMul:
      return "Mul";
    case Op::kDiv:
      return "Div";
    case Op::kMax:
      return "Max";
    case Op::kClip:
      return "Clip";
    case Op::kAveragePool:
      return "AveragePool";
    case Op::kGlobalAveragePool:
      return "GlobalAveragePool";
    case Op::kBatchNorm:
      return "BatchNormalization";
    case Op::kSoftmax:
      return "Softmax";
    case Op::kUnary:
      return "Unary";
    case Op::kLayerNorm:
      return "LayerNormalization";
    case Op::kReduceMean:
      return "ReduceMean";
    case Op::kPow:
      return "Pow";
    case Op::kMaxPool:
      return "MaxPool";
    case Op::kReshape:
      return "Reshape";
    case Op::kTranspose:
      return "Transpose";
    case Op::kArgMax:
      return "ArgMax";
    case Op::kGather:
      return "Gather";
    case Op::kConcat:
      return "Concat";
    case Op::kSlice:
      return "Slice";
    case Op::kCast:
      return "Cast";
    case Op::kQuantize:
      return "QuantizeLinear";
    case Op::kDequantize:
      return "DequantizeLinear";
    case Op::kQConv:
      return "QConv";
    case Op::kQMatMul:
      return "QMatMul";
    case Op::kQMatMulDynamic:
      return "QMatMulDynamic";
    case Op::kQAdd:
      return "QAdd";
    case Op::kQMul:
      return "QMul";
    case Op::kQSub:
      return "QSub";
    case Op::kQMax:
      return "QMax";
    case Op::kQClip:
      return "QClip";
    case Op::kQAveragePool:
      return "QAveragePool";
    case Op::kQGlobalAveragePool:
      return "QGlobalAveragePool";
    case Op::kQUnary:
      return "QUnary";
    case Op::kQSoftmax:
      return "QSoftmax";
    case Op::kQLayerNorm:
      return "QLayerNormalization";
    case Op::kBf16Conv:
      return "Bf16Conv";
    case Op::kBf16MatMul:
      return "Bf16MatMul";
    case Op::kBf16MaxPool:
      return "Bf16MaxPool";
    case Op::kBf16Unary:
      return "Bf16Unary";
  }
  return "unknown";
}

const char* name_of(Function function) {
  static constexpr const char* kNames[] = {
      "gelu",    "gelu_tanh", "exp",  "log",      "reciprocal", "rsqrt",     "sqrt",
      "sigmoid", "tanh",      "silu", "softplus", "erf",        "hard_swish"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(kLastFunction) + 1);
  return function <= kLastFunction ? kNames[static_cast<std::size_t>(function)] : "unknown";
}

TensorId Graph::add_tensor(Tensor tensor) {
  tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(tensors.size() - 1);
}

TensorId Graph::add_constant(std::string tensor_name, TensorData data) {
  Tensor tensor{std::move(tensor_name), data.type, data.shape, std::nullopt};
  tensor.constant = std::move(data);
  return add_tensor(std::move(tensor));
}

const TensorData& Graph::constant(TensorId id) const {
  if (!is_constant(id)) {
    throw GraphError(id == kNoTensor ? "a missing tensor is read"
                                     : "tensor '" + at(id).name + "' is not a constant");
  }
  return *at(id).constant;
}

Uses::Uses(const Graph& graph)
    : producer(graph.tensors.size(), kNone),
      consumers(graph.tensors.size()),
      is_output(graph.tensors.size()) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    producer.at(graph.nodes[n].output) = n;
    for (const TensorId id : graph.nodes[n].inputs) {
      if (id != kNoTensor) consumers.at(id).push_back(n);
    }
  }
  for (const TensorId id : graph.outputs) is_output.at(id) = true;
}

void sort_nodes(Graph& graph) {
  const Uses uses(graph);
  std::vector<std::size_t> waits(graph.nodes.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const TensorId id : graph.nodes[n].inputs) {
      if (id != kNoTensor && uses.producer[id] != Uses::kNone) ++waits[n];
    }
    if (waits[n] == 0) ready.push(n);
  }
  std::vector<Node> sorted;
  sorted.reserve(graph.nodes.size());
  while (!ready.empty()) {
    const std::size_t n = ready.top();
    ready.pop();
    for (const std::size_t reader : uses.consumers[graph.nodes[n].output]) {
      if (--waits[reader] == 0) ready.push(reader);
    }
    sorted.push_back(graph.nodes[n]);
  }
  if (sorted.size() != graph.nodes.size()) {
    std::string names;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      if (waits[n] != 0) names += (names.empty() ? "'" : ", '") + graph.nodes[n].name + "'";
    }
    throw GraphError("nodes wait for each other in a cycle: " + names);
  }
  graph.nodes = std::move(sorted);
}

void check_graph(const Graph& graph) {
  std::vector<bool> made(graph.tensors.size());
  const auto known = [&](TensorId id) {
    if (id >= graph.tensors.size()) throw GraphError("tensor " + std::to_string(id) + " unknown");
  };
  for (const TensorId id : graph.inputs) {
    known(id);
    made[id] = true;
  }
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.constant) continue;
    if (tensor.constant->type != tensor.type || tensor.constant->shape != tensor.shape) {
      throw GraphError("constant '" + tensor.name + "' contradicts its description");
    }
    made[static_cast<std::size_t>(&tensor - graph.tensors.data())] = true;
  }
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) {
      if (id == kNoTensor) continue;
      known(id);
      if (!made[id]) {
        throw GraphError("node '" + node.name + "' reads '" + graph.at(id).name +
                         "' before it is made");
      }
    }
    known(node.output);
    if (made[node.output]) {
      throw GraphError("tensor '" + graph.at(node.output).name + "' is made twice");
    }
    made[node.output] = true;
    const TensorInfo info = infer_node(graph, node);
    const Tensor& output = graph.at(node.output);
    if (info.shape != output.shape || info.type != output.type) {
      throw GraphError("node '" + node.name + "' gives " + name_of(info.type) +
                       to_string(info.shape) + ", its tensor says " + name_of(output.type) +
                       to_string(output.shape));
    }
  }
  for (const TensorId id : graph.outputs) {
    known(id);
    if (!made[id]) throw GraphError("nothing makes the output '" + graph.at(id).name + "'");
  }
}

std::string describe(const Graph& graph) {
  const auto tensor = [&](TensorId id) {
    if (id == kNoTensor) return std::string("-");
    const Tensor& t = graph.at(id);
    return t.name + (t.constant ? " const " : " ") + name_of(t.type) + to_string(t.shape);
  };
  std::string text;
  for (const TensorId id : graph.inputs) text += "input " + tensor(id) + "\n";
  for (const Node& node : graph.nodes) {
    text += name_of(node.op);
    if (const auto* a = std::get_if<UnaryAttributes>(&node.attributes)) {
      text += std::string(" ") + name_of(a->function);
    } else if (const auto* q = std::get_if<QFunctionAttributes>(&node.attributes)) {
      text += std::string(" ") + name_of(q->function);
    }
    text += " " + node.name + ":";
    for (const TensorId id : node.inputs) text += " (" + tensor(id) + ")";
    text += " -> " + tensor(node.output) + "\n";
  }
  for (const TensorId id : graph.outputs) text += "output " + tensor(id) + "\n";
  return text;
}

}  // namespace s4::sw::graph
