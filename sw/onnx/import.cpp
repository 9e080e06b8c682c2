#include "sw/onnx/import.hpp"

#include <algorithm>
#include <fstream>
#include <queue>
#include <unordered_map>

#include "sw/graph/passes.hpp"
#include "sw/onnx/node_import.hpp"
#include "sw/onnx/tensor_reader.hpp"

namespace s4::sw {
namespace {

using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;

constexpr std::int64_t kFirstOpset = 6;
constexpr std::int64_t kLastOpset = 21;
/// Elements that constant folding may make beyond those of the file.
constexpr std::int64_t kFoldBudget = std::int64_t{1} << 26;

std::string list_text(const std::vector<UnsupportedNode>& list) {
  std::string text = std::to_string(list.size()) +
                     (list.size() == 1 ? " part of the network is" : " parts of the network are") +
                     " not supported:";
  for (const UnsupportedNode& node : list) {
    text += "\n  " + node.node + ": " + node.reason;
    if (!node.nearest.empty()) text += "; nearest supported form: " + node.nearest;
  }
  return text;
}

bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

class Importer {
 public:
  Importer(const ModelProto& model, const std::filesystem::path& folder, const OnnxOptions& options)
      : model_(model), proto_(model.graph()), folder_(folder), options_(options) {}

  OnnxNetwork run() {
    OnnxNetwork network;
    network.opset = read_opset();
    network.producer = model_.producer_name();
    opset_ = network.opset;
    state_.graph.name = proto_.name();
    if (proto_.output_size() == 0) throw OnnxError("the network has no outputs");
    read_constants();
    read_inputs();
    find_makers();
    for (const NodeProto* node : ordered_nodes()) import_node(*node);
    if (!unsupported_.empty()) throw UnsupportedOnnx(std::move(unsupported_));
    set_outputs();
    if (options_.optimize) {
      network.notes = graph::optimize(state_.graph);
    } else {
      graph::remove_dead(state_.graph);
    }
    network.graph = std::move(state_.graph);
    return network;
  }

 private:
  std::int64_t read_opset() const {
    std::int64_t opset = 0;
    for (const auto& entry : model_.opset_import()) {
      if (is_standard(entry.domain())) opset = std::max(opset, std::int64_t{entry.version()});
    }
    if (opset == 0) throw OnnxError("the file names no opset");
    if (opset < kFirstOpset || opset > kLastOpset) {
      throw OnnxError("opset " + std::to_string(opset) + "; supported are " +
                      std::to_string(kFirstOpset) + " to " + std::to_string(kLastOpset));
    }
    return opset;
  }

  void refuse(std::string what, std::string reason, std::string nearest) {
    unsupported_.push_back({std::move(what), std::move(reason), std::move(nearest)});
  }

  void read_constants() {
    for (const auto& tensor : proto_.initializer()) {
      const std::string& name = tensor.name();
      if (name.empty()) throw OnnxError("a constant has no name");
      if (state_.tensors.count(name) != 0 || state_.unsupported_types.count(name) != 0) {
        throw OnnxError("constant '" + name + "' occurs twice");
      }
      if (!onnx_data_type(tensor.data_type())) {
        state_.unsupported_types[name] = onnx_type_name(tensor.data_type());
        continue;
      }
      state_.tensors[name] =
          state_.graph.add_constant(name, read_tensor(tensor, "constant '" + name + "'", folder_));
    }
    for (const auto& tensor : proto_.sparse_initializer()) {
      const std::string& name = tensor.values().name();
      refuse("constant '" + name + "'", "stored as a sparse tensor", "a dense tensor with zeros");
      state_.unknown.insert(name);
    }
    state_.fold_budget = kFoldBudget;
  }

