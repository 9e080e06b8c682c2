#include "sw/network/pipeline_order.hpp"

#include <algorithm>
#include <bit>

#include "sw/network/scheduler.hpp"

namespace s4::sw {
namespace {

/// Clocks of a word that is loaded, where four subsystems share the memory. Too few cost more than
/// too many: an engine waits for a load with other lanes' work behind it.
constexpr std::uint64_t kLoadClocks = 3;
/// Of parts that wait for nobody.
constexpr unsigned kLastRank = 1000;

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

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
  readers_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    makers_.push_back(makers_of(network, segment, i));
    for (const std::size_t maker : {makers_[i].input, makers_[i].second}) {
      if (maker != kNoLayer) readers_[maker].push_back(i);
    }
    const SegmentValue* const output = segment.find(network.layers[segment.layers[i]].output);
    output_rings_.push_back(phases.rings[static_cast<std::size_t>(output - segment.values.data())]);
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < commands(i); ++k) sum += clocks({i, 0, {}, k, false});
    layer_clocks_.push_back(sum);
  }
  leading_ = plan.load_parts > 1 ? leading_layers(network, segment, costs) : 0;
  stored_.assign(subs_.size(), std::vector<std::uint64_t>(count, 0));
  done_.resize(subs_.size());
  for (auto& layers : done_) {
    for (std::size_t i = 0; i < count; ++i) {
      layers.emplace_back(i < leading_ ? plan.load_parts : segment.heads(network, i), 0);
    }
  }
  find_loads();
  lanes_.resize(plan.lanes);
  for (std::uint32_t s = 0; s < subs_.size(); ++s) add_tasks(s, lanes_[s % plan.lanes]);
  if (plan.prefetch != 0) add_prefetch();
}

PipelineOrder::Order PipelineOrder::find() {
  std::vector<std::size_t> next(lanes_.size() + 1, 0);
  Order order;
  for (;;) {
    const Task* best = nullptr;
    std::size_t best_lane = 0;
    std::uint64_t best_start = 0;
    std::uint64_t best_ready = 0;
    for (std::size_t lane = 0; lane <= lanes_.size(); ++lane) {
      const bool prefetches = lane == lanes_.size();
      if (prefetches && !may_prefetch(next, order.tasks.size())) continue;
      const std::vector<Task>& tasks = prefetches ? prefetch_ : lanes_[lane];
      if (next[lane] == tasks.size()) continue;
      const Task& task = tasks[next[lane]];
      const std::uint64_t ready = this->ready(task.task);
      const std::uint64_t start = std::max(ready, task.rows ? rows_ : array_);
      const auto first = [&](const Task& other) {
        if (start != best_start) return start < best_start;
        if (task.rows == other.rows && task.rank != other.rank) return task.rank < other.rank;
        return ready < best_ready;
      };
      if (best != nullptr && !first(*best)) continue;
      best = &task;
      best_lane = lane;
      best_start = start;
      best_ready = ready;
    }
    if (best == nullptr) break;
    ++next[best_lane];
    order.tasks.push_back(best->task);
    take(*best, best_start);
  }
  order.end = std::max({array_, rows_, store_});
  return order;
}

/// Commands of a layer between which another lane may have the array. Slices of the same weights
/// follow each other.
std::size_t PipelineOrder::commands(std::size_t i) const {
  return layer(i).rows || costs_[i]->shared ? 1 : costs_[i]->slices.size();
}

/// Of parts that an engine could begin in the same clock, the lowest goes first: heads, of which
/// each engine has the next one's work to wait for, then those of layers that take less than
/// half.
unsigned PipelineOrder::rank(std::size_t i) const {
  if (segment_.heads(network_, i) > 1) return 0;
  return static_cast<unsigned>(std::bit_width(layer_clocks_[i]));
}

