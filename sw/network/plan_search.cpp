#include "sw/network/plan_search.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sw/network/pipeline_order.hpp"

namespace s4::sw {
namespace {

/// A schedule of more array commands is only tried if there is no other.
constexpr std::uint64_t kManyCommands = 20000;
/// Output channels of a command in a pipeline, so that other lanes need not wait for long.
constexpr std::uint32_t kCutChannels = 512;
/// Heads by which layers of a phase are ahead of their readers, and spare places of their rings.
struct Lead {
  std::uint32_t heads = 1;
  std::uint32_t spare = 2;
};
constexpr std::array<Lead, 4> kLeads = {Lead{1, 2}, Lead{2, 2}, Lead{4, 2}, Lead{1, 1}};

/// The prediction knows of no queues, which delay loads that wait for room: percent.
std::uint64_t handicap(Residency residency) {
  switch (residency) {
    case Residency::kDouble:
      return 100;
    case Residency::kSingle:
      return 102;
    case Residency::kAhead:
      return 103;
    case Residency::kPacked:
      break;
  }
  return 105;
}

/// Layers before which the later ones can take more images together: one value passes, and no
/// loaded one is read behind it.
std::vector<std::size_t> splits(const Segment& segment) {
  std::vector<std::size_t> list{kNoSplit};
  for (std::size_t split = 1; split < segment.layers.size(); ++split) {
    const auto passes = [&](const SegmentValue& v) { return v.first < split && is_late(v, split); };
    const auto loaded = [&](const SegmentValue& v) { return v.loaded && is_late(v, split); };
    if (std::count_if(segment.values.begin(), segment.values.end(), passes) == 1 &&
        std::none_of(segment.values.begin(), segment.values.end(), loaded)) {
      list.push_back(split);
    }
  }
  return list;
}

/// All layers have the same number of images.
bool is_plain(const Network& network, const Segment& segment) {
  for (std::size_t i = 0; i < segment.layers.size(); ++i) {
    if (segment.heads(network, i) != 1) return false;
  }
  return true;
}

}  // namespace

PlanSearch::Best PlanSearch::find(const Segment& segment, const Images& window) {
  Best best;
  if (is_plain(network_, segment)) find_plain(segment, window, best);
  if (can_pipeline(network_, segment)) find_pipelined(segment, window, best);
  if (best.plan && best.plan->pipelined) refine(segment, best);
  return best;
}

void PlanSearch::refine(const Segment& segment, Best& best) {
  SegmentPlan plan = *best.plan;
  std::vector<const LayerCost*> chosen;
  for (std::size_t i = 0; i < segment.layers.size(); ++i) chosen.push_back(&cost(segment, plan, i));
  const Phases phases = find_phases(network_, segment, plan.lead, plan.spare);
  PipelineOrder::Order order =
      PipelineOrder(network_, segment, phases, plan, config_, chosen).best(kManyOrders);
  plan.tasks = std::move(order.tasks);
  try_schedule(segment, plan, chosen, {100, order.end}, best);
}

bool PlanSearch::fits(const Segment& segment) const {
  if (is_plain(network_, segment) &&
      allocate(network_, segment, 1, Residency::kPacked, room(segment))) {
    return true;
  }
  return can_pipeline(network_, segment) &&
         allocate_lanes(network_, segment, find_phases(network_, segment), 1, 1, room(segment));
}

const std::vector<LayerCost>& PlanSearch::costs(std::size_t l, bool cut) {
  std::vector<LayerCost>& list = cut ? cut_costs_[l] : costs_[l];
  if (list.empty()) list = layer_costs(network_.layers[l].layer, config_, cut ? kCutChannels : 0);
  return list;
}

const LayerCost& PlanSearch::cost(const Segment& segment, const SegmentPlan& plan, std::size_t i) {
  const auto& all = costs(segment.layers[i], plan.pipelined);
  return *std::find_if(all.begin(), all.end(),
                       [&](const LayerCost& c) { return c.shape == plan.shapes[i]; });
}

std::vector<const LayerCost*> PlanSearch::choose_shapes(const Segment& segment, SegmentPlan& plan) {
  std::vector<const LayerCost*> chosen;
  for (std::size_t i = 0; i < segment.layers.size(); ++i) {
    const Layer& layer = network_.layers[segment.layers[i]].layer;
    std::uint32_t images = i >= plan.split ? plan.late_images : plan.images;
    if (plan.pipelined && layer.dense) images = 1;
    plan.shapes.push_back(
        best_shape(layer, config_, costs(segment.layers[i], plan.pipelined), images));
    chosen.push_back(&cost(segment, plan, i));
  }
  return chosen;
}

void PlanSearch::try_schedule(const Segment& segment, const SegmentPlan& plan,
                              const std::vector<const LayerCost*>& costs,
                              const Judgement& judgement, Best& best) {
  try {
    const Schedule trial = make_schedule(network_, segment, plan, config_, costs, addresses_);
    std::uint64_t cost = trial.predicted * judgement.percent / 100;
    if (judgement.order != 0) cost = (cost + judgement.order) / 2;
    if (best.plan && cost >= best.cost) return;
    best.plan = plan;
    best.cost = cost;
  } catch (const TooManySignals& error) {
    best.refused = error.what();
  }
}

std::vector<std::uint32_t> PlanSearch::image_counts(std::uint32_t batch) const {
  if (network_.options.sub_batch) {
    return {std::clamp(*network_.options.sub_batch, 1U, batch)};
  }
  std::vector<std::uint32_t> counts;
  for (std::uint32_t parts = 1; parts <= batch; parts += std::max(1U, parts / 6)) {
    const std::uint32_t images = (batch + parts - 1) / parts;
    if (counts.empty() || counts.back() != images) counts.push_back(images);
  }
  if (counts.back() != 1) counts.push_back(1);
  return counts;
}

void PlanSearch::try_plan(const Segment& segment, SegmentPlan plan, Best& best) {
  const std::vector<const LayerCost*> chosen = choose_shapes(segment, plan);
  for (const Residency residency :
       {Residency::kDouble, Residency::kSingle, Residency::kAhead, Residency::kPacked}) {
    const auto places = allocate(network_, segment, plan.images, residency, room(segment),
                                 plan.split, plan.late_images);
    if (!places) continue;
    plan.residency = residency;
    plan.allocation = *places;
    for (const std::uint32_t parts : {1U, 2U, 4U, 8U}) {
      if (parts > plan.images) break;
      plan.load_parts = parts;
      try_schedule(segment, plan, chosen, {handicap(residency), 0}, best);
    }
  }
}

void PlanSearch::find_plain(const Segment& segment, const Images& window, Best& best) {
  const std::uint32_t batch = window.count();
  const std::size_t count = segment.layers.size();
  const std::vector<std::uint32_t> counts = image_counts(batch);
  for (const std::size_t split : splits(segment)) {
    for (const std::uint32_t late : counts) {
      for (const std::uint32_t images : counts) {
        const bool equal = late == images;
        if (images > late || equal != (split == kNoSplit)) continue;
        const std::uint64_t array_commands = (batch + images - 1) / images * count;
        if (best.plan && array_commands > kManyCommands) break;
        SegmentPlan plan;
        plan.window = window;
        plan.images = images;
        plan.split = split;
        plan.late_images = late;
        try_plan(segment, plan, best);
      }
      // The most images that fit are the best to take together.
      if (split != kNoSplit && best.plan && best.plan->split == split) break;
    }
  }
}

void PlanSearch::find_pipelined(const Segment& segment, const Images& window, Best& best) {
  for (const Lead& lead : kLeads) {
    const Phases phases = find_phases(network_, segment, lead.heads, lead.spare);
    for (const std::uint32_t images : image_counts(window.count())) {
      for (const std::uint32_t lanes : {1U, 2U, 3U, 4U}) {
        if (lanes > 1 && (lanes - 1) * images >= window.count()) break;
        SegmentPlan plan;
        plan.window = window;
        plan.images = images;
        plan.residency = Residency::kPacked;
        plan.pipelined = true;
        plan.lanes = lanes;
        plan.lead = lead.heads;
        plan.spare = lead.spare;
        plan.rings = phases.rings;
        const std::vector<const LayerCost*> chosen = choose_shapes(segment, plan);
        const std::size_t leading = leading_layers(network_, segment, chosen);
        if (leading != 0) plan.load_parts = images;
        if (!place_lanes(segment, phases, leading, plan)) continue;
        PipelineOrder::Order order =
            PipelineOrder(network_, segment, phases, plan, config_, chosen).best(kFewOrders);
        plan.tasks = std::move(order.tasks);
        try_schedule(segment, plan, chosen, {100, order.end}, best);
      }
    }
    if (is_plain(network_, segment)) break;
  }
}

bool PlanSearch::place_lanes(const Segment& segment, const Phases& phases, std::size_t leading,
                             SegmentPlan& plan) const {
  const auto place = [&](const OwnPlaces& own) {
    const auto places =
        allocate_lanes(network_, segment, phases, plan.images, plan.lanes, room(segment), own);
    if (places) plan.allocation = *places;
    return places.has_value();
  };
  OwnPlaces own{common_values(network_, segment, leading)};
  if (!place(own)) {
    own.common.clear();
    if (!place(own)) return false;
  }
  if (leading == 0 || std::uint64_t{plan.lanes} * plan.images >= plan.window.count()) return true;
  // As early as places of the last layers permit, but not beside heads, which need most of them.
  std::size_t heads = 0;
  for (std::size_t i = leading; i < segment.layers.size(); ++i) {
    if (segment.heads(network_, i) > 1) heads = i;
  }
  own.leading = phases.of[leading - 1];
  for (std::size_t i = heads + 1; i < segment.layers.size(); ++i) {
    own.reload = phases.of[i];
    if (own.reload <= own.leading || !place(own)) continue;
    plan.reload = i;
    break;
  }
  return true;
}

std::optional<PlanSearch::Prefetch> PlanSearch::prefetch(const Segment& segment,
                                                         const SegmentPlan& plan) {
  if (!plan.pipelined) return std::nullopt;
  std::vector<const LayerCost*> chosen;
  for (std::size_t i = 0; i < segment.layers.size(); ++i) {
    chosen.push_back(&cost(segment, plan, i));
    const std::optional<std::size_t>& operand = network_.layers[segment.layers[i]].operand;
    if (operand && !network_.values[network_.home(*operand)].producer) return std::nullopt;
  }
  const std::size_t leading = leading_layers(network_, segment, chosen);
  if (leading == 0 || leading == segment.layers.size()) return std::nullopt;
  for (const SegmentValue& v : segment.values) {
    if (v.first < leading ? v.stored || v.operand : v.loaded) return std::nullopt;
    if (v.loaded && v.last >= leading) return std::nullopt;
  }
  const Phases phases = find_phases(network_, segment, plan.lead, plan.spare);
  const std::uint32_t subs = (plan.window.count() + plan.images - 1) / plan.images;
  const auto places =
      allocate_lanes(network_, segment, phases, plan.images, plan.lanes, room(segment),
                     {common_values(network_, segment, leading), leading, subs});
  if (!places) return std::nullopt;
  Prefetch result{plan, plan};
  for (SegmentPlan* stage : {&result.first, &result.rest}) {
    stage->allocation = *places;
    stage->prefetch = leading;
    stage->reload = kNoSplit;
  }
  result.first.stage = Stage::kFirst;
  result.first.tasks = prefetch_tasks(result.first, false);
  result.rest.stage = Stage::kRest;
  result.rest.tasks = PipelineOrder(network_, segment, phases, result.rest, config_, chosen)
                          .best(kManyOrders)
                          .tasks;
  return result;
}

}  // namespace s4::sw
