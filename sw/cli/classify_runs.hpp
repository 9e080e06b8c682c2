// Runs of a classifier's network, on one subsystem or on the whole chip, and what they measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sw/driver/configuration.hpp"
#include "sw/graph/tensor.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/network.hpp"

namespace s4::cli {

/// Where a network runs, and with which images.
struct Place {
  config::Configuration config;
  std::string config_argument;  ///< as the command line has it
  sw::MemoryKind memory = sw::MemoryKind::kIdeal;
  bool chip = false;      ///< all subsystems, mode broadcast, LPDDR4X
  std::string arguments;  ///< of `s4`, which repeat the run
};

/// A run with every byte compared three ways.
struct Measured {
  sw::graph::TensorData scores, reference_scores;  ///< first output, all images
  double cycles = 0;                               ///< of the programs, all images
  double with_host = 0;                            ///< and of the images' way there
  double ideal_cycles = 0;                         ///< the same if every array were never idle
  double utilisation = 0;
  double wall_s = 0;
  std::uint64_t macs_nonzero = 0;
  std::uint64_t mismatches = 0;
  bool ok = false;   ///< every comparison was made and held
  std::string text;  ///< all that is known, for a run that failed
  std::optional<sw::DramReport> dram;
  sw::NetworkReport layers;  ///< of one subsystem: on the chip the first
  nlohmann::json trace;      ///< for Perfetto
};

/// `store_all`: the output of every layer is stored, so that all are compared. Throws what
/// run_network, run_on_chip and compile_network throw; std::runtime_error if the chip's programs
/// ended without results.
[[nodiscard]] Measured measure(const std::filesystem::path& model,
                               const std::vector<sw::graph::TensorData>& inputs, const Place& place,
                               bool store_all);

}  // namespace s4::cli
