// Functions and normalisations that files spell out in elementary operators.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

/// Constants of a pattern may differ from those of the function by this, relatively: files round
/// them to float32 or to a few decimals (0.7979 for sqrt(2/pi)).
constexpr double kTolerance = 1e-3;
/// Longest chain of scalar operations, and most factors, that are looked through.
constexpr int kDepth = 16;
constexpr std::size_t kFactors = 4;

bool near(double value, double wanted) {
  return std::fabs(value - wanted) <= kTolerance * std::fabs(wanted);
}

/// constant times all tensors.
struct Product {
  double constant = 1.0;
  std::vector<TensorId> tensors;
};

/// scale times tensor, plus offset.
struct Line {
  TensorId tensor = kNoTensor;
  double scale = 1.0;
  double offset = 0.0;
};

/// Tensors inside a pattern are read by nothing else, so that nothing is computed twice.
class PatternFusion {
 public:
  explicit PatternFusion(Graph& graph) : graph_(graph) {}

  void run() {
    rewrite(graph_, [&](const Uses& uses, std::size_t n) { return simplify_function(uses, n); });
    rewrite(graph_, [&](const Uses& uses, std::size_t n) {
      return fuse_gate(uses, n) || fuse_layer_norm(uses, n);
    });
    rewrite(graph_, [&](const Uses& uses, std::size_t n) { return absorb_affine(uses, n); });
    rewrite(graph_, [&](const Uses&, std::size_t n) { return lower_mean(n); });
  }

 private:
  // ---- what a tensor is ----------------------------------------------------------------------

  [[nodiscard]] std::optional<double> number(TensorId id) const {
    if (!graph_.is_constant(id) || graph_.at(id).type != DataType::kFloat32) return std::nullopt;
    const TensorData& data = graph_.constant(id);
    return data.size() == 1 ? std::optional<double>(data.floats()[0]) : std::nullopt;
  }
  [[nodiscard]] const Shape& shape(TensorId id) const { return graph_.at(id).shape; }

  static bool is_open(const Node& node) {
    const auto* a = std::get_if<ClampAttributes>(&node.attributes);
    return a == nullptr || a->clamp.is_open();
  }
  /// The maker of a tensor that lies inside a pattern.
  Node* inner(const Uses& uses, TensorId id) {
    return id != kNoTensor && uses.read_once(id) ? producer(graph_, uses, id) : nullptr;
  }
  /// The argument of a function inside a pattern.
  std::optional<TensorId> argument(const Uses& uses, TensorId id, Function function) {
    const Node* node = inner(uses, id);
    if (node == nullptr || node->op != Op::kUnary) return std::nullopt;
    if (node->get<UnaryAttributes>().function != function) return std::nullopt;
    return node->inputs[0];
  }

  /// One step of a Line: the operand of a sum, product or quotient with a number.
  bool step(const Node& node, Line& line) const {
    for (std::size_t side = 0; side < 2 && node.inputs.size() == 2; ++side) {
      const auto value = number(node.inputs[1 - side]);
      const TensorId operand = node.inputs[side];
      if (!value || shape(operand) != shape(node.output)) continue;
      if (node.op == Op::kAdd) {
        line.offset += line.scale * *value;
      } else if (node.op == Op::kMul) {
        line.scale *= *value;
      } else if (node.op == Op::kSub) {
        if (side == 1) {
          line.offset += line.scale * *value;
          line.scale = -line.scale;
        } else {
          line.offset -= line.scale * *value;
        }
      } else if (node.op == Op::kDiv && side == 0) {
        line.scale /= *value;
      } else {
        return false;
      }
      line.tensor = operand;
      return true;
    }
    return false;
  }
  Line line(const Uses& uses, TensorId id) {
    Line found{id, 1.0, 0.0};
    for (int depth = 0; depth < kDepth; ++depth) {
      const Node* node = inner(uses, found.tensor);
      if (node == nullptr || !is_open(*node) || !step(*node, found)) break;
    }
    return found;
  }

