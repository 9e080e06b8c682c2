#include "sw/graph/infer.hpp"

#include <algorithm>
#include <cmath>

namespace s4::sw::graph {
namespace {

/// Kernels, strides, dilations and pads beyond this are refused, so that no sum overflows.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 24;

class Inference {
 public:
  Inference(const Node& node, const InputInfos& inputs) : node_(node), inputs_(inputs) {}

  TensorInfo result() {
    switch (node_.op) {
      case Op::kConv:
        return conv();
      case Op::kGemm:
        return gemm();
      case Op::kMatMul:
        return matmul();
      case Op::kAdd:
      case Op::kSub:
      case Op::kMul:
      case Op::kDiv:
        return elementwise();
      case Op::kClip:
        (void)node_.get<ClampAttributes>();
        return typed(1, DataType::kFloat32);
      case Op::kMaxPool:
        return pool(node_.get<PoolAttributes>());
      case Op::kAveragePool:
        (void)typed(1, DataType::kFloat32);
        return pool(node_.get<PoolAttributes>());
      case Op::kGlobalAveragePool:
        (void)typed(1, DataType::kFloat32);
        return global_pool();
      case Op::kBatchNorm:
        return batch_norm();
      case Op::kSoftmax: {
        const TensorInfo x = typed(1, DataType::kFloat32);
        (void)axis_of(node_.get<AxisAttributes>().axis, x.shape);
        return x;
      }
      case Op::kReshape:
        return reshape();
      case Op::kTranspose:
        return transpose();
      case Op::kArgMax:
        return arg_max();
      case Op::kGather:
        return gather();
      case Op::kConcat:
        return concat();
      case Op::kSlice:
        return slice();
      case Op::kCast:
        return {node_.get<CastAttributes>().type, in(0).shape};
      case Op::kQuantize:
        return quantize();
      case Op::kDequantize:
        return dequantize();
      case Op::kQConv:
        return qconv();
      case Op::kQMatMul:
        return qmatmul();
      case Op::kQMatMulDynamic:
        return qmatmul_dynamic();
      case Op::kQAdd:
      case Op::kQMul:
        return qbinary();
      case Op::kQClip: {
        const auto& a = node_.get<QUnaryAttributes>();
        const TensorInfo x = bytes(0);
        require(is_byte(a.y_type), "its result is not int8 or uint8");
        check_quant(a.x, x.type, "input");
        check_quant(a.y, a.y_type, "output");
        return {a.y_type, x.shape};
      }
      case Op::kQAveragePool: {
        const auto& a = node_.get<QPoolAttributes>();
        const TensorInfo x = bytes(0);
        check_quant(a.x, x.type, "input");
        check_quant(a.y, x.type, "output");
        require(a.pool.dilations == std::array<std::int64_t, 2>{1, 1},
                "dilation in a quantised average");
        return pool(a.pool);
      }
      case Op::kQGlobalAveragePool: {
        const auto& a = node_.get<QPoolAttributes>();
        const TensorInfo x = bytes(0);
        check_quant(a.x, x.type, "input");
        check_quant(a.y, x.type, "output");
        const TensorInfo y = global_pool();
        require(x.shape[2] * x.shape[3] < (1 << 23), "image too large for an average");
        return y;
      }
      case Op::kBf16Conv:
        return bf16_layer(
            convolved(in(0).shape, in(1).shape, node_.get<Bf16LayerAttributes>().geometry), 1);
      case Op::kBf16MatMul: {
        const Shape y = rows_product();
        return bf16_layer(y, y.size() - 1);
      }
    }
    fail("operator unknown");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw GraphError(std::string(name_of(node_.op)) + " '" + node_.name + "': " + what);
  }
  void require(bool holds, const std::string& what) const {
    if (!holds) fail(what);
  }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i].has_value(); }
  const TensorInfo& in(std::size_t i) const {
    require(has(i), "input " + std::to_string(i) + " is missing");
    return *inputs_[i];
  }
  const TensorInfo& typed(std::size_t count, DataType type) const {
    for (std::size_t i = 0; i < count; ++i) {
      require(in(i).type == type, "input " + std::to_string(i) + " is " + name_of(in(i).type) +
                                      ", not " + name_of(type));
    }
    return in(0);
  }
  const TensorInfo& bytes(std::size_t i) const {
    require(is_byte(in(i).type),
            "input " + std::to_string(i) + " is " + name_of(in(i).type) + ", not int8 or uint8");
    return in(i);
  }
  TensorInfo sized(DataType type, Shape shape) const {
    try {
      (void)element_count(shape);
    } catch (const GraphError& error) {
      fail(error.what());
    }
    return {type, std::move(shape)};
  }
  std::size_t axis_of(std::int64_t axis, const Shape& shape) const {
    require(axis >= 0 && axis < static_cast<std::int64_t>(shape.size()),
            "axis " + std::to_string(axis) + " of a tensor " + to_string(shape));
    return static_cast<std::size_t>(axis);
  }
  void check_scale(float scale, const char* which) const {
    require(std::isfinite(scale) && scale > 0.0F,
            std::string(which) + " scale " + std::to_string(scale) + " is not positive");
  }
  void check_quant(const Quant& quant, DataType type, const char* which) const {
    check_scale(quant.scale, which);
    const std::int32_t low = type == DataType::kInt8 ? -128 : 0;
    require(quant.zero >= low && quant.zero <= low + 255, std::string(which) + " zero point " +
                                                              std::to_string(quant.zero) +
                                                              " does not fit " + name_of(type));
  }
  void check_range(std::int32_t low, std::int32_t high, DataType type) const {
    const std::int32_t least = type == DataType::kInt8 ? -128 : 0;
    require(low >= least && high <= least + 255 && low <= high,
            "clamp " + std::to_string(low) + ".." + std::to_string(high));
  }
  void check_extents(const std::array<std::int64_t, 2>& values, const char* what) const {
    for (const std::int64_t v : values) {
      require(v >= 1 && v <= kMaxExtent, std::string(what) + " " + std::to_string(v));
    }
  }

