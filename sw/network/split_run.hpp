// Runs a network that is split over the subsystems of a chip, step by step.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sw/driver/chip.hpp"
#include "sw/network/chip_batch.hpp"
#include "sw/network/split.hpp"
#include "sw/network/traffic_check.hpp"
#include "sw/network/weight_reads.hpp"

namespace s4::sw {

struct SplitPartReport {
  unsigned subsystem = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint64_t predicted = 0;
  std::optional<std::uint64_t> cycles;  ///< of its program; RTL only
};

struct SplitStepReport {
  std::string name;  ///< of its layer, or of the first and the last one
  std::size_t layers = 1;
  std::string shape;  ///< of a single layer
  Cut cut = Cut::kNone;
  bool weights_once = false;  ///< all parts read the same weights, from memory once
  std::vector<SplitPartReport> parts;
  std::uint64_t predicted = 0;
  std::uint64_t alone = 0;              ///< expected of one subsystem; 0: it could not
  std::optional<std::uint64_t> cycles;  ///< from the first doorbell to the last interrupt; RTL only
  std::uint64_t mismatches = 0;

  /// Expected of one subsystem, by what all took or, without RTL, are expected to take.
  [[nodiscard]] std::optional<double> speed_up() const;
};

struct SplitReport {
  std::string mode = "split";
  /// As of one subsystem, but that clocks are those of the steps: of the last batch, with what was
  /// compared of all.
  NetworkReport network;
  std::vector<SplitStepReport> steps;  ///< of the last batch
  std::vector<ChipBatch> batches;
  unsigned subsystems = 1;
  bool backdoor = false;
  std::uint64_t images = 0;
  std::uint64_t predicted = 0;          ///< of all steps
  std::uint64_t alone = 0;              ///< expected of one subsystem, as it runs without a mode
  std::optional<std::uint64_t> cycles;  ///< of all steps
  std::uint64_t total_cycles = 0;       ///< the host's part too, of the last batch
  std::uint64_t load_cycles = 0;        ///< weights and cleared results written before
  double wall_s = 0;                    ///< host seconds of `total_cycles`
  SectionBytes sections;                ///< read in a batch, each read counted
  DramReport dram;
  std::vector<TrafficSample> traffic;
  TrafficReport moved;
  std::vector<std::string> faults;

  [[nodiscard]] bool ok() const {
    return network.ok() && faults.empty() && !steps.empty() && all_hold(moved.checks);
  }
};

/// Runs all steps. Of every layer all bytes that its parts wrote are compared: RTL with functional
/// model, both with the reference. `settings`: with backend kFunctional there is no chip; else
/// memory kLpddr4 or kLpddr4Ecc. `backdoor`: weights and results do not go over AXI4. Throws what
/// run_network throws. `more`: all steps once more with each of these inputs, as soon as the batch
/// before has ended, on the RTL; a batch that fails is the last one.
[[nodiscard]] SplitReport run_split(const SplitNetwork& split,
                                    const std::vector<graph::TensorData>& inputs,
                                    const config::Configuration& config,
                                    const NetworkRunSettings& settings, bool backdoor,
                                    const std::vector<std::vector<graph::TensorData>>& more = {});

/// {mode, ok, cycles, ..., steps: [{layer, cut, parts, ...}], network: as to_json(NetworkReport)}
[[nodiscard]] nlohmann::json to_json(const SplitReport& report);
[[nodiscard]] std::string to_text(const SplitReport& report);
/// As of run_on_chip(): one process per subsystem, one for the memory.
[[nodiscard]] nlohmann::json to_trace(const SplitReport& report);

}  // namespace s4::sw