  /// The factors of a product, a quotient by a number or a cube.
  bool expand(const Uses& uses, const Node& node, Product& into, int depth) {
    if (!is_open(node) || depth > kDepth) return false;
    if (node.op == Op::kMul)
      return factor(uses, node, 0, into, depth) && factor(uses, node, 1, into, depth);
    if (node.op == Op::kDiv) {
      const auto divisor = number(node.inputs[1]);
      if (!divisor) return false;
      into.constant /= *divisor;
      return factor(uses, node, 0, into, depth);
    }
    if (node.op == Op::kPow && number(node.inputs[1]) == 3.0) {
      into.tensors.insert(into.tensors.end(), 3, node.inputs[0]);
      return into.tensors.size() <= kFactors;
    }
    return false;
  }
  bool factor(const Uses& uses, const Node& node, std::size_t side, Product& into, int depth) {
    const TensorId id = node.inputs[side];
    if (const auto value = number(id)) {
      into.constant *= *value;
      return true;
    }
    const Node* before = inner(uses, id);
    Product deeper = into;
    if (before != nullptr && expand(uses, *before, deeper, depth + 1)) {
      into = std::move(deeper);
    } else {
      into.tensors.push_back(id);
    }
    return into.tensors.size() <= kFactors;
  }
  /// The factors of a tensor inside a pattern; itself where it is no product.
  Product product(const Uses& uses, TensorId id) {
    Product found;
    const Node* node = inner(uses, id);
    if (node == nullptr || !expand(uses, *node, found, 0)) found = {1.0, {id}};
    return found;
  }

  // ---- functions -----------------------------------------------------------------------------

  bool become(Node& node, Function function, TensorId x) {
    if (graph_.at(x).type != DataType::kFloat32 || shape(x) != shape(node.output)) return false;
    node.op = Op::kUnary;
    node.inputs = {x};
    node.attributes = UnaryAttributes{function};
    return true;
  }

  /// Powers and reciprocals that have a node of their own.
  bool simplify_function(const Uses& uses, std::size_t n) {
    Node& node = graph_.nodes[n];
    if (node.op == Op::kPow) {
      const auto power = number(node.inputs[1]);
      const TensorId x = node.inputs[0];
      if (!power) return false;
      if (*power == 2.0 && shape(x) == shape(node.output)) {
        node.op = Op::kMul;
        node.inputs = {x, x};
        node.attributes = ClampAttributes{};
        return true;
      }
      if (*power == 0.5) return become(node, Function::kSqrt, x);
      if (*power == -0.5) return become(node, Function::kRsqrt, x);
      return *power == -1.0 && become(node, Function::kReciprocal, x);
    }
    if (node.op == Op::kDiv && number(node.inputs[0]) == 1.0) {
      return become(node, Function::kReciprocal, node.inputs[1]);
    }
    if (node.op != Op::kUnary) return false;
    if (node.get<UnaryAttributes>().function != Function::kReciprocal) return false;
    const auto x = argument(uses, node.inputs[0], Function::kSqrt);
    return x && become(node, Function::kRsqrt, *x);
  }

