// Memory to local buffer.
#pragma once

#include "sim/dma/dma.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "sim/memory_port/memory.hpp"
#include "sim/registers/registers.hpp"

namespace s4::sim {

/// Executes Load commands. RTL: rtl/dma/load_dma.sv.
class LoadDma {
 public:
  LoadDma(Memory& memory, LocalBuffer& local_buffer, Registers& registers)
      : memory_(memory), local_buffer_(local_buffer), registers_(registers) {}

  /// Copies the box; MemoryResponse if there is no memory at one of its addresses.
  [[nodiscard]] commands::Error execute(const commands::DmaCommand& command);

 private:
  Memory& memory_;
  LocalBuffer& local_buffer_;
  Registers& registers_;
};

}  // namespace s4::sim
