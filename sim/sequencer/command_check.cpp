#include "sim/sequencer/command_check.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "sim/memory_port/memory.hpp"
#include "sim/spu/gen/sparse_format.hpp"

namespace s4::sim {

namespace {

using commands::CommandBytes;
using commands::Error;
using commands::FieldInfo;
using commands::Opcode;

/// Byte offset at which the named field starts.
template <typename Command>
std::uint32_t byte_of(const char* name) {
  for (const FieldInfo& field : Command::kFields) {
    if (std::string(field.name) == name) return field.lsb / 8U;
  }
  throw std::logic_error(std::string("command check: no field ") + name);
}

/// Collects the offending byte with the lowest offset.
class FieldErrors {
 public:
  void add(std::uint32_t byte) { first_ = std::min(first_.value_or(byte), byte); }

  /// Adds the named field if `good` does not hold.
  template <typename Command>
  void require(bool good, const char* name) {
    if (!good) add(byte_of<Command>(name));
  }

  /// Adds every byte in which a bit is set that belongs to no field.
  template <typename Command>
  void require_reserved_zero(const CommandBytes& bytes) {
    CommandBytes rest = bytes;
    for (const FieldInfo& field : Command::kFields) {
      commands::set_bits(rest, field.lsb, field.bits, 0);
    }
    for (std::uint32_t byte = 0; byte < rest.size(); ++byte) {
      if (rest[byte] != 0) return add(byte);
    }
  }

  [[nodiscard]] const std::optional<std::uint32_t>& first() const { return first_; }

