#include "sw/ring/ring_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <deque>
#include <stdexcept>

#include "sim/ring/ring_scoreboard.hpp"

namespace s4::sw {
namespace {

constexpr ring::Class kClass = ring::Class::kRequest;
constexpr std::uint64_t kPatience = 100000;  // clocks without any delivery

/// One source: its messages in order, then a short queue for each lane, so that the mix of both
/// lanes is that of the pattern even when one of them is full.
class Source {
 public:
  static constexpr std::size_t kAhead = 64;  // packets that may wait in front of a lane

  void add(std::uint64_t clock, std::uint32_t mask) { messages_.push_back({clock, mask}); }
  [[nodiscard]] bool empty() const {
    return messages_.empty() && lanes_[0].empty() && lanes_[1].empty();
  }

  void spread(const std::uint32_t (&reach)[2]) {
    while (!messages_.empty() && lanes_[0].size() < kAhead && lanes_[1].size() < kAhead) {
      const Message m = messages_.front();
      messages_.pop_front();
      for (unsigned l = 0; l < 2; ++l) {
        if ((m.mask & reach[l]) != 0) lanes_[l].push_back({m.clock, m.mask & reach[l]});
      }
    }
  }

  struct Message {
    std::uint64_t clock;
    std::uint32_t mask;
  };
  std::deque<Message> lanes_[2];

 private:
  std::deque<Message> messages_;
};

class Run {
 public:
  explicit Run(const RingSettings& settings)
      : settings_(settings),
        stations_(settings.stations),
        model_(load(settings)),
        pins_(*model_, settings.stations),
        scoreboard_(settings.stations),
        sources_(settings.stations),
        random_(settings.seed * 0x9e3779b97f4a7c15u + 1),
        faults_(settings.seed * 0x9e3779b97f4a7c15u + 2),
        lane_sent_(2 * settings.stations, 0),
        lane_offered_(2 * settings.stations, 0),
        link_clocks_(2 * settings.stations, 0) {
    for (unsigned s = 0; s < stations_; ++s) {
      for (unsigned l = 0; l < 2; ++l) reach_[s][l] = sim::ring_reach(stations_, s, l);
    }
    result_.latency.resize(stations_ / 2);
    result_.sent.resize(stations_, 0);
    result_.theory = ring_theory(settings.pattern, stations_, settings.trace);
  }

  RingResult run() {
    const auto start = std::chrono::steady_clock::now();
    pins_.reset();
    for (unsigned s = 0; s < stations_; ++s) {
      for (unsigned l = 0; l < 2 && is_dead(s); ++l) pins_.set_room(s, l, 0);
    }
    if (settings_.pattern == RingPattern::kTrace) {
      replay();
    } else {
      draw();
    }
    finish();
    result_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result_;
  }

 private:
  static std::unique_ptr<tb::Model> load(const RingSettings& settings) {
    if (settings.stations < 2 || settings.stations > ring::kMaxStations) {
      throw std::invalid_argument(fmt::format("a ring has 2 to {} stations, not {}",
                                              ring::kMaxStations, settings.stations));
    }
    if (settings.dead >> settings.stations != 0) {
      throw std::invalid_argument(
          fmt::format("a dead station is beyond the ring of {}", settings.stations));
    }
    if (!(settings.fault_rate >= 0 && settings.fault_rate <= 1)) {
      throw std::invalid_argument("the chance of a fault is 0 to 1");
    }
    if (settings.rate > 2) throw std::invalid_argument("a station sends at most 2 per clock");
    tb::ModelOptions options;
    options.parameters = settings.parameters;
    options.parameters["NumStations"] = std::to_string(settings.stations);
    return tb::Model::load("ring", "tiny", settings.kind, options);
  }

  void draw() {
    RingDestinations destinations(settings_.pattern, stations_, settings_.seed);
    double rate = settings_.rate;
    if (rate < 0) rate = settings_.pattern == RingPattern::kHotspot ? 1.0 : result_.theory;
    // Two trials per clock, so that a station may have two messages in a clock.
    const auto limit = static_cast<std::uint64_t>(rate / 2 * 4294967296.0);
    measure_from_ = settings_.warm_up;
    measure_to_ = settings_.warm_up + settings_.clocks;
    for (clock_ = 0; clock_ < measure_to_; ++clock_) {
      for (unsigned s = 0; s < stations_; ++s) {
        for (unsigned trial = 0; trial < 2; ++trial) {
          if ((random_() >> 32) >= limit) continue;
          const std::uint32_t mask = destinations.draw(s);
          if (mask == 0) continue;
          sources_[s].add(clock_, mask);
          if (clock_ < measure_from_) continue;
          ++offered_;
          for (unsigned l = 0; l < 2; ++l)
            lane_offered_[2 * s + l] += std::popcount(mask & reach_[s][l]);
        }
      }
      step();
    }
    // What is still waiting at the sources stays there; what is on the ring must arrive.
    for (Source& source : sources_) source = Source{};
    drain();
    result_.clocks = settings_.clocks;
  }

