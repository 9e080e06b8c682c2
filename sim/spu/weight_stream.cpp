#include "sim/spu/weight_stream.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace s4::sim {

namespace {

using sparse_format::kBankSize;
using sparse_format::kBitmapRows;
using sparse_format::kIndexBits;

/// Header of a bank.
struct BankHeader {
  explicit BankHeader(std::uint8_t byte)
      : bitmap(((byte >> sparse_format::kBankHeaderBitmapLsb) & 1U) != 0),
        count((byte >> sparse_format::kBankHeaderCountLsb) &
              ((1U << sparse_format::kBankHeaderCountBits) - 1)) {}

  /// Chunks of the index stream that follow for this bank.
  [[nodiscard]] std::uint32_t index_chunks() const {
    if (count == 0 || count == kBankSize) return 0;
    return bitmap ? kBitmapRows : count;
  }

  bool bitmap;
  std::uint32_t count;
};

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Splits a chunk into its 6-bit fields, lane 0 in the lowest bits; 4 lanes are 3 bytes.
void unpack_fields(const std::uint8_t* chunk, std::uint32_t lanes, std::uint8_t* fields) {
  constexpr std::uint32_t kMask = (1U << kIndexBits) - 1;
  for (std::uint32_t lane = 0; lane < lanes; lane += 4, chunk += 3) {
    const std::uint32_t bits = chunk[0] | static_cast<std::uint32_t>(chunk[1]) << 8 |
                               static_cast<std::uint32_t>(chunk[2]) << 16;
    for (std::uint32_t i = 0; i < 4; ++i) {
      fields[lane + i] = static_cast<std::uint8_t>((bits >> (i * kIndexBits)) & kMask);
    }
  }
}

std::uint32_t little_endian_32(const std::uint8_t* bytes) {
  return bytes[0] | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

std::span<std::uint8_t> ByteFifo::append(std::size_t count) {
  if (head_ > size()) {  // more dead bytes than live ones: move the live ones down
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  const std::size_t before = bytes_.size();
  bytes_.resize(before + count);
  return {bytes_.data() + before, count};
}

void ByteFifo::pop(std::size_t count) { head_ += count; }

void ByteFifo::clear() {
  bytes_.clear();
  head_ = 0;
}

void WeightBuffers::clear() {
  params.clear();
  indices.clear();
  values.clear();
}

PassSize WeightStream::scan(const WeightBuffers& buffers, std::uint32_t banks) const {
  const std::size_t chunk = index_chunk_bytes();
  PassSize size;
  std::size_t at = 0;               // in the index stream
  std::size_t headers = 0;          // where the current header chunk lies
  std::size_t next_header = chunk;  // byte of it that is next; chunk: it is used up
  for (std::uint32_t bank = 0; bank < banks; ++bank) {
    if (next_header == chunk) {
      if (at + chunk > buffers.indices.size()) return size;
      headers = at;
      at += chunk;
      next_header = 0;
    }
    const BankHeader header(buffers.indices.data()[headers + next_header++]);
    if (header.count > kBankSize) {
      size.status = PassSize::Status::kMalformed;
      return size;
    }
    at += header.index_chunks() * chunk;
    size.chunks += std::uint64_t{header.count} * value_rows_;
  }
  size.index_bytes = round_up(at, sparse_format::kIndexBlockBytes);
  size.value_bytes = round_up(size.chunks * lanes_, sparse_format::kBlockRowsBytes);
  if (size.index_bytes <= buffers.indices.size() && size.value_bytes <= buffers.values.size()) {
    size.status = PassSize::Status::kComplete;
  }
  return size;
}

void WeightStream::decode(const WeightBuffers& buffers, std::uint32_t banks,
                          GroupWeights& weights) const {
  const std::size_t chunk = index_chunk_bytes();
  const std::uint8_t* indices = buffers.indices.data();
  const std::uint8_t* values = buffers.values.data();
  const std::uint8_t* headers = nullptr;
  std::size_t next_header = chunk;
  std::vector<std::uint8_t> fields(lanes_);
  std::vector<std::uint64_t> bitmaps(lanes_);

  weights.banks.clear();
  weights.index.clear();
  weights.value.clear();
  for (std::uint32_t bank = 0; bank < banks; ++bank) {
    if (next_header == chunk) {
      headers = indices;
      indices += chunk;
      next_header = 0;
    }
    const BankHeader header(headers[next_header++]);
    const std::uint32_t count = header.count;
    const std::size_t first = weights.index.size();
    weights.banks.push_back({count, first});
    weights.index.resize(first + std::size_t{count} * lanes_);
    weights.value.resize(first + std::size_t{count} * lanes_, 0);
    std::uint8_t* index_out = weights.index.data() + first;
    std::uint16_t* value_out = weights.value.data() + first;

    if (header.index_chunks() == 0) {
      for (std::size_t i = 0; i < std::size_t{count} * lanes_; ++i) {
        index_out[i] = static_cast<std::uint8_t>(i % count);
      }
    } else if (header.bitmap) {
      std::fill(bitmaps.begin(), bitmaps.end(), 0);
      for (std::uint32_t row = 0; row < kBitmapRows; ++row, indices += chunk) {
        unpack_fields(indices, lanes_, fields.data());
        for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
          bitmaps[lane] |= static_cast<std::uint64_t>(fields[lane]) << (row * kIndexBits);
        }
      }
      for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
        std::uint64_t bits = bitmaps[lane];
        for (std::uint32_t entry = 0; entry < count && bits != 0; ++entry, bits &= bits - 1) {
          index_out[std::size_t{lane} * count + entry] =
              static_cast<std::uint8_t>(std::countr_zero(bits));
        }
      }
    } else {
      for (std::uint32_t entry = 0; entry < count; ++entry, indices += chunk) {
        unpack_fields(indices, lanes_, fields.data());
        for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
          index_out[std::size_t{lane} * count + entry] = fields[lane];
        }
      }
    }
    for (std::uint32_t entry = 0; entry < count; ++entry) {
      for (std::uint32_t row = 0; row < value_rows_; ++row, values += lanes_) {
        for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
          std::uint16_t& value = value_out[std::size_t{lane} * count + entry];
          value = static_cast<std::uint16_t>(value | values[lane] << (8 * row));
        }
      }
    }
  }
}

void WeightStream::decode_params(const WeightBuffers& buffers, std::uint32_t lanes_per_quadrant,
                                 std::vector<ChannelParameters>& channels) const {
  channels.resize(lanes_);
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
    const std::uint32_t part = lane / lanes_per_quadrant;
    const std::uint32_t in_part = lane % lanes_per_quadrant;
    const std::uint8_t* row = buffers.params.data() + std::size_t{part} * lanes_per_quadrant * 8;
    channels[lane].bias = static_cast<std::int32_t>(little_endian_32(row + in_part * 4));
    channels[lane].scale = little_endian_32(row + (lanes_per_quadrant + in_part) * 4);
  }
}

}  // namespace s4::sim
