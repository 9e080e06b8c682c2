// Runs one layer on the backends asked for and compares them with each other and the reference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sw/driver/comparison.hpp"
#include "sw/driver/device.hpp"
#include "sw/driver/layer_case.hpp"
#include "sw/driver/rtl_device.hpp"

namespace s4::sw {

/// kRtl also runs the functional model: the two are compared over all memory that may be written.
enum class Backend { kReference, kFunctional, kRtl, kAll };
[[nodiscard]] const char* backend_name(Backend backend);
/// Inverse of backend_name; throws std::invalid_argument.
[[nodiscard]] Backend backend_from_name(const std::string& name);

struct RunSettings {
  Backend backend = Backend::kAll;
  RtlOptions rtl;
  /// What the configuration was called on the command line; empty: its name.
  std::string config_argument;
  bool show_progress = false;  ///< a line on stderr while a run takes long
  double timeout_s = 3600;     ///< host seconds for one backend
  std::uint32_t watchdog = 100000;
  /// Tests: flips this byte of the RTL's (or else the functional model's) output before comparing.
  std::optional<std::uint64_t> corrupt_output_byte;
};

/// A program on a device.
struct DeviceRun {
  std::string device;
  std::string program;
  bool timed = false;
  RunResult result;
};

struct LayerReport {
  std::string layer;
  std::string config;
  Backend backend = Backend::kAll;
  LayerCase layer_case;
  bool resident = false;
  double stalls = 0;
  MemoryKind memory = MemoryKind::kIdeal;
  std::optional<DramReport> dram;  ///< of a run on LPDDR4X
  Plan plan;
  std::optional<ChannelOrder> channel_order;  ///< of unstructured weights
  Estimate estimate;
  std::string bound;
  std::uint64_t macs_dense = 0;
  std::uint64_t macs_nonzero = 0;
  std::uint64_t weight_bytes = 0;        ///< indices and values, as stored
  std::uint64_t parameter_bytes = 0;     ///< biases and scales, as stored
  std::uint64_t dense_weight_bytes = 0;  ///< one byte per weight
  double ideal_cycles = 0;
  std::optional<std::uint64_t> cycles;  ///< of the timed program on RTL
  double wall_s = 0;                    ///< of the timed program on the leading backend
  std::vector<Comparison> comparisons;
  std::vector<DeviceRun> runs;
  std::vector<Program> programs;  ///< for timelines
  std::string error;              ///< why a comparison could not be made

  [[nodiscard]] std::uint64_t mismatches() const;
  /// Every comparison asked for was made and held.
  [[nodiscard]] bool ok() const;
  [[nodiscard]] double utilisation() const;
  [[nodiscard]] double kilohertz() const;
};

/// Throws CompileError, DeviceError or tb::ModelError if the layer cannot run at all; an error of
/// the device or a mismatch is in the report.
[[nodiscard]] LayerReport run_layer(const LayerCase& layer_case,
                                    const config::Configuration& config,
                                    const RunSettings& settings);

}  // namespace s4::sw
