// Generated from rtl/sequencer/commands.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace s4::commands {

/// Dependency tokens (counting semaphores) shared by all engines.
inline constexpr std::uint32_t kNumTokens = 16;
/// Bits of one token counter; overflow is an error.
inline constexpr std::uint32_t kTokenWidth = 6;
/// Contexts, each with its own memory regions.
inline constexpr std::uint32_t kNumContexts = 4;
/// Largest kernel extent, each way.
inline constexpr std::uint32_t kMaxKernel = 11;
/// Largest convolution stride, each way.
inline constexpr std::uint32_t kMaxStride = 4;
/// Largest dilation, each way.
inline constexpr std::uint32_t kMaxDilation = 4;
/// Activation functions; function f of the activation engine is activation f + 1.
inline constexpr std::uint32_t kNumFunctions = 12;
/// The activation that is a table of 256 bytes.
inline constexpr std::uint32_t kActivationTable = 16;
/// Rows: elements of a beat, in every configuration; sums are formed in this order.
inline constexpr std::uint32_t kRowLanes = 32;
/// Rows: elements of the longest row.
inline constexpr std::uint32_t kMaxColumns = 65536;
/// Rows: elements of the longest row with gamma and beta, which the engine keeps.
inline constexpr std::uint32_t kMaxAffineColumns = 4096;
/// Rows: integer bits of |x| * factor; what exceeds them is limited to 2^17.
inline constexpr std::uint32_t kRowExponentBits = 17;
/// Rows: fractional bits of an exponential in the sum.
inline constexpr std::uint32_t kRowTermFraction = 34;
/// Rows: words of parameters for 32 columns: 16 gammas, 16 gammas, 16 betas, 16 betas, float32.
inline constexpr std::uint32_t kRowParameterWords = 4;
inline constexpr std::size_t kCommandBytes = 128;
using CommandBytes = std::array<std::uint8_t, kCommandBytes>;

/// Operation.
enum class Opcode : std::uint8_t {
  kEnd = 1,  ///< Waits until every engine is idle, then completes the program.
  kSync = 2,  ///< The sequencer itself waits for and signals tokens.
  kLoad = 16,  ///< Load DMA: memory to local buffer.
  kStore = 17,  ///< Store DMA: local buffer to memory.
  kWeights = 18,  ///< Weight DMA: memory to the weight buffers of the SPU.
  kSpu = 32,  ///< Convolution or matrix product with fused epilogue.
  kRows = 33,  ///< Softmax, LayerNorm or statistics of rows, local buffer to local buffer.
};
[[nodiscard]] constexpr const char* to_string(Opcode value) {
  switch (value) {
    case Opcode::kEnd:
      return "End";
    case Opcode::kSync:
      return "Sync";
    case Opcode::kLoad:
      return "Load";
    case Opcode::kStore:
      return "Store";
    case Opcode::kWeights:
      return "Weights";
    case Opcode::kSpu:
      return "Spu";
    case Opcode::kRows:
      return "Rows";
  }
  return "?";
}

/// Engines, as numbered in status and traces. Numbers 6 to 15 are kept for engines to come.
enum class Engine : std::uint8_t {
  kSequencer = 0,  ///< Command fetch and dispatch.
  kLoad = 1,  ///< Load DMA.
  kWeights = 2,  ///< Weight DMA.
  kSpu = 3,  ///< Sparse processing unit with its epilogue.
  kStore = 4,  ///< Store DMA.
  kActivation = 5,  ///< Activation engine: rows.
};
[[nodiscard]] constexpr const char* to_string(Engine value) {
  switch (value) {
    case Engine::kSequencer:
      return "Sequencer";
    case Engine::kLoad:
      return "Load";
    case Engine::kWeights:
      return "Weights";
    case Engine::kSpu:
      return "Spu";
    case Engine::kStore:
      return "Store";
    case Engine::kActivation:
      return "Activation";
  }
  return "?";
}

/// Data type of operands.
enum class Dtype : std::uint8_t {
  kInt8 = 0,  ///< 8-bit integers, signedness by flag.
  kBf16 = 1,  ///< bfloat16, the spu and rows commands only: input words hold 32 channels, low byte first, and weight values have 16 bits.
};
[[nodiscard]] constexpr const char* to_string(Dtype value) {
  switch (value) {
    case Dtype::kInt8:
      return "Int8";
    case Dtype::kBf16:
      return "Bf16";
  }
  return "?";
}

/// Error codes of the status register.
enum class Error : std::uint8_t {
  kNone = 0,  ///< No error.
  kOpcode = 1,  ///< Unknown opcode or data type.
  kField = 2,  ///< A size or field is outside its legal range, or a reserved bit is set.
  kAlign = 3,  ///< A memory address or stride is not a multiple of 64 bytes.
  kMemoryRange = 4,  ///< A memory range lies outside the context's region.
  kLocalRange = 5,  ///< A local-buffer range ends beyond the buffer.
  kMemoryResponse = 6,  ///< The memory answered a request with an error.
  kWeightStream = 7,  ///< The weight stream is malformed (K above 64).
  kWatchdog = 8,  ///< No engine made progress for the watchdog period.
  kProgramEnd = 9,  ///< The program ran past its last command without End.
  kTokenOverflow = 10,  ///< A token was signalled more often than it can count.
};
[[nodiscard]] constexpr const char* to_string(Error value) {
  switch (value) {
    case Error::kNone:
      return "None";
    case Error::kOpcode:
      return "Opcode";
    case Error::kField:
      return "Field";
    case Error::kAlign:
      return "Align";
    case Error::kMemoryRange:
      return "MemoryRange";
    case Error::kLocalRange:
      return "LocalRange";
    case Error::kMemoryResponse:
      return "MemoryResponse";
    case Error::kWeightStream:
      return "WeightStream";
    case Error::kWatchdog:
      return "Watchdog";
    case Error::kProgramEnd:
      return "ProgramEnd";
    case Error::kTokenOverflow:
      return "TokenOverflow";
  }
  return "?";
}

/// What is done with a row.
enum class RowFunction : std::uint8_t {
  kSoftmax = 0,  ///< out_factor * 2^(factor * x) / sum of 2^(factor * x).
  kLayerNorm = 1,  ///< (x - mean) / sqrt(variance + epsilon), times gamma plus beta, or times out_factor.
  kStatistics = 2,  ///< One word per row: maximum, sum and sum of squares as float32 in bytes 0, 4 and 8, then zeros.
};
[[nodiscard]] constexpr const char* to_string(RowFunction value) {
  switch (value) {
    case RowFunction::kSoftmax:
      return "Softmax";
    case RowFunction::kLayerNorm:
      return "LayerNorm";
    case RowFunction::kStatistics:
      return "Statistics";
  }
  return "?";
}

/// Where a field of a command lies; for disassembly and range checks.
struct FieldInfo {
  const char* name;
  std::uint16_t lsb;
  std::uint8_t bits;
  bool is_signed;
  const char* prose;
};

/// Reads bits [lsb, lsb + bits) of a command.
[[nodiscard]] inline std::uint64_t get_bits(const CommandBytes& bytes, unsigned lsb, unsigned bits) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bits; ++i) {
    value |= static_cast<std::uint64_t>((bytes[(lsb + i) / 8] >> ((lsb + i) % 8)) & 1U) << i;
  }
  return value;
}

/// Writes bits [lsb, lsb + bits) of a command.
inline void set_bits(CommandBytes& bytes, unsigned lsb, unsigned bits, std::uint64_t value) {
  for (unsigned i = 0; i < bits; ++i) {
    const auto mask = static_cast<std::uint8_t>(1U << ((lsb + i) % 8));
    auto& byte = bytes[(lsb + i) / 8];
    byte = static_cast<std::uint8_t>(((value >> i) & 1U) != 0 ? byte | mask : byte & ~mask);
  }
}

