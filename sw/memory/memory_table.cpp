#include "sw/memory/memory_table.hpp"

namespace s4::sw {

const std::vector<MemoryTraffic>& memory_table() {
  using P = MemoryPattern;
  static const std::vector<MemoryTraffic> table{
      {"sequential read", P::kSequentialRead, 1, 64, 95, 99, 99.7, 97.2},
      {"sequential write", P::kSequentialWrite, 1, 64, 94, 99, 99.8, 95.6},
      {"two streams, 2:1 read:write", P::kTwoStreams, 1, 64, 91, 95, 93.8, 92.6},
      {"random 64 B read", P::kRandomRead, 1, 64, 80, 84, 83.4, 84.6},
      {"random 64 B, 2:1, one rank", P::kRandomMixed, 1, 64, 65, 71, 71.7, 63.8},
      {"random 64 B, 2:1, two ranks", P::kRandomMixed, 2, 64, 74, 79, 79.3, 0},
      {"random 256 B read", P::kRandom256, 1, 256, 94, 96, 96.3, 99.0},
      {"16 KB stride", P::kStride, 1, 64, 80, 84, 84.8, 86.5},
  };
  return table;
}

}  // namespace s4::sw
