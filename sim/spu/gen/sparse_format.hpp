// Generated from rtl/spu/sparse_format.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace s4::sparse_format {

/// Reduction elements of a bank.
inline constexpr std::uint32_t kBankSize = 64;
/// Bits of an index within a bank.
inline constexpr std::uint32_t kIndexBits = 6;
/// Banks with K from here to 63 may be stored as bitmaps: 64 + 8 K < 14 K bits per lane.
inline constexpr std::uint32_t kBitmapMinK = 11;
/// Index rows that carry the bitmap of one bank (ceil(64 / 6)); a bitmap needs K >= BitmapMinK so
/// that the next one arrives in time.
inline constexpr std::uint32_t kBitmapRows = 11;
/// Bytes of a value block; value sections are padded to it.
inline constexpr std::uint32_t kBlockRowsBytes = 256;
/// Bytes of an index block; index sections are padded to it.
inline constexpr std::uint32_t kIndexBlockBytes = 192;
/// Rows of the value stream that one BF16 value of every lane takes: the low bytes, then the high
/// bytes. An INT8 value takes one.
inline constexpr std::uint32_t kBf16ValueRows = 2;
/// Bits of a bank header.
inline constexpr std::uint32_t kBlockHeaderBits = 8;
inline constexpr unsigned kBankHeaderBitmapLsb = 7;
inline constexpr unsigned kBankHeaderBitmapBits = 1;
inline constexpr unsigned kBankHeaderCountLsb = 0;
inline constexpr unsigned kBankHeaderCountBits = 7;

}  // namespace s4::sparse_format
