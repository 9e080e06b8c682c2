// Compressed weight stream of a layer, as the weight DMA reads it from memory.
//
//   group 0 | group 1 | ...           a group: the output channels of one array shape
//   piece, piece, ...                 a piece: [parameters][indices][values], whole 64-byte words
//
// The format is docs/gen/sparse_format.md; docs/blocks/spu.md draws it. Hardware twin of the
// reader: rtl/spu. A stream is made for one array shape of one configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/sparse/weights.hpp"

namespace s4::sw {

/// Values that are words of an activation tensor: fields of the weights command.
struct DenseValues {
  bool transposed = false;
  bool wide = false;
  bool flip = false;
  std::uint8_t lanes = 0;  ///< log2 of the output channels, less 3
  std::uint8_t slice = 0;
  std::uint16_t first_row = 0;
  std::uint16_t end_row = 0;
};

/// Consecutive sections; one piece of a group has parameters, its first, or its last if it is the
/// first group of a stream whose parameters come late.
struct WeightPiece {
  std::uint64_t offset = 0;  ///< bytes from the start of the stream
  std::uint32_t param_words = 0;
  std::uint32_t index_words = 0;
  std::uint32_t value_words = 0;
  std::optional<DenseValues> dense;  ///< then `offset` counts from the start of the operand

  [[nodiscard]] std::uint64_t words() const {
    return std::uint64_t{param_words} + index_words + value_words;
  }
};

struct WeightGroup {
  std::vector<WeightPiece> pieces;
  std::vector<std::uint8_t> counts;  ///< K of every bank
  std::uint64_t index_bytes = 0;
  std::uint64_t value_bytes = 0;
  std::uint64_t param_bytes = 0;

  [[nodiscard]] std::uint64_t words() const {
    return (index_bytes + value_bytes + param_bytes) / 64;
  }
};

struct PackedWeights {
  std::uint64_t config_hash = 0;
  std::uint32_t shape = 0;
  std::uint32_t group_lanes = 0;  ///< output channels of a group
  std::vector<WeightGroup> groups;
  std::vector<std::uint8_t> bytes;  ///< the stream
  std::uint64_t index_bytes = 0;
  std::uint64_t value_bytes = 0;
  std::uint64_t param_bytes = 0;
  std::uint64_t operand_address = 0;  ///< of a dense operand, once it has a place
};

/// K of each bank of each group and the bytes they need, without making the stream.
struct GroupProfile {
  std::vector<std::uint8_t> counts;
  std::uint64_t clocks = 0;       ///< rows of values, sum of K or twice that: clocks of one tile
  std::uint32_t busy_banks = 0;   ///< banks with K > 0
  std::uint32_t channels = 0;     ///< lanes that have an output channel
  std::uint64_t index_bytes = 0;  ///< padded to blocks, as stored
  std::uint64_t value_bytes = 0;
  std::uint64_t param_bytes = 0;

  [[nodiscard]] std::uint64_t words() const {
    return (index_bytes + value_bytes + param_bytes) / 64;
  }
};

/// Weights kept per output channel and bank, [out][bank].
[[nodiscard]] std::vector<std::uint8_t> bank_counts(const WeightTensor& weights);

/// Groups of array shape `shape`. `counts` comes from bank_counts().
[[nodiscard]] std::vector<GroupProfile> profile_groups(const WeightTensor& weights,
                                                       const std::vector<std::uint8_t>& counts,
                                                       const config::Configuration& config,
                                                       std::uint32_t shape);

/// Output channels of a group in array shape `shape`.
[[nodiscard]] std::uint32_t group_lanes(const config::Configuration& config, std::uint32_t shape);
/// Bytes that the weight buffers hold.
[[nodiscard]] std::uint64_t index_capacity(const config::Configuration& config);
[[nodiscard]] std::uint64_t value_capacity(const config::Configuration& config);

/// Makes the stream. `biases` (of BF16 layers: the bits of float32 numbers) and `scales` have one
/// entry per output channel. A piece completes its banks, indices and values, so that none waits
/// for a later piece; it stays below half a buffer in both sections, or below `piece_bytes` of
/// values if that is not 0, unless one bank is more. With `late_parameters` those of the first
/// group follow its indices and values, which the array then has sooner by as many clocks as it has
/// parameter words: nothing asks for parameters before the first tile is complete. Throws
/// std::invalid_argument on a wrong size, shape or scale.
[[nodiscard]] PackedWeights pack_weights(const WeightTensor& weights,
                                         const std::vector<std::int32_t>& biases,
                                         const std::vector<float>& scales,
                                         const config::Configuration& config, std::uint32_t shape,
                                         std::uint64_t piece_bytes = 0,
                                         bool late_parameters = false);

/// What a stream says, read back by its format rules alone.
struct UnpackedWeights {
  WeightTensor weights;
  std::vector<std::int32_t> biases;
  std::vector<float> scales;
};

/// Inverse of pack_weights() for a layer of these dimensions (BF16: `data` is 1 where a value is
/// not zero). Throws std::invalid_argument if the stream breaks a rule of the format (padding,
/// order, counts, lengths).
[[nodiscard]] UnpackedWeights unpack_weights(const PackedWeights& packed,
                                             const config::Configuration& config,
                                             std::uint32_t out_channels, std::uint32_t in_channels,
                                             std::uint32_t kernel_h, std::uint32_t kernel_w,
                                             bool bf16 = false);

}  // namespace s4::sw