  Shape convolved(const Shape& x, const Shape& w, const ConvGeometry& g) const {
    require(x.size() == 4, "input " + to_string(x) + " is not [batch,channels,height,width]");
    require(w.size() == 4, "weights " + to_string(w) + " are not [filters,channels,rows,columns]");
    check_extents(g.strides, "stride");
    check_extents(g.dilations, "dilation");
    for (const std::int64_t pad : g.pads) {
      require(pad >= 0 && pad <= kMaxExtent, "padding " + std::to_string(pad));
    }
    require(
        g.groups >= 1 && x[1] % g.groups == 0 && w[0] % g.groups == 0 && w[1] == x[1] / g.groups,
        "weights " + to_string(w) + " in " + std::to_string(g.groups) +
            " groups do not fit the input " + to_string(x));
    Shape y{x[0], w[0], 0, 0};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      require(w[2 + axis] >= 1 && w[2 + axis] <= kMaxExtent, "kernel " + to_string(w));
      y[2 + axis] = convolved_size(x[2 + axis], g.pads[axis], g.pads[axis + 2], w[2 + axis],
                                   g.dilations[axis], g.strides[axis]);
      require(y[2 + axis] >= 1,
              "the kernel " + to_string(w) + " does not fit the padded input " + to_string(x));
    }
    return y;
  }
  void check_bias(std::size_t i, DataType type, std::int64_t channels) const {
    if (!has(i)) return;
    require(in(i).type == type && in(i).shape == Shape{channels},
            std::string("bias ") + name_of(in(i).type) + to_string(in(i).shape) + " is not " +
                name_of(type) + to_string(Shape{channels}));
  }
  TensorInfo conv() const {
    (void)typed(2, DataType::kFloat32);
    Shape y = convolved(in(0).shape, in(1).shape, node_.get<ConvAttributes>().geometry);
    check_bias(2, DataType::kFloat32, y[1]);
    return sized(DataType::kFloat32, std::move(y));
  }
  TensorInfo gemm() const {
    (void)typed(2, DataType::kFloat32);
    const auto& g = node_.get<GemmAttributes>();
    const Shape& a = in(0).shape;
    const Shape& b = in(1).shape;
    require(a.size() == 2 && b.size() == 2,
            "operands " + to_string(a) + " and " + to_string(b) + " are not matrices");
    const Shape y{a[g.transpose_a ? 1 : 0], b[g.transpose_b ? 0 : 1]};
    require(a[g.transpose_a ? 0 : 1] == b[g.transpose_b ? 1 : 0],
            "operands " + to_string(a) + " and " + to_string(b) + " do not fit each other");
    if (has(2)) {
      require(in(2).type == DataType::kFloat32 && broadcast(in(2).shape, y) == y,
              "addend " + to_string(in(2).shape) + " does not fit the product " + to_string(y));
    }
    return sized(DataType::kFloat32, y);
  }
  Shape product(Shape a, Shape b) const {
    const std::string both = to_string(a) + " and " + to_string(b);
    require(!a.empty() && !b.empty(), "a scalar is no operand of a matrix product");
    const bool row = a.size() == 1;
    const bool column = b.size() == 1;
    if (row) a.insert(a.begin(), 1);
    if (column) b.push_back(1);
    require(a.back() == b[b.size() - 2], "operands " + both + " do not fit each other");
    const auto batch = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
    require(batch.has_value(), "operands " + both + " do not fit each other");
    Shape y = *batch;
    if (!row) y.push_back(a[a.size() - 2]);
    if (!column) y.push_back(b.back());
    return y;
  }
  TensorInfo matmul() const {
    (void)node_.get<ClampAttributes>();
    (void)typed(2, DataType::kFloat32);
    return sized(DataType::kFloat32, product(in(0).shape, in(1).shape));
  }
  TensorInfo elementwise() const {
    require(in(0).type == in(1).type,
            std::string("operands are ") + name_of(in(0).type) + " and " + name_of(in(1).type));
    require(in(0).type == DataType::kFloat32 || in(0).type == DataType::kInt32 ||
                in(0).type == DataType::kInt64,
            std::string("operands are ") + name_of(in(0).type));
    const auto shape = broadcast(in(0).shape, in(1).shape);
    require(shape.has_value(), "operands " + to_string(in(0).shape) + " and " +
                                   to_string(in(1).shape) + " do not fit each other");
    return sized(in(0).type, *shape);
  }
  TensorInfo pool(const PoolAttributes& p) const {
    const Shape& x = in(0).shape;
    require(in(0).type == DataType::kFloat32 || is_byte(in(0).type),
            std::string("input is ") + name_of(in(0).type));
    require(x.size() == 4, "input " + to_string(x) + " is not [batch,channels,height,width]");
    check_extents(p.kernel, "kernel");
    check_extents(p.strides, "stride");
    check_extents(p.dilations, "dilation");
    Shape y{x[0], x[1], 0, 0};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      for (const std::size_t side : {axis, axis + 2}) {
        const std::int64_t reach = p.dilations[axis] * (p.kernel[axis] - 1) + 1;
        require(p.pads[side] >= 0 && p.pads[side] < reach,
                "padding " + std::to_string(p.pads[side]) + " does not fit the kernel");
      }
      y[2 + axis] = pooled_size(x[2 + axis], p.pads[axis], p.pads[axis + 2], p.kernel[axis],
                                p.dilations[axis], p.strides[axis], p.ceil_mode);
      require(y[2 + axis] >= 1, "the kernel does not fit the padded input " + to_string(x));
    }
    return sized(in(0).type, std::move(y));
  }
  TensorInfo global_pool() const {
    const Shape& x = in(0).shape;
    require(x.size() == 4, "input " + to_string(x) + " is not [batch,channels,height,width]");
    require(x[2] >= 1 && x[3] >= 1, "input " + to_string(x) + " is empty");
    return {in(0).type, {x[0], x[1], 1, 1}};
  }
  TensorInfo batch_norm() const {
    const TensorInfo x = typed(5, DataType::kFloat32);
    require(std::isfinite(node_.get<BatchNormAttributes>().epsilon), "epsilon is not finite");
    require(x.shape.size() >= 2, "input " + to_string(x.shape) + " has no channels");
    for (std::size_t i = 1; i < 5; ++i) {
      require(in(i).shape == Shape{x.shape[1]},
              "parameter " + to_string(in(i).shape) + " is not " + to_string({x.shape[1]}));
    }
    return x;
  }
  TensorInfo reshape() const {
    const Shape& shape = node_.get<ReshapeAttributes>().shape;
    const TensorInfo result = sized(in(0).type, shape);
    require(element_count(shape) == element_count(in(0).shape),
            "input " + to_string(in(0).shape) + " does not fit the shape " + to_string(shape));
    return result;
  }
  TensorInfo transpose() const {
    const auto& order = node_.get<TransposeAttributes>().permutation;
    const Shape& x = in(0).shape;
    require(order.size() == x.size(), "permutation of " + std::to_string(order.size()) +
                                          " axes for the input " + to_string(x));
    std::vector<bool> seen(x.size());
    Shape y;
    for (const std::int64_t axis : order) {
      const std::size_t a = axis_of(axis, x);
      require(!seen[a], "axis " + std::to_string(axis) + " occurs twice");
      seen[a] = true;
      y.push_back(x[a]);
    }
    return {in(0).type, std::move(y)};
  }
  TensorInfo arg_max() const {
    const auto& a = node_.get<AxisAttributes>();
    Shape y = in(0).shape;
    const std::size_t axis = axis_of(a.axis, y);
    require(y[axis] >= 1, "the axis is empty");
    if (a.keep_dims) {
      y[axis] = 1;
    } else {
      y.erase(y.begin() + static_cast<std::ptrdiff_t>(axis));
    }
    return {DataType::kInt64, std::move(y)};
  }
  TensorInfo gather() const {
    const Shape& x = in(0).shape;
    const auto axis = static_cast<std::ptrdiff_t>(axis_of(node_.get<AxisAttributes>().axis, x));
    require(in(1).type == DataType::kInt32 || in(1).type == DataType::kInt64,
            std::string("indices are ") + name_of(in(1).type));
    Shape y(x.begin(), x.begin() + axis);
    y.insert(y.end(), in(1).shape.begin(), in(1).shape.end());
    y.insert(y.end(), x.begin() + axis + 1, x.end());
    return sized(in(0).type, std::move(y));
  }
  TensorInfo concat() const {
    Shape y = in(0).shape;
    const std::size_t axis = axis_of(node_.get<AxisAttributes>().axis, y);
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
      Shape part = in(i).shape;
      require(in(i).type == in(0).type, "operands of different types");
      require(part.size() == y.size(), "operands of different ranks");
      const std::int64_t size = part[axis];
      part[axis] = y[axis];
      require(part == y, "operands of different shapes");
      y[axis] += size;
      require(y[axis] <= kMaxElements, "result too large");
    }
    return sized(in(0).type, std::move(y));
  }
  TensorInfo slice() const {
    const auto& s = node_.get<SliceAttributes>();
    const Shape& x = in(0).shape;
    require(
        s.starts.size() == x.size() && s.counts.size() == x.size() && s.steps.size() == x.size(),
        "bounds do not fit the input " + to_string(x));
    for (std::size_t i = 0; i < x.size(); ++i) {
      require(s.counts[i] >= 0 && s.counts[i] <= x[i], "more elements than the input holds");
      if (s.counts[i] == 0) continue;
      require(s.steps[i] != 0 && std::abs(s.steps[i]) <= kMaxElements, "step out of range");
      require(s.starts[i] >= 0 && s.starts[i] < x[i], "bounds leave the input " + to_string(x));
      const std::int64_t last = s.starts[i] + (s.counts[i] - 1) * s.steps[i];
      require(last >= 0 && last < x[i], "bounds leave the input " + to_string(x));
    }
    return {in(0).type, s.counts};
  }
  void check_scales(const QuantizeAttributes& q, DataType type) const {
    require(!q.scale.empty() && q.scale.size() == q.zero.size(), "scales without zero points");
    for (std::size_t i = 0; i < q.scale.size(); ++i) {
      if (is_byte(type)) {
        check_quant({q.scale[i], q.zero[i]}, type, "its");
      } else {
        check_scale(q.scale[i], "its");
        require(q.zero[i] == 0, "an int32 tensor with a zero point");
      }
    }
    if (q.per_tensor()) return;
    const Shape& x = in(0).shape;
    const std::size_t axis = axis_of(q.axis, x);
    require(static_cast<std::int64_t>(q.scale.size()) == x[axis],
            std::to_string(q.scale.size()) + " scales for axis " + std::to_string(axis) + " of " +
                to_string(x));
  }
  TensorInfo quantize() const {
    const auto& q = node_.get<QuantizeAttributes>();
    (void)typed(1, DataType::kFloat32);
    require(is_byte(q.byte_type), std::string("result ") + name_of(q.byte_type));
    check_scales(q, q.byte_type);
    return {q.byte_type, in(0).shape};
  }
  TensorInfo dequantize() const {
    const auto& q = node_.get<QuantizeAttributes>();
    require(is_byte(in(0).type) || in(0).type == DataType::kInt32,
            std::string("input is ") + name_of(in(0).type));
    check_scales(q, in(0).type);
    return {DataType::kFloat32, in(0).shape};
  }
  void check_layer(const QLayerAttributes& q, DataType type, std::int64_t channels,
                   const Shape& y) const {
    check_quant(q.x, type, "input");
    check_quant(q.y, type, "output");
    check_range(q.low, q.high, type);
    require(
        q.weight_scale.size() == 1 || static_cast<std::int64_t>(q.weight_scale.size()) == channels,
        std::to_string(q.weight_scale.size()) + " weight scales for " + std::to_string(channels) +
            " channels");
    for (const float scale : q.weight_scale) check_scale(scale, "weight");
    require(in(1).type == DataType::kInt8, "weights are not int8");
    check_bias(2, DataType::kInt32, channels);
    require(q.add.has_value() == has(3), "second tensor and its attributes do not go together");
    if (!q.add) return;
    check_quant(q.add->second, type, "second");
    check_quant(q.add->sum, type, "sum");
    check_range(q.add->low, q.add->high, type);
    require(in(3).type == type && in(3).shape == y,
            "second tensor " + to_string(in(3).shape) + " is not " + name_of(type) + to_string(y));
  }
  TensorInfo qconv() const {
    const auto& q = node_.get<QLayerAttributes>();
    const DataType type = bytes(0).type;
    Shape y = convolved(in(0).shape, in(1).shape, q.geometry);
    check_layer(q, type, y[1], y);
    return sized(type, std::move(y));
  }
  TensorInfo qmatmul() const {
    const auto& q = node_.get<QLayerAttributes>();
    const DataType type = bytes(0).type;
    Shape y = rows_product();
    check_layer(q, type, y.back(), y);
    return sized(type, std::move(y));
  }
  /// [...,K] by [K,N].
  Shape rows_product() const {
    const Shape& a = in(0).shape;
    const Shape& b = in(1).shape;
    require(a.size() >= 2 && b.size() == 2 && a.back() == b[0],
            "operands " + to_string(a) + " and " + to_string(b) + " do not fit each other");
    Shape y = a;
    y.back() = b[1];
    return y;
  }
  TensorInfo bf16_layer(Shape y, std::size_t channel_axis) const {
    const Clamp& clamp = node_.get<Bf16LayerAttributes>().clamp;
    require(clamp.low <= clamp.high, "the limits of its result are in the wrong order");
    (void)typed(2, DataType::kFloat32);
    check_bias(2, DataType::kFloat32, y[channel_axis]);
    require(!has(3) || (in(3).type == DataType::kFloat32 && in(3).shape == y),
            "second tensor is not " + std::string(name_of(DataType::kFloat32)) + to_string(y));
    return sized(DataType::kFloat32, std::move(y));
  }
  void check_binary(const QBinaryAttributes& q) const {
    const DataType type = bytes(0).type;
    require(in(1).type == type, "operands of different types");
    check_quant(q.a, type, "first");
    check_quant(q.b, type, "second");
    check_quant(q.y, type, "output");
    check_range(q.low, q.high, type);
  }
  TensorInfo qmatmul_dynamic() const {
    check_binary(node_.get<QBinaryAttributes>());
    const Shape& a = in(0).shape;
    const Shape& b = in(1).shape;
    require(a.size() >= 2 && a.size() == b.size() &&
                std::equal(a.begin(), a.end() - 2, b.begin()) && a.back() == b[b.size() - 2],
            "operands " + to_string(a) + " and " + to_string(b) + " do not fit each other");
    Shape y = a;
    y.back() = b.back();
    return sized(in(0).type, std::move(y));
  }
  TensorInfo qbinary() const {
    check_binary(node_.get<QBinaryAttributes>());
    const auto shape = broadcast(in(0).shape, in(1).shape);
    require(shape.has_value(), "operands " + to_string(in(0).shape) + " and " +
                                   to_string(in(1).shape) + " do not fit each other");
    return sized(in(0).type, *shape);
  }

  const Node& node_;
  const InputInfos& inputs_;
};

}  // namespace

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape y(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::int64_t p = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t q = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (p != q && p != 1 && q != 1) return std::nullopt;
    y[y.size() - 1 - i] = p == 1 ? q : p;
  }
  return y;
}

