// The host's side of the AXI4 port: reads and writes bytes at any address, in bursts that end at
// 4 KiB, many in flight under several IDs. Checks order, counts and last of the answers.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tb/model.hpp"

namespace s4::tb {

struct AxiError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class AxiHost {
 public:
  static constexpr unsigned kOkay = 0, kSlverr = 2, kDecerr = 3;
  [[nodiscard]] static const char* response_name(unsigned response) {
    constexpr const char* kNames[] = {"OKAY", "EXOKAY", "SLVERR", "DECERR"};
    return kNames[response & 3];
  }

  explicit AxiHost(Model& model);

  // Begin transfers; the bytes must live until open() is 0.
  void begin_read(std::uint64_t address, std::span<std::uint8_t> bytes);
  void begin_write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::size_t open() const { return open_; }  ///< bursts

  // Around a clock: drive() before the model is evaluated, sample() after, before the edge.
  void drive();
  void sample();

  /// Percent: valid or ready do not come in a clock.
  unsigned stalls = 0;
  unsigned most_beats = 64;  ///< of a burst
  /// Responses since it was last cleared: the worst, and how many of each.
  unsigned worst = kOkay;
  std::map<unsigned, std::uint64_t> responses;
  std::uint64_t read_beats = 0, write_beats = 0;

 private:
  struct Burst {
    bool write = false;
    unsigned id = 0, len = 0, done = 0;
    std::uint64_t address = 0;  // of the first byte
    std::uint8_t* to = nullptr;
    const std::uint8_t* from = nullptr;
    std::size_t size = 0;
  };
  struct Beat {
    std::uint8_t data[64];
    std::uint64_t strobe;
    bool last;
  };
  [[nodiscard]] bool chance() { return stalls == 0 || random_() % 100 >= stalls; }
  void add(Burst burst);
  void note(unsigned response);
  void take_beat();
  void take_answer();

  std::mt19937_64 random_;
  std::deque<Burst> aw_, ar_;
  std::deque<Beat> w_;
  std::map<unsigned, std::deque<Burst>> reads_, writes_;  // by ID
  std::size_t open_ = 0;
  unsigned next_id_ = 0;
  bool aw_shown_ = false, w_shown_ = false, ar_shown_ = false;
  Port awvalid_, awready_, awid_, awaddr_, awlen_, awsize_, awburst_;
  Port wvalid_, wready_, wdata_, wstrb_, wlast_, bvalid_, bready_, bid_, bresp_;
  Port arvalid_, arready_, arid_, araddr_, arlen_, arsize_, arburst_;
  Port rvalid_, rready_, rid_, rdata_, rresp_, rlast_;
};

}  // namespace s4::tb
