// Small ONNX models, built through the protobuf classes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "onnx.pb.h"
#include "sw/graph/evaluate.hpp"
#include "sw/onnx/import.hpp"

namespace s4::sw::test {

using Shape = graph::Shape;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

struct Attribute {
  using Value = std::variant<std::int64_t, float, std::string, Ints, Floats, ::onnx::TensorProto>;
  std::string name;
  Value value;
};
/// An integer attribute.
inline Attribute integer(std::string name, std::int64_t value) { return {std::move(name), value}; }
inline Attribute real(std::string name, float value) { return {std::move(name), value}; }
inline Attribute text(std::string name, std::string value) {
  return {std::move(name), std::move(value)};
}
inline Attribute ints(std::string name, Ints value) { return {std::move(name), std::move(value)}; }

class ModelBuilder {
 public:
  explicit ModelBuilder(int opset) : opset_(opset) {
    model_.set_ir_version(4);
    model_.set_producer_name("test");
    auto* entry = model_.add_opset_import();
    entry->set_version(opset);
    auto* other = model_.add_opset_import();
    other->set_domain("com.microsoft");
    other->set_version(1);
    model_.mutable_graph()->set_name("network");
  }

  [[nodiscard]] int opset() const { return opset_; }

  /// Dimensions below 0 stay open.
  ModelBuilder& input(const std::string& name, const Shape& shape,
                      int type = ::onnx::TensorProto::FLOAT) {
    describe(model_.mutable_graph()->add_input(), name, shape, type);
    return *this;
  }
  ModelBuilder& output(const std::string& name) {
    model_.mutable_graph()->add_output()->set_name(name);
    return *this;
  }
  ::onnx::TensorProto& constant(const std::string& name, const Shape& shape,
                                int type = ::onnx::TensorProto::FLOAT) {
    auto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const std::int64_t dim : shape) tensor->add_dims(dim);
    return *tensor;
  }
  ModelBuilder& floats(const std::string& name, const Shape& shape, const Floats& values) {
    auto& tensor = constant(name, shape);
    for (const float value : values) tensor.add_float_data(value);
    return *this;
  }
  ModelBuilder& scalar(const std::string& name, float value) { return floats(name, {}, {value}); }
  ModelBuilder& longs(const std::string& name, const Ints& values) {
    auto& tensor =
        constant(name, {static_cast<std::int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return *this;
  }
  /// int8, uint8, int32 or bool.
  ModelBuilder& small(const std::string& name, const Shape& shape, const std::vector<int>& values,
                      int type) {
    auto& tensor = constant(name, shape, type);
    for (const int value : values) tensor.add_int32_data(value);
    return *this;
  }
  ::onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs,
                          const std::vector<Attribute>& attributes = {}) {
    auto* node = model_.mutable_graph()->add_node();
    const std::size_t dot = op.rfind('.');
    if (dot != std::string::npos) node->set_domain(op.substr(0, dot));
    node->set_op_type(dot == std::string::npos ? op : op.substr(dot + 1));
    node->set_name("the_" + outputs.front());
    for (const auto& name : inputs) node->add_input(name);
    for (const auto& name : outputs) node->add_output(name);
    for (const auto& attribute : attributes) add(*node->add_attribute(), attribute);
    return *node;
  }
  [[nodiscard]] ::onnx::ModelProto& model() { return model_; }
  [[nodiscard]] std::string bytes() const { return model_.SerializeAsString(); }

  [[nodiscard]] OnnxNetwork import(const OnnxOptions& options = {}) const {
    return import_onnx_bytes(bytes(), std::filesystem::temp_directory_path(), options);
  }
  /// First output for the given inputs.
  [[nodiscard]] graph::TensorData run(std::vector<graph::TensorData> inputs,
                                      const OnnxOptions& options = {}) const {
    const OnnxNetwork network = import(options);
    graph::check_graph(network.graph);
    return graph::evaluate(network.graph, std::move(inputs)).front();
  }

 private:
  static void describe(::onnx::ValueInfoProto* info, const std::string& name, const Shape& shape,
                       int type) {
    info->set_name(name);
    auto* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    for (const std::int64_t dim : shape) {
      auto* entry = tensor->mutable_shape()->add_dim();
      if (dim >= 0) {
        entry->set_dim_value(dim);
      } else {
        entry->set_dim_param("open");
      }
    }
    if (shape.empty()) (void)tensor->mutable_shape();
  }
  static void add(::onnx::AttributeProto& proto, const Attribute& attribute) {
    using ::onnx::AttributeProto;
    proto.set_name(attribute.name);
    if (const auto* i = std::get_if<std::int64_t>(&attribute.value)) {
      proto.set_type(AttributeProto::INT);
      proto.set_i(*i);
    } else if (const auto* f = std::get_if<float>(&attribute.value)) {
      proto.set_type(AttributeProto::FLOAT);
      proto.set_f(*f);
    } else if (const auto* s = std::get_if<std::string>(&attribute.value)) {
      proto.set_type(AttributeProto::STRING);
      proto.set_s(*s);
    } else if (const auto* list = std::get_if<Ints>(&attribute.value)) {
      proto.set_type(AttributeProto::INTS);
      for (const std::int64_t value : *list) proto.add_ints(value);
    } else if (const auto* reals = std::get_if<Floats>(&attribute.value)) {
      proto.set_type(AttributeProto::FLOATS);
      for (const float value : *reals) proto.add_floats(value);
    } else {
      proto.set_type(AttributeProto::TENSOR);
      *proto.mutable_t() = std::get<::onnx::TensorProto>(attribute.value);
    }
  }

  int opset_;
  ::onnx::ModelProto model_;
};

/// 0, 1, 2, ... times `step`, plus `first`.
inline graph::TensorData ramp(const Shape& shape, float first = 0.0F, float step = 1.0F) {
  graph::TensorData data(graph::DataType::kFloat32, shape);
  auto& values = data.get<float>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + step * static_cast<float>(i);
  return data;
}

}  // namespace s4::sw::test
