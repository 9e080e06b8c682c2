// From float32 to the QDQ form: quantisation after training.
#pragma once

#include <string>
#include <vector>

#include "sw/quantize/calibrate.hpp"

namespace s4::sw {

struct QuantizeOptions {
  graph::DataType type = graph::DataType::kUint8;  ///< of all activations; int8 or uint8
  RangeMethod activations = RangeMethod::kMinMax;
  double percentile = 99.99;  ///< for kPercentile
  RangeMethod weights = RangeMethod::kMinMax;
};

struct QuantizedTensor {
  std::string name;
  float low = 0.0F;  ///< least and largest value for the calibration data
  float high = 0.0F;
  graph::Quant quant;
};

struct QuantizedNetwork {
  graph::Graph graph;  ///< float operators between kDequantize and kQuantize; constants are bytes
  std::vector<QuantizedTensor> activations;
  std::vector<std::string> layers;  ///< names of those that compute on bytes
  std::vector<std::string> notes;   ///< layers that stay in float32, and why
};

/// Puts kQuantize and kDequantize behind everything that these operators read and make: Conv, Gemm
/// and MatMul with constant weights, MatMul, Add and Mul of two activations, Clip, AveragePool,
/// GlobalAveragePool, functions, and LayerNormalization and Softmax over the last axis (but not a
/// Softmax that the network gives; results of softmax and sigmoid have the scale 1/256 from 0 on).
/// Gamma and beta stay float32. What only moves data (MaxPool, Reshape, Transpose) needs none.
/// Activations have one scale per tensor, symmetric for the second operand of a product of two
/// (zero point 0, or 128 of uint8, as the chip wants it); weights are int8, symmetric, one scale
/// per output channel; biases are int32 in units of input scale times weight scale. graph::optimize
/// fuses the result into byte operators. Inputs and outputs stay float32.
///
/// Throws std::invalid_argument if nothing can be quantised, the graph is quantised already, or
/// weights or activations are not finite; GraphError if the data do not fit the graph.
[[nodiscard]] QuantizedNetwork quantize(const graph::Graph& graph, const Calibration& calibration,
                                        const QuantizeOptions& options = {});

/// A table of the activations, and the notes.
[[nodiscard]] std::string describe(const QuantizedNetwork& network);

}  // namespace s4::sw
