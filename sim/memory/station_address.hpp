// Where an address lies: station, channel, address in the channel. The twin of
// rtl/memory/station_interleave.sv; what is preloaded into a device goes through it, and then
// through memory_place.hpp.
#pragma once
#include <cstdint>

namespace s4::sim {

/// How a memory space is spread. Every count of channels is a power of two.
struct StationLayout {
  unsigned stations = 1;
  unsigned channels = 2;          ///< of a station
  unsigned ranks = 2;             ///< of a channel, 1 GiB each
  bool ecc = false;               ///< the last eighth of a channel holds check bits
  unsigned slice_bits = 32;       ///< log2 of the bytes of a station of two ranks
  unsigned station_granule = 10;  ///< log2 of the bytes at one station in a row
  unsigned channel_granule = 9;   ///< log2 of the bytes at one channel in a row

  /// Bytes of a station's memory; with one rank half of what the address could name.
  [[nodiscard]] std::uint64_t station_bytes() const { return bytes() / stations; }
  /// Bytes from address 0 on, all stations.
  [[nodiscard]] std::uint64_t bytes() const {
    return (std::uint64_t{stations} << slice_bits) / (ranks == 2 ? 1 : 2) / 8 * (ecc ? 7 : 8);
  }
  /// Whether a run of bytes lies in bytes(), or in the window on one station.
  [[nodiscard]] bool contains(std::uint64_t address, std::uint64_t size) const;
};

/// The layout of one station with so many channels, alone at its memory port.
[[nodiscard]] StationLayout one_station(unsigned channels, unsigned ranks, bool ecc = false);

struct StationPlace {
  bool exists = false;
  unsigned station = 0;
  unsigned channel = 0;
  std::uint64_t address = 0;  ///< in the channel
};
/// Windows on single stations, from kWindows (sim/ring/ring_address.hpp) on, included.
[[nodiscard]] StationPlace place_of(const StationLayout& layout, std::uint64_t address);

}  // namespace s4::sim
