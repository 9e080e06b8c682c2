// The functional model as a device.
#pragma once

#include "sim/memory_port/memory.hpp"
#include "sim/subsystem/functional_subsystem.hpp"
#include "sw/driver/device.hpp"

namespace s4::sw {

class FunctionalDevice final : public Device {
 public:
  explicit FunctionalDevice(const config::Configuration& config)
      : config_(config), model_(config_, memory_) {}

  [[nodiscard]] const char* name() const override { return "functional"; }
  [[nodiscard]] const config::Configuration& configuration() const override { return config_; }
  void reset() override;
  void write_register(std::uint32_t offset, std::uint32_t value) override {
    model_.write_register(offset, value);
  }
  [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) override {
    return model_.read_register(offset);
  }
  void write_memory(std::uint64_t address, std::span<const std::uint8_t> bytes) override {
    memory_.write(address, bytes);
  }
  void read_memory(std::uint64_t address, std::span<std::uint8_t> bytes) override {
    memory_.read(address, bytes);
  }

  bool wait(const Progress& progress) override;

  /// For what the hardware does not store.
  [[nodiscard]] sim::FunctionalSubsystem& model() { return model_; }

 private:
  config::Configuration config_;
  sim::SparseMemory memory_;
  sim::FunctionalSubsystem model_;
};

}  // namespace s4::sw
