// s4 act: every input of the activation functions on the RTL and the functional model, judged.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "sw/activation/act_page.hpp"
#include "sw/activation/exhaustive.hpp"
#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"

namespace s4::cli {
namespace {

struct ActOptions {
  std::string function = "all", dtype = "bf16", config = "s4", backend = "all", output, json, html;
  std::optional<float> in_scale, out_scale;
  std::optional<int> in_zero, out_zero;
  bool exhaustive = false;
};

sw::ActivationSweep sweep_of(const ActOptions& o, activation::Function function) {
  sw::ActivationSweep sweep = sw::default_sweep(function, o.dtype == "int8");
  sweep.x.scale = o.in_scale.value_or(sweep.x.scale);
  sweep.x.zero = o.in_zero.value_or(sweep.x.zero);
  sweep.y.scale = o.out_scale.value_or(sweep.y.scale);
  sweep.y.zero = o.out_zero.value_or(sweep.y.zero);
  return sweep;
}

/// Results by the input's bit pattern: little-endian 16-bit words, or bytes for INT8.
void append(std::string& bytes, const sw::ActivationReport& report) {
  for (const std::uint16_t result : report.results) {
    bytes.push_back(static_cast<char>(result & 0xFF));
    if (!report.int8) bytes.push_back(static_cast<char>(result >> 8));
  }
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

int run(const ActOptions& o) {
  const bool quantised = o.in_scale || o.out_scale || o.in_zero || o.out_zero;
  if (quantised && o.dtype != "int8") {
    throw std::invalid_argument("scales and zero points go with --dtype int8");
  }
  std::vector<activation::Function> functions;
  if (o.function != "all") {
    functions.push_back(sim::activation_from_name(o.function));
  } else {
    for (unsigned code = 0; code < activation::kFunctionCount; ++code) {
      functions.push_back(static_cast<activation::Function>(code));
    }
  }
  require_writable({{"--output", o.output}, {"--json", o.json}, {"--html", o.html}});
  std::optional<sw::ActivationBench> bench;
  if (o.backend != "functional") bench.emplace(o.config, tb::Kind::kFast);
  nlohmann::json reports = nlohmann::json::array();
  std::vector<sw::ActivationReport> all;
  std::string bytes;
  bool correct = true;
  for (const activation::Function function : functions) {
    const sw::ActivationSweep sweep = sweep_of(o, function);
    std::vector<sw::ActivationReport> done;
    if (bench) done.push_back(sw::sweep_rtl(*bench, sweep));
    if (o.backend != "rtl") done.push_back(sw::sweep_functional(sweep));
    for (const sw::ActivationReport& report : done) {
      fmt::print("{}", sw::to_text(report));
      reports.push_back(sw::to_json(report));
      correct = correct && report.correct();
    }
    append(bytes, done.front());  // the RTL's, if it runs
    all.insert(all.end(), done.begin(), done.end());
    if (done.front().results != done.back().results) {
      fmt::print("{}: the RTL differs from the functional model\n", done.front().function);
      correct = false;
    }
  }
  if (!o.output.empty()) write(o.output, bytes);
  if (!o.html.empty()) write(o.html, sw::activation_page(all));
  if (!o.json.empty()) {
    const nlohmann::json json = {
        {"config", o.config}, {"correct", correct}, {"functions", reports}};
    write(o.json, json.dump(2) + '\n');
  }
  return correct ? 0 : 1;
}

}  // namespace

void add_act_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<ActOptions>();
  CLI::App* command = app.add_subcommand(
      "act", "Every input of the activation functions, judged by MPFR: exit code 1 if one differs");
  command->add_option("--function", o->function, "gelu ... erf, or all")->capture_default_str();
  command->add_option("--dtype", o->dtype, "bf16: the function; int8: its 256-byte table")
      ->capture_default_str()
      ->check(CLI::IsMember({"bf16", "int8"}));
  command->add_flag("--exhaustive", o->exhaustive, "All inputs")->required();
  command->add_option("--config", o->config, "tiny, small or s4")->capture_default_str();
  command->add_option("--backend", o->backend, "What runs; everything that runs is compared")
      ->capture_default_str()
      ->check(CLI::IsMember({"rtl", "functional", "all"}));
  command->add_option("--in-scale", o->in_scale, "INT8: real value of an input step (1/16)");
  command->add_option("--in-zero", o->in_zero, "INT8: input byte of 0 (0)");
  command->add_option("--out-scale", o->out_scale,
                      "INT8: real value of an output step (tanh, erf 1/128; sigmoid 1/256; 1/16)");
  command->add_option("--out-zero", o->out_zero, "INT8: output byte of 0 (sigmoid -128; 0)");
  command->add_option(
      "--output", o->output,
      "Write the results (the RTL's, if it runs) in the order of the inputs' bit "
      "patterns: little-endian 16-bit words, bytes for INT8; all: by function code");
  command->add_option("--json", o->json, "Also write the reports here");
  command->add_option("--html", o->html,
                      "Also write a page with the reports and the error before rounding");
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
