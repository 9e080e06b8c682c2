#include "sw/cli/chip_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>

#include "sim/registers/gen/counters.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/graph/passes.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/split_run.hpp"
#include "sw/zoo/inputs.hpp"

namespace s4::cli {
namespace {

namespace graph = sw::graph;
using counters::Counter;
using graph::TensorData;
using nlohmann::json;

constexpr double kClockHz = 900e6;

/// One network, sparsity and mode: of the last batch, mismatches of all.
struct Figures {
  std::vector<sw::ChipBatch> batches;
  sw::SectionBytes sections;  ///< read from DRAM; what is read once for all counts once
  std::uint64_t cycles = 0;
  std::uint64_t step_cycles = 0;  ///< in which programs ran
  std::uint64_t macs_nonzero = 0;
  std::uint64_t mismatches = 0;
  std::vector<std::vector<sw::DeviceRun>> runs;  ///< by subsystem, or of all
  std::vector<sw::NetworkLayerReport> layers;    ///< clocks: those of the slowest subsystem
  std::vector<std::string> problems;
  bool ok = false;

  [[nodiscard]] double wall_s() const { return batches.empty() ? 0 : batches.back().wall_s; }
};

void note_problems(const sw::NetworkReport& report, Figures& figures) {
  if (!report.error.empty()) figures.problems.push_back(report.error);
  for (const auto* list : {&report.comparisons, &report.counts}) {
    for (const sw::Comparison& comparison : *list) {
      if (!comparison.first.empty()) figures.problems.push_back(comparison.first);
    }
  }
}

/// Where the clocks of all subsystems' arrays went, by the RTL's counters: parts of 1.
json array_shares(const Figures& figures, unsigned subsystems) {
  const auto sum = [&](Counter counter) {
    std::uint64_t clocks = 0;
    for (const auto& runs : figures.runs) {
      for (const sw::DeviceRun& run : runs) {
        if (run.device == "rtl") clocks += run.result.counter(counter);
      }
    }
    return static_cast<double>(clocks);
  };
  const double all = static_cast<double>(figures.cycles) * subsystems;
  if (all <= 0) return nullptr;
  const double mac = sum(Counter::kSpuMacClocks) / all;
  const double weights = sum(Counter::kSpuStallWeights) / all;
  const double activations = sum(Counter::kSpuStallActivations) / all;
  const double drain = sum(Counter::kSpuStallDrain) / all;
  // Rows are computed beside the array, seldom at the same time.
  const double rows = sum(Counter::kActivationBusy) / all;
  const double between =
      static_cast<double>(figures.cycles - std::min(figures.cycles, figures.step_cycles)) /
      static_cast<double>(figures.cycles);
  const double rest = 1 - mac - weights - activations - drain - rows - between;
  return {{"array", mac}, {"weights", weights}, {"activations", activations},  {"results", drain},
          {"rows", rows}, {"host", between},    {"other", std::max(0.0, rest)}};
}

class ChipBench {
 public:
  explicit ChipBench(const ChipBenchOptions& options)
      : options_(options), config_(sw::find_configuration(options.config)) {
    settings_.run.backend = sw::backend_from_name(options.backend);
    settings_.run.rtl.memory = sw::MemoryKind::kLpddr4;
    settings_.run.config_argument = options.config;
    settings_.run.show_progress = true;
    settings_.run.timeout_s = options.timeout_s;
  }

  json run() {
    for (const std::string& network : options_.networks) {
      network_ = network;
      std::vector<std::int64_t> sequences{0};
      if (is_bert()) sequences = options_.sequences;
      for (const std::int64_t sequence : sequences) {
        sequence_ = sequence;
        graphs_.clear();
        head();
        for (const std::string& mode : options_.modes) {
          first_ = 0;
          for (const double sparsity : options_.sparsities) add(mode, sparsity);
        }
        fmt::print("\n");
      }
    }
    return {{"config", config_.name},
            {"subsystems", config_.num_subsystems},
            {"macs_per_clock", config_.macs_per_clock},
            {"clock_hz", kClockHz},
            {"seed", options_.seed},
            {"memory", "lpddr4"},
            {"preload", options_.preload},
            {"results", options_.results},
            {"store_all", options_.store_all},
            {"rows", rows_},
            {"sums", sums_},
            {"ok", ok_}};
  }

 private:
  [[nodiscard]] bool is_bert() const { return network_ == "bert-base"; }

  [[nodiscard]] bool full_size() const {
    const sw::Resnet50Options resnet50;
    const sw::BertOptions bert;
    if (!is_bert()) {
      return options_.resnet50.size == resnet50.size &&
             options_.resnet50.thinner == resnet50.thinner;
    }
    return options_.bert.layers == bert.layers && options_.bert.hidden == bert.hidden &&
           options_.bert.vocabulary == bert.vocabulary;
  }

