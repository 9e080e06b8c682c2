// How a layer by itself is cut best.
#include <algorithm>
#include <limits>

#include "sw/network/split.hpp"

namespace s4::sw {
namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
/// Bytes per clock of the two channels of a station.
constexpr std::uint64_t kStationBytes = 16;

}  // namespace

std::uint64_t step_clocks(const std::vector<PartCost>& costs, const config::Configuration& config,
                          bool one_stream) {
  std::uint64_t slowest = 0;
  std::uint64_t words = 0;
  // Parts that read as many weights in the same array shape read the same ones, and at once.
  const auto joint = [&](const PartCost& cost) {
    return one_stream && cost.estimate.weights == costs.front().estimate.weights &&
           cost.plan.shape == costs.front().plan.shape;
  };
  const bool once = std::all_of(costs.begin(), costs.end(), joint);
  for (const PartCost& cost : costs) {
    const Estimate& e = cost.estimate;
    slowest = std::max(slowest, e.cycles);
    words += e.loads + e.stores + 2 * e.commands;
    if (!once || &cost == &costs.front()) words += e.weights;
  }
  return std::max(slowest, memory_clocks(words, config));
}

std::uint64_t memory_clocks(std::uint64_t words, const config::Configuration& config) {
  return 64 * words / (kStationBytes * (config.num_subsystems + 1));
}

CutChoice try_cut(const Layer& layer, const config::Configuration& config, Cut cut,
                  std::uint32_t count) {
  CutChoice choice;
  choice.cut = cut;
  choice.parts = cut_layer(layer, cut, count);
  if (choice.parts.empty()) return choice;
  try {
    for (const LayerPart& part : choice.parts) {
      check_layer(part.layer, true);
      choice.costs.push_back(part_cost(part.layer, config));
    }
  } catch (const CompileError&) {
    return {cut, {}, {}, 0, 0};
  }
  choice.predicted = step_clocks(choice.costs, config, cut == Cut::kRows || cut == Cut::kImages);
  return choice;
}

CutChoice choose(const Layer& layer, const config::Configuration& config, std::uint32_t count,
                 bool images) {
  CutChoice best = try_cut(layer, config, Cut::kNone, 1);
  const std::uint64_t whole = best.predicted;
  std::uint64_t least = best.parts.empty() ? kNever : whole;
  for (const Cut cut : {Cut::kRows, Cut::kChannels, Cut::kImages}) {
    if (count < 2 || (cut == Cut::kImages && !images)) break;
    CutChoice other = try_cut(layer, config, cut, count);
    if (other.parts.empty()) continue;
    const std::uint64_t clocks = other.predicted + kPartClocks * (other.parts.size() - 1);
    if (clocks >= least) continue;
    least = clocks;
    best = std::move(other);
  }
  if (best.parts.empty()) (void)part_cost(layer, config);  // says what does not fit
  best.whole = whole;
  return best;
}

}  // namespace s4::sw
