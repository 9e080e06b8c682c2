// From the QDQ form to byte operators, as ONNX Runtime fuses it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "sim/reference/rounding.hpp"
#include "sw/graph/float_ops.hpp"
#include "sw/graph/fuse_functions.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

std::int32_t lowest(DataType type) { return type == DataType::kInt8 ? -128 : 0; }
std::int32_t highest(DataType type) { return type == DataType::kInt8 ? 127 : 255; }

struct ByteClamp {
  std::int32_t low = 0;
  std::int32_t high = 0;
};

/// Limits of real values as limits of bytes: quantisation is monotonic, so both orders are equal.
ByteClamp quantized_clamp(const Clamp& clamp, const Quant& y, DataType type) {
  const ref::Range range{lowest(type), highest(type)};
  const auto limit = [&](float value, std::int32_t open) {
    return std::isinf(value) ? open : ref::round_and_saturate(value / y.scale, y.zero, range);
  };
  const auto low = clamp.low == std::numeric_limits<float>::infinity() ? range.high : range.low;
  const auto high = clamp.high == -std::numeric_limits<float>::infinity() ? range.low : range.high;
  return {limit(clamp.low, low), limit(clamp.high, high)};
}

/// The saturation of the bytes does what the clamp does. The limits and their tolerance are those
/// of ONNX Runtime, which fuses an operator with the quantisation behind its Relu or Clip only
/// then.
bool is_saturation(const Clamp& clamp, const Quant& y, DataType type) {
  constexpr float kTolerance = std::numeric_limits<float>::epsilon();
  const float low = y.scale * static_cast<float>(lowest(type) - y.zero);
  const float high = y.scale * static_cast<float>(highest(type) - y.zero);
  return clamp.low - low <= kTolerance && high - clamp.high <= kTolerance;
}

bool moves_data(Op op) { return op == Op::kMaxPool || op == Op::kReshape || op == Op::kTranspose; }

class QuantizedFusion {
 public:
  explicit QuantizedFusion(Graph& graph) : graph_(graph) {}

  std::vector<std::string> run() {
    rewrite(graph_, [&](const Uses& uses, std::size_t n) { return merge_twins(uses, n); });
    rewrite(graph_, [&](const Uses& uses, std::size_t n) {
      return move_dequantize_down(uses, n) || move_quantize_up(uses, n);
    });
    fold_constants(graph_);
    rewrite(graph_, [&](const Uses& uses, std::size_t n) { return merge_twins(uses, n); });
    rewrite(graph_, [&](const Uses& uses, std::size_t n) { return fuse(uses, n); });
    rewrite(graph_, [&](const Uses& uses, std::size_t n) { return absorb_clip(uses, n); });
    collect_notes();
    return std::move(notes_);
  }

 private:
  /// Where a float tensor comes from, if it is a dequantised one.
  struct Source {
    TensorId bytes = kNoTensor;
    QuantizeAttributes quant;
    [[nodiscard]] Quant single() const { return {quant.scale[0], quant.zero[0]}; }
  };

  std::optional<Source> source(const Uses& uses, TensorId id) {
    const Node* node = producer(graph_, uses, id);
    if (node == nullptr || node->op != Op::kDequantize) return std::nullopt;
    return Source{node->inputs[0], node->get<QuantizeAttributes>()};
  }
  /// The same for activations: bytes of one scale.
  std::optional<Source> byte_source(const Uses& uses, TensorId id, DataType type) {
    auto found = source(uses, id);
    if (!found || graph_.at(found->bytes).type != type || !found->quant.per_tensor()) {
      return std::nullopt;
    }
    return found;
  }

  /// Two (de)quantisations of one tensor with the same parameters: one is enough.
  bool merge_twins(const Uses& uses, std::size_t n) {
    const Node& node = graph_.nodes[n];
    if (node.op != Op::kQuantize && node.op != Op::kDequantize) return false;
    for (const std::size_t other : uses.consumers[node.inputs[0]]) {
      const Node& twin = graph_.nodes[other];
      if (other < n && twin.op == node.op && twin.attributes == node.attributes) {
        return redirect(graph_, uses, node.output, twin.output);
      }
    }
    return false;
  }

