#include "sw/activation/row_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/compiler/command_fields.hpp"

namespace s4::sw {
namespace {

using commands::Engine;
using commands::Opcode;

constexpr std::uint64_t kBase = 0x100000;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint32_t kWord = 64;
constexpr std::uint32_t kCommand = 130;  // clocks of a command that no other engine hides

// Tokens, each with one producer and one consumer.
constexpr std::uint16_t kLoaded = 1U << 0;      // load to activation engine
constexpr std::uint16_t kInputFree = 1U << 1;   // activation engine to load
constexpr std::uint16_t kComputed = 1U << 2;    // activation engine to store
constexpr std::uint16_t kOutputFree = 1U << 3;  // store to activation engine

std::uint64_t page_up(std::uint64_t address) { return (address + kPage - 1) / kPage * kPage; }

/// Words of a row on both sides, and those of the parameters.
struct RowShape {
  std::uint32_t in_words = 0, out_words = 0, parameter_words = 0;

  explicit RowShape(const commands::RowsCommand& c) {
    const auto words = [&](bool wide) {
      const std::uint32_t per_word = wide ? kWord / 2 : kWord;
      return (c.columns + per_word - 1) / per_word;
    };
    in_words = words(c.dtype != 0);
    out_words = words(c.out_bf16 != 0);
    if (static_cast<commands::RowFunction>(c.row_function) == commands::RowFunction::kStatistics) {
      out_words = 1;
    }
    if (c.affine != 0) {
      parameter_words = (c.columns + commands::kRowLanes - 1) / commands::kRowLanes *
                        commands::kRowParameterWords;
    }
  }
};

class RowCompiler {
 public:
  RowCompiler(const commands::RowsCommand& rows, std::uint64_t count,
              const config::Configuration& config, std::uint32_t chunk_rows)
      : rows_(rows), count_(count), tensor_rows_(count), shape_(rows) {
    const std::uint32_t row_words = shape_.in_words + shape_.out_words;
    const std::uint32_t words =
        config.local_words - std::min(shape_.parameter_words, config.local_words);
    if (words < row_words) {
      throw CompileError(
          fmt::format("a row of {} columns takes {} words of the local buffer, which has {}",
                      rows.columns, row_words + shape_.parameter_words, config.local_words));
    }
    out_.regions = words >= 2 * row_words ? 2 : 1;
    const std::uint32_t most = words / out_.regions / row_words;
    const std::uint32_t wanted = chunk_rows != 0 ? chunk_rows : best_chunk();
    out_.chunk_rows = static_cast<std::uint32_t>(
        std::min<std::uint64_t>({most, wanted, count, std::numeric_limits<std::uint16_t>::max()}));
    out_.config_hash = config.hash;
  }

  void place_at(const RowPlace& place) {
    if (place.tensor_rows != 0) tensor_rows_ = place.tensor_rows;
    out_.input_region = {place.input, count_ * shape_.in_words * kWord};
    out_.parameter_region = {place.parameters, std::uint64_t{shape_.parameter_words} * kWord};
    out_.output_region = {place.output, count_ * shape_.out_words * kWord};
  }

  /// Input, parameters and results behind each other.
  void place_memory() {
    const auto place = [this](std::uint64_t words) {
      const Region region{next_, words * kWord};
      next_ = page_up(next_ + region.size);
      return region;
    };
    out_.input_region = place(count_ * shape_.in_words);
    out_.parameter_region = place(shape_.parameter_words);
    out_.read_region = {kBase, next_ - kBase};
    out_.output_region = place(count_ * shape_.out_words);
    out_.write_region = {out_.output_region.address, next_ - out_.output_region.address};
    out_.program.address = next_;
  }

  RowLayer compile() {
    out_.program.name = "rows";
    if (shape_.parameter_words != 0) {
      copy(Opcode::kLoad, "load gamma and beta", out_.parameter_region.address, 0,
           {{shape_.parameter_words, kWord, 1}}, 0, 0);
    }
    const auto chunks =
        static_cast<std::uint32_t>((count_ + out_.chunk_rows - 1U) / out_.chunk_rows);
    for (std::uint32_t i = 0; i < std::min(out_.regions, chunks); ++i) load(i);
    for (std::uint32_t i = 0; i < chunks; ++i) {
      const bool again = i + out_.regions < chunks;
      compute(i, again);
      store(i, again);
      if (again) load(i + out_.regions);
    }
    add(commands::EndCommand{}.encode(), Engine::kSequencer, "end");
    return std::move(out_);
  }

 private:
  /// Rows of a chunk for the fewest clocks: n chunks cost n times what a command does, its last row
  /// alone in pass 2; the first load and the last store, 1/n of all rows each, have nothing beside
  /// them.
  [[nodiscard]] std::uint32_t best_chunk() const {
    const double row = std::max({shape_.in_words, shape_.out_words, (rows_.columns + 31) / 32});
    const auto count = static_cast<double>(count_);
    const double chunks = std::sqrt(2 * count * row / (kCommand + row + shape_.parameter_words));
    return static_cast<std::uint32_t>(std::ceil(count / std::max(chunks, 1.0)));
  }

