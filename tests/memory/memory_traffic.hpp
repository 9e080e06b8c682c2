// Drives one memory controller with a stream of requests, beside the device model at its pins and a
// plain memory that says what every read must see.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/memory/gen/lpddr4.hpp"
#include "sim/memory/lpddr_channel.hpp"
#include "tb/model.hpp"

namespace s4::tests {

struct MemoryRequest {
  bool write = false;
  std::uint32_t address = 0;
  bool two = true;                            ///< 64 bytes
  std::uint64_t strobes = ~std::uint64_t{0};  ///< bytes written
};

struct MemorySetup {
  std::string config = "s4";
  tb::Kind kind = tb::Kind::kFast;
  bool two_ranks = false;
  bool ecc = false;
  std::map<std::string, std::string> parameters;  ///< of the controller, over short initialisation
  std::map<std::string, std::string> replace;     ///< of modules
  sim::LpddrTimings timings;                      ///< of the device, over short initialisation
  bool real_start = false;                        ///< initialisation as long as the standard's
  double stall = 0;                               ///< of write data and both answer channels
  std::uint64_t seed = 1;
};

struct MemoryResult {
  std::uint64_t clocks = 0;  ///< from the first to the last request taken
  std::uint64_t bursts = 0;  ///< on the pins in these clocks
  std::uint64_t refused = 0;
  std::uint64_t wrong = 0;  ///< beats answered with the error that was expected of them
  double percent = 0;       ///< of 8 bytes per clock
  double latency = 0;       ///< mean clocks of a read, from acceptance to the last beat
  std::uint64_t latency_max = 0;
};

class MemoryTraffic {
 public:
  using Source = std::function<std::optional<MemoryRequest>()>;

  explicit MemoryTraffic(const MemorySetup& setup);

  /// Takes requests until the source has no more, then waits for all answers; every beat is
  /// compared. Throws std::runtime_error, LpddrViolation or ModelError.
  MemoryResult run(const Source& source);
  /// One clock, with the next request offered if there is one.
  void clock();
  void idle(std::uint64_t clocks);
  /// Reset in the middle: what was under way is forgotten, the memory forgets what it held.
  void reset();

  /// Inverts a bit of the word at a multiple of 8: 0 to 63 of the data, 64 to 71 of its checks.
  void flip(std::uint32_t address, unsigned bit);
  /// The word at a multiple of 8 has two wrong bits: reads of its burst are answered with an error
  /// until all of it is written.
  void spoil(std::uint32_t address) { spoilt_.insert(address); }
  /// Whether the device holds every line that was written, with right checks.
  [[nodiscard]] bool is_stored();

  [[nodiscard]] sim::LpddrChannel& device() { return *device_; }
  [[nodiscard]] std::uint64_t counter(lpddr4::Counter which);
  [[nodiscard]] std::uint64_t cycle() const { return cycle_; }
  [[nodiscard]] bool busy() const { return !reads_.empty() || !acks_.empty() || !beats_.empty(); }

 private:
  using Line = std::array<std::uint8_t, 64>;
  struct Beat {
    std::array<std::uint8_t, 32> data{};
    std::uint32_t strobes = 0;
  };
  struct Read {
    Line data{};
    unsigned half = 0;
    bool two = false, error = false;
    unsigned wrong = 0;  // halves that hold a spoilt word
    std::uint64_t since = 0;
  };

  void begin();
  void accept();
  void answer();
  [[nodiscard]] std::uint32_t wrong_halves(std::uint32_t line) const;
  [[nodiscard]] bool in_range(std::uint32_t address) const;
  [[nodiscard]] bool chance(double p);

  MemorySetup setup_;
  std::unique_ptr<tb::Model> model_;
  std::unique_ptr<sim::LpddrChannel> device_;
  std::map<std::string, tb::Port> ports_;
  tb::Port& port(const char* name) { return ports_.at(name); }
  std::mt19937_64 random_;
  std::unordered_map<std::uint32_t, Line> memory_;
  std::set<std::uint32_t> spoilt_;
  std::unordered_map<std::uint64_t, Read> reads_;  // by tag
  std::unordered_map<std::uint64_t, bool> acks_;   // by tag: error
  std::deque<Beat> beats_;
  std::optional<MemoryRequest> offered_;
  Source source_;
  sim::LpddrInputs pins_;
  std::uint64_t cycle_ = 0, first_ = 0, last_ = 0, taken_ = 0, bursts_at_first_ = 0,
                bursts_at_last_ = 0, latency_sum_ = 0, latency_count_ = 0, latency_max_ = 0,
                refused_ = 0, wrong_ = 0;
  unsigned next_tag_ = 0;
};

}  // namespace s4::tests
