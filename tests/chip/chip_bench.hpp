// The verilated chip with an LPDDR4X device at every channel and a host at its two ports. All that
// the host does goes through AXI4 and AXI4-Lite; the devices judge every command, and tell where a
// byte really lies.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sim/memory/lpddr_channel.hpp"
#include "sim/memory/station_address.hpp"
#include "sw/compiler/program.hpp"
#include "tb/model.hpp"
#include "tests/chip/axi_host.hpp"
#include "tests/host/axil_host.hpp"

namespace s4::tests {

/// The chip does not do what was asked in time.
struct ChipError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ChipOptions {
  tb::Kind kind = tb::Kind::kFast;
  unsigned ranks = 2;
  bool ecc = false;
  tb::ModelOptions model;
};

class ChipBench {
 public:
  /// Resets the chip and waits for its memories.
  ChipBench(const std::string& config, const ChipOptions& options = {});

  [[nodiscard]] const config::Configuration& config() const { return config_; }
  [[nodiscard]] unsigned subsystems() const { return config_.num_subsystems; }
  [[nodiscard]] unsigned stations() const { return subsystems() + 1; }
  /// Bytes of the address space of which every one exists.
  [[nodiscard]] std::uint64_t bytes() const { return layout_.bytes(); }
  [[nodiscard]] std::uint64_t cycle() const { return model_->cycle(); }

  void clock();
  void clocks(std::uint64_t count);

  // Memory by AXI4; wait for the answers. The response is the worst of all beats.
  unsigned try_read(std::uint64_t address, std::span<std::uint8_t> bytes);
  unsigned try_write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  /// Throw ChipError at an answer other than OKAY.
  void read(std::uint64_t address, std::span<std::uint8_t> bytes);
  void write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  void finish();  ///< until all that was begun at axi is answered

  // Registers by AXI4-Lite; throw ChipError at an answer other than OKAY. Page 0 is the chip's.
  void set(unsigned page, std::uint32_t offset, std::uint32_t value);
  [[nodiscard]] std::uint32_t get(unsigned page, std::uint32_t offset);

  /// Writes a program into memory, sets the regions of the subsystem and rings its doorbell.
  void start(unsigned subsystem, const sw::Program& program, sw::Region read_region,
             sw::Region write_region);
  /// Waits for the interrupt line, at most so many clocks.
  void wait_interrupt(std::uint64_t patience = 2000000);
  [[nodiscard]] bool interrupt() const { return irq_.get() != 0; }
  void wait_ready();  ///< until the memories of all stations are initialised

  // What lies in the devices (no error correction), where the address map says. The chip's write
  // queues must be empty.
  void settle() { clocks(2000); }
  [[nodiscard]] std::vector<std::uint8_t> device_bytes(std::uint64_t address, std::size_t size);
  /// Inverts a bit of the byte at an address, with or without error correction.
  void flip(std::uint64_t address, unsigned bit);
  [[nodiscard]] sim::LpddrChannel& channel(unsigned station, unsigned channel) {
    return *channels_.at(station * kChannels + channel);
  }

  std::unique_ptr<tb::Model> model;

 private:
  static constexpr unsigned kChannels = 2;

  [[nodiscard]] static std::unique_ptr<tb::Model> load(const std::string& config,
                                                       const ChipOptions& options);
  [[nodiscard]] sim::LpddrOutputs outputs(unsigned channel) const;

  config::Configuration config_;
  ChipOptions options_;
  tb::Model* model_;
  sim::StationLayout layout_;
  std::vector<std::unique_ptr<sim::LpddrChannel>> channels_;
  tb::Port cke_, cs_, ca_, reset_n_, wrdata_en_, wrdata_, wrmask_, rddata_en_, rddata_,
      rddata_valid_, irq_, init_done_;

 public:
  AxiHost axi;
  AxilHost registers;
};

}  // namespace s4::tests
