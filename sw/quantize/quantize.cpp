#include "sw/quantize/quantize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/fuse_functions.hpp"
#include "sw/graph/infer.hpp"
#include "sw/graph/passes.hpp"

namespace s4::sw {
namespace {

using graph::DataType;
using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::Quant;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

bool moves_data(Op op) { return op == Op::kMaxPool || op == Op::kReshape || op == Op::kTranspose; }

class Quantizer {
 public:
  Quantizer(const Graph& graph, const QuantizeOptions& options) : options_(options) {
    out_.graph = graph;
    if (!graph::is_byte(options.type)) {
      throw std::invalid_argument("activations are quantised to int8 or uint8");
    }
    for (const Node& node : graph.nodes) {
      const bool real = graph.at(node.output).type == DataType::kFloat32;
      if (node.op == Op::kQuantize || node.op == Op::kDequantize || node.op >= Op::kQConv) {
        throw std::invalid_argument(fmt::format("the network is quantised already: {} '{}'",
                                                graph::name_of(node.op), node.name));
      }
      const bool layer = node.op == Op::kConv || node.op == Op::kGemm || node.op == Op::kMatMul;
      layers_.push_back(real && why_not(node).empty());
      if (layers_.back() && layer) out_.layers.push_back(node.name);
      if (real && layer && !layers_.back()) {
        out_.notes.push_back("'" + node.name + "' stays in float32: " + why_not(node));
      }
    }
    if (out_.layers.empty()) {
      std::string text = "the network has no Conv, Gemm or MatMul that can be quantised";
      for (const std::string& note : out_.notes) text += "\n  " + note;
      throw std::invalid_argument(text);
    }
  }