/// Throws std::out_of_range if a value does not fit its field.
inline void check_fits(const FieldInfo& field, std::int64_t value) {
  const std::int64_t low = field.is_signed ? -(std::int64_t{1} << (field.bits - 1)) : 0;
  const std::int64_t high =
      (std::int64_t{1} << (field.is_signed ? field.bits - 1 : field.bits)) - 1;
  if (value < low || value > high) {
    throw std::out_of_range(std::string("command field ") + field.name + " = " +
                            std::to_string(value) + " is outside " + std::to_string(low) + " to " +
                            std::to_string(high));
  }
}

[[nodiscard]] inline std::int64_t get_field(const CommandBytes& bytes, const FieldInfo& field) {
  const std::uint64_t raw = get_bits(bytes, field.lsb, field.bits);
  if (field.is_signed && ((raw >> (field.bits - 1)) & 1U) != 0) {
    return static_cast<std::int64_t>(raw) - (std::int64_t{1} << field.bits);
  }
  return static_cast<std::int64_t>(raw);
}

inline void put_field(CommandBytes& bytes, const FieldInfo& field, std::int64_t value) {
  check_fits(field, value);
  set_bits(bytes, field.lsb, field.bits, static_cast<std::uint64_t>(value));
}

/// End of program.
struct EndCommand {
  /// Operation.
  Opcode opcode = Opcode::kEnd;
  /// Context whose regions every memory range is checked against.
  std::uint8_t context_id = 0;
  /// Data type of operands.
  std::uint8_t dtype = 0;
  /// Tokens that must be non-zero before the command starts; each is decremented by one then.
  std::uint16_t wait_mask = 0;
  /// Tokens incremented by one when the command is complete.
  std::uint16_t signal_mask = 0;
  /// Layer number, for reports only.
  std::uint16_t layer = 0;
  /// spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function,
  /// BF16 results only; ActivationTable: the byte that a table gives, byte results only.
  std::uint8_t activation = 0;

  static constexpr std::array<FieldInfo, 7> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"context_id", 8, 4, false,
       "Context whose regions every memory range is checked against."},
      {"dtype", 12, 4, false,
       "Data type of operands."},
      {"wait_mask", 32, 16, false,
       "Tokens that must be non-zero before the command starts; each is decremented by one then."},
      {"signal_mask", 48, 16, false,
       "Tokens incremented by one when the command is complete."},
      {"layer", 64, 16, false,
       "Layer number, for reports only."},
      {"activation", 80, 8, false,
       "spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function, BF16 results only; ActivationTable: the byte that a table gives, byte results only."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(context_id));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(wait_mask));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(signal_mask));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(layer));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(activation));
    return bytes;
  }

  [[nodiscard]] static EndCommand decode(const CommandBytes& bytes) {
    EndCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.context_id = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.wait_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[3]));
    c.signal_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[4]));
    c.layer = static_cast<std::uint16_t>(get_field(bytes, kFields[5]));
    c.activation = static_cast<std::uint8_t>(get_field(bytes, kFields[6]));
    return c;
  }
};

/// Token rendezvous in the sequencer.
struct SyncCommand {
  /// Operation.
  Opcode opcode = Opcode::kSync;
  /// Context whose regions every memory range is checked against.
  std::uint8_t context_id = 0;
  /// Data type of operands.
  std::uint8_t dtype = 0;
  /// Tokens that must be non-zero before the command starts; each is decremented by one then.
  std::uint16_t wait_mask = 0;
  /// Tokens incremented by one when the command is complete.
  std::uint16_t signal_mask = 0;
  /// Layer number, for reports only.
  std::uint16_t layer = 0;
  /// spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function,
  /// BF16 results only; ActivationTable: the byte that a table gives, byte results only.
  std::uint8_t activation = 0;

  static constexpr std::array<FieldInfo, 7> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"context_id", 8, 4, false,
       "Context whose regions every memory range is checked against."},
      {"dtype", 12, 4, false,
       "Data type of operands."},
      {"wait_mask", 32, 16, false,
       "Tokens that must be non-zero before the command starts; each is decremented by one then."},
      {"signal_mask", 48, 16, false,
       "Tokens incremented by one when the command is complete."},
      {"layer", 64, 16, false,
       "Layer number, for reports only."},
      {"activation", 80, 8, false,
       "spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function, BF16 results only; ActivationTable: the byte that a table gives, byte results only."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(context_id));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(wait_mask));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(signal_mask));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(layer));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(activation));
    return bytes;
  }

  [[nodiscard]] static SyncCommand decode(const CommandBytes& bytes) {
    SyncCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.context_id = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.wait_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[3]));
    c.signal_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[4]));
    c.layer = static_cast<std::uint16_t>(get_field(bytes, kFields[5]));
    c.activation = static_cast<std::uint8_t>(get_field(bytes, kFields[6]));
    return c;
  }
};

/// Four-dimensional strided copy of 64-byte words between memory and local buffer. Word
/// (i3,i2,i1,i0) lies at mem_addr + i3*mem_stride3 + i2*mem_stride2 + i1*mem_stride1 + 64*i0 and
/// at local_addr + i3*local_stride3 + i2*local_stride2 + i1*local_stride1 + i0.
struct DmaCommand {
  /// Operation.
  Opcode opcode = Opcode::kLoad;
  /// Context whose regions every memory range is checked against.
  std::uint8_t context_id = 0;
  /// Data type of operands.
  std::uint8_t dtype = 0;
  /// Tokens that must be non-zero before the command starts; each is decremented by one then.
  std::uint16_t wait_mask = 0;
  /// Tokens incremented by one when the command is complete.
  std::uint16_t signal_mask = 0;
  /// Layer number, for reports only.
  std::uint16_t layer = 0;
  /// spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function,
  /// BF16 results only; ActivationTable: the byte that a table gives, byte results only.
  std::uint8_t activation = 0;
  /// Memory byte address, multiple of 64.
  std::uint64_t mem_addr = 0;
  /// Local-buffer word address.
  std::uint32_t local_addr = 0;
  /// Words in a row, contiguous on both sides, at least 1.
  std::uint32_t count0 = 0;
  /// Rows, at least 1.
  std::uint16_t count1 = 0;
  /// Planes, at least 1.
  std::uint16_t count2 = 0;
  /// Volumes, at least 1.
  std::uint16_t count3 = 0;
  /// Bytes between rows, multiple of 64.
  std::uint32_t mem_stride1 = 0;
  /// Bytes between planes, multiple of 64.
  std::uint32_t mem_stride2 = 0;
  /// Bytes between volumes, multiple of 64.
  std::uint32_t mem_stride3 = 0;
  /// Words between rows.
  std::uint32_t local_stride1 = 0;
  /// Words between planes.
  std::uint32_t local_stride2 = 0;
  /// Words between volumes.
  std::uint32_t local_stride3 = 0;
  /// Stations that receive the data (multicast); 0 is this one only.
  std::uint16_t dest_mask = 0;

