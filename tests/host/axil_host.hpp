// Host side of an AXI4-Lite port with random delays on all five channels; a read and a write may be
// under way together.
//
//   AxilHost host(model, [&] { ...one clock of whatever else there is, ends with model.tick() });
//   host.write(offset, value);  // returns the response
//
// Throws AxilError when the port breaks a rule or does not answer.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

#include "tb/model.hpp"
#include "tb/seed.hpp"

namespace s4::tests {

struct AxilError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class AxilHost {
 public:
  static constexpr unsigned kOkay = 0, kSlverr = 2, kDecerr = 3;
  struct Answer {
    std::uint32_t data = 0;
    unsigned resp = 0;
  };

  /// `tick` does a clock: it evaluates the model, then ticks it.
  AxilHost(tb::Model& model, std::function<void()> tick)
      : random(tb::seed() + 77), tick_(std::move(tick)), model_(model) {
    const auto port = [&](const char* name) { return model.port(std::string("s_axil_") + name); };
    awvalid_ = port("awvalid_i"), awready_ = port("awready_o"), awaddr_ = port("awaddr_i");
    wvalid_ = port("wvalid_i"), wready_ = port("wready_o"), wdata_ = port("wdata_i");
    wstrb_ = port("wstrb_i"), bvalid_ = port("bvalid_o"), bready_ = port("bready_i");
    bresp_ = port("bresp_o"), arvalid_ = port("arvalid_i"), arready_ = port("arready_o");
    araddr_ = port("araddr_i"), rvalid_ = port("rvalid_o"), rready_ = port("rready_i");
    rdata_ = port("rdata_o"), rresp_ = port("rresp_o");
    for (tb::Port* input : {&awvalid_, &wvalid_, &bready_, &arvalid_, &rready_}) input->set(0);
  }

  unsigned write(std::uint32_t offset, std::uint32_t value, unsigned strobe = 15) {
    begin_write(offset, value, strobe);
    run([&] { return write_answer.has_value(); });
    return *write_answer;
  }
  Answer read(std::uint32_t offset) {
    begin_read(offset);
    run([&] { return read_answer.has_value(); });
    return *read_answer;
  }

  // The same in clocks of the caller: begin, step until the answer is there.
  void begin_write(std::uint32_t offset, std::uint32_t value, unsigned strobe = 15) {
    awaddr_.set(offset);
    wdata_.set(value);
    wstrb_.set(strobe);
    aw_ = w_ = true;
    write_open_ = true;
    write_answer.reset();
  }
  void begin_read(std::uint32_t offset) {
    araddr_.set(offset);
    ar_ = true;
    read_open_ = true;
    read_answer.reset();
  }
  void step() {
    awvalid_.set(aw_ && (awvalid_.get() != 0 || chance()) ? 1 : 0);
    wvalid_.set(w_ && (wvalid_.get() != 0 || chance()) ? 1 : 0);
    arvalid_.set(ar_ && (arvalid_.get() != 0 || chance()) ? 1 : 0);
    bready_.set(chance() ? 1 : 0);
    rready_.set(chance() ? 1 : 0);
    model_.eval();
    const bool aw = awvalid_.get() != 0 && awready_.get() != 0;
    const bool w = wvalid_.get() != 0 && wready_.get() != 0;
    const bool ar = arvalid_.get() != 0 && arready_.get() != 0;
    if (bvalid_.get() != 0 && (!write_open_ || aw_ || w_)) throw AxilError("B answers no write");
    if (rvalid_.get() != 0 && (!read_open_ || ar_)) throw AxilError("R answers no read");
    if (bvalid_.get() != 0 && bready_.get() != 0) {
      write_answer = static_cast<unsigned>(bresp_.get());
      write_open_ = false;
    }
    if (rvalid_.get() != 0 && rready_.get() != 0) {
      read_answer =
          Answer{static_cast<std::uint32_t>(rdata_.get()), static_cast<unsigned>(rresp_.get())};
      read_open_ = false;
    }
    tick_();
    if (aw) aw_ = false;
    if (w) w_ = false;
    if (ar) ar_ = false;
    if (!aw_) awvalid_.set(0);
    if (!w_) wvalid_.set(0);
    if (!ar_) arvalid_.set(0);
  }
  /// Steps until the condition holds.
  void run(const std::function<bool()>& done, unsigned patience = 3000) {
    for (unsigned clock = 0; !done(); ++clock) {
      if (clock == patience) throw AxilError("no answer on AXI4-Lite");
      step();
    }
  }

  std::optional<unsigned> write_answer;
  std::optional<Answer> read_answer;
  unsigned percent = 100;  // chance of valid and ready per clock
  std::mt19937_64 random;

 private:
  bool chance() { return random() % 100 < percent; }

  std::function<void()> tick_;
  tb::Model& model_;
  bool aw_ = false, w_ = false, ar_ = false, write_open_ = false, read_open_ = false;
  tb::Port awvalid_, awready_, awaddr_, wvalid_, wready_, wdata_, wstrb_, bvalid_, bready_, bresp_;
  tb::Port arvalid_, arready_, araddr_, rvalid_, rready_, rdata_, rresp_;
};

}  // namespace s4::tests