/// When the parts of the first sub-batches are there; later ones are loaded while others compute.
void PipelineOrder::find_loads() {
  std::uint64_t words = 0;
  std::uint64_t common = 0;
  for (std::size_t v = 0; v < segment_.values.size(); ++v) {
    if (!segment_.values[v].loaded) continue;
    const TensorShape& shape = network_.values[segment_.values[v].value].shape;
    const std::vector<bool>& once = plan_.allocation.common;
    (!once.empty() && once[v] ? common : words) +=
        std::uint64_t{shape.height} * shape.width * segment_.planes(shape);
  }
  std::uint64_t images = 0;
  for (std::size_t s = 0; s < subs_.size(); ++s) {
    loaded_.emplace_back();
    for (std::uint32_t part = 0; part < plan_.load_parts; ++part) {
      images += part_of(subs_[s], part, plan_.load_parts).count();
      loaded_[s].push_back(s < plan_.lanes ? (images * words + common) * kLoadClocks : 0);
    }
  }
}

void PipelineOrder::add_prefetch() {
  prefetched_.assign(plan_.prefetch, 0);
  for (const PipelineTask& task : prefetch_tasks(plan_, true)) {
    prefetch_.push_back(described(task));
    prefetch_.back().rank = kLastRank;
  }
  std::size_t last = 0;  // layer that reads what the prefetched ones made
  for (const SegmentValue& v : segment_.values) {
    if (v.first < plan_.prefetch) last = std::max(last, v.last);
  }
  read_until_.assign(subs_.size(), 0);
  for (const std::vector<Task>& lane : lanes_) {
    for (std::size_t t = 0; t < lane.size(); ++t) {
      if (lane[t].task.layer <= last) read_until_[lane[t].task.sub] = t + 1;
    }
  }
}

bool PipelineOrder::may_prefetch(const std::vector<std::size_t>& next, std::size_t taken) const {
  const std::size_t at = next.back();
  if (at == prefetch_.size()) return false;
  std::size_t all = 0;
  for (const std::vector<Task>& lane : lanes_) all += lane.size();
  const std::uint32_t sub = prefetch_[at].task.sub;
  return next[sub % lanes_.size()] >= read_until_[sub] && taken - at >= all * 3 / 4;
}

/// The parts of sub-batch `s`, phase by phase, those of the leading layers in parts of the images.
void PipelineOrder::add_tasks(std::uint32_t s, std::vector<Task>& lane) const {
  const std::uint32_t parts = leading_ == 0 || plan_.prefetch != 0 ? 0 : plan_.load_parts;
  for (std::uint32_t part = 0; part < parts; ++part) {
    if (part_of(subs_[s], part, parts).count() == 0) continue;
    for (std::size_t i = 0; i < leading_; ++i) {
      lane.push_back(described({i, s, {}, 0, part + 1 == parts, part, parts}));
    }
  }
  for (std::size_t i = std::max(leading_, plan_.prefetch); i < segment_.layers.size();) {
    std::size_t end = i + 1;
    while (end < segment_.layers.size() && phases_.of[end] == phases_.of[i]) ++end;
    const std::uint32_t heads = segment_.heads(network_, i);
    if (heads == 1) {
      const std::size_t count = commands(i);
      for (std::size_t k = 0; k < count; ++k) {
        lane.push_back(described({i, s, {}, k, k + 1 == count}));
      }
    } else {
      const std::uint32_t steps =
          heads + *std::max_element(phases_.delay.begin() + static_cast<std::ptrdiff_t>(i),
                                    phases_.delay.begin() + static_cast<std::ptrdiff_t>(end));
      for (std::uint32_t step = 0; step < steps; ++step) {
        for (std::size_t j = i; j < end; ++j) {
          const std::uint32_t head = step - phases_.delay[j];
          if (step < phases_.delay[j] || head >= heads) continue;
          add_head(j, s, head, heads, lane);
        }
      }
    }
    i = end;
  }
}

void PipelineOrder::add_head(std::size_t i, std::uint32_t s, std::uint32_t head,
                             std::uint32_t heads, std::vector<Task>& lane) const {
  const std::size_t count = commands(i);
  for (std::size_t k = 0; k < count; ++k) {
    lane.push_back(described({i, s, {head, head + 1}, k, head + 1 == heads && k + 1 == count}));
  }
}

PipelineOrder::Task PipelineOrder::described(const PipelineTask& task) const {
  const std::size_t i = task.layer;
  return {task, layer(i).rows.has_value(), rank(i), clocks(task)};
}

