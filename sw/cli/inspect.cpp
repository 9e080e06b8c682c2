// s4 inspect: what is in a network and what will run where.
#include "sw/network/inspect.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/network_options.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/program_file/program_file.hpp"
#include "sw/report/layer_json.hpp"

namespace s4::cli {
namespace {

struct InspectOptions {
  ModelOptions model;
  std::int64_t batch = 1;
  sw::InspectDetails details;
  std::string json;
};

int run(const InspectOptions& o) {
  require_writable({{"--json", o.json}}, {o.model.path});
  // A program says itself what it is for.
  const sw::CompiledNetwork compiled =
      sw::is_program(o.model.path)
          ? sw::read_program(o.model.path)
          : open_compiled(o.model, sw::find_configuration(o.model.config), o.batch);
  fmt::print("{}", sw::inspect_text(compiled, o.details));
  if (!o.json.empty()) sw::write_json(o.json, sw::inspect_json(compiled));
  return 0;
}

}  // namespace

void add_inspect_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand(
      "inspect", "Layers, shapes, sparsity and bytes of a network, and what runs where and why");
  add_model_options(*command, o->model);
  add_batch_option(*command, o->batch);
  command->add_flag("--schedule", o->details.schedule,
                    "Also show the plan of every layer, the clocks expected and their bounds");
  command->add_flag("--commands", o->details.commands, "Also list every command");
  command->add_option("--json", o->json, "Write the same to this file");
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
