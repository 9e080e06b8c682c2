// s4 bench spu: clocks of whole networks' layers on the RTL, at every sparsity.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "sw/cli/bench_attention.hpp"
#include "sw/cli/bench_random.hpp"
#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/network/report_json.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/zoo/synthetic.hpp"

namespace s4::cli {
namespace {

constexpr double kClockHz = 900e6;
constexpr int kSubsystems = 4;
constexpr std::uint32_t kLargeLayers = 10;
constexpr const char* kBf16 = "bf16";

struct BenchSpuOptions {
  std::string config = "s4";
  std::vector<std::string> networks{"resnet50", "bert-base", "random", "large"};
  std::vector<std::string> types{"int8", kBf16};
  std::vector<std::uint32_t> keeps{64, 32, 16, 8, 4, 2, 1};
  std::int64_t batch = 4;
  std::uint32_t count = 30;
  std::uint64_t seed = 1;
  bool layers = false;
  std::string json;
};

sw::graph::Graph network(const std::string& name, const sw::SyntheticOptions& options) {
  return name == "resnet50" ? sw::synthetic_resnet50(options) : sw::synthetic_bert_layer(options);
}

class SpuBench {
 public:
  explicit SpuBench(const BenchSpuOptions& options)
      : options_(options), config_(sw::find_configuration(options.config)) {}

  int run() {
    for (const std::string& name : options_.networks) {
      for (const std::string& type : options_.types) {
        if (name == "random" || name == "large") {
          run_alone(name, type);
          continue;
        }
        // A BERT layer is measured with one sequence: its rows are pixels enough.
        const std::int64_t batch = name == "resnet50" ? options_.batch : 1;
        fmt::print(
            "{}, {} per subsystem, {}, random weights, configuration {}; ideal memory, 64 B per "
            "clock\n\n{:>5} {:>9} {:>11} {:>11} {:>12} {:>9} {:>13} {:>11}\n",
            name, batch, type, config_.name, "K", "sparsity", "cycles", "ideal", "utilisation",
            "speed-up", "4 at 900 MHz", "mismatches");
        for (const std::uint32_t keep : options_.keeps) run_network(name, type, batch, keep);
        if (name == "bert-base") run_attention(type);
        fmt::print("\n");
      }
    }
    if (!options_.json.empty()) {
      sw::write_json(options_.json, {{"config", config_.name},
                                     {"batch", options_.batch},
                                     {"seed", options_.seed},
                                     {"memory", "ideal, 64 B per clock, latency 100"},
                                     {"rows", rows_},
                                     {"sums", sums_},
                                     {"ok", ok_}});
    }
    fmt::print("{}", ok_ ? "Every byte is equal in RTL, functional model and reference.\n"
                         : "FAILED: see above.\n");
    return ok_ ? 0 : 1;
  }

 private:
  void run_attention(const std::string& type) {
    const AttentionFigures figures = bench_attention(config_, type == kBf16, options_.seed);
    rows_.insert(rows_.end(), figures.rows.begin(), figures.rows.end());
    ok_ = ok_ && figures.ok;
  }

  void run_alone(const std::string& name, const std::string& type) {
    const bool large = name == "large";
    RandomLayers layers{large ? std::min(options_.count, kLargeLayers) : options_.count,
                        options_.seed,
                        options_.keeps,
                        large,
                        type == kBf16,
                        options_.layers};
    if (large) std::erase_if(layers.keeps, [](std::uint32_t keep) { return keep < 4; });
    RandomFigures figures = bench_random_layers(config_, layers);
    rows_.insert(rows_.end(), figures.rows.begin(), figures.rows.end());
    sums_.insert(sums_.end(), figures.sums.begin(), figures.sums.end());
    ok_ = ok_ && figures.ok;
  }

  void run_network(const std::string& name, const std::string& type, std::int64_t batch,
                   std::uint32_t keep) {
    sw::NetworkOptions prepare_options;
    prepare_options.sparsity = 64.0 / keep;
    prepare_options.pixel_group = config_.pixels_per_quadrant;
    sw::Network network = sw::prepare(
        cli::network(name, {batch, keep, options_.seed, type == kBf16}), prepare_options);
    const auto inputs = sw::synthetic_inputs(network.graph, options_.seed);
    const sw::CompiledNetwork compiled = sw::compile_network(std::move(network), config_);
    sw::NetworkRunSettings settings;
    settings.run.config_argument = options_.config;
    settings.run.show_progress = true;
    const sw::NetworkReport report = sw::run_network(compiled, inputs, config_, settings);
    ok_ = ok_ && report.ok();
    if (!report.error.empty()) fmt::print("{}\n", report.error);
    for (const sw::Comparison& comparison : report.comparisons) {
      if (!comparison.first.empty()) fmt::print("{}\n", comparison.first);
    }
    add_rows(name, type, batch, keep, report);
  }

