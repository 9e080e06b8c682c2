// A row operation as the commands and parameters of the row engine (docs/blocks/row_engine.md).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {

/// Softmax or LayerNorm of rows: which one, the types on both sides and their scales.
struct RowOperation {
  commands::RowFunction function = commands::RowFunction::kSoftmax;
  bool in_bf16 = false;  ///< else bytes
  bool out_bf16 = false;
  bool in_unsigned = false;   ///< bytes are uint8
  float in_scale = 1;         ///< bytes: real value of a step; their zero point cancels out
  float out_scale = 1;        ///< bytes: real value of a step
  std::int32_t out_zero = 0;  ///< bytes: the one that stands for 0
  std::int32_t low = -128;    ///< bytes: limits of a result, zero point included
  std::int32_t high = 127;
  float epsilon = 0;               ///< LayerNorm: added to the variance of the real numbers
  std::vector<float> gamma, beta;  ///< LayerNorm: of the columns, or both empty
};

/// The rows command but for its addresses and its number of rows.
[[nodiscard]] commands::RowsCommand row_command(const RowOperation& rows, std::uint32_t columns);

/// Words of gamma and beta for a command; 0 without them.
[[nodiscard]] std::uint32_t row_parameter_words(const RowOperation& rows, std::uint32_t columns);

/// gamma and beta as the engine reads them, whole words; empty without them.
[[nodiscard]] std::vector<std::uint8_t> row_parameters(const RowOperation& rows);

/// Clocks from a rows command to its last word, local buffer to local buffer; nothing else uses the
/// ports.
[[nodiscard]] std::uint64_t row_clocks(const RowOperation& rows, std::uint64_t count,
                                       std::uint32_t columns);

}  // namespace s4::sw
