// The activation engine of a subsystem: commands of the rows, local buffer to local buffer.
#pragma once

#include "sim/local_buffer/local_buffer.hpp"
#include "sim/registers/registers.hpp"
#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// Executes Rows commands. RTL: rtl/activation/row_engine.sv; arithmetic:
/// sim/activation/row_engine.hpp.
class ActivationEngine {
 public:
  ActivationEngine(LocalBuffer& local_buffer, Registers& registers)
      : local_buffer_(local_buffer), registers_(registers) {}

  /// A command that the sequencer has checked.
  void execute(const commands::RowsCommand& command);

 private:
  LocalBuffer& local_buffer_;
  Registers& registers_;
};

}  // namespace s4::sim
