#include "sw/driver/traffic.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "sim/ring/ring_scoreboard.hpp"

namespace s4::sw {
namespace {

/// Pieces of [address, address + size) that lie in one channel: (place, beats, bursts touched).
template <typename Each>
void pieces(const sim::StationLayout& layout, std::uint64_t address, std::uint64_t size,
            Each each) {
  const auto touched = [](std::uint64_t begin, std::uint64_t end, std::uint64_t unit) {
    return (end + unit - 1) / unit - begin / unit;
  };
  const std::uint64_t granule = std::uint64_t{1} << layout.channel_granule;
  for (const std::uint64_t end = address + size; address < end;) {
    const std::uint64_t next = std::min(end, (address / granule + 1) * granule);
    const sim::StationPlace place = sim::place_of(layout, address);
    if (place.exists) {
      each(place, touched(address, next, kBeatBytes), touched(address, next, kBurstBytes));
    }
    address = next;
  }
}

}  // namespace

std::uint64_t Traffic::bytes_read() const {
  std::uint64_t bursts = 0;
  for (const Channel& channel : channels) bursts += channel.reads;
  return kBurstBytes * bursts;
}

std::uint64_t Traffic::bytes_written() const {
  std::uint64_t bursts = 0;
  for (const Channel& channel : channels) bursts += channel.writes;
  return kBurstBytes * bursts;
}

std::uint64_t Traffic::link_bytes() const {
  return kBeatBytes * std::accumulate(links.begin(), links.end(), std::uint64_t{0});
}

Traffic& Traffic::operator+=(const Traffic& more) {
  channels.resize(std::max(channels.size(), more.channels.size()));
  links.resize(std::max(links.size(), more.links.size()));
  for (std::size_t c = 0; c < more.channels.size(); ++c) {
    channels[c].reads += more.channels[c].reads;
    channels[c].writes += more.channels[c].writes;
  }
  for (std::size_t l = 0; l < more.links.size(); ++l) links[l] += more.links[l];
  ring_beats += more.ring_beats;
  return *this;
}

Traffic TrafficMap::none() const {
  Traffic traffic;
  traffic.channels.resize(std::size_t{layout_.stations} * layout_.channels);
  if (has_ring()) traffic.links.resize(std::size_t{2} * layout_.stations);
  return traffic;
}

void TrafficMap::carry(unsigned from, std::uint32_t to, std::uint64_t beats, Traffic& into) const {
  const unsigned stations = layout_.stations;
  // A multicast goes on to the farthest of its destinations, in each direction.
  std::array<unsigned, 2> hops{};
  for (unsigned station = 0; station < stations; ++station) {
    if ((to >> station & 1U) == 0 || station == from) continue;
    const sim::RingPath path = sim::ring_path(stations, from, station);
    hops[path.lane] = std::max(hops[path.lane], path.hops);
  }
  for (unsigned hop = 0; hop < hops[0]; ++hop) {
    into.links[2 * ((from + hop) % stations)] += beats;
  }
  for (unsigned hop = 0; hop < hops[1]; ++hop) {
    into.links[2 * ((from + stations - hop) % stations) + 1] += beats;
  }
  if (hops[0] + hops[1] != 0) into.ring_beats += beats;
}

void TrafficMap::read(std::uint32_t stations, std::uint64_t address, std::uint64_t size,
                      Traffic& into) const {
  pieces(layout_, address, size,
         [&](const sim::StationPlace& place, std::uint64_t beats, std::uint64_t) {
           // A beat is read whole.
           into.channels[place.station * layout_.channels + place.channel].reads +=
               beats * (kBeatBytes / kBurstBytes);
           carry(place.station, stations, beats, into);
         });
}

void TrafficMap::write(unsigned station, std::uint64_t address, std::uint64_t size,
                       Traffic& into) const {
  pieces(layout_, address, size,
         [&](const sim::StationPlace& place, std::uint64_t beats, std::uint64_t bursts) {
           // Half a beat without a byte to write is left out.
           into.channels[place.station * layout_.channels + place.channel].writes += bursts;
           carry(station, std::uint32_t{1} << place.station, beats, into);
         });
}

}  // namespace s4::sw
