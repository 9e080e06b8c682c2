#include "sw/network/pipeline_order.hpp"

#include <algorithm>

#include "sw/network/scheduler.hpp"

namespace s4::sw {
namespace {

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// Clocks of words that are loaded or stored, where four subsystems move as many and share the 80
/// bytes a clock of the memory. Too few cost more than too many: an engine waits for a load with
/// other lanes' work behind it.
std::uint64_t memory_clocks(std::uint64_t words) { return ceil_div(words * 4 * 64, 80); }

}  // namespace

PipelineOrder::PipelineOrder(const Network& network, const Segment& segment, const Phases& phases,
                             const SegmentPlan& plan, const config::Configuration& config,
                             const std::vector<const LayerCost*>& costs)
    : network_(network),
      segment_(segment),
      phases_(phases),
      plan_(plan),
      config_(config),
      costs_(costs) {
  for (std::uint32_t at = plan.window.begin; at < plan.window.end; at += plan.images) {
    subs_.push_back({at, std::min(at + plan.images, plan.window.end)});
  }
  const std::size_t count = segment.layers.size();
  leading_ = plan.load_parts > 1 ? leading_layers(network, segment, costs) : 0;
  readers_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    makers_.push_back(makers_of(network, segment, i));
    for (const std::size_t maker : {makers_[i].input, makers_[i].second}) {
      if (maker != kNoLayer) readers_[maker].push_back(i);
    }
    const SegmentValue* const output = segment.find(network.layers[segment.layers[i]].output);
    output_rings_.push_back(phases.rings[static_cast<std::size_t>(output - segment.values.data())]);
    done_at_.push_back(done_at_.back() +
                       (i < leading_ ? plan.load_parts : segment.heads(network, i)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    layer_clocks_.push_back(0);
    for (std::size_t k = 0; k < commands(i); ++k) {
      layer_clocks_.back() += described({i, 0, {}, k, false}).clocks;
    }
  }
  lanes_.resize(plan.lanes + 1);
  for (std::uint32_t s = 0; s < subs_.size(); ++s) add_legs(s, lanes_[s % plan.lanes]);
  if (plan.prefetch != 0) add_prefetch();
  add_up();
}

/// Commands of a layer between which another lane may have the array. Slices of the same weights
/// follow each other.
std::size_t PipelineOrder::commands(std::size_t i) const {
  return layer(i).rows || costs_[i]->shared ? 1 : costs_[i]->slices.size();
}

/// The parts of sub-batch `s`, phase by phase, those of the leading layers in parts of the images.
void PipelineOrder::add_legs(std::uint32_t s, std::vector<Leg>& lane) const {
  const std::uint32_t parts = leading_ == 0 || plan_.prefetch != 0 ? 0 : plan_.load_parts;
  for (std::uint32_t part = 0; part < parts; ++part) {
    if (part_of(subs_[s], part, parts).count() == 0) continue;
    for (std::size_t i = 0; i < leading_; ++i) {
      lane.push_back({{{described({i, s, {}, 0, part + 1 == parts, part, parts})}}, {i}, 0, 0});
    }
  }
  for (std::size_t i = std::max(leading_, plan_.prefetch); i < segment_.layers.size();) {
    Leg leg;
    const std::size_t phase = phases_.of[i];
    for (; i < segment_.layers.size() && phases_.of[i] == phase; ++i) {
      const std::size_t count = commands(i);
      const std::uint32_t heads = segment_.heads(network_, i);
      std::vector<Task> track;
      for (std::uint32_t head = 0; head < heads; ++head) {
        for (std::size_t k = 0; k < count; ++k) {
          const bool last = head + 1 == heads && k + 1 == count;
          track.push_back(described({i, s, {head, head + 1}, k, last}));
        }
      }
      leg.tracks.push_back(std::move(track));
      leg.layers.push_back(i);
    }
    lane.push_back(std::move(leg));
  }
}

void PipelineOrder::add_prefetch() {
  Leg leg{{{}}, {0}, 0, 0};
  for (const PipelineTask& task : prefetch_tasks(plan_, true)) {
    leg.tracks.front().push_back(described(task));
  }
  lanes_.back().push_back(std::move(leg));
  std::size_t last = 0;  // layer that reads what the prefetched ones made
  for (const SegmentValue& v : segment_.values) {
    if (v.first < plan_.prefetch) last = std::max(last, v.last);
  }
  read_until_.assign(subs_.size(), 0);
  for (std::size_t l = 0; l < plan_.lanes; ++l) {
    for (std::size_t t = 0; t < lanes_[l].size(); ++t) {
      const Leg& own = lanes_[l][t];
      if (own.layers.front() <= last) read_until_[own.tracks.front().front().task.sub] = t + 1;
    }
  }
}

void PipelineOrder::add_up() {
  for (std::vector<Leg>& lane : lanes_) {
    for (Leg& leg : lane) {
      for (const std::vector<Task>& track : leg.tracks) {
        if (&lane != &lanes_.back()) tasks_ += track.size();
        for (const Task& task : track) (task.rows ? leg.rows : leg.array) += task.clocks;
      }
      array_total_ += leg.array;
      rows_total_ += leg.rows;
    }
    std::vector<std::uint64_t> tail(lane.size() + 1, 0);
    for (std::size_t t = lane.size(); t-- > 0;) {
      tail[t] = tail[t + 1] + std::max(lane[t].array, lane[t].rows);
    }
    tails_.push_back(std::move(tail));
  }
}

PipelineOrder::Task PipelineOrder::described(const PipelineTask& task) const {
  const LayerGeometry& g = layer(task.layer).geometry;
  const std::uint64_t plane = std::uint64_t{g.out_height()} * g.out_width();
  const std::uint32_t images = part_of(subs_[task.sub], task.part, task.parts).count();
  const std::uint64_t pixels = images * plane;
  Task described;
  described.task = task;
  if (layer(task.layer).rows) {
    described.rows = true;
    described.clocks = row_clocks(*layer(task.layer).rows, pixels, g.channels);
    return described;
  }
  const LayerCost& cost = *costs_[task.layer];
  const ShapeProfile& profile = cost.slices[task.slice].profile;
  const bool dense = layer(task.layer).dense.has_value();
  const std::uint64_t commands = dense ? images : cost.shared ? cost.slices.size() : 1;
  const std::uint64_t tiles = ceil_div(dense ? plane : pixels, profile.tile_pixels);
  std::uint64_t clocks = profile.switch_stall + kCommandGap;
  for (const GroupProfile& group : profile.groups) {
    clocks += tiles * tile_clocks(group, profile, config_, !profile.fits);
  }
  described.clocks = commands * std::max(clocks, cost.shared ? 0 : profile.words);
  const std::optional<std::size_t>& operand = network_.layers[segment_.layers[task.layer]].operand;
  if (operand && !segment_.has_local_operand(network_, task.layer)) {
    const TensorShape& shape = network_.values[*operand].shape;
    described.memory = memory_clocks(std::uint64_t{subs_[task.sub].count()} * shape.height *
                                     shape.width * shape.blocks());
  }
  return described;
}

/// Clocks of the loads of so many images, but for what is loaded once for all.
std::uint64_t PipelineOrder::load_clocks(std::uint32_t images) const {
  const std::vector<bool>& once = plan_.allocation.common;
  std::uint64_t words = 0;
  for (std::size_t v = 0; v < segment_.values.size(); ++v) {
    if (!segment_.values[v].loaded || (!once.empty() && once[v])) continue;
    const TensorShape& shape = network_.values[segment_.values[v].value].shape;
    words += std::uint64_t{shape.height} * shape.width * segment_.planes(shape);
  }
  return memory_clocks(words * images);
}

PipelineOrder::State PipelineOrder::begin() const {
  State state;
  state.at.resize(lanes_.size());
  state.lane.assign(lanes_.size(), 0);
  state.begun = state.former = state.lane;
  state.array_left.assign(lanes_.size(), 0);
  state.rows_left.assign(lanes_.size(), 0);
  state.loaded.assign(subs_.size() * plan_.load_parts, 0);
  state.done.assign(subs_.size() * done_at_.back(), 0);
  state.stored.assign(subs_.size() * segment_.layers.size(), 0);
  state.prefetched.assign(plan_.prefetch, 0);
  if (plan_.prefetch == 0) {
    for (std::size_t v = 0; v < segment_.values.size(); ++v) {
      const std::vector<bool>& once = plan_.allocation.common;
      if (once.empty() || !once[v]) continue;
      const TensorShape& shape = network_.values[segment_.values[v].value].shape;
      state.memory +=
          memory_clocks(std::uint64_t{shape.height} * shape.width * segment_.planes(shape));
    }
    for (std::size_t s = 0; s < plan_.lanes && s < subs_.size(); ++s) {
      for (std::uint32_t part = 0; part < plan_.load_parts; ++part) {
        state.memory += load_clocks(part_of(subs_[s], part, plan_.load_parts).count());
        state.loaded[s * plan_.load_parts + part] = state.memory;
      }
    }
  }
  for (std::size_t l = 0; l < lanes_.size(); ++l) enter(l, state);
  return state;
}

/// Clock at which layer `maker` has what the task reads.
std::uint64_t PipelineOrder::made(std::size_t maker, const PipelineTask& task,
                                  const State& state) const {
  if (maker == kNoLayer) {
    const std::uint32_t part = task.parts > 1 ? task.part : plan_.load_parts - 1;
    return state.loaded[task.sub * plan_.load_parts + part];
  }
  const std::size_t first = task.sub * done_at_.back() + done_at_[maker];
  const std::size_t count = done_at_[maker + 1] - done_at_[maker];
  if (task.layer < leading_) return state.done[first + task.part];
  if (count == segment_.heads(network_, task.layer)) return state.done[first + task.heads.begin];
  const auto at = state.done.begin() + static_cast<std::ptrdiff_t>(first);
  return *std::max_element(at, at + static_cast<std::ptrdiff_t>(count));
}

std::uint64_t PipelineOrder::ready(const PipelineTask& task, const State& state) const {
  const Makers& makers = makers_[task.layer];
  if (task.next) {
    std::uint64_t at = 0;
    for (const std::size_t maker : {makers.input, makers.second}) {
      if (maker != kNoLayer) at = std::max(at, state.prefetched[maker]);
    }
    return at;
  }
  const std::uint32_t head = task.heads.begin;
  std::uint64_t at = made(makers.input, task, state);
  const ChipLayer& chip = network_.layers[segment_.layers[task.layer]];
  if (chip.second) at = std::max(at, made(makers.second, task, state));
  if (chip.operand && makers.operand != kNoLayer) {
    at = std::max(at, segment_.has_local_operand(network_, task.layer)
                          ? made(makers.operand, task, state)
                          : state.stored[task.sub * segment_.layers.size() + makers.operand]);
  }
  // A ring's place is free once its readers are done.
  const std::uint32_t ring = output_rings_[task.layer];
  if (ring != 0 && head >= ring) {
    for (const std::size_t reader : readers_[task.layer]) {
      const std::size_t first = task.sub * done_at_.back() + done_at_[reader];
      at = std::max(at, state.done[first + head - ring]);
    }
  }
  return at;
}

/// The lane has ended its former leg.
void PipelineOrder::enter(std::size_t lane, State& state) const {
  state.array_left[lane] = state.rows_left[lane] = 0;
  const std::size_t at = state.at[lane].leg;
  if (at == lanes_[lane].size()) return;
  const Leg& leg = lanes_[lane][at];
  state.array_left[lane] = leg.array;
  state.rows_left[lane] = leg.rows;
  if (plan_.prefetch != 0 || lane == plan_.lanes || at == 0) return;
  const Leg& former = lanes_[lane][at - 1];
  const std::size_t sub = former.tracks.front().front().task.sub;
  const bool starts = leg.tracks.front().front().task.sub != sub;
  const bool frees = leg.layers.front() >= plan_.reload && former.layers.front() < plan_.reload;
  if ((plan_.reload < segment_.layers.size() ? frees : starts) &&
      sub + plan_.lanes < subs_.size()) {
    const std::size_t next = sub + plan_.lanes;
    state.memory = std::max(state.memory, state.lane[lane]);
    for (std::uint32_t part = 0; part < plan_.load_parts; ++part) {
      state.memory += load_clocks(part_of(subs_[next], part, plan_.load_parts).count());
      state.loaded[next * plan_.load_parts + part] = state.memory;
    }
  }
}

/// What follows from a task that ends there.
void PipelineOrder::note_result(const Task& described, std::uint64_t end, State& state) const {
  const PipelineTask& task = described.task;
  if (task.next) {
    state.prefetched[task.layer] = end;
    return;
  }
  std::uint64_t& done = state.done[task.sub * done_at_.back() + done_at_[task.layer] +
                                   std::max(task.heads.begin, task.part)];
  done = std::max(done, end);
  const std::size_t value = network_.layers[segment_.layers[task.layer]].output;
  if (!task.last || !segment_.find(value)->stored) return;
  const TensorShape& shape = network_.values[value].shape;
  const std::uint64_t words =
      std::uint64_t{subs_[task.sub].count()} * shape.height * shape.width * segment_.planes(shape);
  state.memory = std::max(state.memory, end) + memory_clocks(words);
  state.stored[task.sub * segment_.layers.size() + task.layer] = state.memory + 2 * kMemoryLatency;
}

void PipelineOrder::take(const Choice& choice, State& state) const {
  const Task& task = *choice.task;
  const std::uint64_t engine = choice.start + task.clocks;
  (task.rows ? state.rows : state.array) = engine;
  (task.rows ? state.rows_work : state.array_work) += task.clocks;
  (task.rows ? state.rows_left : state.array_left)[choice.lane] -= task.clocks;
  state.lane[choice.lane] = std::max(state.lane[choice.lane], engine);
  state.begun[choice.lane] = std::max(state.begun[choice.lane], choice.start);
  state.memory += task.memory;
  note_result(task, engine + (task.rows ? 0 : kCommandEnd + kCommandStart), state);
  Place& at = state.at[choice.lane];
  const Leg& leg = lanes_[choice.lane][at.leg];
  ++at.taken[choice.track];
  for (std::size_t t = 0; t < leg.tracks.size(); ++t) {
    if (at.taken[t] != leg.tracks[t].size()) return;
  }
  at = {at.leg + 1, {}};
  state.former[choice.lane] = state.begun[choice.lane];
  enter(choice.lane, state);
}

}  // namespace s4::sw
