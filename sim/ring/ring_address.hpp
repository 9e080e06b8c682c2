// Which station's memory holds an address, in plain arithmetic.
#pragma once
#include <cstdint>

namespace s4::sim {

struct RingHome {
  bool exists = false;
  unsigned station = 0;
  std::uint64_t local = 0;  ///< byte address in that station's memory
};

/// Windows on the memory of single stations begin here, one per slice.
inline constexpr std::uint64_t kWindows = std::uint64_t{1} << 35;

/// Whether there are several stations, and their slices fit below the windows.
[[nodiscard]] constexpr bool has_windows(unsigned stations, unsigned slice_bits = 32) {
  return stations > 1 && stations <= kWindows >> slice_bits;
}

/// Slices of 2^slice_bits bytes, one per station; their granules of 2^granule_bits bytes go round
/// all stations, each slice beginning one station on. From kWindows on slice s is the memory of
/// station s, the same bytes by another address.
[[nodiscard]] inline RingHome ring_home(unsigned stations, std::uint64_t address,
                                        unsigned slice_bits = 32, unsigned granule_bits = 10) {
  const bool window = has_windows(stations, slice_bits) && address >= kWindows;
  const std::uint64_t slice = (window ? address - kWindows : address) >> slice_bits;
  const std::uint64_t local = address & ((std::uint64_t{1} << slice_bits) - 1);
  if (slice >= stations) return {};
  if (window) return {true, static_cast<unsigned>(slice), local};
  return {true, static_cast<unsigned>((slice + (local >> granule_bits)) % stations), local};
}

}  // namespace s4::sim
