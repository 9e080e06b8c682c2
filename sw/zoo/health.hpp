// Whether a network computes something: a network of zeros would be fast and compare equal.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/quantize/calibrate.hpp"

namespace s4::sw {

/// A network that does not; the text names layers and figures.
struct UnhealthyNetwork : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr double kLeastNonZero = 0.20;        ///< of the outputs of every layer
inline constexpr std::size_t kLeastValues = 32;      ///< that occur
inline constexpr double kLeastDifferent = 0.01;      ///< of the outputs for another input
inline constexpr std::size_t kCountedValues = 1000;  ///< more are not counted

/// The worst of all inputs.
struct LayerHealth {
  std::string op;    ///< "Conv"; of quantised networks what makes the bytes
  std::string name;  ///< of the node
  bool bytes = false;
  double non_zero = 1;  ///< share of the outputs; of bytes, other than the zero point
  std::size_t values = 0;
  double different = 1;  ///< share of the outputs that differ from those of the input before

  [[nodiscard]] bool ok() const {
    return non_zero >= kLeastNonZero && values >= kLeastValues && different >= kLeastDifferent;
  }
};

/// Every node that computes, in the order of the graph. Of a network in QDQ form, the bytes that
/// stand for a result; so not yet fused. `inputs`: at least two runs that differ. Throws
/// std::invalid_argument, GraphError.
[[nodiscard]] std::vector<LayerHealth> examine_health(const graph::Graph& graph,
                                                      const Calibration& inputs);

/// Throws UnhealthyNetwork, with every layer that is not ok.
void require_health(const std::vector<LayerHealth>& layers);

/// A table of the layers.
[[nodiscard]] std::string describe(const std::vector<LayerHealth>& layers);

}  // namespace s4::sw
