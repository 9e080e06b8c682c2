// Measures a verilated memory_controller under a stream of requests, with the device model at its
// pins; every read is compared with a plain memory.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/memory/lpddr_timings.hpp"
#include "sw/memory/memory_trace.hpp"
#include "tb/model.hpp"

namespace s4::sw {

/// An answer that is not what a memory gives, or none at all.
struct MemoryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A stored data bit, by its address for the client, that is inverted before a clock of the run.
struct MemoryFlip {
  std::uint64_t clock = 0;
  std::uint64_t address = 0;
  unsigned bit = 0;  ///< 0 to 7
};

struct MemorySettings {
  std::vector<MemoryRequest> requests;  ///< served in this order, none before its clock
  std::string name;                     ///< of the traffic, for reports
  unsigned ranks = 1;                   ///< 1 or 2, 1 GiB each
  bool ecc = false;
  std::string config = "s4";
  std::uint64_t seed = 1;  ///< of the data written
  std::vector<MemoryFlip> flips;
  std::string commands_path;  ///< every DRAM command is written there, if not empty
  std::map<std::string, std::string> parameters;  ///< of memory_controller
  std::map<std::string, std::string> replace;     ///< modules by other files
  sim::LpddrTimings timings;  ///< of the device; the initialisation is shortened
  tb::Kind kind = tb::Kind::kFast;
};

/// Clocks from when a request is first offered to its last answer.
struct MemoryLatency {
  std::uint64_t count = 0;
  double mean = 0;
  std::uint64_t p50 = 0, p99 = 0, max = 0;
};

struct MemoryResult {
  std::uint64_t bytes = 0;   ///< that the requests name
  std::uint64_t clocks = 0;  ///< from the first offer to the last answer or burst on the pins
  double percent_of_peak = 0;
  MemoryLatency read_latency, write_latency;
  std::uint64_t accesses = 0;  ///< column commands within the clocks
  std::uint64_t row_hits = 0;  ///< of those, other than the first after an ACT
  std::uint64_t activates = 0, masked_writes = 0, refreshes = 0, power_downs = 0;
  std::uint64_t compared = 0;  ///< beats of 32 bytes that were read and compared
  std::uint64_t stored = 0;    ///< lines of 64 bytes that were written and found in the device
  // With error correction: words corrected and not, bursts written back, writes merged with what
  // was read, bursts of check bits.
  std::uint64_t corrected = 0, uncorrected = 0, scrubbed = 0, read_modified = 0, checks_read = 0,
                checks_written = 0;
  std::string violation;  ///< report of the device model that ended the run, "" if none
  double seconds = 0;
};

/// Bytes of a channel of so many ranks that requests may address: seven eighths with error
/// correction.
[[nodiscard]] std::uint64_t memory_capacity(unsigned ranks, bool ecc = false);

/// Builds the model on demand. Throws MemoryError, std::invalid_argument for settings that make no
/// sense, std::runtime_error if the file of commands cannot be written.
[[nodiscard]] MemoryResult run_memory(const MemorySettings& settings);

[[nodiscard]] std::string to_text(const MemorySettings& settings, const MemoryResult& result);
[[nodiscard]] nlohmann::json to_json(const MemorySettings& settings, const MemoryResult& result);

}  // namespace s4::sw
