// What s4 bench chip runs.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/driver/layer_runner.hpp"
#include "sw/zoo/zoo.hpp"

namespace s4::cli {

struct ChipBenchOptions {
  std::string config = "s4";
  std::vector<std::string> networks{"resnet50"};
  std::vector<std::int64_t> sequences{128};  ///< of BERT
  std::vector<double> sparsities{1, 8, 16, 32};
  std::vector<std::string> modes{"broadcast"};
  std::int64_t batch = 16;
  std::size_t batches = 3;  ///< one behind the other; the last one is measured
  sw::Resnet50Options resnet50;
  sw::BertOptions bert;
  std::uint64_t seed = 1;
  std::string backend = "all";
  std::string preload = "backdoor";
  std::string results = "interleaved";
  bool prefetch = true;
  bool layers = false;
  bool store_all = false;
  double timeout_s = sw::RunSettings{}.timeout_s;
};

/// Prints a table as it goes. The figures: {config, ..., rows: [...], sums: [...], ok}, keys in
/// docs/guide/cli.md.
[[nodiscard]] nlohmann::json run_chip_bench(const ChipBenchOptions& options);

}  // namespace s4::cli
