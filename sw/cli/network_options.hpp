// What the subcommands that take a network share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sw/graph/tensor.hpp"
#include "sw/network/network.hpp"

namespace s4::cli {

namespace graph = sw::graph;

struct ModelOptions {
  std::string path;
  std::string config = "small";
  std::optional<double> sparsity;
  bool store_all = false;
  std::optional<std::uint32_t> sub_batch;

  [[nodiscard]] sw::NetworkOptions network(const config::Configuration& config) const {
    return {sparsity, store_all, sub_batch, config.pixels_per_quadrant};
  }
};

/// The positional MODEL, --config, --sparsity, --store-all, --sub-batch.
void add_model_options(CLI::App& command, ModelOptions& options);

/// Those given, but for model and configuration, as on the command line: " --sparsity 8".
[[nodiscard]] std::string model_arguments(const ModelOptions& options);

/// --batch, for commands without inputs.
void add_batch_option(CLI::App& command, std::int64_t& batch);

/// The network ready to run on `inputs`: compiled from ONNX for this place in memory, or read
/// from a program file.
[[nodiscard]] sw::CompiledNetwork open_compiled(const ModelOptions& options,
                                                const config::Configuration& config,
                                                const std::vector<graph::TensorData>& inputs,
                                                const sw::NetworkPlace& place = {});
/// The same for an ONNX file and a batch, where the file leaves it open.
[[nodiscard]] sw::CompiledNetwork open_compiled(const ModelOptions& options,
                                                const config::Configuration& config,
                                                std::int64_t batch);

}  // namespace s4::cli
