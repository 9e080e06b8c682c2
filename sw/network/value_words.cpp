#include "sw/network/value_words.hpp"

#include <span>

#include "sw/graph/bf16_ops.hpp"

namespace s4::sw {
namespace {

/// The shape in which the elements of the tensor stand as they lie in the graph: rows are images of
/// one pixel, whose words lie at the same places.
TensorShape shape_of(const ChipValue& value) {
  if (!value.rows_view) return value.shape;
  return {static_cast<std::uint32_t>(value.shape.pixels()), value.shape.channels, 1, 1};
}

std::uint64_t plane_of(const ChipValue& value) {
  const TensorShape shape = shape_of(value);
  return std::uint64_t{shape.height} * shape.width;
}

std::span<const std::uint8_t> bytes_of(const graph::TensorData& tensor) {
  const auto view = [](const auto& values) {
    return std::span(reinterpret_cast<const std::uint8_t*>(values.data()), values.size());
  };
  return tensor.type == graph::DataType::kInt8 ? view(tensor.get<std::int8_t>())
                                               : view(tensor.get<std::uint8_t>());
}

}  // namespace

std::vector<std::uint8_t> words_of(const ChipValue& value, const graph::TensorData& data) {
  if (value.bytes == 2) {
    std::vector<std::uint16_t> numbers = graph::to_bf16(data.floats());
    if (value.windows) numbers = windows_of(*value.windows, std::span(std::as_const(numbers)));
    return to_words(shape_of(value), split_bf16(numbers, plane_of(value)));
  }
  const auto bytes = bytes_of(data);
  if (!value.windows) return to_words(shape_of(value), bytes);
  return to_words(shape_of(value),
                  windows_of(*value.windows, bytes, static_cast<std::uint8_t>(value.padding)));
}

graph::TensorData data_of(const ChipValue& value, const graph::Tensor& tensor,
                          const std::vector<std::uint8_t>& words) {
  const std::vector<std::uint8_t> bytes = from_words(shape_of(value), words);
  if (value.bytes == 2) {
    return graph::TensorData(tensor.shape, graph::from_bf16(join_bf16(bytes, plane_of(value))));
  }
  if (tensor.type == graph::DataType::kUint8) return graph::TensorData(tensor.shape, bytes);
  return graph::TensorData(tensor.shape, std::vector<std::int8_t>(bytes.begin(), bytes.end()));
}

}  // namespace s4::sw