  /// x times something that is a function of x: SiLU, HardSwish, GELU.
  bool fuse_gate(const Uses& uses, std::size_t n) {
    Node& node = graph_.nodes[n];
    Product found;
    if ((node.op != Op::kMul && node.op != Op::kDiv) || !expand(uses, node, found, 0)) return false;
    if (found.tensors.size() != 2) return false;
    for (std::size_t side = 0; side < 2; ++side) {
      const TensorId x = found.tensors[side];
      const TensorId gate = found.tensors[1 - side];
      if (x == gate || !uses.read_once(gate)) continue;
      const auto function = gate_of(uses, found.constant, gate, x);
      if (function) return become(node, *function, x);
    }
    return false;
  }
  /// The function that is constant * gate * x.
  std::optional<Function> gate_of(const Uses& uses, double constant, TensorId gate, TensorId x) {
    if (argument(uses, gate, Function::kSigmoid) == x && near(constant, 1.0)) {
      return Function::kSilu;
    }
    if (is_hard_sigmoid(uses, constant, gate, x)) return Function::kHardSwish;
    // 1/2 (1 + erf(x / sqrt 2)), or with tanh.
    const Line sum = line(uses, gate);
    if (!near(constant * sum.scale, 0.5) || !near(constant * sum.offset, 0.5)) return std::nullopt;
    if (const auto t = argument(uses, sum.tensor, Function::kErf)) {
      const Line u = line(uses, *t);
      const bool fits = u.tensor == x && u.offset == 0.0 && near(u.scale, std::numbers::sqrt2 / 2);
      return fits ? std::optional(Function::kGelu) : std::nullopt;
    }
    const auto t = argument(uses, sum.tensor, Function::kTanh);
    return t && is_gelu_argument(uses, *t, x) ? std::optional(Function::kGeluTanh) : std::nullopt;
  }
  /// constant * gate = clamp(x/6 + 1/2, 0, 1).
  bool is_hard_sigmoid(const Uses& uses, double constant, TensorId gate, TensorId x) {
    const Node* node = inner(uses, gate);
    if (node == nullptr) return false;
    const auto* a = std::get_if<ClampAttributes>(&node->attributes);
    if (a == nullptr || a->clamp.low != 0.0F || !near(constant * a->clamp.high, 1.0)) return false;
    Line sum{gate, 1.0, 0.0};
    if (node->op == Op::kClip) {
      sum = line(uses, node->inputs[0]);
    } else if (step(*node, sum)) {  // an Add with a clamp of its own
      const Line rest = line(uses, sum.tensor);
      sum = {rest.tensor, sum.scale * rest.scale, sum.scale * rest.offset + sum.offset};
    }
    return sum.tensor == x && near(constant * sum.scale, 1.0 / 6) &&
           near(constant * sum.offset, 0.5);
  }
  /// sqrt(2/pi) (x + 0.044715 x^3), or sqrt(2/pi) x (1 + 0.044715 x^2).
  bool is_gelu_argument(const Uses& uses, TensorId id, TensorId x) {
    Product outer = product(uses, id);
    if (!near(outer.constant, std::sqrt(2.0 * std::numbers::inv_pi))) return false;
    const bool factored = outer.tensors.size() == 2;
    if (factored && outer.tensors[0] != x) std::swap(outer.tensors[0], outer.tensors[1]);
    if (outer.tensors.size() > 2 || (factored && outer.tensors[0] != x)) return false;
    const Node* sum = inner(uses, outer.tensors.back());
    if (sum == nullptr || sum->op != Op::kAdd || !is_open(*sum)) return false;
    const std::vector<TensorId> powers(factored ? 2 : 3, x);
    for (std::size_t side = 0; side < 2; ++side) {
      const TensorId first = sum->inputs[side];
      if (factored ? number(first) != 1.0 : first != x) continue;
      const Product cube = product(uses, sum->inputs[1 - side]);
      if (cube.tensors == powers && near(cube.constant, 0.044715)) return true;
    }
    return false;
  }

  // ---- rows ----------------------------------------------------------------------------------

  /// The tensor whose mean over its last axes this is.
  std::optional<TensorId> mean_of(const Uses& uses, TensorId id, std::vector<std::int64_t>& axes) {
    const Node* node = inner(uses, id);
    if (node == nullptr || node->op != Op::kReduceMean) return std::nullopt;
    const auto& a = node->get<ReduceAttributes>();
    const TensorId x = node->inputs[0];
    const auto rank = static_cast<std::int64_t>(shape(x).size());
    const bool last = !a.axes.empty() && a.axes.back() == rank - 1 &&
                      a.axes.front() == rank - static_cast<std::int64_t>(a.axes.size());
    if (!last || !a.keep_dims || (!axes.empty() && axes != a.axes)) return std::nullopt;
    axes = a.axes;
    return x;
  }

  /// d / sqrt(mean(d d) + epsilon) with d = x - mean(x).
  bool fuse_layer_norm(const Uses& uses, std::size_t n) {
    Node& node = graph_.nodes[n];
    if ((node.op != Op::kDiv && node.op != Op::kMul) || !is_open(node)) return false;
    for (std::size_t side = 0; side < (node.op == Op::kDiv ? 1U : 2U); ++side) {
      const TensorId distance = node.inputs[side];
      const auto variance = argument(uses, node.inputs[1 - side],
                                     node.op == Op::kDiv ? Function::kSqrt : Function::kRsqrt);
      if (!variance) continue;
      const Node* sum = inner(uses, *variance);
      if (sum == nullptr || sum->op != Op::kAdd || !is_open(*sum)) continue;
      Line with_epsilon;
      if (!step(*sum, with_epsilon) || !(with_epsilon.offset >= 0.0)) continue;
      std::vector<std::int64_t> axes;
      const auto square = mean_of(uses, with_epsilon.tensor, axes);
      if (!square) continue;
      const Node* product = inner(uses, *square);
      if (product == nullptr || product->op != Op::kMul || !is_open(*product)) continue;
      if (product->inputs != std::vector<TensorId>{distance, distance}) continue;
      // Read by the square, twice, and by this node.
      if (uses.consumers[distance].size() != 3 || uses.is_output[distance]) continue;
      const Node* difference = producer(graph_, uses, distance);
      if (difference == nullptr || difference->op != Op::kSub) continue;
      const TensorId x = difference->inputs[0];
      if (mean_of(uses, difference->inputs[1], axes) != x) continue;
      if (shape(x) != shape(node.output)) continue;
      node.op = Op::kLayerNorm;
      node.inputs = {x};
      node.attributes = LayerNormAttributes{axes.front(), static_cast<float>(with_epsilon.offset)};
      return true;
    }
    return false;
  }