  static constexpr std::array<FieldInfo, 20> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"context_id", 8, 4, false,
       "Context whose regions every memory range is checked against."},
      {"dtype", 12, 4, false,
       "Data type of operands."},
      {"wait_mask", 32, 16, false,
       "Tokens that must be non-zero before the command starts; each is decremented by one then."},
      {"signal_mask", 48, 16, false,
       "Tokens incremented by one when the command is complete."},
      {"layer", 64, 16, false,
       "Layer number, for reports only."},
      {"activation", 80, 8, false,
       "spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function, BF16 results only; ActivationTable: the byte that a table gives, byte results only."},
      {"mem_addr", 128, 36, false,
       "Memory byte address, multiple of 64."},
      {"local_addr", 192, 24, false,
       "Local-buffer word address."},
      {"count0", 224, 20, false,
       "Words in a row, contiguous on both sides, at least 1."},
      {"count1", 256, 16, false,
       "Rows, at least 1."},
      {"count2", 272, 16, false,
       "Planes, at least 1."},
      {"count3", 288, 16, false,
       "Volumes, at least 1."},
      {"mem_stride1", 320, 32, false,
       "Bytes between rows, multiple of 64."},
      {"mem_stride2", 352, 32, false,
       "Bytes between planes, multiple of 64."},
      {"mem_stride3", 384, 32, false,
       "Bytes between volumes, multiple of 64."},
      {"local_stride1", 416, 24, false,
       "Words between rows."},
      {"local_stride2", 448, 24, false,
       "Words between planes."},
      {"local_stride3", 480, 24, false,
       "Words between volumes."},
      {"dest_mask", 512, 16, false,
       "Stations that receive the data (multicast); 0 is this one only."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(context_id));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(wait_mask));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(signal_mask));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(layer));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(activation));
    put_field(bytes, kFields[7], static_cast<std::int64_t>(mem_addr));
    put_field(bytes, kFields[8], static_cast<std::int64_t>(local_addr));
    put_field(bytes, kFields[9], static_cast<std::int64_t>(count0));
    put_field(bytes, kFields[10], static_cast<std::int64_t>(count1));
    put_field(bytes, kFields[11], static_cast<std::int64_t>(count2));
    put_field(bytes, kFields[12], static_cast<std::int64_t>(count3));
    put_field(bytes, kFields[13], static_cast<std::int64_t>(mem_stride1));
    put_field(bytes, kFields[14], static_cast<std::int64_t>(mem_stride2));
    put_field(bytes, kFields[15], static_cast<std::int64_t>(mem_stride3));
    put_field(bytes, kFields[16], static_cast<std::int64_t>(local_stride1));
    put_field(bytes, kFields[17], static_cast<std::int64_t>(local_stride2));
    put_field(bytes, kFields[18], static_cast<std::int64_t>(local_stride3));
    put_field(bytes, kFields[19], static_cast<std::int64_t>(dest_mask));
    return bytes;
  }

  [[nodiscard]] static DmaCommand decode(const CommandBytes& bytes) {
    DmaCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.context_id = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.wait_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[3]));
    c.signal_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[4]));
    c.layer = static_cast<std::uint16_t>(get_field(bytes, kFields[5]));
    c.activation = static_cast<std::uint8_t>(get_field(bytes, kFields[6]));
    c.mem_addr = static_cast<std::uint64_t>(get_field(bytes, kFields[7]));
    c.local_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[8]));
    c.count0 = static_cast<std::uint32_t>(get_field(bytes, kFields[9]));
    c.count1 = static_cast<std::uint16_t>(get_field(bytes, kFields[10]));
    c.count2 = static_cast<std::uint16_t>(get_field(bytes, kFields[11]));
    c.count3 = static_cast<std::uint16_t>(get_field(bytes, kFields[12]));
    c.mem_stride1 = static_cast<std::uint32_t>(get_field(bytes, kFields[13]));
    c.mem_stride2 = static_cast<std::uint32_t>(get_field(bytes, kFields[14]));
    c.mem_stride3 = static_cast<std::uint32_t>(get_field(bytes, kFields[15]));
    c.local_stride1 = static_cast<std::uint32_t>(get_field(bytes, kFields[16]));
    c.local_stride2 = static_cast<std::uint32_t>(get_field(bytes, kFields[17]));
    c.local_stride3 = static_cast<std::uint32_t>(get_field(bytes, kFields[18]));
    c.dest_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[19]));
    return c;
  }
};

/// Copies `count` consecutive pieces of the weight stream, each made of parameter, index and
/// value section, into the weight buffers; waits while they are full.
struct WeightsCommand {
  /// Operation.
  Opcode opcode = Opcode::kWeights;
  /// Context whose regions every memory range is checked against.
  std::uint8_t context_id = 0;
  /// Data type of operands.
  std::uint8_t dtype = 0;
  /// Tokens that must be non-zero before the command starts; each is decremented by one then.
  std::uint16_t wait_mask = 0;
  /// Tokens incremented by one when the command is complete.
  std::uint16_t signal_mask = 0;
  /// Layer number, for reports only.
  std::uint16_t layer = 0;
  /// spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function,
  /// BF16 results only; ActivationTable: the byte that a table gives, byte results only.
  std::uint8_t activation = 0;
  /// Memory byte address, multiple of 64; 0 with `from_local`.
  std::uint64_t mem_addr = 0;
  /// 64-byte words of the parameter section of a piece; 0 if it has none.
  std::uint16_t param_words = 0;
  /// 64-byte words of the index section, a multiple of 3.
  std::uint32_t index_words = 0;
  /// 64-byte words of the value section, a multiple of 4.
  std::uint32_t value_words = 0;
  /// Pieces, at least 1.
  std::uint16_t count = 0;
  /// The value words are words of an activation tensor (the right operand of a dense matrix
  /// product), turned into rows of values on the way (docs/blocks/dma.md). One piece without
  /// parameters and indices. The other fields of bytes 40 to 51 are zero without it.
  std::uint8_t dense = 0;
  /// 0: a word is a reduction index, its bytes output channels; a multiple of 64 words. 1: a word
  /// is an output channel, its bytes reduction indices; `lanes` words are a block of 64 bytes of
  /// the reduction.
  std::uint8_t transposed = 0;
  /// Elements are BF16, low byte first: a word holds 32. Not transposed and with 64 lanes, two
  /// words are a reduction index.
  std::uint8_t wide = 0;
  /// Bytes are uint8 with zero point 128: their upper bit is inverted.
  std::uint8_t flip = 0;
  /// Output channels of a group: 8 << lanes, at most 64 and those of the array.
  std::uint8_t lanes = 0;
  /// With `dense`: the words lie in the local buffer, from `local_addr` on, instead of in memory.
  std::uint8_t from_local = 0;
  /// Not transposed: which `lanes` elements of the words are taken.
  std::uint8_t slice = 0;
  /// Reduction indices before this one get weights of zero, counted from the first of the
  /// command.
  std::uint16_t first_row = 0;
  /// So do those from this one on.
  std::uint16_t end_row = 0;
  /// With `from_local`: word address of the first word.
  std::uint32_t local_addr = 0;
  /// Stations that receive the data (multicast); 0 is this one only.
  std::uint16_t dest_mask = 0;

