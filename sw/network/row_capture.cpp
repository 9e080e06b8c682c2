#include "sw/network/row_capture.hpp"

#include <algorithm>

namespace s4::sw {

RowCapture::RowCapture(const CompiledNetwork& compiled, const NetworkSession& session,
                       FunctionalDevice& device)
    : compiled_(compiled), local_(device.model().local_buffer()) {
  for (const ChipLayer& layer : compiled.network.layers) {
    const auto in_memory = [&](const MemoryValue& memory) { return memory.value == layer.output; };
    if (!layer.layer.rows ||
        std::any_of(compiled.memory.begin(), compiled.memory.end(), in_memory)) {
      continue;
    }
    words_[layer.output].resize(compiled.network.values[layer.output].shape.words() * 64);
  }
  device.model().observe_rows([&, this](std::uint32_t index, const commands::RowsCommand& command) {
    take_rows(compiled.programs.at(session.current()).program.info.at(index), command);
  });
}

void RowCapture::take_rows(const CommandInfo& info, const commands::RowsCommand& command) {
  const std::size_t value = compiled_.network.layers.at(info.layer).output;
  const auto found = words_.find(value);
  if (found == words_.end()) return;
  const TensorShape& shape = compiled_.network.values[value].shape;
  const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
  for (std::uint64_t block = 0; block < shape.blocks(); ++block) {
    const std::uint64_t to = (block * shape.batch + info.box.image_begin) * plane;
    for (std::uint64_t row = 0; row < command.rows; ++row) {
      const std::uint64_t from =
          command.out_addr + row * command.out_row + block * command.out_word;
      const sim::Word& word = local_.word(from);
      std::copy(word.begin(), word.end(),
                found->second.begin() + static_cast<std::ptrdiff_t>(64 * (to + row)));
    }
  }
}

}  // namespace s4::sw