 private:
  std::optional<std::uint32_t> first_;
};

/// Fields that every command has.
template <typename Command>
void check_header(const CommandBytes& bytes, const Command& command, FieldErrors& errors) {
  errors.require_reserved_zero<Command>(bytes);
  errors.require<Command>(command.context_id < commands::kNumContexts, "context_id");
}

constexpr bool in_range(std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  return value >= low && value <= high;
}

constexpr bool aligned(std::uint64_t addr) { return addr % memory_port::kBeatBytes == 0; }

/// Whether [first, last] lies in [base, limit) and in the address space.
constexpr bool inside(std::uint64_t first, std::uint64_t last, std::uint64_t base,
                      std::uint64_t limit) {
  return first >= base && last < limit && last < kAddressSpace;
}

void check_fields(const commands::DmaCommand& c, FieldErrors& errors) {
  using C = commands::DmaCommand;
  errors.require<C>(c.count0 >= 1, "count0");
  errors.require<C>(c.count1 >= 1, "count1");
  errors.require<C>(c.count2 >= 1, "count2");
  errors.require<C>(c.count3 >= 1, "count3");
  errors.require<C>(c.dest_mask == 0, "dest_mask");
}

void check_fields(const commands::WeightsCommand& c, const config::Configuration& config,
                  FieldErrors& errors) {
  using C = commands::WeightsCommand;
  constexpr std::uint32_t kParamBytes = 8;  // bias and scale of a lane
  const std::uint32_t row_words = config.lanes_per_quadrant * kParamBytes / memory_port::kBeatBytes;
  constexpr std::uint32_t kIndexBlockWords =
      sparse_format::kIndexBlockBytes / memory_port::kBeatBytes;
  constexpr std::uint32_t kValueBlockWords =
      sparse_format::kBlockRowsBytes / memory_port::kBeatBytes;
  errors.require<C>(c.param_words % row_words == 0, "param_words");
  errors.require<C>(c.param_words != 0 || c.index_words != 0 || c.value_words != 0, "param_words");
  errors.require<C>(c.index_words % kIndexBlockWords == 0, "index_words");
  errors.require<C>(c.value_words % kValueBlockWords == 0, "value_words");
  errors.require<C>(c.count >= 1, "count");
  errors.require<C>(c.dest_mask == 0, "dest_mask");
  errors.require<C>(c.from_local != 0 || c.local_addr == 0, "local_addr");
  if (c.dense == 0) {
    errors.require<C>(c.transposed == 0, "transposed");
    errors.require<C>(c.wide == 0, "wide");
    errors.require<C>(c.flip == 0, "flip");
    errors.require<C>(c.lanes == 0, "lanes");
    errors.require<C>(c.slice == 0, "slice");
    errors.require<C>(c.first_row == 0, "first_row");
    errors.require<C>(c.end_row == 0, "end_row");
    errors.require<C>(c.from_local == 0, "from_local");
    return;
  }
  const std::uint32_t lanes = 8U << c.lanes;
  const std::uint32_t elements = c.wide != 0 ? 32 : 64;  // of a word
  errors.require<C>(c.param_words == 0, "param_words");
  errors.require<C>(c.index_words == 0, "index_words");
  errors.require<C>(c.value_words % (c.transposed != 0 ? lanes : 64) == 0, "value_words");
  errors.require<C>(c.count == 1, "count");
  errors.require<C>(lanes <= 64 && lanes <= config.array_lanes, "lanes");
  errors.require<C>(c.wide == 0 || c.flip == 0, "flip");
  errors.require<C>(c.from_local == 0 || c.mem_addr == 0, "mem_addr");
  const std::uint32_t slices = c.transposed != 0 || lanes > elements ? 1 : elements / lanes;
  errors.require<C>(c.slice < slices, "slice");
}

void check_fields(const commands::SpuCommand& c, const config::Configuration& config,
                  FieldErrors& errors) {
  using C = commands::SpuCommand;
  errors.require<C>(
      c.activation == 0 || (c.out_bf16 != 0 ? c.activation <= commands::kNumFunctions
                                            : c.activation == commands::kActivationTable),
      "activation");
  errors.require<C>(c.in_blocks >= 1, "in_blocks");
  errors.require<C>(c.in_height >= 1, "in_height");
  errors.require<C>(c.in_width >= 1, "in_width");
  errors.require<C>(c.images >= 1, "images");
  errors.require<C>(c.out_height >= 1, "out_height");
  errors.require<C>(c.out_width >= 1, "out_width");
  errors.require<C>(in_range(c.kernel_h, 1, commands::kMaxKernel), "kernel_h");
  errors.require<C>(in_range(c.kernel_w, 1, commands::kMaxKernel), "kernel_w");
  errors.require<C>(in_range(c.stride_h, 1, commands::kMaxStride), "stride_h");
  errors.require<C>(in_range(c.stride_w, 1, commands::kMaxStride), "stride_w");
  errors.require<C>(in_range(c.dilation_h, 1, commands::kMaxDilation), "dilation_h");
  errors.require<C>(in_range(c.dilation_w, 1, commands::kMaxDilation), "dilation_w");
  errors.require<C>(c.shape <= config.max_shape, "shape");
  errors.require<C>(c.out_channels >= 1, "out_channels");
  errors.require<C>(
      c.pixels == std::uint64_t{c.images} * c.out_height * c.out_width && c.pixels != 0, "pixels");
  if (c.dtype == static_cast<std::uint8_t>(commands::Dtype::kBf16)) {
    errors.require<C>(c.in_zero == 0, "in_zero");
    errors.require<C>(c.in_quarters == 0, "in_quarters");
  }
  // An operand, byte minus zero point, has 9 bits.
  errors.require<C>(c.in_unsigned != 0 ? c.in_zero >= 0 && c.in_zero <= 255
                                       : c.in_zero >= -128 && c.in_zero <= 127,
                    "in_zero");
  if (c.weights_keep != 0) {
    errors.require<C>(c.weights_resident != 0 && c.out_channels <= config.array_lanes >> c.shape,
                      "weights_keep");
  }
  if (c.in_quarters != 0) {
    const std::uint32_t group = config.pixels_per_quadrant;
    errors.require<C>(c.in_blocks == 1, "in_blocks");
    errors.require<C>(c.in_width > c.out_width / 4, "in_width");
    errors.require<C>(group >= 4 && c.out_width % group == 0, "out_width");
    errors.require<C>(c.kernel_w == 1, "kernel_w");
    errors.require<C>(c.stride_w == 1, "stride_w");
    errors.require<C>(c.pad_left == 0, "pad_left");
    errors.require<C>(c.max_pool == 0, "max_pool");
  }
  if (c.max_pool != 0) {
    // Channel by channel: as many blocks in as out. No weights, no zero point.
    const bool wide = c.out_bf16 != 0;
    const std::uint32_t channels = wide ? 32 : 64;
    errors.require<C>(c.in_blocks == (c.out_channels + channels - 1) / channels, "in_blocks");
    errors.require<C>(wide == (c.dtype == static_cast<std::uint8_t>(commands::Dtype::kBf16)),
                      "out_bf16");
    errors.require<C>(c.float_epilogue == 0, "float_epilogue");
    errors.require<C>(!wide || c.add_enable == 0, "add_enable");
    errors.require<C>(c.shape == 0, "shape");
    errors.require<C>(c.weights_resident == 0 && c.weights_keep == 0, "weights_resident");
    errors.require<C>(c.in_zero == 0, "in_zero");
  }
}

void check_fields(const commands::RowsCommand& c, FieldErrors& errors) {
  using C = commands::RowsCommand;
  using commands::RowFunction;
  const auto function = static_cast<RowFunction>(c.row_function);
  errors.require<C>(c.activation == 0, "activation");
  errors.require<C>(function <= RowFunction::kStatistics, "row_function");
  errors.require<C>(c.affine == 0 || (function == RowFunction::kLayerNorm &&
                                      c.columns <= commands::kMaxAffineColumns),
                    "affine");
  errors.require<C>(c.rows >= 1, "rows");
  errors.require<C>(in_range(c.columns, 1, commands::kMaxColumns), "columns");
}

}  // namespace

CommandCheck::Verdict CommandCheck::check(const CommandBytes& bytes) const {
  const auto opcode = static_cast<Opcode>(bytes[0]);
  const Verdict bad_opcode{Error::kOpcode, bytes[0]};
  FieldErrors errors;
  const auto field_error = [&errors] { return Verdict{Error::kField, *errors.first()}; };
  switch (opcode) {
    case Opcode::kEnd:
      check_header(bytes, commands::EndCommand::decode(bytes), errors);
      if (errors.first()) return field_error();
      return {};
    case Opcode::kSync:
      check_header(bytes, commands::SyncCommand::decode(bytes), errors);
      if (errors.first()) return field_error();
      return {};
    case Opcode::kLoad:
    case Opcode::kStore: {
      const auto command = commands::DmaCommand::decode(bytes);
      check_header(bytes, command, errors);
      check_fields(command, errors);
      if (errors.first()) return field_error();
      return check_dma(command);
    }
    case Opcode::kWeights: {
      const auto command = commands::WeightsCommand::decode(bytes);
      check_header(bytes, command, errors);
      check_fields(command, config_, errors);
      if (errors.first()) return field_error();
      return check_weights(command);
    }
    case Opcode::kSpu: {
      const auto command = commands::SpuCommand::decode(bytes);
      if (command.dtype > static_cast<std::uint8_t>(commands::Dtype::kBf16)) return bad_opcode;
      check_header(bytes, command, errors);
      check_fields(command, config_, errors);
      if (errors.first()) return field_error();
      return check_spu_ranges(command);
    }
    case Opcode::kRows: {
      const auto command = commands::RowsCommand::decode(bytes);
      if (command.dtype > static_cast<std::uint8_t>(commands::Dtype::kBf16)) return bad_opcode;
      check_header(bytes, command, errors);
      check_fields(command, errors);
      if (errors.first()) return field_error();
      return check_rows_ranges(command);
    }
  }
  return bad_opcode;
}

CommandCheck::Verdict CommandCheck::check_dma(const commands::DmaCommand& c) const {
  using C = commands::DmaCommand;
  if (!aligned(c.mem_addr)) return {Error::kAlign, byte_of<C>("mem_addr")};
  if (!aligned(c.mem_stride1)) return {Error::kAlign, byte_of<C>("mem_stride1")};
  if (!aligned(c.mem_stride2)) return {Error::kAlign, byte_of<C>("mem_stride2")};
  if (!aligned(c.mem_stride3)) return {Error::kAlign, byte_of<C>("mem_stride3")};
  const std::uint64_t rows = c.count1 - 1U;
  const std::uint64_t planes = c.count2 - 1U;
  const std::uint64_t volumes = c.count3 - 1U;
  const std::uint64_t last_byte = c.mem_addr + rows * c.mem_stride1 + planes * c.mem_stride2 +
                                  volumes * c.mem_stride3 +
                                  std::uint64_t{c.count0} * memory_port::kBeatBytes - 1;
  const Region region = registers_.region(c.context_id);
  const bool store = c.opcode == Opcode::kStore;
  if (!inside(c.mem_addr, last_byte, store ? region.write_base : region.read_base,
              store ? region.write_limit : region.read_limit)) {
    return {Error::kMemoryRange, byte_of<C>("mem_addr")};
  }
  const std::uint64_t last_word = std::uint64_t{c.local_addr} + rows * c.local_stride1 +
                                  planes * c.local_stride2 + volumes * c.local_stride3 + c.count0 -
                                  1;
  if (last_word >= config_.local_words) return {Error::kLocalRange, byte_of<C>("local_addr")};
  return {};
}

CommandCheck::Verdict CommandCheck::check_weights(const commands::WeightsCommand& c) const {
  using C = commands::WeightsCommand;
  if (c.from_local != 0) {
    const bool inside_buffer =
        std::uint64_t{c.local_addr} + c.value_words <= std::uint64_t{config_.local_words};
    return inside_buffer ? Verdict{} : Verdict{Error::kLocalRange, byte_of<C>("local_addr")};
  }
  if (!aligned(c.mem_addr)) return {Error::kAlign, byte_of<C>("mem_addr")};
  const std::uint64_t words =
      std::uint64_t{c.count} * (std::uint64_t{c.param_words} + c.index_words + c.value_words);
  const Region region = registers_.region(c.context_id);
  if (!inside(c.mem_addr, c.mem_addr + words * memory_port::kBeatBytes - 1, region.read_base,
              region.read_limit)) {
    return {Error::kMemoryRange, byte_of<C>("mem_addr")};
  }
  return {};
}

CommandCheck::Verdict CommandCheck::check_spu_ranges(const commands::SpuCommand& c) const {
  using C = commands::SpuCommand;
  const std::uint64_t last_in = std::uint64_t{c.in_addr} +
                                (c.in_blocks - std::uint64_t{1}) * c.in_plane +
                                (c.images - std::uint64_t{1}) * c.in_image +
                                (c.in_height - std::uint64_t{1}) * c.in_row + c.in_width - 1;
  if (last_in >= config_.local_words) return {Error::kLocalRange, byte_of<C>("in_addr")};
  const std::uint32_t word_channels = memory_port::kBeatBytes >> c.out_bf16;
  const std::uint64_t last_block = (c.out_channels - 1U) / word_channels;
  const std::uint64_t last_out =
      std::uint64_t{c.out_addr} + last_block * c.out_plane + c.pixels - 1;
  if (last_out >= config_.local_words) return {Error::kLocalRange, byte_of<C>("out_addr")};
  const std::uint64_t last_add =
      std::uint64_t{c.add_addr} + last_block * c.add_plane + c.pixels - 1;
  if (c.add_enable != 0 && last_add >= config_.local_words) {
    return {Error::kLocalRange, byte_of<C>("add_addr")};
  }
  constexpr std::uint64_t kTableWords = 256 / memory_port::kBeatBytes;
  if (c.activation == commands::kActivationTable &&
      c.table_addr + kTableWords > config_.local_words) {
    return {Error::kLocalRange, byte_of<C>("table_addr")};
  }
  return {};
}

CommandCheck::Verdict CommandCheck::check_rows_ranges(const commands::RowsCommand& c) const {
  using C = commands::RowsCommand;
  const auto last = [&c](std::uint64_t addr, std::uint64_t row, std::uint64_t word, bool wide) {
    const std::uint64_t per_word = memory_port::kBeatBytes >> (wide ? 1 : 0);
    return addr + (c.rows - std::uint64_t{1}) * row + (c.columns - 1U) / per_word * word;
  };
  if (last(c.in_addr, c.in_row, c.in_word, c.dtype != 0) >= config_.local_words) {
    return {Error::kLocalRange, byte_of<C>("in_addr")};
  }
  const bool statistics =
      static_cast<commands::RowFunction>(c.row_function) == commands::RowFunction::kStatistics;
  if (last(c.out_addr, c.out_row, statistics ? 0 : c.out_word, c.out_bf16 != 0) >=
      config_.local_words) {
    return {Error::kLocalRange, byte_of<C>("out_addr")};
  }
  const std::uint64_t parameters =
      std::uint64_t{(c.columns + commands::kRowLanes - 1) / commands::kRowLanes} *
      commands::kRowParameterWords;
  if (c.affine != 0 && c.param_addr + parameters > config_.local_words) {
    return {Error::kLocalRange, byte_of<C>("param_addr")};
  }
  return {};
}

}  // namespace s4::sim
