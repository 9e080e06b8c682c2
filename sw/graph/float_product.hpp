// The one inner loop of float convolutions and products.
#pragma once

#include <cstddef>

namespace s4::sw::graph {

/// c [m][n] += a [m][k] b [k][n], row-major. Every element adds its k products one after the other
/// in float32, without fused multiply-adds: the sums of three plain loops, only sooner.
void add_product(const float* a, const float* b, float* c, std::size_t m, std::size_t n,
                 std::size_t k);

}  // namespace s4::sw::graph
