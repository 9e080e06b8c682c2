// Encoders as one segment with all that a pipeline needs, and what is wrong with an order.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "heads.hpp"
#include "run_network.hpp"
#include "sw/network/layer_costs.hpp"
#include "sw/network/merge_runs.hpp"
#include "sw/network/pipeline.hpp"

namespace s4::sw::test {

/// Encoder layers with their heads between layers of as many images as sequences.
inline NetworkBuilder encoder(std::uint64_t seed, const Heads& h, int layers) {
  NetworkBuilder b(seed, false);
  auto x = b.layer_norm(b.input({h.batch, h.tokens, 100}));
  for (int i = 0; i < layers; ++i) x = encoder_layer(b, x, h);
  b.output(x.id);
  return b;
}

/// Encoder layers behind embeddings that the chip adds.
inline NetworkBuilder embedded(std::uint64_t seed, bool is_unsigned, const Heads& h,
                               std::int64_t width) {
  NetworkBuilder b(seed, is_unsigned);
  b.output(encoder_layer(b, embeddings(b, h, width), h).id);
  return b;
}

/// A network as one segment, with all that a pipeline needs.
struct Pipelined {
  config::Configuration config = configuration("small");
  Network network;
  Segment segment;
  Phases phases;
  SegmentPlan plan;
  std::vector<std::vector<LayerCost>> costs;
  std::vector<const LayerCost*> chosen;

  Pipelined(Network made, std::uint32_t images, std::uint32_t lanes) : network(std::move(made)) {
    const auto runs = merged_runs(network);
    REQUIRE(runs.size() == 1);
    std::vector<bool> needed(network.values.size(), false);
    for (const ChipLayer& layer : network.layers) {
      if (layer.operand) needed[network.home(*layer.operand)] = true;
    }
    needed[network.layers.back().output] = true;
    segment = make_segment(network, runs[0], needed, false);
    phases = find_phases(network, segment);
    plan.window = {0, segment.batch};
    plan.images = images;
    plan.lanes = lanes;
    for (const ChipLayer& layer : network.layers) {
      costs.push_back(layer_costs(layer.layer, config, 64));
    }
    for (const auto& all : costs) chosen.push_back(&all.front());
    if (leading_layers(network, segment, chosen) != 0) plan.load_parts = images;
    plan.tasks = pipeline_tasks(network, segment, phases, plan, config, chosen);
  }
};

/// What is wrong with the order of the tasks: of every part once, after what it reads and before a
/// ring's place is used again. Empty: nothing.
inline std::string wrong_order(const Pipelined& p, const std::vector<std::uint32_t>& rings) {
  // A part is a head, or of the leading layers some of the images.
  using Part = std::tuple<std::size_t, std::uint32_t, std::uint32_t, std::size_t>;
  std::map<Part, std::size_t> at;
  for (std::size_t t = 0; t < p.plan.tasks.size(); ++t) {
    const PipelineTask& task = p.plan.tasks[t];
    const std::uint32_t piece = std::max(task.heads.begin, task.part);
    if (!at.insert({{task.layer, task.sub, piece, task.slice}, t}).second) return "twice";
  }
  // Places are used again from phase to phase.
  std::vector<std::pair<std::uint32_t, std::size_t>> last(p.plan.lanes);
  for (const PipelineTask& task : p.plan.tasks) {
    const bool leads = task.parts > 1;
    const std::pair<std::uint32_t, std::size_t> now{task.sub, leads ? 0 : p.phases.of[task.layer]};
    auto& former = last[task.sub % p.plan.lanes];
    if (now < former) return "before an earlier phase of its lane";
    former = now;
  }
  const std::uint32_t subs = (p.segment.batch + p.plan.images - 1) / p.plan.images;
  const auto slices = [&](std::size_t i) {
    const bool one = p.network.layers[p.segment.layers[i]].layer.rows || p.chosen[i]->shared;
    return one ? 1 : p.chosen[i]->slices.size();
  };
  const std::size_t leading =
      p.plan.load_parts > 1 ? leading_layers(p.network, p.segment, p.chosen) : 0;
  const auto heads = [&](std::size_t i) {
    return i < leading ? p.plan.load_parts : p.segment.heads(p.network, i);
  };
  std::size_t parts = 0;
  for (std::size_t i = 0; i < p.segment.layers.size(); ++i) {
    parts += (i < leading ? p.segment.batch : subs * heads(i)) * slices(i);
  }
  if (at.size() != parts) return "not all";
  for (const auto& [part, t] : at) {
    const auto [i, sub, head, slice] = part;
    const ChipLayer& layer = p.network.layers[p.segment.layers[i]];
    for (const std::size_t value :
         {layer.input, layer.second.value_or(layer.input), layer.operand.value_or(layer.input)}) {
      const std::size_t home = p.network.home(value);
      const auto producer = p.network.values[home].producer;
      if (!producer) continue;
      const auto maker = static_cast<std::size_t>(
          std::find(p.segment.layers.begin(), p.segment.layers.end(), *producer) -
          p.segment.layers.begin());
      const bool same = heads(maker) == heads(i) && value != layer.operand.value_or(home + 1);
      for (std::uint32_t h = same ? head : 0; h < (same ? head + 1 : heads(maker)); ++h) {
        if (maker < leading && sub + 1 == subs && !at.count({maker, sub, h, 0})) continue;
        for (std::size_t k = 0; k < slices(maker); ++k) {
          if (at.at({maker, sub, h, k}) > t) return "before what it reads";
        }
      }
      const auto position =
          static_cast<std::size_t>(p.segment.find(home) - p.segment.values.data());
      for (std::size_t v = 0; v < p.phases.over.size(); ++v) {
        if (p.phases.over[v] != position || value == layer.operand) continue;
        if (at.at({p.segment.values[v].first, sub, head, 0}) < t) return "after it was replaced";
      }
      const std::uint32_t ring = rings[position];
      if (ring == 0 || head + ring >= heads(maker)) continue;
      if (at.at({maker, sub, head + ring, 0}) < t) return "after its place was used again";
    }
  }
  return "";
}

}  // namespace s4::sw::test
