// Pins of a controller, played from a list of commands: what a test wants to be on them, CK by CK.
#pragma once
#include <map>
#include <vector>

#include "sim/memory/lpddr_channel.hpp"

namespace s4::memory_test {

class LpddrPins {
 public:
  /// Timings with a short initialisation.
  [[nodiscard]] static sim::LpddrTimings timings();

  explicit LpddrPins(const sim::LpddrTimings& timings = LpddrPins::timings()) : t_(timings) {}

  /// RESET_n, CKE (a bit a rank) from a CK on; even CKs.
  void reset_n(std::uint64_t ck, bool value) { reset_n_[ck] = value; }
  void cke(std::uint64_t ck, unsigned value) { cke_[ck] = value; }
  /// A whole legal initialisation of these ranks; gives the CK after it.
  std::uint64_t start(unsigned ranks = 1);
  void command(const sim::LpddrCommand& command);
  /// Raw CA bits with CS of rank 0.
  void raw(std::uint64_t ck, unsigned ca, unsigned cs = 1) { bus_[ck] = {cs, ca}; }
  /// A write and its data, so many CK too late.
  void write(const sim::LpddrCommand& command, const sim::LpddrBurst& data, std::uint32_t mask = 0,
             int late = 0);
  /// A read, its data expected so many CK too late.
  void read(const sim::LpddrCommand& command, int late = 0);

  /// Plays everything up to `ck`, and gives the bursts that came back.
  std::vector<sim::LpddrBurst> run(sim::LpddrChannel& channel, std::uint64_t ck);

 private:
  struct Bus {
    unsigned cs = 0, ca = 0;
  };
  struct Word {
    std::uint32_t data = 0;
    unsigned mask = 0;
  };
  sim::LpddrTimings t_;
  std::map<std::uint64_t, bool> reset_n_, expected_;
  std::map<std::uint64_t, unsigned> cke_;
  std::map<std::uint64_t, Bus> bus_;
  std::map<std::uint64_t, Word> words_;
  bool reset_n_now_ = false;
  unsigned cke_now_ = 0;
};

}  // namespace s4::memory_test
