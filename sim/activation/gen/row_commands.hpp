// Generated from rtl/activation/row_commands.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace s4::row_commands {

/// Elements of a beat, in every configuration: sums are formed in this order.
inline constexpr std::uint32_t kLanes = 32;
/// Elements of the longest row.
inline constexpr std::uint32_t kMaxColumns = 65536;
/// Elements of the longest row with gamma and beta, which the engine keeps.
inline constexpr std::uint32_t kMaxAffineColumns = 4096;
/// Integer bits of |x| * factor; what exceeds them is limited to 2^17.
inline constexpr std::uint32_t kExponentBits = 17;
/// Fractional bits of an exponential in the sum.
inline constexpr std::uint32_t kTermFraction = 34;
/// Words of parameters for 32 columns: 16 gammas, 16 gammas, 16 betas, 16 betas, float32.
inline constexpr std::uint32_t kParameterWords = 4;
inline constexpr std::size_t kCommandBytes = 128;
using CommandBytes = std::array<std::uint8_t, kCommandBytes>;

/// Operation.
enum class Opcode : std::uint8_t {
  kRows = 33,  ///< Rows through the row engine.
};
[[nodiscard]] constexpr const char* to_string(Opcode value) {
  switch (value) {
    case Opcode::kRows:
      return "Rows";
  }
  return "?";
}

/// What is done with a row.
enum class RowFunction : std::uint8_t {
  kSoftmax = 0,  ///< out_factor * 2^(factor * x) / sum of 2^(factor * x).
  kLayerNorm = 1,  ///< (x - mean) / sqrt(variance + epsilon), times gamma plus beta, or times out_factor.
  kStatistics = 2,  ///< One word per row: maximum, sum and sum of squares as float32 in bytes 0, 4 and 8, then zeros.
};
[[nodiscard]] constexpr const char* to_string(RowFunction value) {
  switch (value) {
    case RowFunction::kSoftmax:
      return "Softmax";
    case RowFunction::kLayerNorm:
      return "LayerNorm";
    case RowFunction::kStatistics:
      return "Statistics";
  }
  return "?";
}

/// Where a field of a command lies; for disassembly and range checks.
struct FieldInfo {
  const char* name;
  std::uint16_t lsb;
  std::uint8_t bits;
  bool is_signed;
  const char* prose;
};

/// Reads bits [lsb, lsb + bits) of a command.
[[nodiscard]] inline std::uint64_t get_bits(const CommandBytes& bytes, unsigned lsb, unsigned bits) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bits; ++i) {
    value |= static_cast<std::uint64_t>((bytes[(lsb + i) / 8] >> ((lsb + i) % 8)) & 1U) << i;
  }
  return value;
}

/// Writes bits [lsb, lsb + bits) of a command.
inline void set_bits(CommandBytes& bytes, unsigned lsb, unsigned bits, std::uint64_t value) {
  for (unsigned i = 0; i < bits; ++i) {
    const auto mask = static_cast<std::uint8_t>(1U << ((lsb + i) % 8));
    auto& byte = bytes[(lsb + i) / 8];
    byte = static_cast<std::uint8_t>(((value >> i) & 1U) != 0 ? byte | mask : byte & ~mask);
  }
}

/// Throws std::out_of_range if a value does not fit its field.
inline void check_fits(const FieldInfo& field, std::int64_t value) {
  const std::int64_t low = field.is_signed ? -(std::int64_t{1} << (field.bits - 1)) : 0;
  const std::int64_t high =
      (std::int64_t{1} << (field.is_signed ? field.bits - 1 : field.bits)) - 1;
  if (value < low || value > high) {
    throw std::out_of_range(std::string("command field ") + field.name + " = " +
                            std::to_string(value) + " is outside " + std::to_string(low) + " to " +
                            std::to_string(high));
  }
}

