// Dense row-major tensor of the reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace s4::ref {

/// Dimensions, outermost first. An empty shape is a scalar.
using Shape = std::vector<int64_t>;

/// Number of elements; throws std::invalid_argument on a negative dimension.
[[nodiscard]] int64_t element_count(const Shape& shape);

/// "[1,3,224,224]".
[[nodiscard]] std::string to_string(const Shape& shape);

/// Values of type T in row-major order (the last dimension is contiguous).
template <typename T>
struct Tensor {
  Shape shape;
  std::vector<T> data;

  Tensor() = default;
  explicit Tensor(Shape dims, T fill = T{})
      : shape(std::move(dims)), data(static_cast<size_t>(element_count(shape)), fill) {}
  Tensor(Shape dims, std::vector<T> values) : shape(std::move(dims)), data(std::move(values)) {
    if (static_cast<int64_t>(data.size()) != element_count(shape)) {
      throw std::invalid_argument("tensor " + to_string(shape) + " given " +
                                  std::to_string(data.size()) + " values");
    }
  }

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(data.size()); }
  [[nodiscard]] size_t rank() const { return shape.size(); }
  [[nodiscard]] int64_t dim(size_t axis) const { return shape.at(axis); }
  [[nodiscard]] T& operator[](int64_t flat) { return data[static_cast<size_t>(flat)]; }
  [[nodiscard]] const T& operator[](int64_t flat) const { return data[static_cast<size_t>(flat)]; }
  [[nodiscard]] bool operator==(const Tensor& other) const = default;
};

}  // namespace s4::ref
