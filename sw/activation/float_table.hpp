// Tables of quantised functions as runtimes build them in float, and where they differ from
// correctly rounded ones.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "sw/activation/int8_table.hpp"

namespace s4::sw {

/// The table of a runtime that dequantises, applies the function and quantises in float32:
///   v = x_scale * (x - x_zero)   f = f(v)   y = clamp(round_half_even(f / y_scale)) + y_zero
/// with every result rounded to float32, as ONNX Runtime's table builder and its
/// DequantizeLinear - function - QuantizeLinear do. f(v) is taken as the float32 nearest to the
/// real value, `ulps` float32 units away from it: runtimes evaluate some functions by
/// approximations of a few units. Inputs without a value give the zero point.
[[nodiscard]] std::array<std::uint8_t, 256> float_table(activation::Function function,
                                                        const ByteQuantization& x,
                                                        const ByteQuantization& y, int ulps = 0);

/// Quantisations that differences are counted over: 7 input scales x 4 zero points x 5 output
/// scales x 3 zero points, int8.
struct TableSet {
  std::vector<float> x_scales{0.004F, 1.0F / 128, 0.02F, 0.05F, 1.0F / 16, 0.1F, 0.25F};
  std::vector<std::int32_t> x_zeros{-128, -5, 0, 64};
  std::vector<float> y_scales{1.0F / 256, 1.0F / 128, 0.01F, 1.0F / 16, 0.1F};
  std::vector<std::int32_t> y_zeros{-128, 0, 3};
};

struct TableDifferences {
  unsigned tables = 0, entries = 0;
  unsigned tables_differing = 0;
  /// Bytes of the float-built table that are not the correctly rounded ones.
  unsigned differing = 0;
  /// Of these, bytes farther than one step.
  unsigned far = 0;
  /// Bytes that differ for at least one value of f(v) up to four float32 units away.
  unsigned may_differ = 0;
};

[[nodiscard]] TableDifferences count_differences(activation::Function function,
                                                 const TableSet& set = {});

}  // namespace s4::sw
