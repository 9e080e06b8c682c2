// The LPDDR4X devices at the dfi pins of a verilated model, one per channel: clocks them, checks
// every command, and gives the host a backdoor to their contents, by addresses of the model's
// memory.
//
//   LpddrChannels channels(*model, layout);
//   model->reset();
//   for (;;) {
//     channels.drive();  // devices and their inputs
//     ...set the other inputs of the model, evaluate it, sample outputs...
//     model->tick();
//   }
//
// A broken DRAM rule throws sim::LpddrViolation.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/memory/lpddr_channel.hpp"
#include "sim/memory/memory_place.hpp"
#include "sim/memory/station_address.hpp"
#include "sim/memory_port/memory.hpp"
#include "tb/model.hpp"

namespace s4::tb {

class LpddrChannels final : public sim::Memory {
 public:
  struct Counts {
    std::uint64_t reads = 0, writes = 0;  ///< bursts of 32 bytes
    std::uint64_t row_hits = 0;           ///< of those, other than the first after an ACT
    std::uint64_t activates = 0, refreshes = 0;
  };

  /// Parameters that shorten the initialisation of the model's controllers as the devices expect.
  [[nodiscard]] static std::map<std::string, std::string> short_start();
  /// Clocks of the initialisation that the controllers do without those parameters, about.
  [[nodiscard]] static std::uint64_t full_start_clocks();

  /// The channels of station 0 are the lowest pins. Sets the model's pins two_ranks_i and
  /// ecc_enable_i; the initialisation of the devices is shortened. Throws std::invalid_argument if
  /// the model has another number of channels. The model must outlive this object.
  LpddrChannels(Model& model, const sim::StationLayout& layout, sim::LpddrTimings timings = {});

  /// A clock of the devices: from the model's outputs, to its inputs.
  void drive();

  // Backdoor: what lies in the devices now; writes that a controller still holds come later. With
  // error correction it reads what the code corrects, throws std::runtime_error at a word with two
  // wrong bits, and writes right checks. Throws std::out_of_range where no memory is.
  void read(std::uint64_t addr, std::span<std::uint8_t> bytes) override;
  void write(std::uint64_t addr, std::span<const std::uint8_t> bytes) override;
  [[nodiscard]] bool contains(std::uint64_t addr, std::uint64_t bytes) const override {
    return layout_.contains(addr, bytes);
  }
  /// Inverts a bit of the word at a multiple of 8: 0 to 63 of the data, 64 to 71 of its checks.
  void flip(std::uint64_t addr, unsigned bit);
  /// Words with a wrong bit in the devices.
  [[nodiscard]] std::uint64_t wrong_words(std::uint64_t addr, std::uint64_t bytes);

  [[nodiscard]] std::vector<Counts> counts() const;
  [[nodiscard]] std::size_t size() const { return channels_.size(); }
  [[nodiscard]] sim::LpddrChannel& channel(std::size_t number) { return *channels_.at(number); }
  [[nodiscard]] const sim::LpddrChannel& channel(std::size_t number) const {
    return *channels_.at(number);
  }
  [[nodiscard]] const sim::StationLayout& layout() const { return layout_; }

 private:
  /// A burst of 32 bytes of a channel, and where it is.
  struct Place {
    sim::LpddrStore* store = nullptr;
    sim::MemoryPlace data, checks;
  };

  [[nodiscard]] sim::LpddrOutputs outputs(std::size_t channel) const;
  [[nodiscard]] Place place(std::uint64_t addr);
  [[nodiscard]] sim::LpddrBurst corrected(std::uint64_t addr, unsigned& wrong);
  void require(std::uint64_t addr, std::uint64_t bytes) const;

  sim::StationLayout layout_;
  std::vector<std::unique_ptr<sim::LpddrChannel>> channels_;
  Port cke_, cs_, ca_, reset_n_, wrdata_en_, wrdata_, wrmask_, rddata_en_, rddata_, rddata_valid_;
};

}  // namespace s4::tb
