// Matrices of the trainer, and what makes their products repeatable.
#pragma once

#include <Eigen/Core>

namespace s4::sw {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;

/// Products add in an order that depends on the sizes of the caches. This fixes them, so that two
/// machines get the same sums. Called by everything here that multiplies.
inline void fix_product_order() {
  static const bool kDone = [] {
    Eigen::setCpuCacheSizes(32 * 1024, 512 * 1024, 4 * 1024 * 1024);
    return true;
  }();
  (void)kDone;
}

}  // namespace s4::sw
