// Heads of several words: channels of the products around them in the order that makes them views.
#include <utility>
#include <vector>

#include "sw/graph/passes.hpp"
#include "sw/graph/rewrite.hpp"

namespace s4::sw::graph {
namespace {

using Order = std::vector<std::int64_t>;

/// Sizes of [batch, rows, heads, parts, word].
struct Heads {
  std::int64_t batch, rows, heads, parts, word;

  [[nodiscard]] std::int64_t channels() const { return heads * parts * word; }
  /// Channel of [heads, parts, word] at each place of [parts, heads, word].
  [[nodiscard]] Order places() const {
    Order order;
    for (std::int64_t part = 0; part < parts; ++part) {
      for (std::int64_t head = 0; head < heads; ++head) {
        for (std::int64_t c = 0; c < word; ++c) order.push_back((head * parts + part) * word + c);
      }
    }
    return order;
  }
};

/// The same elements with rows or columns of [outer, |order|, inner] in another order.
TensorData in_order(const TensorData& data, const Order& order, std::int64_t inner) {
  TensorData result = data;
  std::visit(
      [&](const auto& from) {
        auto& to = std::get<std::decay_t<decltype(from)>>(result.values);
        const auto size = static_cast<std::int64_t>(order.size());
        for (std::size_t i = 0; i < to.size(); ++i) {
          const auto at = static_cast<std::int64_t>(i);
          const std::int64_t place = at / inner % size;
          const std::int64_t shift = (order[static_cast<std::size_t>(place)] - place) * inner;
          to[i] = from[static_cast<std::size_t>(at + shift)];
        }
      },
      data.values);
  return result;
}

class Pass {
 public:
  Pass(Graph& graph, std::int64_t word) : graph_(graph), word_(word) {}

  bool attempt(const Uses& uses, std::size_t n) {
    const Node& node = graph_.nodes[n];
    if (node.op != Op::kTranspose || !is_byte(graph_.at(node.output).type)) return false;
    const Order order = node.get<TransposeAttributes>().permutation;
    const Shape s = graph_.at(node.inputs[0]).shape;
    if (s.size() != 4 || s[3] % word_ != 0 || s[3] == word_) return false;
    const std::int64_t parts = s[3] / word_;
    if (order == Order{0, 2, 3, 1} || order == Order{0, 2, 1, 3}) {
      const Heads heads{s[0], s[1], s[2], parts, word_};
      if (heads.heads > 1 && split(uses, n, heads, order.back() == 1)) return true;
    }
    const Heads heads{s[0], s[2], s[1], parts, word_};
    return order == Order{0, 2, 1, 3} && heads.heads > 1 && merge(uses, n, heads);
  }

 private:
  /// A product makes the channels, which only this Transpose reads.
  bool split(const Uses& uses, std::size_t n, const Heads& h, bool transposed) {
    TensorId from = graph_.nodes[n].inputs[0];
    const Node* before = producer(graph_, uses, from);
    while (before != nullptr && before->op == Op::kReshape && uses.read_once(from)) {
      from = before->inputs[0];
      before = producer(graph_, uses, from);
    }
    if (before == nullptr || !is_product(*before) || !uses.read_once(from) ||
        before->input(3) != kNoTensor || graph_.at(from).shape.back() != h.channels()) {
      return false;
    }
    const std::size_t product = uses.producer[from];
    const Order places = h.places();
    reorder(product, 1, places, 1);
    if (graph_.nodes[product].input(2) != kNoTensor) reorder(product, 2, places, 1);
    auto& scales = graph_.nodes[product].get<QLayerAttributes>().weight_scale;
    if (scales.size() > 1) {
      const std::vector<float> given = scales;
      for (std::size_t i = 0; i < scales.size(); ++i) {
        scales[i] = given[static_cast<std::size_t>(places[i])];
      }
    }
    move(n, from, {h.batch, h.rows, h.parts, h.heads, h.word},
         transposed ? Order{0, 3, 2, 4, 1} : Order{0, 3, 1, 2, 4});
    return true;
  }

  /// Only a product reads the channels.
  bool merge(const Uses& uses, std::size_t n, const Heads& h) {
    TensorId to = graph_.nodes[n].output;
    std::size_t reader = n;
    do {
      if (!uses.read_once(to)) return false;
      reader = uses.consumers[to].front();
      if (graph_.nodes[reader].op == Op::kReshape) to = graph_.nodes[reader].output;
    } while (graph_.nodes[reader].op == Op::kReshape);
    const Node& product = graph_.nodes[reader];
    if (!is_product(product) || product.inputs[0] != to ||
        graph_.at(to).shape.back() != h.channels()) {
      return false;
    }
    reorder(reader, 1, h.places(), graph_.at(product.inputs[1]).shape[1]);
    move(n, graph_.nodes[n].inputs[0], {h.batch, h.heads, h.rows, h.parts, h.word},
         {0, 2, 3, 1, 4});
    return true;
  }

  [[nodiscard]] bool is_product(const Node& node) const {
    return node.op == Op::kQMatMul && graph_.is_constant(node.inputs[1]) &&
           graph_.at(node.inputs[1]).shape.size() == 2 &&
           (node.input(2) == kNoTensor || graph_.is_constant(node.inputs[2]));
  }

  /// An operand of node `n` as a constant of its own.
  void reorder(std::size_t n, std::size_t operand, const Order& places, std::int64_t inner) {
    const TensorId old = graph_.nodes[n].inputs[operand];
    TensorData data = in_order(graph_.constant(old), places, inner);
    graph_.nodes[n].inputs[operand] =
        graph_.add_constant(graph_.at(old).name + "_by_words", std::move(data));
  }

  /// Node `n` becomes the last of Reshape to `shape`, Transpose, Reshape to its own shape.
  void move(std::size_t n, TensorId from, const Shape& shape, const Order& order) {
    const std::string name = graph_.nodes[n].name;
    const std::string tensor = graph_.at(graph_.nodes[n].output).name;
    const TensorId words = append_node(
        graph_, {Op::kReshape, name + "_words", {from}, kNoTensor, ReshapeAttributes{shape}},
        tensor + "_words");
    const TensorId moved =
        append_node(graph_, {Op::kTranspose, name, {words}, kNoTensor, TransposeAttributes{order}},
                    tensor + "_moved");
    Node& node = graph_.nodes[n];
    node.op = Op::kReshape;
    node.name = name + "_heads";
    node.inputs = {moved};
    node.attributes = ReshapeAttributes{graph_.at(node.output).shape};
  }

  Graph& graph_;
  std::int64_t word_;
};

}  // namespace

void order_heads(Graph& graph, std::int64_t word) {
  Pass pass(graph, word);
  rewrite(graph, [&](const Uses& uses, std::size_t n) { return pass.attempt(uses, n); });
}

}  // namespace s4::sw::graph
