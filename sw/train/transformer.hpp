// A transformer that reads an image of a digit as eight tokens, with gradients.
//
// Token r holds row r and column r of the image and says its own number in one-hot form, so that
// the network needs no table of positions. Every block is: x += attention(norm(x)), one head;
// x += back(gelu(hidden(norm(x)))). The scores are a product of all tokens together.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/train/fit.hpp"
#include "sw/train/row_layers.hpp"

namespace s4::sw {

struct TransformerSizes {
  int side = 8;  ///< of the image; tokens
  int width = 64;
  int hidden = 128;
  int blocks = 1;
  int classes = 10;

  [[nodiscard]] int features() const { return 3 * side; }  ///< of a token
};

/// The products of a block, in order.
enum BlockLayer : std::size_t { kQuery, kKey, kValue, kMixed, kHidden, kBack, kBlockLayers };
/// Its normalisations: before attention and before the feed-forward part.
enum BlockNorm : std::size_t { kAttentionNorm, kHiddenNorm, kBlockNorms };

/// One of each kind for every product and normalisation of a block.
template <typename Product, typename Norm>
struct PerBlock {
  std::array<Product, kBlockLayers> layers;
  std::array<Norm, kBlockNorms> norms;
};
using TransformerBlock = PerBlock<TrainLayer, TrainNorm>;
using BlockGradient = PerBlock<LayerGradient, NormGradient>;
struct BlockTrace : PerBlock<LayerTrace, NormTrace> {
  AttentionTrace attention;
  Matrix slope;  ///< of GELU
};

/// The same for a whole network.
template <typename Product, typename Block>
struct PerTransformer {
  Product embed;
  std::vector<Block> blocks;
  Product scores;
};
using TransformerTrace = PerTransformer<LayerTrace, BlockTrace>;
using TransformerGradient = PerTransformer<LayerGradient, BlockGradient>;

struct Transformer : PerTransformer<TrainLayer, TransformerBlock> {
  TransformerSizes sizes;

  /// Weights as initialize() gives them, normalisations that change nothing. Throws
  /// std::invalid_argument if a size is below 1.
  [[nodiscard]] static Transformer untrained(const TransformerSizes& sizes, Random& random);
  /// embed, those of the blocks, scores.
  [[nodiscard]] std::vector<TrainLayer*> layers();
  [[nodiscard]] std::vector<const TrainLayer*> layers() const;

  /// Scores [images][classes] of `images` [images * side * side][1].
  [[nodiscard]] Matrix forward(const Matrix& images, TransformerTrace* trace = nullptr) const;
  [[nodiscard]] TransformerGradient backward(const TransformerTrace& trace,
                                             Matrix scores_gradient) const;
};

/// Tokens [images * side][features] of images [images * side * side][1].
[[nodiscard]] Matrix tokens_of(const Matrix& images, int side);
/// The same for float32 [n,1,side,side] as the network's input, float32 [n,side,features].
[[nodiscard]] graph::TensorData token_tensor(const graph::TensorData& images);

/// A Transformer that fit() can train; it has to live longer.
class TrainableTransformer : public Trainable {
 public:
  explicit TrainableTransformer(Transformer& network) : network_(network) {}
  [[nodiscard]] ImageSize input() const override;
  void check() const override;
  [[nodiscard]] std::vector<TrainArray> arrays() override;
  [[nodiscard]] Matrix forward(const Matrix& images) override;
  [[nodiscard]] std::vector<const float*> backward(Matrix scores_gradient) override;

 private:
  Transformer& network_;
  TransformerTrace trace_;
  TransformerGradient gradient_;
};

/// As fit() of a sequence of layers, in place.
void fit(Transformer& network, const TrainingSet& data, const FitSettings& settings,
         const EpochObserver& observer = nullptr);
/// Non-zero weights of the fullest bank.
[[nodiscard]] std::size_t fullest_bank(const Transformer& network);
/// Gradual pruning of a copy, with distillation from `network` as it is; see fit.hpp.
[[nodiscard]] Transformer prune_gradually(const Transformer& network, const TrainingSet& data,
                                          FitSettings settings,
                                          const EpochObserver& observer = nullptr);

/// The network as a graph of batch 1: input "tokens" [1,side,features], output "scores".
[[nodiscard]] graph::Graph graph_of(const Transformer& network, const std::string& name);

}  // namespace s4::sw