  static constexpr std::array<FieldInfo, 23> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"context_id", 8, 4, false,
       "Context whose regions every memory range is checked against."},
      {"dtype", 12, 4, false,
       "Data type of operands."},
      {"wait_mask", 32, 16, false,
       "Tokens that must be non-zero before the command starts; each is decremented by one then."},
      {"signal_mask", 48, 16, false,
       "Tokens incremented by one when the command is complete."},
      {"layer", 64, 16, false,
       "Layer number, for reports only."},
      {"activation", 80, 8, false,
       "spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function, BF16 results only; ActivationTable: the byte that a table gives, byte results only."},
      {"mem_addr", 128, 36, false,
       "Memory byte address, multiple of 64; 0 with `from_local`."},
      {"param_words", 192, 16, false,
       "64-byte words of the parameter section of a piece; 0 if it has none."},
      {"index_words", 224, 24, false,
       "64-byte words of the index section, a multiple of 3."},
      {"value_words", 256, 24, false,
       "64-byte words of the value section, a multiple of 4."},
      {"count", 288, 16, false,
       "Pieces, at least 1."},
      {"dense", 320, 1, false,
       "The value words are words of an activation tensor (the right operand of a dense matrix product), turned into rows of values on the way (docs/blocks/dma.md). One piece without parameters and indices. The other fields of bytes 40 to 51 are zero without it."},
      {"transposed", 321, 1, false,
       "0: a word is a reduction index, its bytes output channels; a multiple of 64 words. 1: a word is an output channel, its bytes reduction indices; `lanes` words are a block of 64 bytes of the reduction."},
      {"wide", 322, 1, false,
       "Elements are BF16, low byte first: a word holds 32. Not transposed and with 64 lanes, two words are a reduction index."},
      {"flip", 323, 1, false,
       "Bytes are uint8 with zero point 128: their upper bit is inverted."},
      {"lanes", 324, 2, false,
       "Output channels of a group: 8 << lanes, at most 64 and those of the array."},
      {"from_local", 326, 1, false,
       "With `dense`: the words lie in the local buffer, from `local_addr` on, instead of in memory."},
      {"slice", 328, 3, false,
       "Not transposed: which `lanes` elements of the words are taken."},
      {"first_row", 336, 16, false,
       "Reduction indices before this one get weights of zero, counted from the first of the command."},
      {"end_row", 352, 16, false,
       "So do those from this one on."},
      {"local_addr", 384, 24, false,
       "With `from_local`: word address of the first word."},
      {"dest_mask", 512, 16, false,
       "Stations that receive the data (multicast); 0 is this one only."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(context_id));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(wait_mask));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(signal_mask));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(layer));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(activation));
    put_field(bytes, kFields[7], static_cast<std::int64_t>(mem_addr));
    put_field(bytes, kFields[8], static_cast<std::int64_t>(param_words));
    put_field(bytes, kFields[9], static_cast<std::int64_t>(index_words));
    put_field(bytes, kFields[10], static_cast<std::int64_t>(value_words));
    put_field(bytes, kFields[11], static_cast<std::int64_t>(count));
    put_field(bytes, kFields[12], static_cast<std::int64_t>(dense));
    put_field(bytes, kFields[13], static_cast<std::int64_t>(transposed));
    put_field(bytes, kFields[14], static_cast<std::int64_t>(wide));
    put_field(bytes, kFields[15], static_cast<std::int64_t>(flip));
    put_field(bytes, kFields[16], static_cast<std::int64_t>(lanes));
    put_field(bytes, kFields[17], static_cast<std::int64_t>(from_local));
    put_field(bytes, kFields[18], static_cast<std::int64_t>(slice));
    put_field(bytes, kFields[19], static_cast<std::int64_t>(first_row));
    put_field(bytes, kFields[20], static_cast<std::int64_t>(end_row));
    put_field(bytes, kFields[21], static_cast<std::int64_t>(local_addr));
    put_field(bytes, kFields[22], static_cast<std::int64_t>(dest_mask));
    return bytes;
  }

  [[nodiscard]] static WeightsCommand decode(const CommandBytes& bytes) {
    WeightsCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.context_id = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.wait_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[3]));
    c.signal_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[4]));
    c.layer = static_cast<std::uint16_t>(get_field(bytes, kFields[5]));
    c.activation = static_cast<std::uint8_t>(get_field(bytes, kFields[6]));
    c.mem_addr = static_cast<std::uint64_t>(get_field(bytes, kFields[7]));
    c.param_words = static_cast<std::uint16_t>(get_field(bytes, kFields[8]));
    c.index_words = static_cast<std::uint32_t>(get_field(bytes, kFields[9]));
    c.value_words = static_cast<std::uint32_t>(get_field(bytes, kFields[10]));
    c.count = static_cast<std::uint16_t>(get_field(bytes, kFields[11]));
    c.dense = static_cast<std::uint8_t>(get_field(bytes, kFields[12]));
    c.transposed = static_cast<std::uint8_t>(get_field(bytes, kFields[13]));
    c.wide = static_cast<std::uint8_t>(get_field(bytes, kFields[14]));
    c.flip = static_cast<std::uint8_t>(get_field(bytes, kFields[15]));
    c.lanes = static_cast<std::uint8_t>(get_field(bytes, kFields[16]));
    c.from_local = static_cast<std::uint8_t>(get_field(bytes, kFields[17]));
    c.slice = static_cast<std::uint8_t>(get_field(bytes, kFields[18]));
    c.first_row = static_cast<std::uint16_t>(get_field(bytes, kFields[19]));
    c.end_row = static_cast<std::uint16_t>(get_field(bytes, kFields[20]));
    c.local_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[21]));
    c.dest_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[22]));
    return c;
  }
};

