#include "sw/network/node_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/graph/bf16_ops.hpp"
#include "sw/network/function_table.hpp"
#include "sw/network/node_builder.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

constexpr std::uint16_t kExponent = 0x7F80;  // of a BF16

}  // namespace

NodeLayer NodeBuilder::build() {
  out_.layer.name = node_.name;
  switch (node_.op) {
    case Op::kQConv:
      convolution();
      break;
    case Op::kQMatMul:
      product();
      break;
    case Op::kQAdd:
    case Op::kQMul:
    case Op::kQSub:
    case Op::kQMax:
      addition();
      break;
    case Op::kQGlobalAveragePool:
      global_average();
      break;
    case Op::kQAveragePool:
      average();
      break;
    case Op::kQMatMulDynamic:
      dense_product();
      break;
    case Op::kMaxPool:
    case Op::kBf16MaxPool:
      maximum();
      break;
    case Op::kBf16Unary:
      float_function();
      break;
    case Op::kQUnary:
    case Op::kQClip:
      function();
      break;
    case Op::kQSoftmax:
    case Op::kQLayerNorm:
      rows();
      break;
    case Op::kBf16Conv:
      convolution();
      break;
    case Op::kBf16MatMul:
      product();
      break;
    case Op::kConcat:
    case Op::kSlice:
    case Op::kTranspose:
      throw NotOnChip{"the chip has no engine for it"};
    case Op::kQuantize:
    case Op::kDequantize:
      throw NotOnChip{"it is between float32 and bytes"};
    case Op::kReshape:
      throw NotOnChip{"it is wanted outside of the chip"};
    default:
      throw NotOnChip{graph_.at(node_.inputs[0]).type == graph::DataType::kFloat32
                          ? "it computes in float32"
                          : "the chip has no engine for it"};
  }
  Layer& layer = out_.layer;
  layer.is_unsigned = graph_.at(node_.output).type == graph::DataType::kUint8;
  const LayerGeometry& g = layer.geometry;
  out_.input_shape.channels *= g.in_bytes;
  out_.output_shape = {g.batch, g.filters * g.out_bytes, g.out_height(), g.out_width()};
  try {
    check_layer(layer, true);
  } catch (const CompileError& error) {
    throw NotOnChip{error.what()};
  }
  if (!layer.bf16() && largest_sum(layer) > std::numeric_limits<std::int32_t>::max()) {
    note("its sums can exceed 32 bits and wrap, as in ONNX");
  }
  return std::move(out_);
}

TensorShape NodeBuilder::image_of(TensorId tensor) const {
  const auto shape = image_shape(shape_of(tensor));
  require(shape && shape_of(tensor).size() == 4, "its input is not [N,C,H,W]");
  return *shape;
}

void NodeBuilder::use_input(TensorId tensor, const TensorShape& shape) {
  out_.input = tensor;
  out_.input_shape = shape;
  LayerGeometry& g = out_.layer.geometry;
  g.batch = shape.batch;
  g.channels = shape.channels;
  g.height = shape.height;
  g.width = shape.width;
}

bool NodeBuilder::bf16() const { return node_.op == Op::kBf16Conv || node_.op == Op::kBf16MatMul; }

void NodeBuilder::float_epilogue() {
  Layer& layer = out_.layer;
  layer.geometry.in_bytes = layer.geometry.out_bytes = 2;
  const std::uint32_t filters = layer.geometry.filters;
  const graph::Clamp& clamp = node_.get<graph::Bf16LayerAttributes>().clamp;
  FloatEpilogue e;
  e.low = clamp.low;
  e.high = clamp.high;
  e.biases.assign(filters, 0.0F);
  if (node_.input(2) != kNoTensor) e.biases = graph_.constant(node_.inputs[2]).floats();
  layer.factors.assign(filters, 1.0F);
  layer.float_epilogue = std::move(e);
  if (node_.input(3) != kNoTensor) {
    out_.second = node_.inputs[3];
    layer.add = ResidualAdd{};
    note("with the addition behind it");
  }
  out_.has_weights = true;
}