  void replay() {
    std::size_t next = 0;
    measure_to_ = tb::Model::kForever;
    std::vector<RingMessage> trace = settings_.trace;
    std::stable_sort(trace.begin(), trace.end(),
                     [](const auto& a, const auto& b) { return a.clock < b.clock; });
    for (clock_ = 0; next < trace.size() || waiting(); ++clock_) {
      if (next < trace.size() && scoreboard_.outstanding() == 0 && !waiting()) {
        clock_ = std::max(clock_, trace[next].clock);  // nothing happens until then
        last_delivery_ = clock_;
      }
      for (; next < trace.size() && trace[next].clock <= clock_; ++next) {
        sources_[trace[next].source].add(trace[next].clock, trace[next].mask);
        const auto& m = trace[next];
        for (unsigned l = 0; l < 2; ++l) {
          lane_offered_[2 * m.source + l] += std::popcount(m.mask & reach_[m.source][l]);
        }
        ++offered_;
      }
      step();
    }
    drain();
    result_.clocks = clock_;
  }

  [[nodiscard]] bool waiting() const {
    return std::any_of(sources_.begin(), sources_.end(),
                       [](const Source& source) { return !source.empty(); });
  }

  void drain() {
    draining_ = true;
    for (; scoreboard_.outstanding() != 0 && !(may_lose() && silent()); ++clock_) step();
    result_.lost += scoreboard_.outstanding();
  }

  [[nodiscard]] bool is_dead(unsigned station) const {
    return (settings_.dead >> station & 1) != 0;
  }
  [[nodiscard]] bool may_lose() const { return settings_.fault == ring::Fault::kHeader; }
  [[nodiscard]] bool silent() const { return clock_ > last_delivery_ + kPatience; }

  /// A link is struck for one clock.
  void strike() {
    if (struck_ >= 0) {
      pins_.set_fault(static_cast<unsigned>(struck_) / 2, struck_ % 2, ring::Fault::kNone);
      struck_ = -1;
    }
    if (draining_ || settings_.fault == ring::Fault::kNone ||
        static_cast<double>(faults_() >> 11) * 0x1p-53 >= settings_.fault_rate) {
      return;
    }
    struck_ = static_cast<int>(faults_() % (2 * stations_));
    pins_.set_fault(static_cast<unsigned>(struck_) / 2, struck_ % 2, settings_.fault);
  }

  /// One clock: deliveries that the pins show, pushes, clock edge.
  void step() {
    strike();
    std::uint64_t valid = pins_.ejecting();
    if (valid != 0) last_delivery_ = clock_;
    for (; valid != 0; valid &= valid - 1) eject(static_cast<unsigned>(std::countr_zero(valid)));
    bool pushed = false;
    for (unsigned s = 0; s < stations_; ++s) {
      Source& source = sources_[s];
      source.spread(reach_[s]);
      for (unsigned l = 0; l < 2; ++l) {
        if (source.lanes_[l].empty() || !pins_.has_room(s, l, kClass)) continue;
        const auto [clock, mask] = source.lanes_[l].front();
        source.lanes_[l].pop_front();
        const std::uint64_t identity = std::uint64_t{s} << 56 | std::uint64_t{l} << 48 | ++number_;
        pins_.offer(s, l, kClass, mask, identity);
        scoreboard_.push(s, l, kClass, mask & ~settings_.dead, {identity, clock_, clock});
        pushed = true;
      }
    }
    if (scoreboard_.outstanding() != 0 && silent() && !may_lose()) {
      throw sim::RingError(fmt::format("clock {}: nothing was delivered for {} clocks; due: {}",
                                       clock_, kPatience, scoreboard_.oldest()));
    }
    model_->tick();
    if (pushed) pins_.end_offers();
    if (clock_ >= measure_from_ && clock_ < measure_to_) {
      for (std::uint64_t used = pins_.links_used(); used != 0; used &= used - 1) {
        ++link_clocks_[static_cast<std::size_t>(std::countr_zero(used))];
      }
    }
  }

