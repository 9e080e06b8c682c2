// The verilated chip with an LPDDR4X device at every channel, as its host has it: memory through
// AXI4, registers through AXI4-Lite, one interrupt line. Its subsystems are devices of their own,
// which may run at the same time:
//
//   Chip chip(config, {});
//   chip.subsystem(0).prepare(...); chip.subsystem(1).prepare(...);
//   chip.subsystem(0).start(); chip.subsystem(1).start();
//   for (unsigned left = 0b11; left != 0;) {
//     const unsigned ended = chip.wait_ended({});  // bit n: the program of subsystem n
//     ...chip.subsystem(n).collect() of each...
//     left &= ~ended;
//   }
//
// The devices judge every DRAM command (sim::LpddrViolation). What the host does takes clocks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sim/memory/gen/lpddr4.hpp"
#include "sw/driver/device.hpp"
#include "sw/driver/memory_kind.hpp"
#include "sw/driver/traffic.hpp"
#include "tb/axi_host.hpp"
#include "tb/axil_host.hpp"
#include "tb/lpddr_channels.hpp"
#include "tb/model.hpp"

namespace s4::sw {

/// Random stalls, drawn per station and clock: chances out of 256. Both 0: nothing is drawn.
struct ChipStalls {
  unsigned ring = 0;    ///< none of its packets goes onto the ring
  unsigned memory = 0;  ///< its memory takes no new access
  std::uint64_t seed = 1;
};

struct ChipOptions {
  tb::Kind kind = tb::Kind::kFast;
  unsigned ranks = 2;
  bool ecc = false;
  /// Subsystems write and read memory in the devices, outside of time, instead of over AXI4.
  bool backdoor = false;
  ChipStalls stalls;
  /// Clocks between looks at the traffic of memory channels and links; 0: none, nor counts of
  /// links.
  unsigned sample_clocks = 0;
  /// FST file; needs kind kWave. Clocks [wave_from, wave_to) are recorded.
  std::string wave;
  std::uint64_t wave_from = 0;
  std::uint64_t wave_to = tb::Model::kForever;
  /// Name or path of the configuration, as tb::Model takes it; empty: its name.
  std::string config_argument;
  tb::ModelOptions model;
};

/// Bursts of 32 bytes read and written so far by every memory channel, beats of 64 bytes so far on
/// every link of the ring (lane l of station s at 2 s + l).
struct TrafficSample {
  std::uint64_t cycle = 0;
  std::vector<std::uint64_t> bursts, beats;
};

/// The memory of the chip.
[[nodiscard]] sim::StationLayout chip_layout(const config::Configuration& config, bool ecc,
                                             unsigned ranks = 2);

class Chip {
 public:
  /// Resets the chip and waits for its memories, whose initialisation is cut short.
  explicit Chip(const config::Configuration& config, const ChipOptions& options = {});
  ~Chip();

  [[nodiscard]] const config::Configuration& config() const { return config_; }
  [[nodiscard]] unsigned subsystems() const { return config_.num_subsystems; }
  [[nodiscard]] unsigned stations() const { return subsystems() + 1; }
  /// Bytes of the address space, every one of which exists.
  [[nodiscard]] std::uint64_t bytes() const { return channels_->layout().bytes(); }
  [[nodiscard]] std::uint64_t cycle() const { return model->cycle(); }

  void clock();
  void clocks(std::uint64_t count);
  /// Clocks until the memories of all stations are initialised; throws DeviceError.
  void wait_ready();

  // Memory by AXI4; wait for the answers. The response is the worst of all beats.
  unsigned try_read(std::uint64_t address, std::span<std::uint8_t> bytes);
  unsigned try_write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  /// Throw DeviceError at an answer other than OKAY.
  void read(std::uint64_t address, std::span<std::uint8_t> bytes);
  void write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  void finish();  ///< until all that was begun at `axi` is answered

  // Registers by AXI4-Lite; throw DeviceError at an answer other than OKAY. Page 0 is the chip's,
  // page n + 1 that of subsystem n.
  void set(unsigned page, std::uint32_t offset, std::uint32_t value);
  [[nodiscard]] std::uint32_t get(unsigned page, std::uint32_t offset);
  [[nodiscard]] bool interrupt() const { return irq_.get() != 0; }

  /// Subsystem n; enables its interrupt, and those of errors.
  [[nodiscard]] Device& subsystem(unsigned n);
  /// Clocks until a program has ended, and serves the interrupts. Bit n: that of subsystem n; 0 if
  /// `progress` gave up.
  std::uint32_t wait_ended(const Progress& progress);
  /// Makes one what these subsystems (bit n: subsystem n) read as weights in this region of whole
  /// KiB: they must ask for the same bytes in the same order. Until the next call, or
  /// end_broadcast(). Throws DeviceError while one of them runs, or if the chip does not take it.
  void begin_broadcast(std::uint32_t subsystems, const Region& region);
  void end_broadcast();
  /// What ring and memories have reported so far, and lost interrupts; empty: nothing.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

  /// Clocks until the controllers have written what they hold.
  void settle() { clocks(2000); }
  /// Clocks so far that passed only so that the backdoor reads and writes what the chip would.
  [[nodiscard]] std::uint64_t settled_clocks() const { return settled_clocks_; }
  [[nodiscard]] tb::LpddrChannels& channels() { return *channels_; }
  [[nodiscard]] DramReport dram() const;
  /// Bursts of the channels and beats of the links so far, as devices and RTL counted them.
  [[nodiscard]] Traffic measured() const;
  /// What the host moved with read(), write() and the devices of the subsystems over AXI4.
  [[nodiscard]] const Traffic& host_traffic() const { return host_traffic_; }
  /// A counter of a memory channel, numbered as in Traffic.
  [[nodiscard]] std::uint64_t memory_counter(unsigned channel, lpddr4::Counter which);
  [[nodiscard]] const std::vector<TrafficSample>& traffic() const { return traffic_; }

  std::unique_ptr<tb::Model> model;

 private:
  class Subsystem;

  /// settle(), if anything was written since.
  void settle_writes() {
    if (!unsettled_) return;
    const std::uint64_t begin = cycle();
    settle();
    settled_clocks_ += cycle() - begin;
    unsettled_ = false;
  }

  void serve();
  void drive_stalls();
  void end(unsigned n);
  /// Looks for programs that ended without an interrupt.
  void poll();
  void serve_faults(std::uint32_t causes);
  void require_idle(unsigned n) const;
  void set_checked(std::uint32_t offset, std::uint32_t value);
  void sample_traffic();

  config::Configuration config_;
  ChipOptions options_;
  std::unique_ptr<tb::LpddrChannels> channels_;
  std::vector<std::unique_ptr<Subsystem>> subsystems_;
  tb::Port irq_, init_done_, links_, stall_, fault_;
  std::mt19937_64 stall_random_;
  std::uint32_t enabled_ = 0;  // interrupt causes
  std::uint32_t ended_ = 0;    // programs that wait_ended() has not told of yet
  std::uint32_t joined_ = 0;   // subsystems whose weight reads are made one
  bool unsettled_ = false;     // the controllers may hold writes
  std::uint64_t start_clocks_ = 0;
  std::uint64_t settled_clocks_ = 0;
  std::vector<std::string> faults_;
  std::vector<std::uint64_t> link_beats_;
  std::vector<TrafficSample> traffic_;
  Traffic host_traffic_;

 public:
  tb::AxiHost axi;
  tb::AxilHost registers;
};

}  // namespace s4::sw