  void add_rows(const std::string& name, const std::string& type, std::int64_t batch,
                std::uint32_t keep, const sw::NetworkReport& report) {
    const double macs_per_clock = config_.macs_per_clock / (type == kBf16 ? 2.0 : 1.0);
    double ideal = 0;
    std::uint64_t cycles = 0;
    for (const sw::NetworkLayerReport& layer : report.layers) {
      // A pool has one weight per channel, which no pruning takes away.
      const double layer_ideal =
          std::max(static_cast<double>(layer.macs_dense) * keep / 64,
                   layer.macs_dense == layer.macs_nonzero ? layer.macs_nonzero : 0.0) /
          macs_per_clock;
      const std::uint64_t layer_cycles = layer.cycles.value_or(0);
      ideal += layer_ideal;
      cycles += layer_cycles;
      const double utilisation =
          layer_cycles > 0 ? layer_ideal / static_cast<double>(layer_cycles) : 0;
      rows_.push_back({{"network", name},
                       {"layer", layer.name},
                       {"shape", layer.shape},
                       {"keep", keep},
                       {"dtype", type},
                       {"cycles", layer_cycles},
                       {"ideal_cycles", layer_ideal},
                       {"utilisation", utilisation},
                       {"bound", layer.bound},
                       {"predicted_cycles", layer.predicted_cycles},
                       {"plan", layer.plan},
                       {"mismatches", layer.mismatches}});
      if (options_.layers) {
        fmt::print("      {:<24} {:>9} of {:>9.0f} {:>6.1f} %  {:<10} {}\n", layer.name,
                   layer_cycles, layer_ideal, 100 * utilisation, layer.bound, layer.plan);
      }
    }
    if (keep == options_.keeps.front()) first_ = static_cast<double>(cycles);
    const double speedup = cycles > 0 ? first_ / static_cast<double>(cycles) : 0;
    const double rate = cycles > 0 ? kSubsystems * static_cast<double>(batch) * kClockHz /
                                         static_cast<double>(cycles)
                                   : 0;
    fmt::print("{:>5} {:>8.4g}x {:>11} {:>11.0f} {:>10.1f} % {:>8.2f}x {:>11.0f}/s {:>11}\n", keep,
               64.0 / keep, cycles, ideal,
               cycles > 0 ? 100 * ideal / static_cast<double>(cycles) : 0, speedup, rate,
               report.mismatches());
    std::fflush(stdout);
    sums_.push_back({{"network", name},
                     {"dtype", type},
                     {"keep", keep},
                     {"cycles", cycles},
                     {"ideal_cycles", ideal},
                     {"speedup", speedup},
                     {"images_per_s", rate},
                     {"khz", report.kilohertz()},
                     {"mac_per_s", report.mac_per_s()},
                     {"mismatches", report.mismatches()}});
  }

  BenchSpuOptions options_;
  config::Configuration config_;
  nlohmann::json rows_ = nlohmann::json::array(), sums_ = nlohmann::json::array();
  double first_ = 0;
  bool ok_ = true;
};

}  // namespace

void add_bench_spu_command(CLI::App& bench, Action& action) {
  const auto o = std::make_shared<BenchSpuOptions>();
  CLI::App* command =
      bench.add_subcommand("spu", "Clocks of ResNet-50's and BERT's layers at every sparsity");
  command->add_option("--config", o->config, "Configuration")->capture_default_str();
  command->add_option("--network", o->networks, "Networks; all of them if not given")
      ->check(CLI::IsMember({"resnet50", "bert-base", "random", "large"}));
  command->add_option("--dtype", o->types, "Data types; both if not given")
      ->check(CLI::IsMember({"int8", kBf16}));
  command
      ->add_option("--keep", o->keeps, "Weights kept of 64; the speed-up is over the first of them")
      ->check(CLI::Range(1, 64));
  command->add_option("--batch", o->batch, "Images of a subsystem")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_option("--count", o->count, "Random layers")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--seed", o->seed, "Of weights and inputs, and of random layers")
      ->capture_default_str()
      ->check(whole(0));
  command->add_flag("--layers", o->layers, "Print every layer");
  command->add_option("--json", o->json, "Write the figures to this file");
  command->callback([o, &action] {
    action = [o] {
      require_writable({{"--json", o->json}}, {});
      return SpuBench(*o).run();
    };
  });
}

}  // namespace s4::cli
