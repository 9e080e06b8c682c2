// Runs of a graph in which some nodes are computed otherwise, and comparisons of results.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "sim/reference/ops.hpp"
#include "sw/graph/evaluate.hpp"

namespace s4::sw::graph::test {

/// Another result of a node, or nothing: then the node is computed as ever.
using Replacement =
    std::function<std::optional<TensorData>(const Node&, const std::vector<const TensorData*>&)>;

[[nodiscard]] std::vector<TensorData> evaluate_with(const Graph& graph,
                                                    const std::vector<TensorData>& inputs,
                                                    const Replacement& replacement);

/// The quantised addition as ONNX Runtime computes it: with fused multiply-adds, or in float32 if
/// an activation behind it is more than the saturation of the bytes.
[[nodiscard]] std::optional<TensorData> add_of_onnx_runtime(
    const Node& node, const std::vector<const TensorData*>& inputs);

/// Nodes of one operator computed with another rounding (QConv, QMatMul, QAdd, QMul and the pools).
[[nodiscard]] Replacement with_rounding(Op op, ref::Rounding rounding);

/// Elements that differ; types and shapes must be equal.
[[nodiscard]] std::size_t differing(const std::vector<TensorData>& a,
                                    const std::vector<TensorData>& b);

}  // namespace s4::sw::graph::test