/// Convolution (a matrix product is a 1x1 convolution over one row of pixels). Input word of
/// channel block c, image n, row y, column x: in_addr + c*in_plane + n*in_image + y*in_row + x.
/// Output word of block c, pixel p: out_addr + c*out_plane + p, p = (n*out_height + oy)*out_width
/// + ox. Bank order of the reduction: (c, ky, kx), kx fastest.
struct SpuCommand {
  /// Operation.
  Opcode opcode = Opcode::kSpu;
  /// Context whose regions every memory range is checked against.
  std::uint8_t context_id = 0;
  /// Data type of operands.
  std::uint8_t dtype = 0;
  /// Tokens that must be non-zero before the command starts; each is decremented by one then.
  std::uint16_t wait_mask = 0;
  /// Tokens incremented by one when the command is complete.
  std::uint16_t signal_mask = 0;
  /// Layer number, for reports only.
  std::uint16_t layer = 0;
  /// spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function,
  /// BF16 results only; ActivationTable: the byte that a table gives, byte results only.
  std::uint8_t activation = 0;
  /// Input, local-buffer word address.
  std::uint32_t in_addr = 0;
  /// Words between channel blocks of the input.
  std::uint32_t in_plane = 0;
  /// Words between images of the input.
  std::uint32_t in_image = 0;
  /// Words between rows of the input.
  std::uint16_t in_row = 0;
  /// Channel blocks (words) of the input, at least 1. A block has 64 channels, in BF16 32; a bank
  /// of the reduction is then two blocks of one tap, or the last one alone.
  std::uint16_t in_blocks = 0;
  /// Rows of the input, at least 1; rows outside are padding.
  std::uint16_t in_height = 0;
  /// Columns of the input, at least 1; columns outside are padding.
  std::uint16_t in_width = 0;
  /// Images, at least 1.
  std::uint16_t images = 0;
  /// Rows of the output, at least 1.
  std::uint16_t out_height = 0;
  /// Columns of the output, at least 1.
  std::uint16_t out_width = 0;
  /// Kernel rows, 1 to 11.
  std::uint8_t kernel_h = 0;
  /// Kernel columns, 1 to 11.
  std::uint8_t kernel_w = 0;
  /// Row stride, 1 to 4.
  std::uint8_t stride_h = 0;
  /// Column stride, 1 to 4.
  std::uint8_t stride_w = 0;
  /// Row dilation, 1 to 4.
  std::uint8_t dilation_h = 0;
  /// Column dilation, 1 to 4.
  std::uint8_t dilation_w = 0;
  /// Array shape: NumQuadrants >> shape quadrants of channels by 1 << shape of pixels.
  std::uint8_t shape = 0;
  /// Rows of padding above.
  std::uint16_t pad_top = 0;
  /// Columns of padding to the left.
  std::uint16_t pad_left = 0;
  /// Output channels, at least 1. Channels beyond, up to the end of the block of 64 (BF16
  /// results: of 32), are written as 0.
  std::uint16_t out_channels = 0;
  /// Output, local-buffer word address.
  std::uint32_t out_addr = 0;
  /// Words between channel blocks of the output.
  std::uint32_t out_plane = 0;
  /// images * out_height * out_width.
  std::uint32_t pixels = 0;
  /// 1: the group's weights stay in the buffers over all its pixel tiles. 0: every tile consumes
  /// a fresh copy of the stream.
  std::uint8_t weights_resident = 0;
  /// With weights_resident and a single group: do not release the weights at the end; the next
  /// command uses them again.
  std::uint8_t weights_keep = 0;
  /// Input bytes are uint8.
  std::uint8_t in_unsigned = 0;
  /// Combine results with a second tensor as second_use says, behind the requantisation.
  std::uint8_t add_enable = 0;
  /// Bytes of the second tensor are uint8.
  std::uint8_t add_unsigned = 0;
  /// 0: (c0 + a*ra) + b*rb; 1: (c0 + b*rb) + a*ra; a is the convolution's result, b the second
  /// tensor.
  std::uint8_t add_swap = 0;
  /// Maximum over the window instead of a convolution, each channel for itself: shape, in_zero
  /// and the weight flags are 0, in_blocks is ceil(out_channels / 64), in BF16 / 32, no weights
  /// or parameters are taken (bias 0, scale 1). Padding never wins; a window wholly outside the
  /// image gives the least byte. With dtype Bf16 out_bf16 is 1 and add_enable 0, and the numbers
  /// pass no epilogue, only the activation: -0 lies below +0, subnormal numbers count as they
  /// are, any NaN in the window makes the result 0x7FC0 (maximum of IEEE 754-2019), a window
  /// wholly outside the image gives minus infinity.
  std::uint8_t max_pool = 0;
  /// Input words hold four pixels of 16 bytes; output column x reads the 64 bytes of pixels x to
  /// x + 3 of a row. in_row and in_width count words. kernel_w, stride_w and in_blocks are 1,
  /// pad_left and max_pool 0; out_width is a multiple of PixelsPerQuadrant, which is at least 4;
  /// in_width is at least out_width / 4 + 1.
  std::uint8_t in_quarters = 0;
  /// Reads of the input wait until the former command of this engine is complete; all else is
  /// prepared. Earlier commands are complete anyway.
  std::uint8_t after_former = 0;
  /// Results and second tensor are BF16, 32 channels a word; else bytes. With it, with dtype Bf16
  /// or with float_epilogue, the floating-point epilogue works (docs/blocks/bf16.md), which uses
  /// requant_zero, requant_min, requant_max for bytes, add_enable, add_unsigned and add_rb
  /// (factor of the second tensor), and no other field named requant or add but the addresses.
  std::uint8_t out_bf16 = 0;
  /// With add_enable: 0 a + b, 1 a - b, 2 a * b, 3 the larger; b is the second tensor. Bytes in
  /// the integer epilogue: 0 integer(sum) of add_swap; 1 the same with -b*rb, then second_zero is
  /// added; 2 integer(c0 + ((a - requant_zero)*(b - second_zero))*ra); 3 the larger byte. All
  /// limited to add_min, add_max.
  std::uint8_t second_use = 0;
  /// The floating-point epilogue works for bytes of bytes too. 0 with max_pool.
  std::uint8_t float_epilogue = 0;
  /// Zero point of the input, subtracted from every input byte.
  std::int16_t in_zero = 0;
  /// Zero point added after the rounding of the requantised result.
  std::int16_t requant_zero = 0;
  /// Lower clamp before the zero point is added (qmin - zero).
  std::int16_t requant_min = 0;
  /// Upper clamp before the zero point is added (qmax - zero).
  std::int16_t requant_max = 0;
  /// Lower clamp of the sum.
  std::int16_t add_min = 0;
  /// Upper clamp of the sum.
  std::int16_t add_max = 0;
  /// float32 constant of the sum.
  std::uint32_t add_c0 = 0;
  /// float32 factor of a.
  std::uint32_t add_ra = 0;
  /// float32 factor of b.
  std::uint32_t add_rb = 0;
  /// Second tensor, local-buffer word address; same layout as the output.
  std::uint32_t add_addr = 0;
  /// Words between channel blocks of the second tensor.
  std::uint32_t add_plane = 0;
  /// Zero point of a second tensor of bytes in the floating-point epilogue or a product; of a
  /// difference in the integer epilogue the zero point of the result, added after rounding.
  std::int16_t second_zero = 0;
  /// Floating-point epilogue: float32 factor of negative numbers.
  std::uint32_t negative_factor = 0;
  /// Floating-point epilogue: float32, lower limit of a BF16 result.
  std::uint32_t float_low = 0;
  /// Floating-point epilogue: float32, upper limit of a BF16 result.
  std::uint32_t float_high = 0;
  /// With ActivationTable: local-buffer word address of the table, four words; byte n answers the
  /// result with bit pattern n.
  std::uint32_t table_addr = 0;

