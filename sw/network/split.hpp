// One network on several subsystems together: layers are cut into parts, one per subsystem, that
// write their rows or channels of the layer's output into the memory that all share. A step is such
// a layer, or a program of layers in sequence, with results that stay on the chip: on one
// subsystem, or on each with some of the images, where that is sooner done; between steps the host
// waits until every part has ended.
//
//   split_network  network -> steps, memory map, programs
//   run_split      inputs -> outputs and a report (split_run.hpp)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sw/network/layer_parts.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// How a layer can be computed, and what the compiler expects of it.
struct CutChoice {
  Cut cut = Cut::kNone;
  std::vector<LayerPart> parts;  ///< part n is for subsystem n
  std::vector<PartCost> costs;   ///< of the parts
  std::uint64_t predicted = 0;   ///< clocks: the slowest part, or what all ask of the memory
  std::uint64_t whole = 0;       ///< clocks of the layer on one subsystem; 0: it does not fit one
};

/// Clocks that a subsystem of a step costs the host: its registers, doorbell and interrupt.
inline constexpr std::uint64_t kPartClocks = 250;

/// Clocks of parts side by side: those of the slowest, but no fewer than the channels of the whole
/// chip take for what all read and write. `one_stream`: all have the weights of the whole layer.
[[nodiscard]] std::uint64_t step_clocks(const std::vector<PartCost>& costs,
                                        const config::Configuration& config, bool one_stream);

/// Clocks of the memories of all stations for as many words of 64 bytes.
[[nodiscard]] std::uint64_t memory_clocks(std::uint64_t words, const config::Configuration& config);

/// This cut of a layer for at most `count` subsystems. No parts: it cannot be cut so, or does not
/// fit.
[[nodiscard]] CutChoice try_cut(const Layer& layer, const config::Configuration& config, Cut cut,
                                std::uint32_t count);

/// The cut of the fewest clocks for a layer by itself; none if no cut saves more than it costs the
/// host. `images`: also one by images. Throws CompileError if the layer fits in no way.
[[nodiscard]] CutChoice choose(const Layer& layer, const config::Configuration& config,
                               std::uint32_t count, bool images = false);

struct SplitPart {
  unsigned subsystem = 0;
  std::size_t program = 0;  ///< in CompiledNetwork::programs
  Region write_region;      ///< what it may write: from its first to its last output
  std::uint32_t begin = 0;  ///< rows, channels or images of the output
  std::uint32_t end = 0;
  std::uint64_t predicted = 0;
};

struct SplitStep {
  std::vector<std::size_t>
      layers;  ///< in Network::layers; a single one if its rows or channels are cut
  Cut cut = Cut::kNone;
  std::vector<SplitPart> parts;
  /// Weights that all parts read in the same order, so that they can be read once for all: whole
  /// KiB. Empty: none.
  Region joint;
  std::uint64_t predicted = 0;
  /// Of this predicted of one subsystem that runs the network alone; 0: it cannot.
  std::uint64_t alone = 0;
};

struct SplitNetwork {
  /// The programs of step 0 in the order of their subsystems, those of step 1, ...; the outputs of
  /// all layers that are cut lie in memory. Run one after the other they are the network on one
  /// subsystem.
  CompiledNetwork compiled;
  std::vector<SplitStep> steps;
  unsigned subsystems = 1;

  // Clocks of all steps; of one subsystem that runs the network alone, 0 if it cannot.
  [[nodiscard]] std::uint64_t predicted() const;
  [[nodiscard]] std::uint64_t alone() const;
};

struct SplitOptions {
  std::uint64_t base = kNetworkBase;
  std::uint64_t memory_bytes = std::uint64_t{1} << 36;
  /// Subsystems; 0: those of the configuration.
  unsigned subsystems = 0;
  /// Images may also be shared, layer by layer or for layers in sequence.
  bool images = false;
  /// Tests: this cut wherever it is possible.
  Cut forced = Cut::kNone;
};

/// Throws CompileError if a layer does not fit the configuration in any way, NetworkError if the
/// memory is too small.
[[nodiscard]] SplitNetwork split_network(Network network, const config::Configuration& config,
                                         const SplitOptions& options = {});

/// What is wrong with the memory that the parts of a step use; empty: nothing. Each must write only
/// its own bytes, all of them together every byte of the step's outputs and no other, and none may
/// read or execute what another one writes.
[[nodiscard]] std::string find_conflict(const SplitNetwork& split, const SplitStep& step);

}  // namespace s4::sw
