#include "sw/network/pipeline.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "sw/network/scheduler.hpp"

namespace s4::sw {
namespace {

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

constexpr std::size_t kNoLayer = std::numeric_limits<std::size_t>::max();

/// Layers of the segment that make what layer i reads; kNoLayer: none of them does.
struct Makers {
  std::size_t input = kNoLayer;
  std::size_t second = kNoLayer;
  std::size_t operand = kNoLayer;
};

Makers makers_of(const Network& network, const Segment& segment, std::size_t i) {
  const auto maker = [&](std::size_t value) {
    const auto& producer = network.values[network.home(value)].producer;
    const auto at = producer ? std::find(segment.layers.begin(), segment.layers.end(), *producer)
                             : segment.layers.end();
    return at == segment.layers.end() ? kNoLayer
                                      : static_cast<std::size_t>(at - segment.layers.begin());
  };
  const ChipLayer& layer = network.layers[segment.layers[i]];
  Makers makers;
  makers.input = maker(layer.input);
  if (layer.second) makers.second = maker(*layer.second);
  if (layer.operand) makers.operand = maker(*layer.operand);
  return makers;
}

/// Puts the tasks of all lanes into one order, by what each is expected to take.
class Merge {
 public:
  Merge(const Network& network, const Segment& segment, const Phases& phases,
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
    for (std::size_t i = 0; i < segment.layers.size(); ++i) {
      makers_.push_back(makers_of(network, segment, i));
    }
    done_.resize(subs_.size());
    for (auto& layers : done_) {
      for (std::size_t i = 0; i < segment.layers.size(); ++i) {
        layers.emplace_back(segment.heads(network, i), 0);
      }
    }
    for (std::size_t i = 0; i < segment.layers.size(); ++i) {
      const std::size_t slices = commands(i);
      std::uint64_t sum = 0;
      for (std::size_t k = 0; k < slices; ++k) sum += clocks({i, 0, {}, k, false});
      layer_clocks_.push_back(sum);
    }
    stored_.assign(subs_.size(), std::vector<std::uint64_t>(segment.layers.size(), 0));
    loaded_.assign(subs_.size(), 0);
    readers_.resize(segment.layers.size());
    for (std::size_t i = 0; i < segment.layers.size(); ++i) {
      for (const std::size_t maker : {makers_[i].input, makers_[i].second}) {
        if (maker != kNoLayer) readers_[maker].push_back(i);
      }
    }
  }

  std::vector<PipelineTask> run() {
    std::vector<std::vector<PipelineTask>> lanes(plan_.lanes);
    for (std::uint32_t s = 0; s < subs_.size(); ++s) add_tasks(s, lanes[s % plan_.lanes]);
    std::vector<std::size_t> next(lanes.size(), 0);
    std::vector<PipelineTask> tasks;
    for (;;) {
      std::size_t best = lanes.size();
      std::uint64_t best_start = 0;
      std::uint64_t best_ready = 0;
      const auto first = [&](const PipelineTask& task, std::uint64_t start, std::uint64_t ready,
                             const PipelineTask& other) {
        if (start != best_start) return start < best_start;
        const bool same_engine = rows(task) == rows(other);
        if (same_engine && rank(task) != rank(other)) return rank(task) < rank(other);
        return ready < best_ready;
      };
      for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        if (next[lane] == lanes[lane].size()) continue;
        const PipelineTask& task = lanes[lane][next[lane]];
        const std::uint64_t ready = this->ready(task);
        const std::uint64_t start = std::max(ready, engine(task));
        if (best != lanes.size() && !first(task, start, ready, lanes[best][next[best]])) continue;
        best = lane;
        best_start = start;
        best_ready = ready;
      }
      if (best == lanes.size()) return tasks;
      tasks.push_back(lanes[best][next[best]++]);
      take(tasks.back(), best_start);
    }
  }

