#include "sw/network/local_peak.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {
namespace {

using commands::Opcode;

constexpr std::uint32_t kWordBytes = 64;
constexpr std::uint32_t kTableWords = 4;
constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

/// Words of the local buffer, dimensions from the innermost.
struct Box {
  struct Axis {
    std::uint64_t count = 1, stride = 1;
  };
  std::uint64_t address = 0;
  std::array<Axis, 4> axes{};

  template <typename Each>
  void words(Each each) const {
    for (std::uint64_t i3 = 0; i3 < axes[3].count; ++i3) {
      for (std::uint64_t i2 = 0; i2 < axes[2].count; ++i2) {
        for (std::uint64_t i1 = 0; i1 < axes[1].count; ++i1) {
          const std::uint64_t row =
              address + i3 * axes[3].stride + i2 * axes[2].stride + i1 * axes[1].stride;
          for (std::uint64_t i0 = 0; i0 < axes[0].count; ++i0) each(row + i0 * axes[0].stride);
        }
      }
    }
  }
};

/// What a command reads and writes of the local buffer.
struct LocalUse {
  std::vector<Box> reads, writes;
};

Box box_of(const commands::DmaCommand& c) {
  return {c.local_addr,
          {{{c.count0, 1},
            {c.count1, c.local_stride1},
            {c.count2, c.local_stride2},
            {c.count3, c.local_stride3}}}};
}

LocalUse use_of(const commands::SpuCommand& c) {
  const std::uint32_t per_word = kWordBytes >> c.out_bf16;  // channels
  const std::uint64_t blocks = (c.out_channels + per_word - 1) / per_word;
  LocalUse use;
  use.reads.push_back({c.in_addr,
                       {{{c.in_width, 1},
                         {c.in_height, c.in_row},
                         {c.images, c.in_image},
                         {c.in_blocks, c.in_plane}}}});
  if (c.add_enable != 0)
    use.reads.push_back({c.add_addr, {{{c.pixels, 1}, {blocks, c.add_plane}}}});
  if (c.activation == commands::kActivationTable) {
    use.reads.push_back({c.table_addr, {{{kTableWords, 1}}}});
  }
  use.writes.push_back({c.out_addr, {{{c.pixels, 1}, {blocks, c.out_plane}}}});
  return use;
}

LocalUse use_of(const commands::RowsCommand& c) {
  const auto words = [&](unsigned wide) {
    const std::uint32_t per_word = kWordBytes >> wide;
    return std::uint64_t{(c.columns + per_word - 1) / per_word};
  };
  const bool statistics =
      static_cast<commands::RowFunction>(c.row_function) == commands::RowFunction::kStatistics;
  const std::uint64_t results = statistics ? 1 : words(c.out_bf16);
  LocalUse use;
  use.reads.push_back({c.in_addr, {{{words(c.dtype), c.in_word}, {c.rows, c.in_row}}}});
  if (c.affine != 0) {
    const std::uint64_t parameters = std::uint64_t{commands::kRowParameterWords} *
                                     ((c.columns + commands::kRowLanes - 1) / commands::kRowLanes);
    use.reads.push_back({c.param_addr, {{{parameters, 1}}}});
  }
  use.writes.push_back({c.out_addr, {{{results, c.out_word}, {c.rows, c.out_row}}}});
  return use;
}

LocalUse use_of(const commands::CommandBytes& bytes) {
  switch (static_cast<Opcode>(bytes[0])) {
    case Opcode::kLoad:
      return {{}, {box_of(commands::DmaCommand::decode(bytes))}};
    case Opcode::kStore:
      return {{box_of(commands::DmaCommand::decode(bytes))}, {}};
    case Opcode::kSpu:
      return use_of(commands::SpuCommand::decode(bytes));
    case Opcode::kRows:
      return use_of(commands::RowsCommand::decode(bytes));
    case Opcode::kWeights: {
      const auto c = commands::WeightsCommand::decode(bytes);
      if (c.from_local == 0) return {};
      return {{{c.local_addr, {{{c.value_words, 1}}}}}, {}};
    }
    default:
      return {};
  }
}

/// Words in use at every command.
class Uses {
 public:
  Uses(std::size_t commands, std::uint64_t words)
      : written_(words, kNever), read_(words, 0), change_(commands + 1, 0) {}

  void read(std::uint64_t word, std::uint32_t command) {
    if (word < written_.size() && written_[word] != kNever) read_[word] = command;
  }
  void write(std::uint64_t word, std::uint32_t command) {
    if (word >= written_.size()) return;
    end(word, command);
    written_[word] = read_[word] = command;
  }
  /// By command.
  [[nodiscard]] std::vector<std::uint64_t> counts() {
    for (std::uint64_t word = 0; word < written_.size(); ++word) end(word, kNever);
    std::vector<std::uint64_t> counts;
    std::int64_t now = 0;
    for (std::size_t i = 0; i + 1 < change_.size(); ++i) {
      now += change_[i];
      counts.push_back(static_cast<std::uint64_t>(now));
    }
    return counts;
  }

 private:
  /// `next`: the command that writes the word again, perhaps over what it reads itself.
  void end(std::uint64_t word, std::uint32_t next) {
    if (written_[word] == kNever) return;
    ++change_[written_[word]];
    --change_[std::min(read_[word] + 1, next)];
  }

  std::vector<std::uint32_t> written_, read_;  // the last command that did, by word
  std::vector<std::int64_t> change_;           // by command
};

}  // namespace

std::vector<std::uint64_t> local_peaks(const Program& program, std::size_t layers,
                                       std::uint64_t local_words) {
  Uses uses(program.commands.size(), local_words);
  for (std::uint32_t i = 0; i < program.commands.size(); ++i) {
    const LocalUse use = use_of(program.commands[i]);
    for (const Box& box : use.reads) box.words([&](std::uint64_t word) { uses.read(word, i); });
    for (const Box& box : use.writes) box.words([&](std::uint64_t word) { uses.write(word, i); });
  }
  const std::vector<std::uint64_t> counts = uses.counts();
  std::vector<std::uint64_t> peaks(layers, 0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t layer = program.info.at(i).layer;
    if (layer < layers) peaks[layer] = std::max(peaks[layer], counts[i] * kWordBytes);
  }
  return peaks;
}

}  // namespace s4::sw
