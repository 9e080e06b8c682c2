// Rules of layers, sums and pools of bytes, and of BF16 layers.
#include <algorithm>

#include "sw/graph/inference.hpp"

namespace s4::sw::graph {

void Inference::check_layer(const QLayerAttributes& q, DataType type, std::int64_t channels,
                            const Shape& y) const {
  check_quant(q.x, type, "input");
  check_quant(q.y, type, "output");
  check_range(q.low, q.high, type);
  require(
      q.weight_scale.size() == 1 || static_cast<std::int64_t>(q.weight_scale.size()) == channels,
      std::to_string(q.weight_scale.size()) + " weight scales for " + std::to_string(channels) +
          " channels");
  for (const float scale : q.weight_scale) check_scale(scale, "weight");
  require(in(1).type == DataType::kInt8, "weights are not int8");
  check_bias(2, DataType::kInt32, channels);
  require(q.add.has_value() == has(3), "second tensor and its attributes do not go together");
  if (!q.add) return;
  const Op op = q.add->op;
  require(op == Op::kQAdd || op == Op::kQSub || op == Op::kQMul || op == Op::kQMax,
          std::string(name_of(op)) + " of a second tensor");
  check_quant(q.add->second, type, "second");
  check_quant(q.add->sum, type, "sum");
  check_range(q.add->low, q.add->high, type);
  require(in(3).type == type && in(3).shape == y,
          "second tensor " + to_string(in(3).shape) + " is not " + name_of(type) + to_string(y));
}

TensorInfo Inference::qconv() const {
  const auto& q = node_.get<QLayerAttributes>();
  const DataType type = bytes(0).type;
  Shape y = convolved(in(0).shape, in(1).shape, q.geometry);
  check_layer(q, type, y[1], y);
  return sized(type, std::move(y));
}

TensorInfo Inference::qmatmul() const {
  const auto& q = node_.get<QLayerAttributes>();
  const DataType type = bytes(0).type;
  Shape y = rows_product();
  check_layer(q, type, y.back(), y);
  return sized(type, std::move(y));
}

Shape Inference::rows_product() const {
  const Shape& a = in(0).shape;
  const Shape& b = in(1).shape;
  require(a.size() >= 2 && b.size() == 2 && a.back() == b[0],
          "operands " + to_string(a) + " and " + to_string(b) + " do not fit each other");
  Shape y = a;
  y.back() = b[1];
  return y;
}

TensorInfo Inference::bf16_layer(Shape y, std::size_t channel_axis) const {
  const Clamp& clamp = node_.get<Bf16LayerAttributes>().clamp;
  require(clamp.low <= clamp.high, "the limits of its result are in the wrong order");
  (void)typed(2, DataType::kFloat32);
  check_bias(2, DataType::kFloat32, y[channel_axis]);
  require(!has(3) || (in(3).type == DataType::kFloat32 && in(3).shape == y),
          "second tensor is not " + std::string(name_of(DataType::kFloat32)) + to_string(y));
  return sized(DataType::kFloat32, std::move(y));
}

void Inference::check_binary(const QBinaryAttributes& q) const {
  const DataType type = bytes(0).type;
  require(in(1).type == type, "operands of different types");
  check_quant(q.a, type, "first");
  check_quant(q.b, type, "second");
  check_quant(q.y, type, "output");
  check_range(q.low, q.high, type);
}

TensorInfo Inference::qmatmul_dynamic() const {
  check_binary(node_.get<QBinaryAttributes>());
  const Shape& a = in(0).shape;
  const Shape& b = in(1).shape;
  require(a.size() >= 2 && a.size() == b.size() && std::equal(a.begin(), a.end() - 2, b.begin()) &&
              a.back() == b[b.size() - 2],
          "operands " + to_string(a) + " and " + to_string(b) + " do not fit each other");
  Shape y = a;
  y.back() = b.back();
  return sized(in(0).type, std::move(y));
}

TensorInfo Inference::qbinary() const {
  check_binary(node_.get<QBinaryAttributes>());
  const auto shape = broadcast(in(0).shape, in(1).shape);
  require(shape.has_value(), "operands " + to_string(in(0).shape) + " and " +
                                 to_string(in(1).shape) + " do not fit each other");
  return sized(in(0).type, *shape);
}

TensorInfo Inference::qclip() const {
  const auto& a = node_.get<QUnaryAttributes>();
  const TensorInfo x = bytes(0);
  require(is_byte(a.y_type), "its result is not int8 or uint8");
  check_quant(a.x, x.type, "input");
  check_quant(a.y, a.y_type, "output");
  return {a.y_type, x.shape};
}

TensorInfo Inference::qpool() const {
  const auto& a = node_.get<QPoolAttributes>();
  const TensorInfo x = bytes(0);
  check_quant(a.x, x.type, "input");
  check_quant(a.y, x.type, "output");
  if (node_.op == Op::kQAveragePool) {
    require(a.pool.dilations == std::array<std::int64_t, 2>{1, 1},
            "dilation in a quantised average");
    return pool(a.pool);
  }
  const TensorInfo y = global_pool();
  require(x.shape[2] * x.shape[3] < (1 << 23), "image too large for an average");
  return y;
}

}  // namespace s4::sw::graph
