// A Transformer as a graph of float32 operators.
#include <cmath>
#include <utility>

#include "sw/graph/rewrite.hpp"
#include "sw/train/transformer.hpp"

namespace s4::sw {
namespace {

using graph::Op;
using graph::TensorData;
using graph::TensorId;

class Writer {
 public:
  Writer(const Transformer& network, const std::string& name) : network_(network) {
    out_.name = name;
  }

  graph::Graph write() {
    const TransformerSizes& s = network_.sizes;
    TensorId x = out_.add_tensor(
        {"tokens", graph::DataType::kFloat32, {1, s.side, s.features()}, std::nullopt});
    out_.inputs = {x};
    x = rows(network_.embed, x);
    for (const TransformerBlock& block : network_.blocks) x = write(block, x);
    x = node(Op::kReshape, "flatten", {x},
             graph::ReshapeAttributes{{1, std::int64_t{s.side} * s.width}});
    const TrainLayer& scores = network_.scores;
    out_.outputs = {
        graph::append_node(out_,
                           {Op::kGemm,
                            scores.name,
                            {x, transposed(scores), vector(scores.name + "_bias", scores.bias)},
                            graph::kNoTensor,
                            graph::GemmAttributes{}},
                           "scores")};
    return std::move(out_);
  }

 private:
  TensorId node(Op op, const std::string& name, std::vector<TensorId> inputs,
                graph::Attributes attributes) {
    return graph::append_node(
        out_, {op, name, std::move(inputs), graph::kNoTensor, std::move(attributes)},
        name + "_out");
  }
  TensorId vector(const std::string& name, const Vector& values) {
    return out_.add_constant(
        name, TensorData(graph::Shape{values.size()},
                         std::vector<float>(values.data(), values.data() + values.size())));
  }
  /// Weights as a product of rows takes them, [reduction][filters].
  TensorId transposed(const TrainLayer& layer) {
    const Matrix w = layer.weights.transpose();
    return out_.add_constant(layer.name + "_weights",
                             TensorData(graph::Shape{w.rows(), w.cols()},
                                        std::vector<float>(w.data(), w.data() + w.size())));
  }
  TensorId sum(const std::string& name, TensorId a, TensorId b) {
    return node(Op::kAdd, name, {a, b}, graph::ClampAttributes{});
  }
  TensorId product(const std::string& name, TensorId a, TensorId b) {
    return node(Op::kMatMul, name, {a, b}, graph::ClampAttributes{});
  }
  TensorId rows(const TrainLayer& layer, TensorId x) {
    return sum(layer.name + "_sum", product(layer.name, x, transposed(layer)),
               vector(layer.name + "_bias", layer.bias));
  }
  TensorId norm(const TrainNorm& from, TensorId x) {
    return node(
        Op::kLayerNorm, from.name,
        {x, vector(from.name + "_gamma", from.gamma), vector(from.name + "_beta", from.beta)},
        graph::LayerNormAttributes{2, from.epsilon});
  }
  TensorId write(const TransformerBlock& block, TensorId x) {
    const std::string name = block.norms[kAttentionNorm].name;
    const std::string prefix = name.substr(0, name.find('_'));
    TensorId normal = norm(block.norms[kAttentionNorm], x);
    const TensorId q = rows(block.layers[kQuery], normal);
    const TensorId k =
        node(Op::kTranspose, prefix + "_key_transpose", {rows(block.layers[kKey], normal)},
             graph::TransposeAttributes{{0, 2, 1}});
    const TensorId v = rows(block.layers[kValue], normal);
    const float root = std::sqrt(static_cast<float>(network_.sizes.width));
    const TensorId divisor =
        out_.add_constant(prefix + "_root", TensorData(graph::Shape{}, std::vector<float>{root}));
    const TensorId scores =
        node(Op::kDiv, prefix + "_scaled", {product(prefix + "_match", q, k), divisor},
             graph::NoAttributes{});
    const TensorId weights = node(Op::kSoftmax, prefix + "_softmax", {scores},
                                  graph::AxisAttributes{2, true, false, false});
    const TensorId mixed = product(prefix + "_mix", weights, v);
    x = sum(prefix + "_attended", x, rows(block.layers[kMixed], mixed));
    normal = norm(block.norms[kHiddenNorm], x);
    const TensorId bent = node(Op::kUnary, prefix + "_gelu", {rows(block.layers[kHidden], normal)},
                               graph::UnaryAttributes{graph::Function::kGelu});
    return sum(prefix + "_result", x, rows(block.layers[kBack], bent));
  }

  const Transformer& network_;
  graph::Graph out_;
};

}  // namespace

graph::Graph graph_of(const Transformer& network, const std::string& name) {
  return Writer(network, name).write();
}

}  // namespace s4::sw
