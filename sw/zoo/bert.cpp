#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "sw/zoo/networks.hpp"

namespace s4::sw {
namespace {

using graph::Op;
using graph::Shape;
using graph::TensorData;
using graph::TensorId;

constexpr std::int64_t kHeadWidth = 64;
constexpr std::int64_t kPositions = 512;
constexpr std::int64_t kTypes = 2;

// Spreads of the projections. With scores as these softmax neither spreads evenly over all tokens
// nor takes one; what a layer adds is smaller than what it adds to.
constexpr double kSpread = 1.0;
constexpr double kResidualSpread = 0.5;
constexpr double kScoreSpread = 1.1;

class BertWriter {
 public:
  explicit BertWriter(const BertOptions& options)
      : options_(options), out_("main_graph", options.seed) {}

  TorchGraph write() {
    const Shape tokens{options_.batch, options_.sequence};
    const TensorId ids = out_.input("input_ids", graph::DataType::kInt64, tokens);
    const TensorId types = out_.input("token_type_ids", graph::DataType::kInt64, tokens);
    TensorId x = embeddings(ids, types);
    for (std::int64_t layer = 0; layer < options_.layers; ++layer) {
      x = encoder_layer(x, "layer." + std::to_string(layer));
    }
    out_.output(x, "last_hidden_state");
    return std::move(out_);
  }

 private:
  TensorId embeddings(TensorId ids, TensorId types) {
    const std::string scope = "/embeddings";
    const std::int64_t width = options_.hidden;
    std::vector<std::int64_t> count(static_cast<std::size_t>(options_.sequence));
    std::iota(count.begin(), count.end(), 0);
    const TensorId positions = out_.graph.add_constant(
        "embeddings.position_ids", TensorData({1, options_.sequence}, std::move(count)));
    const TensorId word = out_.embedding(scope + "/word_embeddings", "embeddings.word_embeddings",
                                         ids, options_.vocabulary, width);
    const TensorId type = out_.embedding(scope + "/token_type_embeddings",
                                         "embeddings.token_type_embeddings", types, kTypes, width);
    const TensorId sum = out_.add(scope, word, type);
    const TensorId position =
        out_.embedding(scope + "/position_embeddings", "embeddings.position_embeddings", positions,
                       kPositions, width);
    return out_.layer_norm(scope + "/LayerNorm", "embeddings.LayerNorm",
                           out_.add(scope, sum, position));
  }

  TensorId encoder_layer(TensorId x, const std::string& name) {
    const std::string scope = "/encoder/" + name;
    const std::string parameter = "encoder." + name;
    TensorId mixed = attention(x, scope + "/attention/self", parameter + ".attention.self");
    x = residual(mixed, x, scope + "/attention/output", parameter + ".attention.output");
    TensorId hidden = out_.linear(scope + "/intermediate/dense", parameter + ".intermediate.dense",
                                  x, 4 * options_.hidden, kSpread);
    hidden = out_.scoped_node(Op::kUnary, scope + "/intermediate/intermediate_act_fn", {hidden},
                              graph::UnaryAttributes{graph::Function::kGelu});
    return residual(hidden, x, scope + "/output", parameter + ".output");
  }

  /// dense, addition, LayerNorm.
  TensorId residual(TensorId from, TensorId x, const std::string& scope,
                    const std::string& parameter) {
    const TensorId dense =
        out_.linear(scope + "/dense", parameter + ".dense", from, options_.hidden, kResidualSpread);
    return out_.layer_norm(scope + "/LayerNorm", parameter + ".LayerNorm",
                           out_.add(scope, dense, x));
  }

  TensorId attention(TensorId x, const std::string& scope, const std::string& parameter) {
    const auto projected = [&](const char* name) {
      return out_.linear(scope + "/" + name, parameter + "." + name, x, options_.hidden, kSpread);
    };
    const TensorId query = projected("query");
    const TensorId query_product = out_.projections.back().product;
    const TensorId key = heads(scope, projected("key"), {0, 2, 3, 1});
    const TensorId value = heads(scope, projected("value"), {0, 2, 1, 3});
    TensorId scores = product(scope, heads(scope, query, {0, 2, 1, 3}), key);
    const TensorId root = out_.graph.add_constant(
        scope + "/Constant_root",
        TensorData(Shape{}, std::vector<float>{std::sqrt(static_cast<float>(kHeadWidth))}));
    scores = out_.node(Op::kDiv, scope, "Div", {scores, root}, graph::NoAttributes{});
    out_.scores.push_back({scores, query_product, kScoreSpread});
    const TensorId shares = out_.node(Op::kSoftmax, scope, "Softmax", {scores},
                                      graph::AxisAttributes{3, true, false, false});
    const TensorId mixed =
        out_.node(Op::kTranspose, scope, "Transpose", {product(scope, shares, value)},
                  graph::TransposeAttributes{{0, 2, 1, 3}});
    return reshape(scope, mixed, {options_.batch, options_.sequence, options_.hidden});
  }

  TensorId product(const std::string& scope, TensorId a, TensorId b) {
    return out_.node(Op::kMatMul, scope, "MatMul", {a, b}, graph::ClampAttributes{});
  }
  TensorId reshape(const std::string& scope, TensorId x, Shape shape) {
    return out_.node(Op::kReshape, scope, "Reshape", {x},
                     graph::ReshapeAttributes{std::move(shape)});
  }
  /// [batch, sequence, hidden] as [batch, sequence, heads, 64], rearranged.
  TensorId heads(const std::string& scope, TensorId x, std::vector<std::int64_t> permutation) {
    const TensorId split = reshape(
        scope, x, {options_.batch, options_.sequence, options_.hidden / kHeadWidth, kHeadWidth});
    return out_.node(Op::kTranspose, scope, "Transpose", {split},
                     graph::TransposeAttributes{std::move(permutation)});
  }

  BertOptions options_;
  TorchGraph out_;
};

}  // namespace

TorchGraph bert(const BertOptions& options) {
  if (options.batch < 1 || options.layers < 1 || options.vocabulary < 2) {
    throw std::invalid_argument("bert: at least one sequence and layer, and two words");
  }
  if (options.sequence < 2 || options.sequence > kPositions) {
    throw std::invalid_argument("bert: a sequence has 2 to 512 tokens");
  }
  if (options.hidden < kHeadWidth || options.hidden % kHeadWidth != 0) {
    throw std::invalid_argument("bert: the hidden width is a multiple of 64, the width of a head");
  }
  return BertWriter(options).write();
}

}  // namespace s4::sw
