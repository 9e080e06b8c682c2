// Memory to the weight buffers of the SPU; activations in their place also from the local buffer.
#pragma once

#include <span>

#include "sim/local_buffer/local_buffer.hpp"
#include "sim/memory_port/memory.hpp"
#include "sim/registers/registers.hpp"
#include "sim/spu/weight_stream.hpp"

namespace s4::sim {

/// Executes Weights commands. RTL: rtl/dma/weight_dma.sv.
class WeightDma {
 public:
  WeightDma(Memory& memory, const LocalBuffer& local_buffer, WeightBuffers& buffers,
            Registers& registers)
      : memory_(memory), local_buffer_(local_buffer), buffers_(buffers), registers_(registers) {}

  void start(const commands::WeightsCommand& command);
  /// Whether a command was started of which pieces remain.
  [[nodiscard]] bool active() const { return pieces_ != 0; }
  /// Appends the sections of the next piece to their buffers; MemoryResponse if there is no memory
  /// at one of the addresses. The model's buffers take any amount, so the caller runs pieces only
  /// when the SPU has use for them.
  [[nodiscard]] commands::Error advance();
  /// Drops the command.
  void reset() { pieces_ = 0; }

 private:
  [[nodiscard]] bool append(ByteFifo& fifo, std::uint64_t words);
  [[nodiscard]] bool append_operand();
  void append_rows(std::span<const std::uint8_t> words);

  commands::WeightsCommand command_;
  std::uint32_t pieces_ = 0;
  std::uint64_t addr_ = 0;
  Memory& memory_;
  const LocalBuffer& local_buffer_;
  WeightBuffers& buffers_;
  Registers& registers_;
};

}  // namespace s4::sim
