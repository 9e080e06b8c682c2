// s4 run: a whole network on the backends.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/network_options.hpp"
#include "sw/cli/run_layers.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/cut.hpp"
#include "sw/network/network_page.hpp"
#include "sw/network/open.hpp"
#include "sw/network/report_json.hpp"
#include "sw/network/split_run.hpp"
#include "sw/npy/npy.hpp"
#include "sw/program_file/program_file.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/report/run_report.hpp"

namespace s4::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  std::string backend = "all";
  std::vector<std::string> inputs, outputs;
  std::string json, trace, page, kind = "fast", memory, ecc = "off", mode, preload = "axi";
  std::string results = "interleaved";
  std::string from, to;  ///< layers; empty: the first, the last
  unsigned jobs = 0;     ///< not 0: layers one by one
  sw::NetworkRunSettings settings;
};

/// RunOptions in a form that starts the same run.
std::string arguments(const RunOptions& o) {
  std::string text = "run " + o.model.path;
  for (const std::string& input : o.inputs) text += " --input " + input;
  if (!o.mode.empty()) text += " --mode " + o.mode + " --preload " + o.preload;
  if (o.results != "interleaved") text += " --results " + o.results;
  if (!o.from.empty()) text += " --from " + o.from;
  if (!o.to.empty()) text += " --to " + o.to;
  return text + model_arguments(o.model);
}

[[nodiscard]] bool is_cut(const RunOptions& o) {
  return !o.from.empty() || !o.to.empty() || o.jobs != 0;
}

void require_outputs(const RunOptions& o, const sw::CompiledNetwork& compiled) {
  const std::size_t count = compiled.network.graph.outputs.size();
  if (o.outputs.empty() || o.outputs.size() == count) return;
  throw std::invalid_argument(fmt::format("--output is given {} times, the network has {} outputs",
                                          o.outputs.size(), count));
}

void write_outputs(const RunOptions& o, const std::vector<graph::TensorData>& outputs) {
  for (std::size_t i = 0; i < o.outputs.size(); ++i) sw::write_npy(o.outputs[i], outputs[i]);
}

/// On screen, and in the files that were asked for.
template <typename Report>
void write_report(const RunOptions& o, const Report& report) {
  fmt::print("{}", sw::to_text(report));
  if (!o.json.empty()) sw::write_json(o.json, sw::to_json(report));
  if (!o.trace.empty()) sw::write_json(o.trace, sw::to_trace(report), -1);
  if (o.page.empty()) return;
  const std::string name = std::filesystem::path(o.model.path).filename().string();
  sw::write_text(o.page, sw::to_html(report, name));
}

/// On the whole chip.
int run_chip(const RunOptions& o, const std::vector<graph::TensorData>& inputs,
             const config::Configuration& config, sw::ChipMode mode) {
  const bool ecc = o.settings.run.rtl.memory == sw::MemoryKind::kLpddr4Ecc;
  const auto compile = [&](const std::vector<graph::TensorData>& part,
                           const sw::NetworkPlace& place) {
    return open_compiled(o.model, config, part, place);
  };
  const auto share = mode == sw::ChipMode::kSingle ? sw::single_shares : sw::broadcast_shares;
  const std::vector<sw::ChipShare> shares = share(
      inputs, config, sw::chip_memory_bytes(config, ecc), compile, sw::place_from_name(o.results));
  require_outputs(o, shares.front().compiled);
  for (const std::string& note : shares.front().compiled.network.notes) {
    fmt::print("note: {}\n", note);
  }
  const sw::ChipRunReport report =
      sw::run_on_chip(mode, shares, config, o.settings, o.preload == "backdoor");
  write_report(o, report);
  const std::vector<graph::TensorData> outputs = sw::joined_outputs(report);
  if (outputs.empty()) return 1;
  write_outputs(o, outputs);
  return report.ok() ? 0 : 1;
}

/// What goes with --mode and --jobs, and what does not.
void check_mode(const RunOptions& o) {
  const auto refuse = [](const char* text) { throw std::invalid_argument(text); };
  if (is_cut(o) && !o.mode.empty())
    refuse("--from, --to and --jobs run on one subsystem: no --mode");
  if (o.jobs != 0 && (!o.trace.empty() || !o.page.empty() || !o.outputs.empty() ||
                      !o.settings.run.rtl.wave.empty())) {
    refuse(
        "--jobs checks layers one by one: --wave, --trace, --html and --output are for a run "
        "without it");
  }
  if (o.mode.empty()) {
    if (o.preload != "axi") refuse("--preload needs --mode");
    if (o.results != "interleaved") refuse("--results needs --mode single or broadcast");
    return;
  }
  if (o.results != "interleaved" && o.mode != "single" && o.mode != "broadcast") {
    refuse("--results needs --mode single or broadcast: elsewhere all subsystems use all results");
  }
  if (o.memory == "ideal")
    refuse("--mode runs on the chip, whose memory is LPDDR4X: --memory lpddr4");
  if (o.backend == "reference" ||
      (o.backend == "functional" && o.mode != "split" && o.mode != "auto")) {
    refuse("--mode runs on the chip: --backend rtl or all");
  }
  if (sw::is_program(o.model.path)) {
    refuse("--mode compiles for every subsystem: it needs the ONNX file, not a program");
  }
}

