// Functions, rows and means on the host: computed in double and rounded once. Shapes were checked
// by infer_node.
#pragma once

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// The function of one number, within a few units of the last place of a double. NaN where it has
/// no value.
[[nodiscard]] double apply_function(Function function, double x);

[[nodiscard]] TensorData float_unary(const TensorData& x, Function function);
/// inputs: x, gamma, beta; the last two may be nullptr or missing.
[[nodiscard]] TensorData float_layer_norm(const std::vector<const TensorData*>& inputs,
                                          const LayerNormAttributes& attributes);
[[nodiscard]] TensorData float_reduce_mean(const TensorData& x, const ReduceAttributes& attributes,
                                           Shape result);

/// kQUnary, kQSoftmax and kQLayerNorm: the real result of the real numbers that the bytes stand
/// for, rounded once to the nearest byte, ties to even; infinities saturate. Where a function has
/// no value the byte is the zero point of the result, as on the chip.
[[nodiscard]] TensorData quantized_function(const Node& node,
                                            const std::vector<const TensorData*>& inputs);

}  // namespace s4::sw::graph
