// A layer that a subsystem of the chip computes: compiled for an address, its data written through
// the host's port, its result judged by the functional model and the reference.
#pragma once
#include <string>

#include "sw/driver/layer_case.hpp"
#include "tests/chip/chip_bench.hpp"

namespace s4::tests {

class ChipJob {
 public:
  /// Everything from `base` on (a multiple of 4096). Runs the functional model; throws ChipError if
  /// that does not end well or is not what the reference says.
  ChipJob(const config::Configuration& config, sw::LayerCase layer_case, std::uint64_t base);

  /// Writes weights, input and what the output must not keep.
  void place(ChipBench& bench) const;
  void start(ChipBench& bench, unsigned subsystem) const;
  /// The first difference of the memory that the program may write, or nothing.
  [[nodiscard]] std::string compare(ChipBench& bench) const;

  [[nodiscard]] const sw::Program& program() const { return compiled_.programs.at(0); }
  [[nodiscard]] const sw::CompiledLayer& compiled() const { return compiled_; }

 private:
  sw::Layer layer_;
  sw::LayerData data_;
  sw::CompiledLayer compiled_;
  std::vector<std::uint8_t> input_, fill_, due_;
};

/// A gemm (even numbers) or a convolution, of other data for every number; small.
[[nodiscard]] sw::LayerCase small_case(unsigned number);

}  // namespace s4::tests
