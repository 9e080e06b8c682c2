#include "tests/ring/ring_network_bench.hpp"

#include <fmt/format.h>

#include "sim/ring/ring_address.hpp"

namespace s4::tests {
namespace {

constexpr unsigned kBeatBits = 32 - 6;  // of an address in a station's memory
constexpr unsigned kRequestBits = 65, kWriteBits = 577, kResponseBits = 524;
constexpr unsigned kOk = 0, kDecode = 1, kData = 2;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

void set_beat(tb::Port& port, unsigned lsb, const Beat& beat) {
  for (unsigned w = 0; w < 16; ++w) port.set_bits(lsb + 32 * w, 32, beat[w]);
}

Beat get_beat(const tb::Port& port, unsigned lsb) {
  Beat beat;
  for (unsigned w = 0; w < 16; ++w) {
    beat[w] = static_cast<std::uint32_t>(port.bits(lsb + 32 * w, 32));
  }
  return beat;
}

void merge(Beat& into, const Beat& from, std::uint64_t strobe) {
  for (unsigned byte = 0; byte < 64; ++byte) {
    if ((strobe >> byte & 1) == 0) continue;
    const std::uint32_t mask = 0xffu << 8 * (byte % 4);
    into[byte / 4] = (into[byte / 4] & ~mask) | (from[byte / 4] & mask);
  }
}

}  // namespace

std::unique_ptr<tb::Model> network_model(unsigned stations, tb::ModelOptions options,
                                         tb::Kind kind) {
  options.parameters["NumStations"] = std::to_string(stations);
  return tb::Model::load("ring_network", "tiny", kind, options);
}

NetworkBench::NetworkBench(tb::Model& model, unsigned stations, NetworkMemory memory)
    : read_beats(stations, 0),
      bursts(stations, 0),
      model_(model),
      stations_(stations),
      memory_(memory),
      random_(tb::seed()),
      ports_(stations),
      devices_(stations),
      req_valid_(model.port("req_valid_i")),
      req_ready_(model.port("req_ready_o")),
      req_(model.port("req_i")),
      wdata_valid_(model.port("wdata_valid_i")),
      wdata_ready_(model.port("wdata_ready_o")),
      wdata_(model.port("wdata_i")),
      rsp_valid_(model.port("rsp_valid_o")),
      rsp_ready_(model.port("rsp_ready_i")),
      rsp_(model.port("rsp_o")),
      mem_valid_(model.port("mem_valid_o")),
      mem_ready_(model.port("mem_ready_i")),
      mem_write_(model.port("mem_write_o")),
      mem_beat_(model.port("mem_beat_o")),
      mem_tag_(model.port("mem_tag_o")),
      mem_data_(model.port("mem_data_o")),
      mem_strobe_(model.port("mem_strobe_o")),
      mem_rsp_valid_(model.port("mem_rsp_valid_i")),
      mem_rsp_tag_(model.port("mem_rsp_tag_i")),
      mem_rsp_error_(model.port("mem_rsp_error_i")),
      mem_rsp_data_(model.port("mem_rsp_data_i")),
      errors_(model.port("errors_o")),
      port_errors_(model.port("port_errors_o")),
      dead_(model.port("dead_o")),
      link_data_(model.port("link_data_o")),
      fault_(model.port("fault_i")),
      stall_(model.port("stall_i")),
      patience_(model.port("patience_i")),
      joint_clear_(model.port("joint_clear_i")) {
  place_bits_ = mem_tag_.width() / stations;
  for (unsigned p = 0; p < stations; ++p) ports_[p].next = std::uint64_t{p} << 24;
  for (tb::Port* port : {&req_valid_, &wdata_valid_, &rsp_ready_, &mem_ready_, &mem_rsp_valid_,
                         &fault_, &stall_, &joint_clear_}) {
    port->set(0);
  }
  set_patience(1024);
  model_.reset();
}

void NetworkBench::fail(unsigned port, unsigned tag, const std::string& what) const {
  throw NetworkError(fmt::format("clock {}: port {} tag {:#x}: {}", clock, port, tag, what));
}

Beat NetworkBench::initial(Place place) {
  Beat beat;
  for (unsigned w = 0; w < 16; ++w) {
    beat[w] = static_cast<std::uint32_t>(mix(place.beat * 64 + place.station + (w << 28)));
  }
  return beat;
}

bool NetworkBench::fails(Place place) const {
  return memory_.failures && mix(place.beat * 16 + place.station) % 41 == 0;
}

Beat NetworkBench::expected(Place place) const {
  const auto found = plain_.find(place);
  return found == plain_.end() ? initial(place) : found->second;
}

std::uint64_t NetworkBench::in_flight() const {
  std::uint64_t count = 0;
  for (const PortState& port : ports_) count += port.flights.size();
  return count;
}

unsigned NetworkBench::errors(unsigned station, unsigned lsb) const {
  return static_cast<unsigned>(
      errors_.bits(station * 5 * ring::kCounterWidth + lsb, ring::kCounterWidth));
}

unsigned NetworkBench::port_errors(unsigned station, unsigned lsb) const {
  return static_cast<unsigned>(
      port_errors_.bits(station * 3 * ring::kCounterWidth + lsb, ring::kCounterWidth));
}

NetworkBench::Group* NetworkBench::group_of(unsigned port) {
  for (Group& group : groups_) {
    if ((group.mask >> port & 1) != 0) return &group;
  }
  return nullptr;
}

void NetworkBench::set_groups(const std::vector<unsigned>& masks) {
  if (in_flight() != 0) throw NetworkError("groups change while something is under way");
  groups_.clear();
  for (const unsigned mask : masks) groups_.push_back({mask, {}, {}, std::uint64_t{mask} << 26});
  for (PortState& port : ports_) port.joint = 0;
  joint_clear_.set(1);
  for (unsigned i = 0; i < 40; ++i) step({.request_percent = 0});  // Control packets arrive
  joint_clear_.set(0);
}

bool NetworkBench::choose_address(Request& request, const NetworkTraffic& traffic) {
  std::uint64_t slice = chance(traffic.missing_percent) ? stations_ + random_() % (17 - stations_)
                                                        : random_() % stations_;
  if (slice > 15) return false;
  // A window now and then.
  if (slice < stations_ && sim::has_windows(stations_) && random_() % 4 == 0) slice += 8;
  // The first and the last granules of a slice.
  const std::uint64_t granule =
      random_() % 2 == 0 ? random_() % 12 : (1u << 22) - 1 - random_() % 3;
  unsigned place = static_cast<unsigned>(random_() % 16);
  if ((request.write || request.mask != 0) && place + request.len > 15) place = 15 - request.len;
  request.addr = slice << 32 | granule << 10 | place << 6;
  return request.addr + 64 * (request.len + 1) <= std::uint64_t{1} << 36;
}

bool NetworkBench::make_flight(const Request& request, unsigned readers, Flight& flight) {
  flight.write = request.write;
  flight.beats = request.len + 1;
  bool exists = true;
  for (unsigned b = 0; b < flight.beats; ++b) {
    const sim::RingHome home = sim::ring_home(stations_, request.addr + 64 * b);
    const bool several = request.write && request.mask != 0;
    if (several) {
      for (unsigned s = 0; s < stations_; ++s) {
        if ((request.mask >> s & 1) != 0)
          flight.places.push_back({s, ((request.addr & 0xffffffff) >> 6) + b});
      }
    } else if (home.exists) {
      flight.places.push_back({home.station, home.local >> 6});
    }
    exists = exists && (home.exists || several);
    const bool bad = home.exists && fails({home.station, home.local >> 6});
    flight.errors.push_back(!home.exists ? kDecode : bad ? kData : kOk);
    flight.data.push_back(flight.errors.back() != kOk ? Beat{}
                                                      : expected({home.station, home.local >> 6}));
  }
  for (const Place& place : flight.places) {
    const auto lock = locks_.find(place);
    if (lock != locks_.end() && (request.write || lock->second < 0)) return false;
  }
  for (const Place& place : flight.places) {
    locks_[place] = request.write ? -1 : locks_[place] + static_cast<int>(readers);
  }
  if (!exists) ++refused;
  if (request.write && !exists) flight.error = kDecode;
  return true;
}

/// The group's next read of this port; if none of the others was there before, a new one.
void NetworkBench::ask_joint(unsigned p, Group& group, const NetworkTraffic& traffic) {
  PortState& port = ports_[p];
  const auto tag = static_cast<unsigned>(0x80 + port.joint % 64);
  if (port.flights.count(tag) != 0) return;
  if (port.joint == group.reads.size()) {
    if (finishing_) return;
    Request request{false, 0, 0, tag, group.mask};
    request.len = traffic.beats != 0 ? traffic.beats - 1 : static_cast<unsigned>(random_() % 16);
    Flight flight;
    if (traffic.sequential) {
      request.addr = group.next;
      group.next += 64 * (request.len + 1);
    } else if (!choose_address(request, traffic)) {
      return;
    }
    const auto readers = static_cast<unsigned>(__builtin_popcount(group.mask));
    if (!make_flight(request, readers, flight)) return;
    group.reads.push_back(request);
    group.flights.push_back(std::move(flight));
    ++joints;
  }
  port.flights[tag] = group.flights[port.joint];
  port.request.push_back(group.reads[port.joint]);
  ++port.joint;
}

/// A new request, if the port may have one and it does not meet another's beats.
void NetworkBench::ask(unsigned p, const NetworkTraffic& traffic) {
  PortState& port = ports_[p];
  if (!port.request.empty() || port.flights.size() >= traffic.outstanding) return;
  Group* group = group_of(p);
  if (group != nullptr && chance(traffic.joint_percent)) {
    ask_joint(p, *group, traffic);
    return;
  }
  unsigned tag = static_cast<unsigned>(random_() % 256);
  for (unsigned i = 0; i < 4 && port.flights.count(tag) != 0; ++i) tag = (tag + 67) % 256;
  if (port.flights.count(tag) != 0 || (group != nullptr && tag / 64 == 2)) return;
  Request request{!traffic.sequential && chance(traffic.write_percent), 0, 0, tag, 0};
  request.len = traffic.beats != 0 ? traffic.beats - 1 : static_cast<unsigned>(random_() % 16);
  if (traffic.sequential) {
    request.addr = port.next;
    port.next += 64 * (request.len + 1);
  } else if (!choose_address(request, traffic)) {
    return;
  }
  if (request.write && chance(traffic.multicast_percent)) {
    request.mask = static_cast<unsigned>(random_() % (1u << stations_));
  }
  Flight flight;
  if (!make_flight(request, 1, flight)) return;
  const bool exists = flight.error == kOk;
  if (request.write) {
    const std::size_t copies = flight.places.size() / flight.beats;
    for (unsigned b = 0; b < flight.beats; ++b) {
      WriteBeat beat{{}, random_() % 3 == 0 ? random_() : ~std::uint64_t{0}, b == request.len};
      for (std::uint32_t& word : beat.data) word = static_cast<std::uint32_t>(random_());
      for (std::size_t c = 0; c < copies; ++c) {
        const Place& place = flight.places[b * copies + c];
        if (fails(place)) {
          if (exists) flight.error = kData;
          continue;
        }
        Beat now = expected(place);
        merge(now, beat.data, beat.strobe);
        plain_[place] = now;
      }
      port.data.push_back(beat);
    }
    if (request.mask != 0) ++multicasts;
  } else if ((request.addr & 1023) + 64 * request.len > 1023) {
    ++crossings;
  }
  port.flights[tag] = std::move(flight);
  port.request.push_back(request);
}

void NetworkBench::drive_port(unsigned p, const NetworkTraffic& traffic) {
  PortState& port = ports_[p];
  Group* group = group_of(p);
  if (finishing_ && group != nullptr && port.joint < group->reads.size()) {
    if (port.request.empty()) ask_joint(p, *group, traffic);
  } else if ((traffic.ports >> p & 1) != 0 && chance(traffic.request_percent)) {
    ask(p, traffic);
  }
  req_valid_.set_bits(p, 1, !port.request.empty());
  if (!port.request.empty()) {
    const Request& r = port.request.front();
    const unsigned base = p * kRequestBits;
    req_.set_bits(base, 16, r.mask);
    req_.set_bits(base + 16, 8, r.tag);
    req_.set_bits(base + 24, 4, r.len);
    req_.set_bits(base + 28, 36, r.addr);
    req_.set_bits(base + 64, 1, r.write);
  }
  port.data_shown = !port.data.empty() && (port.data_shown || !chance(traffic.stall_data));
  wdata_valid_.set_bits(p, 1, port.data_shown);
  if (port.data_shown) {
    const WriteBeat& beat = port.data.front();
    wdata_.set_bits(p * kWriteBits, 1, beat.last);
    wdata_.set_bits(p * kWriteBits + 1, 64, beat.strobe);
    set_beat(wdata_, p * kWriteBits + 65, beat.data);
  }
  rsp_ready_.set_bits(p, 1, !chance(traffic.stall_response));
}

void NetworkBench::drive_memory(unsigned s, const NetworkTraffic& traffic) {
  Device& device = devices_[s];
  if (device.wait > 0) --device.wait;
  const bool ready = device.wait == 0 && (silent >> s & 1) == 0 && !chance(traffic.stall_memory);
  mem_ready_.set_bits(s, 1, ready);
  device.shown = -1;
  if (!device.answers.empty()) {
    const std::size_t first = random_() % device.answers.size();
    for (std::size_t i = 0; i < device.answers.size(); ++i) {
      const std::size_t at = (first + i) % device.answers.size();
      if (device.answers[at].due <= clock) {
        device.shown = static_cast<int>(at);
        break;
      }
    }
  }
  mem_rsp_valid_.set_bits(s, 1, device.shown >= 0);
  if (device.shown >= 0) {
    const Answer& a = device.answers[static_cast<std::size_t>(device.shown)];
    mem_rsp_tag_.set_bits(s * place_bits_, place_bits_, a.tag);
    mem_rsp_error_.set_bits(2 * s, 2, a.error);
    set_beat(mem_rsp_data_, 512 * s, a.data);
  }
}

void NetworkBench::answer(unsigned p, const std::vector<std::uint32_t>& bits) {
  const unsigned base = p * kResponseBits;
  const bool last = rsp_.bits(base, 1) != 0, write = rsp_.bits(base + 3, 1) != 0;
  const auto error = static_cast<unsigned>(rsp_.bits(base + 1, 2));
  const auto tag = static_cast<unsigned>(rsp_.bits(base + 4, 8));
  const auto found = ports_[p].flights.find(tag);
  if (found == ports_[p].flights.end()) fail(p, tag, "answers no request");
  Flight& flight = found->second;
  if (!ports_[p].request.empty() && ports_[p].request.front().tag == tag) {
    fail(p, tag, "answered before its request was taken");
  }
  if (write != flight.write) fail(p, tag, "read and write answers mixed up");
  const bool ends = write || flight.done + 1 == flight.beats;
  if (last != ends) fail(p, tag, fmt::format("last is {} at beat {}", last, flight.done));
  const unsigned due = write ? flight.error : flight.errors[flight.done];
  if (error != due) {
    if (!tolerant) fail(p, tag, fmt::format("error {} where {} is due", error, due));
    ++tolerated;
  }
  if (error != kOk) ++failed;
  if (!write) {
    if (error == kOk && !std::equal(bits.begin(), bits.end(), flight.data[flight.done].begin())) {
      fail(p, tag, fmt::format("wrong data in beat {} of {}", flight.done, flight.beats));
    }
    ++read_beats[p];
  }
  ++flight.done;
  if (!ends) return;
  const bool doubtful = write && error != flight.error;
  for (const Place& place : flight.places) {
    int& lock = locks_[place];
    if (doubtful) {
      doubtful_.insert(place);  // and stays locked
    } else if (write || --lock == 0) {
      locks_.erase(place);
    }
  }
  ++bursts[p];
  ports_[p].flights.erase(found);
}

void NetworkBench::sample_port(unsigned p) {
  PortState& port = ports_[p];
  if (!port.request.empty() && req_ready_.bits(p, 1) != 0) {
    port.request.pop_front();
    last_event_ = clock;
  }
  if (port.data_shown && wdata_ready_.bits(p, 1) != 0) {
    port.data.pop_front();
    port.data_shown = false;
  }
  const bool valid = rsp_valid_.bits(p, 1) != 0;
  if (port.waits && !valid) fail(p, 0, "a response was taken back");
  if (!valid) return;
  const Beat data = get_beat(rsp_, p * kResponseBits + 12);
  std::vector<std::uint32_t> bits(data.begin(), data.end());
  bits.push_back(static_cast<std::uint32_t>(rsp_.bits(p * kResponseBits, 12)));
  if (port.waits && bits != port.held) fail(p, 0, "a response changed while it waited");
  port.waits = rsp_ready_.bits(p, 1) == 0;
  port.held = bits;
  if (port.waits) return;
  last_event_ = clock;
  bits.pop_back();
  answer(p, bits);
}

void NetworkBench::sample_memory(unsigned s) {
  Device& device = devices_[s];
  if (device.shown >= 0) device.answers.erase(device.answers.begin() + device.shown);
  if (mem_valid_.bits(s, 1) == 0 || mem_ready_.bits(s, 1) == 0) return;
  device.wait = memory_.interval;
  ++accesses;
  const Place place{s, mem_beat_.bits(s * kBeatBits, kBeatBits)};
  const bool bad = fails(place);
  auto [word, fresh] = device.words.try_emplace(place.beat);
  if (fresh) word->second = initial(place);
  Answer a{clock + memory_.latency + (memory_.spread != 0 ? random_() % memory_.spread : 0),
           static_cast<unsigned>(mem_tag_.bits(s * place_bits_, place_bits_)), bad ? kData : kOk,
           word->second};
  if (mem_write_.bits(s, 1) != 0 && !bad) {
    merge(word->second, get_beat(mem_data_, 512 * s), mem_strobe_.bits(64 * s, 64));
  }
  device.answers.push_back(a);
}

void NetworkBench::step(const NetworkTraffic& traffic) {
  for (unsigned p = 0; p < stations_; ++p) drive_port(p, traffic);
  for (unsigned s = 0; s < stations_; ++s) {
    drive_memory(s, traffic);
    stall_.set_bits(s, 1, chance(traffic.stall_ring));
  }
  model_.eval();
  for (unsigned p = 0; p < stations_; ++p) sample_port(p);
  for (unsigned s = 0; s < stations_; ++s) sample_memory(s);
  for (unsigned link = 0; link < 2 * stations_; ++link) {
    if (link_data_.bits(link, 1) != 0) ++link_beats[link];
  }
  model_.tick();
  ++clock;
}

void NetworkBench::drain(unsigned patience) {
  NetworkTraffic quiet;
  quiet.request_percent = 0;
  last_event_ = clock;
  finishing_ = true;
  const auto unfinished = [this] {
    for (unsigned p = 0; p < stations_; ++p) {
      const Group* group = group_of(p);
      if (group != nullptr && ports_[p].joint < group->reads.size()) return true;
    }
    return false;
  };
  while (in_flight() != 0 || unfinished()) {
    step(quiet);
    if (clock - last_event_ <= patience) continue;
    for (unsigned p = 0; p < stations_; ++p) {
      if (!ports_[p].flights.empty()) fail(p, ports_[p].flights.begin()->first, "not answered");
    }
  }
  finishing_ = false;
  for (const auto& [place, beat] : plain_) {
    if (doubtful_.count(place) != 0) continue;
    const auto found = devices_[place.station].words.find(place.beat);
    if (found == devices_[place.station].words.end() || found->second != beat) {
      throw NetworkError(fmt::format("memory {} differs at beat {:#x}", place.station, place.beat));
    }
  }
}

std::uint64_t NetworkBench::time_read(unsigned port, std::uint64_t address) {
  drain();
  const sim::RingHome home = sim::ring_home(stations_, address);
  Flight flight;
  flight.beats = 1;
  flight.errors = {kOk};
  flight.data = {expected({home.station, home.local >> 6})};
  ports_[port].flights[0] = flight;
  ports_[port].request.push_back({false, address, 0, 0, 0});
  const std::uint64_t start = clock;
  drain();
  return clock - 1 - start;
}

}  // namespace s4::tests