  /// Dequantize, then MaxPool, Reshape or Transpose: the other way round.
  bool move_dequantize_down(const Uses& uses, std::size_t n) {
    const TensorId in = graph_.nodes[n].input(0);
    if (!moves_data(graph_.nodes[n].op)) return false;
    auto from = source(uses, in);
    if (!from) return false;
    const Node& node = graph_.nodes[n];
    if (node.op == Op::kMaxPool && !is_byte(graph_.at(from->bytes).type)) return false;
    if (!from->quant.per_tensor()) {
      if (node.op != Op::kTranspose) return false;
      const auto& order = node.get<TransposeAttributes>().permutation;
      from->quant.axis = std::find(order.begin(), order.end(), from->quant.axis) - order.begin();
    }
    const TensorId out = node.output;
    const TensorId bytes =
        graph_.add_tensor({graph_.at(out).name + "_quantized", graph_.at(from->bytes).type,
                           graph_.at(out).shape, std::nullopt});
    graph_.nodes[n].inputs[0] = from->bytes;
    graph_.nodes[n].output = bytes;
    graph_.nodes.push_back(
        {Op::kDequantize, graph_.nodes[n].name + "_dequantize", {bytes}, out, from->quant});
    return true;
  }

  /// MaxPool, Reshape or Transpose, then Quantize: the other way round.
  bool move_quantize_up(const Uses& uses, std::size_t n) {
    Node& node = graph_.nodes[n];
    if (node.op != Op::kQuantize || !node.get<QuantizeAttributes>().per_tensor()) return false;
    Node* before = producer(graph_, uses, node.inputs[0]);
    if (before == nullptr || !moves_data(before->op) || !uses.read_once(node.inputs[0])) {
      return false;
    }
    const TensorId in = before->inputs[0];
    const TensorId bytes = graph_.add_tensor({graph_.at(in).name + "_quantized",
                                              node.get<QuantizeAttributes>().byte_type,
                                              graph_.at(in).shape, std::nullopt});
    before->inputs[0] = bytes;
    before->output = std::exchange(node.output, bytes);
    node.inputs[0] = in;
    return true;
  }

  bool fuse(const Uses& uses, std::size_t n) {
    if (graph_.nodes[n].op != Op::kQuantize) return false;
    const QuantizeAttributes to = graph_.nodes[n].get<QuantizeAttributes>();
    if (!to.per_tensor()) return false;
    const TensorId real = graph_.nodes[n].inputs[0];
    if (const auto from = source(uses, real)) return requantize(uses, n, *from, to);
    Node* layer = producer(graph_, uses, real);
    if (layer == nullptr || !uses.read_once(real)) return false;
    const TensorId out = graph_.nodes[n].output;
    auto fused = fused_node(uses, *layer, {to.scale[0], to.zero[0]}, to.byte_type);
    if (!fused) return false;
    fused->name = layer->name;
    fused->output = out;
    try {
      (void)infer_node(graph_, *fused);
    } catch (const GraphError& error) {
      note(layer->name, error.what());
      return false;
    }
    graph_.nodes[n] = std::move(*fused);
    return true;
  }

  /// Dequantize, then Quantize: nothing, or a change of scale.
  bool requantize(const Uses& uses, std::size_t n, const Source& from,
                  const QuantizeAttributes& to) {
    const DataType type = graph_.at(from.bytes).type;
    if (!from.quant.per_tensor() || !is_byte(type)) return false;
    Node& node = graph_.nodes[n];
    if (type == to.byte_type && from.single() == Quant{to.scale[0], to.zero[0]} &&
        redirect(graph_, uses, node.output, from.bytes)) {
      return true;
    }
    node.op = Op::kQClip;
    node.inputs = {from.bytes};
    node.attributes =
        QUnaryAttributes{from.single(), {to.scale[0], to.zero[0]}, Clamp{}, to.byte_type};
    return true;
  }