std::uint64_t PipelineOrder::clocks(const PipelineTask& task) const {
  const LayerGeometry& g = layer(task.layer).geometry;
  const std::uint64_t plane = std::uint64_t{g.out_height()} * g.out_width();
  const std::uint32_t images = part_of(subs_[task.sub], task.part, task.parts).count();
  const std::uint64_t pixels = images * plane;
  if (layer(task.layer).rows) return row_clocks(*layer(task.layer).rows, pixels, g.channels);
  const LayerCost& cost = *costs_[task.layer];
  const ShapeProfile& profile = cost.slices[task.slice].profile;
  const bool dense = layer(task.layer).dense.has_value();
  const std::uint64_t commands = dense ? images : cost.shared ? cost.slices.size() : 1;
  const std::uint64_t tiles = ceil_div(dense ? plane : pixels, profile.tile_pixels);
  std::uint64_t clocks = profile.switch_stall + kCommandGap;
  for (const GroupProfile& group : profile.groups) {
    clocks += tiles * tile_clocks(group, profile, config_, !profile.fits);
  }
  return commands * std::max(clocks, cost.shared ? 0 : profile.words);
}

/// Clock at which layer `maker` has what the task reads.
std::uint64_t PipelineOrder::made(std::size_t maker, const PipelineTask& task) const {
  if (maker == kNoLayer) {
    return task.parts > 1 ? loaded_[task.sub][task.part] : loaded_[task.sub].back();
  }
  const std::vector<std::uint64_t>& ends = done_[task.sub][maker];
  if (task.layer < leading_) return ends[task.part];
  if (ends.size() == segment_.heads(network_, task.layer)) return ends[task.heads.begin];
  return *std::max_element(ends.begin(), ends.end());
}

std::uint64_t PipelineOrder::ready(const PipelineTask& task) const {
  const Makers& makers = makers_[task.layer];
  if (task.next) {
    std::uint64_t at = 0;
    for (const std::size_t maker : {makers.input, makers.second}) {
      if (maker != kNoLayer) at = std::max(at, prefetched_[maker]);
    }
    return at;
  }
  const std::uint32_t head = task.heads.begin;
  std::uint64_t at = made(makers.input, task);
  const ChipLayer& chip = network_.layers[segment_.layers[task.layer]];
  if (chip.second) at = std::max(at, made(makers.second, task));
  if (chip.operand && makers.operand != kNoLayer) {
    at = std::max(at, segment_.has_local_operand(network_, task.layer)
                          ? made(makers.operand, task)
                          : stored_[task.sub][makers.operand]);
  }
  // A ring's place is free once its readers are done.
  const std::uint32_t ring = output_rings_[task.layer];
  if (ring != 0 && head >= ring) {
    for (const std::size_t reader : readers_[task.layer]) {
      at = std::max(at, done_[task.sub][reader][head - ring]);
    }
  }
  return at;
}

void PipelineOrder::take(const Task& described, std::uint64_t start) {
  const PipelineTask& task = described.task;
  std::uint64_t& engine = described.rows ? rows_ : array_;
  engine = start + described.clocks;
  const std::uint64_t end = engine + (described.rows ? 0 : kCommandEnd + kCommandStart);
  if (task.next) {
    prefetched_[task.layer] = end;
    return;
  }
  std::uint64_t& done = done_[task.sub][task.layer][std::max(task.heads.begin, task.part)];
  done = std::max(done, end);
  const std::size_t value = network_.layers[segment_.layers[task.layer]].output;
  if (!task.last || !network_.values[value].is_operand || !segment_.find(value)->stored) return;
  const TensorShape& shape = network_.values[value].shape;
  const std::uint64_t words =
      std::uint64_t{subs_[task.sub].count()} * shape.height * shape.width * segment_.planes(shape);
  store_ = std::max(store_, end) + words;
  stored_[task.sub][task.layer] = store_ + 2 * kMemoryLatency;
}

std::vector<PipelineTask> pipeline_tasks(const Network& network, const Segment& segment,
                                         const Phases& phases, const SegmentPlan& plan,
                                         const config::Configuration& config,
                                         const std::vector<const LayerCost*>& costs) {
  return PipelineOrder(network, segment, phases, plan, config, costs).find().tasks;
}

}  // namespace s4::sw
