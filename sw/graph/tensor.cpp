#include "sw/graph/tensor.hpp"

#include <algorithm>

namespace s4::sw::graph {

const char* name_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "float32";
    case DataType::kInt8:
      return "int8";
    case DataType::kUint8:
      return "uint8";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
    case DataType::kBool:
      return "bool";
  }
  return "unknown";
}

std::size_t size_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kInt32:
      return 4;
    case DataType::kInt64:
      return 8;
    case DataType::kInt8:
    case DataType::kUint8:
    case DataType::kBool:
      return 1;
  }
  return 1;
}

bool is_byte(DataType type) { return type == DataType::kInt8 || type == DataType::kUint8; }

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) text.push_back(',');
    text.append(std::to_string(shape[i]));
  }
  return text + "]";
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t dim : shape) {
    if (dim < 0) throw GraphError("shape " + to_string(shape) + " has a negative dimension");
    if (dim == 0) {
      empty = true;
    } else if (dim > kMaxElements / count) {
      throw GraphError("shape " + to_string(shape) + " has more elements than can be held");
    } else {
      count *= dim;
    }
  }
  return empty ? 0 : count;
}

TensorData::TensorData(DataType data_type, Shape dims) : type(data_type), shape(std::move(dims)) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  switch (type) {
    case DataType::kFloat32:
      values = std::vector<float>(count);
      break;
    case DataType::kInt8:
      values = std::vector<std::int8_t>(count);
      break;
    case DataType::kUint8:
    case DataType::kBool:
      values = std::vector<std::uint8_t>(count);
      break;
    case DataType::kInt32:
      values = std::vector<std::int32_t>(count);
      break;
    case DataType::kInt64:
      values = std::vector<std::int64_t>(count);
      break;
  }
}

TensorData::TensorData(Shape dims, std::vector<float> data)
    : type(DataType::kFloat32), shape(std::move(dims)), values(std::move(data)) {
  check();
}
TensorData::TensorData(Shape dims, std::vector<std::int8_t> data)
    : type(DataType::kInt8), shape(std::move(dims)), values(std::move(data)) {
  check();
}
TensorData::TensorData(Shape dims, std::vector<std::uint8_t> data)
    : type(DataType::kUint8), shape(std::move(dims)), values(std::move(data)) {
  check();
}
TensorData::TensorData(Shape dims, std::vector<std::int32_t> data)
    : type(DataType::kInt32), shape(std::move(dims)), values(std::move(data)) {
  check();
}
TensorData::TensorData(Shape dims, std::vector<std::int64_t> data)
    : type(DataType::kInt64), shape(std::move(dims)), values(std::move(data)) {
  check();
}

std::int64_t TensorData::size() const {
  return std::visit([](const auto& data) { return static_cast<std::int64_t>(data.size()); },
                    values);
}

std::vector<std::int64_t> TensorData::integers() const {
  if (type == DataType::kFloat32) throw GraphError("a float32 tensor where integers are wanted");
  return std::visit(
      [](const auto& data) {
        std::vector<std::int64_t> wide;
        wide.reserve(data.size());
        for (const auto value : data) wide.push_back(static_cast<std::int64_t>(value));
        return wide;
      },
      values);
}

void TensorData::check() const {
  if (size() != element_count(shape)) {
    throw GraphError("a tensor of shape " + to_string(shape) + " was given " +
                     std::to_string(size()) + " values");
  }
}

TensorData slice_rows(const TensorData& data, std::int64_t begin, std::int64_t count) {
  if (data.shape.empty() || begin < 0 || count < 0 || begin + count > data.shape[0]) {
    throw GraphError("a tensor " + to_string(data.shape) + " has no rows " + std::to_string(begin) +
                     " to " + std::to_string(begin + count));
  }
  TensorData part;
  part.type = data.type;
  part.shape = data.shape;
  part.shape[0] = count;
  const std::int64_t row = data.shape[0] == 0 ? 0 : data.size() / data.shape[0];
  std::visit(
      [&](const auto& values) {
        part.values = std::decay_t<decltype(values)>(values.begin() + begin * row,
                                                     values.begin() + (begin + count) * row);
      },
      data.values);
  return part;
}

TensorData join_rows(const std::vector<TensorData>& parts) {
  if (parts.empty()) throw GraphError("nothing to join");
  TensorData whole = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const TensorData& part = parts[i];
    const bool fits = part.type == whole.type && !whole.shape.empty() &&
                      part.shape.size() == whole.shape.size() &&
                      std::equal(part.shape.begin() + 1, part.shape.end(), whole.shape.begin() + 1);
    if (!fits) {
      throw GraphError("tensors " + to_string(whole.shape) + " and " + to_string(part.shape) +
                       " do not join");
    }
    whole.shape[0] += part.shape[0];
    std::visit(
        [&](auto& values) {
          const auto& more = part.get<typename std::decay_t<decltype(values)>::value_type>();
          values.insert(values.end(), more.begin(), more.end());
        },
        whole.values);
  }
  return whole;
}

}  // namespace s4::sw::graph
