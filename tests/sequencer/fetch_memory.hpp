// Memory behind the fetch port: random stalls, latency, order between tags, errors; checks
// requests.
#pragma once
#include <fmt/format.h>

#include <deque>
#include <map>
#include <random>
#include <stdexcept>

#include "sim/memory_port/gen/memory_port.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "tb/model.hpp"

namespace s4::tests {

class FetchMemory {
 public:
  struct Options {
    unsigned ready_percent = 100;  // chance of a ready request port per clock
    unsigned beat_percent = 100;   // chance of a beat per clock
    unsigned latency = 3;          // clocks before the first beat of a burst may come
    unsigned error_percent = 0;    // chance of an error per beat
    bool cut_short = false;        // a beat with error may end its burst
    bool hang = false;             // no answers at all
  };

  /// `prefix`: "" for command_fetch, "fetch_" for the sequencer.
  FetchMemory(tb::Model& m, const std::string& prefix, std::mt19937_64& random)
      : random_(random),
        req_valid_(m.port(prefix + "req_valid_o")),
        req_ready_(m.port(prefix + "req_ready_i")),
        req_(m.port(prefix + "req_o")),
        rsp_valid_(m.port(prefix + "rsp_valid_i")),
        rsp_(m.port(prefix + "rsp_i")) {}

  Options options;
  std::uint64_t base = 0;                       // where the program lies
  std::vector<commands::CommandBytes> program;  // what lies there
  std::map<std::uint64_t, bool> bad;            // index of a command -> a beat of it had an error
  std::uint64_t words = 0, requested_words = 0;

  [[nodiscard]] bool idle() const { return bursts_.empty() && !offered_; }
  void restart() {
    bad.clear();
    words = requested_words = 0;
    next_addr_ = base;
  }
  void forget() {
    bursts_.clear();
    offered_ = false;
  }

  void drive() {
    req_ready_.set(random_() % 100 < options.ready_percent);
    rsp_valid_.set(0);
    ++clock_;
    if (options.hang || bursts_.empty() || random_() % 100 >= options.beat_percent) return;
    auto& burst = bursts_[random_() % bursts_.size()];
    if (clock_ < burst.due) return;
    namespace mp = memory_port;
    const std::uint64_t addr = burst.addr + 64 * burst.sent;
    const std::uint64_t index = (addr - base) / commands::kCommandBytes;
    const bool error = random_() % 100 < options.error_percent;
    bool last = burst.sent + 1 == burst.beats;
    if (error) {
      bad[index] = true;
      if (options.cut_short && !last && random_() % 2 == 0) {
        last = true;
        for (unsigned beat = burst.sent; beat < burst.beats; ++beat) {
          bad[(burst.addr + 64 * beat - base) / commands::kCommandBytes] = true;
        }
      }
    }
    rsp_.set(0);
    if (index < program.size()) {
      const auto* bytes = program[index].data() + (addr - base) % commands::kCommandBytes;
      for (unsigned i = 0; i < 64; ++i) rsp_.set_bits(mp::kResponseDataLsb + 8 * i, 8, bytes[i]);
    }
    rsp_.set_bits(mp::kResponseTagLsb, mp::kResponseTagBits, burst.tag);
    rsp_.set_bits(mp::kResponseErrorLsb, mp::kResponseErrorBits, error ? 1 + random_() % 2 : 0);
    rsp_.set_bits(mp::kResponseLastLsb, 1, last);
    rsp_valid_.set(1);
    ++words;
    ++burst.sent;
    if (last) {
      // The burst is gone at the coming edge; its tag may then be used again.
      const auto tag = burst.tag;
      for (auto it = bursts_.begin(); it != bursts_.end(); ++it) {
        if (it->tag == tag) {
          bursts_.erase(it);
          break;
        }
      }
    }
  }

  /// After eval: takes and checks the request of this clock.
  void sample() {
    offered_ = req_valid_.get() != 0;
    if (!offered_ || req_ready_.get() == 0) return;
    offered_ = false;
    namespace mp = memory_port;
    const Burst burst{req_.bits(mp::kRequestAddrLsb, mp::kRequestAddrBits),
                      static_cast<unsigned>(req_.bits(mp::kRequestLenLsb, mp::kRequestLenBits)) + 1,
                      static_cast<unsigned>(req_.bits(mp::kRequestTagLsb, mp::kRequestTagBits)), 0,
                      clock_ + options.latency};
    auto require = [&](bool good, const char* what) {
      if (!good) {
        throw std::runtime_error(fmt::format("fetch request: {}: addr {:#x} beats {} tag {:#x}",
                                             what, burst.addr, burst.beats, burst.tag));
      }
    };
    require(req_.bits(mp::kRequestWriteLsb, 1) == 0, "writes");
    require(req_.bits(mp::kRequestMaskLsb, mp::kRequestMaskBits) == 0, "has a mask");
    require(burst.addr == next_addr_, "not the next address");
    require(burst.addr / 1024 == (burst.addr + 64 * burst.beats - 1) / 1024, "crosses 1024 B");
    require(burst.tag >> 6 == static_cast<unsigned>(mp::Client::kFetch), "has a foreign tag");
    for (const auto& other : bursts_) require(other.tag != burst.tag, "tag is in use");
    next_addr_ += 64 * burst.beats;
    requested_words += burst.beats;
    require(requested_words <= 2 * program.size(), "runs past the program");
    bursts_.push_back(burst);
  }

 private:
  struct Burst {
    std::uint64_t addr;
    unsigned beats, tag, sent;
    std::uint64_t due;
  };

  std::mt19937_64& random_;
  tb::Port req_valid_, req_ready_, req_, rsp_valid_, rsp_;
  std::vector<Burst> bursts_;
  std::uint64_t next_addr_ = 0, clock_ = 0;
  bool offered_ = false;
};

}  // namespace s4::tests
