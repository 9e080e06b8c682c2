// The order of a pipeline's parts: which lane is next.
//
// Every lane has its phases in an order of its own; in a phase of heads each layer takes its heads
// in order, and may run ahead of the others as far as rings permit. A model of the two engines and
// of the memory says when each part could begin. Of the orders that differ in what was taken next,
// the best few are followed: those that leave engines idle least and have most of the longest
// lane behind them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/network/pipeline.hpp"

namespace s4::sw {

/// Orders that are followed at a time to compare plans, and for the best one. More of them find
/// better orders: of a BERT-base encoder of 384 tokens, 32x, 4.13 million clocks with 4, 4.08 with
/// 16, 4.03 with 64.
inline constexpr std::size_t kFewOrders = 8;
inline constexpr std::size_t kManyOrders = 64;

class PipelineOrder {
 public:
  /// All must outlive the order. `plan`: window, images, lanes, load_parts, reload.
  PipelineOrder(const Network& network, const Segment& segment, const Phases& phases,
                const SegmentPlan& plan, const config::Configuration& config,
                const std::vector<const LayerCost*>& costs);

  struct Order {
    std::vector<PipelineTask> tasks;
    std::uint64_t end = 0;  ///< clocks that the model expects
  };
  /// Follows `width` orders at a time.
  [[nodiscard]] Order find(std::size_t width) const;
  /// Takes what can start first, heads of all layers of a phase in turn; of what could start in the
  /// same clock heads, whose engines wait for each other, then short layers.
  [[nodiscard]] Order first_come() const;
  /// first_come(), unless another order is better by more than the model may err.
  [[nodiscard]] Order best(std::size_t width) const;

 private:
  struct Task {
    PipelineTask task;
    bool rows = false;
    std::uint64_t clocks = 0;
    std::uint64_t memory = 0;  // of a second operand that comes from there
  };
  /// What a lane does of one phase: a list for each layer.
  struct Leg {
    std::vector<std::vector<Task>> tracks;
    std::vector<std::size_t> layers;  // of each track
    std::uint64_t array = 0, rows = 0;
  };
  struct Place {
    std::size_t leg = 0;
    std::array<std::uint32_t, kMostOfPhase> taken{};  // tasks, by track
    bool operator==(const Place&) const = default;
  };
  /// What an order has led to so far, in expected clocks.
  struct State {
    std::vector<Place> at;            // by lane; the last one's tasks are prefetched
    std::vector<std::uint64_t> lane;  // end of its last task
    // Latest start in the lane, and in its former legs. Places are used again from phase to phase,
    // so that commands of a lane's phases stay in order, whatever they read.
    std::vector<std::uint64_t> begun, former;
    std::vector<std::uint64_t> array_left, rows_left;  // of the lane's leg
    std::vector<std::uint64_t> loaded;                 // by sub-batch and part
    std::vector<std::uint64_t> done;                   // by sub-batch and what done_at_ says
    std::vector<std::uint64_t> stored;                 // by sub-batch and layer
    std::vector<std::uint64_t> prefetched;             // by layer, of the part in work
    std::uint64_t array = 0, rows = 0, memory = 0;
    std::uint64_t array_work = 0, rows_work = 0;
    std::size_t link = 0;
  };
  static std::uint64_t end_of(const State& s) { return std::max({s.array, s.rows, s.memory}); }
  struct Link {  // of the tasks taken, from the last one back
    std::size_t before = 0;
    const Task* task = nullptr;
    std::uint64_t start = 0;
  };
  struct Choice {
    std::size_t state = 0, lane = 0, track = 0;
    const Task* task = nullptr;
    std::uint64_t start = 0, ready = 0;
    std::uint64_t cost = 0;  // least clocks of the whole order, and those in which engines idled
    std::uint64_t idle = 0;
  };

  [[nodiscard]] const Layer& layer(std::size_t i) const {
    return network_.layers[segment_.layers[i]].layer;
  }
  [[nodiscard]] std::size_t commands(std::size_t i) const;
  void add_legs(std::uint32_t s, std::vector<Leg>& lane) const;
  void add_prefetch();
  void add_up();
  [[nodiscard]] Task described(const PipelineTask& task) const;
  [[nodiscard]] std::uint64_t load_clocks(std::uint32_t images) const;
  [[nodiscard]] State begin() const;

  /// All that the track's next task reads is taken, and all that read what it replaces.
  [[nodiscard]] bool may_take(const Leg& leg, const Place& at, std::size_t track) const;
  /// The next prefetched task may stand here: behind all that reads what it overwrites, where lanes
  /// begin to run out of work.
  [[nodiscard]] bool may_prefetch(const State& state, std::size_t taken) const;
  [[nodiscard]] std::uint64_t made(std::size_t maker, const PipelineTask& task,
                                   const State& state) const;
  [[nodiscard]] std::uint64_t ready(const PipelineTask& task, const State& state) const;
  [[nodiscard]] unsigned rank(const Task& task) const;
  [[nodiscard]] bool is_turn(const Leg& leg, const Place& at, std::size_t track) const;
  [[nodiscard]] Order order_of(const std::vector<Link>& links, const State& state) const;
  void add_choices(const State& state, std::size_t index, std::size_t taken,
                   std::vector<Choice>& choices) const;
  void judge(const State& state, Choice& choice) const;
  void take(const Choice& choice, State& state) const;
  void note_result(const Task& task, std::uint64_t end, State& state) const;
  void enter(std::size_t lane, State& state) const;

  const Network& network_;
  const Segment& segment_;
  const Phases& phases_;
  const SegmentPlan& plan_;
  const config::Configuration& config_;
  const std::vector<const LayerCost*>& costs_;
  std::vector<Images> subs_;
  std::vector<Makers> makers_;                     // by layer
  std::vector<std::vector<std::size_t>> readers_;  // by layer
  std::vector<std::uint64_t> layer_clocks_;        // of a sub-batch
  std::vector<std::uint32_t> output_rings_;        // of the layer's result
  std::size_t leading_ = 0;
  std::vector<std::vector<Leg>> lanes_;
  std::vector<std::vector<std::uint64_t>> tails_;  // least clocks behind a leg, by lane
  std::uint64_t array_total_ = 0, rows_total_ = 0;
  std::size_t tasks_ = 0;                // but those prefetched
  std::vector<std::size_t> read_until_;  // by sub-batch: legs of its lane that come before
  // First entry of a layer in a sub-batch's part of State::done, and the end: one for each head,
  // of leading layers for each part.
  std::vector<std::size_t> done_at_{0};
};

}  // namespace s4::sw
