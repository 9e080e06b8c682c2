// s4 bench chip: clocks of whole networks on the whole chip, in every mode.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/graph/passes.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/report_json.hpp"
#include "sw/network/split_run.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/zoo/inputs.hpp"
#include "sw/zoo/zoo.hpp"

namespace s4::cli {
namespace {

namespace graph = sw::graph;
using graph::TensorData;

constexpr double kClockHz = 900e6;

struct Options {
  std::string config = "s4";
  std::vector<std::string> networks{"resnet50"};
  std::vector<double> sparsities{1, 8, 16, 32};
  std::vector<std::string> modes{"broadcast"};
  std::int64_t batch = 16;
  sw::Resnet50Options resnet50;
  sw::BertOptions bert;
  std::uint64_t seed = 1;
  std::string backend = "all";
  std::string preload = "backdoor";
  std::string results = "interleaved";
  std::string json;
  bool layers = false;
  bool store_all = false;
  double timeout_s = sw::RunSettings{}.timeout_s;
};

/// One network, sparsity and mode.
struct Figures {
  std::uint64_t cycles = 0;
  std::uint64_t macs_nonzero = 0;
  std::uint64_t dram_bytes = 0;
  std::uint64_t weight_bytes = 0;     ///< read from DRAM; what is read once for all counts once
  std::uint64_t parameter_bytes = 0;  ///< biases, scales and tables among them
  std::uint64_t mismatches = 0;
  double wall_s = 0;
  std::vector<sw::NetworkLayerReport> layers;  ///< clocks: those of the slowest subsystem
  std::vector<std::string> problems;
  bool ok = false;
};

std::uint64_t bytes_moved(const sw::DramReport& dram) {
  std::uint64_t bursts = 0;
  for (const auto& channel : dram.channels) bursts += channel.reads + channel.writes;
  return 32 * bursts;
}

void note_problems(const sw::NetworkReport& report, Figures& figures) {
  if (!report.error.empty()) figures.problems.push_back(report.error);
  for (const sw::Comparison& comparison : report.comparisons) {
    if (!comparison.first.empty()) figures.problems.push_back(comparison.first);
  }
}

class ChipBench {
 public:
  explicit ChipBench(const Options& options)
      : options_(options), config_(sw::find_configuration(options.config)) {
    settings_.run.backend = sw::backend_from_name(options.backend);
    settings_.run.rtl.memory = sw::MemoryKind::kLpddr4;
    settings_.run.config_argument = options.config;
    settings_.run.show_progress = true;
    settings_.run.timeout_s = options.timeout_s;
  }

  int run() {
    for (const std::string& network : options_.networks) {
      network_ = network;
      fmt::print(
          "{}, {} {}, configuration {}, {} subsystem{}, LPDDR4X; from the first doorbell to the "
          "last interrupt\n\n"
          "{:>9} {:>9} {:>11} {:>13} {:>9} {:>14} {:>14} {:>8} {:>9} {:>11}\n",
          network, options_.batch, is_bert() ? "sequences" : "images", config_.name,
          config_.num_subsystems, config_.num_subsystems == 1 ? "" : "s", "mode", "sparsity",
          "cycles", is_bert() ? "sequences/s" : "images/s", "speed-up", "weight bytes",
          "DRAM bytes", "wall s", "M MAC/s", "mismatches");
      for (const std::string& mode : options_.modes) {
        first_ = 0;
        for (const double sparsity : options_.sparsities) add(mode, sparsity);
      }
      fmt::print("\n");
    }
    if (!options_.json.empty()) {
      sw::write_json(options_.json, {{"config", config_.name},
                                     {"seed", options_.seed},
                                     {"memory", "lpddr4"},
                                     {"preload", options_.preload},
                                     {"results", options_.results},
                                     {"store_all", options_.store_all},
                                     {"rows", rows_},
                                     {"sums", sums_},
                                     {"ok", ok_}});
    }
    fmt::print("{}", ok_ ? "Every byte is equal in RTL, functional model and reference.\n"
                         : "FAILED: see above.\n");
    return ok_ ? 0 : 1;
  }

 private:
  [[nodiscard]] bool is_bert() const { return network_ == "bert-base"; }

  /// The network for this many images, quantised. Its bytes depend a little on that number, because
  /// they are calibrated in runs of as many.
  const graph::Graph& made(std::int64_t images, double sparsity) {
    const auto key = std::make_tuple(network_, images, sparsity);
    if (const auto found = graphs_.find(key); found != graphs_.end()) return found->second;
    sw::ZooOptions zoo;
    zoo.form = sw::ZooForm::kQdq;
    zoo.sparsity = sparsity;
    zoo.seed = options_.seed;
    zoo.progress = [&](const std::string& step) {
      fmt::print(stderr, "{}, {} at a time, {}x: {} ...\n", network_, images, sparsity, step);
    };
    const auto generate = [&] {
      if (is_bert()) {
        sw::BertOptions sizes = options_.bert;
        sizes.batch = images;
        sizes.seed = options_.seed;
        return sw::zoo_bert(sizes, zoo);
      }
      sw::Resnet50Options sizes = options_.resnet50;
      sizes.batch = images;
      sizes.seed = options_.seed;
      return sw::zoo_resnet50(sizes, zoo);
    };
    graph::Graph graph = generate().graph;
    graph::optimize(graph);
    return graphs_.emplace(key, std::move(graph)).first->second;
  }

