// s4 bench ring: latency of the ring against its load.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/ring/ring_bench.hpp"

namespace s4::cli {
namespace {

struct BenchRingOptions {
  sw::RingBenchSettings settings;
  std::vector<std::string> patterns;
  std::string html = "build/bench/ring.html", json;
};

int run(BenchRingOptions& options) {
  if (!options.patterns.empty()) {
    options.settings.patterns.clear();
    for (const std::string& name : options.patterns) {
      options.settings.patterns.push_back(sw::ring_pattern(name));
      if (options.settings.patterns.back() == sw::RingPattern::kTrace) {
        throw std::invalid_argument("a trace has its own load: see s4 ring");
      }
    }
  }
  if (!options.json.empty()) require_writable({{"--json", options.json}}, {});
  fmt::print(
      "{} clocks a point, seed {}; load is the part of the rate at which the busiest link or "
      "port is full\n\n",
      options.settings.clocks, options.settings.seed);
  std::vector<sw::RingBenchCurve> pattern;
  const auto curves = sw::bench_ring(options.settings, [&](const sw::RingBenchCurve& curve) {
    pattern.push_back(curve);
    if (pattern.size() < options.settings.stations.size()) return;
    fmt::print("{}", sw::to_text(pattern));
    std::fflush(stdout);
    pattern.clear();
  });
  const std::filesystem::path path(options.html);
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream page(path);
  page << sw::to_html(curves);
  if (!page.flush()) throw std::runtime_error(options.html + ": cannot be written");
  fmt::print("charts: {}\n", options.html);
  if (!options.json.empty()) sw::write_json(options.json, sw::to_json(curves));
  return 0;
}

}  // namespace

void add_bench_ring_command(CLI::App& bench, Action& action) {
  auto options = std::make_shared<BenchRingOptions>();
  CLI::App* command = bench.add_subcommand("ring", "Latency of the ring against its load");
  sw::RingBenchSettings& settings = options->settings;
  // Clocks do not depend on the width, the time that they take to simulate does.
  settings.parameters = {{"PayloadWidth", "64"}};
  command->add_option("--stations", settings.stations, "Rings (default 4 5 6 8)")
      ->check(CLI::Range(2, 16));
  command->add_option("--pattern", options->patterns,
                      "uniform, neighbour, hotspot, tornado, broadcast (default: all)");
  command->add_option("--clocks", settings.clocks, "Clocks of each point (default 20000)")
      ->check(whole(1));
  command->add_option("--seed", settings.seed, "Seed of the traffic (default 1)")->check(whole(0));
  command->add_option("--html", options->html, "Page with the charts")->capture_default_str();
  command->add_option("--json", options->json, "Also write the figures here");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace s4::cli
