#include "sw/cli/run_layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sw/network/layer_jobs.hpp"
#include "sw/report/layer_json.hpp"

namespace s4::cli {

int run_layers(const sw::Network& network, const std::vector<graph::TensorData>& inputs,
               const sw::LayerRange& range, const config::Configuration& config,
               const sw::NetworkRunSettings& settings, unsigned jobs, const std::string& json) {
  std::vector<sw::LayerRange> ranges;
  for (std::size_t l = range.first; l <= range.last; ++l) ranges.push_back({l, l});
  const std::vector<sw::NetworkCut> cuts = sw::cut_network(network, inputs, ranges);
  fmt::print("{:>5} {:<28} {:>10} {:>10} {:>9} {}\n", "", "layer", "ideal", "cycles", "seconds",
             "");
  const auto checks = sw::check_layers(
      cuts, network.options, config, settings, jobs, [&](const sw::LayerCheck& check) {
        fmt::print("{:>5} {:<28} {:>10.0f} {:>10} {:>9.1f} {}\n", check.layer,
                   network.layers[check.layer].layer.name, check.ideal_cycles,
                   check.cycles ? std::to_string(*check.cycles) : "-", check.wall_s,
                   check.ok ? "equal" : "FAILED: " + check.first);
        std::fflush(stdout);
      });
  const auto wrong = std::count_if(checks.begin(), checks.end(),
                                   [](const sw::LayerCheck& check) { return !check.ok; });
  fmt::print("{} layers, {} wrong\n", checks.size(), wrong);
  if (!json.empty()) {
    nlohmann::json out{
        {"config", config.name}, {"ok", wrong == 0}, {"layers", nlohmann::json::array()}};
    for (const sw::LayerCheck& check : checks) {
      out["layers"].push_back(
          {{"layer", check.layer},
           {"name", network.layers[check.layer].layer.name},
           {"ok", check.ok},
           {"mismatches", check.mismatches},
           {"cycles", check.cycles ? nlohmann::json(*check.cycles) : nlohmann::json(nullptr)},
           {"ideal_cycles", check.ideal_cycles},
           {"first", check.first},
           {"wall_s", check.wall_s}});
    }
    sw::write_json(json, out);
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace s4::cli
