// Values of a network graph: element types, shapes, dense data.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace s4::sw::graph {

/// A graph that means nothing: wrong shapes, types or attributes. The text names the node.
struct GraphError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class DataType : std::uint8_t { kFloat32, kInt8, kUint8, kInt32, kInt64, kBool };

/// "float32", "int8", ...
[[nodiscard]] const char* name_of(DataType type);
/// Bytes of one element.
[[nodiscard]] std::size_t size_of(DataType type);
/// int8 or uint8.
[[nodiscard]] bool is_byte(DataType type);

/// Dimensions, outermost first. An empty shape is a scalar.
using Shape = std::vector<std::int64_t>;

/// Tensors of more elements are refused.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;

/// Number of elements; throws GraphError on a negative dimension or more than kMaxElements.
[[nodiscard]] std::int64_t element_count(const Shape& shape);
/// "[1,3,224,224]".
[[nodiscard]] std::string to_string(const Shape& shape);

/// Row-major data of one tensor. kBool is held as bytes 0 and 1.
struct TensorData {
  using Values =
      std::variant<std::vector<float>, std::vector<std::int8_t>, std::vector<std::uint8_t>,
                   std::vector<std::int32_t>, std::vector<std::int64_t>>;

  DataType type = DataType::kFloat32;
  Shape shape;
  Values values;

  TensorData() = default;
  /// All elements zero.
  TensorData(DataType data_type, Shape dims);
  /// Throws GraphError unless the number of values is that of the shape.
  TensorData(Shape dims, std::vector<float> data);
  TensorData(Shape dims, std::vector<std::int8_t> data);
  TensorData(Shape dims, std::vector<std::uint8_t> data);
  TensorData(Shape dims, std::vector<std::int32_t> data);
  TensorData(Shape dims, std::vector<std::int64_t> data);

  [[nodiscard]] std::int64_t size() const;
  /// The values as type T; throws GraphError if they are of another type.
  template <typename T>
  [[nodiscard]] const std::vector<T>& get() const {
    if (const auto* found = std::get_if<std::vector<T>>(&values)) return *found;
    throw GraphError(std::string("a ") + name_of(type) + " tensor is not of the type wanted");
  }
  template <typename T>
  [[nodiscard]] std::vector<T>& get() {
    return const_cast<std::vector<T>&>(std::as_const(*this).get<T>());
  }
  [[nodiscard]] const std::vector<float>& floats() const { return get<float>(); }
  /// The values of any integer type, widened.
  [[nodiscard]] std::vector<std::int64_t> integers() const;
  [[nodiscard]] bool operator==(const TensorData&) const = default;

 private:
  void check() const;
};

/// Rows [begin, begin + count) of the first dimension; throws GraphError if there are fewer.
[[nodiscard]] TensorData slice_rows(const TensorData& data, std::int64_t begin, std::int64_t count);
/// One behind the other along the first dimension; throws GraphError unless types and the other
/// dimensions agree.
[[nodiscard]] TensorData join_rows(const std::vector<TensorData>& parts);

}  // namespace s4::sw::graph
