// Random commands: legal ones, and legal ones with a few bits or fields spoilt.
#pragma once
#include <map>
#include <random>
#include <string>

#include "sim/config/configuration_loader.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "tb/root.hpp"

namespace s4::tests {

using commands::CommandBytes;

inline const config::Configuration& configuration(const std::string& name) {
  static std::map<std::string, config::Configuration> loaded;
  if (loaded.count(name) == 0) loaded[name] = sim::load_configuration(tb::root(), name);
  return loaded[name];
}

/// Regions that every legal random command stays in: context n may read from page 16 n, write from
/// page 16 n + 8, eight pages each.
inline constexpr std::uint32_t kReadPage = 0, kWritePage = 8, kContextPages = 16, kRegionPages = 8;

class CommandRandom {
 public:
  CommandRandom(const config::Configuration& config, std::mt19937_64& random)
      : config_(config), random_(random) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_() % n; }
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }

  /// Legal command of an engine, of about a quarter of the ranges.
  [[nodiscard]] CommandBytes legal(commands::Engine engine) {
    switch (engine) {
      case commands::Engine::kLoad:
        return dma(commands::Opcode::kLoad);
      case commands::Engine::kStore:
        return dma(commands::Opcode::kStore);
      case commands::Engine::kWeights:
        return weights();
      case commands::Engine::kSpu:
        return spu();
      case commands::Engine::kActivation:
        return rows();
      case commands::Engine::kSequencer:
        return commands::SyncCommand{}.encode();
    }
    return {};
  }

  [[nodiscard]] CommandBytes dma(commands::Opcode opcode) {
    commands::DmaCommand c;
    c.opcode = opcode;
    header(c);
    const std::uint64_t page = c.context_id * kContextPages +
                               (opcode == commands::Opcode::kStore ? kWritePage : kReadPage);
    c.mem_addr = page * 4096 + 64 * below(64);
    c.count0 = static_cast<std::uint32_t>(between(1, 16));
    c.count1 = static_cast<std::uint16_t>(between(1, 4));
    c.count2 = static_cast<std::uint16_t>(between(1, 3));
    c.count3 = static_cast<std::uint16_t>(between(1, 2));
    c.mem_stride1 = static_cast<std::uint32_t>(64 * below(24));
    c.mem_stride2 = static_cast<std::uint32_t>(64 * below(64));
    c.mem_stride3 = static_cast<std::uint32_t>(64 * below(128));
    c.local_addr = static_cast<std::uint32_t>(below(config_.local_words / 4));
    c.local_stride1 = static_cast<std::uint32_t>(below(config_.local_words / 16));
    c.local_stride2 = static_cast<std::uint32_t>(below(config_.local_words / 16));
    c.local_stride3 = static_cast<std::uint32_t>(below(config_.local_words / 8));
    return c.encode();
  }

  [[nodiscard]] CommandBytes weights() {
    commands::WeightsCommand c;
    header(c);
    c.mem_addr = std::uint64_t{c.context_id} * kContextPages * 4096 + 64 * below(64);
    c.param_words = static_cast<std::uint16_t>(config_.lanes_per_quadrant / 8 * below(5));
    c.index_words = static_cast<std::uint32_t>(3 * between(1, 20));
    c.value_words = static_cast<std::uint32_t>(4 * between(1, 15));
    c.count = static_cast<std::uint16_t>(between(1, 2));
    if (chance(30)) dense(c);
    return c.encode();
  }

  /// Values that are words of a tensor.
  void dense(commands::WeightsCommand& c) {
    c.param_words = 0;
    c.index_words = 0;
    c.count = 1;
    c.dense = 1;
    c.transposed = chance(50) ? 1 : 0;
    c.wide = chance(50) ? 1 : 0;
    c.flip = c.wide == 0 && chance(50) ? 1 : 0;
    do {
      c.lanes = static_cast<std::uint8_t>(below(4));
    } while (8U << c.lanes > config_.array_lanes);
    const std::uint32_t lanes = 8U << c.lanes;
    const std::uint32_t elements = c.wide != 0 ? 32 : 64;
    if (c.transposed == 0 && lanes < elements) {
      c.slice = static_cast<std::uint8_t>(below(elements / lanes));
    }
    c.value_words = static_cast<std::uint32_t>((c.transposed != 0 ? lanes : 64) * between(1, 2));
    c.first_row = static_cast<std::uint16_t>(below(65536));
    c.end_row = static_cast<std::uint16_t>(below(65536));
    if (chance(40)) {
      c.from_local = 1;
      c.mem_addr = 0;
      c.local_addr = static_cast<std::uint32_t>(below(config_.local_words - c.value_words + 1));
    }
  }

  [[nodiscard]] CommandBytes spu() {
    commands::SpuCommand c;
    header(c);
    const std::uint32_t words = config_.local_words;
    c.in_addr = static_cast<std::uint32_t>(below(words / 4));
    c.in_blocks = static_cast<std::uint16_t>(between(1, 4));
    c.images = static_cast<std::uint16_t>(between(1, 3));
    c.in_height = static_cast<std::uint16_t>(between(1, 6));
    c.in_width = static_cast<std::uint16_t>(between(1, 6));
    c.in_plane = static_cast<std::uint32_t>(below(words / 16));
    c.in_image = static_cast<std::uint32_t>(below(words / 16));
    c.in_row = static_cast<std::uint16_t>(below(words / 32));
    c.out_height = static_cast<std::uint16_t>(between(1, 6));
    c.out_width = static_cast<std::uint16_t>(between(1, 6));
    c.pixels = std::uint32_t{c.images} * c.out_height * c.out_width;
    c.kernel_h = static_cast<std::uint8_t>(between(1, 11));
    c.kernel_w = static_cast<std::uint8_t>(between(1, 11));
    c.stride_h = static_cast<std::uint8_t>(between(1, 4));
    c.stride_w = static_cast<std::uint8_t>(between(1, 4));
    c.dilation_h = static_cast<std::uint8_t>(between(1, 4));
    c.dilation_w = static_cast<std::uint8_t>(between(1, 4));
    c.shape = static_cast<std::uint8_t>(below(config_.max_shape + 1));
    c.pad_top = static_cast<std::uint16_t>(below(5));
    c.pad_left = static_cast<std::uint16_t>(below(5));
    c.out_channels = static_cast<std::uint16_t>(between(1, 200));
    c.weights_resident = chance(50);
    c.weights_keep =
        c.weights_resident && c.out_channels <= config_.array_lanes >> c.shape && chance(50);
    c.out_addr = static_cast<std::uint32_t>(below(words / 4));
    // As BF16, 200 channels are seven blocks.
    c.out_plane = static_cast<std::uint32_t>(below(words / 16));
    c.add_enable = chance(50);
    c.add_addr = static_cast<std::uint32_t>(below(words / 4));
    c.add_plane = static_cast<std::uint32_t>(below(words / 16));
    c.in_unsigned = chance(50);
    c.in_zero =
        static_cast<std::int16_t>(static_cast<int>(below(256)) - (c.in_unsigned != 0 ? 0 : 128));
    c.out_bf16 = chance(30);
    c.float_epilogue = chance(20);
    if (chance(30)) {
      c.dtype = 1;
      c.in_zero = 0;
    }
    if (chance(15)) {
      c.max_pool = 1;
      c.out_bf16 = c.dtype;
      c.float_epilogue = 0;
      c.shape = 0;
      c.weights_resident = c.weights_keep = 0;
      c.in_zero = 0;
      c.in_blocks = static_cast<std::uint16_t>((c.out_channels - 1U) / (64U >> c.dtype) + 1);
      if (c.dtype != 0) c.add_enable = 0;
    }
    c.activation = static_cast<std::uint8_t>(chance(70)   ? 0
                                             : c.out_bf16 ? between(1, commands::kNumFunctions)
                                                          : commands::kActivationTable);
    c.table_addr = static_cast<std::uint32_t>(below(words - 3));
    c.requant_min = static_cast<std::int16_t>(static_cast<int>(below(1024)) - 512);
    c.add_c0 = static_cast<std::uint32_t>(random_());
    return c.encode();
  }

  [[nodiscard]] CommandBytes rows() {
    commands::RowsCommand c;
    header(c);
    const std::uint32_t words = config_.local_words;
    c.dtype = static_cast<std::uint8_t>(below(2));
    c.row_function = static_cast<std::uint8_t>(below(3));
    c.in_unsigned = chance(50);
    c.out_bf16 = chance(50);
    c.affine = c.row_function == 1 && chance(50);
    c.rows = static_cast<std::uint16_t>(between(1, 16));
    c.columns = static_cast<std::uint32_t>(chance(50) ? between(1, 64) : between(1, 300));
    c.in_addr = static_cast<std::uint32_t>(below(words / 4));
    c.in_row = static_cast<std::uint32_t>(below(words / 48));
    c.in_word = static_cast<std::uint32_t>(below(words / 48));
    c.out_addr = static_cast<std::uint32_t>(below(words / 4));
    c.out_row = static_cast<std::uint32_t>(below(words / 48));
    c.out_word = static_cast<std::uint32_t>(below(words / 48));
    c.param_addr = static_cast<std::uint32_t>(below(words / 2));
    c.epsilon = static_cast<std::uint32_t>(random_());
    c.out_max = static_cast<std::int16_t>(static_cast<int>(below(1024)) - 512);
    return c.encode();
  }

  /// Spoils one thing: a field set to an extreme or random value, or one bit anywhere.
  void spoil(CommandBytes& bytes) {
    if (chance(30)) {
      const auto bit = static_cast<unsigned>(below(1024));
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
      return;
    }
    switch (static_cast<commands::Opcode>(bytes[0])) {
      case commands::Opcode::kLoad:
      case commands::Opcode::kStore:
        return spoil_field<commands::DmaCommand>(bytes);
      case commands::Opcode::kWeights:
        return spoil_field<commands::WeightsCommand>(bytes);
      case commands::Opcode::kSpu:
        return spoil_field<commands::SpuCommand>(bytes);
      case commands::Opcode::kRows:
        return spoil_field<commands::RowsCommand>(bytes);
      default:
        return spoil_field<commands::SyncCommand>(bytes);
    }
  }

 private:
  template <typename Command>
  void header(Command& c) {
    c.context_id = static_cast<std::uint8_t>(below(4));
    c.layer = static_cast<std::uint16_t>(random_());
  }

  template <typename Command>
  void spoil_field(CommandBytes& bytes) {
    const auto& field = Command::kFields[below(Command::kFields.size())];
    const std::uint64_t ones = (std::uint64_t{1} << field.bits) - 1;
    const std::uint64_t old = commands::get_bits(bytes, field.lsb, field.bits);
    std::uint64_t value = 0;
    switch (below(6)) {
      case 0:
        break;
      case 1:
        value = ones;
        break;
      case 2:
        value = old + 1;
        break;
      case 3:
        value = old - 1;
        break;
      case 4:
        value = old ^ (std::uint64_t{1} << below(field.bits));
        break;
      default:
        value = random_();
        if (field.name == std::string("mem_addr")) value &= ~std::uint64_t{63};
    }
    commands::set_bits(bytes, field.lsb, field.bits, value & ones);
  }

  const config::Configuration& config_;
  std::mt19937_64& random_;
};

}  // namespace s4::tests
