// The right operand of a dense matrix product: an activation tensor that takes the place of
// weights. It lies in memory as any tensor of words; the weight DMA reads its words and
// rtl/dma/dense_operand.sv makes values of them (docs/blocks/dma.md).
#pragma once

#include <cstdint>
#include <vector>

#include "sw/sparse/pack.hpp"
#include "sw/sparse/weights.hpp"

namespace s4::sw {

struct DenseOperand {
  bool transposed = false;   ///< [N][K] instead of [K][N]
  bool is_unsigned = false;  ///< bytes are uint8 with zero point 128
  /// Elements of each image's operand, 1x1 kernels [N][K] whatever lies in memory; all of one size
  /// and type.
  std::vector<WeightTensor> images;
  /// Set: the operand lies in memory as a tensor of words like any other, this many words between
  /// its channel blocks and between its images; BF16 only if transposed. Up to 63 words behind it
  /// are read as well.
  std::uint64_t plane = 0;
  std::uint64_t image = 0;
};

/// Output channels of a group that an operand of values can feed.
inline constexpr std::uint32_t kDenseLanes = 64;

/// Bytes that the operand takes in memory, for groups of `lanes` output channels.
[[nodiscard]] std::uint64_t operand_bytes(const DenseOperand& operand, std::uint32_t lanes);

/// The operand in memory, for groups of `lanes` output channels.
[[nodiscard]] std::vector<std::uint8_t> operand_words(const DenseOperand& operand,
                                                      std::uint32_t lanes);

/// What profile_groups() says of weights, for each group of one image: all banks have K = 64.
[[nodiscard]] std::vector<GroupProfile> profile_dense(const WeightTensor& weights,
                                                      const config::Configuration& config,
                                                      std::uint32_t shape);

/// Stream of parameters and headers of every group, image by image; the pieces with values lie in
/// the operand, at offsets into operand_words(). Throws std::invalid_argument as pack_weights().
[[nodiscard]] PackedWeights pack_dense(const DenseOperand& operand,
                                       const std::vector<std::int32_t>& biases,
                                       const std::vector<float>& scales,
                                       const config::Configuration& config, std::uint32_t shape);

}  // namespace s4::sw