  void head() const {
    const std::string sequence = is_bert() ? fmt::format(", {} tokens", sequence_) : "";
    const std::string what = options_.batches == 1
                                 ? "from the start of the first program to the last interrupt"
                                 : fmt::format("from the end of batch {} to that of batch {}",
                                               options_.batches - 1, options_.batches);
    fmt::print(
        "{}{}, {} {}, configuration {}, {} subsystem{}, LPDDR4X; {}\n\n"
        "{:>9} {:>9} {:>11} {:>13} {:>9} {:>13} {:>11} {:>12} {:>8} {:>9} {:>11}\n",
        network_, sequence, options_.batch, is_bert() ? "sequences" : "images", config_.name,
        config_.num_subsystems, config_.num_subsystems == 1 ? "" : "s", what, "mode", "sparsity",
        "cycles", is_bert() ? "sequences/s" : "images/s", "speed-up", "weight bytes", "parameters",
        "DRAM bytes", "wall s", "M MAC/s", "mismatches");
    std::fflush(stdout);
  }

  /// The network for this many images, quantised. Its bytes depend a little on that number, because
  /// they are calibrated in runs of as many.
  const graph::Graph& made(std::int64_t images, double sparsity) {
    const auto key = std::make_pair(images, sparsity);
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
        sizes.sequence = sequence_;
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

  /// Other ones for every batch.
  [[nodiscard]] std::vector<TensorData> inputs(std::size_t batch) const {
    constexpr std::uint64_t kUnseen = 2000;  // neither calibrated nor checked with
    const std::uint64_t seed = options_.seed + kUnseen + batch;
    if (!is_bert()) return {sw::zoo_images(seed, options_.batch, options_.resnet50.size)};
    return sw::zoo_tokens(seed, options_.batch, sequence_, options_.bert.vocabulary);
  }

  [[nodiscard]] sw::Network prepared(std::int64_t images, double sparsity) {
    sw::NetworkOptions network;
    network.pixel_group = config_.pixels_per_quadrant;
    network.store_all = options_.store_all;
    network.prefetch = options_.prefetch && options_.batches > 1;
    return sw::prepare(made(images, sparsity), network);
  }

  Figures run_shares(sw::ChipMode mode, double sparsity) {
    const auto compile = [&](const std::vector<TensorData>& part, const sw::NetworkPlace& place) {
      return sw::compile_network(prepared(part.front().shape.front(), sparsity), config_, place);
    };
    const auto share = mode == sw::ChipMode::kSingle ? sw::single_shares : sw::broadcast_shares;
    const std::vector<sw::ChipShare> shares =
        share(inputs(0), config_, sw::chip_memory_bytes(config_, false), compile,
              sw::place_from_name(options_.results));
    std::vector<std::vector<std::vector<TensorData>>> more;
    for (std::size_t b = 1; b < options_.batches; ++b) {
      more.push_back(sw::share_inputs(shares, inputs(b)));
    }
    const sw::ChipRunReport report =
        sw::run_on_chip(mode, shares, config_, settings_, options_.preload == "backdoor", more);
    Figures figures;
    figures.batches = report.batches;
    figures.cycles = report.cycles;
    figures.sections = report.sections;
    figures.ok = report.ok();
    figures.problems = report.faults;
    for (const sw::NetworkReport& subsystem : report.subsystems) {
      figures.step_cycles = std::max(figures.step_cycles, subsystem.cycles.value_or(0));
      figures.mismatches += subsystem.mismatches();
      figures.macs_nonzero += subsystem.macs_nonzero();
      figures.runs.push_back(subsystem.runs);
      note_problems(subsystem, figures);
      if (figures.layers.empty()) figures.layers = subsystem.layers;
      for (std::size_t l = 0; l < figures.layers.size(); ++l) {
        sw::NetworkLayerReport& layer = figures.layers[l];
        layer.cycles = std::max(layer.cycles, subsystem.layers[l].cycles);
        if (&subsystem == &report.subsystems.front()) continue;
        layer.mismatches += subsystem.layers[l].mismatches;
        layer.macs_nonzero += subsystem.layers[l].macs_nonzero;
        layer.bytes.dram_read += subsystem.layers[l].bytes.dram_read;
        layer.bytes.dram_written += subsystem.layers[l].bytes.dram_written;
      }
    }
    note_checks(report.moved, figures);
    return figures;
  }

  Figures run_together(const std::string& mode, double sparsity) {
    sw::SplitOptions split;
    split.memory_bytes = sw::chip_memory_bytes(config_, false);
    split.images = mode == "auto";
    std::vector<std::vector<TensorData>> more;
    for (std::size_t b = 1; b < options_.batches; ++b) more.push_back(inputs(b));
    const sw::SplitReport report =
        sw::run_split(sw::split_network(prepared(options_.batch, sparsity), config_, split),
                      inputs(0), config_, settings_, options_.preload == "backdoor", more);
    if (options_.layers) fmt::print("{}\n", sw::to_text(report));
    Figures figures;
    figures.batches = report.batches;
    figures.cycles = report.total_cycles;
    figures.step_cycles = report.cycles.value_or(0);
    figures.sections = report.sections;
    figures.mismatches = report.network.mismatches();
    figures.macs_nonzero = report.network.macs_nonzero();
    figures.runs = {report.network.runs};
    figures.layers = report.network.layers;
    figures.problems = report.faults;
    note_problems(report.network, figures);
    note_checks(report.moved, figures);
    figures.ok = report.ok();
    return figures;
  }

  static void note_checks(const sw::TrafficReport& moved, Figures& figures) {
    for (const sw::Comparison& check : moved.checks) {
      if (!check.first.empty()) figures.problems.push_back(check.first);
    }
  }

  void add(const std::string& mode, double sparsity) {
    const bool shared = mode == "single" || mode == "broadcast";
    const Figures f =
        shared ? run_shares(sw::mode_from_name(mode), sparsity) : run_together(mode, sparsity);
    for (const std::string& problem : f.problems) fmt::print("{}\n", problem);
    ok_ = ok_ && f.ok;
    const auto cycles = static_cast<double>(std::max<std::uint64_t>(f.cycles, 1));
    if (first_ == 0) first_ = cycles;
    const double rate = static_cast<double>(options_.batch) * kClockHz / cycles;
    const double macs = static_cast<double>(f.macs_nonzero) / std::max(f.wall_s(), 1e-9);
    const std::uint64_t dram = f.batches.empty() ? 0 : f.batches.back().dram_bytes;
    for (const sw::NetworkLayerReport& layer : f.layers) add_row(mode, sparsity, layer);
    fmt::print(
        "{:>9} {:>8.4g}x {:>11} {:>13.0f} {:>8.2f}x {:>13} {:>11} {:>12} {:>8.1f} {:>9.1f} "
        "{:>11}\n",
        mode, sparsity, f.cycles, rate, first_ / cycles, f.sections.weights, f.sections.parameters,
        dram, f.wall_s(), macs / 1e6, f.mismatches);
    std::fflush(stdout);
    json batch_cycles = json::array();
    for (const sw::ChipBatch& batch : f.batches) batch_cycles.push_back(batch.cycles);
    sums_.push_back({{"network", network_},
                     {"sequence", is_bert() ? json(sequence_) : json(nullptr)},
                     {"full_size", full_size()},
                     {"sparsity", sparsity},
                     {"batch", options_.batch},
                     {"batches", f.batches.size()},
                     {"mode", mode},
                     {"cycles", f.cycles},
                     {"batch_cycles", batch_cycles},
                     {"program_cycles", f.step_cycles},
                     {"images_per_s", rate},
                     {"speedup", first_ / cycles},
                     {"dram_bytes", dram},
                     {"weight_bytes", f.sections.weights},
                     {"parameter_bytes", f.sections.parameters},
                     {"shares", array_shares(f, config_.num_subsystems)},
                     {"mismatches", f.mismatches},
                     {"ok", f.ok},
                     {"wall_s", f.wall_s()},
                     {"mac_per_s", macs}});
  }

  void add_row(const std::string& mode, double sparsity, const sw::NetworkLayerReport& layer) {
    rows_.push_back({{"network", network_},
                     {"sequence", is_bert() ? json(sequence_) : json(nullptr)},
                     {"batch", options_.batch},
                     {"mode", mode},
                     {"sparsity", sparsity},
                     {"layer", layer.name},
                     {"engine", layer.engine},
                     {"shape", layer.shape},
                     {"cycles", layer.cycles ? json(*layer.cycles) : json(nullptr)},
                     {"predicted_cycles", layer.predicted_cycles},
                     {"ideal_cycles", layer.ideal_cycles},
                     {"bound", layer.bound},
                     {"plan", layer.plan},
                     {"macs_nonzero", layer.macs_nonzero},
                     {"weight_sparsity", layer.sparsity},
                     {"weight_bytes", layer.weight_bytes},
                     {"parameter_bytes", layer.parameter_bytes},
                     {"dram_bytes_read", layer.bytes.dram_read},
                     {"dram_bytes_written", layer.bytes.dram_written},
                     {"mismatches", layer.mismatches}});
    if (options_.layers) {
      fmt::print("      {:<24} {:>9} expected {:>9} ideal {:>9.0f}  {:<10} {}\n", layer.name,
                 layer.cycles.value_or(0), layer.predicted_cycles, layer.ideal_cycles, layer.bound,
                 layer.plan);
    }
  }

  const ChipBenchOptions& options_;
  config::Configuration config_;
  sw::NetworkRunSettings settings_;
  std::string network_;
  std::int64_t sequence_ = 0;
  std::map<std::pair<std::int64_t, double>, graph::Graph> graphs_;
  json rows_ = json::array(), sums_ = json::array();
  double first_ = 0;
  bool ok_ = true;
};

}  // namespace

json run_chip_bench(const ChipBenchOptions& options) { return ChipBench(options).run(); }

}  // namespace s4::cli
