#include "sim/dma/weight_dma.hpp"

#include <algorithm>
#include <vector>

#include "sim/dma/dense_operand.hpp"
#include "sim/local_buffer/local_buffer.hpp"

namespace s4::sim {

void WeightDma::start(const commands::WeightsCommand& command) {
  command_ = command;
  pieces_ = command.count;
  addr_ = command.mem_addr;
}

bool WeightDma::append(ByteFifo& fifo, std::uint64_t words) {
  const std::uint64_t bytes = words * kWordBytes;
  if (!memory_.contains(addr_, bytes)) return false;
  memory_.read(addr_, fifo.append(bytes));
  addr_ += bytes;
  registers_.count(counters::Counter::kWeightsWords, words);
  return true;
}

bool WeightDma::append_operand() {
  if (command_.from_local != 0) {
    append_rows(local_buffer_.bytes(command_.local_addr, command_.value_words));
    registers_.count(counters::Counter::kWeightsLocal, command_.value_words);
    return true;
  }
  const std::uint64_t bytes = std::uint64_t{command_.value_words} * kWordBytes;
  if (!memory_.contains(addr_, bytes)) return false;
  std::vector<std::uint8_t> words(bytes);
  memory_.read(addr_, words);
  append_rows(words);
  registers_.count(counters::Counter::kWeightsWords, command_.value_words);
  return true;
}

void WeightDma::append_rows(std::span<const std::uint8_t> words) {
  const auto rows = dense_rows(command_, words);
  std::copy(rows.begin(), rows.end(), buffers_.values.append(rows.size()).begin());
}

commands::Error WeightDma::advance() {
  --pieces_;
  if (command_.dense != 0) {
    return append_operand() ? commands::Error::kNone : commands::Error::kMemoryResponse;
  }
  const bool complete = append(buffers_.params, command_.param_words) &&
                        append(buffers_.indices, command_.index_words) &&
                        append(buffers_.values, command_.value_words);
  return complete ? commands::Error::kNone : commands::Error::kMemoryResponse;
}

}  // namespace s4::sim
