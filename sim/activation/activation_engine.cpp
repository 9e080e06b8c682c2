#include "sim/activation/activation_engine.hpp"

#include "sim/activation/row_engine.hpp"

namespace s4::sim {

void ActivationEngine::execute(const commands::RowsCommand& command) {
  run_rows(command, local_buffer_.bytes(0, local_buffer_.size()));
  const bool statistics =
      command.row_function == static_cast<std::uint8_t>(commands::RowFunction::kStatistics);
  const std::uint32_t per_word = command.out_bf16 != 0 ? kWordBytes / 2 : kWordBytes;
  const std::uint64_t words = statistics ? 1 : (command.columns + per_word - 1) / per_word;
  registers_.count(counters::Counter::kActivationWords, words * command.rows);
}

}  // namespace s4::sim
