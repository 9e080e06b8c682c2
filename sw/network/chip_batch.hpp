// Batches one behind the other on a chip, and the clocks that count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sw/driver/chip.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// The chip's clock without what passes only because the simulation looks into its memories:
/// waiting for controllers before the backdoor is used, and all between pause() and resume().
class ChipClock {
 public:
  explicit ChipClock(const Chip& chip) : chip_(chip) {}

  [[nodiscard]] std::uint64_t now() const {
    return chip_.cycle() - chip_.settled_clocks() - outside_;
  }
  void pause() { paused_at_ = now(); }
  void resume() { outside_ += now() - paused_at_; }

 private:
  const Chip& chip_;
  std::uint64_t outside_ = 0, paused_at_ = 0;
};

/// One of several batches.
struct ChipBatch {
  /// From the last interrupt of the batch before to its own; of the first one from when the host
  /// begins to prepare it. What the host does at registers counts, with preload over AXI4 also
  /// inputs and programs that it writes; neither does clearing and reading results to compare them.
  std::uint64_t cycles = 0;
  std::uint64_t dram_bytes = 0;  ///< read and written by the memory devices in that time
  std::uint64_t mismatches = 0;
  double wall_s = 0;  ///< host seconds
};

/// What a line of progress says of batches.
struct BatchProgress {
  std::size_t number = 0;
  std::size_t count = 1;
  std::uint64_t before = 0;  ///< clocks of the batch before; 0: there was none

  [[nodiscard]] std::string title(const std::string& what) const;
  /// Clocks of this batch and those behind it.
  [[nodiscard]] std::uint64_t expected(std::uint64_t predicted) const {
    return (before != 0 ? before : predicted) * (count - number);
  }
};

/// By the memory devices so far, read and written.
[[nodiscard]] std::uint64_t bytes_moved(const DramReport& dram);

/// Says of each mismatch and error which batch it is of.
void name_batch(NetworkReport& report, const BatchProgress& progress);
/// Adds what was compared of earlier batches to the report of a later one.
void add_batches(NetworkReport& later, const NetworkReport& earlier);

}  // namespace s4::sw
