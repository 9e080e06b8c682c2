// What the compiler hands to the driver: commands, the bytes they need, and what each stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/compiler/layer.hpp"
#include "sw/compiler/plan.hpp"
#include "sw/compiler/tensor_layout.hpp"
#include "sw/sparse/channel_order.hpp"
#include "sw/sparse/pack.hpp"

namespace s4::sw {

/// Part of an output tensor, half-open ranges.
struct OutputBox {
  std::uint32_t image_begin = 0, image_end = 0;
  std::uint32_t channel_begin = 0, channel_end = 0;
  std::uint32_t y_begin = 0, y_end = 0;
  std::uint32_t x_begin = 0, x_end = 0;

  [[nodiscard]] bool contains(const TensorCoordinate& at) const {
    return at.image >= image_begin && at.image < image_end && at.channel >= channel_begin &&
           at.channel < channel_end && at.y >= y_begin && at.y < y_end && at.x >= x_begin &&
           at.x < x_end;
  }
};

/// Why a command is in the program.
struct CommandInfo {
  commands::Engine engine = commands::Engine::kSequencer;
  std::string what;  ///< "load input", "weights", "conv", "store", ...
  std::uint16_t layer = 0;
  OutputBox box;  ///< output that the command serves
};

struct Program {
  std::string name;
  std::uint64_t address = 0;
  std::vector<commands::CommandBytes> commands;
  std::vector<CommandInfo> info;  ///< one per command
};

/// Bytes [address, address + size) of memory.
struct Region {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

struct CompiledLayer {
  std::string name;
  std::string config_name;
  std::uint64_t config_hash = 0;
  Plan plan;
  Estimate estimate;
  PackedWeights weights;
  /// Of output and second tensor; only with CompileOptions::permute and sparse weights.
  std::optional<ChannelOrder> channel_order;
  Region weight_region;
  Region operand_region;  ///< empty without a dense operand
  Region input_region;
  Region second_region;  ///< empty without an add
  Region table_region;   ///< empty without a table
  Region output_region;
  Region read_region;   ///< what context 0 may read, whole pages
  Region write_region;  ///< what context 0 may write, whole pages
  TensorShape input_shape;
  TensorShape output_shape;
  /// One program; with resident activations three: load, compute, store.
  std::vector<Program> programs;
  std::size_t timed = 0;  ///< the program whose cycles count
};

/// Largest of the bounds: "mac", "activation", "weights", "epilogue" or "memory".
[[nodiscard]] std::string bound_name(const Estimate& estimate);

/// The layer with its output channels in another order: place i gets channel channels[i].
[[nodiscard]] Layer in_order(const Layer& layer, const std::vector<std::uint32_t>& channels);

/// Compiles one layer for one configuration. Throws CompileError.
[[nodiscard]] CompiledLayer compile_layer(const Layer& layer, const config::Configuration& config,
                                          const CompileOptions& options = {});

/// One line per command, for people.
[[nodiscard]] std::string disassemble(const commands::CommandBytes& command);

}  // namespace s4::sw
