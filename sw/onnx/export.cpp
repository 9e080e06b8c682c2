#include "sw/onnx/export.hpp"

#include <bit>
#include <fstream>

#include "sw/onnx/exporter.hpp"

namespace s4::sw {

using graph::DataType;
using graph::kNoTensor;
using graph::Node;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;
using ::onnx::NodeProto;
using ::onnx::TensorProto;

static_assert(std::endian::native == std::endian::little, "ONNX files are little-endian");

int onnx_type(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return TensorProto::FLOAT;
    case DataType::kInt8:
      return TensorProto::INT8;
    case DataType::kUint8:
      return TensorProto::UINT8;
    case DataType::kInt32:
      return TensorProto::INT32;
    case DataType::kInt64:
      return TensorProto::INT64;
    case DataType::kBool:
      return TensorProto::BOOL;
  }
  return TensorProto::UNDEFINED;
}

std::string Exporter::run() {
  if (options_.opset < 13 || options_.opset > 21) {
    throw OnnxExportError("opset " + std::to_string(options_.opset) + " is not 13 to 21");
  }
  graph::check_graph(graph_);
  model_.set_ir_version(options_.opset < 15 ? 7 : 8);
  model_.set_producer_name(options_.producer);
  model_.set_doc_string(options_.description);
  model_.add_opset_import()->set_version(options_.opset);
  model_.mutable_opset_import(0)->set_domain("");
  out_.set_name(graph_.name.empty() ? "network" : graph_.name);
  name_tensors();
  find_batch();
  for (const TensorId id : graph_.inputs) describe(*out_.add_input(), id);
  for (const TensorId id : graph_.outputs) describe(*out_.add_output(), id);
  for (const Node& node : graph_.nodes) {
    if (options_.torch_form) write_numbers(node);
    add(node);
  }
  for (const TensorId id : graph_.outputs) (void)name(id);  // outputs that are constants
  std::string bytes;
  if (!model_.SerializeToString(&bytes)) {
    throw OnnxExportError("the network is larger than an ONNX file can be (2 GB)");
  }
  return bytes;
}

void Exporter::name_tensors() {
  names_.resize(graph_.tensors.size());
  const auto take = [&](TensorId id) {
    if (names_[id].empty()) names_[id] = unique(graph_.at(id).name);
  };
  for (const TensorId id : graph_.inputs) take(id);
  for (const TensorId id : graph_.outputs) take(id);
  for (TensorId id = 0; id < graph_.tensors.size(); ++id) take(id);
}

std::string Exporter::unique(const std::string& wanted) {
  const std::string base = wanted.empty() ? "t" : wanted;
  std::string name = base;
  for (int i = 2; !taken_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

void Exporter::find_batch() {
  if (!options_.open_batch) return;
  for (const auto* ports : {&graph_.inputs, &graph_.outputs}) {
    for (const TensorId id : *ports) {
      const Shape& shape = graph_.at(id).shape;
      if (shape.empty() || (batch_ >= 0 && shape[0] != batch_)) {
        throw OnnxExportError("'" + graph_.at(id).name + "' " + graph::to_string(shape) +
                              " has another batch than the other inputs and outputs");
      }
      batch_ = shape[0];
    }
  }
}

void Exporter::describe(::onnx::ValueInfoProto& info, TensorId id) {
  info.set_name(names_[id]);
  auto* type = info.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx_type(graph_.at(id).type));
  auto* shape = type->mutable_shape();
  const Shape& dims = graph_.at(id).shape;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i == 0 && options_.open_batch) {
      shape->add_dim()->set_dim_param("N");
    } else {
      shape->add_dim()->set_dim_value(dims[i]);
    }
  }
}

void Exporter::fill(TensorProto& tensor, const TensorData& data) {
  tensor.set_data_type(onnx_type(data.type));
  for (const std::int64_t dim : data.shape) tensor.add_dims(dim);
  std::visit(
      [&](const auto& values) {
        tensor.set_raw_data(values.data(), values.size() * sizeof(values[0]));
      },
      data.values);
}

std::string Exporter::constant(const std::string& name, const TensorData& data) {
  TensorProto& tensor = *out_.add_initializer();
  tensor.set_name(name);
  fill(tensor, data);
  return name;
}

std::string Exporter::parameter(const Node& node, const std::string& suffix, TensorData data) {
  if (!options_.torch_form) return constant(unique(node.name + suffix), data);
  NodeProto& proto = *out_.add_node();
  proto.set_op_type("Constant");
  proto.set_name(unique_node(scope_of(node) + "/Constant"));
  const std::string output = unique(proto.name() + "_output_0");
  proto.add_output(output);
  AttributeProto& value = *proto.add_attribute();
  value.set_name("value");
  value.set_type(AttributeProto::TENSOR);
  fill(*value.mutable_t(), data);
  return output;
}

void Exporter::write_numbers(const Node& node) {
  for (const TensorId id : node.inputs) {
    if (!graph_.is_constant(id) || !graph_.at(id).shape.empty()) continue;
    if (written_.insert(id).second) names_[id] = parameter(node, "", graph_.constant(id));
  }
}

const std::string& Exporter::name(TensorId id) {
  if (graph_.is_constant(id) && written_.insert(id).second) {
    constant(names_[id], graph_.constant(id));
  }
  return names_[id];
}

NodeProto& Exporter::begin(const Node& node, const std::string& op, const std::string& output) {
  NodeProto& proto = *out_.add_node();
  proto.set_op_type(op);
  proto.set_name(unique_node(node.name));
  proto.add_output(output);
  return proto;
}

std::string Exporter::scope_of(const Node& node) {
  const bool many = node.op == graph::Op::kLayerNorm || node.op == graph::Op::kUnary;
  return many ? node.name : node.name.substr(0, node.name.rfind('/'));
}

std::string Exporter::unique_node(const std::string& wanted) {
  const std::string base = wanted.empty() ? "node" : wanted;
  std::string name = base;
  const int first = options_.torch_form ? 1 : 2;
  for (int i = first; !node_names_.insert(name).second; ++i) {
    name = base + "_" + std::to_string(i);
  }
  return name;
}

void Exporter::add_inputs(NodeProto& proto, const Node& node, std::size_t first) {
  std::size_t count = node.inputs.size();
  while (count > first && node.inputs[count - 1] == kNoTensor) --count;
  for (std::size_t i = first; i < count; ++i) {
    proto.add_input(node.inputs[i] == kNoTensor ? "" : name(node.inputs[i]));
  }
}

std::string export_onnx_bytes(const graph::Graph& graph, const OnnxExportOptions& options) {
  try {
    return Exporter(graph, options).run();
  } catch (const graph::GraphError& error) {
    throw OnnxExportError(error.what());
  }
}

void export_onnx(const std::filesystem::path& path, const graph::Graph& graph,
                 const OnnxExportOptions& options) {
  const std::string bytes = export_onnx_bytes(graph, options);
  const std::filesystem::path part = path.string() + ".part";
  std::error_code error;
  {
    std::ofstream file(part, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      std::filesystem::remove(part, error);
      throw OnnxExportError(path.string() + ": cannot be written");
    }
  }
  std::filesystem::rename(part, path, error);
  if (error) {
    const std::string why = error.message();
    std::filesystem::remove(part, error);
    throw OnnxExportError(path.string() + ": cannot be written (" + why + ")");
  }
}

}  // namespace s4::sw
