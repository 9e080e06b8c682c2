#include "sw/cli/network_options.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "sw/cli/checks.hpp"
#include "sw/network/open.hpp"
#include "sw/program_file/program_file.hpp"

namespace s4::cli {

void add_model_options(CLI::App& command, ModelOptions& o) {
  command.add_option("model", o.path, "ONNX file, or a program made by s4 compile")->required();
  command.add_option("--config", o.config, "tiny, small, s4 or a configuration file")
      ->capture_default_str();
  command
      .add_option("--sparsity", o.sparsity,
                  "Prune to K = floor(64 / S) weights of every 64; else weights as stored")
      ->check(CLI::Range(1.0, 64.0))
      ->check(finite());
  command.add_flag("--store-all", o.store_all,
                   "Store the output of every layer, so that all are compared");
  command
      .add_option("--sub-batch", o.sub_batch,
                  "Images that stay on the chip together; chosen if not given")
      ->check(whole(1))
      ->check(CLI::Range(1U, 65535U));
}

std::string model_arguments(const ModelOptions& o) {
  std::string text;
  if (o.sparsity) text += fmt::format(" --sparsity {}", *o.sparsity);
  if (o.store_all) text += " --store-all";
  if (o.sub_batch) text += fmt::format(" --sub-batch {}", *o.sub_batch);
  return text;
}

void add_batch_option(CLI::App& command, std::int64_t& batch) {
  command.add_option("--batch", batch, "Images, where the ONNX file leaves that open")
      ->capture_default_str()
      ->check(CLI::Range(1, 65535));
}

sw::CompiledNetwork open_compiled(const ModelOptions& options, const config::Configuration& config,
                                  const std::vector<graph::TensorData>& inputs,
                                  const sw::NetworkPlace& place) {
  if (sw::is_program(options.path)) {
    if (options.sparsity || options.store_all || options.sub_batch) {
      throw std::invalid_argument(options.path +
                                  " is compiled already: --sparsity, --store-all and --sub-batch "
                                  "are for s4 compile");
    }
    return sw::read_program(options.path, config);
  }
  return sw::compile_network(
      sw::prepare(sw::open_graph(options.path, inputs), options.network(config)), config, place);
}

sw::CompiledNetwork open_compiled(const ModelOptions& options, const config::Configuration& config,
                                  std::int64_t batch) {
  if (sw::is_program(options.path)) {
    throw std::invalid_argument(options.path + " is a program already");
  }
  return sw::compile_network(
      sw::prepare(sw::open_graph(options.path, batch), options.network(config)), config);
}

}  // namespace s4::cli
