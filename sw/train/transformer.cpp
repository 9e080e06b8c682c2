#include "sw/train/transformer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace s4::sw {
namespace {

/// A product of every token by itself.
TrainLayer rows_layer(std::string name, const TransformerSizes& sizes, int in, int out,
                      Random& random) {
  TrainLayer layer;
  layer.name = std::move(name);
  layer.geometry.channels = in;
  layer.geometry.width = sizes.side;
  layer.geometry.filters = out;
  initialize(layer, random);
  return layer;
}

TransformerBlock untrained_block(const std::string& name, const TransformerSizes& sizes,
                                 Random& random) {
  const int d = sizes.width;
  const auto layer = [&](const char* part, int in, int out) {
    return rows_layer(name + "_" + part, sizes, in, out, random);
  };
  // Braces make them in this order.
  return {{layer("query", d, d), layer("key", d, d), layer("value", d, d), layer("mixed", d, d),
           layer("hidden", d, sizes.hidden), layer("back", sizes.hidden, d)},
          {unit_norm(name + "_norm1", d), unit_norm(name + "_norm2", d)}};
}

template <typename Layer, typename Network>
std::vector<Layer*> layers_of(Network& network) {
  std::vector<Layer*> list{&network.embed};
  for (auto& block : network.blocks) {
    for (auto& layer : block.layers) list.push_back(&layer);
  }
  list.push_back(&network.scores);
  return list;
}

Matrix forward_block(const TransformerBlock& block, Matrix x, Eigen::Index tokens,
                     BlockTrace& trace) {
  const auto product = [&](BlockLayer i, const Matrix& from) {
    return forward(block.layers[i], from, &trace.layers[i]);
  };
  const auto norm = [&](BlockNorm i) { return forward(block.norms[i], x, &trace.norms[i]); };
  Matrix normal = norm(kAttentionNorm);
  const Matrix q = product(kQuery, normal);
  const Matrix k = product(kKey, normal);
  const Matrix v = product(kValue, normal);
  x += product(kMixed, attention(q, k, v, tokens, &trace.attention));
  normal = norm(kHiddenNorm);
  x += product(kBack, gelu(product(kHidden, normal), &trace.slope));
  return x;
}

/// `dy` becomes the gradient by the block's input.
void backward_block(const TransformerBlock& block, const BlockTrace& trace, Matrix& dy,
                    BlockGradient& gradient) {
  const auto product = [&](BlockLayer i, Matrix from) {
    return backward(block.layers[i], trace.layers[i], std::move(from), gradient.layers[i]);
  };
  const auto norm = [&](BlockNorm i, const Matrix& from) {
    return backward(block.norms[i], trace.norms[i], from, gradient.norms[i]);
  };
  const Matrix bent = product(kBack, dy);
  dy += norm(kHiddenNorm, product(kHidden, bent.cwiseProduct(trace.slope)));
  AttentionGradient by = attention_gradient(trace.attention, product(kMixed, dy));
  Matrix normal = product(kQuery, std::move(by.q));
  normal += product(kKey, std::move(by.k));
  normal += product(kValue, std::move(by.v));
  dy += norm(kAttentionNorm, normal);
}

}  // namespace

Transformer Transformer::untrained(const TransformerSizes& sizes, Random& random) {
  for (const int size : {sizes.side, sizes.width, sizes.hidden, sizes.blocks, sizes.classes}) {
    if (size < 1) throw std::invalid_argument("a size of the transformer is below 1");
  }
  Transformer network;
  network.sizes = sizes;
  network.embed = rows_layer("embed", sizes, sizes.features(), sizes.width, random);
  for (int i = 1; i <= sizes.blocks; ++i) {
    network.blocks.push_back(untrained_block(fmt::format("block{}", i), sizes, random));
  }
  network.scores = rows_layer("scores", sizes, sizes.width, sizes.classes, random);
  network.scores.geometry.kernel_w = sizes.side;
  initialize(network.scores, random);
  return network;
}

std::vector<TrainLayer*> Transformer::layers() { return layers_of<TrainLayer>(*this); }
std::vector<const TrainLayer*> Transformer::layers() const {
  return layers_of<const TrainLayer>(*this);
}

Matrix Transformer::forward(const Matrix& images, TransformerTrace* trace) const {
  TransformerTrace own;
  if (trace == nullptr) trace = &own;
  trace->blocks.resize(blocks.size());
  Matrix x = sw::forward(embed, tokens_of(images, sizes.side), &trace->embed);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    x = forward_block(blocks[i], std::move(x), sizes.side, trace->blocks[i]);
  }
  return sw::forward(scores, x, &trace->scores);
}

