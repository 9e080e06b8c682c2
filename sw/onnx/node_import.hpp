// One node of an ONNX file while it is imported: its attributes, its inputs, and what it becomes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "onnx.pb.h"
#include "sw/graph/graph.hpp"
#include "sw/onnx/import.hpp"

namespace s4::sw {

/// Thrown by operators: the node is correct, but not supported.
struct UnsupportedReason {
  std::string reason;
  std::string nearest;
};
/// Thrown where a node reads a result of an unsupported node: nothing more can be said of it.
struct UnknownInput {};

/// What the import knows so far.
struct ImportState {
  graph::Graph graph;
  std::unordered_map<std::string, graph::TensorId> tensors;        ///< by ONNX name
  std::unordered_map<std::string, std::string> unsupported_types;  ///< constants: type, by name
  std::set<std::string> unknown;                                   ///< results of unsupported nodes
  std::int64_t fold_budget = 0;  ///< elements that folding may still make
};

/// "Conv 'name'", or by its result where it has no name.
[[nodiscard]] std::string node_label(const ::onnx::NodeProto& node);

class NodeImport {
 public:
  NodeImport(ImportState& state, const ::onnx::NodeProto& proto, std::int64_t opset,
             const std::filesystem::path& folder);

  [[nodiscard]] std::int64_t opset() const { return opset_; }
  [[nodiscard]] std::string label() const;

  // Attributes. A default stands for one that is missing.
  [[nodiscard]] bool has_attribute(const std::string& name) const;
  std::int64_t integer(const std::string& name, std::int64_t fallback);
  bool flag(const std::string& name, bool fallback) { return integer(name, fallback ? 1 : 0) != 0; }
  float real(const std::string& name, float fallback);
  std::string text(const std::string& name, const std::string& fallback);
  std::vector<std::int64_t> integers(const std::string& name);
  std::vector<float> reals(const std::string& name);
  graph::TensorData tensor(const std::string& name);
  /// Must follow the last attribute, before the first input: throws if there are others.
  void attributes_done(int least_inputs, int most_inputs);

  // Inputs.
  [[nodiscard]] int input_count() const { return proto_.input_size(); }
  [[nodiscard]] bool has_input(int i) const;
  /// kNoTensor where an optional input is missing.
  [[nodiscard]] graph::TensorId optional_input(int i) const;
  [[nodiscard]] graph::TensorId input(int i) const;
  [[nodiscard]] const graph::Tensor& at(graph::TensorId id) const { return state_.graph.at(id); }
  [[nodiscard]] const graph::Shape& shape(int i) const { return at(input(i)).shape; }
  [[nodiscard]] bool is_constant(int i) const { return state_.graph.is_constant(input(i)); }
  /// Throws UnsupportedReason unless the input is a constant; `role` names it there.
  [[nodiscard]] const graph::TensorData& constant(int i, const std::string& role) const;

  // Results.
  [[nodiscard]] bool has_output(int i) const;
  [[nodiscard]] const std::string& output_name(int i) const { return proto_.output(i); }
  /// Adds a node, or the constant that it gives.
  graph::TensorId emit(graph::Op op, std::vector<graph::TensorId> inputs,
                       graph::Attributes attributes);
  graph::TensorId emit_constant(graph::TensorData data, const std::string& suffix = "");
  graph::TensorId emit_reshape(graph::TensorId x, graph::Shape shape);
  /// The tensor, made by one of the calls above, becomes result i of the ONNX node.
  void finish(graph::TensorId id, int i = 0);

  [[noreturn]] void unsupported(std::string reason, std::string nearest = "") const;
  [[noreturn]] void damaged(const std::string& what) const;

 private:
  const ::onnx::AttributeProto* find(const std::string& name, int type);

  ImportState& state_;
  const ::onnx::NodeProto& proto_;
  std::int64_t opset_;
  const std::filesystem::path& folder_;
  std::map<std::string, const ::onnx::AttributeProto*> attributes_;
  std::set<std::string> read_;
  int emitted_ = 0;
};

using OperatorImport = void (*)(NodeImport&);

/// Keys are "Conv" for operators of ONNX itself and "com.microsoft.QLinearAdd" for others.
[[nodiscard]] const std::map<std::string, OperatorImport>& operator_imports();

/// The nearest supported form of an operator that cannot be imported; empty if none is known.
[[nodiscard]] std::string nearest_operator(const std::string& op);

}  // namespace s4::sw
