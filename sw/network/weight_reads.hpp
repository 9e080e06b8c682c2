// What a program reads as weights: what several subsystems can read once for all.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// What one Weights command reads, without a gap.
struct WeightRead {
  std::size_t command = 0;
  Region region;
  bool dense = false;                 ///< activations in the place of weights
  std::uint64_t parameter_bytes = 0;  ///< of the region: biases and scales in front of weights
};

/// Bytes that are read where weights lie, by the sections that have them.
struct SectionBytes {
  std::uint64_t weights = 0;     ///< indices and values
  std::uint64_t parameters = 0;  ///< biases and scales; tables, gamma and beta, which are loaded

  SectionBytes& operator+=(const SectionBytes& other) {
    weights += other.weights;
    parameters += other.parameters;
    return *this;
  }
};
/// Of all programs, every read counted; `region`: where weights and tables lie.
[[nodiscard]] SectionBytes section_bytes(std::span<const ChipProgram> programs,
                                         const Region& region);

/// In the order of the commands.
[[nodiscard]] std::vector<WeightRead> weight_reads(const Program& program);

}  // namespace s4::sw
