// s4: runs layers on the chip, its models and the reference, and compares them.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "sw/cli/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{
      "Runs layers on the RTL, the functional model and the reference, and compares them."};
  app.require_subcommand(1);
  s4::cli::Action action;
  s4::cli::add_layer_commands(app, action);
  s4::cli::add_wave_command(app, action);
  s4::cli::add_bench_command(app, action);
  s4::cli::add_first_command(app, action);
  s4::cli::add_digits_command(app, action);
  s4::cli::add_transformer_command(app, action);
  s4::cli::add_prune_command(app, action);
  s4::cli::add_quantize_command(app, action);
  s4::cli::add_train_command(app, action);
  s4::cli::add_zoo_command(app, action);
  s4::cli::add_run_command(app, action);
  s4::cli::add_compile_command(app, action);
  s4::cli::add_inspect_command(app, action);
  s4::cli::add_compare_command(app, action);
  s4::cli::add_ring_command(app, action);
  s4::cli::add_mem_command(app, action);
  s4::cli::add_act_command(app, action);
  s4::cli::add_row_commands(app, action);
  CLI11_PARSE(app, argc, argv);
  try {
    return action();
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "s4: {}\n", error.what());
    return 2;
  }
}
