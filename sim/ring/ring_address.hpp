// Which station's memory holds an address, in plain arithmetic.
#pragma once
#include <cstdint>

namespace s4::sim {

struct RingHome {
  bool exists = false;
  unsigned station = 0;
  std::uint64_t local = 0;  ///< byte address in that station's memory
};

/// Slices of 2^slice_bits bytes, one per station; their granules of 2^granule_bits bytes go round
/// all stations, each slice beginning one station on.
[[nodiscard]] inline RingHome ring_home(unsigned stations, std::uint64_t address,
                                        unsigned slice_bits = 32, unsigned granule_bits = 10) {
  const std::uint64_t slice = address >> slice_bits;
  const std::uint64_t local = address & ((std::uint64_t{1} << slice_bits) - 1);
  if (slice >= stations) return {};
  return {true, static_cast<unsigned>((slice + (local >> granule_bits)) % stations), local};
}

}  // namespace s4::sim
