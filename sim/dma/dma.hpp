// The boxes of words that the load and store DMA copy.
#pragma once

#include <cstdint>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// Calls function(memory byte address, local word address) for each row of count0 words, the
/// innermost loop first. Stops early when function returns false; returns whether all rows passed.
/// RTL: rtl/dma/address_generator.sv.
template <typename Function>
bool for_each_row(const commands::DmaCommand& command, Function&& function) {
  for (std::uint64_t i3 = 0; i3 < command.count3; ++i3) {
    for (std::uint64_t i2 = 0; i2 < command.count2; ++i2) {
      for (std::uint64_t i1 = 0; i1 < command.count1; ++i1) {
        const std::uint64_t mem = command.mem_addr + i3 * command.mem_stride3 +
                                  i2 * command.mem_stride2 + i1 * command.mem_stride1;
        const std::uint64_t local = command.local_addr + i3 * command.local_stride3 +
                                    i2 * command.local_stride2 + i1 * command.local_stride1;
        if (!function(mem, local)) return false;
      }
    }
  }
  return true;
}

}  // namespace s4::sim
