// Traffic patterns of the ring: who sends to whom, and how much of it a ring can carry.
#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace s4::sw {

enum class RingPattern { kUniform, kNeighbour, kHotspot, kTornado, kBroadcast, kTrace };

[[nodiscard]] const char* to_string(RingPattern pattern);
/// Throws std::invalid_argument that names the known ones.
[[nodiscard]] RingPattern ring_pattern(const std::string& name);

/// A message that a source has from `clock` on, for all stations of `mask`.
struct RingMessage {
  std::uint64_t clock = 0;
  unsigned source = 0;
  std::uint32_t mask = 0;
};

/// Reads lines `<clock> <source> <hex destination mask>`, empty lines and # comments allowed.
/// Clocks of one source must not fall. Throws std::runtime_error naming file and line: a source or
/// destination beyond the ring, a mask that is empty or names the source, text that is not this.
[[nodiscard]] std::vector<RingMessage> read_ring_trace(const std::string& path, unsigned stations);

/// Draws destinations. Uniform: any other station. Neighbour: both in turns. Hotspot: station 0
/// (which sends nothing). Tornado: (N + 1) / 2 - 1 stations up, at least 1. Broadcast: all others.
class RingDestinations {
 public:
  RingDestinations(RingPattern pattern, unsigned stations, std::uint64_t seed);
  /// Mask of the next message of a source, 0: it sends none.
  [[nodiscard]] std::uint32_t draw(unsigned source);

 private:
  RingPattern pattern_;
  unsigned stations_;
  std::mt19937_64 random_;
  std::vector<unsigned> turn_;
};

/// Messages per clock and station that the links, injection and ejection ports allow on the fixed
/// paths when all sources send the same (hotspot: when every lane into station 0 is full). The
/// trace: its messages over the clocks that its busiest link needs. Throws on an empty trace.
[[nodiscard]] double ring_theory(RingPattern pattern, unsigned stations,
                                 const std::vector<RingMessage>& trace = {});

}  // namespace s4::sw
