// Weights of one layer and their banks: 64 input channels of one kernel tap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/spu/gen/sparse_format.hpp"

namespace s4::sw {

/// Weights [out][in][kernel_h][kernel_w], row-major. A matrix product has a 1x1 kernel.
struct WeightTensor {
  std::uint32_t out_channels = 0;
  std::uint32_t in_channels = 0;
  std::uint32_t kernel_h = 1;
  std::uint32_t kernel_w = 1;
  std::vector<std::int8_t> data;
  /// BF16 weights: their values, one per element of `data`, which then is not zero where a weight
  /// is kept. Empty if `data` holds the values.
  std::vector<std::uint16_t> bf16;

  WeightTensor() = default;
  WeightTensor(std::uint32_t out, std::uint32_t in, std::uint32_t kh, std::uint32_t kw)
      : out_channels(out),
        in_channels(in),
        kernel_h(kh),
        kernel_w(kw),
        data(static_cast<std::size_t>(out) * in * kh * kw, 0) {}

  /// Rows of the value stream that a value takes.
  [[nodiscard]] std::uint32_t value_rows() const {
    return bf16.empty() ? 1 : sparse_format::kBf16ValueRows;
  }
  /// Value of an element in the stream: a byte, or a BF16; 0 if it is not kept.
  [[nodiscard]] std::uint16_t value(std::size_t position) const {
    if (bf16.empty()) return static_cast<std::uint8_t>(data[position]);
    return data[position] == 0 ? std::uint16_t{0} : bf16[position];
  }
  [[nodiscard]] std::uint32_t taps() const { return kernel_h * kernel_w; }
  [[nodiscard]] std::uint32_t in_blocks() const {
    return (in_channels + sparse_format::kBankSize - 1) / sparse_format::kBankSize;
  }
  /// Banks of the reduction, in the order channel block, kernel row, kernel column.
  [[nodiscard]] std::uint32_t banks() const { return in_blocks() * taps(); }
  /// Channels of a bank that exist; fewer than 64 in the last channel block.
  [[nodiscard]] std::uint32_t valid_in_bank(std::uint32_t bank) const {
    const std::uint32_t first = bank / taps() * sparse_format::kBankSize;
    return in_channels - first < sparse_format::kBankSize ? in_channels - first
                                                          : sparse_format::kBankSize;
  }
  /// Position in `data` of element `element` of a bank.
  [[nodiscard]] std::size_t position(std::uint32_t out, std::uint32_t bank,
                                     std::uint32_t element) const {
    const std::uint32_t channel = bank / taps() * sparse_format::kBankSize + element;
    return (static_cast<std::size_t>(out) * in_channels + channel) * taps() + bank % taps();
  }
  [[nodiscard]] std::uint64_t non_zeros() const {
    std::uint64_t count = 0;
    for (const std::int8_t value : data) count += value != 0 ? 1 : 0;
    return count;
  }
  [[nodiscard]] bool operator==(const WeightTensor&) const = default;
};

}  // namespace s4::sw
