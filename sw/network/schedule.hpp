// Commands of a segment, in order, and when the compiler expects each to run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/compile_run.hpp"
#include "sw/network/residency.hpp"
#include "sw/network/slices.hpp"

namespace s4::sw {

/// Weights of a slice in one array shape, as far as a schedule needs them.
struct SliceCost {
  ChannelSlice slice;
  ShapeProfile profile;
  std::uint64_t offset = 0;  ///< of the packed stream in Network memory, bytes; set when packed
  std::optional<PackedWeights> packed;
};

/// Weights of a layer in one array shape, slice by slice.
struct LayerCost {
  std::uint32_t shape = 0;
  std::vector<SliceCost> slices;
  std::uint64_t parameters = 0;  ///< address of layer_parameters()
  /// All slices have the same weights and parameters, in one group that fits the buffers: sent
  /// once.
  bool shared = false;

  /// One group that fits the weight buffers, so that they can keep it over several commands.
  [[nodiscard]] bool can_keep() const {
    return slices.size() == 1 && slices[0].profile.fits && slices[0].profile.groups.size() == 1;
  }
};

/// Heads [begin, end) of every image, of layers that take heads as images of their own.
struct Heads {
  std::uint32_t begin = 0;
  std::uint32_t end = 1;
  [[nodiscard]] std::uint32_t count() const { return end - begin; }
};

/// A part of a layer in a pipelined schedule.
struct PipelineTask {
  std::size_t layer = 0;  ///< of the segment
  std::uint32_t sub = 0;  ///< sub-batch
  Heads heads;
  std::size_t slice = 0;   ///< of the output channels
  bool last = false;       ///< of the layer and sub-batch
  std::uint32_t part = 0;  ///< of the images of the sub-batch, which are cut into
  std::uint32_t parts = 1;
  bool next = false;  ///< of the next batch
};

/// Images of part `part` of `count` equal ones; empty if there are fewer images.
[[nodiscard]] inline Images part_of(const Images& all, std::uint32_t part, std::uint32_t count) {
  return {all.begin + static_cast<std::uint32_t>(std::uint64_t{all.count()} * part / count),
          all.begin + static_cast<std::uint32_t>(std::uint64_t{all.count()} * (part + 1) / count)};
}

/// What of a segment a program computes.
enum class Stage : std::uint8_t {
  kAll,
  kFirst,  ///< the prefetched layers
  kRest,   ///< all others, and the prefetched ones of the next batch
};

/// Choices for a segment.
struct SegmentPlan {
  Images window;             ///< of the batch, that are computed
  std::uint32_t images = 1;  ///< in a sub-batch; the last one may have fewer
  /// Layers from here on take `late_images` together: the sub-batches of these images pass through
  /// the layers before, whose results wait on the chip.
  std::size_t split = kNoSplit;
  std::uint32_t late_images = 1;
  Residency residency = Residency::kPacked;
  Allocation allocation;
  /// Pieces in which a sub-batch is loaded and its first layer runs; in pipelines the first layers.
  std::uint32_t load_parts = 1;
  std::vector<std::uint32_t> shapes;  ///< of the array, by layer of the segment
  bool pipelined = false;             ///< sw/network/pipeline.hpp; all below is of such plans
  std::vector<PipelineTask> tasks;    ///< in order
  std::uint32_t lanes = 1;           ///< sub-batches in work at a time, each with places of its own
  std::uint32_t lead = 1;            ///< heads by which layers are ahead of their readers
  std::uint32_t spare = 2;           ///< of find_phases()
  std::vector<std::uint32_t> rings;  ///< by value: heads that its place holds in turn; 0: all
  Stage stage = Stage::kAll;
  std::size_t prefetch = 0;  ///< layers before this one run for the next batch
  /// From this layer of a sub-batch on the next one of its lane may be loaded; kNoSplit: only once
  /// it begins.
  std::size_t reload = kNoSplit;
};

/// Addresses in memory of values that are loaded or stored, by value.
using ValueAddresses = std::map<std::size_t, std::uint64_t>;

struct Schedule {
  Program program;
  std::vector<LayerPlacement> layers;
  std::uint64_t predicted = 0;  ///< clocks
};

/// A schedule that would overflow a token; another may not.
struct TooManySignals : CompileError {
  using CompileError::CompileError;
};

/// Makes the commands. `costs`: by layer of the segment, in the shapes of the plan; without packed
/// weights and addresses the commands only serve the prediction. Throws TooManySignals, or
/// CompileError where no schedule can help.
[[nodiscard]] Schedule make_schedule(const Network& network, const Segment& segment,
                                     const SegmentPlan& plan, const config::Configuration& config,
                                     const std::vector<const LayerCost*>& costs,
                                     const ValueAddresses& addresses);

/// The array shape in which a layer takes least clocks on `images` images.
[[nodiscard]] std::uint32_t best_shape(const Layer& layer, const config::Configuration& config,
                                       const std::vector<LayerCost>& costs, std::uint32_t images);

}  // namespace s4::sw
