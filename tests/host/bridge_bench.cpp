#include "tests/host/bridge_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/memory_port/gen/memory_port.hpp"
#include "tb/seed.hpp"

namespace s4::tests {
namespace {

namespace mp = memory_port;
constexpr std::uint64_t kLines = std::uint64_t{1} << (mp::kAddrWidth - 6);
constexpr unsigned kPartLines = 16;  // of a granule of the ring
constexpr unsigned kOkay = 0, kSlverr = 2, kDecerr = 3;
constexpr unsigned kFixed = 0, kIncr = 1, kWrap = 2;

}  // namespace

BridgeBench::BridgeBench(tb::Model& model, BridgeMemory memory)
    : model_(model), memory_(memory), random_(tb::seed()) {
  const auto bind = [&](tb::Port& port, const std::string& name) { port = model.port(name); };
  bind(stop_, "stop_i");
  bind(idle_, "idle_o");
  for (const auto& [port, name] : std::initializer_list<std::pair<tb::Port*, const char*>>{
           {&awvalid_, "awvalid_i"}, {&awready_, "awready_o"}, {&awid_, "awid_i"},
           {&awaddr_, "awaddr_i"},   {&awlen_, "awlen_i"},     {&awsize_, "awsize_i"},
           {&awburst_, "awburst_i"}, {&wvalid_, "wvalid_i"},   {&wready_, "wready_o"},
           {&wdata_, "wdata_i"},     {&wstrb_, "wstrb_i"},     {&wlast_, "wlast_i"},
           {&bvalid_, "bvalid_o"},   {&bready_, "bready_i"},   {&bid_, "bid_o"},
           {&bresp_, "bresp_o"},     {&arvalid_, "arvalid_i"}, {&arready_, "arready_o"},
           {&arid_, "arid_i"},       {&araddr_, "araddr_i"},   {&arlen_, "arlen_i"},
           {&arsize_, "arsize_i"},   {&arburst_, "arburst_i"}, {&rvalid_, "rvalid_o"},
           {&rready_, "rready_i"},   {&rid_, "rid_o"},         {&rdata_, "rdata_o"},
           {&rresp_, "rresp_o"},     {&rlast_, "rlast_o"}}) {
    bind(*port, std::string("s_axi_") + name);
  }
  bind(req_valid_, "mem_req_valid_o");
  bind(req_ready_, "mem_req_ready_i");
  bind(req_, "mem_req_o");
  bind(data_valid_, "mem_wdata_valid_o");
  bind(data_ready_port_, "mem_wdata_ready_i");
  bind(data_, "mem_wdata_o");
  bind(rsp_valid_, "mem_rsp_valid_i");
  bind(rsp_ready_, "mem_rsp_ready_o");
  bind(rsp_, "mem_rsp_i");
  for (tb::Port* port : {&stop_, &awvalid_, &wvalid_, &bready_, &arvalid_, &rready_, &req_ready_,
                         &data_ready_port_, &rsp_valid_}) {
    port->set(0);
  }
  model_.reset();
}

void BridgeBench::fail(const std::string& what) const {
  throw BridgeError(fmt::format("clock {}: {}", clock, what));
}

const Line& BridgeBench::expected(std::uint64_t line) {
  return plain_.try_emplace(line, initial(line)).first->second;
}

// ---- Traffic ------------------------------------------------------------------------------------

std::size_t BridgeBench::open_reads() const {
  std::size_t count = 0;
  for (const auto& [id, bursts] : open_reads_) count += bursts.size();
  return count;
}

std::size_t BridgeBench::open_writes() const {
  std::size_t count = 0;
  for (const auto& [id, bursts] : open_writes_) count += bursts.size();
  return count;
}

std::uint64_t BridgeBench::choose_address(const HostTraffic& traffic, unsigned len) {
  if (traffic.sequential) {
    const std::uint64_t address = next_;
    next_ += 64 * (len + 1);
    return address;
  }
  // A few places that are met again and again, the ends of the space and one that has no memory.
  constexpr std::array<std::uint64_t, 4> kPlaces{0, 0x123456789 >> 6, kLines / 2 - 100,
                                                 kLines - 300};
  std::uint64_t line = kPlaces[random_() % 16 == 0 ? 3 : random_() % 3] + random_() % 96;
  line = std::min(line, kLines - 1 - len);
  return line << 6;
}

/// A new burst, if it does not read what is being written or write what is being read.
void BridgeBench::ask(const HostTraffic& traffic) {
  if (open_reads() + open_writes() >= traffic.outstanding || aw_.size() > 4 || ar_.size() > 4) {
    return;
  }
  Burst burst;
  burst.write = chance(traffic.write);
  burst.id = static_cast<unsigned>(random_() % traffic.ids) * 37 & 0xff;
  const unsigned kind = static_cast<unsigned>(random_() % 20);
  const unsigned most = kind == 0 ? 256 : kind < 6 ? 64 : 12;
  burst.len = traffic.beats != 0 ? traffic.beats - 1 : static_cast<unsigned>(random_() % most);
  if (kind == 0 && chance(20)) burst.len = 255;
  burst.address = choose_address(traffic, burst.len);
  if (chance(traffic.unaligned)) burst.address += random_() % 64;
  if (chance(traffic.illegal)) {
    burst.legal = false;
    switch (random_() % 4) {
      case 0:
        burst.kind = kFixed;
        break;
      case 1:
        burst.kind = kWrap;
        break;
      case 2:
        burst.size = static_cast<unsigned>(random_() % 6);
        break;
      default:  // its last beat is the first beyond the space
        burst.len = std::max(burst.len, 1u);
        burst.address = ((kLines - burst.len) << 6) + burst.address % 64;
        break;
    }
  }
  if (!lock(burst)) return;
  if (burst.legal && burst.address % 64 != 0) ++unaligned;
  if (burst.legal) longest = std::max<std::uint64_t>(longest, burst.len + 1);
  if (burst.legal && burst.address % 4096 / 64 + burst.len >= 64) ++crossing;
  if (!burst.legal) ++illegal;
  if (burst.write) {
    add_write(std::move(burst));
  } else {
    add_read(std::move(burst));
  }
}

bool BridgeBench::lock(const Burst& burst) {
  if (!burst.legal) return true;
  const std::uint64_t line = burst.address >> 6;
  for (unsigned b = 0; b <= burst.len; ++b) {
    const auto found = lock_.find(line + b);
    if (found != lock_.end() && (burst.write ? found->second > 0 : found->second < 0)) return false;
  }
  for (unsigned b = 0; b <= burst.len; ++b) lock_[line + b] += burst.write ? -1 : 1;
  return true;
}

void BridgeBench::unlock(const Burst& burst) {
  if (!burst.legal) return;
  for (unsigned b = 0; b <= burst.len; ++b) {
    const auto found = lock_.find((burst.address >> 6) + b);
    found->second += burst.write ? 1 : -1;
    if (found->second == 0) lock_.erase(found);
  }
}

void BridgeBench::add_write(Burst burst) {
  const std::uint64_t line = burst.address >> 6;
  burst.response = burst.legal ? kOkay : kSlverr;
  Outcome part = Outcome::kOk;  // the first that is wrong, as this memory acknowledges
  for (unsigned b = 0; b <= burst.len; ++b) {
    Beat beat{{}, random_() % 3 == 0 ? random_() : ~std::uint64_t{0}, b == burst.len, withhold_};
    if (random_() % 16 == 0) beat.strobe = 0;
    if (b == 0) beat.strobe &= ~std::uint64_t{0} << burst.address % 64;
    for (std::uint32_t& word : beat.data) word = static_cast<std::uint32_t>(random_());
    if (burst.legal) {
      if ((line + b) % kPartLines == 0) part = Outcome::kOk;
      const Outcome own = outcome(line + b);
      if (part == Outcome::kOk) part = own;
      burst.response |= response(part);
      if (own == Outcome::kOk) {
        (void)expected(line + b);
        merge(plain_[line + b], beat.data, beat.strobe);
      }
      burst.sequence.push_back(++issued_[line + b]);
    }
    w_.push_back(beat);
  }
  open_writes_[burst.id].push_back(burst);
  aw_.push_back(std::move(burst));
}

void BridgeBench::add_read(Burst burst) {
  for (unsigned b = 0; b <= burst.len; ++b) {
    const std::uint64_t line = (burst.address >> 6) + b;
    const Outcome own = burst.legal ? outcome(line) : Outcome::kData;
    burst.responses.push_back(response(own));
    burst.data.push_back(own == Outcome::kOk ? expected(line) : Line{});
  }
  open_reads_[burst.id].push_back(burst);
  ar_.push_back(std::move(burst));
}

void BridgeBench::hold_data(std::uint64_t address) {
  withhold_ = true;
  Burst burst;
  burst.write = true;
  burst.address = address;
  burst.len = 3;
  if (!lock(burst)) fail("the address of the held write is in use");
  add_write(std::move(burst));
}

// ---- One clock ----------------------------------------------------------------------------------

void BridgeBench::drive(const HostTraffic& traffic) {
  if (chance(traffic.request)) ask(traffic);
  aw_shown_ = !aw_.empty() && (aw_shown_ || !chance(traffic.stall_address));
  awvalid_.set(aw_shown_ ? 1 : 0);
  if (aw_shown_) {
    const Burst& burst = aw_.front();
    awid_.set(burst.id);
    awaddr_.set(burst.address);
    awlen_.set(burst.len);
    awsize_.set(burst.size);
    awburst_.set(burst.kind);
  }
  ar_shown_ = !ar_.empty() && (ar_shown_ || !chance(traffic.stall_address));
  arvalid_.set(ar_shown_ ? 1 : 0);
  if (ar_shown_) {
    const Burst& burst = ar_.front();
    arid_.set(burst.id);
    araddr_.set(burst.address);
    arlen_.set(burst.len);
    arsize_.set(burst.size);
    arburst_.set(burst.kind);
  }
  const bool here = !w_.empty() && !(withhold_ && w_.front().withheld);
  w_shown_ = here && (w_shown_ || !chance(traffic.stall_data));
  wvalid_.set(w_shown_ ? 1 : 0);
  if (w_shown_) {
    set_line(wdata_, 0, w_.front().data);
    wstrb_.set(w_.front().strobe);
    wlast_.set(w_.front().last ? 1 : 0);
  }
  bready_.set(chance(traffic.stall_answer) ? 0 : 1);
  rready_.set(chance(traffic.stall_answer) ? 0 : 1);
}

void BridgeBench::check_held(const char* channel, Held& held, const tb::Port& valid,
                             const tb::Port& ready,
                             std::initializer_list<const tb::Port*> payload) {
  const bool is_valid = valid.get() != 0;
  std::vector<std::uint32_t> now;
  if (is_valid) {
    for (const tb::Port* port : payload) {
      for (unsigned w = 0; w < port->words(); ++w) now.push_back(port->word(w));
    }
  }
  if (held.waits && !is_valid) fail(fmt::format("{}: valid was taken back", channel));
  if (held.waits && now != held.payload) fail(fmt::format("{}: changed while it waited", channel));
  held.waits = is_valid && ready.get() == 0;
  held.payload = std::move(now);
}

void BridgeBench::take_beat() {
  const auto id = static_cast<unsigned>(rid_.get());
  auto& queue = open_reads_[id];
  if (queue.empty()) fail(fmt::format("R: nothing is open for ID {:#x}", id));
  Burst& burst = queue.front();
  const std::string where = fmt::format("R: ID {:#x} address {:#x} beat {} of {}", id,
                                        burst.address, burst.done, burst.len + 1);
  if (!ar_.empty() && burst.done == 0 && queue.size() == 1 && ar_.front().id == id) {
    fail(where + ": answered before its address was taken");
  }
  const unsigned due = burst.responses[burst.done];
  if (rresp_.get() != due) fail(fmt::format("{}: response {}, not {}", where, rresp_.get(), due));
  if (due == kOkay && line_of(rdata_, 0) != burst.data[burst.done]) fail(where + ": wrong data");
  if ((rlast_.get() != 0) != (burst.done == burst.len)) fail(where + ": wrong last");
  if (due == kDecerr) ++decode;
  if (due == kSlverr && burst.legal) ++data_errors;
  ++read_beats;
  if (burst.done++ != burst.len) return;
  unlock(burst);
  queue.pop_front();
  ++reads;
}

void BridgeBench::take_answer() {
  const auto id = static_cast<unsigned>(bid_.get());
  auto& queue = open_writes_[id];
  if (queue.empty()) fail(fmt::format("B: nothing is open for ID {:#x}", id));
  const Burst& burst = queue.front();
  const std::string where =
      fmt::format("B: ID {:#x} address {:#x} of {} beats", id, burst.address, burst.len + 1);
  for (unsigned b = 0; b < burst.sequence.size(); ++b) {
    if (applied_[(burst.address >> 6) + b] < burst.sequence[b]) {
      fail(fmt::format("{}: answered before beat {} was acknowledged", where, b));
    }
  }
  if (bresp_.get() != burst.response) {
    fail(fmt::format("{}: response {}, not {}", where, bresp_.get(), burst.response));
  }
  if (burst.response == kDecerr) ++decode;
  if (burst.response == kSlverr && burst.legal) ++data_errors;
  unlock(burst);
  queue.pop_front();
  ++writes;
}

void BridgeBench::sample() {
  check_held("R", held_r_, rvalid_, rready_, {&rid_, &rdata_, &rresp_, &rlast_});
  check_held("B", held_b_, bvalid_, bready_, {&bid_, &bresp_});
  check_held("port request", held_req_, req_valid_, req_ready_, {&req_});
  check_held("port data", held_wdata_, data_valid_, data_ready_port_, {&data_});
  if (rvalid_.get() != 0 && rready_.get() != 0) take_beat();
  if (bvalid_.get() != 0 && bready_.get() != 0) take_answer();
  const bool aw = aw_shown_ && awready_.get() != 0, ar = ar_shown_ && arready_.get() != 0;
  if (aw) aw_.pop_front();
  if (ar) ar_.pop_front();
  if (aw) aw_shown_ = false;
  if (ar) ar_shown_ = false;
  accepted += static_cast<unsigned>(aw) + static_cast<unsigned>(ar);
  if (w_shown_ && wready_.get() != 0) {
    w_.pop_front();
    w_shown_ = false;
    ++write_beats;
    last_event_ = clock;
  }
}

void BridgeBench::step(const HostTraffic& traffic) {
  drive(traffic);
  drive_memory(traffic);
  model_.eval();
  sample();
  sample_memory();
  model_.tick();
  ++clock;
}

void BridgeBench::drain(unsigned patience) {
  HostTraffic quiet;
  quiet.request = 0;
  last_event_ = clock;
  while (open_reads() + open_writes() != 0) {
    step(quiet);
    if (clock - last_event_ > patience) {
      fail(fmt::format("{} reads and {} writes are not answered", open_reads(), open_writes()));
    }
  }
  for (const auto& [line, words] : words_) {
    if (outcome(line) == Outcome::kOk && words != expected(line)) {
      fail(fmt::format("the memory differs at {:#x}", line << 6));
    }
  }
  for (const auto& [line, count] : issued_) {
    if (applied_[line] != count) fail(fmt::format("writes of {:#x} were not made once", line << 6));
  }
  step(quiet);
  if (!idle()) fail("not idle though everything was answered");
}

std::uint64_t BridgeBench::time_read() {
  drain();
  HostTraffic quiet;
  quiet.request = 0;
  Burst burst;
  add_read(burst);
  if (!lock(burst)) fail("locked");
  const std::uint64_t begin = clock;
  const std::uint64_t before = reads;
  while (reads == before) step(quiet);
  return clock - 1 - begin;
}

}  // namespace s4::tests
