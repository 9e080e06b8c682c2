// The order of a pipeline's parts: which lane is next.
//
// Every lane has its parts in an order of its own. A model of the two engines says when each could
// begin the next one, and the one that can begin first is taken.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/pipeline.hpp"

namespace s4::sw {

class PipelineOrder {
 public:
  /// All must outlive the order. `plan`: window, images, lanes, load_parts.
  PipelineOrder(const Network& network, const Segment& segment, const Phases& phases,
                const SegmentPlan& plan, const config::Configuration& config,
                const std::vector<const LayerCost*>& costs);

  struct Order {
    std::vector<PipelineTask> tasks;
    std::uint64_t end = 0;  ///< clocks that the model expects
  };
  [[nodiscard]] Order find();

 private:
  struct Task {
    PipelineTask task;
    bool rows = false;
    unsigned rank = 0;
    std::uint64_t clocks = 0;
  };

  [[nodiscard]] const Layer& layer(std::size_t i) const {
    return network_.layers[segment_.layers[i]].layer;
  }
  [[nodiscard]] std::size_t commands(std::size_t i) const;
  [[nodiscard]] unsigned rank(std::size_t i) const;
  void find_loads();
  void add_tasks(std::uint32_t s, std::vector<Task>& lane) const;
  void add_prefetch();
  /// The next prefetched task may stand here: behind all that reads what it overwrites, where lanes
  /// begin to run out of work.
  [[nodiscard]] bool may_prefetch(const std::vector<std::size_t>& next, std::size_t taken) const;
  void add_head(std::size_t i, std::uint32_t s, std::uint32_t head, std::uint32_t heads,
                std::vector<Task>& lane) const;
  [[nodiscard]] Task described(const PipelineTask& task) const;
  [[nodiscard]] std::uint64_t clocks(const PipelineTask& task) const;
  [[nodiscard]] std::uint64_t made(std::size_t maker, const PipelineTask& task) const;
  [[nodiscard]] std::uint64_t ready(const PipelineTask& task) const;
  void take(const Task& task, std::uint64_t start);

  const Network& network_;
  const Segment& segment_;
  const Phases& phases_;
  const SegmentPlan& plan_;
  const config::Configuration& config_;
  const std::vector<const LayerCost*>& costs_;
  std::vector<Images> subs_;
  std::vector<Makers> makers_;                     // by layer
  std::vector<std::vector<std::size_t>> readers_;  // by layer
  std::vector<std::uint32_t> output_rings_;        // of the layer's result
  std::vector<std::uint64_t> layer_clocks_;        // of a sub-batch, by layer
  std::size_t leading_ = 0;
  std::vector<std::vector<std::uint64_t>> loaded_;  // by sub-batch and part
  std::vector<std::vector<Task>> lanes_;
  std::vector<Task> prefetch_;           // of the next batch
  std::vector<std::size_t> read_until_;  // by sub-batch: tasks of its lane that come before
  // Expected clocks, by sub-batch and layer, and of what is done by head.
  std::vector<std::vector<std::vector<std::uint64_t>>> done_;
  std::vector<std::vector<std::uint64_t>> stored_;
  std::vector<std::uint64_t> prefetched_;  // by layer, of the part in work
  std::uint64_t array_ = 0, rows_ = 0, store_ = 0;
};

}  // namespace s4::sw
