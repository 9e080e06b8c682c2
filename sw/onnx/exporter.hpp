// One run of export_onnx_bytes; for the files export*.cpp alone.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "onnx.pb.h"
#include "sw/onnx/export.hpp"

namespace s4::sw {

class Exporter {
 public:
  Exporter(const graph::Graph& graph, const OnnxExportOptions& options)
      : graph_(graph), options_(options), out_(*model_.mutable_graph()) {}

  std::string run();

 private:
  using Node = graph::Node;
  using TensorId = graph::TensorId;
  using NodeProto = ::onnx::NodeProto;
  using AttributeProto = ::onnx::AttributeProto;

  // export.cpp: names, constants, attributes
  [[noreturn]] static void fail(const Node& node, const std::string& why) {
    throw OnnxExportError(std::string(name_of(node.op)) + " '" + node.name + "': " + why);
  }
  /// Ports keep their names; others get one where they have none, or one that is taken.
  void name_tensors();
  std::string unique(const std::string& wanted);
  void find_batch();
  void describe(::onnx::ValueInfoProto& info, TensorId id);
  std::string constant(const std::string& name, const graph::TensorData& data);
  /// A number or shape that belongs to one node.
  std::string parameter(const Node& node, const std::string& suffix, graph::TensorData data);
  /// Torch's form: single numbers that the node reads, in front of it.
  void write_numbers(const Node& node);
  static void fill(::onnx::TensorProto& tensor, const graph::TensorData& data);
  std::string longs(const Node& node, const std::string& suffix, std::vector<std::int64_t> values) {
    const graph::Shape shape{static_cast<std::int64_t>(values.size())};
    return parameter(node, suffix, graph::TensorData(shape, std::move(values)));
  }
  std::string scalar(const Node& node, const std::string& suffix, float value) {
    return parameter(node, suffix, graph::TensorData(graph::Shape{}, std::vector<float>{value}));
  }
  /// Name of a tensor; a constant is written when it is first used.
  const std::string& name(TensorId id);
  NodeProto& begin(const Node& node, const std::string& op, const std::string& output);
  std::string unique_node(const std::string& wanted);
  /// Names in torch's form: what is in front of the last "/", or the whole name.
  static std::string scope_of(const Node& node);
  void add_inputs(NodeProto& proto, const Node& node, std::size_t first = 0);
  static void integer(NodeProto& proto, const std::string& key, std::int64_t value) {
    AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    attribute.set_type(AttributeProto::INT);
    attribute.set_i(value);
  }
  static void real(NodeProto& proto, const std::string& key, float value) {
    AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    attribute.set_type(AttributeProto::FLOAT);
    attribute.set_f(value);
  }
  static void text(NodeProto& proto, const std::string& key, const std::string& value) {
    AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    attribute.set_type(AttributeProto::STRING);
    attribute.set_s(value);
  }
  template <typename List>
  static void integers(NodeProto& proto, const std::string& key, const List& values) {
    AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    attribute.set_type(AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
  }

  // export_operators.cpp
  /// A node with all inputs, followed by a clamp where it has one.
  NodeProto& clamped(const Node& node, const std::string& op, const graph::Clamp& clamp);
  void add_clamp(const Node& node, const graph::Clamp& clamp, const std::string& x);
  void add_window(NodeProto& proto, const graph::PoolAttributes& pool);
  void add_quantize(const Node& node, const std::string& op, graph::DataType type);
  void add_reshape(const Node& node);
  void add_slice(const Node& node);
  void add_batch_norm(const Node& node);
  void add_softmax(const Node& node);
  void add(const Node& node);
  NodeProto& plain(const Node& node, const std::string& op) {
    return clamped(node, op, graph::Clamp{});
  }

  // export_functions.cpp
  /// One of several nodes that stand for one.
  NodeProto& part(const Node& node, const std::string& op, const std::vector<std::string>& inputs,
                  const std::string& output);
  /// The same with a result of its own; its name.
  std::string inner(const Node& node, const std::string& op,
                    const std::vector<std::string>& inputs);
  void add_unary(const Node& node);
  void add_gelu(const Node& node, bool tanh);
  void add_layer_norm(const Node& node);
  void add_reduce_mean(const Node& node);
  /// ReduceMean over `axes` from x to y.
  void add_mean(const Node& node, const std::string& x, const std::string& y,
                const std::vector<std::int64_t>& axes, bool keep_dims);

  const graph::Graph& graph_;
  const OnnxExportOptions& options_;
  ::onnx::ModelProto model_;
  ::onnx::GraphProto& out_;
  std::vector<std::string> names_;  ///< by tensor
  std::set<std::string> taken_;
  std::set<std::string> node_names_;
  std::set<TensorId> written_;
  std::int64_t batch_ = -1;
};

[[nodiscard]] int onnx_type(graph::DataType type);

}  // namespace s4::sw
