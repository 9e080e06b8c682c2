// Parts of commands that follow from a layer, its plan or its weights alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/compiler/layer.hpp"
#include "sw/sparse/pack.hpp"

namespace s4::sw {

/// An array command with all fields that do not depend on where tensors lie and on which part of
/// the output is computed: kernel, strides, quantisation, clamps, addition, array shape.
[[nodiscard]] commands::SpuCommand layer_command(const Layer& layer, std::uint32_t shape);

/// One dimension of a box of words.
struct BoxAxis {
  std::uint64_t count = 1;
  std::uint64_t mem_stride = 64;  ///< bytes
  std::uint64_t local_stride = 1;
};

/// A copy of a box, axes from the innermost. Axes of one step vanish, neighbours that continue each
/// other become one. Throws CompileError, naming `what`, if a stride is beyond the command's.
[[nodiscard]] commands::DmaCommand box_command(commands::Opcode opcode, std::uint64_t mem_addr,
                                               std::uint32_t local_addr,
                                               const std::vector<BoxAxis>& axes,
                                               const std::string& what);

/// Commands that send groups [begin, end) once, in order; the stream lies at `address`.
[[nodiscard]] std::vector<commands::WeightsCommand> weight_commands(const PackedWeights& weights,
                                                                    std::uint64_t address,
                                                                    std::uint32_t begin,
                                                                    std::uint32_t end);

}  // namespace s4::sw
