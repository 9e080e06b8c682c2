#include "sw/ring/ring_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "sim/ring/ring_scoreboard.hpp"

namespace s4::sw {
namespace {

constexpr std::array<const char*, 6> kNames{"uniform", "neighbour", "hotspot",
                                            "tornado", "broadcast", "trace"};

/// Loads of links, injection and ejection ports, per station and lane.
class Loads {
 public:
  explicit Loads(unsigned stations) : stations_(stations), values_(stations * 6) {}

  void add(unsigned source, std::uint32_t mask, double amount) {
    for (unsigned lane = 0; lane < 2; ++lane) {
      unsigned farthest = 0;
      for (unsigned d = 0; d < stations_; ++d) {
        if ((mask >> d & 1) == 0) continue;
        const sim::RingPath path = sim::ring_path(stations_, source, d);
        if (path.lane != lane) continue;
        farthest = std::max(farthest, path.hops);
        values_[2 * stations_ + 2 * d + lane] += amount;
      }
      for (unsigned hop = 0; hop < farthest; ++hop) {
        const unsigned from =
            (lane == 0 ? source + hop : source + stations_ - hop % stations_) % stations_;
        values_[2 * from + lane] += amount;
      }
      if (farthest > 0) values_[4 * stations_ + 2 * source + lane] += amount;
    }
  }
  [[nodiscard]] double largest() const { return *std::max_element(values_.begin(), values_.end()); }

 private:
  unsigned stations_;
  std::vector<double> values_;
};

unsigned tornado_step(unsigned stations) { return std::max(1u, (stations + 1) / 2 - 1); }

}  // namespace

const char* to_string(RingPattern pattern) { return kNames[static_cast<std::size_t>(pattern)]; }

RingPattern ring_pattern(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<RingPattern>(i);
  }
  throw std::invalid_argument(
      fmt::format("unknown pattern '{}' (known: {})", name, fmt::join(kNames, ", ")));
}

std::vector<RingMessage> read_ring_trace(const std::string& path, unsigned stations) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("{}: cannot be read", path));
  std::vector<RingMessage> messages;
  std::vector<std::uint64_t> last(stations, 0);
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    const auto refuse = [&](const std::string& why) {
      throw std::runtime_error(fmt::format("{}:{}: {}", path, number, why));
    };
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream words(line);
    std::string clock, source, mask, rest;
    words >> clock >> source >> mask;
    const auto only = [](const std::string& text, const char* digits, std::size_t most) {
      return !text.empty() && text.size() <= most &&
             text.find_first_not_of(digits) == std::string::npos;
    };
    const std::string hex = mask.rfind("0x", 0) == 0 ? mask.substr(2) : mask;
    if (words >> rest || !only(clock, "0123456789", 18) || !only(source, "0123456789", 9) ||
        !only(hex, "0123456789abcdefABCDEF", 8)) {
      refuse("expected '<clock> <source> <hex destination mask>'");
    }
    RingMessage message{std::stoull(clock), static_cast<unsigned>(std::stoul(source)),
                        static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16))};
    if (message.source >= stations) {
      refuse(fmt::format("source {} of a ring of {} stations", message.source, stations));
    }
    if (message.mask == 0) refuse("the mask is empty");
    if ((message.mask >> stations) != 0) {
      refuse(fmt::format("mask {:#x} names stations beyond {}", message.mask, stations - 1));
    }
    if ((message.mask >> message.source & 1) != 0) refuse("the mask names the source itself");
    if (message.clock < last[message.source]) {
      refuse(
          fmt::format("clock {} after {} of the same source", message.clock, last[message.source]));
    }
    last[message.source] = message.clock;
    messages.push_back(message);
  }
  if (messages.empty()) throw std::runtime_error(fmt::format("{}: no messages", path));
  return messages;
}

RingDestinations::RingDestinations(RingPattern pattern, unsigned stations, std::uint64_t seed)
    : pattern_(pattern), stations_(stations), random_(seed), turn_(stations, 0) {
  if (pattern == RingPattern::kTrace) throw std::invalid_argument("a trace is not drawn");
}

std::uint32_t RingDestinations::draw(unsigned source) {
  const auto up = [&](unsigned step) { return 1u << (source + step) % stations_; };
  switch (pattern_) {
    case RingPattern::kUniform:
      return up(1 + static_cast<unsigned>(random_() % (stations_ - 1)));
    case RingPattern::kNeighbour:
      return up((turn_[source] ^= 1) != 0 ? 1 : stations_ - 1);
    case RingPattern::kHotspot:
      return source == 0 ? 0 : 1;
    case RingPattern::kTornado:
      return up(tornado_step(stations_));
    default:
      return ((1u << stations_) - 1) & ~(1u << source);
  }
}

double ring_theory(RingPattern pattern, unsigned stations, const std::vector<RingMessage>& trace) {
  Loads loads(stations);
  const std::uint32_t all = (1u << stations) - 1;
  if (pattern == RingPattern::kTrace) {
    if (trace.empty()) throw std::invalid_argument("an empty trace has no theory");
    for (const RingMessage& m : trace) loads.add(m.source, m.mask, 1);
    return static_cast<double>(trace.size()) / (loads.largest() * stations);
  }
  if (pattern == RingPattern::kHotspot) {
    unsigned lanes = 0;
    for (unsigned s = 1; s < stations; ++s) lanes |= 1u << sim::ring_path(stations, s, 0).lane;
    return (lanes == 3 ? 2.0 : 1.0) / stations;
  }
  for (unsigned s = 0; s < stations; ++s) {
    const auto up = [&](unsigned step) { return 1u << (s + step) % stations; };
    switch (pattern) {
      case RingPattern::kUniform:
        for (unsigned step = 1; step < stations; ++step) {
          loads.add(s, up(step), 1.0 / (stations - 1));
        }
        break;
      case RingPattern::kNeighbour:
        loads.add(s, up(1), 0.5);
        loads.add(s, up(stations - 1), 0.5);
        break;
      case RingPattern::kTornado:
        loads.add(s, up(tornado_step(stations)), 1);
        break;
      default:
        loads.add(s, all & ~(1u << s), 1);
    }
  }
  return 1 / loads.largest();
}

}  // namespace s4::sw
