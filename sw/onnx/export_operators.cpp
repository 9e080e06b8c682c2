// The operators that ONNX has as well.
#include <algorithm>
#include <limits>

#include "sw/onnx/exporter.hpp"

namespace s4::sw {

using graph::Clamp;
using graph::DataType;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorData;
using ::onnx::NodeProto;

namespace {

/// Between [batch,..,C] and rows [batch * ..,C]: the first dimension grows with the batch on both
/// sides, and no other does.
bool stacks_rows(const Shape& from, const Shape& to, std::int64_t batch) {
  if (from.size() < 2 || to.size() < 2 || from.back() != to.back()) return false;
  const Shape& stack = from.size() > to.size() ? from : to;
  const Shape& rows = from.size() > to.size() ? to : from;
  return stack.size() > 2 && rows.size() == 2 && stack[0] == batch;
}

}  // namespace

NodeProto& Exporter::clamped(const Node& node, const std::string& op, const Clamp& clamp) {
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

void Exporter::add_clamp(const Node& node, const Clamp& clamp, const std::string& x) {
  const bool relu = clamp.low == 0.0F && clamp.high == Clamp{}.high;
  const bool has_low = !relu && clamp.low != Clamp{}.low;
  const bool has_high = !relu && clamp.high != Clamp{}.high;
  const std::string low = has_low ? scalar(node, "_low", clamp.low) : "";
  const std::string high = has_high ? scalar(node, "_high", clamp.high) : "";
  const char* const op = relu ? "Relu" : "Clip";
  NodeProto& proto = begin(node, op, names_[node.output]);
  if (options_.torch_form && node.op != Op::kClip) {
    proto.set_name(unique_node(scope_of(node) + "/" + op));
  }
  proto.add_input(x);
  if (has_low || has_high) proto.add_input(low);
  if (has_high) proto.add_input(high);
}

void Exporter::add_window(NodeProto& proto, const graph::PoolAttributes& pool) {
  integers(proto, "kernel_shape", pool.kernel);
  integers(proto, "pads", pool.pads);
  integers(proto, "strides", pool.strides);
  if (pool.ceil_mode || options_.torch_form) integer(proto, "ceil_mode", pool.ceil_mode ? 1 : 0);
}

void Exporter::add_quantize(const Node& node, const std::string& op, DataType type) {
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

void Exporter::add_reshape(const Node& node) {
  const Shape& from = graph_.at(node.inputs[0]).shape;
  std::vector<std::int64_t> shape = graph_.at(node.output).shape;
  if (options_.open_batch) {
    const bool stays = !from.empty() && !shape.empty() && from[0] == batch_ && shape[0] == batch_;
    if (!stays && !stacks_rows(from, shape, batch_)) {
      fail(node, "it moves the batch, which cannot be left open then");
    }
    shape[0] = stays ? 0 : -1;  // as in the input; whatever the rows make
  }
  if (options_.torch_form && from.size() > 2 && shape.size() == 2 && shape[0] == from[0]) {
    integer(plain(node, "Flatten"), "axis", 1);
    return;
  }
  // Constants in front of the node that reads them.
  const std::string x = name(node.inputs[0]);
  const std::string dims = longs(node, "_shape", std::move(shape));
  NodeProto& proto = begin(node, "Reshape", names_[node.output]);
  proto.add_input(x);
  proto.add_input(dims);
}

void Exporter::add_slice(const Node& node) {
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
  const std::vector<std::string> inputs{
      name(node.inputs[0]), longs(node, "_starts", std::move(starts)),
      longs(node, "_ends", std::move(ends)), longs(node, "_axes", std::move(axes)),
      longs(node, "_steps", std::move(steps))};
  NodeProto& proto = begin(node, "Slice", names_[node.output]);
  for (const std::string& input : inputs) proto.add_input(input);
}

void Exporter::add_batch_norm(const Node& node) {
  NodeProto& proto = plain(node, "BatchNormalization");
  real(proto, "epsilon", node.get<graph::BatchNormAttributes>().epsilon);
  if (!options_.torch_form) return;
  real(proto, "momentum", 0.9F);
  if (options_.opset >= 14) integer(proto, "training_mode", 0);
}

void Exporter::add_softmax(const Node& node) {
  const auto& a = node.get<graph::AxisAttributes>();
  const Shape& shape = graph_.at(node.inputs[0]).shape;
  const auto behind = shape.begin() + static_cast<std::ptrdiff_t>(a.axis) + 1;
  const bool wide = std::any_of(behind, shape.end(), [](std::int64_t dim) { return dim != 1; });
  if (a.to_end && wide) {
    fail(node, "over several axes together, which ONNX has not had since opset 13");
  }
  const bool last = a.axis + 1 == static_cast<std::int64_t>(shape.size());
  integer(plain(node, "Softmax"), "axis", options_.torch_form && last ? -1 : a.axis);
}

void Exporter::add(const Node& node) {
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
    case Op::kMax:
      plain(node, "Max");
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
      add_batch_norm(node);
      return;
    case Op::kSoftmax:
      add_softmax(node);
      return;
    case Op::kUnary:
      add_unary(node);
      return;
    case Op::kLayerNorm:
      add_layer_norm(node);
      return;
    case Op::kReduceMean:
      add_reduce_mean(node);
      return;
    case Op::kPow:
      plain(node, "Pow");
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

}  // namespace s4::sw
