// s4 wave: the waveform of a small named layer, for looking at.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "sw/cli/commands.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/report/layer_json.hpp"

namespace s4::cli {
namespace {

struct NamedLayer {
  const char* name;
  const char* prose;
  sw::LayerCase layer_case;
};

std::array<NamedLayer, 4> named_layers() {
  sw::LayerCase conv;
  conv.geometry.channels = 64;
  conv.geometry.height = 6;
  conv.geometry.width = 6;
  conv.geometry.filters = 32;
  conv.geometry.kernel_h = conv.geometry.kernel_w = 3;
  conv.geometry.pad_top = conv.geometry.pad_left = 1;
  conv.geometry.pad_bottom = conv.geometry.pad_right = 1;
  conv.keep = 8;
  sw::LayerCase chunks = conv;
  chunks.compile.storage = sw::Storage::kRing;
  chunks.compile.chunk_pixels = 12;
  sw::LayerCase add = conv;
  add.add = true;
  sw::LayerCase gemm;
  gemm.is_gemm = true;
  gemm.geometry = sw::gemm_geometry(24, 32, 128);
  gemm.keep = 4;
  return {{{"conv", "a 3x3 convolution at 8x", conv},
           {"chunks", "the same in chunks: load, compute and store overlap", chunks},
           {"add", "the same with a second tensor added", add},
           {"gemm", "a matrix product at 16x", gemm}}};
}

int run(const std::string& name, const std::string& out, const std::string& config_name) {
  std::string known;
  for (const NamedLayer& layer : named_layers()) {
    known += fmt::format("\n  {:<8} {}", layer.name, layer.prose);
    if (name != layer.name) continue;
    sw::RunSettings settings;
    settings.backend = sw::Backend::kAll;
    settings.rtl.wave = out;
    settings.show_progress = true;
    settings.config_argument = config_name;
    const sw::LayerReport report =
        sw::run_layer(layer.layer_case, sw::find_configuration(config_name), settings);
    fmt::print("{}", sw::to_text(report));
    for (const sw::DeviceRun& device : report.runs) {
      for (const sw::TimelineEvent& event : device.result.timeline) {
        fmt::print("  {:>7} to {:<7} {:<8} command {}\n", event.begin, event.end,
                   commands::to_string(event.engine), event.command);
      }
    }
    return report.ok() ? 0 : 1;
  }
  throw std::invalid_argument(fmt::format("no waveform named '{}'; there are:{}", name, known));
}

}  // namespace

void add_wave_command(CLI::App& app, Action& action) {
  struct Options {
    std::string name = "conv", out, config = "tiny";
  };
  const auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("wave", "Waveform of a small named layer");
  command->add_option("--name", o->name, "conv, chunks, add or gemm")->capture_default_str();
  command->add_option("--out", o->out, "FST file to write")->required();
  command->add_option("--config", o->config, "Configuration")->capture_default_str();
  command->callback([o, &action] { action = [o] { return run(o->name, o->out, o->config); }; });
}

}  // namespace s4::cli
