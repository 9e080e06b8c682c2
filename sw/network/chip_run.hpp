// A network on the whole chip: several subsystems on ring and LPDDR4X memory at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/driver/chip.hpp"
#include "sw/driver/memory_kind.hpp"
#include "sw/network/chip_batch.hpp"
#include "sw/network/network.hpp"
#include "sw/network/traffic_check.hpp"
#include "sw/network/weight_reads.hpp"

namespace s4::sw {

/// How the subsystems work on a network.
enum class ChipMode : std::uint8_t {
  kSingle,     ///< each for itself, with weights of its own
  kBroadcast,  ///< all with the same weights, which lie in memory once and are read once for all
};
[[nodiscard]] const char* mode_name(ChipMode mode);
/// Inverse of mode_name; throws std::invalid_argument.
[[nodiscard]] ChipMode mode_from_name(const std::string& name);

/// What a subsystem computes.
struct ChipShare {
  std::int64_t first = 0;     ///< image
  std::int64_t repeated = 0;  ///< images behind its own, the last one again: their results are void
  CompiledNetwork compiled;
  std::vector<graph::TensorData> inputs;
};

/// Where the subsystems store their results, those for later programs too.
enum class ResultPlace : std::uint8_t {
  kInterleaved,  ///< over the memories of all stations, as all else
  kLocal,        ///< in the memory of the subsystem's own station, from the middle of its window on
};
[[nodiscard]] const char* place_name(ResultPlace place);
/// Inverse of place_name; throws std::invalid_argument.
[[nodiscard]] ResultPlace place_from_name(const std::string& name);

/// Compiles the network for these inputs, at this place.
using CompileShare = std::function<CompiledNetwork(const std::vector<graph::TensorData>& inputs,
                                                   const NetworkPlace& place)>;

/// Mode single: each subsystem has images of its own, in equal shares, and its own copy of the
/// weights. With fewer images than subsystems some have none. Throws NetworkError if an input's
/// first dimension is not the batch, or the memory is too small.
[[nodiscard]] std::vector<ChipShare> single_shares(const std::vector<graph::TensorData>& inputs,
                                                   const config::Configuration& config,
                                                   std::uint64_t memory_bytes,
                                                   const CompileShare& compile,
                                                   ResultPlace results = ResultPlace::kInterleaved);
/// Mode broadcast: as many images for each, so that all run the same program, and the weights of
/// the first one for all. Where images are missing, the last one is repeated; a subsystem that
/// would only repeat has none. Throws as single_shares and require_same_weights.
[[nodiscard]] std::vector<ChipShare> broadcast_shares(
    const std::vector<graph::TensorData>& inputs, const config::Configuration& config,
    std::uint64_t memory_bytes, const CompileShare& compile,
    ResultPlace results = ResultPlace::kInterleaved);
/// What mode broadcast needs: the same weights at the same addresses, read in the same order by
/// every program, and activations in the place of weights outside of them. Throws NetworkError.
void require_same_weights(const std::vector<ChipShare>& shares);
/// Bytes of weights that the programs read, each time counted.
[[nodiscard]] std::uint64_t weight_read_bytes(const CompiledNetwork& compiled);
/// Bytes of the chip's memory.
[[nodiscard]] std::uint64_t chip_memory_bytes(const config::Configuration& config, bool ecc);

inline constexpr unsigned kTrafficClocks = 128;

struct ChipRunReport {
  ChipMode mode = ChipMode::kSingle;
  std::string config;
  bool backdoor = false;
  std::uint64_t images = 0;
  std::uint64_t repeated = 0;  ///< more than these, to fill the last share
  /// Those that had images, from 0 on: of the last batch, with what was compared of all.
  std::vector<NetworkReport> subsystems;
  std::vector<ChipBatch> batches;
  std::uint64_t cycles = 0;              ///< of the last batch
  std::uint64_t load_cycles = 0;         ///< weights and cleared results written before
  double wall_s = 0;                     ///< host seconds of `cycles`
  std::uint64_t dram_bytes_read = 0;     ///< in all batches, by subsystems and host
  std::uint64_t weight_bytes_asked = 0;  ///< by the programs of all subsystems, in a batch
  std::uint64_t weight_bytes_read = 0;   ///< of these, what is read once for all counts once
  SectionBytes sections;                 ///< the same by sections, tables besides
  DramReport dram;
  std::vector<TrafficSample> traffic;  ///< of channels and links, every kTrafficClocks
  TrafficReport moved;
  std::vector<std::string> faults;  ///< what ring and memory reported

  [[nodiscard]] bool ok() const;
  [[nodiscard]] double cycles_per_image() const;
  [[nodiscard]] std::uint64_t macs_nonzero() const;
};

/// The chip as a run wants it: model, error correction, waves.
[[nodiscard]] ChipOptions chip_options(const NetworkRunSettings& settings, bool backdoor);
/// Inputs of another batch, as the shares have theirs.
[[nodiscard]] std::vector<std::vector<graph::TensorData>> share_inputs(
    const std::vector<ChipShare>& shares, const std::vector<graph::TensorData>& inputs);
/// After all programs: what chip and host moved so far. Takes clocks, until all is in the devices.
[[nodiscard]] TrafficReport count_traffic(Chip& chip);

/// Runs every share on its subsystem, all at the same time, and judges each as run_network does.
/// `settings`: backend kRtl or kAll; memory kLpddr4 or kLpddr4Ecc. `backdoor`: weights and results
/// do not go over AXI4. Throws what run_network throws, and with mode broadcast what
/// require_same_weights throws. `more`: the same programs run once more with each of these inputs
/// of all shares, as soon as the batch before has ended; a batch that fails is the last one.
[[nodiscard]] ChipRunReport run_on_chip(
    ChipMode mode, const std::vector<ChipShare>& shares, const config::Configuration& config,
    const NetworkRunSettings& settings, bool backdoor,
    const std::vector<std::vector<std::vector<graph::TensorData>>>& more = {});

/// The outputs of one network whose images were shared, in order and without repeated images; none
/// if a share failed. `which`: those of the RTL, or `&NetworkReport::reference_outputs`.
[[nodiscard]] std::vector<graph::TensorData> joined_outputs(
    const ChipRunReport& report,
    std::vector<graph::TensorData> NetworkReport::*which = &NetworkReport::outputs);

/// {mode, ok, cycles, ..., subsystems: [as to_json(NetworkReport)]}
[[nodiscard]] nlohmann::json to_json(const ChipRunReport& report);
[[nodiscard]] std::string to_text(const ChipRunReport& report);
/// One process per subsystem, rows as of to_trace(NetworkReport); one with a counter per memory
/// channel, one with a counter per link of the ring.
[[nodiscard]] nlohmann::json to_trace(const ChipRunReport& report);

}  // namespace s4::sw
