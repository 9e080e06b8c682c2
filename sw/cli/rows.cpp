// s4 softmax, s4 layernorm: random rows on the row engine and its model, against double.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "sim/activation/row_engine.hpp"
#include "sw/activation/row_run.hpp"
#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"

namespace s4::cli {
namespace {

struct Options {
  std::uint32_t rows = 16, columns = 384;
  std::uint64_t seed = 1;
  std::string dtype = "bf16", config = "s4", backend = "all", json;
};

void print(const char* name, const Options& o, const sw::RowReport& report) {
  fmt::print("{:<9} {:<10} {} rows {} x {}, mismatches {}, worst error {:.6f} {}", name,
             report.backend, o.dtype, o.rows, o.columns, report.mismatches, report.worst_error,
             o.dtype == "int8" ? "steps" : "ulp");
  if (report.clocks != 0) {
    fmt::print(", {} clocks, {:.2f} results per clock", report.clocks, report.results_per_clock);
  }
  fmt::print("\n");
}

int run(const Options& o, row_commands::RowFunction function, const char* name) {
  require_writable({{"--json", o.json}});
  const sw::RowCase rows = sw::random_rows(function, o.rows, o.columns, o.dtype == "int8", o.seed);
  const sw::RowProgram program = sw::row_program(rows);
  nlohmann::json reports = nlohmann::json::array();
  std::vector<std::vector<std::uint8_t>> buffers;
  bool correct = true;
  for (const char* backend : {"rtl", "functional"}) {
    if (o.backend != "all" && o.backend != backend) continue;
    sw::RowProgram done = program;
    std::uint64_t clocks = 0;
    if (std::string(backend) == "rtl") {
      sw::RowBench bench(o.config, tb::Kind::kFast);
      if (!bench.run(done.command, done.local)) throw std::runtime_error("the engine refused");
      clocks = bench.clocks();
    } else {
      sim::run_rows(done.command, done.local);
    }
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
    const nlohmann::json json = {{"function", name},   {"config", o.config},
                                 {"rows", o.rows},     {"cols", o.columns},
                                 {"dtype", o.dtype},   {"seed", o.seed},
                                 {"correct", correct}, {"different_bytes", differences},
                                 {"backends", reports}};
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
    row_commands::RowFunction function;
    const char* prose;
  };
  for (const Entry& entry :
       {Entry{"softmax", row_commands::RowFunction::kSoftmax,
              "Softmax of random rows on the row engine, against double: exit code 1 if one result "
              "is farther from it than promised"},
        Entry{"layernorm", row_commands::RowFunction::kLayerNorm,
              "LayerNorm of random rows, with gamma and beta up to 4,096 columns, likewise"}}) {
    const auto o = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(entry.name, entry.prose);
    command->add_option("--rows", o->rows, "Rows")->capture_default_str()->check(whole(1));
    command->add_option("--cols", o->columns, "Elements of a row, 1 to 65536")
        ->capture_default_str()
        ->check(whole(1));
    command->add_option("--dtype", o->dtype, "Of input and results")
        ->capture_default_str()
        ->check(CLI::IsMember({"bf16", "int8"}));
    command->add_option("--config", o->config, "tiny, small or s4")->capture_default_str();
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
