// Where bytes go that are read and written: bursts of every memory channel, beats on every link of
// the ring. What commands ask for, by the address map and the ring's fixed paths, in the same
// units as devices and links count it.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/station_address.hpp"

namespace s4::sw {

inline constexpr std::uint64_t kBurstBytes = 32;  ///< of a memory channel
inline constexpr std::uint64_t kBeatBytes = 64;   ///< of a memory port and a link

struct Traffic {
  struct Channel {
    std::uint64_t reads = 0, writes = 0;  ///< bursts
    [[nodiscard]] bool operator==(const Channel&) const = default;
  };
  std::vector<Channel> channels;     ///< station 0 and its channel 0 first
  std::vector<std::uint64_t> links;  ///< beats of data: lane l of station s at 2 s + l
  std::uint64_t ring_beats = 0;      ///< beats that a station and the memory of another exchange

  [[nodiscard]] std::uint64_t bytes_read() const;
  [[nodiscard]] std::uint64_t bytes_written() const;
  [[nodiscard]] std::uint64_t ring_bytes() const { return kBeatBytes * ring_beats; }
  /// On every link that they pass.
  [[nodiscard]] std::uint64_t link_bytes() const;
  Traffic& operator+=(const Traffic& more);
};

class TrafficMap {
 public:
  explicit TrafficMap(const sim::StationLayout& layout) : layout_(layout) {}

  [[nodiscard]] const sim::StationLayout& layout() const { return layout_; }
  [[nodiscard]] bool has_ring() const { return layout_.stations > 1; }
  /// Nothing, with a place for every channel and link.
  [[nodiscard]] Traffic none() const;
  /// A read by these stations (bit s: station s) at once: memory gives the data once, to all.
  void read(std::uint32_t stations, std::uint64_t address, std::uint64_t size, Traffic& into) const;
  void write(unsigned station, std::uint64_t address, std::uint64_t size, Traffic& into) const;

 private:
  /// Beats from a station to all of the mask.
  void carry(unsigned from, std::uint32_t to, std::uint64_t beats, Traffic& into) const;

  sim::StationLayout layout_;
};

}  // namespace s4::sw
