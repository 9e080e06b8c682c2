// The ways of a run's layers, against all ways there are.
#include "sw/network/split_groups.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>

#include "tb/seed.hpp"

namespace {

using namespace s4;
using sw::Way;
using sw::WayClocks;

/// Clocks of these ways; kNeverDone if one is not possible.
std::uint64_t clocks(const std::vector<WayClocks>& layers, const std::vector<Way>& ways) {
  std::uint64_t sum = 0;
  Way before = Way::kCut;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (ways[i] != before) {
      if (before != Way::kCut) sum += layers[i - 1].close;
      if (ways[i] == Way::kAlone) sum += layers[i].open_alone;
      if (ways[i] == Way::kShared) sum += layers[i].open_shared;
    }
    const std::uint64_t own = ways[i] == Way::kCut     ? layers[i].cut
                              : ways[i] == Way::kAlone ? layers[i].alone
                                                       : layers[i].shared;
    if (own == sw::kNeverDone) return sw::kNeverDone;
    sum += own;
    before = ways[i];
  }
  return before == Way::kCut ? sum : sum + layers.back().close;
}

std::uint64_t fewest(const std::vector<WayClocks>& layers) {
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < layers.size(); ++i) count *= 3;
  std::uint64_t least = sw::kNeverDone;
  for (std::uint64_t n = 0; n < count; ++n) {
    std::vector<Way> ways;
    for (std::uint64_t rest = n; ways.size() < layers.size(); rest /= 3) {
      ways.push_back(static_cast<Way>(rest % 3));
    }
    least = std::min(least, clocks(layers, ways));
  }
  return least;
}

}  // namespace

TEST_CASE("split: the ways of a run are those that end soonest") {
  std::mt19937_64 random(tb::seed());
  std::size_t impossible = 0;
  for (unsigned trial = 0; trial < 2000; ++trial) {
    std::vector<WayClocks> layers(1 + random() % 6);
    for (WayClocks& layer : layers) {
      const auto some = [&] { return random() % 5 == 0 ? sw::kNeverDone : 1 + random() % 100; };
      layer.cut = some();
      layer.alone = some();
      layer.shared = some();
      layer.open_alone = random() % 60;
      layer.open_shared = random() % 60;
      layer.close = random() % 60;
    }
    const std::uint64_t least = fewest(layers);
    if (least == sw::kNeverDone) {
      ++impossible;
      CHECK_THROWS_AS(sw::soonest_ways(layers), std::logic_error);
      continue;
    }
    REQUIRE(clocks(layers, sw::soonest_ways(layers)) == least);
  }
  CHECK(impossible < 200);
}
