// The sparse processing unit: convolutions and matrix products with compressed weights.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sim/epilogue/epilogue.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "sim/registers/registers.hpp"
#include "sim/spu/weight_stream.hpp"

namespace s4::sim {

/// Executes Spu commands group by group, as far as the weight buffers allow. RTL: rtl/spu/spu.sv.
/// Every group is computed by all output channels x pixels of a tile at once there; here pixels are
/// taken in blocks, which gives the same results as no output is an input of the same command.
class Spu {
 public:
  enum class Progress {
    kDone,       ///< the command is complete
    kStarved,    ///< weights are missing
    kOverfull,   ///< the resident weights of a group exceed the weight buffers: it cannot complete
    kMalformed,  ///< the weight stream is malformed
  };

  Spu(const config::Configuration& config, LocalBuffer& local_buffer, WeightBuffers& buffers,
      Registers& registers)
      : config_(config), local_buffer_(local_buffer), buffers_(buffers), registers_(registers) {}

  void start(const commands::SpuCommand& command);
  [[nodiscard]] bool active() const { return active_; }
  /// Computes all that the weights in the buffers allow.
  [[nodiscard]] Progress advance();
  /// Drops the command.
  void reset() { active_ = false; }

 private:
  /// A bank of the reduction: which word of the input an output pixel needs.
  struct Tap {
    std::uint32_t block;
    std::uint32_t ky;
    std::uint32_t kx;
  };

  [[nodiscard]] bool exceeds_buffers(const PassSize& size) const;
  void compute(std::uint32_t first_pixel, std::uint32_t pixels);
  void pool();       ///< the whole command
  void pool_bf16();  ///< the same of BF16, which pass no epilogue
  /// Words of a block of the input at a tap, of which operand i of a bank is byte i.
  void fetch(const Tap& tap, std::uint32_t first_pixel, std::uint32_t pixels);
  /// A bank of BF16: two blocks (tap.block counts pairs).
  void fetch_bf16(const Tap& tap, std::uint32_t first_pixel, std::uint32_t pixels);
  void multiply_accumulate(const GroupWeights::Bank& bank, std::uint32_t pixels);
  void multiply_accumulate_bf16(const GroupWeights::Bank& bank, std::uint32_t pixels);
  void drain(std::uint32_t first_pixel, std::uint32_t pixels);
  void drain_float(std::uint32_t first_pixel, std::uint32_t pixels);
  /// The command's function of a BF16 result, counted where it has no value.
  [[nodiscard]] std::uint16_t function(std::uint16_t x);

  const config::Configuration& config_;
  LocalBuffer& local_buffer_;
  WeightBuffers& buffers_;
  Registers& registers_;

  bool active_ = false;
  commands::SpuCommand command_;
  bool bf16_ = false;              ///< operands and weights
  std::uint32_t lanes_ = 0;        ///< G, output channels of a group
  std::uint32_t tile_pixels_ = 0;  ///< output pixels of a tile
  std::uint32_t groups_ = 0;
  std::uint32_t tiles_ = 0;
  std::uint32_t banks_ = 0;
  std::uint32_t group_ = 0;  ///< next to compute
  std::uint32_t tile_ = 0;   ///< next to compute, when weights are not resident

  GroupWeights weights_;
  std::vector<ChannelParameters> channels_;
  std::vector<std::int16_t> operands_;        ///< [index in bank][pixel]
  std::vector<std::uint16_t> bf16_operands_;  ///< the same
  std::vector<bool> inside_;                  ///< [pixel], of the last fetch
  std::vector<std::uint32_t> accumulators_;   ///< [lane][pixel]
  std::array<std::uint8_t, 256> table_{};     ///< of byte results; without one they stay
};

}  // namespace s4::sim
