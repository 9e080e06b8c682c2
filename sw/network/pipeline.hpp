// Schedules in which the array and the row engine work at the same time.
//
// Sub-batches go through a segment in lanes, one or two, each with places of its own in the local
// buffer; sub-batch s is in lane s % lanes. Layers that take heads as images form a phase: they go
// through it head by head, so that the softmax of one head runs beside the products of others. All
// other layers are phases of their own. A lane takes its phases in order; which lane is next is
// decided by who can start first.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/residency.hpp"
#include "sw/network/schedule.hpp"

namespace s4::sw {

inline constexpr std::size_t kOwnPlace = std::numeric_limits<std::size_t>::max();

inline constexpr std::size_t kNoLayer = std::numeric_limits<std::size_t>::max();

/// Layers of the segment that make what layer i reads; kNoLayer: none of them does.
struct Makers {
  std::size_t input = kNoLayer;
  std::size_t second = kNoLayer;
  std::size_t operand = kNoLayer;
};
[[nodiscard]] Makers makers_of(const Network& network, const Segment& segment, std::size_t i);

/// Layers that a phase may have.
inline constexpr std::size_t kMostOfPhase = 16;

struct Phases {
  std::vector<std::size_t> of;       ///< phase, by layer of the segment
  std::vector<std::uint32_t> delay;  ///< heads by which a layer is behind the first of its phase
  std::vector<std::uint32_t> rings;  ///< by value: heads of which its place has room; 0: all
  /// By value: the one that it replaces head by head, in the same place; kOwnPlace: none.
  std::vector<std::size_t> over;
  [[nodiscard]] std::size_t count() const { return of.back() + 1; }
};
/// `lead`: heads by which a layer is ahead of the one that reads what it makes; the more, the
/// longer a lane goes on while the row engine works for another. `spare`: places of a ring beyond
/// the heads by which a reader is behind.
[[nodiscard]] Phases find_phases(const Network& network, const Segment& segment,
                                 std::uint32_t lead = 1, std::uint32_t spare = 2);

/// The segment may be pipelined: something else than the array works in it.
[[nodiscard]] bool can_pipeline(const Network& network, const Segment& segment);

/// Layers at the start of the segment that take what is loaded and have no weights to read again
/// for each part of the images: additions and rows.
[[nodiscard]] std::size_t leading_layers(const Network& network, const Segment& segment,
                                         const std::vector<const LayerCost*>& costs);

/// Values of which every image has the same words, read by leading layers alone, which take image
/// by image: one image serves all sub-batches. By position in Segment::values.
[[nodiscard]] std::vector<bool> common_values(const Network& network, const Segment& segment,
                                              std::size_t leading);

/// Values with places of their own.
struct OwnPlaces {
  std::vector<bool> common;  ///< one image of each; empty: none
  /// Layers before this one run for the next batch beside the others: what these read of them has a
  /// place for each of `subs` sub-batches. 0: none.
  std::size_t prefetch = 0;
  std::uint32_t subs = 0;
  /// From this phase on loaded values have their places for the next sub-batch of the lane, whose
  /// leading phases, up to `leading`, leave what is stored where it is; 0: they have not.
  std::size_t reload = 0;
  std::size_t leading = 0;
};

/// Places of `lanes` sub-batches of `images` images, and behind them those of `own`; nothing if
/// they do not fit `room` words.
[[nodiscard]] std::optional<Allocation> allocate_lanes(const Network& network,
                                                       const Segment& segment, const Phases& phases,
                                                       std::uint32_t images, std::uint32_t lanes,
                                                       std::uint64_t room,
                                                       const OwnPlaces& own = {});

/// The layers before `prefetch` of all sub-batches, one after the other.
[[nodiscard]] std::vector<PipelineTask> prefetch_tasks(const SegmentPlan& plan, bool next);

/// The parts of all layers, in the order of their commands. `plan`: window, images, lanes.
[[nodiscard]] std::vector<PipelineTask> pipeline_tasks(const Network& network,
                                                       const Segment& segment, const Phases& phases,
                                                       const SegmentPlan& plan,
                                                       const config::Configuration& config,
                                                       const std::vector<const LayerCost*>& costs);

}  // namespace s4::sw