  void eject(unsigned at) {
    const unsigned station = at / 2, lane = at % 2;
    const unsigned source = pins_.ejected_source(station, lane);
    const ring::Class packet_class = pins_.ejected_class(station, lane);
    const std::uint64_t identity = pins_.ejected_identity(station, lane);
    if (pins_.ejected_error(station, lane)) {
      if (settings_.fault == ring::Fault::kNone) {
        throw sim::RingError(
            fmt::format("clock {}: wrong check sum at station {}", clock_, station));
      }
      scoreboard_.forget_oldest(source, station, packet_class);
      ++result_.flagged;
      return;
    }
    if (may_lose()) {
      result_.lost += scoreboard_.forget_before(source, station, packet_class, identity);
    }
    const auto delivery =
        scoreboard_.deliver(station, lane, packet_class, source, identity, clock_);
    ++result_.packets;
    if (clock_ < measure_from_ || clock_ >= measure_to_) return;
    ++deliveries_;
    RingLatency& latency = result_.latency[delivery.hops - 1];
    const std::uint64_t network = clock_ - delivery.packet.pushed;
    latency.least = latency.packets == 0 ? network : std::min(latency.least, network);
    latency.most = std::max(latency.most, network);
    ++latency.packets;
    latency.network += static_cast<double>(network);
    latency.total += static_cast<double>(clock_ - delivery.packet.offered);
    lane_sent_[2 * source + lane] += 1;
  }

  void finish() {
    const double clocks = static_cast<double>(std::max<std::uint64_t>(result_.clocks, 1));
    double receivers = 1;  // deliveries of a message
    if (settings_.pattern == RingPattern::kBroadcast) receivers = stations_ - 1;
    if (settings_.pattern == RingPattern::kTrace) {
      receivers = 0;
      for (const RingMessage& m : settings_.trace) receivers += std::popcount(m.mask);
      receivers /= static_cast<double>(settings_.trace.size());
    }
    result_.offered = static_cast<double>(offered_) / clocks / stations_;
    result_.delivered = static_cast<double>(deliveries_) / clocks / stations_;
    result_.accepted = result_.delivered / receivers;
    for (RingLatency& latency : result_.latency) {
      if (latency.packets == 0) continue;
      latency.network /= static_cast<double>(latency.packets);
      latency.total /= static_cast<double>(latency.packets);
    }
    result_.fairness = 1;
    for (unsigned l = 0; l < 2; ++l) {
      double least = -1, most = 0;
      for (unsigned s = 0; s < stations_; ++s) {
        const double sent = lane_sent_[2 * s + l];
        result_.sent[s] += sent / receivers / clocks;
        if (lane_offered_[2 * s + l] == 0) continue;
        const double part = sent / lane_offered_[2 * s + l];
        least = least < 0 ? part : std::min(least, part);
        most = std::max(most, part);
      }
      if (most > 0) result_.fairness = std::min(result_.fairness, least / most);
    }
    for (const std::uint64_t used : link_clocks_) {
      result_.links.push_back(static_cast<double>(used) / clocks);
    }
    account_for_errors();
  }

  /// Counters hold what the settings ask for and nothing else.
  void account_for_errors() {
    std::uint64_t header = 0, crc = 0;
    for (unsigned s = 0; s < stations_; ++s) {
      const RingErrors errors = pins_.errors(s);
      result_.errors.push_back(errors);
      result_.dead.push_back(pins_.dead(s));
      header += errors.header;
      if (!is_dead(s)) crc += errors.crc;  // at a dead one they wait, with their flag
      const bool struck = (errors.header == 0 || may_lose()) &&
                          (errors.payload == 0 || settings_.fault == ring::Fault::kPayload);
      const bool dead = may_lose() || ((pins_.dead(s) & ~settings_.dead) == 0 &&
                                       (errors.dropped == 0 || settings_.dead != 0));
      if (!struck || !dead || errors.misrouted != 0) {
        throw sim::RingError(fmt::format(
            "station {} counted errors: {} headers, {} payloads, {} misrouted, {} dropped", s,
            errors.header, errors.payload, errors.misrouted, errors.dropped));
      }
    }
    if (result_.lost != 0 && header == 0) {
      throw sim::RingError(fmt::format("{} packets lost, no station counted it", result_.lost));
    }
    if (crc != result_.flagged) {
      throw sim::RingError(
          fmt::format("{} wrong check sums counted, {} packets flagged", crc, result_.flagged));
    }
  }

