// s4 compare: two .npy files, or one network on two backends, layer by layer.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/network_options.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/npy/compare.hpp"
#include "sw/npy/npy.hpp"
#include "sw/program_file/program_file.hpp"

namespace s4::cli {
namespace {

struct CompareOptions {
  ModelOptions model;
  std::string other;
  double tolerance = 0;
  bool has_tolerance = false;
  std::vector<std::string> inputs;
  std::vector<std::string> backends{"rtl", "reference"};
  sw::NetworkRunSettings settings;
};

bool is_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string start(6, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  return file && start == "\x93NUMPY";
}

int compare_files(const CompareOptions& o) {
  if (!o.inputs.empty()) throw std::invalid_argument("--input is for a network, not for two files");
  const graph::TensorData a = sw::read_npy(o.model.path);
  const graph::TensorData b = sw::read_npy(o.other);
  const sw::TensorDifference d = sw::compare_tensors(a, b, o.tolerance);
  if (d.different == 0) {
    fmt::print("equal: {}{}, {} elements{}\n", graph::name_of(a.type), graph::to_string(a.shape),
               d.elements,
               d.largest > 0 ? fmt::format(", largest difference {:g}", d.largest) : "");
    return 0;
  }
  fmt::print("{} of {} elements differ{}, largest difference {:g}; first at {}\n", d.different,
             d.elements, o.has_tolerance ? fmt::format(" by more than {:g}", o.tolerance) : "",
             d.largest, d.first);
  return 1;
}

int compare_backends(CompareOptions o) {
  if (o.has_tolerance) {
    throw std::invalid_argument("--tolerance is for two files; backends agree in every byte");
  }
  const auto named = [&](const char* name) {
    return o.backends[0] == name || o.backends[1] == name;
  };
  if (o.backends[0] == o.backends[1]) {
    throw std::invalid_argument("--backends names " + o.backends[0] + " twice");
  }
  const std::string first = named("rtl") ? "rtl" : "functional";
  const std::string second = named("reference") ? "reference" : "functional";
  std::vector<graph::TensorData> inputs;
  for (const std::string& path : o.inputs) inputs.push_back(sw::read_npy(path));
  // A program stores what it was compiled to store.
  o.model.store_all = !sw::is_program(o.model.path);
  const config::Configuration config = sw::find_configuration(o.model.config);
  const sw::CompiledNetwork compiled = open_compiled(o.model, config, inputs);
  o.settings.run.backend = first == "rtl" ? sw::Backend::kRtl : sw::Backend::kFunctional;
  o.settings.run.config_argument = o.model.config;
  o.settings.run.show_progress = true;
  o.settings.arguments = "run " + o.model.path;
  for (const std::string& input : o.inputs) o.settings.arguments += " --input " + input;
  o.settings.arguments += model_arguments(o.model);
  const sw::NetworkReport report = sw::run_network(compiled, inputs, config, o.settings);
  if (!report.error.empty()) {
    fmt::print("{}\n", report.error);
    return 1;
  }
  for (const sw::Comparison& c : report.comparisons) {
    if (c.what != first + " = " + second) continue;
    std::uint64_t values = 0;
    for (const sw::MemoryValue& memory : compiled.memory) values += memory.is_output ? 1 : 0;
    if (!c.made) {
      fmt::print("{} and {} could not be compared\n", first, second);
      return 1;
    }
    if (c.mismatches == 0) {
      fmt::print("equal: {} and {}, results of {} of {} layers\n", first, second, values,
                 compiled.network.layers.size());
      return 0;
    }
    fmt::print("{} bytes differ; first: {}\n", c.mismatches, c.first);
    return 1;
  }
  throw std::logic_error("no such comparison");
}

int run(const CompareOptions& o) {
  if (is_npy(o.model.path) || !o.other.empty()) {
    if (o.other.empty()) throw std::invalid_argument("the second .npy file is missing");
    return compare_files(o);
  }
  if (o.inputs.empty()) throw std::invalid_argument("a network needs --input X.npy");
  return compare_backends(o);
}

}  // namespace

void add_compare_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<CompareOptions>();
  CLI::App* command =
      app.add_subcommand("compare", "Two .npy files, or every layer of a network on two backends");
  add_model_options(*command, o->model);
  command->get_option("model")->description("First .npy file; or an ONNX file or program");
  command->add_option("other", o->other, "Second .npy file");
  command->add_option("--tolerance", o->tolerance, "Elements may differ by this much")
      ->each([o](const std::string&) { o->has_tolerance = true; })
      ->check(finite());
  command->add_option("--input", o->inputs, "Input of the network, .npy; once per input")
      ->take_all();
  command->add_option("--backends", o->backends, "Two of rtl, functional, reference")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::IsMember({"rtl", "functional", "reference"}));
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
