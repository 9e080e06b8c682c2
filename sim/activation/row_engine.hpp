// Softmax, LayerNorm and statistics of rows, bit by bit: model of rtl/activation/row_engine.sv.
// docs/blocks/row_engine.md states the arithmetic.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// What is wrong with a command; empty if it is legal.
[[nodiscard]] std::string row_command_problem(const commands::RowsCommand& command);

/// Executes a command on a local buffer of 64-byte words. Throws std::invalid_argument for a
/// command that is not legal, std::out_of_range for an address beyond the buffer.
void run_rows(const commands::RowsCommand& command, std::span<std::uint8_t> local);

/// float32 bits of numerator / x, correctly rounded: x >= 0, numerator positive and normal.
[[nodiscard]] std::uint32_t row_quotient(std::uint32_t numerator, std::uint32_t x);

/// float32 bits of 1 / sqrt(x), x >= 0, below 0.75 units in the last place.
[[nodiscard]] std::uint32_t row_reciprocal_root(std::uint32_t x);

}  // namespace s4::sim
