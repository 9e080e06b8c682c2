#include "sim/memory/station_address.hpp"

#include <bit>

#include "sim/ring/ring_address.hpp"

namespace s4::sim {

StationLayout one_station(unsigned channels, unsigned ranks, bool ecc) {
  StationLayout layout;
  layout.channels = channels;
  layout.ranks = ranks;
  layout.ecc = ecc;
  layout.slice_bits = 31 + static_cast<unsigned>(std::countr_zero(channels));
  return layout;
}

bool StationLayout::contains(std::uint64_t address, std::uint64_t size) const {
  std::uint64_t begin = address, end = bytes();
  if (has_windows(stations, slice_bits) && address >= kWindows) {
    const std::uint64_t station = (address - kWindows) >> slice_bits;
    begin = address & ((std::uint64_t{1} << slice_bits) - 1);
    end = station < stations ? station_bytes() : 0;
  }
  return begin <= end && size <= end - begin;
}

StationPlace place_of(const StationLayout& layout, std::uint64_t address) {
  const RingHome home =
      ring_home(layout.stations, address, layout.slice_bits, layout.station_granule);
  StationPlace place;
  if (!home.exists) return place;
  place.station = home.station;
  const std::uint64_t inside = home.local;
  const std::uint64_t granule = inside >> layout.channel_granule;
  const std::uint64_t offset = inside % (std::uint64_t{1} << layout.channel_granule);
  // Digits of the granule's number in base `channels`; all XORed give the channel.
  std::uint64_t channel = 0;
  for (std::uint64_t rest = granule; rest != 0 && layout.channels > 1; rest /= layout.channels) {
    channel ^= rest % layout.channels;
  }
  place.channel = static_cast<unsigned>(channel);
  place.address = (granule / layout.channels << layout.channel_granule) + offset;
  place.exists = place.address < (std::uint64_t{layout.ranks} << 30) / 8 * (layout.ecc ? 7 : 8);
  return place;
}

}  // namespace s4::sim
