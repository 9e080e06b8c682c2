// A network on the whole chip: several subsystems on ring and LPDDR4X memory at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/driver/chip.hpp"
#include "sw/driver/memory_kind.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// What a subsystem computes.
struct ChipShare {
  std::int64_t first = 0;  ///< image
  CompiledNetwork compiled;
  std::vector<graph::TensorData> inputs;
};

/// Compiles the network for these inputs, at this address.
using CompileShare = std::function<CompiledNetwork(const std::vector<graph::TensorData>& inputs,
                                                   std::uint64_t base)>;

/// Mode single: each subsystem has images of its own, in equal shares, and its own copy of the
/// weights. With fewer images than subsystems some have none. Throws NetworkError if an input's
/// first dimension is not the batch, or the memory is too small.
[[nodiscard]] std::vector<ChipShare> single_shares(const std::vector<graph::TensorData>& inputs,
                                                   const config::Configuration& config,
                                                   std::uint64_t memory_bytes,
                                                   const CompileShare& compile);
/// Bytes of the chip's memory.
[[nodiscard]] std::uint64_t chip_memory_bytes(const config::Configuration& config, bool ecc);

inline constexpr unsigned kTrafficClocks = 128;

struct ChipRunReport {
  std::string mode;
  std::string config;
  bool backdoor = false;
  std::uint64_t images = 0;
  std::vector<NetworkReport> subsystems;  ///< those that had images, from 0 on
  std::uint64_t cycles = 0;               ///< first doorbell to last result, the host's part too
  std::uint64_t load_cycles = 0;          ///< weights and cleared results written before
  double wall_s = 0;                      ///< host seconds of `cycles`
  DramReport dram;
  std::vector<TrafficSample> traffic;  ///< of the memory channels, every kTrafficClocks
  std::vector<std::string> faults;     ///< what ring and memory reported

  [[nodiscard]] bool ok() const;
  [[nodiscard]] double cycles_per_image() const;
  [[nodiscard]] std::uint64_t macs_nonzero() const;
};

/// Runs every share on its subsystem, all at the same time, and judges each as run_network does.
/// `settings`: backend kRtl or kAll; memory kLpddr4 or kLpddr4Ecc. `backdoor`: weights and results
/// do not go over AXI4. Throws what run_network throws.
[[nodiscard]] ChipRunReport run_on_chip(const std::string& mode,
                                        const std::vector<ChipShare>& shares,
                                        const config::Configuration& config,
                                        const NetworkRunSettings& settings, bool backdoor);

/// The outputs of one network whose images were shared, in order; none if a share failed.
[[nodiscard]] std::vector<graph::TensorData> joined_outputs(const ChipRunReport& report);

/// {mode, ok, cycles, ..., subsystems: [as to_json(NetworkReport)]}
[[nodiscard]] nlohmann::json to_json(const ChipRunReport& report);
[[nodiscard]] std::string to_text(const ChipRunReport& report);
/// One process per subsystem, rows as of to_trace(NetworkReport); one with a counter per memory
/// channel.
[[nodiscard]] nlohmann::json to_trace(const ChipRunReport& report);

}  // namespace s4::sw
