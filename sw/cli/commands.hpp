// Subcommands of the command-line program; each returns its exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace s4::cli {

/// Set by the parsed subcommand; run by main().
using Action = std::function<int()>;

void add_layer_commands(CLI::App& app, Action& action);  // gemm, conv
void add_wave_command(CLI::App& app, Action& action);
void add_bench_command(CLI::App& app, Action& action);
void add_bench_spu_command(CLI::App& bench, Action& action);   // of add_bench_command
void add_bench_chip_command(CLI::App& bench, Action& action);  // of add_bench_command
void add_bench_mem_command(CLI::App& bench, Action& action);   // of add_bench_command
void add_bench_ring_command(CLI::App& bench, Action& action);  // of add_bench_command
void add_first_command(CLI::App& app, Action& action);
void add_digits_command(CLI::App& app, Action& action);
void add_transformer_command(CLI::App& app, Action& action);
void add_prune_command(CLI::App& app, Action& action);
void add_quantize_command(CLI::App& app, Action& action);
void add_train_command(CLI::App& app, Action& action);
void add_run_command(CLI::App& app, Action& action);
void add_compile_command(CLI::App& app, Action& action);
void add_inspect_command(CLI::App& app, Action& action);
void add_compare_command(CLI::App& app, Action& action);
void add_ring_command(CLI::App& app, Action& action);
void add_mem_command(CLI::App& app, Action& action);
void add_zoo_command(CLI::App& app, Action& action);
void add_act_command(CLI::App& app, Action& action);
void add_row_commands(CLI::App& app, Action& action);  // softmax, layernorm

}  // namespace s4::cli
