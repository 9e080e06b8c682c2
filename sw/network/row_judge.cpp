#include "sw/network/row_judge.hpp"

#include "sw/graph/bf16_ops.hpp"

namespace s4::sw {
namespace {

/// Bit patterns of the elements: bytes, or BF16 numbers held as float32.
std::vector<std::uint16_t> patterns(const graph::TensorData& data) {
  if (data.type == graph::DataType::kFloat32) return graph::to_bf16(data.floats());
  if (data.type == graph::DataType::kUint8) {
    const auto& bytes = data.get<std::uint8_t>();
    return {bytes.begin(), bytes.end()};
  }
  std::vector<std::uint16_t> out;
  for (const std::int8_t byte : data.get<std::int8_t>()) {
    out.push_back(static_cast<std::uint8_t>(byte));
  }
  return out;
}

}  // namespace

RowReport judge_layer_rows(const Layer& layer, const graph::TensorData& x,
                           const graph::TensorData& y) {
  const RowOperation& operation = *layer.rows;
  RowCase rows;
  rows.function = operation.function;
  rows.rows = static_cast<std::uint32_t>(layer.geometry.pixels());
  rows.columns = layer.geometry.channels;
  rows.int8 = !operation.out_bf16;
  rows.in_unsigned = operation.in_unsigned;
  rows.out_unsigned = layer.is_unsigned;
  rows.in_scale = operation.in_scale;
  rows.out_scale = operation.out_scale;
  rows.out_zero = operation.out_zero;
  rows.epsilon = operation.epsilon;
  rows.gamma = operation.gamma;
  rows.beta = operation.beta;
  rows.x = patterns(x);
  return judge_rows(rows, patterns(y));
}

}  // namespace s4::sw
