// The *ideal* memory behind the memory port of a verilated model: 64 B per clock each way, a fixed
// latency, no refresh, no banks. Figures taken with it must say "ideal".
//
//   IdealMemory memory(*model, contents);      // ports mem_req_*, mem_wdata_*, mem_rsp_*
//   for (;;) {
//     ...set the other inputs of the model...
//     memory.tick_before_edge();  // drives its outputs, evaluates the model, samples handshakes
//     ...sample other outputs of the model...
//     model->tick();
//     memory.tick_after_edge();   // acts on what was sampled
//   }
//
// Every rule of the protocol is checked; a violation throws ProtocolError naming signal, tag,
// cycle:
//  - valid is held, with its payload, until ready;
//  - a request is aligned to 64 B, its tag is not in use, its destination mask is 0, writes come
//    from the store client only and into the write windows, where such are set; a burst of any
//    client but Fetch stays within 1024 B;
//  - write data comes in the order of its requests with `last` on exactly the last beat. It may be
//    offered before its request was accepted; it is accepted only afterwards.
// A read burst gets its beats from `latency` clocks after its request on, a write burst its
// acknowledge `latency` clocks after its last data beat; both share the response channel, where an
// acknowledge that is due goes before read beats that are due. A beat
// without memory behind it is answered with Decode; its data are zero, nothing is written.
#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/memory_port/gen/memory_port.hpp"
#include "sim/memory_port/memory.hpp"
#include "tb/model.hpp"

namespace s4::tb {

/// The model broke a rule of the memory port.
struct ProtocolError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct IdealMemoryOptions {
  /// Clocks from an accepted request (write: last data beat) to its first response beat, >= 1.
  unsigned latency = 100;
  /// Probabilities that a channel stalls in a clock: request ready, write ready, response valid.
  double stall_request = 0;
  double stall_write = 0;
  double stall_response = 0;
  /// Answers bursts in random order, beats of different tags interleaved.
  bool reorder = false;
  /// Addresses from here on are answered with Decode, whatever the contents hold.
  std::uint64_t address_limit = sim::kAddressSpace;
  /// Where alone writes may go, [begin, end); empty: everywhere.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> write_windows;
  /// 0 takes s4::tb::seed().
  std::uint64_t seed = 0;
  /// Start of the port names; a model without <prefix>wdata_valid_o only reads.
  std::string prefix = "mem_";
};

class IdealMemory {
 public:
  struct Statistics {
    std::uint64_t requests = 0;       ///< Bursts accepted.
    std::uint64_t read_beats = 0;     ///< Read beats delivered.
    std::uint64_t write_beats = 0;    ///< Write beats accepted.
    std::uint64_t acknowledges = 0;   ///< Write acknowledges delivered.
    std::uint64_t max_in_flight = 0;  ///< Most bursts in flight.
  };

  /// Both must outlive this object.
  IdealMemory(Model& model, sim::Memory& contents, IdealMemoryOptions options = {});

  /// Drives this clock's inputs of the model, evaluates it and samples the handshakes.
  void tick_before_edge();
  /// Commits the transfers of the edge that the model was just clocked with.
  void tick_after_edge();

  /// Every access to this 64-byte word is answered with `error` (kOk: no longer).
  void inject_error(std::uint64_t addr, memory_port::ResponseError error);
  /// Forgets everything in flight; to be used with a reset of the model.
  void reset();

  /// No burst is in flight.
  [[nodiscard]] bool idle() const { return in_flight_ == 0; }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  [[nodiscard]] const Statistics& statistics() const { return statistics_; }
  /// Clock of the model in which a client took its first read beat since the last call.
  [[nodiscard]] std::optional<std::uint64_t> take_first_beat(memory_port::Client client) {
    return std::exchange(first_beats_[static_cast<std::size_t>(client)], std::nullopt);
  }
  /// May be changed between clocks.
  [[nodiscard]] IdealMemoryOptions& options() { return options_; }

 private:
  static constexpr unsigned kWords = memory_port::kBeatBytes / 4;

  struct Burst {
    std::uint64_t addr = 0;
    std::uint64_t due = 0;  // cycle of the first response beat
    unsigned beats = 0;
    unsigned done = 0;
    std::uint8_t tag = 0;
    bool write = false;
    memory_port::ResponseError error = memory_port::ResponseError::kOk;
  };
  struct Request {
    std::uint64_t low = 0;
    bool write = false;
    bool operator==(const Request&) const = default;
  };
  using WriteBits = std::array<std::uint32_t, 19>;

  [[nodiscard]] bool chance(double probability);
  [[nodiscard]] memory_port::ResponseError error_at(std::uint64_t addr) const;
  [[nodiscard]] std::size_t due_in(const std::deque<Burst>& queue) const;
  void choose_response();
  void drive_response(const Burst& burst);
  void accept_request();
  void accept_write_data();
  void deliver_response();
  [[noreturn]] void violation(const std::string& signal, int tag, const std::string& what) const;

  Model& model_;
  sim::Memory& contents_;
  IdealMemoryOptions options_;
  std::mt19937_64 random_;
  Port req_valid_, req_ready_, req_, wdata_valid_, wdata_ready_, wdata_;
  Port rsp_valid_, rsp_ready_, rsp_;
  bool has_writes_ = false;

  std::uint64_t cycle_ = 0;
  std::uint64_t model_cycle_ = 0;  // as the model counts, for messages
  static constexpr std::size_t kClients = std::size_t(memory_port::Client::kStore) + 1;
  std::array<std::optional<std::uint64_t>, kClients> first_beats_;
  std::deque<Burst> reads_;         // ordered by due cycle
  std::deque<Burst> acknowledges_;  // ordered by due cycle
  std::deque<Burst> writes_;        // accepted, their data not complete
  std::bitset<1u << memory_port::kTagWidth> tag_used_;
  std::unordered_map<std::uint64_t, memory_port::ResponseError> injected_;
  std::uint64_t in_flight_ = 0;
  // The burst on the response channel: its queue and its index there.
  std::deque<Burst>* chosen_queue_ = &reads_;
  std::size_t chosen_ = 0;
  Statistics statistics_;

  // Driven in this clock.
  bool request_ready_ = false, write_ready_ = false, response_valid_ = false;
  // Sampled in this clock.
  bool request_taken_ = false, write_taken_ = false, response_taken_ = false;
  Request request_;
  WriteBits write_bits_{};
  // Waiting since the clock before: must still be there.
  bool request_waits_ = false, write_waits_ = false;
};

}  // namespace s4::tb
