// s4 prune: a float network with fewer weights.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <memory>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/float_model.hpp"
#include "sw/prune/second_order.hpp"

namespace s4::cli {
namespace {

struct PruneOptions {
  std::string model, output, method = "magnitude";
  double sparsity = 0;
  std::vector<std::string> calibration;
};

int run(const PruneOptions& o) {
  if (o.method == "magnitude" && !o.calibration.empty()) {
    throw std::invalid_argument("--calibration is for --method second-order");
  }
  if (o.method == "second-order" && o.calibration.empty()) {
    throw std::invalid_argument("--method second-order needs --calibration");
  }
  std::vector<std::string> sources = o.calibration;
  sources.push_back(o.model);
  require_writable({{"--output", o.output}}, sources);
  const auto keep = static_cast<std::uint32_t>(std::floor(64 / o.sparsity));
  FloatModel model = open_float_model(o.model);
  std::vector<sw::PrunedLayer> layers;
  if (o.method == "magnitude") {
    layers = sw::prune_by_magnitude(model.graph, keep);
  } else {
    sw::SecondOrderOptions options;
    options.progress = [](const std::string& name) {
      fmt::print(stderr, "pruning {} ...\n", name);
    };
    layers =
        sw::prune_second_order(model.graph, read_calibration(o.calibration, model), keep, options);
  }
  write_model(o.output, model, fmt::format("pruned to {} of 64 weights by {}", keep, o.method));
  fmt::print("{}{}: at most {} of every 64 weights\n", sw::describe(layers), o.output, keep);
  return 0;
}

}  // namespace

void add_prune_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<PruneOptions>();
  CLI::App* command = app.add_subcommand("prune", "Remove weights of a float32 ONNX network");
  command->add_option("model", o->model, "ONNX file, float32")->required();
  command->add_option("-o,--output", o->output, "ONNX file to write")->required();
  command
      ->add_option("--sparsity", o->sparsity,
                   "1 to 64: floor(64 / sparsity) weights are kept of every bank of 64")
      ->required()
      ->check(CLI::Range(1.0, 64.0))
      ->check(finite());
  command->add_option("--method", o->method, "Which weights are kept")
      ->capture_default_str()
      ->check(CLI::IsMember({"magnitude", "second-order"}));
  command->add_option("--calibration", o->calibration,
                      "Samples of the input, .npy; once per input, in order (second-order)");
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
