// Rows of a network against double precision.
#pragma once

#include "sw/activation/row_run.hpp"
#include "sw/compiler/layer.hpp"
#include "sw/graph/tensor.hpp"

namespace s4::sw {

/// Judges the results of a layer of rows by the bounds of docs/blocks/row_engine.md. `x` and `y`:
/// input and results, of the types of the layer, the channels of a row beside each other.
[[nodiscard]] RowReport judge_layer_rows(const Layer& layer, const graph::TensorData& x,
                                         const graph::TensorData& y);

}  // namespace s4::sw
