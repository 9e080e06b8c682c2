#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/graph/byte_difference.hpp"
#include "sw/graph/byte_rounding.hpp"
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

}  // namespace

void NodeBuilder::diagonal() {
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

void NodeBuilder::full_range() {
  const bool is_unsigned = graph_.at(node_.output).type == graph::DataType::kUint8;
  out_.layer.low = is_unsigned ? 0 : -128;
  out_.layer.high = is_unsigned ? 255 : 127;
}

void NodeBuilder::addition() {
  const auto& q = node_.get<graph::QBinaryAttributes>();
  const Shape& shape = shape_of(node_.output);
  for (const std::size_t side : {0U, 1U}) {
    if (node_.op == Op::kQMul && graph_.is_constant(node_.inputs[side])) return scaled(side);
  }
  for (const std::size_t side : {0U, 1U}) {
    require(shape_of(node_.inputs[side]) == shape,
            node_.op == Op::kQAdd && graph_.is_constant(node_.inputs[side]) &&
                    shape_of(node_.inputs[1 - side]) == shape
                ? "QLinearAdd rounds its repeated constant in another order, which shows in a byte"
                : "one operand is repeated");
  }
  // A constant lies in memory as an activation does. It is the second operand.
  const bool swap = graph_.is_constant(node_.inputs[0]);
  require(!swap || !graph_.is_constant(node_.inputs[1]), "its operands are constant");
  const graph::Quant& first = swap ? q.b : q.a;
  // Three dimensions are rows of a product; four an image.
  const auto view = shape.size() == 3 ? rows_shape(shape) : image_shape(shape);
  require(view.has_value(), "its operands are vectors");
  out_.rows_view = shape.size() == 3;
  use_input(node_.inputs[swap ? 1 : 0], *view);
  out_.second = node_.inputs[swap ? 0 : 1];
  diagonal();
  Layer& layer = out_.layer;
  // The factor first.scale * 1 / first.scale is exactly 1: the first operand passes unchanged.
  layer.input = quant(first);
  layer.output = quant(first);
  full_range();
  layer.add = combination({swap ? q.a : q.b, q.y, q.low, q.high, swap, node_.op}, first);
  note(fmt::format("as the {} behind a 1x1 convolution that copies the first operand",
                   combination_name(node_.op)));
}

void NodeBuilder::scaled(std::size_t side) {
  const auto& q = node_.get<graph::QBinaryAttributes>();
  const TensorId x = node_.inputs[1 - side];
  const Shape& shape = shape_of(node_.output);
  require(shape_of(x) == shape && !graph_.is_constant(x), "its constant operand is the larger one");
  const auto view = shape.size() == 3 ? rows_shape(shape) : image_shape(shape);
  require(view.has_value(), "its operands are vectors");
  out_.rows_view = shape.size() == 3;
  use_input(x, *view);
  // One integer per channel, all others repeated.
  const graph::TensorData& data = graph_.constant(node_.inputs[side]);
  const std::size_t behind = shape.size() == 4 ? 2 : 0;  // axes behind that of the channels
  for (std::size_t i = 0; i < data.shape.size(); ++i) {
    require(data.shape[data.shape.size() - 1 - i] == 1 || i == behind,
            "its constant operand is not one number per channel");
  }
  const graph::Quant& own = side == 0 ? q.b : q.a;
  const graph::Quant& constant = side == 0 ? q.a : q.b;
  const std::vector<std::int64_t> bytes = data.integers();
  std::vector<std::int32_t> factors;
  for (std::size_t c = 0; c < view->channels; ++c) {
    factors.push_back(static_cast<std::int32_t>(bytes[bytes.size() == 1 ? 0 : c]) - constant.zero);
    require(std::abs(factors.back()) <= 127, "a byte of its constant operand is beyond a weight");
  }
  const auto rounding = graph::product_rounding(own, factors, q.a.scale * q.b.scale / q.y.scale,
                                                q.y, graph_.at(node_.output).type);
  require(rounding.has_value(), "no factors round all its products as float32 does");
  diagonal();
  Layer& layer = out_.layer;
  layer.input = quant(own);
  // The command's zero point; the factors below are all that the scale would be for.
  layer.output = {q.y.scale, rounding->front().zero};
  layer.low = q.low;
  layer.high = q.high;
  layer.factors.clear();
  for (std::size_t c = 0; c < factors.size(); ++c) {
    layer.weights.data[c * factors.size() + c] = static_cast<std::int8_t>(factors[c]);
    layer.factors.push_back((*rounding)[c].factor);
    layer.biases[c] = (*rounding)[c].bias;
  }
  note("as a 1x1 convolution of each channel");
}

const char* NodeBuilder::combination_name(Op op) {
  return op == Op::kQMul   ? "multiplication"
         : op == Op::kQSub ? "subtraction"
         : op == Op::kQMax ? "maximum"
                           : "addition";
}

ResidualAdd NodeBuilder::combination(const graph::QSum& q, const graph::Quant& own) const {
  ResidualAdd add{quant(q.second), quant(q.sum), q.low, q.high, q.second_is_left};
  switch (q.op) {
    case Op::kQSub: {
      const graph::Quant& left = q.second_is_left ? q.second : own;
      const graph::Quant& right = q.second_is_left ? own : q.second;
      const auto found =
          graph::difference_constants(left, right, q.sum, graph_.at(node_.output).type);
      require(found.has_value(), "no constants round all its differences as float32 does");
      add.use = SecondUse::kSubtract;
      add.difference = DifferenceFactors{found->start, found->left, found->right};
      break;
    }
    case Op::kQMul:
      add.use = SecondUse::kMultiply;
      break;
    case Op::kQMax:
      add.use = SecondUse::kMaximum;
      require(own == q.sum && q.second == q.sum, "its tensors differ in scale or zero point");
      break;
    default:
      break;
  }
  return add;
}

void NodeBuilder::windows(const graph::PoolAttributes& a) {
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
}

void NodeBuilder::maximum() {
  const bool wide = node_.op == Op::kBf16MaxPool;
  require(wide || graph::is_byte(graph_.at(node_.inputs[0]).type), "it computes in float32");
  windows(node_.get<graph::PoolAttributes>());
  out_.layer.geometry.in_bytes = out_.layer.geometry.out_bytes = wide ? 2 : 1;
  out_.layer.max_pool = true;
  full_range();
}

void NodeBuilder::average() {
  const auto& q = node_.get<graph::QPoolAttributes>();
  windows(q.pool);
  const LayerGeometry& g = out_.layer.geometry;
  std::int64_t taps = std::int64_t{g.kernel_h} * g.kernel_w;
  if (!q.pool.count_include_pad) {
    const std::vector<std::int64_t> pixels =
        graph::window_pixels(q.pool, shape_of(node_.inputs[0]), shape_of(node_.output));
    taps = pixels.front();
    if (std::count(pixels.begin(), pixels.end(), taps) != std::ptrdiff_t(pixels.size())) {
      return shared_average(pixels);
    }
  }
  std::string why_not;
  const auto constants =
      graph::average_rounding(q.x, q.y, taps, graph_.at(node_.output).type, why_not);
  require(constants.has_value(), why_not);
  diagonal();
  Layer& layer = out_.layer;
  layer.input = quant(q.x);
  // The command's zero point; the factors below are all that the scale would be for.
  layer.output = {q.y.scale, constants->zero};
  full_range();
  layer.factors.assign(g.filters, constants->factor);
  layer.biases.assign(g.filters, constants->bias);
  note("as a convolution of each channel");
}

void NodeBuilder::shared_average(const std::vector<std::int64_t>& pixels) {
  const auto& q = node_.get<graph::QPoolAttributes>();
  std::string why_not;
  const auto rounding =
      graph::share_rounding(q.x, q.y, pixels, graph_.at(node_.output).type, why_not);
  require(rounding.has_value(), why_not);
  require(node_.inputs.size() > 1, "nothing says how many pixels its windows have");
  diagonal();
  Layer& layer = out_.layer;
  layer.input = quant(q.x);
  layer.output = quant(q.y);
  full_range();
  // The sum as it is, times the share of its window, of which one is `factor`.
  layer.factors.assign(layer.geometry.filters, 1.0F);
  FloatEpilogue e;
  e.second_use = static_cast<std::uint8_t>(SecondUse::kMultiply);
  e.second_factor = rounding->factor;
  layer.float_epilogue = std::move(e);
  layer.add = ResidualAdd{};
  out_.second = node_.inputs[1];
  note("as a convolution of each channel, times the share of each window");
}

void NodeBuilder::single_pixels() {
  const TensorId x = node_.inputs[0];
  out_.rows_view = lies_as_rows(x);
  const auto view = out_.rows_view ? rows_shape(shape_of(x)) : image_shape(shape_of(x));
  require(view.has_value(), "its input is a vector");
  use_input(x, *view);
  out_.layer.geometry.filters = out_.layer.geometry.channels;
  out_.layer.max_pool = true;
}

bool NodeBuilder::lies_as_rows(TensorId tensor) const {
  const std::int64_t channels = shape_of(tensor).back();
  while (shape_of(tensor).size() == 4 && shape_of(tensor).back() == channels) {
    if (split_heads(graph_, tensor, false)) return true;
    const Node* before = producer_of(graph_, tensor);
    if (before == nullptr) return false;
    switch (before->op) {
      case Op::kReshape:
      case Op::kQUnary:
      case Op::kQClip:
      case Op::kBf16Unary:
        tensor = before->inputs[0];
        break;
      case Op::kQMatMul:
      case Op::kBf16MatMul:
      case Op::kQMatMulDynamic:
      case Op::kQSoftmax:
      case Op::kQLayerNorm:
        return true;
      default:
        return false;
    }
  }
  return shape_of(tensor).size() != 4 && shape_of(tensor).back() == channels;
}

void NodeBuilder::float_function() {
  single_pixels();
  LayerGeometry& g = out_.layer.geometry;
  g.in_bytes = g.out_bytes = 2;
  out_.layer.activation = function_code(node_);
}

void NodeBuilder::function() {
  single_pixels();
  std::string why_not;
  out_.layer.activation = function_table(graph_, node_, why_not);
  require(out_.layer.activation.has_value(), why_not);
  full_range();
  note("as a table of bytes");
}

void NodeBuilder::rows() {
  const auto& q = node_.get<graph::QRowAttributes>();
  const TensorId x = node_.inputs[0];
  const auto view = rows_shape(shape_of(x));
  require(view.has_value(), "its input is a vector");
  out_.rows_view = true;
  require(view->width <= std::numeric_limits<std::uint16_t>::max(),
          fmt::format("an image has {} rows, more than a command can name", view->width));
  use_input(x, *view);
  LayerGeometry& g = out_.layer.geometry;
  g.filters = g.channels;
  RowOperation operation;
  const bool softmax = node_.op == Op::kQSoftmax;
  operation.function =
      softmax ? commands::RowFunction::kSoftmax : commands::RowFunction::kLayerNorm;
  operation.in_unsigned = graph_.at(x).type == graph::DataType::kUint8;
  operation.in_scale = q.x.scale;
  operation.out_scale = q.y.scale;
  operation.out_zero = q.y.zero;
  full_range();
  operation.low = out_.layer.low;
  operation.high = out_.layer.high;
  operation.epsilon = q.epsilon;
  if (node_.input(1) != kNoTensor || node_.input(2) != kNoTensor) {
    operation.gamma = row_constant(1, 1.0F);
    operation.beta = row_constant(2, 0.0F);
  }
  out_.layer.rows = std::move(operation);
}

std::vector<float> NodeBuilder::row_constant(std::size_t input, float missing) const {
  const TensorId id = node_.input(input);
  if (id == kNoTensor) return std::vector<float>(out_.layer.geometry.channels, missing);
  require(graph_.is_constant(id), "its gamma or beta is not constant");
  return graph_.constant(id).floats();
}

void NodeBuilder::global_average() {
  const auto& q = node_.get<graph::QPoolAttributes>();
  const TensorShape image = image_of(node_.inputs[0]);
  const bool whole = image.height <= commands::kMaxKernel && image.width <= commands::kMaxKernel;
  if (whole) {
    use_input(node_.inputs[0], image);
    LayerGeometry& g = out_.layer.geometry;
    g.kernel_h = g.height;
    g.kernel_w = g.width;
    diagonal();
    note("as a convolution with a kernel like the image");
  } else {
    product_with_ones();
  }
  Layer& layer = out_.layer;
  layer.input = whole ? quant(q.x) : QuantParams{};
  layer.output = quant(q.y);
  full_range();
  const float divisor = q.y.scale * static_cast<float>(image.height * image.width);
  layer.factors.assign(layer.geometry.filters, q.x.scale / divisor);
}

void NodeBuilder::product_with_ones() {
  const auto& q = node_.get<graph::QPoolAttributes>();
  require(node_.inputs.size() > 1, "the image is larger than a kernel can be");
  const TensorShape image = image_of(node_.inputs[0]);
  const std::uint32_t pixels = image.height * image.width;
  use_input(node_.inputs[1], image_of(node_.inputs[1]));
  out_.operand = node_.inputs[0];
  out_.operand_shape = image;
  Layer& layer = out_.layer;
  layer.is_gemm = true;
  LayerGeometry& g = layer.geometry;
  g.filters = image.channels;
  DenseOperand operand;
  operand.is_unsigned = graph_.at(node_.inputs[0]).type == graph::DataType::kUint8;
  operand.images.assign(g.batch, WeightTensor(g.filters, g.channels, 1, 1));
  operand.image = pixels;
  operand.plane = operand.image * g.batch;
  layer.weights = operand.images.front();
  // An operand is a byte minus 128 or 0, a pixel one minus its zero point.
  const std::int64_t shift = (operand.is_unsigned ? 128 : 0) - q.x.zero;
  layer.dense = std::move(operand);
  out_.dense_weights = std::uint64_t{g.filters} * g.channels;
  layer.weight_scales.assign(g.filters, q.x.scale);
  layer.biases.assign(g.filters, static_cast<std::int32_t>(shift * pixels));
  note("as a product of ones with the pixels of the image");
}

}  // namespace s4::sw
