// Every input of an activation function on the RTL or the functional model, against MPFR.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/activation/activation_bench.hpp"
#include "sw/activation/int8_table.hpp"

namespace s4::sw {

/// What is enumerated: 65,536 BF16 inputs, or the 256 bytes of a table.
struct ActivationSweep {
  activation::Function function = activation::Function::kGelu;
  bool int8 = false;
  ByteQuantization x, y;  // INT8 only
};

struct ActivationReport {
  std::string function, backend;
  bool int8 = false;
  /// By the input's bit pattern; INT8 results in the low byte.
  std::vector<std::uint16_t> results;
  /// Results that are not the judge's, bit for bit.
  unsigned mismatches = 0;
  unsigned first_mismatch = 0;  // input, if mismatches != 0
  std::uint16_t first_expected = 0;
  /// BF16: distance to the exact value in units in the last place (a correctly rounded function
  /// stays within 0.5); INT8: distance to the judge's byte in output steps.
  double worst_ulp = 0;
  /// Mismatches where one side is NaN; they have no distance.
  unsigned nan_mismatches = 0;
  /// Functional model: inputs whose flag is wrong; RTL: 1 if the sticky flag is wrong after all.
  unsigned flag_mismatches = 0;
  /// RTL only, 0 otherwise. Latency: edges from a beat's acceptance to its result.
  unsigned lanes = 0;
  std::uint64_t clocks = 0, latency = 0;
  double results_per_clock = 0;  // in the sweep without its latency

  [[nodiscard]] bool correct() const { return mismatches == 0 && flag_mismatches == 0; }
};

/// Quantisation of the command line's defaults: inputs from -8 to 8, outputs by the range of f.
[[nodiscard]] ActivationSweep default_sweep(activation::Function function, bool int8);

/// Runs the sweep on the verilated activation_array. Throws if the array stops or loses order, or
/// for quantisation that int8_table() refuses.
[[nodiscard]] ActivationReport sweep_rtl(ActivationBench& bench, const ActivationSweep& sweep);
[[nodiscard]] ActivationReport sweep_functional(const ActivationSweep& sweep);

[[nodiscard]] std::string to_text(const ActivationReport& report);
[[nodiscard]] nlohmann::json to_json(const ActivationReport& report);

}  // namespace s4::sw
