#include "sw/network/value_words.hpp"

#include <algorithm>
#include <span>
#include <variant>

#include "sw/graph/bf16_ops.hpp"
#include "sw/network/head_views.hpp"

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

/// A tensor whose first two dimensions change places.
graph::TensorData swapped(const graph::TensorData& data, const ImageOrder& order) {
  graph::TensorData result = data;
  std::visit(
      [&](const auto& from) {
        auto& to = std::get<std::decay_t<decltype(from)>>(result.values);
        const auto image = static_cast<std::ptrdiff_t>(from.size() / order.outer / order.inner);
        auto next = to.begin();
        for (std::uint32_t inner = 0; inner < order.inner; ++inner) {
          for (std::uint32_t outer = 0; outer < order.outer; ++outer) {
            const auto at = (std::ptrdiff_t{outer} * order.inner + inner) * image;
            next = std::copy_n(from.begin() + at, image, next);
          }
        }
      },
      data.values);
  return result;
}

std::vector<std::uint8_t> words_in_order(const ChipValue& value, const graph::TensorData& data) {
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

graph::TensorData data_in_order(const ChipValue& value, const graph::Tensor& tensor,
                                const std::vector<std::uint8_t>& words) {
  const std::vector<std::uint8_t> bytes = from_words(shape_of(value), words);
  if (value.bytes == 2) {
    return graph::TensorData(tensor.shape, graph::from_bf16(join_bf16(bytes, plane_of(value))));
  }
  if (tensor.type == graph::DataType::kUint8) return graph::TensorData(tensor.shape, bytes);
  return graph::TensorData(tensor.shape, std::vector<std::int8_t>(bytes.begin(), bytes.end()));
}

}  // namespace

std::vector<std::uint8_t> words_of(const ChipValue& value, const graph::TensorData& data) {
  const ImageOrder order = value.rows_view ? image_order(data.shape) : ImageOrder();
  return words_in_order(value, order.as_in_tensor() ? data : swapped(data, order));
}

graph::TensorData data_of(const ChipValue& value, const graph::Tensor& tensor,
                          const std::vector<std::uint8_t>& words) {
  graph::TensorData data = data_in_order(value, tensor, words);
  const ImageOrder order = value.rows_view ? image_order(tensor.shape) : ImageOrder();
  return order.as_in_tensor() ? data : swapped(data, {order.inner, order.outer});
}

}  // namespace s4::sw
