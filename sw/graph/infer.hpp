// Types and shapes of results, and the checks that make a node meaningful.
#pragma once

#include <optional>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

struct TensorInfo {
  DataType type = DataType::kFloat32;
  Shape shape;
  [[nodiscard]] bool operator==(const TensorInfo&) const = default;
};

/// Input i of a node, or nothing where an optional one is missing.
using InputInfos = std::vector<std::optional<TensorInfo>>;

/// Type and shape of the node's result. Throws GraphError, with the name of the node, if inputs or
/// attributes do not fit the operator: whatever passes can be evaluated.
[[nodiscard]] TensorInfo infer_node(const Node& node, const InputInfos& inputs);
/// The same, with the inputs as the graph describes them.
[[nodiscard]] TensorInfo infer_node(const Graph& graph, const Node& node);
/// Sets type and shape of every tensor that a node makes.
void infer_shapes(Graph& graph);

/// Shape of an elementwise operation on both, by the rules of numpy; nothing if they do not fit.
[[nodiscard]] std::optional<Shape> broadcast(const Shape& a, const Shape& b);
/// A tensor of shape `whole` is one of shape `own` for every sample: its leading dimensions repeat
/// it, perhaps once, and at least two others do not.
[[nodiscard]] bool repeats_samples(const Shape& own, const Shape& whole);

/// Size of one axis after a convolution; below 1 if the kernel does not fit.
[[nodiscard]] std::int64_t convolved_size(std::int64_t in, std::int64_t before, std::int64_t after,
                                          std::int64_t kernel, std::int64_t dilation,
                                          std::int64_t stride);
/// Size of one axis after pooling. With `ceil_mode` the size rounds up, but a window that would
/// start behind the image is left out.
[[nodiscard]] std::int64_t pooled_size(std::int64_t in, std::int64_t before, std::int64_t after,
                                       std::int64_t kernel, std::int64_t dilation,
                                       std::int64_t stride, bool ceil_mode);

}  // namespace s4::sw::graph