  static constexpr std::array<FieldInfo, 58> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"context_id", 8, 4, false,
       "Context whose regions every memory range is checked against."},
      {"dtype", 12, 4, false,
       "Data type of operands."},
      {"wait_mask", 32, 16, false,
       "Tokens that must be non-zero before the command starts; each is decremented by one then."},
      {"signal_mask", 48, 16, false,
       "Tokens incremented by one when the command is complete."},
      {"layer", 64, 16, false,
       "Layer number, for reports only."},
      {"activation", 80, 8, false,
       "spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function, BF16 results only; ActivationTable: the byte that a table gives, byte results only."},
      {"in_addr", 128, 24, false,
       "Input, local-buffer word address."},
      {"in_plane", 160, 24, false,
       "Words between channel blocks of the input."},
      {"in_image", 192, 24, false,
       "Words between images of the input."},
      {"in_row", 224, 16, false,
       "Words between rows of the input."},
      {"in_blocks", 240, 16, false,
       "Channel blocks (words) of the input, at least 1. A block has 64 channels, in BF16 32; a bank of the reduction is then two blocks of one tap, or the last one alone."},
      {"in_height", 256, 16, false,
       "Rows of the input, at least 1; rows outside are padding."},
      {"in_width", 272, 16, false,
       "Columns of the input, at least 1; columns outside are padding."},
      {"images", 288, 16, false,
       "Images, at least 1."},
      {"out_height", 304, 16, false,
       "Rows of the output, at least 1."},
      {"out_width", 320, 16, false,
       "Columns of the output, at least 1."},
      {"kernel_h", 336, 4, false,
       "Kernel rows, 1 to 11."},
      {"kernel_w", 340, 4, false,
       "Kernel columns, 1 to 11."},
      {"stride_h", 344, 4, false,
       "Row stride, 1 to 4."},
      {"stride_w", 348, 4, false,
       "Column stride, 1 to 4."},
      {"dilation_h", 352, 4, false,
       "Row dilation, 1 to 4."},
      {"dilation_w", 356, 4, false,
       "Column dilation, 1 to 4."},
      {"shape", 360, 4, false,
       "Array shape: NumQuadrants >> shape quadrants of channels by 1 << shape of pixels."},
      {"pad_top", 368, 16, false,
       "Rows of padding above."},
      {"pad_left", 384, 16, false,
       "Columns of padding to the left."},
      {"out_channels", 400, 16, false,
       "Output channels, at least 1. Channels beyond, up to the end of the block of 64 (BF16 results: of 32), are written as 0."},
      {"out_addr", 416, 24, false,
       "Output, local-buffer word address."},
      {"out_plane", 448, 24, false,
       "Words between channel blocks of the output."},
      {"pixels", 480, 24, false,
       "images * out_height * out_width."},
      {"weights_resident", 512, 1, false,
       "1: the group's weights stay in the buffers over all its pixel tiles. 0: every tile consumes a fresh copy of the stream."},
      {"weights_keep", 513, 1, false,
       "With weights_resident and a single group: do not release the weights at the end; the next command uses them again."},
      {"in_unsigned", 514, 1, false,
       "Input bytes are uint8."},
      {"add_enable", 515, 1, false,
       "Combine results with a second tensor as second_use says, behind the requantisation."},
      {"add_unsigned", 516, 1, false,
       "Bytes of the second tensor are uint8."},
      {"add_swap", 517, 1, false,
       "0: (c0 + a*ra) + b*rb; 1: (c0 + b*rb) + a*ra; a is the convolution's result, b the second tensor."},
      {"max_pool", 518, 1, false,
       "Maximum over the window instead of a convolution, each channel for itself: shape, in_zero and the weight flags are 0, in_blocks is ceil(out_channels / 64), in BF16 / 32, no weights or parameters are taken (bias 0, scale 1). Padding never wins; a window wholly outside the image gives the least byte. With dtype Bf16 out_bf16 is 1 and add_enable 0, and the numbers pass no epilogue, only the activation: -0 lies below +0, subnormal numbers count as they are, any NaN in the window makes the result 0x7FC0 (maximum of IEEE 754-2019), a window wholly outside the image gives minus infinity."},
      {"in_quarters", 519, 1, false,
       "Input words hold four pixels of 16 bytes; output column x reads the 64 bytes of pixels x to x + 3 of a row. in_row and in_width count words. kernel_w, stride_w and in_blocks are 1, pad_left and max_pool 0; out_width is a multiple of PixelsPerQuadrant, which is at least 4; in_width is at least out_width / 4 + 1."},
      {"after_former", 520, 1, false,
       "Reads of the input wait until the former command of this engine is complete; all else is prepared. Earlier commands are complete anyway."},
      {"out_bf16", 521, 1, false,
       "Results and second tensor are BF16, 32 channels a word; else bytes. With it, with dtype Bf16 or with float_epilogue, the floating-point epilogue works (docs/blocks/bf16.md), which uses requant_zero, requant_min, requant_max for bytes, add_enable, add_unsigned and add_rb (factor of the second tensor), and no other field named requant or add but the addresses."},
      {"second_use", 522, 2, false,
       "With add_enable: 0 a + b, 1 a - b, 2 a * b, 3 the larger; b is the second tensor. Bytes in the integer epilogue: 0 integer(sum) of add_swap; 1 the same with -b*rb, then second_zero is added; 2 integer(c0 + ((a - requant_zero)*(b - second_zero))*ra); 3 the larger byte. All limited to add_min, add_max."},
      {"float_epilogue", 524, 1, false,
       "The floating-point epilogue works for bytes of bytes too. 0 with max_pool."},
      {"in_zero", 528, 9, true,
       "Zero point of the input, subtracted from every input byte."},
      {"requant_zero", 544, 9, true,
       "Zero point added after the rounding of the requantised result."},
      {"requant_min", 560, 10, true,
       "Lower clamp before the zero point is added (qmin - zero)."},
      {"requant_max", 576, 10, true,
       "Upper clamp before the zero point is added (qmax - zero)."},
      {"add_min", 592, 9, true,
       "Lower clamp of the sum."},
      {"add_max", 608, 9, true,
       "Upper clamp of the sum."},
      {"add_c0", 640, 32, false,
       "float32 constant of the sum."},
      {"add_ra", 672, 32, false,
       "float32 factor of a."},
      {"add_rb", 704, 32, false,
       "float32 factor of b."},
      {"add_addr", 736, 24, false,
       "Second tensor, local-buffer word address; same layout as the output."},
      {"add_plane", 768, 24, false,
       "Words between channel blocks of the second tensor."},
      {"second_zero", 800, 9, true,
       "Zero point of a second tensor of bytes in the floating-point epilogue or a product; of a difference in the integer epilogue the zero point of the result, added after rounding."},
      {"negative_factor", 832, 32, false,
       "Floating-point epilogue: float32 factor of negative numbers."},
      {"float_low", 864, 32, false,
       "Floating-point epilogue: float32, lower limit of a BF16 result."},
      {"float_high", 896, 32, false,
       "Floating-point epilogue: float32, upper limit of a BF16 result."},
      {"table_addr", 928, 24, false,
       "With ActivationTable: local-buffer word address of the table, four words; byte n answers the result with bit pattern n."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(context_id));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(wait_mask));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(signal_mask));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(layer));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(activation));
    put_field(bytes, kFields[7], static_cast<std::int64_t>(in_addr));
    put_field(bytes, kFields[8], static_cast<std::int64_t>(in_plane));
    put_field(bytes, kFields[9], static_cast<std::int64_t>(in_image));
    put_field(bytes, kFields[10], static_cast<std::int64_t>(in_row));
    put_field(bytes, kFields[11], static_cast<std::int64_t>(in_blocks));
    put_field(bytes, kFields[12], static_cast<std::int64_t>(in_height));
    put_field(bytes, kFields[13], static_cast<std::int64_t>(in_width));
    put_field(bytes, kFields[14], static_cast<std::int64_t>(images));
    put_field(bytes, kFields[15], static_cast<std::int64_t>(out_height));
    put_field(bytes, kFields[16], static_cast<std::int64_t>(out_width));
    put_field(bytes, kFields[17], static_cast<std::int64_t>(kernel_h));
    put_field(bytes, kFields[18], static_cast<std::int64_t>(kernel_w));
    put_field(bytes, kFields[19], static_cast<std::int64_t>(stride_h));
    put_field(bytes, kFields[20], static_cast<std::int64_t>(stride_w));
    put_field(bytes, kFields[21], static_cast<std::int64_t>(dilation_h));
    put_field(bytes, kFields[22], static_cast<std::int64_t>(dilation_w));
    put_field(bytes, kFields[23], static_cast<std::int64_t>(shape));
    put_field(bytes, kFields[24], static_cast<std::int64_t>(pad_top));
    put_field(bytes, kFields[25], static_cast<std::int64_t>(pad_left));
    put_field(bytes, kFields[26], static_cast<std::int64_t>(out_channels));
    put_field(bytes, kFields[27], static_cast<std::int64_t>(out_addr));
    put_field(bytes, kFields[28], static_cast<std::int64_t>(out_plane));
    put_field(bytes, kFields[29], static_cast<std::int64_t>(pixels));
    put_field(bytes, kFields[30], static_cast<std::int64_t>(weights_resident));
    put_field(bytes, kFields[31], static_cast<std::int64_t>(weights_keep));
    put_field(bytes, kFields[32], static_cast<std::int64_t>(in_unsigned));
    put_field(bytes, kFields[33], static_cast<std::int64_t>(add_enable));
    put_field(bytes, kFields[34], static_cast<std::int64_t>(add_unsigned));
    put_field(bytes, kFields[35], static_cast<std::int64_t>(add_swap));
    put_field(bytes, kFields[36], static_cast<std::int64_t>(max_pool));
    put_field(bytes, kFields[37], static_cast<std::int64_t>(in_quarters));
    put_field(bytes, kFields[38], static_cast<std::int64_t>(after_former));
    put_field(bytes, kFields[39], static_cast<std::int64_t>(out_bf16));
    put_field(bytes, kFields[40], static_cast<std::int64_t>(second_use));
    put_field(bytes, kFields[41], static_cast<std::int64_t>(float_epilogue));
    put_field(bytes, kFields[42], static_cast<std::int64_t>(in_zero));
    put_field(bytes, kFields[43], static_cast<std::int64_t>(requant_zero));
    put_field(bytes, kFields[44], static_cast<std::int64_t>(requant_min));
    put_field(bytes, kFields[45], static_cast<std::int64_t>(requant_max));
    put_field(bytes, kFields[46], static_cast<std::int64_t>(add_min));
    put_field(bytes, kFields[47], static_cast<std::int64_t>(add_max));
    put_field(bytes, kFields[48], static_cast<std::int64_t>(add_c0));
    put_field(bytes, kFields[49], static_cast<std::int64_t>(add_ra));
    put_field(bytes, kFields[50], static_cast<std::int64_t>(add_rb));
    put_field(bytes, kFields[51], static_cast<std::int64_t>(add_addr));
    put_field(bytes, kFields[52], static_cast<std::int64_t>(add_plane));
    put_field(bytes, kFields[53], static_cast<std::int64_t>(second_zero));
    put_field(bytes, kFields[54], static_cast<std::int64_t>(negative_factor));
    put_field(bytes, kFields[55], static_cast<std::int64_t>(float_low));
    put_field(bytes, kFields[56], static_cast<std::int64_t>(float_high));
    put_field(bytes, kFields[57], static_cast<std::int64_t>(table_addr));
    return bytes;
  }

  [[nodiscard]] static SpuCommand decode(const CommandBytes& bytes) {
    SpuCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.context_id = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.wait_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[3]));
    c.signal_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[4]));
    c.layer = static_cast<std::uint16_t>(get_field(bytes, kFields[5]));
    c.activation = static_cast<std::uint8_t>(get_field(bytes, kFields[6]));
    c.in_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[7]));
    c.in_plane = static_cast<std::uint32_t>(get_field(bytes, kFields[8]));
    c.in_image = static_cast<std::uint32_t>(get_field(bytes, kFields[9]));
    c.in_row = static_cast<std::uint16_t>(get_field(bytes, kFields[10]));
    c.in_blocks = static_cast<std::uint16_t>(get_field(bytes, kFields[11]));
    c.in_height = static_cast<std::uint16_t>(get_field(bytes, kFields[12]));
    c.in_width = static_cast<std::uint16_t>(get_field(bytes, kFields[13]));
    c.images = static_cast<std::uint16_t>(get_field(bytes, kFields[14]));
    c.out_height = static_cast<std::uint16_t>(get_field(bytes, kFields[15]));
    c.out_width = static_cast<std::uint16_t>(get_field(bytes, kFields[16]));
    c.kernel_h = static_cast<std::uint8_t>(get_field(bytes, kFields[17]));
    c.kernel_w = static_cast<std::uint8_t>(get_field(bytes, kFields[18]));
    c.stride_h = static_cast<std::uint8_t>(get_field(bytes, kFields[19]));
    c.stride_w = static_cast<std::uint8_t>(get_field(bytes, kFields[20]));
    c.dilation_h = static_cast<std::uint8_t>(get_field(bytes, kFields[21]));
    c.dilation_w = static_cast<std::uint8_t>(get_field(bytes, kFields[22]));
    c.shape = static_cast<std::uint8_t>(get_field(bytes, kFields[23]));
    c.pad_top = static_cast<std::uint16_t>(get_field(bytes, kFields[24]));
    c.pad_left = static_cast<std::uint16_t>(get_field(bytes, kFields[25]));
    c.out_channels = static_cast<std::uint16_t>(get_field(bytes, kFields[26]));
    c.out_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[27]));
    c.out_plane = static_cast<std::uint32_t>(get_field(bytes, kFields[28]));
    c.pixels = static_cast<std::uint32_t>(get_field(bytes, kFields[29]));
    c.weights_resident = static_cast<std::uint8_t>(get_field(bytes, kFields[30]));
    c.weights_keep = static_cast<std::uint8_t>(get_field(bytes, kFields[31]));
    c.in_unsigned = static_cast<std::uint8_t>(get_field(bytes, kFields[32]));
    c.add_enable = static_cast<std::uint8_t>(get_field(bytes, kFields[33]));
    c.add_unsigned = static_cast<std::uint8_t>(get_field(bytes, kFields[34]));
    c.add_swap = static_cast<std::uint8_t>(get_field(bytes, kFields[35]));
    c.max_pool = static_cast<std::uint8_t>(get_field(bytes, kFields[36]));
    c.in_quarters = static_cast<std::uint8_t>(get_field(bytes, kFields[37]));
    c.after_former = static_cast<std::uint8_t>(get_field(bytes, kFields[38]));
    c.out_bf16 = static_cast<std::uint8_t>(get_field(bytes, kFields[39]));
    c.second_use = static_cast<std::uint8_t>(get_field(bytes, kFields[40]));
    c.float_epilogue = static_cast<std::uint8_t>(get_field(bytes, kFields[41]));
    c.in_zero = static_cast<std::int16_t>(get_field(bytes, kFields[42]));
    c.requant_zero = static_cast<std::int16_t>(get_field(bytes, kFields[43]));
    c.requant_min = static_cast<std::int16_t>(get_field(bytes, kFields[44]));
    c.requant_max = static_cast<std::int16_t>(get_field(bytes, kFields[45]));
    c.add_min = static_cast<std::int16_t>(get_field(bytes, kFields[46]));
    c.add_max = static_cast<std::int16_t>(get_field(bytes, kFields[47]));
    c.add_c0 = static_cast<std::uint32_t>(get_field(bytes, kFields[48]));
    c.add_ra = static_cast<std::uint32_t>(get_field(bytes, kFields[49]));
    c.add_rb = static_cast<std::uint32_t>(get_field(bytes, kFields[50]));
    c.add_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[51]));
    c.add_plane = static_cast<std::uint32_t>(get_field(bytes, kFields[52]));
    c.second_zero = static_cast<std::int16_t>(get_field(bytes, kFields[53]));
    c.negative_factor = static_cast<std::uint32_t>(get_field(bytes, kFields[54]));
    c.float_low = static_cast<std::uint32_t>(get_field(bytes, kFields[55]));
    c.float_high = static_cast<std::uint32_t>(get_field(bytes, kFields[56]));
    c.table_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[57]));
    return c;
  }
};

