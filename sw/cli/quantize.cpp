// s4 quantize: a float network as one of bytes, in the QDQ form.
#include <fmt/format.h>

#include <memory>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/float_model.hpp"
#include "sw/quantize/quantize.hpp"

namespace s4::cli {
namespace {

struct QuantizeOptions {
  std::string model, output, type = "uint8", range = "minmax";
  double percentile = 99.99;
  std::vector<std::string> calibration;
};

int run(const QuantizeOptions& o) {
  std::vector<std::string> sources = o.calibration;
  sources.push_back(o.model);
  require_writable({{"--output", o.output}}, sources);
  FloatModel model = open_float_model(o.model);
  sw::QuantizeOptions options;
  options.type = o.type == "int8" ? sw::graph::DataType::kInt8 : sw::graph::DataType::kUint8;
  options.activations = sw::range_method(o.range);
  options.percentile = o.percentile;
  const sw::QuantizedNetwork network =
      sw::quantize(model.graph, read_calibration(o.calibration, model), options);
  model.graph = network.graph;
  write_model(o.output, model, fmt::format("quantised to {}, range {}", o.type, o.range));
  fmt::print("{}{}: {} layers compute on bytes\n", sw::describe(network), o.output,
             network.layers.size());
  return 0;
}

}  // namespace

void add_quantize_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<QuantizeOptions>();
  CLI::App* command =
      app.add_subcommand("quantize", "Quantise a float32 ONNX network after its training");
  command->add_option("model", o->model, "ONNX file, float32")->required();
  command->add_option("-o,--output", o->output, "ONNX file to write, QDQ form")->required();
  command
      ->add_option("--calibration", o->calibration,
                   "Samples of the input, .npy; once per input, in order")
      ->required();
  command->add_option("--type", o->type, "Activations: uint8 or int8")
      ->capture_default_str()
      ->check(CLI::IsMember({"uint8", "int8"}));
  command->add_option("--range", o->range, "How ranges are chosen: minmax, percentile or mse")
      ->capture_default_str()
      ->check(CLI::IsMember({"minmax", "percentile", "mse"}));
  command->add_option("--percentile", o->percentile, "Share of the values inside, for percentile")
      ->capture_default_str()
      ->check(CLI::Range(50.0, 100.0))
      ->check(finite());
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
