// s4 bench: how fast the simulation runs on this host.
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sw/cli/commands.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/zoo/synthetic.hpp"

namespace s4::cli {
namespace {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

/// Keeps this thread on one processor, so that runs are comparable.
int pin() {
  const int cpu = sched_getcpu();
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu < 0 ? 0 : cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0 ? cpu : -1;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Dense, and 32x sparse.
constexpr std::uint32_t kKeeps[] = {64, 2};

sw::LayerCase product(const config::Configuration& config, bool bf16, std::uint32_t keep) {
  sw::LayerCase layer;
  layer.is_gemm = true;
  layer.bf16 = layer.out_bf16 = bf16;
  // As many pixels as give runs of about a second, within the local buffer.
  const bool large = config.name == "s4";
  const std::uint32_t reduction = large ? 2304 : 1152;
  const std::uint32_t room = config.local_words / (reduction / 64 + 4) / (bf16 ? 2 : 1);
  layer.geometry = sw::gemm_geometry(std::min(room / 64 * 64, 1536U), large ? 256 : 128, reduction);
  layer.keep = keep;
  layer.compile.resident = true;
  return layer;
}

/// Prints and returns a row of figures; nothing if a run failed.
std::optional<nlohmann::json> measure(const std::string& name, const config::Configuration& config,
                                      bool bf16, std::uint32_t keep, unsigned repeats) {
  sw::RunSettings settings;
  settings.backend = sw::Backend::kRtl;
  settings.show_progress = true;
  settings.config_argument = name;
  std::vector<double> walls;
  sw::LayerReport report;
  for (unsigned i = 0; i < repeats; ++i) {
    report = sw::run_layer(product(config, bf16, keep), config, settings);
    if (!report.ok()) {
      fmt::print("{}", sw::to_text(report));
      return std::nullopt;
    }
    for (const sw::DeviceRun& device : report.runs) {
      if (device.timed && device.device == "rtl") walls.push_back(device.result.wall_s);
    }
  }
  const double wall = median(walls);
  const double khz = static_cast<double>(*report.cycles) / wall / 1000;
  const double macs = static_cast<double>(report.macs_nonzero) / wall;
  const double dense = static_cast<double>(report.macs_dense) / wall;
  const char* type = bf16 ? "bf16" : "int8";
  fmt::print("{:>8} {:>6} {:>8}x {:>9} {:>10.3f} {:>9.1f} {:>22.1f} {:>24.1f}\n", config.name, type,
             64 / keep, *report.cycles, wall, khz, macs / 1e6, dense / 1e6);
  std::fflush(stdout);
  return nlohmann::json{
      {"config", config.name},    {"dtype", type},  {"keep", keep}, {"layer", report.layer},
      {"cycles", *report.cycles}, {"wall_s", wall}, {"khz", khz},   {"mac_per_s", macs},
      {"dense_mac_per_s", dense}};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The whole chip: idle, and one convolution with its weights read once for all subsystems, from
/// the first doorbell to the last interrupt. Deep and few images in `s4`, so that little of it is
/// loading.
std::optional<nlohmann::json> measure_chip(const std::string& name,
                                           const config::Configuration& config, std::uint32_t keep,
                                           unsigned repeats) {
  constexpr std::uint64_t kIdleClocks = 50000;
  const bool deep = config.name == "s4";
  const std::int64_t channels = deep ? 512 : 64;
  const std::int64_t results = deep ? 1024 : 64;
  const std::int64_t each = deep ? 2 : 8;  // images of a subsystem
  const auto made = [&](std::int64_t images) {
    return sw::synthetic_convolution({images, keep}, channels, results, 28);
  };
  const auto compile = [&](const std::vector<sw::graph::TensorData>& part,
                           const sw::NetworkPlace& place) {
    sw::NetworkOptions options;
    options.sparsity = 64.0 / keep;
    options.pixel_group = config.pixels_per_quadrant;
    return sw::compile_network(sw::prepare(made(part.at(0).shape.at(0)), options), config, place);
  };
  const std::vector<sw::graph::TensorData> inputs =
      sw::synthetic_inputs(made(each * config.num_subsystems), 1);
  const auto shares =
      sw::broadcast_shares(inputs, config, sw::chip_memory_bytes(config, false), compile);
  sw::NetworkRunSettings settings;
  settings.run.backend = sw::Backend::kRtl;
  settings.run.rtl.memory = sw::MemoryKind::kLpddr4;
  settings.run.show_progress = true;
  settings.run.config_argument = name;
  std::vector<double> walls, idle;
  sw::ChipRunReport report;
  for (unsigned i = 0; i < repeats; ++i) {
    report = sw::run_on_chip(sw::ChipMode::kBroadcast, shares, config, settings, true);
    if (!report.ok()) {
      fmt::print("{}", sw::to_text(report));
      return std::nullopt;
    }
    walls.push_back(report.wall_s);
    sw::Chip chip(config, sw::chip_options(settings, true));
    chip.clocks(1000);
    const auto start = std::chrono::steady_clock::now();
    chip.clocks(kIdleClocks);
    idle.push_back(kIdleClocks / seconds_since(start) / 1000);
  }
  const double wall = median(walls);
  const double khz = static_cast<double>(report.cycles) / wall / 1000;
  const double macs = static_cast<double>(report.macs_nonzero()) / wall;
  fmt::print("{:>8} {:>8}x {:>9} {:>10.3f} {:>9.1f} {:>9.1f} {:>22.1f}\n", config.name, 64 / keep,
             report.cycles, wall, median(idle), khz, macs / 1e6);
  std::fflush(stdout);
  return nlohmann::json{{"config", config.name},
                        {"keep", keep},
                        {"chip", true},
                        {"subsystems", report.subsystems.size()},
                        {"cycles", report.cycles},
                        {"wall_s", wall},
                        {"khz", khz},
                        {"idle_khz", median(idle)},
                        {"mac_per_s", macs}};
}

int run_chips(const std::vector<std::string>& configs, unsigned repeats,
              const std::string& json_path) {
  const std::string cpu = cpu_name();
  const int pinned = pin();
  fmt::print(
      "{}, one thread{}, median of {}; the whole chip, LPDDR4X, a 3x3 convolution of 28x28, all "
      "subsystems at work\n\n",
      cpu, pinned >= 0 ? fmt::format(" pinned to processor {}", pinned) : "", repeats);
  fmt::print("{:>8} {:>9} {:>9} {:>10} {:>9} {:>9} {:>22}\n", "config", "sparsity", "cycles",
             "wall s", "kHz idle", "kHz busy", "M non-zero MAC/s");
  nlohmann::json rows = nlohmann::json::array();
  for (const std::string& name : configs) {
    const config::Configuration config = sw::find_configuration(name);
    for (const std::uint32_t keep : kKeeps) {
      auto row = measure_chip(name, config, keep, repeats);
      if (!row) return 1;
      rows.push_back(std::move(*row));
    }
  }
  if (!json_path.empty()) {
    sw::write_json(json_path, {{"cpu", cpu}, {"repeats", repeats}, {"rows", rows}, {"ok", true}});
  }
  return 0;
}

int run(const std::vector<std::string>& configs, const std::vector<std::string>& types,
        unsigned repeats, const std::string& json_path) {
  const std::string cpu = cpu_name();
  const int pinned = pin();
  fmt::print("{}, one thread{}, median of {}; matrix products with resident activations\n\n", cpu,
             pinned >= 0 ? fmt::format(" pinned to processor {}", pinned) : "", repeats);
  fmt::print("{:>8} {:>6} {:>9} {:>9} {:>10} {:>9} {:>22} {:>24}\n", "config", "type", "sparsity",
             "cycles", "wall s", "kHz", "M non-zero MAC/s", "M dense-equivalent MAC/s");
  nlohmann::json rows = nlohmann::json::array();
  for (const std::string& name : configs) {
    const config::Configuration config = sw::find_configuration(name);
    for (const std::string& type : types) {
      for (const std::uint32_t keep : kKeeps) {
        auto row = measure(name, config, type == "bf16", keep, repeats);
        if (!row) return 1;
        rows.push_back(std::move(*row));
      }
    }
  }
  if (!json_path.empty()) {
    sw::write_json(json_path, {{"cpu", cpu}, {"repeats", repeats}, {"rows", rows}, {"ok", true}});
  }
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& app, Action& action) {
  struct Options {
    std::vector<std::string> configs{"small", "s4"};
    std::vector<std::string> types{"int8", "bf16"};
    unsigned repeats = 5;
    std::string json;
    bool chip = false;
  };
  const auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measurements of this host and of the chip");
  command->require_subcommand(1);
  CLI::App* sim = command->add_subcommand("sim", "Simulation speed: kHz and MAC/s");
  sim->add_option("--config", o->configs, "Configurations")->capture_default_str();
  sim->add_option("--dtype", o->types, "Data types; both if not given")
      ->check(CLI::IsMember({"int8", "bf16"}));
  sim->add_option("--repeats", o->repeats, "Runs of which the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  sim->add_option("--json", o->json, "Write the figures to this file");
  sim->add_flag("--chip", o->chip, "The whole chip instead of one subsystem; INT8");
  sim->callback([o, &action] {
    action = [o] {
      return o->chip ? run_chips(o->configs, o->repeats, o->json)
                     : run(o->configs, o->types, o->repeats, o->json);
    };
  });
  add_bench_spu_command(*command, action);
  add_bench_chip_command(*command, action);
  add_bench_mem_command(*command, action);
  add_bench_ring_command(*command, action);
}

}  // namespace s4::cli