  [[nodiscard]] std::vector<TensorData> inputs() const {
    constexpr std::uint64_t kUnseen = 2000;  // neither calibrated nor checked with
    if (!is_bert()) {
      return {sw::zoo_images(options_.seed + kUnseen, options_.batch, options_.resnet50.size)};
    }
    return sw::zoo_tokens(options_.seed + kUnseen, options_.batch, options_.bert.sequence,
                          options_.bert.vocabulary);
  }

  [[nodiscard]] sw::Network prepared(std::int64_t images, double sparsity) {
    sw::NetworkOptions network;
    network.pixel_group = config_.pixels_per_quadrant;
    network.store_all = options_.store_all;
    return sw::prepare(made(images, sparsity), network);
  }

  Figures run_shares(sw::ChipMode mode, double sparsity, const std::vector<TensorData>& inputs) {
    const auto compile = [&](const std::vector<TensorData>& part, const sw::NetworkPlace& place) {
      return sw::compile_network(prepared(part.front().shape.front(), sparsity), config_, place);
    };
    const auto share = mode == sw::ChipMode::kSingle ? sw::single_shares : sw::broadcast_shares;
    const std::vector<sw::ChipShare> shares =
        share(inputs, config_, sw::chip_memory_bytes(config_, false), compile,
              sw::place_from_name(options_.results));
    const sw::ChipRunReport report =
        sw::run_on_chip(mode, shares, config_, settings_, options_.preload == "backdoor");
    Figures figures;
    figures.cycles = report.cycles;
    figures.dram_bytes = bytes_moved(report.dram);
    figures.weight_bytes = report.weight_bytes_read;
    figures.wall_s = report.wall_s;
    figures.ok = report.ok();
    figures.problems = report.faults;
    for (const sw::NetworkReport& subsystem : report.subsystems) {
      figures.mismatches += subsystem.mismatches();
      figures.macs_nonzero += subsystem.macs_nonzero();
      note_problems(subsystem, figures);
      if (figures.layers.empty()) figures.layers = subsystem.layers;
      for (std::size_t l = 0; l < figures.layers.size(); ++l) {
        figures.layers[l].cycles = std::max(figures.layers[l].cycles, subsystem.layers[l].cycles);
      }
    }
    figures.parameter_bytes = report.subsystems.front().parameter_bytes();
    return figures;
  }

  Figures run_together(const std::string& mode, double sparsity,
                       const std::vector<TensorData>& inputs) {
    sw::SplitOptions split;
    split.memory_bytes = sw::chip_memory_bytes(config_, false);
    split.images = mode == "auto";
    const sw::SplitReport report =
        sw::run_split(sw::split_network(prepared(options_.batch, sparsity), config_, split), inputs,
                      config_, settings_, options_.preload == "backdoor");
    if (options_.layers) fmt::print("{}\n", sw::to_text(report));
    Figures figures;
    figures.cycles = report.total_cycles;
    figures.dram_bytes = bytes_moved(report.dram);
    figures.weight_bytes = report.network.weight_bytes();
    figures.parameter_bytes = report.network.parameter_bytes();
    figures.mismatches = report.network.mismatches();
    figures.macs_nonzero = report.network.macs_nonzero();
    figures.wall_s = report.wall_s;
    figures.layers = report.network.layers;
    figures.problems = report.faults;
    note_problems(report.network, figures);
    figures.ok = report.ok();
    return figures;
  }

  void add(const std::string& mode, double sparsity) {
    const bool shared = mode == "single" || mode == "broadcast";
    const Figures f = shared ? run_shares(sw::mode_from_name(mode), sparsity, inputs())
                             : run_together(mode, sparsity, inputs());
    for (const std::string& problem : f.problems) fmt::print("{}\n", problem);
    ok_ = ok_ && f.ok;
    const auto cycles = static_cast<double>(std::max<std::uint64_t>(f.cycles, 1));
    if (first_ == 0) first_ = cycles;
    const double rate = static_cast<double>(options_.batch) * kClockHz / cycles;
    const double macs = static_cast<double>(f.macs_nonzero) / std::max(f.wall_s, 1e-9);
    for (const sw::NetworkLayerReport& layer : f.layers) add_row(mode, sparsity, layer);
    fmt::print(
        "{:>9} {:>8.4g}x {:>11} {:>13.0f} {:>8.2f}x {:>14} {:>14} {:>8.1f} {:>9.1f} {:>11}\n", mode,
        sparsity, f.cycles, rate, first_ / cycles, f.weight_bytes, f.dram_bytes, f.wall_s,
        macs / 1e6, f.mismatches);
    std::fflush(stdout);
    sums_.push_back({{"network", network_},
                     {"sequence", is_bert() ? nlohmann::json(options_.bert.sequence) : nullptr},
                     {"sparsity", sparsity},
                     {"batch", options_.batch},
                     {"mode", mode},
                     {"cycles", f.cycles},
                     {"images_per_s", rate},
                     {"speedup", first_ / cycles},
                     {"dram_bytes", f.dram_bytes},
                     {"weight_bytes", f.weight_bytes},
                     {"parameter_bytes", f.parameter_bytes},
                     {"mismatches", f.mismatches},
                     {"wall_s", f.wall_s},
                     {"mac_per_s", macs}});
  }

