// What a ring promises, kept as queues: every packet reaches each destination of its mask exactly
// once, in order per source, destination and class, on its fixed path.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/ring/gen/ring.hpp"

namespace s4::sim {

/// Lane (0: to higher station numbers, 1: to lower ones) of a path, and its hops (1 .. N / 2).
struct RingPath {
  unsigned lane = 0;
  unsigned hops = 0;
};

/// The path from `source` to `destination` (different stations below `stations`).
[[nodiscard]] RingPath ring_path(unsigned stations, unsigned source, unsigned destination);

/// Stations that a packet of `source` reaches in `lane`, as a mask.
[[nodiscard]] std::uint32_t ring_reach(unsigned stations, unsigned source, unsigned lane);

/// A delivery that was not promised, or none where one was.
struct RingError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A packet as the scoreboard knows it.
struct RingPacket {
  std::uint64_t identity = 0;  ///< compared at delivery
  std::uint64_t pushed = 0;    ///< clock of the push
  std::uint64_t offered = 0;   ///< clock at which its source had it
};

/// A delivery that was as promised.
struct RingDelivery {
  RingPacket packet;
  unsigned hops = 0;
};

class RingScoreboard {
 public:
  explicit RingScoreboard(unsigned stations);

  /// A packet was pushed into a lane of `source`; destinations of `mask` off that lane are not its.
  void push(unsigned source, unsigned lane, ring::Class packet_class, std::uint32_t mask,
            const RingPacket& packet);

  /// A packet left lane `lane` of `station`. Throws RingError naming both sides unless it is the
  /// next one that is due there from that source in that class.
  RingDelivery deliver(unsigned station, unsigned lane, ring::Class packet_class, unsigned source,
                       std::uint64_t identity, std::uint64_t clock);

  /// The oldest, or the newest, packet of a flow will not come (a fault, a dead station). Throws
  /// std::logic_error if none is due.
  void forget_oldest(unsigned source, unsigned destination, ring::Class packet_class);
  void forget_newest(unsigned source, unsigned destination, ring::Class packet_class);

  /// A fault took packets of a flow: forgets those that are due before the one of this identity and
  /// returns their number, 0 if that one is not due at all.
  std::uint64_t forget_before(unsigned source, unsigned destination, ring::Class packet_class,
                              std::uint64_t identity);

  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// Packets due in one flow.
  [[nodiscard]] std::size_t due(unsigned source, unsigned destination,
                                ring::Class packet_class) const;
  /// Names the oldest packet that is still due, "" if there is none.
  [[nodiscard]] std::string oldest() const;

 private:
  [[nodiscard]] std::size_t flow(unsigned source, unsigned destination,
                                 ring::Class packet_class) const;

  unsigned stations_;
  std::vector<std::deque<RingPacket>> flows_;
  std::uint64_t outstanding_ = 0, delivered_ = 0;
};

}  // namespace s4::sim