void NodeBuilder::quantisation() {
  const auto& q = node_.get<graph::QLayerAttributes>();
  Layer& layer = out_.layer;
  layer.input = quant(q.x);
  layer.output = quant(q.y);
  layer.low = q.low;
  layer.high = q.high;
  const std::uint32_t filters = layer.geometry.filters;
  layer.weight_scales = q.weight_scale;
  if (layer.weight_scales.size() == 1) layer.weight_scales.resize(filters, q.weight_scale[0]);
  layer.biases.assign(filters, 0);
  if (node_.input(2) != kNoTensor) {
    layer.biases = graph_.constant(node_.inputs[2]).get<std::int32_t>();
  }
  if (q.add) {
    out_.second = node_.inputs[3];
    layer.add = combination(*q.add, q.y);
    note(fmt::format("with the {} behind it", combination_name(q.add->op)));
  }
  out_.has_weights = true;
}

template <typename Use>
void NodeBuilder::with_weights(WeightTensor& tensor, const Use& use) const {
  require(graph_.is_constant(node_.inputs[1]), "its weights are not constant");
  const graph::TensorData& data = graph_.constant(node_.inputs[1]);
  if (!bf16()) return use(data.get<std::int8_t>(), tensor.data);
  tensor.bf16.resize(tensor.data.size());
  use(graph::to_bf16(data.floats()), tensor.bf16);
  for (std::size_t i = 0; i < tensor.data.size(); ++i) {
    // Zeros and subnormal numbers add nothing.
    tensor.data[i] = (tensor.bf16[i] & kExponent) != 0 ? 1 : 0;
  }
}

void NodeBuilder::convolution() {
  const auto& a = bf16() ? node_.get<graph::Bf16LayerAttributes>().geometry
                         : node_.get<graph::QLayerAttributes>().geometry;
  const Shape& w = shape_of(node_.inputs[1]);
  use_input(node_.inputs[0], image_of(node_.inputs[0]));
  LayerGeometry& g = out_.layer.geometry;
  g.filters = static_cast<std::uint32_t>(w[0]);
  g.kernel_h = static_cast<std::uint32_t>(w[2]);
  g.kernel_w = static_cast<std::uint32_t>(w[3]);
  g.stride_h = static_cast<std::uint32_t>(a.strides[0]);
  g.stride_w = static_cast<std::uint32_t>(a.strides[1]);
  g.dilation_h = static_cast<std::uint32_t>(a.dilations[0]);
  g.dilation_w = static_cast<std::uint32_t>(a.dilations[1]);
  g.pad_top = static_cast<std::uint32_t>(a.pads[0]);
  g.pad_left = static_cast<std::uint32_t>(a.pads[1]);
  g.pad_bottom = static_cast<std::uint32_t>(a.pads[2]);
  g.pad_right = static_cast<std::uint32_t>(a.pads[3]);
  require(std::uint64_t{g.filters} * g.channels * w[2] * w[3] <= graph::kMaxElements,
          "its weights are too many");
  WeightTensor tensor(g.filters, g.channels, g.kernel_h, g.kernel_w);
  const auto inner = static_cast<std::size_t>(w[1] * w[2] * w[3]);
  const std::size_t group_filters = g.filters / static_cast<std::size_t>(a.groups);
  with_weights(tensor, [&](const auto& values, auto& data) {
    for (std::size_t out = 0; out < g.filters; ++out) {
      const std::size_t to = out * g.channels * tensor.taps() + out / group_filters * inner;
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(out * inner), inner,
                  data.begin() + static_cast<std::ptrdiff_t>(to));
    }
  });
  out_.layer.weights = std::move(tensor);
  out_.dense_weights = g.filters * inner;
  if (a.groups != 1) note(fmt::format("{} groups, the weights between them are zero", a.groups));
  epilogue();
}

