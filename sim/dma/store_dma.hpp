// Local buffer to memory.
#pragma once

#include "sim/dma/dma.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "sim/memory_port/memory.hpp"
#include "sim/registers/registers.hpp"

namespace s4::sim {

/// Executes Store commands. RTL: rtl/dma/store_dma.sv.
class StoreDma {
 public:
  StoreDma(Memory& memory, const LocalBuffer& local_buffer, Registers& registers)
      : memory_(memory), local_buffer_(local_buffer), registers_(registers) {}

  /// Copies the box; MemoryResponse if there is no memory at one of its addresses.
  [[nodiscard]] commands::Error execute(const commands::DmaCommand& command);

 private:
  Memory& memory_;
  const LocalBuffer& local_buffer_;
  Registers& registers_;
};

}  // namespace s4::sim
