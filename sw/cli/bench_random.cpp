#include "sw/cli/bench_random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <random>

#include "sw/driver/layer_runner.hpp"

namespace s4::cli {
namespace {

/// Spread evenly on a logarithmic scale.
std::uint32_t pick(std::mt19937_64& random, double low, double high) {
  const double at = static_cast<double>(random() % 65536) / 65535.0;
  return static_cast<std::uint32_t>(std::lround(low * std::pow(high / low, at)));
}

sw::LayerGeometry random_geometry(std::mt19937_64& random, const config::Configuration& config,
                                  bool large, bool bf16) {
  for (;;) {
    sw::LayerGeometry g;
    g.in_bytes = g.out_bytes = bf16 ? 2 : 1;
    const bool window = random() % 2 == 0;
    const std::uint32_t taps = window ? 9 : 1;
    g.kernel_h = g.kernel_w = window ? 3 : 1;
    g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = window ? 1 : 0;
    const double low = large ? 256 : 64;
    g.channels = pick(random, low, 4608) / taps;
    g.filters = pick(random, low, 2048);
    g.height = g.width = pick(random, large ? 32 : 14, 112);
    if (large) {
      g.channels = (g.channels + 63) / 64 * 64;
      g.filters = (g.filters + 63) / 64 * 64;
    }
    const std::uint64_t words = std::uint64_t{g.in_blocks() + g.out_blocks()} * g.height * g.width;
    if (g.channels * taps >= low && words <= config.local_words) return g;
  }
}

sw::LayerGeometry smallest_large() {
  sw::LayerGeometry g;
  g.channels = g.filters = 256;
  g.height = g.width = 32;
  return g;
}

/// What is to be reached of the bound.
double target(std::uint32_t keep, bool large) {
  if (!large) return 0.85;
  return keep >= 8 ? 0.95 : 0.90;
}

struct Bound {
  std::uint64_t clocks = 0;
  const char* name = "";
};

Bound bound_of(const sw::Layer& layer, const config::Configuration& config) {
  const std::uint64_t pixels = layer.geometry.pixels();
  const auto counts = sw::bank_counts(layer.weights);
  const std::uint64_t results = config.epilogue_pixels * config.lanes_per_quadrant;
  Bound best;
  for (std::uint32_t shape = 0; shape <= config.max_shape; ++shape) {
    const sw::ShapeProfile profile = sw::profile_shape(layer, counts, config, shape);
    const std::uint64_t tiles = (pixels + profile.tile_pixels - 1) / profile.tile_pixels;
    std::uint64_t mac = 0;
    std::uint64_t words = 0;
    std::uint64_t weights = 0;
    for (const sw::GroupProfile& group : profile.groups) {
      mac += tiles * group.clocks;
      // Words by their share of the banks: a bank of BF16 has two, but for half of a last one.
      words += pixels * group.busy_banks * layer.geometry.in_blocks() / layer.weights.in_blocks();
      weights += group.index_bytes + group.value_bytes;
    }
    const Bound bounds[] = {
        {mac, "mac"},
        {words / config.pixels_per_quadrant, "activation"},
        {pixels * layer.geometry.filters * layer.geometry.out_bytes / results, "epilogue"},
        {weights / 64, "weights"}};
    const Bound& largest =
        *std::max_element(std::begin(bounds), std::end(bounds),
                          [](const Bound& a, const Bound& b) { return a.clocks < b.clocks; });
    if (shape == 0 || largest.clocks < best.clocks) best = largest;
  }
  return best;
}

/// From the arrival of the first weight to the last result.
std::uint64_t clocks_alone(const sw::LayerReport& report) {
  std::optional<std::uint64_t> first;
  std::uint64_t last = 0;
  for (const sw::DeviceRun& run : report.runs) {
    if (run.program != "compute") continue;
    if (!first) first = run.result.first_weight;
    for (const sw::TimelineEvent& event : run.result.timeline) {
      if (event.engine == commands::Engine::kSpu) last = std::max(last, event.end);
    }
  }
  return first && last > *first ? last - *first : 0;
}

}  // namespace

RandomFigures bench_random_layers(const config::Configuration& config, const RandomLayers& layers) {
  RandomFigures out;
  std::mt19937_64 random(layers.seed * 0x9E3779B97F4A7C15ULL + 5);
  std::vector<sw::LayerGeometry> shapes;
  for (std::uint32_t i = 0; i < layers.count; ++i) {
    shapes.push_back(layers.large && i == 0
                         ? smallest_large()
                         : random_geometry(random, config, layers.large, layers.bf16));
  }
  const char* network = layers.large ? "large" : "random";
  const char* type = layers.bf16 ? "bf16" : "int8";
  fmt::print("{} layers alone, {}, configuration {}: clocks from the first weight's arrival\n\n",
             network, type, config.name);
  fmt::print("{:>5} {:>8} {:>14} {:>14}  {}\n", "K", "layers", "bound / clocks", "least",
             "least of");
  for (const std::uint32_t keep : layers.keeps) {
    double least = 1e9;
    std::string which;
    std::uint64_t all_clocks = 0;
    std::uint64_t all_bounds = 0;
    std::uint64_t reach = 0;
    double ideals = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      sw::LayerCase layer_case;
      layer_case.geometry = shapes[i];
      layer_case.keep = keep;
      layer_case.bf16 = layer_case.out_bf16 = layers.bf16;
      layer_case.seed = layers.seed * 1000 + i;
      layer_case.compile.resident = true;
      layer_case.compile.allow_wrap = true;
      sw::RunSettings settings;
      settings.config_argument = config.name;
      settings.show_progress = true;
      const sw::LayerReport report = sw::run_layer(layer_case, config, settings);
      Bound bound = bound_of(sw::make_layer(layer_case), config);
      if (layers.large) bound = {static_cast<std::uint64_t>(report.ideal_cycles), "mac"};
      const std::uint64_t clocks = clocks_alone(report);
      const double share =
          clocks > 0 ? static_cast<double>(bound.clocks) / static_cast<double>(clocks) : 0;
      out.ok = out.ok && report.ok() && clocks > 0;
      for (const sw::Comparison& c : report.comparisons) {
        if (!c.first.empty()) fmt::print("{}\n", c.first);
      }
      all_clocks += clocks;
      all_bounds += bound.clocks;
      ideals += report.ideal_cycles;
      reach += share >= target(keep, layers.large) ? 1 : 0;
      if (share < least) {
        least = share;
        which = report.layer;
      }
      out.rows.push_back({{"network", network},
                          {"layer", fmt::format("{}{}", network, i)},
                          {"shape", report.layer},
                          {"keep", keep},
                          {"dtype", type},
                          {"cycles", clocks},
                          {"ideal_cycles", report.ideal_cycles},
                          {"bound_cycles", bound.clocks},
                          {"utilisation", share},
                          {"bound", bound.name},
                          {"plan", report.plan.describe()},
                          {"mismatches", report.mismatches()}});
      if (layers.print) {
        fmt::print("      {:<48} {:>9} of {:>9} {:>6.1f} %  {:<10} {}\n", report.layer, clocks,
                   bound.clocks, 100 * share, bound.name, report.plan.describe());
      }
    }
    const double share =
        all_clocks > 0 ? static_cast<double>(all_bounds) / static_cast<double>(all_clocks) : 0;
    fmt::print("{:>5} {:>4} of {:>2} {:>12.1f} % {:>12.1f} %  {}\n", keep, reach, shapes.size(),
               100 * share, 100 * least, which);
    std::fflush(stdout);
    out.sums.push_back({{"network", network},
                        {"dtype", type},
                        {"keep", keep},
                        {"cycles", all_clocks},
                        {"ideal_cycles", ideals},
                        {"bound_cycles", all_bounds},
                        {"least", least},
                        {"target", target(keep, layers.large)},
                        {"reach", reach},
                        {"layers", shapes.size()}});
  }
  fmt::print("\n'layers': those that reach {} % of their {}\n\n",
             layers.large ? "95 (K >= 8) or 90" : "85", layers.large ? "ideal" : "bound");
  return out;
}

}  // namespace s4::cli
