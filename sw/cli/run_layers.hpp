// s4 run --jobs: layers of a network checked one by one.
#pragma once

#include <string>
#include <vector>

#include "sw/cli/network_options.hpp"
#include "sw/network/cut.hpp"

namespace s4::cli {

/// Checks the layers `jobs` at a time, prints a line for each, writes JSON if a path is given; the
/// exit code.
int run_layers(const sw::Network& network, const std::vector<graph::TensorData>& inputs,
               const sw::LayerRange& range, const config::Configuration& config,
               const sw::NetworkRunSettings& settings, unsigned jobs, const std::string& json);

}  // namespace s4::cli
