#include "sw/network/pipeline.hpp"

#include <algorithm>

namespace s4::sw {

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

namespace {

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
    const bool joins = i > begin && i - begin < kMostOfPhase && heads > 1 &&
                       heads == segment.heads(network, begin) && !inside(makers.operand);
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

std::size_t leading_layers(const Network& network, const Segment& segment,
                           const std::vector<const LayerCost*>& costs) {
  std::size_t count = 0;
  while (count < segment.layers.size() && segment.heads(network, count) == 1) {
    const Layer& layer = network.layers[segment.layers[count]].layer;
    if (layer.has_weights() && !costs[count]->shared) break;
    ++count;
  }
  return count;
}

bool can_pipeline(const Network& network, const Segment& segment) {
  return std::any_of(segment.layers.begin(), segment.layers.end(),
                     [&](std::size_t l) { return network.layers[l].layer.rows.has_value(); });
}

std::vector<bool> common_values(const Network& network, const Segment& segment,
                                std::size_t leading) {
  std::vector<bool> common;
  for (const SegmentValue& v : segment.values) {
    common.push_back(v.loaded && v.last < leading && network.values[v.value].repeats);
  }
  return common;
}

std::optional<Allocation> allocate_lanes(const Network& network, const Segment& segment,
                                         const Phases& phases, std::uint32_t images,
                                         std::uint32_t lanes, std::uint64_t room,
                                         const OwnPlaces& own) {
  const std::size_t count = segment.values.size();
  Allocation places;
  places.address.assign(count, 0);
  places.turns.assign(count, lanes);
  places.step.assign(count, 0);
  places.common = own.common;
  // A lane is a segment whose layers are the phases. Layers of the next batch run beside all
  // others, so that their places are apart.
  std::vector<PlaceItem> items, front;
  for (std::size_t v = 0; v < count; ++v) {
    if (phases.over[v] != kOwnPlace) continue;
    const SegmentValue& value = segment.values[v];
    const TensorShape& shape = network.values[value.value].shape;
    std::uint64_t planes = segment.planes(shape);
    std::size_t last = value.last;
    for (std::size_t u = 0; u < count; ++u) {
      if (phases.over[u] == v) last = segment.values[u].last;
    }
    if (phases.rings[v] != 0) {
      planes = planes / segment.heads(network, value.first) * phases.rings[v];
    }
    const std::uint64_t image = std::uint64_t{shape.height} * shape.width * planes;
    const bool common = !own.common.empty() && own.common[v];
    if (common || (value.first < own.prefetch && last >= own.prefetch)) {
      places.address[v] = static_cast<std::uint32_t>(places.words);
      places.turns[v] = common ? 1 : own.subs;
      places.step[v] = static_cast<std::uint32_t>(common ? 0 : image * images);
      places.words += common ? image : image * images * own.subs;
      continue;
    }
    PlaceItem item{image * images + (value.operand ? kOperandMargin : 0),
                   value.loaded ? 0 : phases.of[value.first], phases.of[last], v};
    if (own.reload != 0 && value.loaded) {
      if (item.last >= own.reload) return std::nullopt;  // still read by the sub-batch before
      item.first = own.reload;
    }
    if (own.reload != 0 && value.stored && item.first >= own.reload) item.last = own.leading;
    (value.first < own.prefetch ? front : items).push_back(item);
  }
  // Those of the lanes are the first ones.
  const std::uint64_t behind = places.words;
  places.words = 0;
  if (behind > room) return std::nullopt;
  for (const std::vector<PlaceItem>* list : {&items, &front}) {
    const auto lane = place_items(*list, count, (room - behind - places.words) / lanes);
    if (!lane) return std::nullopt;
    for (const PlaceItem& item : *list) {
      places.address[item.owner] =
          lane->address[item.owner] + static_cast<std::uint32_t>(places.words);
      places.step[item.owner] = static_cast<std::uint32_t>(lane->words);
    }
    places.words += lane->words * lanes;
  }
  for (std::size_t v = 0; v < count; ++v) {
    const SegmentValue& value = segment.values[v];
    const bool common = !own.common.empty() && own.common[v];
    if (phases.over[v] != kOwnPlace) {
      places.address[v] = places.address[phases.over[v]];
      places.step[v] = places.step[phases.over[v]];
    } else if (common || (value.first < own.prefetch && value.last >= own.prefetch)) {
      places.address[v] += static_cast<std::uint32_t>(places.words);
    }
  }
  places.words += behind;
  places.other = places.address;
  return places;
}

std::vector<PipelineTask> prefetch_tasks(const SegmentPlan& plan, bool next) {
  std::vector<PipelineTask> tasks;
  std::uint32_t sub = 0;
  for (std::uint32_t at = plan.window.begin; at < plan.window.end; at += plan.images, ++sub) {
    const Images images{at, std::min(at + plan.images, plan.window.end)};
    for (std::uint32_t part = 0; part < plan.load_parts; ++part) {
      if (part_of(images, part, plan.load_parts).count() == 0) continue;
      for (std::size_t i = 0; i < plan.prefetch; ++i) {
        tasks.push_back({i, sub, {}, 0, part + 1 == plan.load_parts, part, plan.load_parts, next});
      }
    }
  }
  return tasks;
}

}  // namespace s4::sw
