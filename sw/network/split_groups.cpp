#include "sw/network/split_groups.hpp"

#include <array>
#include <stdexcept>

namespace s4::sw {
namespace {

constexpr std::size_t kWays = 3;

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return a == kNeverDone || b == kNeverDone ? kNeverDone : a + b;
}

std::uint64_t clocks(const WayClocks& layer, Way way) {
  if (way == Way::kCut) return layer.cut;
  return way == Way::kAlone ? layer.alone : layer.shared;
}

/// Clocks between the layer before, whose group ends with `close`, and this one.
std::uint64_t between(Way before, std::uint64_t close, Way now, const WayClocks& layer) {
  if (before == now) return 0;
  std::uint64_t wait = before == Way::kCut ? 0 : close;
  if (now == Way::kAlone) wait += layer.open_alone;
  if (now == Way::kShared) wait += layer.open_shared;
  return wait;
}

}  // namespace

std::vector<Way> soonest_ways(const std::vector<WayClocks>& layers) {
  struct State {
    std::uint64_t clocks = kNeverDone;  ///< fewest to the end of the layer, computed in this way
    std::size_t before = 0;             ///< way of the layer before, then
  };
  std::vector<std::array<State, kWays>> states;
  std::array<State, kWays> last;
  last[0].clocks = 0;
  std::uint64_t close = 0;
  for (const WayClocks& layer : layers) {
    std::array<State, kWays> now;
    for (std::size_t w = 0; w < kWays; ++w) {
      const std::uint64_t own = clocks(layer, static_cast<Way>(w));
      for (std::size_t b = 0; b < kWays; ++b) {
        const std::uint64_t wait = between(static_cast<Way>(b), close, static_cast<Way>(w), layer);
        const std::uint64_t end = sum(sum(last[b].clocks, wait), own);
        if (end < now[w].clocks) now[w] = {end, b};
      }
    }
    states.push_back(now);
    last = now;
    close = layer.close;
  }
  std::size_t way = 0;
  for (std::size_t w = 1; w < kWays; ++w) {
    const std::uint64_t end = sum(last[w].clocks, close);
    if (end < (way == 0 ? last[0].clocks : sum(last[way].clocks, close))) way = w;
  }
  if (last[way].clocks == kNeverDone) throw std::logic_error("a layer that no way computes");
  std::vector<Way> ways(layers.size());
  for (std::size_t i = layers.size(); i-- > 0;) {
    ways[i] = static_cast<Way>(way);
    way = states[i][way].before;
  }
  return ways;
}

}  // namespace s4::sw
