// Graphs whose nodes, tensors and weights are named as torch.onnx.export names them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw {

/// A matrix product with constant weights, and the bias that is added behind it.
struct Projection {
  graph::TensorId product = graph::kNoTensor;  ///< result of the node that holds the weights
  graph::TensorId bias = graph::kNoTensor;
  bool holds_bias = false;  ///< the bias is part of the product (Gemm)
  double spread = 1;        ///< standard deviation that the results shall have
};

/// Scores of attention: how far apart those of one query are decides what softmax makes of them.
struct Scores {
  graph::TensorId scores = graph::kNoTensor;  ///< what softmax reads
  graph::TensorId query = graph::kNoTensor;   ///< product of the projection that scales with them
  double spread = 1;                          ///< standard deviation along a row
};

/// Limits of seeded numbers.
struct Limits {
  double low = 0;
  double high = 0;
};

class TorchGraph {
 public:
  TorchGraph(std::string name, std::uint64_t seed) : seed_(seed) { graph.name = std::move(name); }

  graph::Graph graph;
  std::vector<Projection> projections;
  std::vector<Scores> scores;

  graph::TensorId input(const std::string& name, graph::DataType type, graph::Shape shape);
  /// The graph gives `id` under this name.
  void output(graph::TensorId id, const std::string& name);

  /// A node `scope`/`op`, for instance "/layer1/layer1.0/conv1" and "Conv"; of equal ones the
  /// second is "Conv_1".
  graph::TensorId node(graph::Op op, const std::string& scope, const std::string& type,
                       std::vector<graph::TensorId> inputs, graph::Attributes attributes);
  /// The same for a node that the file may spell out in several: it is named as its scope.
  graph::TensorId scoped_node(graph::Op op, const std::string& scope,
                              std::vector<graph::TensorId> inputs, graph::Attributes attributes);

  /// Square kernel, He-initialised weights `parameter`.weight, no bias.
  graph::TensorId conv(const std::string& scope, const std::string& parameter, graph::TensorId x,
                       std::int64_t filters, std::int64_t kernel, std::int64_t stride);
  /// Statistics are 0 and 1 until they are measured.
  graph::TensorId batch_norm(const std::string& scope, const std::string& parameter,
                             graph::TensorId x, const Limits& gamma, const Limits& beta);
  graph::TensorId relu(const std::string& scope, graph::TensorId x);
  graph::TensorId add(const std::string& scope, graph::TensorId a, graph::TensorId b);
  /// torch.nn.Linear of stacked rows: MatMul with transposed weights, then Add.
  graph::TensorId linear(const std::string& scope, const std::string& parameter, graph::TensorId x,
                         std::int64_t outputs, double spread);
  /// torch.nn.Linear of rows: Gemm.
  graph::TensorId gemm(const std::string& scope, const std::string& parameter, graph::TensorId x,
                       std::int64_t outputs, double spread);
  graph::TensorId layer_norm(const std::string& scope, const std::string& parameter,
                             graph::TensorId x);
  /// Rows of a table of `count` rows of `width`, as nn.Embedding.
  graph::TensorId embedding(const std::string& scope, const std::string& parameter,
                            graph::TensorId indices, std::int64_t count, std::int64_t width);

 private:
  graph::TensorId constant(const std::string& name, graph::Shape shape, std::vector<float> values);

  std::uint64_t seed_;
  std::vector<std::string> names_;
};

}  // namespace s4::sw
