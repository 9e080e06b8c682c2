// Constants behind and inside Conv, Gemm and MatMul: one set of weights, one bias.
#include <cmath>
#include <optional>
#include <utility>

#include "sw/graph/float_ops.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

bool is_float_constant(const Graph& graph, TensorId id) {
  return graph.is_constant(id) && graph.at(id).type == DataType::kFloat32;
}

bool is_constant_or_dequantized(Graph& graph, const Uses& uses, TensorId id) {
  if (is_float_constant(graph, id)) return true;
  const Node* source = producer(graph, uses, id);
  return source != nullptr && source->op == Op::kDequantize && graph.is_constant(source->inputs[0]);
}

bool has_open_clamp(const Node& node) {
  switch (node.op) {
    case Op::kConv:
      return node.get<ConvAttributes>().clamp.is_open();
    case Op::kGemm:
      return node.get<GemmAttributes>().clamp.is_open();
    case Op::kMatMul:
      return node.get<ClampAttributes>().clamp.is_open();
    default:
      return false;
  }
}

TensorData scaled(const TensorData& x, float factor) {
  TensorData y = x;
  for (float& value : y.get<float>()) value *= factor;
  return y;
}

/// alpha, beta and transposition of constants are carried out.
bool normalize_gemm(Graph& graph, Node& node) {
  auto& g = node.get<GemmAttributes>();
  bool changed = false;
  if (is_float_constant(graph, node.inputs[1])) {
    const std::string name = graph.at(node.inputs[1]).name;
    if (g.transpose_b) {
      const TensorData& b = graph.constant(node.inputs[1]);
      node.inputs[1] =
          graph.add_constant(name + "_transposed", transpose(b, {1, 0}, {b.shape[1], b.shape[0]}));
      g.transpose_b = false;
      changed = true;
    }
    if (g.alpha != 1.0F) {
      node.inputs[1] =
          graph.add_constant(name + "_scaled", scaled(graph.constant(node.inputs[1]), g.alpha));
      g.alpha = 1.0F;
      changed = true;
    }
  }
  if (node.input(2) == kNoTensor) {
    changed = changed || g.beta != 1.0F;
    g.beta = 1.0F;
  } else if (g.beta != 1.0F && is_float_constant(graph, node.inputs[2])) {
    node.inputs[2] = graph.add_constant(graph.at(node.inputs[2]).name + "_scaled",
                                        scaled(graph.constant(node.inputs[2]), g.beta));
    g.beta = 1.0F;
    changed = true;
  }
  return changed;
}

/// Values of a constant, one per channel, if it is the same at all other places of `shape`.
/// `channel` is the axis of the channels in `shape`.
std::optional<std::vector<float>> per_channel(const TensorData& data, const Shape& shape,
                                              std::size_t channel) {
  const auto channels = static_cast<std::size_t>(shape[channel]);
  if (data.shape.size() > shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < data.shape.size(); ++i) {
    const std::size_t axis = shape.size() - data.shape.size() + i;
    if (data.shape[i] != 1 && (axis != channel || data.shape[i] != shape[channel])) {
      return std::nullopt;
    }
  }
  if (data.size() == 1) return std::vector<float>(channels, data.floats()[0]);
  return data.floats();
}

/// The bias of a Conv or Gemm with constant parameters, zeros where it has none.
std::optional<std::vector<float>> bias_of(const Graph& graph, const Node& node,
                                          std::size_t channels) {
  if (node.input(2) == kNoTensor) return std::vector<float>(channels, 0.0F);
  if (!is_float_constant(graph, node.inputs[2])) return std::nullopt;
  const TensorData& bias = graph.constant(node.inputs[2]);
  if (node.op == Op::kConv) return bias.floats();
  if (node.get<GemmAttributes>().beta != 1.0F) return std::nullopt;
  return per_channel(bias, graph.at(node.output).shape, 1);
}

void set_bias(Graph& graph, Node& node, std::vector<float> bias) {
  const Shape shape{static_cast<std::int64_t>(bias.size())};
  node.inputs.resize(3, kNoTensor);
  node.inputs[2] = graph.add_constant(node.name + "_bias", TensorData(shape, std::move(bias)));
}