  /// A constant as one number per element of `wanted`, if it is the same for all rows.
  std::optional<TensorData> row_constant(TensorId id, const Shape& wanted) const {
    if (!graph_.is_constant(id) || graph_.at(id).type != DataType::kFloat32) return std::nullopt;
    const TensorData& data = graph_.constant(id);
    if (data.size() == 1) {
      return TensorData(wanted, std::vector<float>(static_cast<std::size_t>(element_count(wanted)),
                                                   data.floats()[0]));
    }
    Shape own = data.shape;
    while (own.size() > wanted.size() && own.front() == 1) own.erase(own.begin());
    if (own != wanted) return std::nullopt;
    return TensorData(wanted, data.floats());
  }

  /// A product with, or a sum with, constants behind a normalisation that has none yet.
  bool absorb_affine(const Uses& uses, std::size_t n) {
    Node& node = graph_.nodes[n];
    if ((node.op != Op::kMul && node.op != Op::kAdd) || !is_open(node)) return false;
    const std::size_t input = node.op == Op::kMul ? 1 : 2;
    for (std::size_t side = 0; side < 2; ++side) {
      const Node* norm = inner(uses, node.inputs[side]);
      if (norm == nullptr || norm->op != Op::kLayerNorm) continue;
      // A factor comes before the addend.
      if (norm->input(2) != kNoTensor || (input == 1 && norm->input(1) != kNoTensor)) continue;
      if (shape(node.output) != shape(norm->output)) continue;
      const auto attributes = norm->get<LayerNormAttributes>();
      const Shape& whole = shape(norm->output);
      auto values =
          row_constant(node.inputs[1 - side], Shape(whole.begin() + attributes.axis, whole.end()));
      if (!values) continue;
      std::vector<TensorId> inputs = norm->inputs;
      inputs.resize(input + 1, kNoTensor);
      inputs[input] =
          graph_.add_constant(node.name + (input == 1 ? "_gamma" : "_beta"), std::move(*values));
      node.op = Op::kLayerNorm;
      node.inputs = std::move(inputs);
      node.attributes = attributes;
      return true;
    }
    return false;
  }

  /// A mean over height and width, or all axes behind the channels, is a GlobalAveragePool.
  bool lower_mean(std::size_t n) {
    if (graph_.nodes[n].op != Op::kReduceMean) return false;
    const Node node = graph_.nodes[n];
    const Shape in = shape(node.inputs[0]);
    const auto& axes = node.get<ReduceAttributes>().axes;
    if (in.size() < 3 || axes.size() + 2 != in.size() || axes.front() != 2) return false;
    TensorId image = node.inputs[0];
    if (in.size() != 4) {
      const std::int64_t pixels = element_count(Shape(in.begin() + 2, in.end()));
      image = append_node(graph_,
                          {Op::kReshape,
                           node.name + "_image",
                           {image},
                           kNoTensor,
                           ReshapeAttributes{{in[0], in[1], 1, pixels}}},
                          node.name + "_image");
    }
    const Shape out = shape(node.output);
    if (out == Shape{in[0], in[1], 1, 1}) {
      graph_.nodes[n] = {Op::kGlobalAveragePool, node.name, {image}, node.output, NoAttributes{}};
      return true;
    }
    const TensorId mean =
        append_node(graph_, {Op::kGlobalAveragePool, node.name, {image}, kNoTensor, NoAttributes{}},
                    node.name + "_mean");
    graph_.nodes[n] = {
        Op::kReshape, node.name + "_shape", {mean}, node.output, ReshapeAttributes{out}};
    return true;
  }

  Graph& graph_;
};

}  // namespace

void fuse_patterns(Graph& graph) { PatternFusion(graph).run(); }

}  // namespace s4::sw::graph
