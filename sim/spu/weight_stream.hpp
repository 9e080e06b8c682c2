// The weight buffers and the decoder of the compressed weight stream.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sim/epilogue/epilogue.hpp"
#include "sim/spu/gen/sparse_format.hpp"

namespace s4::sim {

/// A queue of bytes of any length. RTL: the row buffers of rtl/spu, which are bounded.
class ByteFifo {
 public:
  [[nodiscard]] std::size_t size() const { return bytes_.size() - head_; }
  /// Room for `count` more bytes, which the caller fills at once.
  [[nodiscard]] std::span<std::uint8_t> append(std::size_t count);
  /// The first size() bytes, until the next append or pop.
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data() + head_; }
  void pop(std::size_t count);
  void clear();

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t head_ = 0;
};

/// What the weight DMA fills and the SPU reads.
struct WeightBuffers {
  ByteFifo params;
  ByteFifo indices;
  ByteFifo values;

  void clear();
};

/// Extent of one pass over a group in the buffers, padding included.
struct PassSize {
  enum class Status {
    kComplete,   ///< all of the pass is in the buffers
    kStarved,    ///< some of it is still to come
    kMalformed,  ///< a header says K > 64
  };
  Status status = Status::kStarved;
  std::size_t index_bytes = 0;
  std::size_t value_bytes = 0;
  std::uint64_t chunks = 0;  ///< rows of values: clocks of the array
};

/// Weights of one group, decoded.
struct GroupWeights {
  struct Bank {
    std::uint32_t count = 0;  ///< K
    std::size_t first = 0;    ///< entry j of lane l lies at first + l * count + j
  };
  std::vector<Bank> banks;
  std::vector<std::uint8_t> index;
  std::vector<std::uint16_t> value;  ///< INT8 values in the low byte, BF16 values
};

/// Reads the passes of groups of `lanes` output channels out of the buffers. A value takes one row
/// of bytes or, low bytes first, `value_rows`.
/// RTL: rtl/spu/index_loader.sv with the row buffers in front of it.
class WeightStream {
 public:
  explicit WeightStream(std::uint32_t lanes, std::uint32_t value_rows = 1)
      : lanes_(lanes), value_rows_(value_rows) {}

  /// Walks the headers of a pass over `banks` banks that starts at the head of the buffers.
  [[nodiscard]] PassSize scan(const WeightBuffers& buffers, std::uint32_t banks) const;

  /// Decodes a complete pass; leaves the buffers as they are.
  void decode(const WeightBuffers& buffers, std::uint32_t banks, GroupWeights& weights) const;

  /// Bytes of the parameter rows of a group.
  [[nodiscard]] std::size_t param_bytes() const { return std::size_t{lanes_} * 8; }

  /// Decodes the parameter rows at the head of the buffer: for each channel part a row of biases,
  /// then scales, of `lanes_per_quadrant` channels.
  void decode_params(const WeightBuffers& buffers, std::uint32_t lanes_per_quadrant,
                     std::vector<ChannelParameters>& channels) const;

 private:
  [[nodiscard]] std::size_t index_chunk_bytes() const {
    return std::size_t{lanes_} * sparse_format::kIndexBits / 8;
  }

  std::uint32_t lanes_;
  std::uint32_t value_rows_;
};

}  // namespace s4::sim