/// Every row by itself, local buffer to local buffer. Word w of row r (64 bytes, or 32 BF16) lies
/// at in_addr + r*in_row + w*in_word, of the result at out_addr + r*out_row + w*out_word.
/// Elements of the last word beyond the row are ignored, and written as 0. Results may replace
/// the input if they have its type and addresses.
struct RowsCommand {
  /// Operation.
  Opcode opcode = Opcode::kRows;
  /// Context whose regions every memory range is checked against.
  std::uint8_t context_id = 0;
  /// Data type of operands.
  std::uint8_t dtype = 0;
  /// Tokens that must be non-zero before the command starts; each is decremented by one then.
  std::uint16_t wait_mask = 0;
  /// Tokens incremented by one when the command is complete.
  std::uint16_t signal_mask = 0;
  /// Layer number, for reports only.
  std::uint16_t layer = 0;
  /// spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function,
  /// BF16 results only; ActivationTable: the byte that a table gives, byte results only.
  std::uint8_t activation = 0;
  /// Row function.
  std::uint8_t row_function = 0;
  /// Input bytes are uint8.
  std::uint8_t in_unsigned = 0;
  /// Results are BF16, else bytes.
  std::uint8_t out_bf16 = 0;
  /// LayerNorm: gamma and beta from param_addr; at most 4,096 columns.
  std::uint8_t affine = 0;
  /// Input, local-buffer word address.
  std::uint32_t in_addr = 0;
  /// Words between rows of the input.
  std::uint32_t in_row = 0;
  /// Words between the words of a row of the input: the plane stride for rows over channels.
  std::uint32_t in_word = 0;
  /// Results, local-buffer word address.
  std::uint32_t out_addr = 0;
  /// Words between rows of the result.
  std::uint32_t out_row = 0;
  /// Words between the words of a row of the result.
  std::uint32_t out_word = 0;
  /// Rows, at least 1.
  std::uint16_t rows = 0;
  /// Elements of a row, 1 to 65,536.
  std::uint32_t columns = 0;
  /// Gammas and betas, consecutive words: four for each 32 columns.
  std::uint32_t param_addr = 0;
  /// LayerNorm: float32 added to the variance; of bytes: epsilon / scale^2.
  std::uint32_t epsilon = 0;
  /// LayerNorm: float32 1 / columns.
  std::uint32_t inverse_columns = 0;
  /// Softmax: float32, positive: log2(e), times the scale of the input.
  std::uint32_t factor = 0;
  /// float32 factor of the result, positive: 1, of bytes 1 / scale.
  std::uint32_t out_factor = 0;
  /// Zero point added to a byte after rounding.
  std::int16_t out_zero = 0;
  /// Lower limit before the zero point is added (qmin - zero).
  std::int16_t out_min = 0;
  /// Upper limit before the zero point is added (qmax - zero).
  std::int16_t out_max = 0;