[[nodiscard]] inline std::int64_t get_field(const CommandBytes& bytes, const FieldInfo& field) {
  const std::uint64_t raw = get_bits(bytes, field.lsb, field.bits);
  if (field.is_signed && ((raw >> (field.bits - 1)) & 1U) != 0) {
    return static_cast<std::int64_t>(raw) - (std::int64_t{1} << field.bits);
  }
  return static_cast<std::int64_t>(raw);
}

inline void put_field(CommandBytes& bytes, const FieldInfo& field, std::int64_t value) {
  check_fits(field, value);
  set_bits(bytes, field.lsb, field.bits, static_cast<std::uint64_t>(value));
}

/// Every row by itself, local buffer to local buffer. Word w of row r (64 bytes, or 32 BF16) lies
/// at in_addr + r*in_row + w*in_word, of the result at out_addr + r*out_row + w*out_word.
/// Elements of the last word beyond the row are ignored, and written as 0. Results may replace
/// the input if they have its type and addresses.
struct RowsCommand {
  /// Operation.
  Opcode opcode = Opcode::kRows;
  /// Input: 0 bytes, 1 BF16.
  std::uint8_t dtype = 0;
  /// Row function.
  std::uint8_t row_function = 0;
  /// Input bytes are uint8.
  std::uint8_t in_unsigned = 0;
  /// Results are BF16, else bytes.
  std::uint8_t out_bf16 = 0;
  /// LayerNorm: gamma and beta from param_addr; at most 4,096 columns.
  std::uint8_t affine = 0;
  /// Input, local-buffer word address.
  std::uint32_t in_addr = 0;
  /// Words between rows of the input.
  std::uint32_t in_row = 0;
  /// Words between the words of a row of the input: the plane stride for rows over channels.
  std::uint32_t in_word = 0;
  /// Results, local-buffer word address.
  std::uint32_t out_addr = 0;
  /// Words between rows of the result.
  std::uint32_t out_row = 0;
  /// Words between the words of a row of the result.
  std::uint32_t out_word = 0;
  /// Rows, at least 1.
  std::uint32_t rows = 0;
  /// Elements of a row, 1 to 65,536.
  std::uint32_t columns = 0;
  /// Gammas and betas, consecutive words: four for each 32 columns.
  std::uint32_t param_addr = 0;
  /// LayerNorm: float32 added to the variance; of bytes: epsilon / scale^2.
  std::uint32_t epsilon = 0;
  /// LayerNorm: float32 1 / columns.
  std::uint32_t inverse_columns = 0;
  /// Softmax: float32, positive: log2(e), times the scale of the input.
  std::uint32_t factor = 0;
  /// float32 factor of the result, positive: 1, of bytes 1 / scale.
  std::uint32_t out_factor = 0;
  /// Zero point added to a byte after rounding.
  std::int16_t out_zero = 0;
  /// Lower limit before the zero point is added (qmin - zero).
  std::int16_t out_min = 0;
  /// Upper limit before the zero point is added (qmax - zero).
  std::int16_t out_max = 0;