/// Conv, Gemm or MatMul of matrices followed by the addition of a constant.
bool absorb_add(Graph& graph, const Uses& uses, const Node& add) {
  if (!add.get<ClampAttributes>().clamp.is_open()) return false;
  for (std::size_t side = 0; side < 2; ++side) {
    const TensorId sum = add.inputs[side];
    const TensorId other = add.inputs[1 - side];
    Node* layer = producer(graph, uses, sum);
    if (layer == nullptr || !uses.read_once(sum) || !has_open_clamp(*layer)) continue;
    const Shape& shape = graph.at(sum).shape;
    if (graph.at(add.output).shape != shape) continue;
    if (layer->op == Op::kMatMul) {
      // Becomes a Gemm; its addend may also be a dequantised constant.
      if (shape.size() != 2 || graph.at(layer->inputs[0]).shape.size() != 2 ||
          graph.at(layer->inputs[1]).shape.size() != 2) {
        continue;
      }
      if (!is_constant_or_dequantized(graph, uses, other)) continue;
      const Shape& addend = graph.at(other).shape;
      if (addend != Shape{shape[1]} && addend != Shape{1, shape[1]}) continue;
      if (!redirect(graph, uses, add.output, sum)) continue;
      layer->op = Op::kGemm;
      layer->attributes = GemmAttributes{};
      layer->inputs.push_back(other);
      return true;
    }
    if (!is_float_constant(graph, other) || shape.size() < 2) continue;
    auto bias = bias_of(graph, *layer, static_cast<std::size_t>(shape[1]));
    const auto addend = per_channel(graph.constant(other), shape, 1);
    if (!bias || !addend || !redirect(graph, uses, add.output, sum)) continue;
    for (std::size_t i = 0; i < bias->size(); ++i) (*bias)[i] += (*addend)[i];
    set_bias(graph, *layer, std::move(*bias));
    return true;
  }
  return false;
}

/// A product of stacked rows with a matrix, plus a constant row, is a Gemm of all the rows.
bool absorb_stacked_add(Graph& graph, const Uses& uses, std::size_t n) {
  const Node add = graph.nodes[n];
  if (!add.get<ClampAttributes>().clamp.is_open()) return false;
  for (std::size_t side = 0; side < 2; ++side) {
    const TensorId sum = add.inputs[side];
    const TensorId row = add.inputs[1 - side];
    const Node* layer = producer(graph, uses, sum);
    if (layer == nullptr || layer->op != Op::kMatMul || !uses.read_once(sum)) continue;
    if (!has_open_clamp(*layer) || !is_constant_or_dequantized(graph, uses, layer->inputs[1])) {
      continue;
    }
    const Shape a = graph.at(layer->inputs[0]).shape;
    const Shape shape = graph.at(sum).shape;
    if (a.size() < 3 || graph.at(layer->inputs[1]).shape.size() != 2) continue;
    if (graph.at(row).shape != Shape{shape.back()} || graph.at(add.output).shape != shape) continue;
    if (!is_constant_or_dequantized(graph, uses, row)) continue;
    const std::int64_t rows = element_count(Shape(a.begin(), a.end() - 1));
    const std::string name = layer->name;
    const TensorId weights = layer->inputs[1];
    const TensorId flat = append_node(graph,
                                      {Op::kReshape,
                                       name + "_rows",
                                       {layer->inputs[0]},
                                       kNoTensor,
                                       ReshapeAttributes{{rows, a.back()}}},
                                      graph.at(layer->inputs[0]).name + "_rows");
    const TensorId product =
        append_node(graph, {Op::kGemm, name, {flat, weights, row}, kNoTensor, GemmAttributes{}},
                    graph.at(add.output).name + "_rows");
    graph.nodes[n] = {Op::kReshape, add.name, {product}, add.output, ReshapeAttributes{shape}};
    return true;
  }
  return false;
}

/// Conv, Gemm or MatMul whose result may be multiplied by multiplying its constants.
bool can_scale(const Graph& graph, const Node& layer) {
  if (!has_open_clamp(layer) || !is_float_constant(graph, layer.inputs[1])) return false;
  if (layer.op == Op::kGemm) {
    const auto& g = layer.get<GemmAttributes>();
    if (g.alpha != 1.0F || g.beta != 1.0F) return false;
  }
  return layer.input(2) == kNoTensor || is_float_constant(graph, layer.inputs[2]);
}

/// A product with, or a quotient by, one number moves into the layer that the other operand comes
/// from, through data movement and products of two activations.
bool absorb_factor(Graph& graph, const Uses& uses, const Node& node) {
  // Far from overflow and underflow of the weights.
  constexpr float kLargest = 0x1p20F;
  const auto* clamp = std::get_if<ClampAttributes>(&node.attributes);
  if (clamp != nullptr && !clamp->clamp.is_open()) return false;
  for (std::size_t side = 0; side < (node.op == Op::kMul ? 2U : 1U); ++side) {
    const TensorId number = node.inputs[1 - side];
    const TensorId result = node.inputs[side];
    if (!is_float_constant(graph, number) || graph.constant(number).size() != 1) continue;
    if (graph.at(result).shape != graph.at(node.output).shape) continue;
    const float given = graph.constant(number).floats()[0];
    const float factor = node.op == Op::kMul ? given : 1.0F / given;
    if (!(std::fabs(factor) < kLargest && std::fabs(factor) > 1.0F / kLargest)) continue;
    TensorId id = result;
    Node* layer = nullptr;
    for (;;) {
      layer = uses.read_once(id) ? producer(graph, uses, id) : nullptr;
      if (layer == nullptr) break;
      const bool moves = layer->op == Op::kReshape || layer->op == Op::kTranspose;
      const bool passes = layer->op == Op::kMatMul && has_open_clamp(*layer) &&
                          !is_constant_or_dequantized(graph, uses, layer->inputs[1]);
      if (!moves && !passes) break;
      id = layer->inputs[0];
    }
    if (layer == nullptr || !can_scale(graph, *layer)) continue;
    if (!redirect(graph, uses, node.output, result)) continue;
    for (std::size_t i = 1; i < 3 && i < layer->inputs.size(); ++i) {
      if (layer->inputs[i] == kNoTensor) continue;
      layer->inputs[i] = graph.add_constant(graph.at(layer->inputs[i]).name + "_scaled",
                                            scaled(graph.constant(layer->inputs[i]), factor));
    }
    return true;
  }
  return false;
}