 private:
  [[nodiscard]] const Layer& layer(std::size_t i) const {
    return network_.layers[segment_.layers[i]].layer;
  }
  [[nodiscard]] bool rows(const PipelineTask& task) const {
    return layer(task.layer).rows.has_value();
  }
  /// Parts of a layer, between which another lane may have the array. Slices of the same weights
  /// follow each other.
  [[nodiscard]] std::size_t commands(std::size_t i) const {
    return layer(i).rows || costs_[i]->shared ? 1 : costs_[i]->slices.size();
  }
  /// Of parts that an engine could begin in the same clock, the lowest goes first: heads, of which
  /// each engine has the next one's work to wait for, then those of layers that take less than
  /// half.
  [[nodiscard]] unsigned rank(const PipelineTask& task) const {
    if (segment_.heads(network_, task.layer) > 1) return 0;
    return static_cast<unsigned>(std::bit_width(layer_clocks_[task.layer]));
  }

  /// The parts of sub-batch `s`, phase by phase.
  void add_tasks(std::uint32_t s, std::vector<PipelineTask>& lane) const {
    for (std::size_t i = 0; i < segment_.layers.size();) {
      std::size_t end = i + 1;
      while (end < segment_.layers.size() && phases_.of[end] == phases_.of[i]) ++end;
      const std::uint32_t heads = segment_.heads(network_, i);
      if (heads == 1) {
        const std::size_t slices = commands(i);
        for (std::size_t k = 0; k < slices; ++k) lane.push_back({i, s, {}, k, k + 1 == slices});
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

  void add_head(std::size_t i, std::uint32_t s, std::uint32_t head, std::uint32_t heads,
                std::vector<PipelineTask>& lane) const {
    const std::size_t slices = commands(i);
    for (std::size_t k = 0; k < slices; ++k) {
      lane.push_back({i, s, {head, head + 1}, k, head + 1 == heads && k + 1 == slices});
    }
  }

  /// Clock at which layer `maker` has what head `head` of layer `i` reads.
  [[nodiscard]] std::uint64_t made(std::size_t maker, std::size_t i, std::uint32_t s,
                                   std::uint32_t head) const {
    if (maker == kNoLayer) return loaded_[s];
    const std::vector<std::uint64_t>& ends = done_[s][maker];
    if (ends.size() == segment_.heads(network_, i)) return ends[head];
    return *std::max_element(ends.begin(), ends.end());
  }

  [[nodiscard]] std::uint64_t ready(const PipelineTask& task) const {
    const Makers& makers = makers_[task.layer];
    const std::uint32_t head = task.heads.begin;
    std::uint64_t at = made(makers.input, task.layer, task.sub, head);
    const ChipLayer& chip = network_.layers[segment_.layers[task.layer]];
    if (chip.second) at = std::max(at, made(makers.second, task.layer, task.sub, head));
    if (chip.operand && makers.operand != kNoLayer) {
      at = std::max(at, segment_.has_local_operand(network_, task.layer)
                            ? made(makers.operand, task.layer, task.sub, head)
                            : stored_[task.sub][makers.operand]);
    }
    // A ring's place is free once its readers are done.
    const auto* const output = segment_.find(chip.output);
    const std::uint32_t ring =
        phases_.rings[static_cast<std::size_t>(output - segment_.values.data())];
    if (ring != 0 && head >= ring) {
      for (const std::size_t reader : readers_[task.layer]) {
        at = std::max(at, done_[task.sub][reader][head - ring]);
      }
    }
    return at;
  }

  [[nodiscard]] std::uint64_t engine(const PipelineTask& task) const {
    return rows(task) ? rows_ : array_;
  }

  [[nodiscard]] std::uint64_t clocks(const PipelineTask& task) const {
    const LayerGeometry& g = layer(task.layer).geometry;
    const std::uint64_t plane = std::uint64_t{g.out_height()} * g.out_width();
    const std::uint64_t pixels = subs_[task.sub].count() * plane;
    if (layer(task.layer).rows) return row_clocks(*layer(task.layer).rows, pixels, g.channels);
    const ShapeProfile& profile = costs_[task.layer]->slices[task.slice].profile;
    const bool dense = layer(task.layer).dense.has_value();
    const LayerCost& cost = *costs_[task.layer];
    const std::uint64_t commands = dense         ? subs_[task.sub].count()
                                   : cost.shared ? cost.slices.size()
                                                 : 1;
    const std::uint64_t tiles = ceil_div(dense ? plane : pixels, profile.tile_pixels);
    std::uint64_t clocks = profile.switch_stall + kCommandGap;
    for (const GroupProfile& group : profile.groups) {
      clocks += tiles * tile_clocks(group, profile, config_, !profile.fits);
    }
    return commands * std::max(clocks, cost.shared ? 0 : profile.words);
  }

  void take(const PipelineTask& task, std::uint64_t start) {
    std::uint64_t& engine = rows(task) ? rows_ : array_;
    engine = start + clocks(task);
    const std::uint64_t end = engine + (rows(task) ? 0 : kCommandEnd + kCommandStart);
    std::uint64_t& done = done_[task.sub][task.layer][task.heads.begin];
    done = std::max(done, end);
    const std::size_t value = network_.layers[segment_.layers[task.layer]].output;
    if (!task.last || !network_.values[value].is_operand || !segment_.find(value)->stored) return;
    const TensorShape& shape = network_.values[value].shape;
    const std::uint64_t words = std::uint64_t{subs_[task.sub].count()} * shape.height *
                                shape.width * segment_.planes(shape);
    store_ = std::max(store_, end) + words;
    stored_[task.sub][task.layer] = store_ + 2 * kMemoryLatency;
  }

  const Network& network_;
  const Segment& segment_;
  const Phases& phases_;
  const SegmentPlan& plan_;
  const config::Configuration& config_;
  const std::vector<const LayerCost*>& costs_;
  std::vector<Images> subs_;
  std::vector<Makers> makers_;                     // by layer
  std::vector<std::vector<std::size_t>> readers_;  // by layer
  std::vector<std::uint64_t> layer_clocks_;        // of a sub-batch, by layer
  // Expected clocks, by sub-batch and layer, and of what is done by head.
  std::vector<std::vector<std::vector<std::uint64_t>>> done_;
  std::vector<std::vector<std::uint64_t>> stored_;
  std::vector<std::uint64_t> loaded_;
  std::uint64_t array_ = 0, rows_ = 0, store_ = 0;
};

/// A value of as many heads whose head every reader has read, in the same phase, before value `v`
/// gets it.
std::size_t replaced(const Network& network, const Segment& segment, const Phases& phases,
                     std::size_t v) {
  const SegmentValue& made = segment.values[v];
  const std::size_t maker = made.first;
  const std::uint32_t heads = segment.heads(network, maker);
  if (made.loaded || made.operand || heads == 1 || phases.rings[v] != 0) return kOwnPlace;
  const TensorShape& shape = network.values[made.value].shape;
  for (std::size_t u = 0; u < segment.values.size(); ++u) {
    const SegmentValue& value = segment.values[u];
    const TensorShape& other = network.values[value.value].shape;
    const bool alike = segment.planes(shape) == segment.planes(other) &&
                       shape.height * shape.width == other.height * other.width;
    if (u == v || !alike || value.stored || value.loaded || value.operand || phases.rings[u] != 0 ||
        phases.over[u] != kOwnPlace || value.first >= maker ||
        phases.of[value.last] != phases.of[maker] ||
        std::count(phases.over.begin(), phases.over.end(), u) != 0) {
      continue;
    }
    bool before = true;
    for (std::size_t i = value.first + 1; i <= value.last; ++i) {
      const Makers makers = makers_of(network, segment, i);
      const bool second = makers.second == value.first;
      if (makers.input != value.first && !second) continue;
      before = before && !second && segment.heads(network, i) == heads &&
               phases.of[i] == phases.of[maker] && phases.delay[i] < phases.delay[maker];
    }
    if (before) return u;
  }
  return kOwnPlace;
}

}  // namespace

Phases find_phases(const Network& network, const Segment& segment, std::uint32_t lead,
                   std::uint32_t spare) {
  Phases phases;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < segment.layers.size(); ++i) {
    const Makers makers = makers_of(network, segment, i);
    const std::uint32_t heads = segment.heads(network, i);
    const auto inside = [&](std::size_t maker) { return maker != kNoLayer && maker >= begin; };
    // Operands are made by all channels of a layer at once.
    const bool joins =
        i > begin && heads > 1 && heads == segment.heads(network, begin) && !inside(makers.operand);
    if (!joins) begin = i;
    phases.of.push_back(i == 0 ? 0 : phases.of.back() + (joins ? 0 : 1));
    std::uint32_t delay = 0;
    for (const std::size_t maker : {makers.input, makers.second}) {
      if (inside(maker) && maker != i) delay = std::max(delay, phases.delay[maker] + lead);
    }
    phases.delay.push_back(delay);
  }
  phases.rings.assign(segment.values.size(), 0);
  for (std::size_t v = 0; v < segment.values.size(); ++v) {
    const SegmentValue& value = segment.values[v];
    if (value.loaded || value.stored || phases.of[value.first] != phases.of[value.last]) continue;
    const std::uint32_t heads = segment.heads(network, value.first);
    std::uint32_t latest = phases.delay[value.first];
    for (std::size_t i = value.first + 1; i <= value.last; ++i) {
      const Makers makers = makers_of(network, segment, i);
      const bool reads = makers.input == value.first || makers.second == value.first;
      if (reads) latest = std::max(latest, phases.delay[i]);
    }
    const std::uint32_t ring = latest - phases.delay[value.first] + spare;
    if (ring < heads) phases.rings[v] = ring;
  }
  phases.over.assign(segment.values.size(), kOwnPlace);
  for (std::size_t v = 0; v < segment.values.size(); ++v) {
    phases.over[v] = replaced(network, segment, phases, v);
  }
  return phases;
}

bool can_pipeline(const Network& network, const Segment& segment) {
  return std::any_of(segment.layers.begin(), segment.layers.end(),
                     [&](std::size_t l) { return network.layers[l].layer.rows.has_value(); });
}

std::optional<Allocation> allocate_lanes(const Network& network, const Segment& segment,
                                         const Phases& phases, std::uint32_t images,
                                         std::uint32_t lanes, std::uint64_t room) {
  // A lane is a segment whose layers are the phases.
  std::vector<PlaceItem> items;
  for (std::size_t v = 0; v < segment.values.size(); ++v) {
    if (phases.over[v] != kOwnPlace) continue;
    const SegmentValue& value = segment.values[v];
    const TensorShape& shape = network.values[value.value].shape;
    std::uint64_t planes = segment.planes(shape);
    std::size_t last = value.last;
    for (std::size_t u = 0; u < segment.values.size(); ++u) {
      if (phases.over[u] == v) last = segment.values[u].last;
    }
    if (phases.rings[v] != 0) {
      planes = planes / segment.heads(network, value.first) * phases.rings[v];
    }
    items.push_back({std::uint64_t{images} * shape.height * shape.width * planes +
                         (value.operand ? kOperandMargin : 0),
                     value.loaded ? 0 : phases.of[value.first], phases.of[last], v});
  }
  auto places = place_items(items, segment.values.size(), room / lanes);
  for (std::size_t v = 0; places && v < segment.values.size(); ++v) {
    if (phases.over[v] == kOwnPlace) continue;
    places->address[v] = places->address[phases.over[v]];
    places->other[v] = places->other[phases.over[v]];
  }
  if (!places || lanes == 1) return places;
  for (std::uint32_t& address : places->other) address += static_cast<std::uint32_t>(places->words);
  places->words *= lanes;
  return places;
}

std::vector<PipelineTask> pipeline_tasks(const Network& network, const Segment& segment,
                                         const Phases& phases, const SegmentPlan& plan,
                                         const config::Configuration& config,
                                         const std::vector<const LayerCost*>& costs) {
  return Merge(network, segment, phases, plan, config, costs).run();
}

}  // namespace s4::sw
