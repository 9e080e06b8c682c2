// Differences of bytes that the epilogue of the chip rounds as the operators of a file do.
#pragma once

#include <optional>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// The result is round_half_even((start + left * a) - right * b) + zero point, in float32.
struct DifferenceConstants {
  float start = 0;
  float left = 1;
  float right = 1;
  [[nodiscard]] bool operator==(const DifferenceConstants&) const = default;
};

/// Constants with which all 65,536 pairs of bytes give QuantizeLinear(DequantizeLinear(a) -
/// DequantizeLinear(b)), if any are found. The sums differ from those of the file in their last
/// bits, which shows next to ties; so constants beside the obvious ones are tried.
[[nodiscard]] std::optional<DifferenceConstants> difference_constants(const Quant& a,
                                                                      const Quant& b,
                                                                      const Quant& y,
                                                                      DataType type);

}  // namespace s4::sw::graph