/// The prepared network, weights pruned.
sw::Network prepared(const RunOptions& o, const config::Configuration& config,
                     const std::vector<graph::TensorData>& inputs) {
  if (sw::is_program(o.model.path)) return open_compiled(o.model, config, inputs).network;
  return sw::prepare(sw::open_graph(o.model.path, inputs), o.model.network(config));
}

/// Runs a compiled network and reports.
int run_compiled(const RunOptions& o, const sw::CompiledNetwork& compiled,
                 const std::vector<graph::TensorData>& inputs,
                 const config::Configuration& config) {
  require_outputs(o, compiled);
  for (const std::string& note : compiled.network.notes) fmt::print("note: {}\n", note);
  const sw::NetworkReport report = sw::run_network(compiled, inputs, config, o.settings);
  write_report(o, report);
  // Results of a run that failed are not passed off as the network's.
  if (!report.error.empty()) return 1;
  write_outputs(o, report.outputs);
  return report.ok() ? 0 : 1;
}

/// Whether the images, shared as mode broadcast does, are expected to be done before `clocks`.
/// Says both.
bool broadcast_is_sooner(const RunOptions& o, const std::vector<graph::TensorData>& inputs,
                         const config::Configuration& config, std::uint64_t clocks) {
  if (inputs.empty() || inputs.front().shape.empty() || inputs.front().shape.front() < 2) {
    return false;
  }
  const bool ecc = o.settings.run.rtl.memory == sw::MemoryKind::kLpddr4Ecc;
  std::uint64_t shared = 0;
  try {
    const auto shares = sw::broadcast_shares(
        inputs, config, sw::chip_memory_bytes(config, ecc),
        [&](const std::vector<graph::TensorData>& part, const sw::NetworkPlace& place) {
          return open_compiled(o.model, config, part, place);
        });
    for (const sw::ChipProgram& program : shares.front().compiled.programs) {
      shared += program.predicted;
    }
  } catch (const sw::NetworkError& error) {
    fmt::print("note: images are not shared: {}\n", error.what());
    return false;
  }
  fmt::print("note: expected clocks: {} with every layer cut by itself, {} with images shared\n",
             clocks, shared);
  return shared < clocks && o.backend != "functional";
}

/// On the whole chip, every layer by all subsystems together.
int run_split(const RunOptions& o, const std::vector<graph::TensorData>& inputs,
              const config::Configuration& config) {
  const bool ecc = o.settings.run.rtl.memory == sw::MemoryKind::kLpddr4Ecc;
  const sw::Network network = prepared(o, config, inputs);
  sw::SplitOptions options;
  options.memory_bytes = sw::chip_memory_bytes(config, ecc);
  options.images = o.mode == "auto";
  const sw::SplitNetwork split = sw::split_network(network, config, options);
  if (options.images && broadcast_is_sooner(o, inputs, config, split.predicted())) {
    return run_chip(o, inputs, config, sw::ChipMode::kBroadcast);
  }
  require_outputs(o, split.compiled);
  for (const std::string& note : network.notes) fmt::print("note: {}\n", note);
  sw::SplitReport report =
      sw::run_split(split, inputs, config, o.settings, o.preload == "backdoor");
  report.mode = o.mode;
  write_report(o, report);
  if (!report.network.error.empty()) return 1;
  write_outputs(o, report.network.outputs);
  return report.ok() ? 0 : 1;
}

/// Some layers of the network.
int run_cut(const RunOptions& o, const std::vector<graph::TensorData>& inputs,
            const config::Configuration& config) {
  sw::Network network = prepared(o, config, inputs);
  network.options.sparsity.reset();  // the weights are pruned already
  const sw::LayerRange range{
      o.from.empty() ? 0 : sw::find_layer(network, o.from),
      o.to.empty() ? network.layers.size() - 1 : sw::find_layer(network, o.to)};
  if (o.jobs != 0) return run_layers(network, inputs, range, config, o.settings, o.jobs, o.json);
  const sw::NetworkCut cut = std::move(sw::cut_network(network, inputs, {range}).front());
  return run_compiled(o, sw::compile_network(sw::prepare(cut.graph, network.options), config),
                      cut.inputs, config);
}