  std::optional<Node> fused_node(const Uses& uses, const Node& layer, const Quant& y,
                                 DataType type) {
    switch (layer.op) {
      case Op::kConv:
      case Op::kGemm:
      case Op::kMatMul:
        return fused_layer(uses, layer, y, type);
      case Op::kAdd:
      case Op::kMul:
        return fused_binary(uses, layer, layer.op == Op::kAdd ? Op::kQAdd : Op::kQMul,
                            layer.get<ClampAttributes>().clamp, y, type);
      case Op::kSub:
      case Op::kMax:
        return fused_binary(uses, layer, layer.op == Op::kSub ? Op::kQSub : Op::kQMax, {}, y, type);
      case Op::kClip: {
        const auto x = source(uses, layer.inputs[0]);
        if (!x || !x->quant.per_tensor() || !is_byte(graph_.at(x->bytes).type)) return {};
        return Node{Op::kQClip,
                    "",
                    {x->bytes},
                    kNoTensor,
                    QUnaryAttributes{x->single(), y, layer.get<ClampAttributes>().clamp, type}};
      }
      case Op::kAveragePool:
      case Op::kGlobalAveragePool: {
        const auto x = byte_source(uses, layer.inputs[0], type);
        if (!x) return {};
        QPoolAttributes q{{}, x->single(), y};
        if (layer.op == Op::kAveragePool) q.pool = layer.get<PoolAttributes>();
        return Node{layer.op == Op::kAveragePool ? Op::kQAveragePool : Op::kQGlobalAveragePool,
                    "",
                    {x->bytes},
                    kNoTensor,
                    q};
      }
      case Op::kUnary:
      case Op::kSoftmax:
      case Op::kLayerNorm: {
        const auto x = byte_source(uses, layer.inputs[0], type);
        if (!x) {
          note(layer.name, std::string("its input is not ") + name_of(type) + " of one scale");
          return {};
        }
        std::string why;
        auto fused = fused_function(graph_, uses, layer, x->bytes, x->single(), y, why);
        if (!fused) note(layer.name, why);
        return fused;
      }
      default:
        return {};
    }
  }

  std::optional<Node> fused_binary(const Uses& uses, const Node& layer, Op op, const Clamp& clamp,
                                   const Quant& y, DataType type) {
    auto a = byte_source(uses, layer.inputs[0], type);
    auto b = byte_source(uses, layer.inputs[1], type);
    if (!a || !b) return {};
    // Bytes and floats round differently at ties. Where the chip has no command for the operator,
    // nothing is gained by bytes, and the answer is that of ONNX Runtime.
    const Shape shape = graph_.at(layer.output).shape;
    if (op == Op::kQAdd) {
      spread(*a, shape);
      spread(*b, shape);
    }
    const auto whole = [&](const Source& operand) {
      return graph_.at(operand.bytes).shape == shape;
    };
    const bool activation = !graph_.is_constant(a->bytes) || !graph_.is_constant(b->bytes);
    const bool on_chip = op == Op::kQAdd && whole(*a) && whole(*b) && activation;
    if (op != Op::kQMatMulDynamic && !on_chip && !is_saturation(clamp, y, type)) {
      note(layer.name, "its Relu or Clip is more than the saturation of the bytes");
      return {};
    }
    const ByteClamp limits = quantized_clamp(clamp, y, type);
    return Node{op,
                "",
                {a->bytes, b->bytes},
                kNoTensor,
                QBinaryAttributes{a->single(), b->single(), y, limits.low, limits.high}};
  }

  /// A constant that every sample has alike becomes one of all samples, for the chip adds whole
  /// tensors.
  void spread(Source& operand, const Shape& shape) {
    const Tensor& tensor = graph_.at(operand.bytes);
    if (!tensor.constant || tensor.shape == shape || !repeats_samples(tensor.shape, shape)) return;
    TensorData data(tensor.type, shape);
    std::visit(
        [&](auto& to) {
          const auto& from = std::get<std::decay_t<decltype(to)>>(tensor.constant->values);
          for (auto at = to.begin(); at != to.end();) at = std::copy(from.begin(), from.end(), at);
        },
        data.values);
    operand.bytes = graph_.add_constant(tensor.name + "_all", std::move(data));
  }

