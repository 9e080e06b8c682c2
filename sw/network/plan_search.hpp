// The schedule of a segment that is expected to take least.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/layer_costs.hpp"
#include "sw/network/pipeline.hpp"
#include "sw/network/schedule.hpp"

namespace s4::sw {

class PlanSearch {
 public:
  /// All must outlive the search, which sees the addresses that are there when it is asked.
  PlanSearch(const Network& network, const config::Configuration& config,
             const ValueAddresses& addresses)
      : network_(network), config_(config), addresses_(addresses) {}

  /// The best plan, and its cost.
  struct Best {
    std::optional<SegmentPlan> plan;
    std::uint64_t cost = 0;
    std::string refused;  ///< why a plan that fits was not possible
  };
  /// Of all sub-batches, splits, residencies and pipelines for these images.
  [[nodiscard]] Best find(const Segment& segment, const Images& window);

  /// A plan for the first batch and one for each, which prefetches for the next one; nothing if the
  /// plan is no pipeline, or has no layers in front that alone read all inputs, or no room.
  struct Prefetch {
    SegmentPlan first, rest;
  };
  [[nodiscard]] std::optional<Prefetch> prefetch(const Segment& segment, const SegmentPlan& plan);

  /// At least one image of the segment fits the local buffer.
  [[nodiscard]] bool fits(const Segment& segment) const;

  /// The weights of a layer of a plan, not packed yet.
  [[nodiscard]] const LayerCost& cost(const Segment& segment, const SegmentPlan& plan,
                                      std::size_t i);

 private:
  /// What the clocks of a schedule count.
  struct Judgement {
    std::uint64_t percent = 100;
    /// Of a pipeline the clocks that its order expects, which knows the engines alone; a schedule
    /// lets weights flow one command ahead only. The RTL lies between both.
    std::uint64_t order = 0;
  };
  [[nodiscard]] std::vector<std::uint32_t> image_counts(std::uint32_t batch) const;
  [[nodiscard]] std::uint64_t room(const Segment& segment) const {
    return activation_room(network_, segment, config_.local_words);
  }
  const std::vector<LayerCost>& costs(std::size_t l, bool cut);
  [[nodiscard]] std::vector<const LayerCost*> choose_shapes(const Segment& segment,
                                                            SegmentPlan& plan);
  void find_plain(const Segment& segment, const Images& window, Best& best);
  void find_pipelined(const Segment& segment, const Images& window, Best& best);
  /// Gives the pipeline its places, if there is room.
  [[nodiscard]] bool place_lanes(const Segment& segment, const Phases& phases, std::size_t leading,
                                 SegmentPlan& plan) const;
  /// Looks longer for the order of a pipeline.
  void refine(const Segment& segment, Best& best);
  void try_plan(const Segment& segment, SegmentPlan plan, Best& best);
  void try_schedule(const Segment& segment, const SegmentPlan& plan,
                    const std::vector<const LayerCost*>& costs, const Judgement& judgement,
                    Best& best);

  const Network& network_;
  const config::Configuration& config_;
  const ValueAddresses& addresses_;
  // In every array shape, by layer; of pipelines the output channels are cut.
  std::map<std::size_t, std::vector<LayerCost>> costs_, cut_costs_;
};

}  // namespace s4::sw
