#include "sw/network/node_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/graph/bf16_ops.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

constexpr std::uint16_t kExponent = 0x7F80;  // of a BF16

QuantParams quant(const graph::Quant& q) { return {q.scale, q.zero}; }

/// A node that has no form on the chip.
struct NotOnChip {
  std::string why;
};
void require(bool condition, const std::string& why) {
  if (!condition) throw NotOnChip{why};
}

/// A tensor as a matrix of rows: [.., C] is [rows,C,1,1].
std::optional<TensorShape> rows_shape(const Shape& shape) {
  if (shape.size() < 2) return std::nullopt;
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return TensorShape{static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(shape.back()), 1,
                     1};
}

const Node* producer_of(const Graph& graph, TensorId tensor) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& node) { return node.output == tensor; });
  return found == graph.nodes.end() ? nullptr : &*found;
}

/// The image in front of a Flatten: the tensor that `tensor` [N,C*H*W] is a reshape of.
TensorId flattened_image(const Graph& graph, TensorId tensor) {
  for (const Node* node = producer_of(graph, tensor); node != nullptr && node->op == Op::kReshape;
       node = producer_of(graph, node->inputs[0])) {
    const Shape& from = graph.at(node->inputs[0]).shape;
    if (from.size() >= 3 && from[0] == graph.at(tensor).shape[0]) return node->inputs[0];
  }
  return kNoTensor;
}

