// The verilated subsystem as a device: registers through the AXI4-Lite pins, memory behind the
// memory port: ideal, or LPDDR4X controllers in RTL and devices at their pins. Host accesses to the
// memory are a backdoor in both cases.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "sim/memory_port/memory.hpp"
#include "sw/driver/device.hpp"
#include "sw/driver/engine_timeline.hpp"
#include "sw/driver/memory_kind.hpp"
#include "tb/ideal_memory.hpp"
#include "tb/model.hpp"

namespace s4::tb {
class StationMemory;
}

namespace s4::sw {

struct RtlOptions {
  tb::Kind kind = tb::Kind::kFast;
  MemoryKind memory = MemoryKind::kIdeal;
  /// Probability that a handshake of the ideal memory, or on the chip a station's way onto the ring
  /// or into its memory, stalls in a clock; 0 for timing figures.
  double stalls = 0;
  unsigned latency = 100;
  std::uint64_t seed = 1;
  /// FST file; needs kind kWave. Clocks [wave_from, wave_to) are recorded.
  std::string wave;
  std::uint64_t wave_from = 0;
  std::uint64_t wave_to = tb::Model::kForever;
  /// Name or path of the configuration, as tb::Model takes it; empty: that of the device.
  std::string config_argument;
  /// Modules by other files, as tb::Model takes them.
  std::map<std::string, std::string> replace;
};

class RtlDevice final : public Device {
 public:
  /// Throws std::invalid_argument for stalls of a memory that is not ideal.
  RtlDevice(const config::Configuration& config, const RtlOptions& options);
  ~RtlDevice() override;

  [[nodiscard]] const char* name() const override { return "rtl"; }
  [[nodiscard]] const config::Configuration& configuration() const override { return config_; }
  void reset() override;
  void write_register(std::uint32_t offset, std::uint32_t value) override;
  [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) override;
  void write_memory(std::uint64_t address, std::span<const std::uint8_t> bytes) override {
    contents_->write(address, bytes);
  }
  void read_memory(std::uint64_t address, std::span<std::uint8_t> bytes) override {
    contents_->read(address, bytes);
  }
  [[nodiscard]] const tb::Model& model() const { return *model_; }
  /// Nothing with an ideal memory.
  [[nodiscard]] std::optional<DramReport> dram() const;
  bool wait(const Progress& progress) override;
  [[nodiscard]] std::optional<std::uint32_t> computing() const override {
    return timeline_->computing();
  }

 protected:
  [[nodiscard]] std::uint64_t now() const override { return model_->cycle(); }
  [[nodiscard]] std::vector<TimelineEvent> take_timeline() override;
  [[nodiscard]] std::optional<std::uint64_t> take_first_weight() override;

 private:
  void make_memory(const RtlOptions& options);
  void tick();
  void observe_region(std::uint32_t offset, std::uint32_t value);

  config::Configuration config_;
  sim::SparseMemory memory_;  // of the ideal memory
  std::unique_ptr<tb::Model> model_;
  std::unique_ptr<tb::IdealMemory> port_;       // or
  std::unique_ptr<tb::StationMemory> station_;  // this one
  sim::Memory* contents_ = &memory_;
  std::uint64_t start_clocks_ = 0;
  tb::Port awvalid_, awready_, awaddr_, wvalid_, wready_, wdata_, wstrb_, bvalid_, bready_, bresp_;
  tb::Port arvalid_, arready_, araddr_, rvalid_, rready_, rdata_, rresp_;
  tb::Port irq_;
  std::optional<EngineTimeline> timeline_;
};

}  // namespace s4::sw
