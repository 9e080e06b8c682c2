// s4 softmax, s4 layernorm: random rows on the row engine and its model, alone or in a subsystem,
// against double.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "sim/activation/row_engine.hpp"
#include "sw/activation/row_layer.hpp"
#include "sw/activation/row_run.hpp"
#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/functional_device.hpp"
#include "sw/driver/rtl_device.hpp"

namespace s4::cli {
namespace {

struct RowsOptions {
  std::uint32_t rows = 16, columns = 384;
  std::uint64_t seed = 1;
  bool subsystem = false;
  std::string dtype = "bf16", config = "s4", backend = "all", json;
};

/// Of a LayerNorm this wide, which the engine does without gamma and beta.
bool is_plain(const char* name, const RowsOptions& o) {
  return std::string(name) == "layernorm" && o.columns > commands::kMaxAffineColumns;
}

void print(const char* name, const RowsOptions& o, const sw::RowReport& report) {
  fmt::print("{:<9} {:<10} {} rows {} x {}, mismatches {}, worst error {:.6f} {}", name,
             report.backend, o.dtype, o.rows, o.columns, report.mismatches, report.worst_error,
             o.dtype == "int8" ? "steps" : "ulp");
  if (report.clocks != 0) {
    fmt::print(", {} clocks, {:.2f} results per clock", report.clocks, report.results_per_clock);
  }
  fmt::print("{}\n", is_plain(name, o) ? ", without gamma and beta" : "");
}

/// One backend on the engine alone; clocks, 0 without a clock.
std::uint64_t run_alone(const RowsOptions& o, bool rtl, sw::RowProgram& program) {
  if (!rtl) {
    sim::run_rows(program.command, program.local);
    return 0;
  }
  sw::RowBench bench(o.config, tb::Kind::kFast);
  if (!bench.run(program.command, program.local)) throw std::runtime_error("the engine refused");
  return bench.clocks();
}

/// From memory to memory on one backend of a whole subsystem, ideal memory.
std::uint64_t run_subsystem(const RowsOptions& o, bool rtl, sw::RowProgram& program) {
  const config::Configuration config = sw::find_configuration(o.config);
  const sw::RowLayer layer = sw::compile_rows(program, config);
  std::unique_ptr<sw::Device> device;
  if (rtl) {
    sw::RtlOptions options;
    options.config_argument = o.config;
    device = std::make_unique<sw::RtlDevice>(config, options);
  } else {
    device = std::make_unique<sw::FunctionalDevice>(config);
  }
  const sw::RunResult result = sw::run_rows_on(*device, layer, program);
  if (!result.done) {
    throw std::runtime_error(fmt::format("{}: {}", device->name(), result.describe()));
  }
  return result.cycles();
}

int run(const RowsOptions& o, commands::RowFunction function, const char* name) {
  require_writable({{"--json", o.json}});
  const sw::RowCase rows = sw::random_rows(function, o.rows, o.columns, o.dtype == "int8", o.seed);
  const sw::RowProgram program = sw::row_program(rows);
  nlohmann::json reports = nlohmann::json::array();
  std::vector<std::vector<std::uint8_t>> buffers;
  bool correct = true;
  for (const char* backend : {"rtl", "functional"}) {
    if (o.backend != "all" && o.backend != backend) continue;
    sw::RowProgram done = program;
    const bool rtl = std::string(backend) == "rtl";
    const std::uint64_t clocks =
        o.subsystem ? run_subsystem(o, rtl, done) : run_alone(o, rtl, done);
    sw::RowReport report = sw::judge_rows(rows, sw::row_results(rows, done));
    report.backend = backend;
    report.clocks = clocks;
    if (clocks != 0) {
      report.results_per_clock = static_cast<double>(report.results) / static_cast<double>(clocks);
    }
    print(name, o, report);
    reports.push_back(sw::to_json(report));
    correct = correct && report.mismatches == 0;
    buffers.push_back(std::move(done.local));
  }
  std::uint64_t differences = 0;
  for (std::size_t i = 0; i < buffers.front().size(); ++i) {
    differences += buffers.front()[i] != buffers.back()[i] ? 1 : 0;
  }
  if (differences != 0) {
    fmt::print("{}: {} bytes of the RTL differ from the functional model\n", name, differences);
  }
  correct = correct && differences == 0;
  if (!o.json.empty()) {
    const nlohmann::json json = {{"function", name},
                                 {"config", o.config},
                                 {"rows", o.rows},
                                 {"cols", o.columns},
                                 {"dtype", o.dtype},
                                 {"seed", o.seed},
                                 {"subsystem", o.subsystem},
                                 {"correct", correct},
                                 {"different_bytes", differences},
                                 {"backends", reports},
                                 {"gamma_and_beta", !rows.gamma.empty()}};
    std::ofstream file(o.json, std::ios::trunc);
    file << json.dump(2) << '\n';
    if (!file.flush()) throw std::runtime_error(o.json + ": cannot be written");
  }
  return correct ? 0 : 1;
}

}  // namespace

void add_row_commands(CLI::App& app, Action& action) {
  struct Entry {
    const char* name;
    commands::RowFunction function;
    const char* prose;
  };
  for (const Entry& entry :
       {Entry{"softmax", commands::RowFunction::kSoftmax,
              "Softmax of random rows on the row engine, against double: exit code 1 if one result "
              "is farther from it than promised"},
        Entry{"layernorm", commands::RowFunction::kLayerNorm,
              "LayerNorm of random rows, with gamma and beta up to 4,096 columns, likewise"}}) {
    const auto o = std::make_shared<RowsOptions>();
    CLI::App* command = app.add_subcommand(entry.name, entry.prose);
    command->add_option("--rows", o->rows, "Rows")->capture_default_str()->check(whole(1));
    command->add_option("--cols", o->columns, "Elements of a row, 1 to 65536")
        ->capture_default_str()
        ->check(whole(1));
    command->add_option("--dtype", o->dtype, "Of input and results")
        ->capture_default_str()
        ->check(CLI::IsMember({"bf16", "int8"}));
    command->add_option("--config", o->config, "tiny, small or s4")->capture_default_str();
    command->add_flag("--subsystem", o->subsystem,
                      "From memory to memory in a whole subsystem: clocks count from the doorbell "
                      "to completion");
    command->add_option("--backend", o->backend, "What runs; everything that runs is compared")
        ->capture_default_str()
        ->check(CLI::IsMember({"rtl", "functional", "all"}));
    command->add_option("--seed", o->seed, "Of the numbers")->capture_default_str();
    command->add_option("--json", o->json, "Also write the reports here");
    command->callback([o, &action, entry] {
      action = [o, entry] { return run(*o, entry.function, entry.name); };
    });
  }
}

}  // namespace s4::cli
