// Float operators and data movement, on tensors whose shapes were checked by infer_node.
#pragma once

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

[[nodiscard]] TensorData float_conv(const TensorData& x, const TensorData& w,
                                    const TensorData* bias, const ConvGeometry& geometry,
                                    Shape result);
[[nodiscard]] TensorData float_gemm(const TensorData& a, const TensorData& b, const TensorData* c,
                                    const GemmAttributes& attributes);
[[nodiscard]] TensorData float_matmul(const TensorData& a, const TensorData& b, Shape result);
/// kAdd, kSub, kMul, kDiv, kMax of floats or integers, kPow of floats. Integer division by zero
/// throws GraphError.
[[nodiscard]] TensorData elementwise(Op op, const TensorData& a, const TensorData& b, Shape result);
[[nodiscard]] TensorData float_max_pool(const TensorData& x, const PoolAttributes& pool,
                                        Shape result);
[[nodiscard]] TensorData float_average_pool(const TensorData& x, const PoolAttributes& pool,
                                            Shape result);
[[nodiscard]] TensorData float_global_average_pool(const TensorData& x, Shape result);
[[nodiscard]] TensorData float_batch_norm(const std::vector<const TensorData*>& inputs,
                                          float epsilon);
[[nodiscard]] TensorData float_softmax(const TensorData& x, const AxisAttributes& attributes);
void apply_clamp(TensorData& x, const Clamp& clamp);

[[nodiscard]] TensorData arg_max(const TensorData& x, const AxisAttributes& attributes,
                                 Shape result);
[[nodiscard]] TensorData transpose(const TensorData& x, const std::vector<std::int64_t>& order,
                                   Shape result);
/// Throws GraphError at an index outside the axis.
[[nodiscard]] TensorData gather(const TensorData& x, const TensorData& indices, std::int64_t axis,
                                Shape result);
[[nodiscard]] TensorData concat(const std::vector<const TensorData*>& parts, std::int64_t axis,
                                Shape result);
[[nodiscard]] TensorData slice(const TensorData& x, const SliceAttributes& attributes);
[[nodiscard]] TensorData cast(const TensorData& x, DataType type);

}  // namespace s4::sw::graph