  static constexpr std::array<FieldInfo, 22> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"dtype", 12, 4, false,
       "Input: 0 bytes, 1 BF16."},
      {"row_function", 128, 4, false,
       "Row function."},
      {"in_unsigned", 132, 1, false,
       "Input bytes are uint8."},
      {"out_bf16", 133, 1, false,
       "Results are BF16, else bytes."},
      {"affine", 134, 1, false,
       "LayerNorm: gamma and beta from param_addr; at most 4,096 columns."},
      {"in_addr", 160, 24, false,
       "Input, local-buffer word address."},
      {"in_row", 192, 24, false,
       "Words between rows of the input."},
      {"in_word", 224, 24, false,
       "Words between the words of a row of the input: the plane stride for rows over channels."},
      {"out_addr", 256, 24, false,
       "Results, local-buffer word address."},
      {"out_row", 288, 24, false,
       "Words between rows of the result."},
      {"out_word", 320, 24, false,
       "Words between the words of a row of the result."},
      {"rows", 352, 24, false,
       "Rows, at least 1."},
      {"columns", 384, 17, false,
       "Elements of a row, 1 to 65,536."},
      {"param_addr", 416, 24, false,
       "Gammas and betas, consecutive words: four for each 32 columns."},
      {"epsilon", 448, 32, false,
       "LayerNorm: float32 added to the variance; of bytes: epsilon / scale^2."},
      {"inverse_columns", 480, 32, false,
       "LayerNorm: float32 1 / columns."},
      {"factor", 512, 32, false,
       "Softmax: float32, positive: log2(e), times the scale of the input."},
      {"out_factor", 544, 32, false,
       "float32 factor of the result, positive: 1, of bytes 1 / scale."},
      {"out_zero", 576, 9, true,
       "Zero point added to a byte after rounding."},
      {"out_min", 592, 10, true,
       "Lower limit before the zero point is added (qmin - zero)."},
      {"out_max", 608, 10, true,
       "Upper limit before the zero point is added (qmax - zero)."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(row_function));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(in_unsigned));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(out_bf16));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(affine));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(in_addr));
    put_field(bytes, kFields[7], static_cast<std::int64_t>(in_row));
    put_field(bytes, kFields[8], static_cast<std::int64_t>(in_word));
    put_field(bytes, kFields[9], static_cast<std::int64_t>(out_addr));
    put_field(bytes, kFields[10], static_cast<std::int64_t>(out_row));
    put_field(bytes, kFields[11], static_cast<std::int64_t>(out_word));
    put_field(bytes, kFields[12], static_cast<std::int64_t>(rows));
    put_field(bytes, kFields[13], static_cast<std::int64_t>(columns));
    put_field(bytes, kFields[14], static_cast<std::int64_t>(param_addr));
    put_field(bytes, kFields[15], static_cast<std::int64_t>(epsilon));
    put_field(bytes, kFields[16], static_cast<std::int64_t>(inverse_columns));
    put_field(bytes, kFields[17], static_cast<std::int64_t>(factor));
    put_field(bytes, kFields[18], static_cast<std::int64_t>(out_factor));
    put_field(bytes, kFields[19], static_cast<std::int64_t>(out_zero));
    put_field(bytes, kFields[20], static_cast<std::int64_t>(out_min));
    put_field(bytes, kFields[21], static_cast<std::int64_t>(out_max));
    return bytes;
  }

  [[nodiscard]] static RowsCommand decode(const CommandBytes& bytes) {
    RowsCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.row_function = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.in_unsigned = static_cast<std::uint8_t>(get_field(bytes, kFields[3]));
    c.out_bf16 = static_cast<std::uint8_t>(get_field(bytes, kFields[4]));
    c.affine = static_cast<std::uint8_t>(get_field(bytes, kFields[5]));
    c.in_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[6]));
    c.in_row = static_cast<std::uint32_t>(get_field(bytes, kFields[7]));
    c.in_word = static_cast<std::uint32_t>(get_field(bytes, kFields[8]));
    c.out_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[9]));
    c.out_row = static_cast<std::uint32_t>(get_field(bytes, kFields[10]));
    c.out_word = static_cast<std::uint32_t>(get_field(bytes, kFields[11]));
    c.rows = static_cast<std::uint32_t>(get_field(bytes, kFields[12]));
    c.columns = static_cast<std::uint32_t>(get_field(bytes, kFields[13]));
    c.param_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[14]));
    c.epsilon = static_cast<std::uint32_t>(get_field(bytes, kFields[15]));
    c.inverse_columns = static_cast<std::uint32_t>(get_field(bytes, kFields[16]));
    c.factor = static_cast<std::uint32_t>(get_field(bytes, kFields[17]));
    c.out_factor = static_cast<std::uint32_t>(get_field(bytes, kFields[18]));
    c.out_zero = static_cast<std::int16_t>(get_field(bytes, kFields[19]));
    c.out_min = static_cast<std::int16_t>(get_field(bytes, kFields[20]));
    c.out_max = static_cast<std::int16_t>(get_field(bytes, kFields[21]));
    return c;
  }
};

}  // namespace s4::row_commands