  std::optional<Node> fused_layer(const Uses& uses, const Node& layer, const Quant& y,
                                  DataType type) {
    const auto x = byte_source(uses, layer.inputs[0], type);
    if (!x) return {};
    QLayerAttributes q;
    q.x = x->single();
    q.y = y;
    Clamp clamp;
    bool transposed = false;
    if (layer.op == Op::kConv) {
      q.geometry = layer.get<ConvAttributes>().geometry;
      clamp = layer.get<ConvAttributes>().clamp;
    } else if (layer.op == Op::kGemm) {
      const auto& g = layer.get<GemmAttributes>();
      if (g.alpha != 1.0F || g.beta != 1.0F || g.transpose_a) {
        note(layer.name, "alpha, beta or transA of a quantised Gemm");
        return {};
      }
      transposed = g.transpose_b;
      clamp = g.clamp;
    } else {
      clamp = layer.get<ClampAttributes>().clamp;
    }
    const ByteClamp limits = quantized_clamp(clamp, y, type);
    q.low = limits.low;
    q.high = limits.high;

    const auto w = source(uses, layer.inputs[1]);
    if (!w) {
      note(layer.name, "its weights are not quantised");
      return {};
    }
    if (!graph_.is_constant(w->bytes)) {
      if (layer.op != Op::kMatMul) {
        note(layer.name, "its weights are not constant");
        return {};
      }
      return fused_binary(uses, layer, Op::kQMatMulDynamic, clamp, y, type);
    }
    const bool conv = layer.op == Op::kConv;
    if (!conv && graph_.at(w->bytes).shape.size() != 2) {
      note(layer.name, "its weights are not a matrix");
      return {};
    }
    if (!w->quant.per_tensor() && w->quant.axis != (conv || transposed ? 0 : 1)) {
      note(layer.name, "the scales of its weights are not per output channel");
      return {};
    }
    q.weight_scale = w->quant.scale;
    const auto weights = symmetric_weights(*w, transposed);
    if (!weights) {
      note(layer.name, "the zero point of its weights is not 0 (int8) or 128 (uint8)");
      return {};
    }
    const std::size_t channels = static_cast<std::size_t>(
        graph_.at(*weights).shape[conv ? 0 : graph_.at(*weights).shape.size() - 1]);
    Node fused{conv ? Op::kQConv : Op::kQMatMul, "", {x->bytes, *weights}, kNoTensor, {}};
    if (layer.input(2) != kNoTensor) {
      const auto bias = byte_bias(uses, layer.inputs[2], q, channels);
      if (!bias) {
        note(layer.name, "its bias is not a constant per output channel");
        return {};
      }
      fused.inputs.push_back(*bias);
    }
    fused.attributes = std::move(q);
    return fused;
  }

  /// The weights as int8 with zero point 0, not transposed.
  std::optional<TensorId> symmetric_weights(const Source& w, bool transposed) {
    const Tensor& tensor = graph_.at(w.bytes);
    const std::int32_t zero = tensor.type == DataType::kUint8 ? 128 : 0;
    if (!is_byte(tensor.type) || std::any_of(w.quant.zero.begin(), w.quant.zero.end(),
                                             [&](std::int32_t z) { return z != zero; })) {
      return std::nullopt;
    }
    if (zero == 0 && !transposed) return w.bytes;
    TensorData data = *tensor.constant;
    if (zero != 0) {
      std::vector<std::int8_t> values;
      for (const std::uint8_t v : data.get<std::uint8_t>()) {
        values.push_back(static_cast<std::int8_t>(v - 128));
      }
      data = TensorData(tensor.shape, std::move(values));
    }
    if (transposed) data = transpose(data, {1, 0}, {data.shape[1], data.shape[0]});
    return graph_.add_constant(tensor.name + "_int8", std::move(data));
  }