  static constexpr std::array<FieldInfo, 27> kFields{{
      {"opcode", 0, 8, false,
       "Operation."},
      {"context_id", 8, 4, false,
       "Context whose regions every memory range is checked against."},
      {"dtype", 12, 4, false,
       "Data type of operands."},
      {"wait_mask", 32, 16, false,
       "Tokens that must be non-zero before the command starts; each is decremented by one then."},
      {"signal_mask", 48, 16, false,
       "Tokens incremented by one when the command is complete."},
      {"layer", 64, 16, false,
       "Layer number, for reports only."},
      {"activation", 80, 8, false,
       "spu: what becomes of results behind the epilogue. 0: nothing; 1 to NumFunctions: a function, BF16 results only; ActivationTable: the byte that a table gives, byte results only."},
      {"row_function", 128, 4, false,
       "Row function."},
      {"in_unsigned", 132, 1, false,
       "Input bytes are uint8."},
      {"out_bf16", 133, 1, false,
       "Results are BF16, else bytes."},
      {"affine", 134, 1, false,
       "LayerNorm: gamma and beta from param_addr; at most 4,096 columns."},
      {"in_addr", 160, 24, false,
       "Input, local-buffer word address."},
      {"in_row", 192, 24, false,
       "Words between rows of the input."},
      {"in_word", 224, 24, false,
       "Words between the words of a row of the input: the plane stride for rows over channels."},
      {"out_addr", 256, 24, false,
       "Results, local-buffer word address."},
      {"out_row", 288, 24, false,
       "Words between rows of the result."},
      {"out_word", 320, 24, false,
       "Words between the words of a row of the result."},
      {"rows", 352, 16, false,
       "Rows, at least 1."},
      {"columns", 384, 17, false,
       "Elements of a row, 1 to 65,536."},
      {"param_addr", 416, 24, false,
       "Gammas and betas, consecutive words: four for each 32 columns."},
      {"epsilon", 448, 32, false,
       "LayerNorm: float32 added to the variance; of bytes: epsilon / scale^2."},
      {"inverse_columns", 480, 32, false,
       "LayerNorm: float32 1 / columns."},
      {"factor", 512, 32, false,
       "Softmax: float32, positive: log2(e), times the scale of the input."},
      {"out_factor", 544, 32, false,
       "float32 factor of the result, positive: 1, of bytes 1 / scale."},
      {"out_zero", 576, 9, true,
       "Zero point added to a byte after rounding."},
      {"out_min", 592, 10, true,
       "Lower limit before the zero point is added (qmin - zero)."},
      {"out_max", 608, 10, true,
       "Upper limit before the zero point is added (qmax - zero)."},
  }};

  [[nodiscard]] CommandBytes encode() const {
    CommandBytes bytes{};
    put_field(bytes, kFields[0], static_cast<std::int64_t>(opcode));
    put_field(bytes, kFields[1], static_cast<std::int64_t>(context_id));
    put_field(bytes, kFields[2], static_cast<std::int64_t>(dtype));
    put_field(bytes, kFields[3], static_cast<std::int64_t>(wait_mask));
    put_field(bytes, kFields[4], static_cast<std::int64_t>(signal_mask));
    put_field(bytes, kFields[5], static_cast<std::int64_t>(layer));
    put_field(bytes, kFields[6], static_cast<std::int64_t>(activation));
    put_field(bytes, kFields[7], static_cast<std::int64_t>(row_function));
    put_field(bytes, kFields[8], static_cast<std::int64_t>(in_unsigned));
    put_field(bytes, kFields[9], static_cast<std::int64_t>(out_bf16));
    put_field(bytes, kFields[10], static_cast<std::int64_t>(affine));
    put_field(bytes, kFields[11], static_cast<std::int64_t>(in_addr));
    put_field(bytes, kFields[12], static_cast<std::int64_t>(in_row));
    put_field(bytes, kFields[13], static_cast<std::int64_t>(in_word));
    put_field(bytes, kFields[14], static_cast<std::int64_t>(out_addr));
    put_field(bytes, kFields[15], static_cast<std::int64_t>(out_row));
    put_field(bytes, kFields[16], static_cast<std::int64_t>(out_word));
    put_field(bytes, kFields[17], static_cast<std::int64_t>(rows));
    put_field(bytes, kFields[18], static_cast<std::int64_t>(columns));
    put_field(bytes, kFields[19], static_cast<std::int64_t>(param_addr));
    put_field(bytes, kFields[20], static_cast<std::int64_t>(epsilon));
    put_field(bytes, kFields[21], static_cast<std::int64_t>(inverse_columns));
    put_field(bytes, kFields[22], static_cast<std::int64_t>(factor));
    put_field(bytes, kFields[23], static_cast<std::int64_t>(out_factor));
    put_field(bytes, kFields[24], static_cast<std::int64_t>(out_zero));
    put_field(bytes, kFields[25], static_cast<std::int64_t>(out_min));
    put_field(bytes, kFields[26], static_cast<std::int64_t>(out_max));
    return bytes;
  }

  [[nodiscard]] static RowsCommand decode(const CommandBytes& bytes) {
    RowsCommand c;
    c.opcode = static_cast<Opcode>(get_field(bytes, kFields[0]));
    c.context_id = static_cast<std::uint8_t>(get_field(bytes, kFields[1]));
    c.dtype = static_cast<std::uint8_t>(get_field(bytes, kFields[2]));
    c.wait_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[3]));
    c.signal_mask = static_cast<std::uint16_t>(get_field(bytes, kFields[4]));
    c.layer = static_cast<std::uint16_t>(get_field(bytes, kFields[5]));
    c.activation = static_cast<std::uint8_t>(get_field(bytes, kFields[6]));
    c.row_function = static_cast<std::uint8_t>(get_field(bytes, kFields[7]));
    c.in_unsigned = static_cast<std::uint8_t>(get_field(bytes, kFields[8]));
    c.out_bf16 = static_cast<std::uint8_t>(get_field(bytes, kFields[9]));
    c.affine = static_cast<std::uint8_t>(get_field(bytes, kFields[10]));
    c.in_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[11]));
    c.in_row = static_cast<std::uint32_t>(get_field(bytes, kFields[12]));
    c.in_word = static_cast<std::uint32_t>(get_field(bytes, kFields[13]));
    c.out_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[14]));
    c.out_row = static_cast<std::uint32_t>(get_field(bytes, kFields[15]));
    c.out_word = static_cast<std::uint32_t>(get_field(bytes, kFields[16]));
    c.rows = static_cast<std::uint16_t>(get_field(bytes, kFields[17]));
    c.columns = static_cast<std::uint32_t>(get_field(bytes, kFields[18]));
    c.param_addr = static_cast<std::uint32_t>(get_field(bytes, kFields[19]));
    c.epsilon = static_cast<std::uint32_t>(get_field(bytes, kFields[20]));
    c.inverse_columns = static_cast<std::uint32_t>(get_field(bytes, kFields[21]));
    c.factor = static_cast<std::uint32_t>(get_field(bytes, kFields[22]));
    c.out_factor = static_cast<std::uint32_t>(get_field(bytes, kFields[23]));
    c.out_zero = static_cast<std::int16_t>(get_field(bytes, kFields[24]));
    c.out_min = static_cast<std::int16_t>(get_field(bytes, kFields[25]));
    c.out_max = static_cast<std::int16_t>(get_field(bytes, kFields[26]));
    return c;
  }
};

}  // namespace s4::commands
