// A shipped network classifies the test images of the digits on the RTL, at several sparsities.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sw/graph/tensor.hpp"
#include "tb/root.hpp"

namespace s4::cli {

/// A family of networks: one float32 and one INT8 file per sparsity.
struct Classifier {
  std::string command;  ///< subcommand of s4
  std::string title;
  std::string network;  ///< what it is, in one sentence
  std::vector<int> sparsities;
  std::function<std::filesystem::path(int sparsity, bool quantized)> path;
  /// Images [n,1,8,8] as the networks' input.
  std::function<sw::graph::TensorData(const sw::graph::TensorData& images)> prepared;
  bool print_errors = false;  ///< of the row engine, and against the float network
};

struct ClassifyOptions {
  std::string config = "s4";
  std::string out = tb::root() + "/build/run";
  std::string trace;
  std::string memory = "both";
  std::uint64_t images = 0;      ///< only the first; 0: all
  std::string on = "subsystem";  ///< or chip, or both: the chip beside one subsystem
};

/// --config, --images, --out, --memory, --on, --trace.
void add_classify_options(CLI::App& command, ClassifyOptions& options);

/// Prints a table and writes the report. 0 only if every comparison was made and held.
int classify(const Classifier& classifier, const ClassifyOptions& options);

}  // namespace s4::cli
