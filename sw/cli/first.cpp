// s4 first: one sparse convolution at 1x, 8x, 16x and 32x on the RTL.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "sw/cli/commands.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/report/layer_json.hpp"

namespace s4::cli {
namespace {

constexpr std::array<std::uint32_t, 4> kSpeedups{1, 8, 16, 32};

int run(const std::string& config_name, const std::string& json_path) {
  const config::Configuration config = sw::find_configuration(config_name);
  sw::LayerCase layer;
  sw::LayerGeometry& g = layer.geometry;
  g.channels = 256;
  g.height = g.width = 28;
  g.filters = 256;
  g.kernel_h = g.kernel_w = 3;
  g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = 1;
  layer.compile.resident = true;
  sw::RunSettings settings;
  settings.backend = sw::Backend::kAll;
  settings.show_progress = true;
  settings.config_argument = config_name;

  fmt::print(
      "A 3x3 convolution, 256 to 256 channels, 28x28 pixels, INT8, on the RTL of one subsystem\n"
      "(configuration {}: {} multiply-accumulates per clock). Weights come compressed from an\n"
      "ideal memory of 64 B per clock; RTL, functional model and reference are compared.\n\n",
      config.name, config.macs_per_clock);
  fmt::print("{:>8} {:>9} {:>9} {:>9} {:>12} {:>11} {:>13} {:>8} {:>11}\n", "sparsity", "cycles",
             "ideal", "speed-up", "utilisation", "bound", "weight bytes", "kHz", "mismatches");
  std::fflush(stdout);
  double dense = 0;
  bool ok = true;
  nlohmann::json rows = nlohmann::json::array();
  for (const std::uint32_t speedup : kSpeedups) {
    layer.keep = 64 / speedup;
    const sw::LayerReport report = sw::run_layer(layer, config, settings);
    ok = ok && report.ok();
    const double cycles = static_cast<double>(report.cycles.value_or(0));
    if (speedup == 1) dense = cycles;
    fmt::print("{:>7}x {:>9} {:>9.0f} {:>8.2f}x {:>10.1f} % {:>11} {:>13} {:>8.1f} {:>11}\n",
               speedup, report.cycles.value_or(0), report.ideal_cycles,
               cycles > 0 ? dense / cycles : 0, 100 * report.utilisation(), report.bound,
               report.weight_bytes, report.kilohertz(), report.mismatches());
    std::fflush(stdout);
    rows.push_back(sw::to_json(report));
    rows.back()["sparsity"] = speedup;
    if (!report.ok()) fmt::print("{}", sw::to_text(report));
  }
  if (!json_path.empty()) sw::write_json(json_path, {{"rows", rows}, {"ok", ok}});
  fmt::print("{}", ok ? "\nEvery byte is equal in RTL, functional model and reference.\n"
                      : "\nFAILED: see above.\n");
  return ok ? 0 : 1;
}

}  // namespace

void add_first_command(CLI::App& app, Action& action) {
  struct Options {
    std::string config = "s4", json;
  };
  const auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("first", "A sparse convolution at 1x, 8x, 16x and 32x on the RTL");
  command->add_option("--config", o->config, "Configuration")->capture_default_str();
  command->add_option("--json", o->json, "Write the reports to this file");
  command->callback([o, &action] { action = [o] { return run(o->config, o->json); }; });
}

}  // namespace s4::cli