int run(RunOptions o) {
  check_mode(o);
  if (o.memory.empty()) o.memory = o.mode.empty() ? "ideal" : "lpddr4";
  sw::RunSettings& settings = o.settings.run;
  settings.backend = sw::backend_from_name(o.backend);
  settings.rtl.kind = tb::kind_from_name(o.kind);
  settings.rtl.memory = sw::memory_from_name(o.memory, o.ecc);
  if (o.memory != "ideal" && o.mode.empty() && settings.rtl.stalls > 0) {
    throw std::invalid_argument("--stalls needs --memory ideal or --mode");
  }
  settings.config_argument = o.model.config;
  settings.show_progress = true;
  o.settings.arguments = arguments(o);
  const bool rtl = settings.backend == sw::Backend::kRtl || settings.backend == sw::Backend::kAll;
  if (!rtl && (!settings.rtl.wave.empty() || !o.trace.empty())) {
    throw std::invalid_argument("--wave and --trace need --backend rtl or all");
  }
  const bool cut = settings.rtl.wave_from != 0 || settings.rtl.wave_to != tb::Model::kForever;
  if (cut && settings.rtl.wave.empty()) {
    throw std::invalid_argument("--wave-from and --wave-to need --wave");
  }
  if (settings.rtl.wave_from >= settings.rtl.wave_to) {
    throw std::invalid_argument(fmt::format("--wave-from {} is not before --wave-to {}",
                                            settings.rtl.wave_from, settings.rtl.wave_to));
  }
  std::vector<OutputFile> files{
      {"--json", o.json}, {"--trace", o.trace}, {"--html", o.page}, {"--wave", settings.rtl.wave}};
  for (const std::string& path : o.outputs) files.push_back({"--output", path});
  std::vector<std::string> sources = o.inputs;
  sources.push_back(o.model.path);
  require_writable(files, sources);

  std::vector<graph::TensorData> inputs;
  for (const std::string& path : o.inputs) inputs.push_back(sw::read_npy(path));
  const config::Configuration config = sw::find_configuration(o.model.config);
  if (o.mode == "split" || o.mode == "auto") return run_split(o, inputs, config);
  if (!o.mode.empty()) return run_chip(o, inputs, config, sw::mode_from_name(o.mode));
  if (is_cut(o)) return run_cut(o, inputs, config);
  const sw::CompiledNetwork compiled = open_compiled(o.model, config, inputs);
  return run_compiled(o, compiled, inputs, config);
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("run", "A whole network: an ONNX file, or a program made by s4 compile");
  add_model_options(*command, o->model);
  command->add_option("--backend", o->backend, "What runs; everything that runs is compared")
      ->capture_default_str()
      ->check(CLI::IsMember({"rtl", "functional", "reference", "all"}));
  command->add_option("--input", o->inputs, "Input, .npy; once per input of the network, in order")
      ->required()
      ->take_all();
  command->add_option("--output", o->outputs, "Write the output, .npy; once per output, in order")
      ->take_all();
  command->add_option("--json", o->json, "Write the report to this file");
  command->add_option("--trace", o->trace, "Write the engines' timeline (Perfetto) to this file");
  command->add_option("--html", o->page, "Write the report as a page (HTML) to this file");
  sw::RtlOptions& rtl = o->settings.run.rtl;
  command->add_option("--wave", rtl.wave, "Record an FST waveform of the RTL");
  command->add_option("--wave-from", rtl.wave_from, "First cycle recorded")->check(whole(0));
  command->add_option("--wave-to", rtl.wave_to, "Cycle after the last one recorded")
      ->check(whole(1));
  command
      ->add_option("--stalls", rtl.stalls,
                   "Probability that a memory handshake, with --mode a station's way onto the ring "
                   "or into its memory, stalls in a clock")
      ->check(CLI::Range(0.0, 0.95))
      ->check(finite());
  command
      ->add_option("--memory", o->memory,
                   "Memory of the RTL: ideal, or lpddr4 (controllers in RTL, device models); "
                   "default ideal, of the chip lpddr4")
      ->check(CLI::IsMember({"ideal", "lpddr4"}));
  command->add_option("--from", o->from,
                      "First layer to run, by name or number; its inputs are the reference's");
  command->add_option("--to", o->to, "Last layer to run");
  command->add_option("--jobs", o->jobs, "Check layers one by one, so many processes at a time")
      ->check(whole(1))
      ->check(CLI::Range(1U, 256U));
  command
      ->add_option("--mode", o->mode,
                   "Run on the whole chip. single: every subsystem has images and weights of its "
                   "own; broadcast: weights are read once for all; split: all compute every layer "
                   "together; auto: every layer as it is expected to be done soonest")
      ->check(CLI::IsMember({"single", "broadcast", "split", "auto"}));
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
  command->add_option("--ecc", o->ecc, "Error correction of the LPDDR4X memory: on or off")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off"}));
  command->add_option("--seed", rtl.seed, "Seed of the stalls")
      ->capture_default_str()
      ->check(whole(0));
  command->add_option("--kind", o->kind, "RTL model: fast or checked (assertions)")
      ->capture_default_str()
      ->check(CLI::IsMember({"fast", "checked"}));
  command
      ->add_option("--timeout", o->settings.run.timeout_s,
                   "Host seconds for one program on the RTL")
      ->capture_default_str()
      ->check(finite());
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
