#include "sw/memory/memory_pins.hpp"

namespace s4::sw {

MemoryPins::MemoryPins(tb::Model& model, bool two_ranks, bool ecc)
    : init_done_(model.port("init_done_o")),
      req_valid_(model.port("req_valid_i")),
      req_ready_(model.port("req_ready_o")),
      req_write_(model.port("req_write_i")),
      req_address_(model.port("req_address_i")),
      req_size_(model.port("req_size_i")),
      req_tag_(model.port("req_tag_i")),
      wdata_valid_(model.port("wdata_valid_i")),
      wdata_ready_(model.port("wdata_ready_o")),
      wdata_(model.port("wdata_i")),
      wstrb_(model.port("wstrb_i")),
      rsp_valid_(model.port("rsp_valid_o")),
      rsp_ready_(model.port("rsp_ready_i")),
      rsp_tag_(model.port("rsp_tag_o")),
      rsp_data_(model.port("rsp_data_o")),
      rsp_last_(model.port("rsp_last_o")),
      rsp_error_(model.port("rsp_error_o")),
      wack_valid_(model.port("wack_valid_o")),
      wack_ready_(model.port("wack_ready_i")),
      wack_tag_(model.port("wack_tag_o")),
      wack_error_(model.port("wack_error_o")),
      counter_select_(model.port("counter_select_i")),
      counter_value_(model.port("counter_value_o")),
      cke_(model.port("dfi_cke_o")),
      cs_(model.port("dfi_cs_o")),
      ca_(model.port("dfi_ca_o")),
      reset_n_(model.port("dfi_reset_n_o")),
      wrdata_en_(model.port("dfi_wrdata_en_o")),
      wrdata_(model.port("dfi_wrdata_o")),
      wrmask_(model.port("dfi_wrmask_o")),
      rddata_en_(model.port("dfi_rddata_en_o")),
      rddata_(model.port("dfi_rddata_i")),
      rddata_valid_(model.port("dfi_rddata_valid_i")) {
  model.port("ecc_enable_i").set(ecc ? 1 : 0);
  model.port("two_ranks_i").set(two_ranks ? 1 : 0);
  for (tb::Port* port : {&req_valid_, &wdata_valid_, &rddata_valid_}) port->set(0);
  rsp_ready_.set(1);
  wack_ready_.set(1);
}

sim::LpddrOutputs MemoryPins::outputs() const {
  sim::LpddrOutputs out;
  out.reset_n = reset_n_.get() != 0;
  out.cke = static_cast<std::uint8_t>(cke_.get());
  out.cs = static_cast<std::uint8_t>(cs_.get());
  out.ca = static_cast<std::uint16_t>(ca_.get());
  out.write_enable = static_cast<std::uint8_t>(wrdata_en_.get());
  out.read_enable = static_cast<std::uint8_t>(rddata_en_.get());
  if (out.write_enable != 0) {
    out.write_data = wrdata_.get();
    out.write_mask = static_cast<std::uint8_t>(wrmask_.get());
  }
  return out;
}

void MemoryPins::drive(const sim::LpddrInputs& inputs) {
  rddata_valid_.set(inputs.read_valid);
  rddata_.set(inputs.read_data);
}

void MemoryPins::offer(const MemoryPiece& piece) {
  req_valid_.set(1);
  req_write_.set(piece.write ? 1 : 0);
  req_address_.set(piece.address);
  req_size_.set(piece.wide ? 1 : 0);
  req_tag_.set(piece.tag);
}

void MemoryPins::give(const MemoryBeat& beat) {
  wdata_valid_.set(1);
  wdata_.set_bytes(beat.data, sizeof beat.data);
  wstrb_.set(beat.strobes);
}

MemoryPins::Answer MemoryPins::data(std::uint8_t (&bytes)[32]) const {
  rsp_data_.get_bytes(bytes, sizeof bytes);
  return {static_cast<unsigned>(rsp_tag_.get()), rsp_last_.get() != 0, rsp_error_.get() != 0};
}

MemoryPins::Answer MemoryPins::acknowledge() const {
  return {static_cast<unsigned>(wack_tag_.get()), true, wack_error_.get() != 0};
}

}  // namespace s4::sw
