// What is checked of a command before any engine sees it.
#pragma once

#include <cstdint>

#include "sim/config/gen/configuration.hpp"
#include "sim/registers/registers.hpp"
#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// Checks operation, fields, alignment and address ranges of commands.
/// RTL: rtl/sequencer/command_check.sv and command_fields.sv.
class CommandCheck {
 public:
  struct Verdict {
    commands::Error code = commands::Error::kNone;
    std::uint32_t info = 0;  ///< byte offset in the command, or the operation
  };

  CommandCheck(const config::Configuration& config, const Registers& registers)
      : config_(config), registers_(registers) {}

  /// The first error in the order Opcode, Field (lowest byte), Align, MemoryRange, LocalRange.
  [[nodiscard]] Verdict check(const commands::CommandBytes& bytes) const;

 private:
  [[nodiscard]] Verdict check_dma(const commands::DmaCommand& command) const;
  [[nodiscard]] Verdict check_weights(const commands::WeightsCommand& command) const;
  [[nodiscard]] Verdict check_spu_ranges(const commands::SpuCommand& command) const;
  [[nodiscard]] Verdict check_rows_ranges(const commands::RowsCommand& command) const;

  const config::Configuration& config_;
  const Registers& registers_;
};

}  // namespace s4::sim
