// What a program reads as weights: what several subsystems can read once for all.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/program.hpp"

namespace s4::sw {

/// What one Weights command reads, without a gap.
struct WeightRead {
  std::size_t command = 0;
  Region region;
  bool dense = false;  ///< activations in the place of weights
};

/// In the order of the commands.
[[nodiscard]] std::vector<WeightRead> weight_reads(const Program& program);

}  // namespace s4::sw
