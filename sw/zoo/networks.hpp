// The networks of the zoo, with seeded weights that no data have seen yet.
#pragma once

#include <cstdint>

#include "sw/zoo/torch_graph.hpp"

namespace s4::sw {

struct Resnet50Options {
  std::int64_t batch = 1;
  std::int64_t size = 224;   ///< of the images, a multiple of 32
  std::int64_t thinner = 1;  ///< channels of every stage are divided by it: 1, 2, 4, ... 64
  std::uint64_t seed = 1;
};

/// ResNet-50 v1.5 (stride in the 3x3 convolutions) as torchvision's: 53 convolutions, each followed
/// by a BatchNormalization. Input "input" [batch,3,size,size], output "output" [batch,1000].
/// Throws std::invalid_argument.
[[nodiscard]] TorchGraph resnet50(const Resnet50Options& options);

struct BertOptions {
  std::int64_t batch = 1;
  std::int64_t sequence = 128;  ///< up to 512
  std::int64_t layers = 12;
  std::int64_t hidden = 768;  ///< a multiple of 64, as heads have 64 channels
  std::int64_t vocabulary = 30522;
  std::uint64_t seed = 1;
};

/// The BERT encoder with its embeddings as transformers' BertModel without pooler and mask: inputs
/// "input_ids" and "token_type_ids" int64 [batch,sequence], output "last_hidden_state"
/// [batch,sequence,hidden]. Throws std::invalid_argument.
[[nodiscard]] TorchGraph bert(const BertOptions& options);

}  // namespace s4::sw