void NodeBuilder::product() {
  const Shape& w = shape_of(node_.inputs[1]);
  const TensorId a = stacked_rows(graph_, node_.inputs[0]);
  const auto merged = merged_heads(graph_, a);
  const auto rows = merged ? merged->seen : rows_shape(shape_of(a));
  require(rows.has_value(), "its input is a vector");
  LayerGeometry& g = out_.layer.geometry;
  const auto flat = shape_of(a).size() == 2 && !merged ? flattened(graph_, a) : std::nullopt;
  // A kernel like the image sums in another order, which only integers do not show.
  const std::uint32_t most = bf16() ? 1 : commands::kMaxKernel;
  const bool whole = flat && flat->shape.height <= most && flat->shape.width <= most;
  if (whole) {
    use_input(flat->tensor, flat->shape);
    out_.rows_view = flat->rows;
    g.kernel_h = g.height;
    g.kernel_w = g.width;
    if (g.kernel_h * g.kernel_w > 1) note("as a convolution with a kernel like the image");
  } else {
    use_input(a, *rows);
    out_.rows_view = true;
    if (flat) {
      note(bf16() ? "as a 1x1 convolution, whose sums have the order of the product's"
                  : "as a 1x1 convolution; the image before it is larger than a kernel can be");
    }
  }
  g.filters = static_cast<std::uint32_t>(w[1]);
  WeightTensor tensor(g.filters, g.channels, g.kernel_h, g.kernel_w);
  const std::size_t reduction = std::size_t{g.channels} * tensor.taps();
  with_weights(tensor, [&](const auto& values, auto& data) {
    for (std::size_t k = 0; k < reduction; ++k) {
      const std::size_t place = product_place(k, tensor, out_.rows_view);
      for (std::size_t out = 0; out < g.filters; ++out) {
        data[out * reduction + place] = values[k * g.filters + out];
      }
    }
  });
  out_.layer.weights = std::move(tensor);
  out_.dense_weights = reduction * g.filters;
  epilogue();
}

void NodeBuilder::dense_product() {
  const auto& q = node_.get<graph::QBinaryAttributes>();
  const auto a = rows_shape(shape_of(node_.inputs[0]));
  TensorId b = node_.inputs[1];
  require(a && shape_of(b).size() == shape_of(node_.inputs[0]).size() && shape_of(b).size() > 1 &&
              !graph_.is_constant(b),
          "its operands have different numbers of dimensions");
  DenseOperand operand;
  operand.is_unsigned = graph_.at(b).type == graph::DataType::kUint8;
  // A transposition in front costs nothing: the tensor is read the other way.
  if (const Node* before = producer_of(graph_, b);
      before != nullptr && before->op == Op::kTranspose && swaps_last(*before)) {
    operand.transposed = true;
    b = before->inputs[0];
  }
  // So do heads that are a view, of which no tensor is the untransposed one.
  if (!operand.transposed) out_.operand_view = split_heads(graph_, b, true);
  operand.transposed = operand.transposed || out_.operand_view;
  const auto view = out_.operand_view ? out_.operand_view->seen : rows_shape(shape_of(b));
  const std::int32_t zero = operand.is_unsigned ? 128 : 0;
  require(q.b.zero == zero,
          fmt::format("the zero point of its second operand is {}, not {}", q.b.zero, zero));
  require(view->batch == a->batch && leading(shape_of(b)) == leading(shape_of(node_.inputs[0])),
          "one operand is repeated");
  use_input(node_.inputs[0], *a);
  out_.operand = b;
  out_.operand_shape = *view;
  out_.rows_view = true;
  Layer& layer = out_.layer;
  layer.is_gemm = true;
  LayerGeometry& g = layer.geometry;
  g.filters = static_cast<std::uint32_t>(shape_of(node_.output).back());
  operand.images.assign(g.batch, WeightTensor(g.filters, g.channels, 1, 1));
  operand.image = view->width;
  operand.plane = operand.image * view->batch;
  layer.weights = operand.images.front();
  layer.dense = std::move(operand);
  out_.dense_weights = std::uint64_t{g.filters} * g.channels;
  layer.input = quant(q.a);
  layer.output = quant(q.y);
  layer.low = q.low;
  layer.high = q.high;
  layer.weight_scales.assign(g.filters, q.b.scale);
  layer.biases.assign(g.filters, 0);
}

graph::Shape NodeBuilder::leading(Shape shape) {
  shape.resize(shape.size() - 2);
  return shape;
}

bool NodeBuilder::swaps_last(const Node& node) {
  std::vector<std::int64_t> order = node.get<graph::TransposeAttributes>().permutation;
  if (order.size() < 2) return false;
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return std::is_sorted(order.begin(), order.end());
}

std::optional<NodeLayer> layer_of_node(const Graph& graph, const Node& node, std::string& why_not) {
  try {
    return NodeBuilder(graph, node).build();
  } catch (const NodeBuilder::NotOnChip& reason) {
    why_not = reason.why;
    return std::nullopt;
  }
}

}  // namespace s4::sw
