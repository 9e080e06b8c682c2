// s4 bench chip: clocks of whole networks on the whole chip, in every mode.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "sw/cli/checks.hpp"
#include "sw/cli/chip_bench.hpp"
#include "sw/cli/commands.hpp"
#include "sw/report/bench_page.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/report/run_report.hpp"

namespace s4::cli {
namespace {

struct BenchChipOptions : ChipBenchOptions {
  std::vector<std::string> from;
  std::string json, html, svg;
};

nlohmann::json read_figures(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::invalid_argument("cannot read " + path);
  nlohmann::json figures = nlohmann::json::parse(file, nullptr, false);
  if (!figures.is_object()) throw std::invalid_argument(path + ": not a JSON object");
  return figures;
}

void write_pages(const BenchChipOptions& options, const std::vector<sw::BenchFile>& files) {
  const nlohmann::json figures = sw::join_benches(files);
  if (!options.html.empty()) sw::write_text(options.html, sw::bench_page(figures));
  if (options.svg.empty()) return;
  const std::string chart = sw::speedup_chart(figures);
  if (chart.empty()) {
    throw std::invalid_argument("--svg: a line needs a network at 1x and another sparsity");
  }
  sw::write_text(options.svg, sw::chart_file(chart));
}

int run(const BenchChipOptions& options) {
  require_writable({{"--json", options.json}, {"--html", options.html}, {"--svg", options.svg}},
                   options.from);
  if (!options.from.empty()) {
    if (options.html.empty() && options.svg.empty()) {
      throw std::invalid_argument("--from draws what was measured: give --html or --svg");
    }
    if (!options.json.empty()) throw std::invalid_argument("--from measures nothing for --json");
    std::vector<sw::BenchFile> files;
    for (const std::string& path : options.from) files.push_back({path, read_figures(path)});
    write_pages(options, files);
    return 0;
  }
  const nlohmann::json figures = run_chip_bench(options);
  if (!options.json.empty()) sw::write_json(options.json, figures);
  if (!options.html.empty() || !options.svg.empty()) write_pages(options, {{"", figures}});
  const bool ok = figures.at("ok");
  fmt::print("{}", ok ? "Every byte is equal in RTL, functional model and reference.\n"
                      : "FAILED: see above.\n");
  return ok ? 0 : 1;
}

}  // namespace

void add_bench_chip_command(CLI::App& bench, Action& action) {
  const auto o = std::make_shared<BenchChipOptions>();
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
  command
      ->add_option("--batches", o->batches,
                   "Batches one behind the other; the clocks are those of the last one")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command->add_option("--sequence", o->sequences, "Tokens of a sequence")
      ->delimiter(',')
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
  command->add_flag("!--no-prefetch", o->prefetch,
                    "Start every batch with its inputs, instead of running the first layers of the "
                    "next one at its end where the network permits");
  command->add_flag("--layers", o->layers, "Print every layer");
  command->add_flag("--store-all", o->store_all,
                    "Store every layer's output, so that all are compared; takes more clocks");
  command->add_option("--json", o->json, "Write the figures to this file");
  command->add_option("--html", o->html, "Write a page with charts to this file");
  command->add_option("--svg", o->svg, "Write the chart of speed-up against sparsity to this file");
  command->add_option("--from", o->from, "Draw these files of --json, run nothing")->delimiter(',');
  command->add_option("--timeout", o->timeout_s, "Host seconds for one program on the RTL")
      ->capture_default_str()
      ->check(finite());
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
