// The LPDDR4X devices of a station at the pins of a verilated model (memory_station, or a top that
// holds one): clocks them, checks every command, and gives the host a backdoor to their contents.
//
//   StationMemory memory(*model, {});   // pins dfi_*
//   model->reset();
//   memory.initialise();                // clocks until the controllers are ready
//   memory.write(address, bytes);       // backdoor preload: no time passes on the pins
//   for (;;) {
//     ...set the other inputs of the model...
//     memory.tick_before_edge();  // devices, their inputs, evaluates the model
//     ...sample outputs...
//     model->tick();
//   }
//
// A broken DRAM rule throws sim::LpddrViolation. A station in which something is open and nothing
// moves for `patience` clocks throws StationStall, which names what does not answer.
#pragma once
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/memory/gen/lpddr4.hpp"
#include "sim/memory_port/memory.hpp"
#include "tb/lpddr_channels.hpp"
#include "tb/model.hpp"

namespace s4::tb {

/// An interface of the station does not move.
struct StationStall : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct StationOptions {
  unsigned channels = 2;
  unsigned ranks = 2;
  bool ecc = false;  ///< error correction of the channels is on
  /// Clocks in which nothing moves before that is an error.
  unsigned patience = 50000;
  sim::LpddrTimings timings;  ///< of the devices; the initialisation is shortened
};

class StationMemory final : public sim::Memory {
 public:
  /// The model must outlive this object; it is to be reset afterwards.
  StationMemory(Model& model, const StationOptions& options);

  void tick_before_edge();
  /// Clocks the model until the controllers are ready; returns how many. Throws StationStall.
  std::uint64_t initialise();

  // Backdoor. Before it the model is clocked until everything written is in the devices; not to be
  // used while requests are on their way.
  void read(std::uint64_t addr, std::span<std::uint8_t> bytes) override;
  void write(std::uint64_t addr, std::span<const std::uint8_t> bytes) override;
  [[nodiscard]] bool contains(std::uint64_t addr, std::uint64_t bytes) const override {
    return channels_.contains(addr, bytes);
  }
  /// As of LpddrChannels.
  void flip(std::uint64_t addr, unsigned bit) { channels_.flip(addr, bit); }
  [[nodiscard]] std::uint64_t wrong_words(std::uint64_t addr, std::uint64_t bytes);

  /// A counter of a channel, after a clock.
  [[nodiscard]] std::uint64_t counter(unsigned channel, lpddr4::Counter which);

  [[nodiscard]] std::vector<LpddrChannels::Counts> counts() const { return channels_.counts(); }
  [[nodiscard]] sim::LpddrChannel& channel(unsigned number) { return channels_.channel(number); }
  [[nodiscard]] const sim::StationLayout& layout() const { return channels_.layout(); }

 private:
  void watch_progress();
  [[noreturn]] void stalled() const;
  void settle();

  Model& model_;
  StationOptions options_;
  LpddrChannels channels_;
  Port init_done_, counter_select_, counters_;
  Port open_beats_, open_bursts_, open_reads_, open_writes_;
  bool used_ = false;  // something may still be on its way to the devices, or in a check cache
  std::vector<std::uint32_t> open_;
  std::uint64_t still_ = 0;  // clocks since anything moved
};

}  // namespace s4::tb
