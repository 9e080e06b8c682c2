// Ranges of the activations of a float graph, from calibration data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw {

/// Inputs of the graph, for as many runs as there are samples of its batch: [run][input].
using Calibration = std::vector<std::vector<graph::TensorData>>;

/// Splits inputs of `samples` in their first dimension into runs of `batch`. Throws
/// std::invalid_argument unless all have the same number of samples, a multiple of batch.
[[nodiscard]] Calibration split_calibration(const std::vector<graph::TensorData>& inputs,
                                            std::int64_t batch);

/// How often values were seen: 4096 equal bins from low to high.
struct Histogram {
  float low = 0.0F;
  float high = 0.0F;
  std::vector<std::uint64_t> counts;

  [[nodiscard]] double width() const {
    return (static_cast<double>(high) - low) / static_cast<double>(counts.size());
  }
  [[nodiscard]] double centre(std::size_t bin) const {
    return low + (static_cast<double>(bin) + 0.5) * width();
  }
};
inline constexpr std::size_t kHistogramBins = 4096;

/// Histograms of the float32 tensors named. Runs the graph twice. Throws GraphError if the data do
/// not fit, std::invalid_argument if a value is not finite.
[[nodiscard]] std::map<graph::TensorId, Histogram> observe(const graph::Graph& graph,
                                                           const Calibration& calibration,
                                                           const std::vector<graph::TensorId>& of);

/// kMinMax: all that was seen. kPercentile: cuts off the same fraction at either end, but never the
/// value 0. kMse: the part of the range whose quantisation has the least mean square error.
enum class RangeMethod { kMinMax, kPercentile, kMse };

[[nodiscard]] const char* name_of(RangeMethod method);
/// Inverse of name_of ("minmax", "percentile", "mse"); throws std::invalid_argument.
[[nodiscard]] RangeMethod range_method(const std::string& name);

/// Scale and zero point of `type` (int8 or uint8) for values like these. 0 is always exact.
/// `percentile`: above 50, up to 100. `symmetric`: as many steps below 0 as above, 127; the zero
/// point is 0 (int8) or 128 (uint8).
[[nodiscard]] graph::Quant choose_quant(const Histogram& histogram, graph::DataType type,
                                        RangeMethod method, double percentile,
                                        bool symmetric = false);

/// Symmetric scale of one row of weights, to -127 to 127. kPercentile is as kMinMax: rows are
/// short.
[[nodiscard]] float weight_scale(const std::vector<float>& row, RangeMethod method);

}  // namespace s4::sw