  void add(const commands::CommandBytes& bytes, Engine engine, const char* what) {
    out_.program.commands.push_back(bytes);
    out_.program.info.push_back({engine, what, 0, {}});
  }

  void copy(Opcode opcode, const char* what, std::uint64_t mem_addr, std::uint32_t local_addr,
            const std::vector<BoxAxis>& axes, std::uint16_t wait, std::uint16_t signal) {
    auto c = box_command(opcode, mem_addr, local_addr, axes, "rows");
    c.wait_mask = wait;
    c.signal_mask = signal;
    add(c.encode(), opcode == Opcode::kLoad ? Engine::kLoad : Engine::kStore, what);
  }

  [[nodiscard]] std::uint32_t rows_of(std::uint32_t chunk) const {
    const std::uint64_t left = count_ - std::uint64_t{chunk} * out_.chunk_rows;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(out_.chunk_rows, left));
  }
  [[nodiscard]] std::uint32_t input_at(std::uint32_t chunk) const {
    return shape_.parameter_words + chunk % out_.regions * out_.chunk_rows * shape_.in_words;
  }
  [[nodiscard]] std::uint32_t output_at(std::uint32_t chunk) const {
    return shape_.parameter_words + out_.regions * out_.chunk_rows * shape_.in_words +
           chunk % out_.regions * out_.chunk_rows * shape_.out_words;
  }
  [[nodiscard]] std::vector<BoxAxis> axes(std::uint32_t chunk, std::uint32_t words) const {
    return {{rows_of(chunk), kWord, 1}, {words, tensor_rows_ * kWord, out_.chunk_rows}};
  }

  void load(std::uint32_t i) {
    copy(Opcode::kLoad, "load rows",
         out_.input_region.address + std::uint64_t{i} * out_.chunk_rows * kWord, input_at(i),
         axes(i, shape_.in_words), i >= out_.regions ? kInputFree : 0, kLoaded);
  }

  void compute(std::uint32_t i, bool again) {
    commands::RowsCommand c = rows_;
    c.wait_mask = static_cast<std::uint16_t>(kLoaded | (i >= out_.regions ? kOutputFree : 0));
    c.signal_mask = static_cast<std::uint16_t>(kComputed | (again ? kInputFree : 0));
    c.in_addr = input_at(i);
    c.in_row = 1;
    c.in_word = out_.chunk_rows;
    c.out_addr = output_at(i);
    c.out_row = 1;
    c.out_word = out_.chunk_rows;
    c.rows = static_cast<std::uint16_t>(rows_of(i));
    c.param_addr = 0;
    add(c.encode(), Engine::kActivation, "rows");
  }

  void store(std::uint32_t i, bool again) {
    copy(Opcode::kStore, "store rows",
         out_.output_region.address + std::uint64_t{i} * out_.chunk_rows * kWord, output_at(i),
         axes(i, shape_.out_words), kComputed, again ? kOutputFree : 0);
  }

  commands::RowsCommand rows_;
  std::uint64_t count_;
  std::uint64_t tensor_rows_;  ///< words between the blocks of a row in memory
  RowShape shape_;
  RowLayer out_;
  std::uint64_t next_ = kBase;
};

}  // namespace

RowLayer compile_rows(const RowProgram& rows, const config::Configuration& config,
                      std::uint32_t chunk_rows) {
  RowCompiler compiler(rows.command, rows.command.rows, config, chunk_rows);
  compiler.place_memory();
  return compiler.compile();
}

Program rows_program(const RowOperation& rows, std::uint64_t count, std::uint32_t columns,
                     const RowPlace& place, const config::Configuration& config) {
  RowCompiler compiler(row_command(rows, columns), count, config, 0);
  compiler.place_at(place);
  return compiler.compile().program;
}

RunResult run_rows_on(Device& device, const RowLayer& layer, RowProgram& rows,
                      const Progress& progress) {
  const std::span<std::uint8_t> local = rows.local;
  const auto& c = rows.command;
  device.write_memory(layer.input_region.address,
                      local.subspan(std::size_t{c.in_addr} * kWord, layer.input_region.size));
  if (layer.parameter_region.size != 0) {
    device.write_memory(
        layer.parameter_region.address,
        local.subspan(std::size_t{c.param_addr} * kWord, layer.parameter_region.size));
  }
  RunRequest request;
  request.read_region = layer.read_region;
  request.write_region = layer.write_region;
  request.progress = progress;
  RunResult result = device.run(layer.program, layer.config_hash, request);
  device.read_memory(layer.output_region.address,
                     local.subspan(std::size_t{c.out_addr} * kWord, layer.output_region.size));
  return result;
}

}  // namespace s4::sw
