// A reproducible layer: sizes and a seed give weights, activations and quantisation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sw/compiler/layer.hpp"
#include "sw/compiler/plan.hpp"
#include "sw/sparse/prune.hpp"

namespace s4::sw {

/// What `--second` can be, in the order of SecondUse.
[[nodiscard]] const std::vector<std::string>& second_names();

struct LayerCase {
  bool is_gemm = false;
  bool max_pool = false;  ///< filters = channels; `keep`, `pattern` and `add` do not matter
  LayerGeometry geometry;
  std::uint32_t keep = 64;  ///< weights kept of 64
  Pattern pattern = Pattern::kBalanced;
  std::uint64_t seed = 1;
  /// The right operand is an activation tensor, of every image another; all of it is kept.
  bool dense = false;
  bool transposed = false;  ///< [N][K] in memory
  bool add = false;
  /// With `add`; without it bytes are added, and of BF16 the seed chooses.
  std::optional<SecondUse> second;
  bool is_unsigned = false;  ///< what is bytes
  bool bf16 = false;         ///< operands are BF16
  bool out_bf16 = false;     ///< results and second tensor are BF16
  bool random_zero_points = true;
  /// Behind the results: a function by its name, of bytes as a table; "table" for a table of any
  /// bytes; empty for nothing.
  std::string activation;
  CompileOptions compile;

  /// "gemm m31 n32 k31 keep 8 add": for test names and reports.
  [[nodiscard]] std::string describe() const;
  /// Arguments of the command-line program that run this case.
  [[nodiscard]] std::string arguments() const;
};

/// Tensors as NCHW bytes, signed or unsigned as the layer says; a BF16 channel is two channels of
/// bytes, the low one first.
struct LayerData {
  std::vector<std::uint8_t> input;
  std::vector<std::uint8_t> second;  ///< empty without an add
};

[[nodiscard]] LayerGeometry gemm_geometry(std::uint32_t m, std::uint32_t n, std::uint32_t k);

/// Weights (no zero among the kept ones), biases, scales that spread the results over the output
/// range, zero points and clamps.
[[nodiscard]] Layer make_layer(const LayerCase& layer_case);
[[nodiscard]] LayerData make_data(const Layer& layer, std::uint64_t seed);

/// NCHW bytes of the layer's output, by the reference operators.
[[nodiscard]] std::vector<std::uint8_t> reference_output(const Layer& layer, const LayerData& data);

}  // namespace s4::sw