  void read_inputs() {
    auto shapes = options_.shapes;
    auto constants = options_.constants;
    for (const auto& input : proto_.input()) {
      const std::string& name = input.name();
      if (name.empty()) throw OnnxError("an input has no name");
      if (state_.tensors.count(name) != 0) {
        // Up to version 3 of the format, constants are listed as inputs too.
        const graph::TensorId id = state_.tensors[name];
        if (state_.graph.is_constant(id)) continue;
        throw OnnxError("input '" + name + "' occurs twice");
      }
      if (state_.unsupported_types.count(name) != 0 || state_.unknown.count(name) != 0) continue;
      if (const auto bound = constants.find(name); bound != constants.end()) {
        state_.tensors[name] = state_.graph.add_constant(name, bound->second);
        constants.erase(bound);
        continue;
      }
      const auto given = shapes.find(name);
      read_input(input, given == shapes.end() ? nullptr : &given->second);
      if (given != shapes.end()) shapes.erase(given);
    }
    if (!shapes.empty() || !constants.empty()) {
      throw OnnxError("the network has no input '" +
                      (shapes.empty() ? constants.begin()->first : shapes.begin()->first) + "'");
    }
  }

  void read_input(const ::onnx::ValueInfoProto& input, const graph::Shape* given) {
    const std::string& name = input.name();
    const auto refuse_input = [&](std::string reason, std::string nearest) {
      refuse("input '" + name + "'", std::move(reason), std::move(nearest));
      state_.unknown.insert(name);
    };
    if (!input.type().has_tensor_type()) return refuse_input("no tensor", "a tensor");
    const auto& tensor = input.type().tensor_type();
    const auto type = onnx_data_type(tensor.elem_type());
    if (!type) {
      return refuse_input("of type " + onnx_type_name(tensor.elem_type()),
                          "FLOAT, INT8, UINT8, INT32 or INT64");
    }
    graph::Shape shape;
    if (given != nullptr) {
      shape = *given;
    } else if (!tensor.has_shape()) {
      return refuse_input("without a shape", "give its shape");
    } else {
      for (const auto& dim : tensor.shape().dim()) {
        if (dim.has_dim_value() && dim.dim_value() > 0) {
          shape.push_back(dim.dim_value());
        } else if (shape.empty()) {
          shape.push_back(options_.batch);
        } else {
          return refuse_input("dimension " + std::to_string(shape.size()) + " is open" +
                                  (dim.dim_param().empty() ? "" : " ('" + dim.dim_param() + "')"),
                              "give its shape");
        }
      }
    }
    try {
      (void)graph::element_count(shape);
    } catch (const graph::GraphError& error) {
      throw OnnxError("input '" + name + "': " + error.what());
    }
    const graph::TensorId id = state_.graph.add_tensor({name, *type, shape, std::nullopt});
    state_.graph.inputs.push_back(id);
    state_.tensors[name] = id;
  }

  bool is_given(const std::string& name) const {
    return state_.tensors.count(name) != 0 || state_.unsupported_types.count(name) != 0 ||
           state_.unknown.count(name) != 0;
  }

  /// Which node makes each tensor; every tensor has one maker.
  void find_makers() {
    for (int n = 0; n < proto_.node_size(); ++n) {
      for (const std::string& name : proto_.node(n).output()) {
        if (name.empty()) continue;
        if (is_given(name) || !makers_.emplace(name, n).second) {
          throw OnnxError("tensor '" + name + "' is made twice");
        }
      }
    }
    for (const NodeProto& node : proto_.node()) {
      for (const std::string& name : node.input()) {
        if (!name.empty() && !is_given(name) && makers_.count(name) == 0) {
          throw OnnxError(node_label(node) + ": it reads '" + name + "', which nothing makes");
        }
      }
    }
    for (const auto& output : proto_.output()) {
      if (!is_given(output.name()) && makers_.count(output.name()) == 0) {
        throw OnnxError("nothing makes the output '" + output.name() + "'");
      }
    }
  }

