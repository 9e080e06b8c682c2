#include "sim/ring/ring_scoreboard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sim {

RingPath ring_path(unsigned stations, unsigned source, unsigned destination) {
  if (stations < 2 || source >= stations || destination >= stations || source == destination) {
    throw std::invalid_argument(
        fmt::format("no path from station {} to {} of {}", source, destination, stations));
  }
  const unsigned up = (destination + stations - source) % stations;
  const unsigned down = stations - up;
  if (up != down) return up < down ? RingPath{0, up} : RingPath{1, down};
  return {source % 2, up};
}

std::uint32_t ring_reach(unsigned stations, unsigned source, unsigned lane) {
  std::uint32_t mask = 0;
  for (unsigned d = 0; d < stations; ++d) {
    if (d != source && ring_path(stations, source, d).lane == lane) mask |= 1u << d;
  }
  return mask;
}

RingScoreboard::RingScoreboard(unsigned stations)
    : stations_(stations), flows_(std::size_t{stations} * stations * ring::kNumClasses) {}

std::size_t RingScoreboard::flow(unsigned source, unsigned destination,
                                 ring::Class packet_class) const {
  return (std::size_t{source} * stations_ + destination) * ring::kNumClasses +
         static_cast<unsigned>(packet_class);
}

void RingScoreboard::push(unsigned source, unsigned lane, ring::Class packet_class,
                          std::uint32_t mask, const RingPacket& packet) {
  for (unsigned d = 0; d < stations_; ++d) {
    if ((mask >> d & 1) == 0 || d == source) continue;
    if (ring_path(stations_, source, d).lane != lane) continue;
    flows_[flow(source, d, packet_class)].push_back(packet);
    ++outstanding_;
  }
}

RingDelivery RingScoreboard::deliver(unsigned station, unsigned lane, ring::Class packet_class,
                                     unsigned source, std::uint64_t identity, std::uint64_t clock) {
  const auto refuse = [&](const std::string& why) {
    throw RingError(fmt::format("clock {}: station {} lane {} got {} packet {:#x} from {}: {}",
                                clock, station, lane, ring::to_string(packet_class), identity,
                                source, why));
  };
  if (static_cast<unsigned>(packet_class) >= ring::kNumClasses) refuse("no such class");
  if (source >= stations_ || source == station) refuse("no such source");
  const RingPath path = ring_path(stations_, source, station);
  if (path.lane != lane) refuse("not on the path of this pair");
  auto& queue = flows_[flow(source, station, packet_class)];
  if (queue.empty()) refuse("none is due");
  if (queue.front().identity != identity) {
    refuse(fmt::format("{:#x} is due", queue.front().identity));
  }
  const RingDelivery result{queue.front(), path.hops};
  queue.pop_front();
  --outstanding_;
  ++delivered_;
  return result;
}

void RingScoreboard::forget_oldest(unsigned source, unsigned destination,
                                   ring::Class packet_class) {
  auto& queue = flows_[flow(source, destination, packet_class)];
  if (queue.empty()) {
    throw std::logic_error(
        fmt::format("nothing is due from station {} to {}", source, destination));
  }
  queue.pop_front();
  --outstanding_;
}

void RingScoreboard::forget_newest(unsigned source, unsigned destination,
                                   ring::Class packet_class) {
  auto& queue = flows_[flow(source, destination, packet_class)];
  if (queue.empty()) {
    throw std::logic_error(
        fmt::format("nothing is due from station {} to {}", source, destination));
  }
  queue.pop_back();
  --outstanding_;
}

std::uint64_t RingScoreboard::forget_before(unsigned source, unsigned destination,
                                            ring::Class packet_class, std::uint64_t identity) {
  auto& queue = flows_[flow(source, destination, packet_class)];
  const auto found = std::find_if(queue.begin(), queue.end(), [&](const RingPacket& packet) {
    return packet.identity == identity;
  });
  if (found == queue.end()) return 0;
  const auto count = static_cast<std::uint64_t>(found - queue.begin());
  queue.erase(queue.begin(), found);
  outstanding_ -= count;
  return count;
}

std::size_t RingScoreboard::due(unsigned source, unsigned destination,
                                ring::Class packet_class) const {
  return flows_[flow(source, destination, packet_class)].size();
}

std::string RingScoreboard::oldest() const {
  const RingPacket* found = nullptr;
  std::string text;
  for (unsigned s = 0; s < stations_; ++s) {
    for (unsigned d = 0; d < stations_; ++d) {
      for (unsigned c = 0; c < ring::kNumClasses; ++c) {
        const auto& queue = flows_[flow(s, d, static_cast<ring::Class>(c))];
        if (queue.empty() || (found != nullptr && found->pushed <= queue.front().pushed)) continue;
        found = &queue.front();
        text = fmt::format("{} packet {:#x} from station {} to {}, pushed in clock {}",
                           ring::to_string(static_cast<ring::Class>(c)), found->identity, s, d,
                           found->pushed);
      }
    }
  }
  return text;
}

}  // namespace s4::sim
