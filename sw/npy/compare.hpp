// Element by element comparison of two tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sw/graph/tensor.hpp"

namespace s4::sw {

struct TensorDifference {
  std::int64_t elements = 0;   ///< compared
  std::int64_t different = 0;  ///< beyond the tolerance
  double largest = 0;          ///< absolute difference, of elements that are numbers
  std::string first;           ///< "[0,3,1]: 4 and 5", empty if there is none
};

/// Elements differ if |a - b| > tolerance. NaN equals NaN, and nothing else. Throws
/// graph::GraphError if type or shape differ.
[[nodiscard]] TensorDifference compare_tensors(const graph::TensorData& a,
                                               const graph::TensorData& b, double tolerance);

}  // namespace s4::sw
