#include "tb/axi_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tb/seed.hpp"

namespace s4::tb {
namespace {

constexpr unsigned kBeat = 64;
constexpr unsigned kPage = 4096;
constexpr unsigned kSize = 6, kIncr = 1;
constexpr unsigned kIds = 7;

}  // namespace

AxiHost::AxiHost(Model& model) : random_(seed() + 5) {
  const auto port = [&](const char* name) { return model.port(std::string("s_axi_") + name); };
  awvalid_ = port("awvalid_i"), awready_ = port("awready_o"), awid_ = port("awid_i");
  awaddr_ = port("awaddr_i"), awlen_ = port("awlen_i"), awsize_ = port("awsize_i");
  awburst_ = port("awburst_i"), wvalid_ = port("wvalid_i"), wready_ = port("wready_o");
  wdata_ = port("wdata_i"), wstrb_ = port("wstrb_i"), wlast_ = port("wlast_i");
  bvalid_ = port("bvalid_o"), bready_ = port("bready_i"), bid_ = port("bid_o");
  bresp_ = port("bresp_o"), arvalid_ = port("arvalid_i"), arready_ = port("arready_o");
  arid_ = port("arid_i"), araddr_ = port("araddr_i"), arlen_ = port("arlen_i");
  arsize_ = port("arsize_i"), arburst_ = port("arburst_i"), rvalid_ = port("rvalid_o");
  rready_ = port("rready_i"), rid_ = port("rid_o"), rdata_ = port("rdata_o");
  rresp_ = port("rresp_o"), rlast_ = port("rlast_o");
  for (Port* input : {&awvalid_, &wvalid_, &bready_, &arvalid_, &rready_}) input->set(0);
  awsize_.set(kSize);
  arsize_.set(kSize);
  awburst_.set(kIncr);
  arburst_.set(kIncr);
}

void AxiHost::add(Burst burst) {
  burst.id = next_id_ * 29 & 0xff;
  next_id_ = (next_id_ + 1) % kIds;
  burst.len = static_cast<unsigned>((burst.address % kBeat + burst.size - 1) / kBeat);
  ++open_;
  (burst.write ? writes_ : reads_)[burst.id].push_back(burst);
  (burst.write ? aw_ : ar_).push_back(burst);
}

void AxiHost::begin_read(std::uint64_t address, std::span<std::uint8_t> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    Burst burst;
    burst.address = address + done;
    const std::size_t room = most_beats * kBeat - burst.address % kBeat;
    burst.size = std::min({bytes.size() - done, kPage - burst.address % kPage, room});
    burst.to = bytes.data() + done;
    done += burst.size;
    add(burst);
  }
}

void AxiHost::begin_write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    Burst burst;
    burst.write = true;
    burst.address = address + done;
    const std::size_t room = most_beats * kBeat - burst.address % kBeat;
    burst.size = std::min({bytes.size() - done, kPage - burst.address % kPage, room});
    burst.from = bytes.data() + done;
    for (std::size_t sent = 0; sent < burst.size;) {
      Beat beat{};
      // What the strobes leave out must not be written.
      for (std::uint8_t& byte : beat.data) byte = static_cast<std::uint8_t>(random_());
      const std::size_t offset = (burst.address + sent) % kBeat;
      const std::size_t part = std::min(kBeat - offset, burst.size - sent);
      std::memcpy(beat.data + offset, burst.from + sent, part);
      beat.strobe = (part == kBeat ? ~std::uint64_t{0} : (std::uint64_t{1} << part) - 1) << offset;
      sent += part;
      beat.last = sent == burst.size;
      w_.push_back(beat);
    }
    done += burst.size;
    add(burst);
  }
}

void AxiHost::drive() {
  aw_shown_ = !aw_.empty() && (aw_shown_ || chance());
  awvalid_.set(aw_shown_ ? 1 : 0);
  if (aw_shown_) {
    awid_.set(aw_.front().id);
    awaddr_.set(aw_.front().address);
    awlen_.set(aw_.front().len);
  }
  w_shown_ = !w_.empty() && (w_shown_ || chance());
  wvalid_.set(w_shown_ ? 1 : 0);
  if (w_shown_) {
    wdata_.set_bytes(w_.front().data, kBeat);
    wstrb_.set(w_.front().strobe);
    wlast_.set(w_.front().last ? 1 : 0);
  }
  ar_shown_ = !ar_.empty() && (ar_shown_ || chance());
  arvalid_.set(ar_shown_ ? 1 : 0);
  if (ar_shown_) {
    arid_.set(ar_.front().id);
    araddr_.set(ar_.front().address);
    arlen_.set(ar_.front().len);
  }
  bready_.set(chance() ? 1 : 0);
  rready_.set(chance() ? 1 : 0);
}

void AxiHost::note(unsigned response) {
  worst |= response;
  ++responses[response];
}

void AxiHost::take_beat() {
  const auto id = static_cast<unsigned>(rid_.get());
  auto& queue = reads_[id];
  if (queue.empty()) throw AxiError(fmt::format("R: nothing is open for ID {:#x}", id));
  Burst& burst = queue.front();
  std::uint8_t data[kBeat];
  rdata_.get_bytes(data, kBeat);
  // Byte of the burst at which the beat begins; the first may begin within its beat.
  const std::size_t skip = burst.done == 0 ? burst.address % kBeat : 0;
  const std::size_t at = burst.done == 0 ? 0 : burst.done * kBeat - burst.address % kBeat;
  std::memcpy(burst.to + at, data + skip, std::min(kBeat - skip, burst.size - at));
  note(static_cast<unsigned>(rresp_.get()));
  ++read_beats;
  if ((rlast_.get() != 0) != (burst.done == burst.len)) {
    throw AxiError(fmt::format("R: wrong last at {:#x}, beat {}", burst.address, burst.done));
  }
  if (burst.done++ != burst.len) return;
  queue.pop_front();
  --open_;
}

void AxiHost::take_answer() {
  const auto id = static_cast<unsigned>(bid_.get());
  auto& queue = writes_[id];
  if (queue.empty()) throw AxiError(fmt::format("B: nothing is open for ID {:#x}", id));
  note(static_cast<unsigned>(bresp_.get()));
  queue.pop_front();
  --open_;
}

void AxiHost::sample() {
  if (rvalid_.get() != 0 && rready_.get() != 0) take_beat();
  if (bvalid_.get() != 0 && bready_.get() != 0) take_answer();
  if (aw_shown_ && awready_.get() != 0) {
    aw_.pop_front();
    aw_shown_ = false;
  }
  if (ar_shown_ && arready_.get() != 0) {
    ar_.pop_front();
    ar_shown_ = false;
  }
  if (w_shown_ && wready_.get() != 0) {
    w_.pop_front();
    w_shown_ = false;
    ++write_beats;
  }
}

}  // namespace s4::tb