std::int64_t convolved_size(std::int64_t in, std::int64_t before, std::int64_t after,
                            std::int64_t kernel, std::int64_t dilation, std::int64_t stride) {
  const std::int64_t room = in + before + after - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

std::int64_t pooled_size(std::int64_t in, std::int64_t before, std::int64_t after,
                         std::int64_t kernel, std::int64_t dilation, std::int64_t stride,
                         bool ceil_mode) {
  const std::int64_t room = in + before + after - (dilation * (kernel - 1) + 1);
  if (room < 0) return 0;
  std::int64_t size = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (size - 1) * stride >= in + before) --size;
  return size;
}

TensorInfo infer_node(const Node& node, const InputInfos& inputs) {
  return Inference(node, inputs).result();
}

TensorInfo infer_node(const Graph& graph, const Node& node) {
  InputInfos infos;
  for (const TensorId id : node.inputs) {
    if (id == kNoTensor) {
      infos.emplace_back();
    } else {
      infos.emplace_back(TensorInfo{graph.at(id).type, graph.at(id).shape});
    }
  }
  return infer_node(node, infos);
}

void infer_shapes(Graph& graph) {
  for (const Node& node : graph.nodes) {
    TensorInfo info = infer_node(graph, node);
    Tensor& output = graph.at(node.output);
    output.type = info.type;
    output.shape = std::move(info.shape);
  }
}

}  // namespace s4::sw::graph
