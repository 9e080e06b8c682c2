// Host side of an AXI4-Lite port with random delays on all five channels; a read and
// writes may be under way together.
//
//   AxilHost host(model, [&] { ...one clock of whatever else there is, ends with model.tick() });
//   host.write(offset, value);  // returns the response
//
// Throws AxilError when the port breaks a rule or does not answer.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tb/model.hpp"
#include "tb/seed.hpp"

namespace s4::tb {

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
  AxilHost(Model& model, std::function<void()> tick)
      : random(seed() + 77), tick_(std::move(tick)), model_(model) {
    const auto port = [&](const char* name) { return model.port(std::string("s_axil_") + name); };
    awvalid_ = port("awvalid_i"), awready_ = port("awready_o"), awaddr_ = port("awaddr_i");
    wvalid_ = port("wvalid_i"), wready_ = port("wready_o"), wdata_ = port("wdata_i");
    wstrb_ = port("wstrb_i"), bvalid_ = port("bvalid_o"), bready_ = port("bready_i");
    bresp_ = port("bresp_o"), arvalid_ = port("arvalid_i"), arready_ = port("arready_o");
    araddr_ = port("araddr_i"), rvalid_ = port("rvalid_o"), rready_ = port("rready_i");
    rdata_ = port("rdata_o"), rresp_ = port("rresp_o");
    for (Port* input : {&awvalid_, &wvalid_, &bready_, &arvalid_, &rready_}) input->set(0);
  }

  unsigned write(std::uint32_t offset, std::uint32_t value, unsigned strobe = 15) {
    begin_write(offset, value, strobe);
    run([&] { return writes_done(); });
    return write_answers.back();
  }
  Answer read(std::uint32_t offset) {
    begin_read(offset);
    run([&] { return read_answer.has_value(); });
    return *read_answer;
  }

  // The same in clocks of the caller: begin, step until the answers are there, in order. What is
  // begun meanwhile is offered as soon as the port has taken what came before.
  void begin_write(std::uint32_t offset, std::uint32_t value, unsigned strobe = 15) {
    if (aw_.empty() && w_.empty() && open_writes_ == 0) write_answers.clear();
    aw_.push_back(offset);
    w_.emplace_back(value, strobe);
    ++open_writes_;
  }
  void begin_read(std::uint32_t offset) {
    read_answer.reset();
    ar_ = offset;
    read_open_ = true;
  }
  [[nodiscard]] bool writes_done() const { return open_writes_ == 0; }
  void step() {
    const bool aw = drive(awvalid_, !aw_.empty(), [&] { awaddr_.set(aw_.front()); });
    const bool w = drive(wvalid_, !w_.empty(), [&] {
      wdata_.set(w_.front().first);
      wstrb_.set(w_.front().second);
    });
    const bool ar = drive(arvalid_, ar_.has_value(), [&] { araddr_.set(*ar_); });
    bready_.set(chance() ? 1 : 0);
    rready_.set(chance() ? 1 : 0);
    model_.eval();
    if (bvalid_.get() != 0) take_write_answer();
    if (rvalid_.get() != 0) take_read_answer();
    const bool aw_taken = aw && awready_.get() != 0, w_taken = w && wready_.get() != 0;
    const bool ar_taken = ar && arready_.get() != 0;
    tick_();
    if (aw_taken) aw_.pop_front();
    if (w_taken) w_.pop_front();
    if (ar_taken) ar_.reset();
    if (aw_taken) awvalid_.set(0);
    if (w_taken) wvalid_.set(0);
    if (ar_taken) arvalid_.set(0);
  }
  /// Steps until the condition holds.
  void run(const std::function<bool()>& done, unsigned patience = 3000) {
    for (unsigned clock = 0; !done(); ++clock) {
      if (clock == patience) throw AxilError("no answer on AXI4-Lite");
      step();
    }
  }

  std::vector<unsigned> write_answers;  // since nothing was under way
  std::optional<Answer> read_answer;
  unsigned percent = 100;  // chance of valid and ready per clock
  std::mt19937_64 random;

 private:
  bool chance() { return random() % 100 < percent; }
  /// Offers a transfer, once begun until it is taken; whether it is offered.
  template <typename Payload>
  bool drive(Port& valid, bool wanted, const Payload& payload) {
    if (!wanted || (valid.get() == 0 && !chance())) return false;
    valid.set(1);
    payload();
    return true;
  }
  void take_write_answer() {
    const std::size_t whole = open_writes_ - std::max(aw_.size(), w_.size());
    if (whole == 0) throw AxilError("B answers no write");
    if (bready_.get() == 0) return;
    write_answers.push_back(static_cast<unsigned>(bresp_.get()));
    --open_writes_;
  }
  void take_read_answer() {
    if (!read_open_ || ar_) throw AxilError("R answers no read");
    if (rready_.get() == 0) return;
    read_answer =
        Answer{static_cast<std::uint32_t>(rdata_.get()), static_cast<unsigned>(rresp_.get())};
    read_open_ = false;
  }

  std::function<void()> tick_;
  Model& model_;
  std::deque<std::uint32_t> aw_;
  std::deque<std::pair<std::uint32_t, unsigned>> w_;  // value, strobe
  std::optional<std::uint32_t> ar_;
  std::size_t open_writes_ = 0;
  bool read_open_ = false;
  Port awvalid_, awready_, awaddr_, wvalid_, wready_, wdata_, wstrb_, bvalid_, bready_, bresp_;
  Port arvalid_, arready_, araddr_, rvalid_, rready_, rdata_, rresp_;
};

}  // namespace s4::tb
