// Reads the operator vectors of tests/reference/vectors.
#pragma once

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/reference/ops.hpp"

namespace s4::ref::test {

/// One case of a file: its fields as JSON, its tensors decoded on demand.
class VectorCase {
 public:
  explicit VectorCase(nlohmann::json fields) : fields_(std::move(fields)) {}

  [[nodiscard]] std::string name() const { return fields_.at("name"); }
  [[nodiscard]] bool has(const std::string& field) const { return fields_.contains(field); }
  [[nodiscard]] bool has_tensor(const std::string& tensor) const {
    return fields_.at("tensors").contains(tensor);
  }
  /// "int8", "uint8", "int32" or "float32".
  [[nodiscard]] std::string type(const std::string& tensor) const {
    return fields_.at("tensors").at(tensor).at("type");
  }
  template <typename T>
  [[nodiscard]] T get(const std::string& field) const {
    return fields_.at(field).get<T>();
  }
  /// {<name>_scale, <name>_zp}
  [[nodiscard]] Quant quant(const std::string& name) const {
    return {get<float>(name + "_scale"), get<int32_t>(name + "_zp")};
  }
  template <typename T>
  [[nodiscard]] Tensor<T> tensor(const std::string& name) const;

 private:
  nlohmann::json fields_;
};

/// All cases of vectors/<op>.json; throws std::runtime_error if the file is missing or damaged.
[[nodiscard]] std::vector<VectorCase> load_vectors(const std::string& op);

/// The bytes of a base64 text.
[[nodiscard]] std::vector<uint8_t> decode_base64(const std::string& text);

template <typename T>
[[nodiscard]] constexpr const char* type_name();
template <>
constexpr const char* type_name<int8_t>() {
  return "int8";
}
template <>
constexpr const char* type_name<uint8_t>() {
  return "uint8";
}
template <>
constexpr const char* type_name<int32_t>() {
  return "int32";
}
template <>
constexpr const char* type_name<float>() {
  return "float32";
}

template <typename T>
Tensor<T> VectorCase::tensor(const std::string& name) const {
  const nlohmann::json& stored = fields_.at("tensors").at(name);
  if (stored.at("type") != type_name<T>()) {
    throw std::runtime_error(this->name() + ": tensor " + name + " is of another type");
  }
  const std::vector<uint8_t> bytes = decode_base64(stored.at("data"));
  if (bytes.size() % sizeof(T) != 0) {
    throw std::runtime_error(this->name() + ": tensor " + name + " is cut off");
  }
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return Tensor<T>(stored.at("shape").get<Shape>(), std::move(values));
}

}  // namespace s4::ref::test
