// Words of an activation tensor as rows of the value stream.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// Rows of values, one behind the other, that the words of a dense weights command make: see
/// docs/blocks/dma.md. RTL: rtl/dma/dense_operand.sv.
[[nodiscard]] std::vector<std::uint8_t> dense_rows(const commands::WeightsCommand& command,
                                                   std::span<const std::uint8_t> words);

}  // namespace s4::sim