TransformerGradient Transformer::backward(const TransformerTrace& trace,
                                          Matrix scores_gradient) const {
  TransformerGradient gradient;
  gradient.blocks.resize(blocks.size());
  Matrix dy = sw::backward(scores, trace.scores, std::move(scores_gradient), gradient.scores);
  for (std::size_t i = blocks.size(); i-- > 0;) {
    backward_block(blocks[i], trace.blocks.at(i), dy, gradient.blocks[i]);
  }
  sw::backward(embed, trace.embed, std::move(dy), gradient.embed, false);
  return gradient;
}

Matrix tokens_of(const Matrix& images, int side) {
  const Eigen::Index pixels = Eigen::Index{side} * side;
  if (images.cols() != 1 || images.rows() % pixels != 0) {
    throw std::invalid_argument("the images of a transformer have another size");
  }
  Matrix tokens = Matrix::Zero(images.rows() / side, 3 * Eigen::Index{side});
  for (Eigen::Index row = 0; row < tokens.rows(); ++row) {
    const Eigen::Index number = row % side;
    const float* image = images.data() + (row - number) * side;
    for (Eigen::Index i = 0; i < side; ++i) {
      tokens(row, i) = image[number * side + i];
      tokens(row, side + i) = image[i * side + number];
    }
    tokens(row, 2 * Eigen::Index{side} + number) = 1.0F;
  }
  return tokens;
}

graph::TensorData token_tensor(const graph::TensorData& images) {
  const graph::Shape& shape = images.shape;
  if (shape.size() != 4 || shape[1] != 1 || shape[2] != shape[3]) {
    throw std::invalid_argument("images of shape " + graph::to_string(shape) +
                                ", not [n,1,side,side]");
  }
  const Eigen::Map<const Matrix> pixels(images.floats().data(),
                                        static_cast<Eigen::Index>(images.floats().size()), 1);
  const Matrix tokens = tokens_of(pixels, static_cast<int>(shape[2]));
  return graph::TensorData(graph::Shape{shape[0], shape[2], tokens.cols()},
                           std::vector<float>(tokens.data(), tokens.data() + tokens.size()));
}

ImageSize TrainableTransformer::input() const {
  return {1, network_.sizes.side, network_.sizes.side};
}

void TrainableTransformer::check() const {
  for (const TrainLayer* layer : std::as_const(network_).layers()) {
    const TrainGeometry& g = layer->geometry;
    if (layer->weights.rows() != g.filters || layer->weights.cols() != g.reduction() ||
        layer->bias.size() != g.filters) {
      throw std::invalid_argument("layer '" + layer->name + "': weights or bias of another size");
    }
  }
}

std::vector<TrainArray> TrainableTransformer::arrays() {
  std::vector<TrainArray> list;
  add_arrays(list, network_.embed);
  for (TransformerBlock& block : network_.blocks) {
    for (TrainLayer& layer : block.layers) add_arrays(list, layer);
    for (TrainNorm& norm : block.norms) {
      list.push_back({norm.gamma.data(), norm.gamma.size()});
      list.push_back({norm.beta.data(), norm.beta.size()});
    }
  }
  add_arrays(list, network_.scores);
  return list;
}

Matrix TrainableTransformer::forward(const Matrix& images) {
  return network_.forward(images, &trace_);
}

std::vector<const float*> TrainableTransformer::backward(Matrix scores_gradient) {
  gradient_ = network_.backward(trace_, std::move(scores_gradient));
  std::vector<const float*> list;
  add_gradients(list, network_.embed, gradient_.embed);
  for (std::size_t b = 0; b < network_.blocks.size(); ++b) {
    const BlockGradient& block = gradient_.blocks[b];
    for (std::size_t i = 0; i < kBlockLayers; ++i) {
      add_gradients(list, network_.blocks[b].layers[i], block.layers[i]);
    }
    for (const NormGradient& norm : block.norms) {
      list.push_back(norm.gamma.data());
      list.push_back(norm.beta.data());
    }
  }
  add_gradients(list, network_.scores, gradient_.scores);
  return list;
}

void fit(Transformer& network, const TrainingSet& data, const FitSettings& settings,
         const EpochObserver& observer) {
  TrainableTransformer trainable(network);
  fit(trainable, data, settings, observer);
}

std::size_t fullest_bank(const Transformer& network) {
  std::size_t fullest = 0;
  for (const TrainLayer* layer : network.layers()) {
    fullest = std::max(fullest, fullest_bank(*layer));
  }
  return fullest;
}

Transformer prune_gradually(const Transformer& network, const TrainingSet& data,
                            FitSettings settings, const EpochObserver& observer) {
  Transformer pruned = network;
  TrainableTransformer trainable(pruned);
  prune_gradually(
      trainable, [&](const Matrix& images) { return network.forward(images); }, data,
      std::move(settings), observer);
  return pruned;
}

}  // namespace s4::sw