  /// The nodes that the outputs need, each after those whose results it reads.
  std::vector<const NodeProto*> ordered_nodes() const {
    const auto count = static_cast<std::size_t>(proto_.node_size());
    std::vector<bool> live(count);
    std::vector<int> open;
    const auto need = [&](const std::string& name) {
      const auto maker = makers_.find(name);
      if (maker == makers_.end() || live[static_cast<std::size_t>(maker->second)]) return;
      live[static_cast<std::size_t>(maker->second)] = true;
      open.push_back(maker->second);
    };
    for (const auto& output : proto_.output()) need(output.name());
    std::vector<std::vector<int>> readers(count);
    std::vector<std::size_t> waits(count);
    while (!open.empty()) {
      const int n = open.back();
      open.pop_back();
      for (const std::string& name : proto_.node(n).input()) {
        need(name);
        const auto maker = makers_.find(name);
        if (maker == makers_.end()) continue;
        readers[static_cast<std::size_t>(maker->second)].push_back(n);
        ++waits[static_cast<std::size_t>(n)];
      }
    }
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (std::size_t n = 0; n < count; ++n) {
      if (live[n] && waits[n] == 0) ready.push(static_cast<int>(n));
    }
    std::vector<const NodeProto*> order;
    while (!ready.empty()) {
      const int n = ready.top();
      ready.pop();
      order.push_back(&proto_.node(n));
      for (const int reader : readers[static_cast<std::size_t>(n)]) {
        if (--waits[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
      }
    }
    std::string cycle;
    for (std::size_t n = 0; n < count; ++n) {
      if (live[n] && waits[n] != 0) {
        cycle += (cycle.empty() ? "" : ", ") + node_label(proto_.node(static_cast<int>(n)));
      }
    }
    if (!cycle.empty()) throw OnnxError("nodes wait for each other in a cycle: " + cycle);
    return order;
  }

  void import_node(const NodeProto& proto) {
    NodeImport node(state_, proto, opset_, folder_);
    const std::string key =
        is_standard(proto.domain()) ? proto.op_type() : proto.domain() + "." + proto.op_type();
    try {
      const auto found = operator_imports().find(key);
      if (found == operator_imports().end()) {
        node.unsupported(is_standard(proto.domain())
                             ? "the operator is not supported"
                             : "the operator is of the domain '" + proto.domain() + "'",
                         nearest_operator(proto.op_type()));
      }
      found->second(node);
    } catch (const UnsupportedReason& why) {
      refuse(node.label(), why.reason, why.nearest);
    } catch (const UnknownInput&) {
      // The node that should have made it is listed.
    } catch (const graph::GraphError& error) {
      throw OnnxError(node.label() + ": " + error.what());
    }
    for (const std::string& name : proto.output()) {
      if (!name.empty() && state_.tensors.count(name) == 0) state_.unknown.insert(name);
    }
  }

  void set_outputs() {
    for (const auto& output : proto_.output()) {
      const auto found = state_.tensors.find(output.name());
      if (found == state_.tensors.end()) {
        throw OnnxError("nothing makes the output '" + output.name() + "'");
      }
      state_.graph.outputs.push_back(found->second);
    }
  }

  const ModelProto& model_;
  const GraphProto& proto_;
  const std::filesystem::path& folder_;
  const OnnxOptions& options_;
  std::int64_t opset_ = 0;
  ImportState state_;
  std::unordered_map<std::string, int> makers_;
  std::vector<UnsupportedNode> unsupported_;
};

}  // namespace

UnsupportedOnnx::UnsupportedOnnx(std::vector<UnsupportedNode> list)
    : OnnxError(list_text(list)), nodes(std::move(list)) {}

OnnxNetwork import_onnx_bytes(std::string_view bytes, const std::filesystem::path& folder,
                              const OnnxOptions& options) {
  ModelProto model;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw OnnxError("this is no ONNX file, or it is damaged or cut off");
  }
  if (!model.has_graph()) throw OnnxError("this is no ONNX file, or it holds no network");
  try {
    return Importer(model, folder, options).run();
  } catch (const graph::GraphError& error) {
    throw OnnxError(error.what());
  }
}

OnnxNetwork import_onnx(const std::filesystem::path& path, const OnnxOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw OnnxError(path.string() + ": there is no such file");
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::filesystem::file_size(path), '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw OnnxError(path.string() + ": cannot be read");
  }
  try {
    return import_onnx_bytes(bytes, path.parent_path(), options);
  } catch (const UnsupportedOnnx&) {
    throw;
  } catch (const OnnxError& why) {
    throw OnnxError(path.string() + ": " + why.what());
  }
}

std::vector<std::string> onnx_operators() {
  std::vector<std::string> names;
  for (const auto& [name, import] : operator_imports()) names.push_back(name);
  return names;
}

}  // namespace s4::sw
