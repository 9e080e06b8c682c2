// Pins of a verilated memory_controller.
#pragma once
#include <cstdint>

#include "sim/memory/lpddr_channel.hpp"
#include "tb/model.hpp"

namespace s4::sw {

/// A request of 32 or 64 bytes.
struct MemoryPiece {
  std::uint64_t address = 0;  ///< a multiple of its size
  bool write = false;
  bool wide = false;  ///< 64 bytes
  unsigned tag = 0;
};
/// Beat of 32 bytes.
struct MemoryBeat {
  std::uint8_t data[32] = {};
  std::uint32_t strobes = 0;
};

class MemoryPins {
 public:
  MemoryPins(tb::Model& model, bool two_ranks, bool ecc);

  [[nodiscard]] unsigned tags() const { return 1u << req_tag_.width(); }
  [[nodiscard]] bool is_ready() const { return init_done_.get() != 0; }

  [[nodiscard]] sim::LpddrOutputs outputs() const;
  void drive(const sim::LpddrInputs& inputs);

  void offer(const MemoryPiece& piece);
  void end_offer() { req_valid_.set(0); }
  [[nodiscard]] bool takes_request() const { return req_ready_.get() != 0; }
  void give(const MemoryBeat& beat);
  void end_give() { wdata_valid_.set(0); }
  [[nodiscard]] bool takes_data() const { return wdata_ready_.get() != 0; }

  struct Answer {
    unsigned tag = 0;
    bool last = false, error = false;
  };
  [[nodiscard]] bool has_data() const { return rsp_valid_.get() != 0; }
  [[nodiscard]] Answer data(std::uint8_t (&bytes)[32]) const;
  [[nodiscard]] bool has_acknowledge() const { return wack_valid_.get() != 0; }
  [[nodiscard]] Answer acknowledge() const;
  /// A counter is there two clocks after it was selected.
  void select(unsigned counter) { counter_select_.set(counter); }
  [[nodiscard]] std::uint64_t counter() const { return counter_value_.get(); }

 private:
  tb::Port init_done_, req_valid_, req_ready_, req_write_, req_address_, req_size_, req_tag_;
  tb::Port wdata_valid_, wdata_ready_, wdata_, wstrb_;
  tb::Port rsp_valid_, rsp_ready_, rsp_tag_, rsp_data_, rsp_last_, rsp_error_;
  tb::Port wack_valid_, wack_ready_, wack_tag_, wack_error_;
  tb::Port counter_select_, counter_value_;
  tb::Port cke_, cs_, ca_, reset_n_, wrdata_en_, wrdata_, wrmask_, rddata_en_, rddata_,
      rddata_valid_;
};

}  // namespace s4::sw
