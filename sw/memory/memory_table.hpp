// Traffic of the memory table beside what others reach.
#pragma once
#include <vector>

#include "sw/memory/memory_trace.hpp"

namespace s4::sw {

struct MemoryTraffic {
  const char* name;
  MemoryPattern pattern;
  unsigned ranks;
  unsigned bytes;  ///< of a request
  double must;     ///< percent of peak that the controller must reach
  double aim;
  double dramsys;   ///< percent that DRAMSys reaches: FR-FCFS, 64 read and 64 write entries
  double dramsim3;  ///< percent that DRAMsim3 reaches, 0: not known
};

/// All without error correction, refresh on.
[[nodiscard]] const std::vector<MemoryTraffic>& memory_table();

}  // namespace s4::sw
