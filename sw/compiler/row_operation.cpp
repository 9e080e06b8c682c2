#include "sw/compiler/row_operation.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

namespace s4::sw {
namespace {

using commands::RowFunction;

constexpr std::size_t kWord = 64;

std::uint32_t beats_of(std::uint32_t columns) {
  return (columns + commands::kRowLanes - 1) / commands::kRowLanes;
}

float out_factor(const RowOperation& rows) { return rows.out_bf16 ? 1.0F : 1 / rows.out_scale; }

void put_float(std::vector<std::uint8_t>& bytes, std::size_t at, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(bits >> 8 * i);
}

}  // namespace

commands::RowsCommand row_command(const RowOperation& rows, std::uint32_t columns) {
  commands::RowsCommand c;
  const auto type = rows.in_bf16 ? commands::Dtype::kBf16 : commands::Dtype::kInt8;
  const float step = rows.in_bf16 ? 1.0F : rows.in_scale;
  c.dtype = static_cast<std::uint8_t>(type);
  c.row_function = static_cast<std::uint8_t>(rows.function);
  c.in_unsigned = !rows.in_bf16 && rows.in_unsigned ? 1 : 0;
  c.out_bf16 = rows.out_bf16 ? 1 : 0;
  c.affine = rows.gamma.empty() ? 0 : 1;
  c.columns = columns;
  c.epsilon = std::bit_cast<std::uint32_t>(rows.epsilon / (step * step));
  c.inverse_columns = std::bit_cast<std::uint32_t>(1 / static_cast<float>(columns));
  c.factor = std::bit_cast<std::uint32_t>(
      static_cast<float>(std::numbers::log2e * static_cast<double>(step)));
  c.out_factor = std::bit_cast<std::uint32_t>(out_factor(rows));
  c.out_zero = static_cast<std::int16_t>(rows.out_zero);
  c.out_min = static_cast<std::int16_t>(rows.low - rows.out_zero);
  c.out_max = static_cast<std::int16_t>(rows.high - rows.out_zero);
  return c;
}

std::uint32_t row_parameter_words(const RowOperation& rows, std::uint32_t columns) {
  return rows.gamma.empty() ? 0 : beats_of(columns) * commands::kRowParameterWords;
}

std::vector<std::uint8_t> row_parameters(const RowOperation& rows) {
  const auto columns = static_cast<std::uint32_t>(rows.gamma.size());
  std::vector<std::uint8_t> bytes(row_parameter_words(rows, columns) * kWord, 0);
  // Of 32 columns all gammas, then all betas; results of bytes are computed in steps.
  constexpr std::size_t kBeat = commands::kRowParameterWords * kWord;
  const float factor = out_factor(rows);
  for (std::size_t i = 0; i < columns; ++i) {
    const std::size_t at = i / commands::kRowLanes * kBeat + i % commands::kRowLanes * 4;
    put_float(bytes, at, rows.gamma[i] * factor);
    put_float(bytes, at + kBeat / 2, rows.beta[i] * factor);
  }
  return bytes;
}

std::uint64_t row_clocks(const RowOperation& rows, std::uint64_t count, std::uint32_t columns) {
  // Moments of a row take so long; the last row has pass 2 to itself.
  const std::uint64_t between = rows.function == RowFunction::kSoftmax ? 4 : 13;
  constexpr std::uint64_t kStartAndEnd = 70;
  const std::uint64_t beats = beats_of(columns);
  return count * std::max(beats, between) + beats + row_parameter_words(rows, columns) +
         kStartAndEnd;
}

}  // namespace s4::sw
