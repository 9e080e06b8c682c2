// s4 compile: an ONNX file becomes a program file.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/network_options.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/program_file/program_file.hpp"

namespace s4::cli {
namespace {

struct CompileOptions {
  ModelOptions model;
  std::int64_t batch = 1;
  std::string output;
};

int run(const CompileOptions& o) {
  require_writable({{"--output", o.output}}, {o.model.path});
  const config::Configuration config = sw::find_configuration(o.model.config);
  const sw::CompiledNetwork compiled = open_compiled(o.model, config, o.batch);
  sw::write_program(o.output, compiled);
  std::size_t commands = 0;
  for (const sw::ChipProgram& chip : compiled.programs) commands += chip.program.commands.size();
  fmt::print("{}: {} program{}, {} commands, {} bytes of weights and parameters, {} bytes in all\n",
             o.output, compiled.programs.size(), compiled.programs.size() == 1 ? "" : "s", commands,
             compiled.weights.size(), std::filesystem::file_size(o.output));
  for (const std::string& note : compiled.network.notes) fmt::print("note: {}\n", note);
  return 0;
}

}  // namespace

void add_compile_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<CompileOptions>();
  CLI::App* command =
      app.add_subcommand("compile", "Make a program file, which s4 run takes like the ONNX file");
  add_model_options(*command, o->model);
  command->add_option("-o,--output", o->output, "Program file to write")->required();
  add_batch_option(*command, o->batch);
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