/// y = scale * (x - mean) / sqrt(variance + epsilon) + offset, behind a Conv or Gemm.
bool absorb_batch_norm(Graph& graph, const Uses& uses, const Node& norm) {
  Node* layer = producer(graph, uses, norm.inputs[0]);
  if (layer == nullptr || !uses.read_once(norm.inputs[0]) || !has_open_clamp(*layer)) return false;
  if (!is_float_constant(graph, layer->inputs[1])) return false;
  for (std::size_t i = 1; i < 5; ++i) {
    if (!is_float_constant(graph, norm.inputs[i])) return false;
  }
  const auto channels = static_cast<std::size_t>(graph.at(norm.inputs[0]).shape[1]);
  const bool conv = layer->op == Op::kConv;
  if (layer->op == Op::kMatMul) {
    if (graph.at(layer->output).shape.size() != 2 || graph.at(layer->inputs[0]).shape.size() != 2) {
      return false;
    }
  } else if (!conv) {
    const auto& g = layer->get<GemmAttributes>();
    if (g.transpose_b || g.alpha != 1.0F) return false;
  }
  auto bias = layer->op == Op::kMatMul ? std::vector<float>(channels, 0.0F)
                                       : bias_of(graph, *layer, channels);
  if (!bias) return false;
  const auto value = [&](std::size_t input, std::size_t c) {
    return static_cast<double>(graph.constant(norm.inputs[input]).floats()[c]);
  };
  const double epsilon = norm.get<BatchNormAttributes>().epsilon;
  std::vector<double> factor(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    factor[c] = value(1, c) / std::sqrt(value(4, c) + epsilon);
    if (!std::isfinite(factor[c])) return false;
  }
  TensorData weights = graph.constant(layer->inputs[1]);
  auto& w = weights.get<float>();
  if (!redirect(graph, uses, norm.output, layer->output)) return false;
  if (layer->op == Op::kMatMul) {
    layer->op = Op::kGemm;
    layer->attributes = GemmAttributes{};
  }
  const std::size_t each = channels == 0 ? 0 : w.size() / channels;
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] = static_cast<float>(w[i] * factor[conv ? i / each : i % channels]);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    (*bias)[c] = static_cast<float>(((*bias)[c] - value(3, c)) * factor[c] + value(2, c));
  }
  layer->inputs[1] =
      graph.add_constant(graph.at(layer->inputs[1]).name + "_normalized", std::move(weights));
  set_bias(graph, *layer, std::move(*bias));
  return true;
}

}  // namespace

void fold_parameters(Graph& graph) {
  rewrite(graph, [&](const Uses& uses, std::size_t n) {
    switch (graph.nodes[n].op) {
      case Op::kGemm:
        return normalize_gemm(graph, graph.nodes[n]);
      case Op::kAdd:
        return absorb_add(graph, uses, graph.nodes[n]) || absorb_stacked_add(graph, uses, n);
      case Op::kMul:
      case Op::kDiv:
        return absorb_factor(graph, uses, graph.nodes[n]);
      case Op::kBatchNorm:
        return absorb_batch_norm(graph, uses, graph.nodes[n]);
      default:
        return false;
    }
  });
}

void fuse_activations(Graph& graph) {
  rewrite(graph, [&](const Uses& uses, std::size_t n) {
    const Node& clip = graph.nodes[n];
    if (clip.op != Op::kClip) return false;
    const Clamp next = clip.get<ClampAttributes>().clamp;
    // A clamp may as well come before the data move.
    TensorId id = clip.inputs[0];
    Node* layer = producer(graph, uses, id);
    while (layer != nullptr && uses.read_once(id) &&
           (layer->op == Op::kReshape || layer->op == Op::kTranspose)) {
      id = layer->inputs[0];
      layer = producer(graph, uses, id);
    }
    if (layer == nullptr || !uses.read_once(id)) return false;
    if (graph.at(layer->output).type != DataType::kFloat32) return false;
    Clamp* clamp = nullptr;
    if (auto* conv = std::get_if<ConvAttributes>(&layer->attributes)) clamp = &conv->clamp;
    if (auto* gemm = std::get_if<GemmAttributes>(&layer->attributes)) clamp = &gemm->clamp;
    if (auto* other = std::get_if<ClampAttributes>(&layer->attributes)) clamp = &other->clamp;
    if (clamp == nullptr || !redirect(graph, uses, clip.output, clip.inputs[0])) return false;
    const auto limit = [&](float value) {
      return std::fmin(std::fmax(value, next.low), next.high);
    };
    *clamp = {limit(clamp->low), limit(clamp->high)};
    return true;
  });
}

}  // namespace s4::sw::graph