class Builder {
 public:
  Builder(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  NodeLayer build() {
    out_.layer.name = node_.name;
    switch (node_.op) {
      case Op::kQConv:
        convolution();
        break;
      case Op::kQMatMul:
        product();
        break;
      case Op::kQAdd:
        addition();
        break;
      case Op::kQGlobalAveragePool:
        global_average();
        break;
      case Op::kQAveragePool:
        throw NotOnChip{"its mean is a sum of float32 numbers, in order"};
      case Op::kQMatMulDynamic:
        throw NotOnChip{"both operands are activations"};
      case Op::kMaxPool:
        maximum();
        break;
      case Op::kBf16Conv:
        convolution();
        break;
      case Op::kBf16MatMul:
        product();
        break;
      case Op::kQMul:
      case Op::kQClip:
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

 private:
  void note(const std::string& text) { out_.why += (out_.why.empty() ? "" : "; ") + text; }

  [[nodiscard]] const Shape& shape_of(TensorId tensor) const { return graph_.at(tensor).shape; }

  TensorShape image_of(TensorId tensor) const {
    const auto shape = image_shape(shape_of(tensor));
    require(shape && shape_of(tensor).size() == 4, "its input is not [N,C,H,W]");
    return *shape;
  }

  void use_input(TensorId tensor, const TensorShape& shape) {
    out_.input = tensor;
    out_.input_shape = shape;
    LayerGeometry& g = out_.layer.geometry;
    g.batch = shape.batch;
    g.channels = shape.channels;
    g.height = shape.height;
    g.width = shape.width;
  }

  [[nodiscard]] bool bf16() const {
    return node_.op == Op::kBf16Conv || node_.op == Op::kBf16MatMul;
  }

  /// What layers of one type share; geometry and weights are set.
  void epilogue() { bf16() ? float_epilogue() : quantisation(); }

  void float_epilogue() {
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

  void quantisation() {
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
      layer.add = ResidualAdd{quant(q.add->second), quant(q.add->sum), q.add->low, q.add->high,
                              q.add->second_is_left};
      note("with the addition behind it");
    }
    out_.has_weights = true;
  }

  /// Calls use(values, of the tensor) with the weights as their tensor holds them, whose elements
  /// are those of WeightTensor::data or of WeightTensor::bf16.
  template <typename Use>
  void with_weights(WeightTensor& tensor, const Use& use) const {
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

  void convolution() {
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

  void product() {
    const Shape& w = shape_of(node_.inputs[1]);
    const TensorId a = node_.inputs[0];
    const auto rows = rows_shape(shape_of(a));
    require(rows.has_value(), "its input is a vector");
    LayerGeometry& g = out_.layer.geometry;
    const TensorId image = shape_of(a).size() == 2 ? flattened_image(graph_, a) : kNoTensor;
    const auto flat = image == kNoTensor ? std::nullopt : image_shape(shape_of(image));
    // A kernel like the image sums in another order, which only integers do not show.
    const std::uint32_t most = bf16() ? 1 : commands::kMaxKernel;
    const bool whole = flat && flat->height <= most && flat->width <= most;
    if (whole) {
      use_input(image, *flat);
      g.kernel_h = flat->height;
      g.kernel_w = flat->width;
      if (flat->height * flat->width > 1) note("as a convolution with a kernel like the image");
    } else {
      use_input(a, *rows);
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
        for (std::size_t out = 0; out < g.filters; ++out) {
          data[out * reduction + k] = values[k * g.filters + out];
        }
      }
    });
    out_.layer.weights = std::move(tensor);
    out_.dense_weights = reduction * g.filters;
    epilogue();
  }

  /// Weights of one per channel, so that filter c reads channel c alone.
  void diagonal() {
    LayerGeometry& g = out_.layer.geometry;
    g.filters = g.channels;
    require(std::uint64_t{g.channels} * g.channels * g.kernel_h * g.kernel_w <= graph::kMaxElements,
            "its diagonal weights are too many");
    WeightTensor tensor(g.filters, g.channels, g.kernel_h, g.kernel_w);
    const std::size_t taps = tensor.taps();
    for (std::size_t c = 0; c < g.channels; ++c) {
      std::fill_n(tensor.data.begin() + static_cast<std::ptrdiff_t>((c * g.channels + c) * taps),
                  taps, std::int8_t{1});
    }
    out_.layer.weights = std::move(tensor);
    out_.dense_weights = g.channels * taps;
    out_.layer.weight_scales.assign(g.filters, 1.0F);
    out_.layer.biases.assign(g.filters, 0);
  }

  void full_range() {
    const bool is_unsigned = graph_.at(node_.output).type == graph::DataType::kUint8;
    out_.layer.low = is_unsigned ? 0 : -128;
    out_.layer.high = is_unsigned ? 255 : 127;
  }

  void addition() {
    const auto& q = node_.get<graph::QBinaryAttributes>();
    const Shape& shape = shape_of(node_.output);
    require(shape_of(node_.inputs[0]) == shape && shape_of(node_.inputs[1]) == shape,
            "one operand is repeated");
    require(!graph_.is_constant(node_.inputs[0]) && !graph_.is_constant(node_.inputs[1]),
            "one operand is constant");
    // Three dimensions are rows of a product; four an image.
    const auto view = shape.size() == 3 ? rows_shape(shape) : image_shape(shape);
    require(view.has_value(), "its operands are vectors");
    use_input(node_.inputs[0], *view);
    out_.second = node_.inputs[1];
    diagonal();
    Layer& layer = out_.layer;
    // The factor a.scale * 1 / a.scale is exactly 1: the first operand passes unchanged.
    layer.input = quant(q.a);
    layer.output = quant(q.a);
    full_range();
    layer.add = ResidualAdd{quant(q.b), quant(q.y), q.low, q.high, false};
    note("as the addition behind a 1x1 convolution that copies the first operand");
  }

  void maximum() {
    const auto& a = node_.get<graph::PoolAttributes>();
    require(graph::is_byte(graph_.at(node_.inputs[0]).type), "it computes in float32");
    use_input(node_.inputs[0], image_of(node_.inputs[0]));
    LayerGeometry& g = out_.layer.geometry;
    const auto size = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
    g.filters = g.channels;
    g.kernel_h = size(a.kernel[0]);
    g.kernel_w = size(a.kernel[1]);
    g.stride_h = size(a.strides[0]);
    g.stride_w = size(a.strides[1]);
    g.dilation_h = size(a.dilations[0]);
    g.dilation_w = size(a.dilations[1]);
    g.pad_top = size(a.pads[0]);
    g.pad_left = size(a.pads[1]);
    // Below and to the right as far as the windows reach, whatever the rounding of their number.
    const Shape& out = shape_of(node_.output);
    const auto after = [](std::int64_t windows, std::uint32_t stride, std::uint32_t kernel,
                          std::uint32_t dilation, std::uint32_t before, std::uint32_t extent) {
      const std::int64_t reach = (windows - 1) * stride + std::int64_t{kernel - 1} * dilation + 1;
      return static_cast<std::uint32_t>(
          std::max<std::int64_t>(reach - before - std::int64_t{extent}, 0));
    };
    g.pad_bottom = after(out[2], g.stride_h, g.kernel_h, g.dilation_h, g.pad_top, g.height);
    g.pad_right = after(out[3], g.stride_w, g.kernel_w, g.dilation_w, g.pad_left, g.width);
    require(g.out_height() == out[2] && g.out_width() == out[3],
            "its last windows lie outside of the image");
    out_.layer.max_pool = true;
    full_range();
  }

  void global_average() {
    const auto& q = node_.get<graph::QPoolAttributes>();
    use_input(node_.inputs[0], image_of(node_.inputs[0]));
    LayerGeometry& g = out_.layer.geometry;
    require(g.height <= commands::kMaxKernel && g.width <= commands::kMaxKernel,
            fmt::format("the image {}x{} is larger than a kernel can be", g.height, g.width));
    g.kernel_h = g.height;
    g.kernel_w = g.width;
    diagonal();
    Layer& layer = out_.layer;
    layer.input = quant(q.x);
    layer.output = quant(q.y);
    full_range();
    const float divisor = q.y.scale * static_cast<float>(g.height * g.width);
    layer.factors.assign(g.filters, q.x.scale / divisor);
    note("as a convolution with a kernel like the image");
  }

  const Graph& graph_;
  const Node& node_;
  NodeLayer out_;
};

}  // namespace

std::optional<TensorShape> image_shape(const Shape& shape) {
  if (shape.size() < 2) return std::nullopt;
  std::int64_t width = 1;
  for (std::size_t i = 3; i < shape.size(); ++i) width *= shape[i];
  const std::int64_t height = shape.size() < 3 ? 1 : shape[2];
  for (const std::int64_t size : {shape[0], shape[1], height, width}) {
    if (size < 1 || size > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  }
  return TensorShape{static_cast<std::uint32_t>(shape[0]), static_cast<std::uint32_t>(shape[1]),
                     static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width)};
}

TensorId without_reshapes(const Graph& graph, TensorId tensor, const TensorShape& shape) {
  for (const Node* node = producer_of(graph, tensor); node != nullptr && node->op == Op::kReshape;
       node = producer_of(graph, tensor)) {
    const auto before = image_shape(graph.at(node->inputs[0]).shape);
    if (!before || before->batch != shape.batch || before->channels != shape.channels ||
        before->pixels() != shape.pixels()) {
      break;
    }
    tensor = node->inputs[0];
  }
  return tensor;
}

std::optional<NodeLayer> layer_of_node(const Graph& graph, const Node& node, std::string& why_not) {
  try {
    return Builder(graph, node).build();
  } catch (const NotOnChip& reason) {
    why_not = reason.why;
    return std::nullopt;
  }
}

namespace {

/// Values of a chip layer's weights to those of the node, both in their own order.
template <typename T>
void put_weights(const Node& node, const WeightTensor& tensor, const std::vector<T>& from,
                 std::vector<T>& to) {
  const std::size_t reduction = std::size_t{tensor.in_channels} * tensor.taps();
  const std::size_t filters = tensor.out_channels;
  if (node.op == Op::kQMatMul || node.op == Op::kBf16MatMul) {
    for (std::size_t k = 0; k < reduction; ++k) {
      for (std::size_t out = 0; out < filters; ++out) {
        to[k * filters + out] = from[out * reduction + k];
      }
    }
    return;
  }
  const std::size_t inner = to.size() / filters;
  const auto& geometry = node.op == Op::kQConv ? node.get<graph::QLayerAttributes>().geometry
                                               : node.get<graph::Bf16LayerAttributes>().geometry;
  const auto groups = static_cast<std::size_t>(geometry.groups);
  for (std::size_t out = 0; out < filters; ++out) {
    const std::size_t group = out / (filters / groups);
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(out * reduction + group * inner), inner,
                to.begin() + static_cast<std::ptrdiff_t>(out * inner));
  }
}

}  // namespace

void set_weights(Graph& graph, Node& node, const WeightTensor& from) {
  graph::TensorData data = graph.constant(node.inputs[1]);
  if (from.bf16.empty()) {
    put_weights(node, from, from.data, data.get<std::int8_t>());
  } else {
    std::vector<std::uint16_t> kept(from.data.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = from.value(i);
    put_weights(node, from, graph::from_bf16(kept), data.get<float>());
  }
  const TensorId shared = node.inputs[1];
  std::size_t readers = 0;
  for (const Node& other : graph.nodes) {
    readers +=
        static_cast<std::size_t>(std::count(other.inputs.begin(), other.inputs.end(), shared));
  }
  if (readers == 1) {
    graph.at(shared).constant = std::move(data);
  } else {
    node.inputs[1] = graph.add_constant(node.name + "_pruned", std::move(data));
  }
}

}  // namespace s4::sw