  const RingSettings& settings_;
  unsigned stations_;
  std::unique_ptr<tb::Model> model_;
  RingPins pins_;
  sim::RingScoreboard scoreboard_;
  std::vector<Source> sources_;
  std::mt19937_64 random_, faults_;
  bool draining_ = false;
  int struck_ = -1;  // 2 * station + lane of the link that has a fault in this clock
  std::uint32_t reach_[ring::kMaxStations][2] = {};
  std::vector<double> lane_sent_, lane_offered_;
  std::vector<std::uint64_t> link_clocks_;
  RingResult result_;
  std::uint64_t clock_ = 0, measure_from_ = 0, measure_to_ = 0, last_delivery_ = 0;
  std::uint64_t offered_ = 0, deliveries_ = 0, number_ = 0;
};

}  // namespace

RingResult run_ring(const RingSettings& settings) { return Run(settings).run(); }

std::string to_text(const RingSettings& settings, const RingResult& result) {
  std::string text = fmt::format(
      "ring of {} stations, {}, {} clocks\n"
      "offered {:.4f}  accepted {:.4f}  theory {:.4f} messages per clock and station "
      "({:.1f} % of theory)\n"
      "delivered {:.4f} packets per clock and station, fairness {:.3f} (slowest : fastest "
      "source of a lane)\n",
      settings.stations, to_string(settings.pattern), result.clocks, result.offered,
      result.accepted, result.theory, 100 * result.accepted / result.theory, result.delivered,
      result.fairness);
  text += "hops  packets  least  mean  most  with waiting at the source\n";
  for (std::size_t hop = 0; hop < result.latency.size(); ++hop) {
    const RingLatency& l = result.latency[hop];
    text += fmt::format("{:4} {:8} {:6} {:5.1f} {:5}  {:.1f}\n", hop + 1, l.packets, l.least,
                        l.network, l.most, l.total);
  }
  text += "station  sent per clock  link up  link down\n";
  for (std::size_t s = 0; s < result.sent.size(); ++s) {
    text += fmt::format("{:7} {:15.4f} {:7.1f} % {:8.1f} %\n", s, result.sent[s],
                        100 * result.links[2 * s], 100 * result.links[2 * s + 1]);
  }
  const bool asked = settings.dead != 0 || settings.fault != ring::Fault::kNone;
  if (asked) text += "station  header  payload  check sum  misrouted  dropped  found dead (mask)\n";
  for (std::size_t s = 0; asked && s < result.errors.size(); ++s) {
    const RingErrors& e = result.errors[s];
    text += fmt::format("{:7} {:7} {:8} {:10} {:10} {:8}  {:#x}\n", s, e.header, e.payload, e.crc,
                        e.misrouted, e.dropped, result.dead[s]);
  }
  if (asked) {
    text += fmt::format("{} packets delivered with their error flag, {} lost\n", result.flagged,
                        result.lost);
  }
  text += fmt::format("{} packets delivered and accounted for, {:.2f} s\n", result.packets,
                      result.seconds);
  return text;
}

nlohmann::json to_json(const RingSettings& settings, const RingResult& result) {
  nlohmann::json latency = nlohmann::json::array();
  for (std::size_t hop = 0; hop < result.latency.size(); ++hop) {
    const RingLatency& l = result.latency[hop];
    latency.push_back({{"hops", hop + 1},
                       {"packets", l.packets},
                       {"least", l.least},
                       {"mean", l.network},
                       {"most", l.most},
                       {"mean_with_source", l.total}});
  }
  nlohmann::json errors = nlohmann::json::array();
  for (std::size_t s = 0; s < result.errors.size(); ++s) {
    const RingErrors& e = result.errors[s];
    errors.push_back({{"header", e.header},
                      {"payload", e.payload},
                      {"crc", e.crc},
                      {"misrouted", e.misrouted},
                      {"dropped", e.dropped},
                      {"found_dead", result.dead[s]}});
  }
  return {{"stations", settings.stations},
          {"pattern", to_string(settings.pattern)},
          {"seed", settings.seed},
          {"clocks", result.clocks},
          {"offered", result.offered},
          {"accepted", result.accepted},
          {"theory", result.theory},
          {"delivered", result.delivered},
          {"packets", result.packets},
          {"fairness", result.fairness},
          {"latency", latency},
          {"sent", result.sent},
          {"links", result.links},
          {"errors", errors},
          {"flagged", result.flagged},
          {"lost", result.lost}};
}

}  // namespace s4::sw
