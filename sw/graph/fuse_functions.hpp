// Byte operators of functions, softmax and normalisation; part of fuse_quantized.
#pragma once

#include <optional>
#include <string>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// `layer` (kUnary, kSoftmax or kLayerNorm) as an operator from `bytes` with scale x to bytes of
/// the same type with scale y; without name and result. Nothing where there is no such operator:
/// `why` says the reason then.
[[nodiscard]] std::optional<Node> fused_function(Graph& graph, const Uses& uses, const Node& layer,
                                                 TensorId bytes, const Quant& x, const Quant& y,
                                                 std::string& why);

/// Whether softmax and normalisation of this node run over the last axis alone, the only form on
/// bytes.
[[nodiscard]] bool is_over_rows(const Graph& graph, const Node& layer);

}  // namespace s4::sw::graph
