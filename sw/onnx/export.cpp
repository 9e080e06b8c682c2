#include "sw/onnx/export.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include "onnx.pb.h"

namespace s4::sw {
namespace {

using graph::Clamp;
using graph::DataType;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;
using ::onnx::AttributeProto;
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

class Exporter {
 public:
  Exporter(const graph::Graph& graph, const OnnxExportOptions& options)
      : graph_(graph), options_(options), out_(*model_.mutable_graph()) {}

  std::string run() {
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
    for (const Node& node : graph_.nodes) add(node);
    for (const TensorId id : graph_.outputs) (void)name(id);  // outputs that are constants
    std::string bytes;
    if (!model_.SerializeToString(&bytes)) {
      throw OnnxExportError("the network is larger than an ONNX file can be (2 GB)");
    }
    return bytes;
  }

 private:
  [[noreturn]] static void fail(const Node& node, const std::string& why) {
    throw OnnxExportError(std::string(name_of(node.op)) + " '" + node.name + "': " + why);
  }

  /// Ports keep their names; others get one where they have none, or one that is taken.
  void name_tensors() {
    names_.resize(graph_.tensors.size());
    const auto take = [&](TensorId id) {
      if (names_[id].empty()) names_[id] = unique(graph_.at(id).name);
    };
    for (const TensorId id : graph_.inputs) take(id);
    for (const TensorId id : graph_.outputs) take(id);
    for (TensorId id = 0; id < graph_.tensors.size(); ++id) take(id);
  }
  std::string unique(const std::string& wanted) {
    const std::string base = wanted.empty() ? "t" : wanted;
    std::string name = base;
    for (int i = 2; !taken_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
    return name;
  }

  void find_batch() {
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

  void describe(::onnx::ValueInfoProto& info, TensorId id) {
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

  std::string constant(const std::string& name, const TensorData& data) {
    TensorProto& tensor = *out_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx_type(data.type));
    for (const std::int64_t dim : data.shape) tensor.add_dims(dim);
    std::visit(
        [&](const auto& values) {
          tensor.set_raw_data(values.data(), values.size() * sizeof(values[0]));
        },
        data.values);
    return name;
  }
  std::string longs(const Node& node, const std::string& suffix, std::vector<std::int64_t> values) {
    const Shape shape{static_cast<std::int64_t>(values.size())};
    return constant(unique(node.name + suffix), TensorData(shape, std::move(values)));
  }
  std::string scalar(const Node& node, const std::string& suffix, float value) {
    return constant(unique(node.name + suffix), TensorData(Shape{}, std::vector<float>{value}));
  }

  /// Name of a tensor; a constant is written when it is first used.
  const std::string& name(TensorId id) {
    if (graph_.is_constant(id) && written_.insert(id).second) {
      constant(names_[id], graph_.constant(id));
    }
    return names_[id];
  }

  NodeProto& begin(const Node& node, const std::string& op, const std::string& output) {
    NodeProto& proto = *out_.add_node();
    proto.set_op_type(op);
    proto.set_name(unique_node(node.name));
    proto.add_output(output);
    return proto;
  }
  std::string unique_node(const std::string& wanted) {
    const std::string base = wanted.empty() ? "node" : wanted;
    std::string name = base;
    for (int i = 2; !node_names_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
    return name;
  }
  void add_inputs(NodeProto& proto, const Node& node, std::size_t first = 0) {
    std::size_t count = node.inputs.size();
    while (count > first && node.inputs[count - 1] == kNoTensor) --count;
    for (std::size_t i = first; i < count; ++i) {
      proto.add_input(node.inputs[i] == kNoTensor ? "" : name(node.inputs[i]));
    }
  }
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
  template <typename List>
  static void integers(NodeProto& proto, const std::string& key, const List& values) {
    AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    attribute.set_type(AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
  }

  /// A node with all inputs, followed by a clamp where it has one.
  NodeProto& clamped(const Node& node, const std::string& op, const Clamp& clamp) {
    if (clamp.is_open()) {
      NodeProto& proto = begin(node, op, names_[node.output]);
      add_inputs(proto, node);
      return proto;
    }
    const std::string before = unique(names_[node.output] + "_unclamped");
    NodeProto& proto = begin(node, op, before);
    add_inputs(proto, node);
    add_clamp(node, clamp, before);
    return proto;
  }
  void add_clamp(const Node& node, const Clamp& clamp, const std::string& x) {
    const bool relu = clamp.low == 0.0F && clamp.high == Clamp{}.high;
    NodeProto& proto = begin(node, relu ? "Relu" : "Clip", names_[node.output]);
    proto.add_input(x);
    if (relu) return;
    const bool has_low = clamp.low != Clamp{}.low;
    const bool has_high = clamp.high != Clamp{}.high;
    if (has_low || has_high) proto.add_input(has_low ? scalar(node, "_low", clamp.low) : "");
    if (has_high) proto.add_input(scalar(node, "_high", clamp.high));
  }

  NodeProto& plain(const Node& node, const std::string& op) { return clamped(node, op, Clamp{}); }

  void add_window(NodeProto& proto, const graph::PoolAttributes& pool) {
    integers(proto, "kernel_shape", pool.kernel);
    integers(proto, "pads", pool.pads);
    integers(proto, "strides", pool.strides);
    if (pool.ceil_mode) integer(proto, "ceil_mode", 1);
  }

  void add_quantize(const Node& node, const std::string& op, DataType type) {
    const auto& q = node.get<graph::QuantizeAttributes>();
    const Shape shape = q.per_tensor() ? Shape{} : Shape{static_cast<std::int64_t>(q.scale.size())};
    NodeProto& proto = begin(node, op, names_[node.output]);
    proto.add_input(name(node.inputs[0]));
    proto.add_input(constant(unique(node.name + "_scale"), TensorData(shape, q.scale)));
    // A zero point of type int32 may only be 0, which is the default.
    if (type != DataType::kInt32) {
      TensorData zero(type, shape);
      for (std::size_t i = 0; i < q.zero.size(); ++i) {
        if (type == DataType::kInt8) {
          zero.get<std::int8_t>()[i] = static_cast<std::int8_t>(q.zero[i]);
        } else {
          zero.get<std::uint8_t>()[i] = static_cast<std::uint8_t>(q.zero[i]);
        }
      }
      proto.add_input(constant(unique(node.name + "_zero_point"), zero));
    } else if (std::any_of(q.zero.begin(), q.zero.end(), [](int z) { return z != 0; })) {
      fail(node, "a zero point of int32 values other than 0");
    }
    if (!q.per_tensor()) integer(proto, "axis", q.axis);
  }

  void add_reshape(const Node& node) {
    const Shape& from = graph_.at(node.inputs[0]).shape;
    std::vector<std::int64_t> shape = graph_.at(node.output).shape;
    if (options_.open_batch) {
      if (from.empty() || shape.empty() || from[0] != batch_ || shape[0] != batch_) {
        fail(node, "it moves the batch, which cannot be left open then");
      }
      shape[0] = 0;  // as in the input
    }
    NodeProto& proto = begin(node, "Reshape", names_[node.output]);
    proto.add_input(name(node.inputs[0]));
    proto.add_input(longs(node, "_shape", std::move(shape)));
  }

  void add_slice(const Node& node) {
    const auto& slice = node.get<graph::SliceAttributes>();
    const Shape& from = graph_.at(node.inputs[0]).shape;
    std::vector<std::int64_t> starts;
    std::vector<std::int64_t> ends;
    std::vector<std::int64_t> axes;
    std::vector<std::int64_t> steps;
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
      if (slice.starts[axis] == 0 && slice.steps[axis] == 1 && slice.counts[axis] == from[axis]) {
        continue;
      }
      if (axis == 0 && options_.open_batch) fail(node, "it cuts the batch, which is to stay open");
      const std::int64_t end = slice.starts[axis] + slice.counts[axis] * slice.steps[axis];
      starts.push_back(slice.starts[axis]);
      // Below 0 would count from the end.
      ends.push_back(end < 0 ? std::numeric_limits<std::int64_t>::min() : end);
      axes.push_back(static_cast<std::int64_t>(axis));
      steps.push_back(slice.steps[axis]);
    }
    if (axes.empty()) {
      plain(node, "Identity");
      return;
    }
    NodeProto& proto = begin(node, "Slice", names_[node.output]);
    proto.add_input(name(node.inputs[0]));
    proto.add_input(longs(node, "_starts", std::move(starts)));
    proto.add_input(longs(node, "_ends", std::move(ends)));
    proto.add_input(longs(node, "_axes", std::move(axes)));
    proto.add_input(longs(node, "_steps", std::move(steps)));
  }

  void add_softmax(const Node& node) {
    const auto& a = node.get<graph::AxisAttributes>();
    const Shape& shape = graph_.at(node.inputs[0]).shape;
    const auto behind = shape.begin() + static_cast<std::ptrdiff_t>(a.axis) + 1;
    const bool wide = std::any_of(behind, shape.end(), [](std::int64_t dim) { return dim != 1; });
    if (a.to_end && wide) {
      fail(node, "over several axes together, which ONNX has not had since opset 13");
    }
    integer(plain(node, "Softmax"), "axis", a.axis);
  }

  void add(const Node& node) {
    switch (node.op) {
      case Op::kConv: {
        const auto& a = node.get<graph::ConvAttributes>();
        NodeProto& proto = clamped(node, "Conv", a.clamp);
        const Shape& w = graph_.at(node.inputs[1]).shape;
        integers(proto, "dilations", a.geometry.dilations);
        integer(proto, "group", a.geometry.groups);
        integers(proto, "kernel_shape", Shape{w[2], w[3]});
        integers(proto, "pads", a.geometry.pads);
        integers(proto, "strides", a.geometry.strides);
        return;
      }
      case Op::kGemm: {
        const auto& a = node.get<graph::GemmAttributes>();
        NodeProto& proto = clamped(node, "Gemm", a.clamp);
        real(proto, "alpha", a.alpha);
        real(proto, "beta", a.beta);
        integer(proto, "transA", a.transpose_a ? 1 : 0);
        integer(proto, "transB", a.transpose_b ? 1 : 0);
        return;
      }
      case Op::kMatMul:
        clamped(node, "MatMul", node.get<graph::ClampAttributes>().clamp);
        return;
      case Op::kAdd:
        clamped(node, "Add", node.get<graph::ClampAttributes>().clamp);
        return;
      case Op::kMul:
        clamped(node, "Mul", node.get<graph::ClampAttributes>().clamp);
        return;
      case Op::kSub:
        plain(node, "Sub");
        return;
      case Op::kDiv:
        plain(node, "Div");
        return;
      case Op::kClip:
        add_clamp(node, node.get<graph::ClampAttributes>().clamp, name(node.inputs[0]));
        return;
      case Op::kAveragePool: {
        const auto& pool = node.get<graph::PoolAttributes>();
        if (pool.dilations != std::array<std::int64_t, 2>{1, 1} && options_.opset < 19) {
          fail(node, "dilations need opset 19");
        }
        NodeProto& proto = plain(node, "AveragePool");
        add_window(proto, pool);
        if (pool.dilations != std::array<std::int64_t, 2>{1, 1}) {
          integers(proto, "dilations", pool.dilations);
        }
        if (pool.count_include_pad) integer(proto, "count_include_pad", 1);
        return;
      }
      case Op::kMaxPool: {
        const auto& pool = node.get<graph::PoolAttributes>();
        NodeProto& proto = plain(node, "MaxPool");
        add_window(proto, pool);
        integers(proto, "dilations", pool.dilations);
        return;
      }
      case Op::kGlobalAveragePool:
        plain(node, "GlobalAveragePool");
        return;
      case Op::kBatchNorm:
        real(plain(node, "BatchNormalization"), "epsilon",
             node.get<graph::BatchNormAttributes>().epsilon);
        return;
      case Op::kSoftmax:
        add_softmax(node);
        return;
      case Op::kReshape:
        add_reshape(node);
        return;
      case Op::kTranspose:
        integers(plain(node, "Transpose"), "perm",
                 node.get<graph::TransposeAttributes>().permutation);
        return;
      case Op::kArgMax: {
        const auto& a = node.get<graph::AxisAttributes>();
        NodeProto& proto = plain(node, "ArgMax");
        integer(proto, "axis", a.axis);
        integer(proto, "keepdims", a.keep_dims ? 1 : 0);
        integer(proto, "select_last_index", a.last_index ? 1 : 0);
        return;
      }
      case Op::kGather:
        integer(plain(node, "Gather"), "axis", node.get<graph::AxisAttributes>().axis);
        return;
      case Op::kConcat:
        integer(plain(node, "Concat"), "axis", node.get<graph::AxisAttributes>().axis);
        return;
      case Op::kSlice:
        add_slice(node);
        return;
      case Op::kCast:
        integer(plain(node, "Cast"), "to", onnx_type(node.get<graph::CastAttributes>().type));
        return;
      case Op::kQuantize:
        add_quantize(node, "QuantizeLinear", node.get<graph::QuantizeAttributes>().byte_type);
        return;
      case Op::kDequantize:
        add_quantize(node, "DequantizeLinear", graph_.at(node.inputs[0]).type);
        return;
      default:
        fail(node, "operators on bytes are written in the QDQ form, before they are fused");
    }
  }

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

}  // namespace

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
