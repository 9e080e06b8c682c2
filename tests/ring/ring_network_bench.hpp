// Subsystems that read and write at random over a verilated ring_network, memories behind it, and a
// plain memory beside it that says what must come back.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/memory_port/gen/memory_port.hpp"
#include "sim/ring/gen/ring.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"

namespace s4::tests {

using Beat = std::array<std::uint32_t, 16>;  // 64 B

/// A broken promise of the network or of a port's protocol.
struct NetworkError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct NetworkTraffic {
  unsigned ports = ~0u;            // those that ask, as a mask
  unsigned request_percent = 100;  // chance of a new request per port and clock
  unsigned write_percent = 30;     // of the requests
  unsigned multicast_percent = 0;  // of the writes
  unsigned joint_percent = 0;      // of the requests of a port in a group
  unsigned missing_percent = 0;    // of the requests: an address that does not exist
  unsigned beats = 0;              // of a burst, 0: random
  bool sequential = false;         // reads of one run of addresses, each port its own
  unsigned stall_response = 0;     // percent: the port does not take a response
  unsigned stall_data = 0;         // percent: write data come late
  unsigned stall_memory = 0;       // percent: a memory takes no access
  unsigned stall_ring = 0;         // percent: a station sends nothing of its own
  unsigned outstanding = 64;       // bursts of a port
};

struct NetworkMemory {
  unsigned interval = 4;  // clocks per beat: 4 is 16 B per clock
  unsigned latency = 40;  // clocks at least
  unsigned spread = 30;   // more at random: answers change order
  bool failures = false;  // some beats answer with an error
};

class NetworkBench {
 public:
  NetworkBench(tb::Model& model, unsigned stations, NetworkMemory memory = {});

  /// Stations whose reads may be joint, as masks that have no station in common. Nothing may be
  /// under way.
  void set_groups(const std::vector<unsigned>& masks);
  /// One clock; throws NetworkError (or tb::ModelError of an assertion) at the first wrong thing.
  void step(const NetworkTraffic& traffic);
  /// Until everything was answered, then compares all memories; throws if nothing happens.
  void drain(unsigned patience = 5000);
  /// Clocks from an accepted read of one beat to its response, nothing else going on.
  std::uint64_t time_read(unsigned port, std::uint64_t address);
  [[nodiscard]] std::uint64_t in_flight() const;
  [[nodiscard]] unsigned errors(unsigned station, unsigned lsb) const;
  [[nodiscard]] std::uint32_t dead(unsigned station) const {
    return static_cast<std::uint32_t>(dead_.bits(station * stations_, stations_));
  }
  /// Counters of a network interface.
  [[nodiscard]] unsigned port_errors(unsigned station, unsigned lsb) const;
  /// Clocks after which a burst that got no answer is given up at the earliest, / 256.
  void set_patience(unsigned patience) { patience_.set(patience); }
  void set_fault(unsigned station, unsigned lane, ring::Fault fault) {
    fault_.set_bits((2 * station + lane) * 2, 2, static_cast<unsigned>(fault));
  }

  std::uint64_t clock = 0;
  std::vector<std::uint64_t> read_beats, bursts;  // answered, by port
  std::uint64_t multicasts = 0, crossings = 0, refused = 0, failed = 0, joints = 0;
  std::uint64_t accesses = 0;                    // that the memories accepted
  std::map<unsigned, std::uint64_t> link_beats;  // of data: lane l of station s at 2 s + l
  unsigned silent = 0;                           // memories that accept nothing, as a mask
  /// Data and Decode errors may come where none is due: a beat that a failed write may or may not
  /// have changed is not used again, all others count as ever.
  bool tolerant = false;
  std::uint64_t tolerated = 0;

 private:
  struct Place {  // a beat of a station's memory
    unsigned station;
    std::uint64_t beat;
    bool operator<(const Place& o) const {
      return station != o.station ? station < o.station : beat < o.beat;
    }
  };
  struct Flight {
    bool write = false;
    unsigned beats = 0, done = 0;
    std::vector<Place> places;  // locked
    std::vector<unsigned> errors;
    std::vector<Beat> data;
    unsigned error = 0;  // of a write
  };
  struct Request {
    bool write;
    std::uint64_t addr;
    unsigned len, tag, mask;
  };
  struct Group {
    unsigned mask = 0;
    std::vector<Request> reads;  // in the order in which every station asks for them
    std::vector<Flight> flights;
    std::uint64_t next = 0;  // sequential address
  };
  struct WriteBeat {
    Beat data;
    std::uint64_t strobe;
    bool last;
  };
  struct PortState {
    std::deque<Request> request;
    std::deque<WriteBeat> data;
    bool data_shown = false, waits = false;
    std::map<unsigned, Flight> flights;
    std::uint64_t next = 0;  // sequential address
    std::size_t joint = 0;   // reads of its group that it has asked for
    std::vector<std::uint32_t> held;
  };
  struct Answer {
    std::uint64_t due;
    unsigned tag, error;
    Beat data;
  };
  struct Device {
    std::map<std::uint64_t, Beat> words;
    std::vector<Answer> answers;
    unsigned wait = 0;
    int shown = -1;
  };

  [[nodiscard]] bool chance(unsigned percent) { return percent != 0 && random_() % 100 < percent; }
  [[nodiscard]] static Beat initial(Place place);
  [[nodiscard]] bool fails(Place place) const;
  [[nodiscard]] Beat expected(Place place) const;
  void ask(unsigned port, const NetworkTraffic& traffic);
  [[nodiscard]] bool choose_address(Request& request, const NetworkTraffic& traffic);
  /// What must come back; false if its beats meet those of another.
  [[nodiscard]] bool make_flight(const Request& request, unsigned readers, Flight& flight);
  [[nodiscard]] Group* group_of(unsigned port);
  void ask_joint(unsigned port, Group& group, const NetworkTraffic& traffic);
  void drive_port(unsigned port, const NetworkTraffic& traffic);
  void drive_memory(unsigned station, const NetworkTraffic& traffic);
  void sample_port(unsigned port);
  void sample_memory(unsigned station);
  void answer(unsigned port, const std::vector<std::uint32_t>& bits);
  [[noreturn]] void fail(unsigned port, unsigned tag, const std::string& what) const;

  tb::Model& model_;
  unsigned stations_;
  NetworkMemory memory_;
  std::mt19937_64 random_;
  std::vector<PortState> ports_;
  std::vector<Device> devices_;
  std::vector<Group> groups_;
  bool finishing_ = false;  // joint reads that some have asked for are asked for by all
  std::map<Place, Beat> plain_;
  std::map<Place, int> locks_;  // readers, or -1: a writer, or one that failed
  std::set<Place> doubtful_;
  unsigned place_bits_;
  std::uint64_t last_event_ = 0;
  tb::Port req_valid_, req_ready_, req_, wdata_valid_, wdata_ready_, wdata_, rsp_valid_, rsp_ready_,
      rsp_, mem_valid_, mem_ready_, mem_write_, mem_beat_, mem_tag_, mem_data_, mem_strobe_,
      mem_rsp_valid_, mem_rsp_tag_, mem_rsp_error_, mem_rsp_data_, errors_, port_errors_, dead_,
      link_data_, fault_, stall_, patience_, joint_clear_;
};

/// The module `ring_network` of `stations` stations.
[[nodiscard]] std::unique_ptr<tb::Model> network_model(unsigned stations,
                                                       tb::ModelOptions options = {},
                                                       tb::Kind kind = tb::Kind::kChecked);

}  // namespace s4::tests
