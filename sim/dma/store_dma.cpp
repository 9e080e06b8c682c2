#include "sim/dma/store_dma.hpp"

namespace s4::sim {

commands::Error StoreDma::execute(const commands::DmaCommand& command) {
  const bool complete = for_each_row(command, [&](std::uint64_t mem, std::uint64_t local) {
    const std::uint64_t bytes = std::uint64_t{command.count0} * kWordBytes;
    if (!memory_.contains(mem, bytes)) return false;
    memory_.write(mem, local_buffer_.bytes(local, command.count0));
    registers_.count(counters::Counter::kStoreWords, command.count0);
    return true;
  });
  return complete ? commands::Error::kNone : commands::Error::kMemoryResponse;
}

}  // namespace s4::sim
