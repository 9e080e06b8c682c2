#include "sw/onnx/node_import.hpp"

#include "sw/graph/evaluate.hpp"
#include "sw/graph/infer.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/tensor_reader.hpp"

namespace s4::sw {

using ::onnx::AttributeProto;

NodeImport::NodeImport(ImportState& state, const ::onnx::NodeProto& proto, std::int64_t opset,
                       const std::filesystem::path& folder)
    : state_(state), proto_(proto), opset_(opset), folder_(folder) {
  for (const auto& attribute : proto.attribute()) {
    if (!attributes_.emplace(attribute.name(), &attribute).second) {
      damaged("attribute '" + attribute.name() + "' occurs twice");
    }
  }
}

std::string node_label(const ::onnx::NodeProto& node) {
  if (!node.name().empty()) return node.op_type() + " '" + node.name() + "'";
  return node.op_type() + " that makes '" +
         (node.output_size() > 0 ? node.output(0) : std::string()) + "'";
}

std::string NodeImport::label() const { return node_label(proto_); }

void NodeImport::unsupported(std::string reason, std::string nearest) const {
  throw UnsupportedReason{std::move(reason), std::move(nearest)};
}

void NodeImport::damaged(const std::string& what) const { throw OnnxError(label() + ": " + what); }

bool NodeImport::has_attribute(const std::string& name) const {
  return attributes_.count(name) != 0;
}

const AttributeProto* NodeImport::find(const std::string& name, int type) {
  read_.insert(name);
  const auto found = attributes_.find(name);
  if (found == attributes_.end()) return nullptr;
  const AttributeProto* attribute = found->second;
  if (!attribute->ref_attr_name().empty()) {
    unsupported("attribute '" + name + "' refers to one of a function", "inline functions");
  }
  if (attribute->has_type() && attribute->type() != type) {
    damaged("attribute '" + name + "' is of the wrong kind");
  }
  return attribute;
}

std::int64_t NodeImport::integer(const std::string& name, std::int64_t fallback) {
  const auto* found = find(name, AttributeProto::INT);
  return found == nullptr ? fallback : found->i();
}

float NodeImport::real(const std::string& name, float fallback) {
  const auto* found = find(name, AttributeProto::FLOAT);
  return found == nullptr ? fallback : found->f();
}

std::string NodeImport::text(const std::string& name, const std::string& fallback) {
  const auto* found = find(name, AttributeProto::STRING);
  return found == nullptr ? fallback : found->s();
}

std::vector<std::int64_t> NodeImport::integers(const std::string& name) {
  const auto* found = find(name, AttributeProto::INTS);
  if (found == nullptr) return {};
  return {found->ints().begin(), found->ints().end()};
}

std::vector<float> NodeImport::reals(const std::string& name) {
  const auto* found = find(name, AttributeProto::FLOATS);
  if (found == nullptr) return {};
  return {found->floats().begin(), found->floats().end()};
}

graph::TensorData NodeImport::tensor(const std::string& name) {
  const auto* found = find(name, AttributeProto::TENSOR);
  if (found == nullptr) damaged("attribute '" + name + "' is missing");
  if (!onnx_data_type(found->t().data_type())) {
    unsupported("its tensor is of type " + onnx_type_name(found->t().data_type()),
                "FLOAT, INT8, UINT8, INT32 or INT64");
  }
  return read_tensor(found->t(), label() + ", attribute '" + name + "'", folder_);
}

void NodeImport::attributes_done(int least_inputs, int most_inputs) {
  for (const auto& [name, attribute] : attributes_) {
    if (read_.count(name) == 0) {
      unsupported("attribute '" + name + "' is not known in opset " + std::to_string(opset_));
    }
  }
  if (proto_.input_size() > most_inputs) {
    damaged("it has " + std::to_string(proto_.input_size()) + " inputs, at most " +
            std::to_string(most_inputs) + " are possible");
  }
  for (int i = 0; i < least_inputs; ++i) {
    if (!has_input(i)) damaged("input " + std::to_string(i) + " is missing");
  }
  if (!has_output(0)) damaged("it has no result");
}

bool NodeImport::has_input(int i) const {
  return i < proto_.input_size() && !proto_.input(i).empty();
}

bool NodeImport::has_output(int i) const {
  return i < proto_.output_size() && !proto_.output(i).empty();
}

graph::TensorId NodeImport::optional_input(int i) const {
  return has_input(i) ? input(i) : graph::kNoTensor;
}

graph::TensorId NodeImport::input(int i) const {
  if (!has_input(i)) damaged("input " + std::to_string(i) + " is missing");
  const std::string& name = proto_.input(i);
  if (state_.unknown.count(name) != 0) throw UnknownInput{};
  const auto typed = state_.unsupported_types.find(name);
  if (typed != state_.unsupported_types.end()) {
    unsupported("'" + name + "' is of type " + typed->second, "FLOAT, INT8, UINT8, INT32 or INT64");
  }
  const auto found = state_.tensors.find(name);
  if (found == state_.tensors.end()) damaged("it reads '" + name + "', which nothing makes");
  return found->second;
}

const graph::TensorData& NodeImport::constant(int i, const std::string& role) const {
  const graph::TensorId id = input(i);
  if (!state_.graph.is_constant(id)) {
    unsupported(role + " '" + proto_.input(i) + "' is not a constant",
                "a constant, or a chain that folds to one");
  }
  return state_.graph.constant(id);
}

graph::TensorId NodeImport::emit(graph::Op op, std::vector<graph::TensorId> inputs,
                                 graph::Attributes attributes) {
  graph::Graph& graph = state_.graph;
  graph::Node node{op, proto_.name().empty() ? proto_.output(0) : proto_.name(), std::move(inputs),
                   graph::kNoTensor, std::move(attributes)};
  if (++emitted_ > 1) node.name.append("_").append(std::to_string(emitted_));
  graph::TensorInfo info;
  try {
    info = graph::infer_node(graph, node);
  } catch (const graph::GraphError& error) {
    throw OnnxError(label() + ": " + error.what());
  }
  node.output = graph.add_tensor({node.name, info.type, std::move(info.shape), std::nullopt});
  const std::int64_t size = graph::element_count(graph.at(node.output).shape);
  if (op != graph::Op::kDequantize && size <= state_.fold_budget &&
      graph::is_foldable(graph, node)) {
    state_.fold_budget -= size;
    std::vector<const graph::TensorData*> operands;
    for (const graph::TensorId id : node.inputs) operands.push_back(&graph.constant(id));
    try {
      graph.at(node.output).constant = graph::evaluate_node(node, operands);
    } catch (const graph::GraphError& error) {
      throw OnnxError(label() + ": " + error.what());
    }
    return node.output;
  }
  const graph::TensorId id = node.output;
  graph.nodes.push_back(std::move(node));
  return id;
}

graph::TensorId NodeImport::emit_constant(graph::TensorData data, const std::string& suffix) {
  return state_.graph.add_constant(output_name(0) + suffix, std::move(data));
}

graph::TensorId NodeImport::emit_reshape(graph::TensorId x, graph::Shape shape) {
  return emit(graph::Op::kReshape, {x}, graph::ReshapeAttributes{std::move(shape)});
}

void NodeImport::finish(graph::TensorId id, int i) {
  state_.graph.at(id).name = output_name(i);
  state_.tensors[output_name(i)] = id;
}

}  // namespace s4::sw
