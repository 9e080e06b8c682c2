// Small graphs for tests.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/graph.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph::test {

class GraphBuilder {
 public:
  Graph graph;

  TensorId input(const std::string& name, Shape shape, DataType type = DataType::kFloat32) {
    const TensorId id = graph.add_tensor({name, type, std::move(shape), std::nullopt});
    graph.inputs.push_back(id);
    return id;
  }
  TensorId floats(Shape shape, std::vector<float> values) {
    return graph.add_constant(name("c"), TensorData(std::move(shape), std::move(values)));
  }
  TensorId random_floats(std::mt19937_64& random, const Shape& shape, float limit = 1.0F) {
    return graph.add_constant(name("c"), random_data(random, shape, limit));
  }
  TensorId random_bytes(std::mt19937_64& random, const Shape& shape) {
    TensorData data(DataType::kInt8, shape);
    for (auto& value : data.get<std::int8_t>()) {
      value = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
    }
    return graph.add_constant(name("w"), std::move(data));
  }
  TensorId random_longs(std::mt19937_64& random, const Shape& shape) {
    TensorData data(DataType::kInt32, shape);
    for (auto& value : data.get<std::int32_t>()) value = static_cast<int>(random() % 2001) - 1000;
    return graph.add_constant(name("b"), std::move(data));
  }
  TensorId node(Op op, std::vector<TensorId> inputs, Attributes attributes = NoAttributes{}) {
    const std::string made = name("t");
    return append_node(graph, {op, "node_" + made, std::move(inputs), kNoTensor, attributes}, made);
  }
  TensorId relu(TensorId x) { return node(Op::kClip, {x}, ClampAttributes{{0.0F, Clamp{}.high}}); }
  TensorId quantize(TensorId x, Quant q, DataType type = DataType::kUint8) {
    return node(Op::kQuantize, {x}, QuantizeAttributes{{q.scale}, {q.zero}, 0, type});
  }
  TensorId dequantize(TensorId x, Quant q) {
    return node(Op::kDequantize, {x}, QuantizeAttributes{{q.scale}, {q.zero}, 0, DataType::kUint8});
  }
  TensorId dequantize(TensorId x, std::vector<float> scales, std::int64_t axis) {
    std::vector<std::int32_t> zeros(scales.size(), 0);
    return node(Op::kDequantize, {x},
                QuantizeAttributes{std::move(scales), std::move(zeros), axis, DataType::kUint8});
  }
  /// Quantises and dequantises.
  TensorId through(TensorId x, Quant q, DataType type = DataType::kUint8) {
    return dequantize(quantize(x, q, type), q);
  }
  void output(TensorId id) { graph.outputs.push_back(id); }

  static TensorData random_data(std::mt19937_64& random, const Shape& shape, float limit = 1.0F) {
    TensorData data(DataType::kFloat32, shape);
    std::uniform_real_distribution<float> values(-limit, limit);
    for (float& value : data.get<float>()) value = values(random);
    return data;
  }
  [[nodiscard]] std::vector<Op> ops() const {
    std::vector<Op> list;
    for (const Node& node : graph.nodes) list.push_back(node.op);
    return list;
  }

 private:
  std::string name(const std::string& prefix) {
    return std::string(prefix).append(std::to_string(graph.tensors.size()));
  }
};

}  // namespace s4::sw::graph::test