  QuantizedNetwork run(const Calibration& calibration) {
    const std::vector<TensorId> wanted = tensors();
    const auto seen = observe(out_.graph, calibration, wanted);
    const std::set<TensorId> symmetric = second_operands();
    for (const TensorId id : wanted) {
      const Histogram& histogram = seen.at(id);
      // A second operand is symmetric even where its range is known.
      const auto fixed = symmetric.count(id) != 0 ? std::nullopt : fixed_quant(id);
      const Quant quant = fixed ? *fixed
                                : choose_quant(histogram, options_.type, options_.activations,
                                               options_.percentile, symmetric.count(id) != 0);
      quants_[id] = quant;
      out_.activations.push_back({out_.graph.at(id).name, histogram.low, histogram.high, quant});
    }
    quantize_weights();
    for (const TensorId id : wanted) quantize_tensor(id, quants_.at(id));
    graph::sort_nodes(out_.graph);
    graph::remove_dead(out_.graph);
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Graph& graph() const { return out_.graph; }

  /// Why a node cannot be quantised; empty if it can.
  [[nodiscard]] std::string why_not(const Node& node) const {
    const auto constant = [&](std::size_t i) { return graph().is_constant(node.input(i)); };
    switch (node.op) {
      case Op::kConv:
        if (!constant(1)) return "its weights are not constant";
        if (node.input(2) != kNoTensor && !constant(2)) return "its bias is not constant";
        return constant(0) ? "its input is constant" : "";
      case Op::kGemm: {
        const auto& a = node.get<graph::GemmAttributes>();
        if (!constant(1) || constant(0)) return "not one operand is constant, the second";
        if (a.alpha != 1.0F || a.beta != 1.0F || a.transpose_a) return "alpha, beta or transA";
        if (node.input(2) == kNoTensor) return "";
        if (!constant(2)) return "its bias is not constant";
        const TensorData& bias = graph().constant(node.inputs[2]);
        const bool row = !bias.shape.empty() && bias.shape.back() == bias.size() &&
                         bias.size() == graph().at(node.output).shape[1];
        return row ? "" : "its bias is not one number per output channel";
      }
      case Op::kMatMul:
        if (is_dynamic(node)) return why_not_dynamic(node);
        if (!constant(1) || constant(0)) return "the first operand is constant";
        return graph().at(node.inputs[1]).shape.size() == 2 ? "" : "its weights are no matrix";
      case Op::kAdd:
        return (constant(0) || constant(1)) && !added_samples(node) ? "one operand is constant"
                                                                    : "";
      case Op::kMul:
        return constant(0) || constant(1) ? "one operand is constant" : "";
      case Op::kClip:
      case Op::kAveragePool:
      case Op::kGlobalAveragePool:
      case Op::kUnary:
        return constant(0) ? "its input is constant" : "";
      case Op::kSoftmax:
        if (gives_result(node.output)) return "the network gives it";
        [[fallthrough]];
      case Op::kLayerNorm:
        if (constant(0)) return "its input is constant";
        if (!is_over_rows(graph(), node)) return "it is not over the last axis alone";
        for (std::size_t i = 1; i < node.inputs.size(); ++i) {
          if (node.inputs[i] != kNoTensor && !constant(i)) return "gamma or beta is not constant";
        }
        return "";
      default:
        return "it is not computed on bytes";
    }
  }

  /// The operand of an Add that is constant and a tensor of its own for every sample, such as
  /// embeddings of positions: bytes as the other one is.
  [[nodiscard]] std::optional<std::size_t> added_samples(const Node& node) const {
    const auto constant = [&](std::size_t i) { return graph().is_constant(node.inputs[i]); };
    if (node.op != Op::kAdd || constant(0) == constant(1)) return std::nullopt;
    const std::size_t operand = constant(0) ? 0 : 1;
    const graph::Tensor& tensor = graph().at(node.inputs[operand]);
    const bool whole = tensor.type == DataType::kFloat32 &&
                       graph::repeats_samples(tensor.shape, graph().at(node.output).shape);
    return whole ? std::optional(operand) : std::nullopt;
  }

  /// A product of two activations.
  [[nodiscard]] bool is_dynamic(const Node& node) const {
    return node.op == Op::kMatMul && !graph().is_constant(node.inputs[0]) &&
           !graph().is_constant(node.inputs[1]);
  }
  [[nodiscard]] std::string why_not_dynamic(const Node& node) const {
    const Shape& a = graph().at(node.inputs[0]).shape;
    const Shape& b = graph().at(node.inputs[1]).shape;
    const bool fits =
        a.size() >= 2 && a.size() == b.size() && std::equal(a.begin(), a.end() - 2, b.begin());
    return fits ? "" : "its operands are not stacks of as many matrices";
  }

  /// A result of the graph, or rearranged into one. Its softmax stays in float32: nothing behind it
  /// computes on bytes, which would only lose the small probabilities.
  [[nodiscard]] bool gives_result(TensorId id) const {
    const auto& outputs = graph().outputs;
    if (std::find(outputs.begin(), outputs.end(), id) != outputs.end()) return true;
    return std::any_of(graph().nodes.begin(), graph().nodes.end(), [&](const Node& node) {
      return moves_data(node.op) && node.inputs[0] == id && gives_result(node.output);
    });
  }

  /// Softmax and sigmoid give numbers from 0 to 1, whatever the calibration data show of it: steps
  /// of 1/256 from 0 on, as ONNX Runtime has it. Exactly 1 becomes 255/256.
  [[nodiscard]] std::optional<Quant> fixed_quant(TensorId id) const {
    for (std::size_t n = 0; n < layers_.size(); ++n) {
      const Node& node = graph().nodes[n];
      if (!layers_[n] || node.output != id) continue;
      const auto* unary = std::get_if<graph::UnaryAttributes>(&node.attributes);
      const bool sigmoid = unary != nullptr && unary->function == graph::Function::kSigmoid;
      if (node.op != Op::kSoftmax && !sigmoid) return std::nullopt;
      return Quant{1.0F / 256.0F, options_.type == DataType::kInt8 ? -128 : 0};
    }
    return std::nullopt;
  }

  /// The tensor that a tensor is a rearrangement of.
  [[nodiscard]] TensorId source(const graph::Uses& uses, TensorId id) const {
    while (uses.producer[id] != graph::Uses::kNone) {
      const Node& node = graph().nodes[uses.producer[id]];
      if (!moves_data(node.op)) break;
      id = node.inputs[0];
    }
    return id;
  }

  /// Activations that become bytes, in the order of the graph.
  [[nodiscard]] std::vector<TensorId> tensors() const {
    const graph::Uses uses(graph());
    std::vector<TensorId> list;
    std::set<TensorId> known;
    const auto want = [&](TensorId id) {
      if (!graph().is_constant(id) && known.insert(id).second) list.push_back(id);
    };
    for (std::size_t n = 0; n < graph().nodes.size(); ++n) {
      const Node& node = graph().nodes[n];
      if (!layers_[n]) continue;
      want(source(uses, node.inputs[0]));
      if (node.op == Op::kAdd || node.op == Op::kMul || is_dynamic(node)) {
        want(source(uses, node.inputs[1]));
      }
      want(node.output);
    }
    return list;
  }

  /// What a product of two activations reads in place of weights: such bytes are symmetric, as the
  /// chip wants them (zero point 0, or 128 of uint8).
  [[nodiscard]] std::set<TensorId> second_operands() const {
    const graph::Uses uses(graph());
    std::set<TensorId> found;
    for (std::size_t n = 0; n < graph().nodes.size(); ++n) {
      const Node& node = graph().nodes[n];
      if (layers_[n] && is_dynamic(node)) found.insert(source(uses, node.inputs[1]));
    }
    return found;
  }

  /// Constant bytes and the node that makes floats of them, before node n reads it.
  TensorId dequantized(const std::string& name, TensorData bytes, std::vector<float> scales,
                       std::int64_t axis, std::int32_t zero = 0) {
    Shape shape = bytes.shape;
    const TensorId constant = out_.graph.add_constant(name + "_quantized", std::move(bytes));
    const TensorId real = out_.graph.add_tensor(
        {name + "_dequantized", DataType::kFloat32, std::move(shape), std::nullopt});
    std::vector<std::int32_t> zeros(scales.size(), zero);
    made_.push_back({Op::kDequantize,
                     name + "_dequantize",
                     {constant},
                     real,
                     graph::QuantizeAttributes{std::move(scales), std::move(zeros), axis,
                                               out_.graph.at(constant).type}});
    return real;
  }

  void quantize_weights() {
    const graph::Uses uses(graph());
    for (std::size_t n = 0; n < layers_.size(); ++n) {
      const Op op = graph().nodes[n].op;
      if (layers_[n]) quantize_addend(n);
      if (!layers_[n] || (op != Op::kConv && op != Op::kGemm && op != Op::kMatMul)) continue;
      if (is_dynamic(graph().nodes[n])) continue;
      const Quant x = quants_.at(source(uses, graph().nodes[n].inputs[0]));
      quantize_layer(n, x.scale);
    }
    append_made();
  }

  /// All of its values are known: the range is theirs.
  void quantize_addend(std::size_t n) {
    const auto operand = added_samples(graph().nodes[n]);
    if (!operand) return;
    const TensorId id = graph().nodes[n].inputs[*operand];
    const std::string name = graph().at(id).name;
    const TensorData& data = graph().constant(id);
    const auto [low, high] = std::minmax_element(data.floats().begin(), data.floats().end());
    if (!std::all_of(data.floats().begin(), data.floats().end(),
                     [](float value) { return std::isfinite(value); })) {
      throw std::invalid_argument("constant '" + name + "' is not finite");
    }
    const Quant quant = choose_quant({*low, *high, {}}, options_.type, RangeMethod::kMinMax, 100.0);
    const graph::QuantizeAttributes attributes{{quant.scale}, {quant.zero}, 0, options_.type};
    const Node node{Op::kQuantize, name + "_quantize", {id}, kNoTensor, attributes};
    TensorData bytes = graph::evaluate_node(node, {&data});
    const TensorId real = dequantized(name, std::move(bytes), {quant.scale}, 0, quant.zero);
    out_.graph.nodes[n].inputs[*operand] = real;
  }

  void quantize_layer(std::size_t n, float input_scale) {
    const Node node = graph().nodes[n];
    const TensorData& weights = graph().constant(node.inputs[1]);
    const std::vector<float>& values = weights.floats();
    const bool rows = node.op == Op::kConv ||
                      (node.op == Op::kGemm && node.get<graph::GemmAttributes>().transpose_b);
    const auto filters = static_cast<std::size_t>(weights.shape[rows ? 0 : 1]);
    const std::size_t reduction = filters == 0 ? 0 : values.size() / filters;
    const bool has_bias = node.op != Op::kMatMul && node.input(2) != kNoTensor;
    std::vector<float> scales(filters);
    TensorData bytes(DataType::kInt8, weights.shape);
    std::vector<std::int32_t> bias(filters);
    for (std::size_t f = 0; f < filters; ++f) {
      const auto at = [&](std::size_t i) { return rows ? f * reduction + i : i * filters + f; };
      std::vector<float> row(reduction);
      for (std::size_t i = 0; i < reduction; ++i) row[i] = values[at(i)];
      const float real_bias = has_bias ? graph().constant(node.inputs[2]).floats()[f] : 0.0F;
      scales[f] = layer_scale(node, row, input_scale, real_bias);
      for (std::size_t i = 0; i < reduction; ++i) {
        bytes.get<std::int8_t>()[at(i)] = static_cast<std::int8_t>(
            std::clamp(std::nearbyint(static_cast<double>(row[i]) / scales[f]), -127.0, 127.0));
      }
      const double unit = static_cast<double>(input_scale * scales[f]);
      bias[f] = static_cast<std::int32_t>(std::nearbyint(real_bias / unit));
    }
    const std::string name = graph().at(node.inputs[1]).name;
    const TensorId w = dequantized(name, std::move(bytes), scales, rows ? 0 : 1);
    out_.graph.nodes[n].inputs[1] = w;
    if (!has_bias) return;
    for (float& scale : scales) scale = input_scale * scale;
    const std::string bias_name = graph().at(node.inputs[2]).name;
    const Shape shape{static_cast<std::int64_t>(filters)};
    const TensorId b = dequantized(bias_name, TensorData(shape, std::move(bias)), scales, 0);
    out_.graph.nodes[n].inputs[2] = b;
  }

  /// Scale of one output channel; at least so large that the bias fits 31 bits and the unit of the
  /// sums is a normal number.
  float layer_scale(const Node& node, const std::vector<float>& row, float input_scale,
                    float bias) const {
    try {
      if (!std::isfinite(bias)) throw std::invalid_argument("a bias is not finite");
      const double for_bias = std::fabs(static_cast<double>(bias)) / (input_scale * 0x1p30);
      const double normal = 0x1p-120 / input_scale;
      return std::max({weight_scale(row, options_.weights), static_cast<float>(for_bias),
                       static_cast<float>(normal)});
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("layer '" + node.name + "': " + error.what());
    }
  }

  /// Everything that reads the tensor reads it after a passage through bytes. Its maker makes a new
  /// tensor, so that the name stays with what is read; an input keeps its name.
  void quantize_tensor(TensorId id, const Quant& quant) {
    Graph& g = out_.graph;
    const graph::Uses uses(g);
    const std::string name = g.at(id).name;
    const Shape shape = g.at(id).shape;
    const TensorId bytes = g.add_tensor({name + "_bytes", options_.type, shape, std::nullopt});
    const TensorId other =
        g.add_tensor({name + (uses.producer[id] == graph::Uses::kNone ? "_dequantized" : "_float"),
                      DataType::kFloat32, shape, std::nullopt});
    TensorId before = other;
    TensorId after = id;
    if (uses.producer[id] == graph::Uses::kNone) {
      std::swap(before, after);
      for (const std::size_t n : uses.consumers[id]) {
        for (TensorId& input : g.nodes[n].inputs) {
          if (input == id) input = other;
        }
      }
    } else {
      g.nodes[uses.producer[id]].output = other;
    }
    const graph::QuantizeAttributes attributes{{quant.scale}, {quant.zero}, 0, options_.type};
    g.nodes.push_back({Op::kQuantize, name + "_quantize", {before}, bytes, attributes});
    g.nodes.push_back({Op::kDequantize, name + "_dequantize", {bytes}, after, attributes});
  }

  void append_made() {
    for (Node& node : made_) out_.graph.nodes.push_back(std::move(node));
    made_.clear();
  }

  QuantizeOptions options_;
  QuantizedNetwork out_;
  std::vector<bool> layers_;  ///< by node of the graph given
  std::map<TensorId, Quant> quants_;
  std::vector<Node> made_;
};

}  // namespace

QuantizedNetwork quantize(const Graph& graph, const Calibration& calibration,
                          const QuantizeOptions& options) {
  return Quantizer(graph, options).run(calibration);
}

std::string describe(const QuantizedNetwork& network) {
  std::string text = fmt::format("{:<24} {:>12} {:>12} {:>14} {:>10}\n", "activation", "least",
                                 "largest", "scale", "zero point");
  for (const QuantizedTensor& tensor : network.activations) {
    text += fmt::format("{:<24} {:>12.6g} {:>12.6g} {:>14.8g} {:>10}\n", tensor.name, tensor.low,
                        tensor.high, tensor.quant.scale, tensor.quant.zero);
  }
  for (const std::string& note : network.notes) text += "note: " + note + '\n';
  return text;
}

}  // namespace s4::sw