  /// The bias in units of x.scale * weight scale.
  std::optional<TensorId> byte_bias(const Uses& uses, TensorId id, const QLayerAttributes& q,
                                    std::size_t channels) {
    TensorData data;
    std::vector<float> scale{1.0F};
    const auto from = source(uses, id);
    if (from) {
      if (!graph_.is_constant(from->bytes)) return std::nullopt;
      data = graph_.constant(from->bytes);
      scale = from->quant.scale;
      if (std::any_of(from->quant.zero.begin(), from->quant.zero.end(),
                      [](std::int32_t z) { return z != 0; })) {
        return std::nullopt;
      }
    } else if (graph_.is_constant(id)) {
      data = graph_.constant(id);
    } else {
      return std::nullopt;
    }
    const auto count = static_cast<std::size_t>(data.size());
    const bool row = !data.shape.empty() && data.shape.back() == data.size();
    if (count != 1 && (count != channels || !row)) return std::nullopt;
    if (scale.size() != 1 && scale.size() != channels) return std::nullopt;
    std::vector<std::int32_t> bias(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t at = count == 1 ? 0 : c;
      const float unit = q.x.scale * q.weight_scale[q.weight_scale.size() == 1 ? 0 : c];
      const float given = scale[scale.size() == 1 ? 0 : c];
      double value = 0.0;
      if (data.type == DataType::kFloat32) {
        value = std::nearbyint(static_cast<double>(data.floats()[at] / unit));
      } else {
        value = static_cast<double>(std::visit(
            [&](const auto& v) { return static_cast<std::int64_t>(v[at]); }, data.values));
        // A unit that differs by no more than rounding is the same unit.
        if (std::fabs(given - unit) > 1e-4F * unit) value = std::nearbyint(value * given / unit);
      }
      if (std::isnan(value)) return std::nullopt;
      bias[c] = static_cast<std::int32_t>(std::clamp(value, -2147483648.0, 2147483647.0));
    }
    return graph_.add_constant(graph_.at(id).name + "_int32",
                               TensorData({static_cast<std::int64_t>(channels)}, std::move(bias)));
  }

  /// A QClip that keeps scale and zero point: part of the clamp of the node before, or nothing.
  bool absorb_clip(const Uses& uses, std::size_t n) {
    const Node& clip = graph_.nodes[n];
    if (clip.op != Op::kQClip) return false;
    const auto& q = clip.get<QUnaryAttributes>();
    const TensorId in = clip.inputs[0];
    const DataType type = graph_.at(in).type;
    if (!(q.x == q.y) || q.y_type != type) return false;
    const ByteClamp limits = quantized_clamp(q.clamp, q.y, type);
    if (limits.low == lowest(type) && limits.high == highest(type)) {
      return redirect(graph_, uses, clip.output, in);
    }
    Node* layer = producer(graph_, uses, in);
    if (layer == nullptr || !uses.read_once(in)) return false;
    std::int32_t* low = nullptr;
    std::int32_t* high = nullptr;
    if (auto* a = std::get_if<QLayerAttributes>(&layer->attributes)) {
      low = a->add ? &a->add->low : &a->low;
      high = a->add ? &a->add->high : &a->high;
    } else if (auto* b = std::get_if<QBinaryAttributes>(&layer->attributes)) {
      low = &b->low;
      high = &b->high;
    } else {
      return false;
    }
    if (!redirect(graph_, uses, clip.output, in)) return false;
    *low = std::clamp(*low, limits.low, limits.high);
    *high = std::clamp(*high, limits.low, limits.high);
    return true;
  }

  void note(const std::string& node, const std::string& why) {
    std::string line = "'" + node + "' stays in float32: " + why;
    if (std::find(notes_.begin(), notes_.end(), line) == notes_.end()) {
      notes_.push_back(std::move(line));
    }
  }

  /// Notes are about nodes that are still there, in float.
  void collect_notes() {
    std::erase_if(notes_, [&](const std::string& line) {
      return std::none_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& node) {
        return line.rfind("'" + node.name + "' ", 0) == 0 &&
               graph_.at(node.output).type == DataType::kFloat32;
      });
    });
  }

  Graph& graph_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> fuse_quantized(Graph& graph) { return QuantizedFusion(graph).run(); }

}  // namespace s4::sw::graph