  void add_row(const std::string& mode, double sparsity, const sw::NetworkLayerReport& layer) {
    rows_.push_back({{"network", network_},
                     {"mode", mode},
                     {"sparsity", sparsity},
                     {"layer", layer.name},
                     {"shape", layer.shape},
                     {"cycles", layer.cycles ? nlohmann::json(*layer.cycles) : nullptr},
                     {"predicted_cycles", layer.predicted_cycles},
                     {"ideal_cycles", layer.ideal_cycles},
                     {"bound", layer.bound},
                     {"plan", layer.plan},
                     {"mismatches", layer.mismatches}});
    if (options_.layers) {
      fmt::print("      {:<24} {:>9} expected {:>9} ideal {:>9.0f}  {:<10} {}\n", layer.name,
                 layer.cycles.value_or(0), layer.predicted_cycles, layer.ideal_cycles, layer.bound,
                 layer.plan);
    }
  }

  Options options_;
  config::Configuration config_;
  sw::NetworkRunSettings settings_;
  std::string network_;
  std::map<std::tuple<std::string, std::int64_t, double>, graph::Graph> graphs_;
  nlohmann::json rows_ = nlohmann::json::array(), sums_ = nlohmann::json::array();
  double first_ = 0;
  bool ok_ = true;
};

}  // namespace

void add_bench_chip_command(CLI::App& bench, Action& action) {
  const auto o = std::make_shared<Options>();
  CLI::App* command =
      bench.add_subcommand("chip", "Clocks of networks on the whole chip at every sparsity");
  command->add_option("--config", o->config, "Configuration")->capture_default_str();
  command->add_option("--network", o->networks, "Networks of s4 zoo, quantised")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::IsMember({"resnet50", "bert-base"}));
  command
      ->add_option("--sparsity", o->sparsities,
                   "Dense weights per weight kept; the speed-up is over the first of them")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::IsMember({1.0, 8.0, 16.0, 32.0}));
  command->add_option("--mode", o->modes, "Modes, as of s4 run")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::IsMember({"single", "broadcast", "split", "auto"}));
  command->add_option("--batch", o->batch, "Images or sequences of the whole chip")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_option("--sequence", o->bert.sequence, "Tokens of a sequence")
      ->capture_default_str()
      ->check(CLI::Range(2, 512));
  command->add_option("--size", o->resnet50.size, "Height and width of the images, for tests")
      ->capture_default_str()
      ->check(CLI::Range(32, 224));
  command->add_option("--thinner", o->resnet50.thinner, "Divides all channels, for tests")
      ->capture_default_str()
      ->check(CLI::IsMember({1, 2, 4, 8, 16, 32, 64}));
  command->add_option("--layers-of-bert", o->bert.layers, "Encoder layers, for tests")
      ->capture_default_str()
      ->check(CLI::Range(1, 96));
  command->add_option("--hidden", o->bert.hidden, "Channels of BERT, a multiple of 64, for tests")
      ->capture_default_str()
      ->check(CLI::Range(64, 4096));
  command->add_option("--vocabulary", o->bert.vocabulary, "Words, for tests")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000000));
  command->add_option("--seed", o->seed, "Of weights and inputs")
      ->capture_default_str()
      ->check(whole(0));
  command->add_option("--backend", o->backend, "What runs beside the RTL: rtl (nothing) or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"rtl", "all"}));
  command
      ->add_option("--preload", o->preload,
                   "How weights reach the chip's memory: axi, or backdoor (outside of time)")
      ->capture_default_str()
      ->check(CLI::IsMember({"axi", "backdoor"}));
  command
      ->add_option("--results", o->results,
                   "Where subsystems store results in modes single and broadcast: interleaved over "
                   "all stations, or in the memory of their own one (local)")
      ->capture_default_str()
      ->check(CLI::IsMember({"interleaved", "local"}));
  command->add_flag("--layers", o->layers, "Print every layer");
  command->add_flag("--store-all", o->store_all,
                    "Store every layer's output, so that all are compared; takes more clocks");
  command->add_option("--json", o->json, "Write the figures to this file");
  command->add_option("--timeout", o->timeout_s, "Host seconds for one program on the RTL")
      ->capture_default_str()
      ->check(finite());
  command->callback([o, &action] {
    action = [o] {
      require_writable({{"--json", o->json}}, {});
      return ChipBench(*o).run();
    };
  });
}

}  // namespace s4::cli
