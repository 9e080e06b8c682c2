// A host that reads and writes at random through a verilated host_bridge, a memory behind its port
// that answers in any order, and a plain memory beside it that says what must come back. Checks
// AXI4 at the host's side (valid and payload stay, IDs, order of each ID, counts of beats, last)
// and the rules of the memory port at the other.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tb/model.hpp"

namespace s4::tests {

using Line = std::array<std::uint32_t, 16>;  // 64 B

[[nodiscard]] Line line_of(const tb::Port& port, unsigned lsb);
void set_line(tb::Port& port, unsigned lsb, const Line& line);
/// Takes over the bytes that the strobe names.
void merge(Line& into, const Line& from, std::uint64_t strobe);

/// A broken promise of the bridge.
struct BridgeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Percent, unless told otherwise.
struct HostTraffic {
  unsigned request = 100;        // chance of a new burst per clock
  unsigned write = 40;           // of the bursts
  unsigned illegal = 5;          // of the bursts: FIXED, WRAP, other sizes, beyond the space
  unsigned unaligned = 30;       // of the bursts
  unsigned beats = 0;            // of a burst, 0: random, 1 to 256
  unsigned ids = 4;              // different ones
  bool sequential = false;       // one run of addresses
  unsigned stall_address = 0;    // AW, AR come late
  unsigned stall_data = 0;       // W comes late
  unsigned stall_answer = 0;     // B, R are not taken
  unsigned stall_request = 0;    // the port does not take a request
  unsigned stall_port_data = 0;  // the port does not take write data
  unsigned stall_response = 0;   // the port answers nothing
  unsigned outstanding = 24;     // bursts
};

struct BridgeMemory {
  unsigned latency = 20;  // clocks at least
  unsigned spread = 40;   // more at random
  bool failures = true;   // some lines answer with an error
};

class BridgeBench {
 public:
  BridgeBench(tb::Model& model, BridgeMemory memory);

  /// One clock; throws BridgeError (or tb::ModelError of an assertion) at the first wrong thing.
  void step(const HostTraffic& traffic);
  /// Until everything was answered, then compares the memories; throws if nothing happens.
  void drain(unsigned patience = 3000);
  /// Clocks from a read's acceptance to its only beat, nothing else under way.
  std::uint64_t time_read();
  /// Offers the address of a write burst and holds its data back until release_data().
  void hold_data(std::uint64_t address);
  void release_data() { withhold_ = false; }
  void set_stop(bool stop) { stop_.set(stop ? 1 : 0); }
  [[nodiscard]] bool idle() const { return idle_.get() != 0; }
  [[nodiscard]] std::size_t open_reads() const;
  [[nodiscard]] std::size_t open_writes() const;

  std::uint64_t clock = 0;
  std::uint64_t reads = 0, writes = 0;            // bursts answered
  std::uint64_t read_beats = 0, write_beats = 0;  // that passed on AXI
  std::uint64_t accepted = 0;                     // addresses that the bridge took
  std::uint64_t illegal = 0, decode = 0, data_errors = 0, unaligned = 0, longest = 0, crossing = 0;

 private:
  enum class Outcome : unsigned { kOk = 0, kDecode = 1, kData = 2 };
  struct Burst {
    bool write = false, legal = true;
    unsigned id = 0, len = 0, size = 6, kind = 1;
    std::uint64_t address = 0;
    std::vector<Line> data;               // of a read: expected
    std::vector<unsigned> responses;      // of a read
    unsigned response = 0, done = 0;      // of a write; beats answered
    std::vector<std::uint64_t> sequence;  // of a write: which write of its line it is
  };
  struct Beat {
    Line data;
    std::uint64_t strobe;
    bool last, withheld;
  };
  struct Part {  // a burst at the memory port
    bool write = false;
    std::uint64_t line = 0, due = 0;
    unsigned len = 0, tag = 0, done = 0;
    std::vector<Beat> data;
  };
  struct Held {  // an output channel that waits
    bool waits = false;
    std::vector<std::uint32_t> payload;
  };

  [[nodiscard]] bool chance(unsigned percent) { return percent != 0 && random_() % 100 < percent; }
  [[nodiscard]] static Line initial(std::uint64_t line);
  [[nodiscard]] Outcome outcome(std::uint64_t line) const;
  [[nodiscard]] static unsigned response(Outcome outcome);
  [[nodiscard]] const Line& expected(std::uint64_t line);
  [[nodiscard]] std::uint64_t choose_address(const HostTraffic& traffic, unsigned len);
  void ask(const HostTraffic& traffic);
  bool lock(const Burst& burst);
  void unlock(const Burst& burst);
  void add_write(Burst burst);
  void add_read(Burst burst);
  void drive(const HostTraffic& traffic);
  void drive_memory(const HostTraffic& traffic);
  void sample();
  void sample_memory();
  void take_request();
  void take_data();
  [[nodiscard]] bool may_end(std::size_t part) const;
  void finish_write(const Part& part);
  void check_held(const char* channel, Held& held, const tb::Port& valid, const tb::Port& ready,
                  std::initializer_list<const tb::Port*> payload);
  void take_beat();
  void take_answer();
  [[noreturn]] void fail(const std::string& what) const;

  tb::Model& model_;
  BridgeMemory memory_;
  std::mt19937_64 random_;
  std::deque<Burst> aw_, ar_;  // not yet accepted
  std::deque<Beat> w_;
  std::map<unsigned, std::deque<Burst>> open_reads_, open_writes_;  // by ID
  bool aw_shown_ = false, ar_shown_ = false, w_shown_ = false, withhold_ = false;
  std::uint64_t next_ = 0;             // sequential address
  std::map<std::uint64_t, int> lock_;  // readers, or minus writers
  std::map<std::uint64_t, Line> plain_, words_;
  std::map<std::uint64_t, std::uint64_t> issued_, applied_;  // writes of a line
  std::vector<Part> parts_;
  std::deque<unsigned> data_order_;  // tags of write parts without all their data
  std::set<unsigned> tags_;
  int shown_ = -1;
  bool request_ready_ = false, data_ready_ = false;
  Held held_r_, held_b_, held_req_, held_wdata_;
  std::uint64_t last_event_ = 0;
  tb::Port stop_, idle_;
  tb::Port awvalid_, awready_, awid_, awaddr_, awlen_, awsize_, awburst_;
  tb::Port wvalid_, wready_, wdata_, wstrb_, wlast_, bvalid_, bready_, bid_, bresp_;
  tb::Port arvalid_, arready_, arid_, araddr_, arlen_, arsize_, arburst_;
  tb::Port rvalid_, rready_, rid_, rdata_, rresp_, rlast_;
  tb::Port req_valid_, req_ready_, req_, data_valid_, data_ready_port_, data_;
  tb::Port rsp_valid_, rsp_ready_, rsp_;
};

}  // namespace s4::tests
