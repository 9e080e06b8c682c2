#include "tests/memory/memory_traffic.hpp"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

#include "sim/memory/memory_code.hpp"
#include "sim/memory/memory_place.hpp"

namespace s4::tests {
namespace {

constexpr unsigned kTags = 256;
constexpr unsigned kInitClocks = 50;
constexpr std::uint64_t kPatience = 200000;  // clocks without any answer

}  // namespace

MemoryTraffic::MemoryTraffic(const MemorySetup& setup) : setup_(setup), random_(setup.seed) {
  tb::ModelOptions options;
  if (!setup.real_start) {
    options.parameters = {{"InitResetClocks", std::to_string(kInitClocks)},
                          {"InitCkeClocks", std::to_string(kInitClocks)},
                          {"InitCommandClocks", std::to_string(kInitClocks)}};
    setup_.timings.init1 = setup_.timings.init3 = setup_.timings.init5 = 2 * kInitClocks;
    setup_.timings.init2 = 2;
  }
  for (const auto& [name, value] : setup.parameters) options.parameters[name] = value;
  options.replace = setup.replace;
  model_ = tb::Model::load("memory_controller", setup.config, setup.kind, options);
  for (const char* name :
       {"two_ranks_i",     "ecc_enable_i",    "init_done_o",       "req_valid_i",
        "req_ready_o",     "req_write_i",     "req_address_i",     "req_size_i",
        "req_tag_i",       "wdata_valid_i",   "wdata_ready_o",     "wdata_i",
        "wstrb_i",         "rsp_valid_o",     "rsp_ready_i",       "rsp_tag_o",
        "rsp_data_o",      "rsp_last_o",      "rsp_error_o",       "wack_valid_o",
        "wack_ready_i",    "wack_tag_o",      "wack_error_o",      "counter_select_i",
        "counter_value_o", "dfi_cke_o",       "dfi_cs_o",          "dfi_ca_o",
        "dfi_reset_n_o",   "dfi_wrdata_en_o", "dfi_wrdata_o",      "dfi_wrmask_o",
        "dfi_rddata_en_o", "dfi_rddata_i",    "dfi_rddata_valid_i"}) {
    ports_.emplace(name, model_->port(name));
  }
  begin();
}

void MemoryTraffic::begin() {
  device_ = std::make_unique<sim::LpddrChannel>(setup_.timings, setup_.two_ranks ? 2 : 1);
  pins_ = {};
  for (const char* name : {"req_valid_i", "wdata_valid_i", "rsp_ready_i", "wack_ready_i",
                           "counter_select_i", "dfi_rddata_i", "dfi_rddata_valid_i"}) {
    port(name).set(0);
  }
  port("two_ranks_i").set(setup_.two_ranks ? 1 : 0);
  port("ecc_enable_i").set(setup_.ecc ? 1 : 0);
  model_->reset();
}

void MemoryTraffic::reset() {
  reads_.clear();
  acks_.clear();
  beats_.clear();
  offered_.reset();
  memory_.clear();
  spoilt_.clear();
  begin();
}

bool MemoryTraffic::chance(double p) {
  return p > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < p;
}

bool MemoryTraffic::in_range(std::uint32_t address) const {
  const std::uint64_t capacity = std::uint64_t{setup_.two_ranks ? 2u : 1u} << 30;
  return address < (setup_.ecc ? capacity / 8 * 7 : capacity);
}

std::uint32_t MemoryTraffic::wrong_halves(std::uint32_t line) const {
  std::uint32_t halves = 0;
  for (auto at = spoilt_.lower_bound(line); at != spoilt_.end() && *at < line + 64; ++at) {
    halves |= 1u << (*at >> 5 & 1);
  }
  return halves;
}

void MemoryTraffic::flip(std::uint32_t address, unsigned bit) {
  const unsigned ranks = setup_.two_ranks ? 2 : 1;
  const std::uint64_t device = bit >= 64    ? sim::memory_ecc_check(address, ranks)
                               : setup_.ecc ? sim::memory_ecc_data(address, ranks) + bit / 8
                                            : address + bit / 8;
  const auto place = sim::memory_place(device, ranks);
  device_->store().flip(place.row, place.byte, bit % 8);
}

bool MemoryTraffic::is_stored() {
  const unsigned ranks = setup_.two_ranks ? 2 : 1;
  const auto held = [&](std::uint64_t device) {
    const auto place = sim::memory_place(device / 32 * 32, ranks);
    return device_->store().read(place.row, place.byte / 2);
  };
  for (const auto& [number, line] : memory_) {
    for (unsigned i = 0; i < 64; i += 8) {
      const std::uint64_t address = std::uint64_t{number} * 64 + i;
      const auto burst = held(setup_.ecc ? sim::memory_ecc_data(address, ranks) : address);
      std::uint64_t wanted = 0, word = 0;
      std::memcpy(&wanted, line.data() + i, 8);
      std::memcpy(&word, burst.data() + address % 32, 8);
      if (word != wanted) return false;
      if (!setup_.ecc) continue;
      const std::uint64_t check = sim::memory_ecc_check(address, ranks);
      if (held(check)[check % 32] != sim::memory_checks(word)) return false;
    }
  }
  return true;
}

void MemoryTraffic::accept() {
  const MemoryRequest& r = *offered_;
  const unsigned tag = next_tag_;
  const bool error = !in_range(r.address) || (r.address & (r.two ? 63 : 31)) != 0;
  const unsigned half = r.address >> 5 & 1;
  refused_ += error ? 1 : 0;
  if (!r.write) {
    Read read;
    if (!error) {
      const auto found = memory_.find(r.address >> 6);
      if (found != memory_.end()) read.data = found->second;
    }
    read.half = r.two ? 0 : half;
    read.two = r.two;
    read.error = error;
    read.wrong = error ? 0 : wrong_halves(r.address & ~63u);
    read.since = cycle_;
    reads_.emplace(tag, read);
  } else {
    acks_.emplace(tag, error);
    for (unsigned h = r.two ? 0 : half; h < (r.two ? 2 : half + 1); ++h) {
      Beat beat;
      beat.strobes = static_cast<std::uint32_t>(r.strobes >> 32 * h);
      for (unsigned i = 0; i < 32; i += 8) {
        const std::uint64_t word = random_();
        for (unsigned j = 0; j < 8; ++j)
          beat.data[i + j] = static_cast<std::uint8_t>(word >> 8 * j);
      }
      beats_.push_back(beat);
      if (error) continue;
      Line& line = memory_.try_emplace(r.address >> 6, Line{}).first->second;
      for (unsigned i = 0; i < 32; ++i) {
        if ((beat.strobes >> i & 1) != 0) line[32 * h + i] = beat.data[i];
        if (i % 8 == 0 && (beat.strobes >> i & 255) == 255) {
          spoilt_.erase((r.address & ~63u) + 32 * h + i);
        }
      }
    }
  }
  if (taken_++ == 0) {
    first_ = cycle_;
    const auto& c = device_->counts();
    bursts_at_first_ = c.of(sim::LpddrKind::kRd) + c.of(sim::LpddrKind::kRda) +
                       c.of(sim::LpddrKind::kWr) + c.of(sim::LpddrKind::kWra) +
                       c.of(sim::LpddrKind::kMwr);
  }
  last_ = cycle_;
  const auto& c = device_->counts();
  bursts_at_last_ = c.of(sim::LpddrKind::kRd) + c.of(sim::LpddrKind::kRda) +
                    c.of(sim::LpddrKind::kWr) + c.of(sim::LpddrKind::kWra) +
                    c.of(sim::LpddrKind::kMwr);
  offered_.reset();
}

void MemoryTraffic::answer() {
  const std::uint64_t tag = port("rsp_tag_o").get();
  const auto found = reads_.find(tag);
  if (found == reads_.end()) {
    throw std::runtime_error(
        fmt::format("clock {}: answer for tag {} that awaits none", cycle_, tag));
  }
  Read& read = found->second;
  const bool error = port("rsp_error_o").get() != 0;
  const bool wrong = (read.wrong >> read.half & 1) != 0;
  if (error != (read.error || wrong)) {
    throw std::runtime_error(
        fmt::format("clock {}: tag {} error {} instead of {}", cycle_, tag, error, !error));
  }
  wrong_ += wrong ? 1 : 0;
  if (!error) {
    std::array<std::uint8_t, 32> data;
    port("rsp_data_o").get_bytes(data.data(), 32);
    for (unsigned i = 0; i < 32; ++i) {
      if (data[i] != read.data[32 * read.half + i]) {
        throw std::runtime_error(
            fmt::format("clock {}: tag {} half {} byte {} is {:#04x}, expected {:#04x}", cycle_,
                        tag, read.half, i, data[i], read.data[32 * read.half + i]));
      }
    }
  }
  const bool last = !read.two || read.half == 1;
  if ((port("rsp_last_o").get() != 0) != last) {
    throw std::runtime_error(fmt::format("clock {}: tag {} last is wrong", cycle_, tag));
  }
  if (!last) {
    read.half = 1;
    return;
  }
  const std::uint64_t latency = cycle_ - read.since;
  latency_sum_ += latency;
  ++latency_count_;
  latency_max_ = std::max(latency_max_, latency);
  reads_.erase(found);
}

void MemoryTraffic::clock() {
  // A tag of its own for every request under way.
  if (!offered_ && source_ && reads_.size() + acks_.size() < kTags / 2 + 64) {
    offered_ = source_();
    if (!offered_) source_ = nullptr;
    if (offered_) {
      do next_tag_ = (next_tag_ + 1) % kTags;
      while (reads_.count(next_tag_) != 0 || acks_.count(next_tag_) != 0);
      port("req_write_i").set(offered_->write ? 1 : 0);
      port("req_address_i").set(offered_->address);
      port("req_size_i").set(offered_->two ? 1 : 0);
      port("req_tag_i").set(next_tag_);
    }
  }
  port("req_valid_i").set(offered_ ? 1 : 0);
  const bool data = !beats_.empty() && !(port("wdata_valid_i").get() == 0 && chance(setup_.stall));
  if (data) {
    port("wdata_i").set_bytes(beats_.front().data.data(), 32);
    port("wstrb_i").set(beats_.front().strobes);
  }
  port("wdata_valid_i").set(data ? 1 : 0);
  port("rsp_ready_i").set(chance(setup_.stall) ? 0 : 1);
  port("wack_ready_i").set(chance(setup_.stall) ? 0 : 1);
  // The pins of this clock: the device answers from earlier clocks only.
  sim::LpddrOutputs out;
  out.reset_n = port("dfi_reset_n_o").get() != 0;
  out.cke = static_cast<std::uint8_t>(port("dfi_cke_o").get());
  out.cs = static_cast<std::uint8_t>(port("dfi_cs_o").get());
  out.ca = static_cast<std::uint16_t>(port("dfi_ca_o").get());
  out.write_enable = static_cast<std::uint8_t>(port("dfi_wrdata_en_o").get());
  if (out.write_enable != 0) {
    out.write_data = port("dfi_wrdata_o").get();
    out.write_mask = static_cast<std::uint8_t>(port("dfi_wrmask_o").get());
  }
  out.read_enable = static_cast<std::uint8_t>(port("dfi_rddata_en_o").get());
  pins_ = device_->clock(out);
  port("dfi_rddata_i").set(pins_.read_data);
  port("dfi_rddata_valid_i").set(pins_.read_valid);
  model_->eval();
  const bool took = offered_ && port("req_ready_o").get() != 0;
  const bool took_data = data && port("wdata_ready_o").get() != 0;
  if (port("rsp_valid_o").get() != 0 && port("rsp_ready_i").get() != 0) answer();
  if (port("wack_valid_o").get() != 0 && port("wack_ready_i").get() != 0) {
    const auto found = acks_.find(port("wack_tag_o").get());
    if (found == acks_.end()) throw std::runtime_error("acknowledge of an unknown tag");
    if ((port("wack_error_o").get() != 0) != found->second) {
      throw std::runtime_error("acknowledge with a wrong error flag");
    }
    acks_.erase(found);
  }
  model_->tick();
  if (took_data) {
    beats_.pop_front();
    port("wdata_valid_i").set(0);
  }
  if (took) accept();
  ++cycle_;
}

MemoryResult MemoryTraffic::run(const Source& source) {
  source_ = source;
  taken_ = latency_sum_ = latency_count_ = latency_max_ = refused_ = wrong_ = 0;
  std::uint64_t quiet = 0, left = 0;
  while (source_ || offered_ || busy()) {
    clock();
    const std::uint64_t now = taken_ + latency_count_;
    quiet = now == left ? quiet + 1 : 0;
    left = now;
    if (quiet > kPatience) throw std::runtime_error("the controller does not answer any more");
  }
  MemoryResult result;
  result.clocks = last_ - first_;
  result.bursts = bursts_at_last_ - bursts_at_first_;
  result.refused = refused_;
  result.wrong = wrong_;
  if (result.clocks != 0) {
    result.percent =
        100.0 * 32 * static_cast<double>(result.bursts) / (8 * static_cast<double>(result.clocks));
  }
  if (latency_count_ != 0) {
    result.latency = static_cast<double>(latency_sum_) / static_cast<double>(latency_count_);
  }
  result.latency_max = latency_max_;
  return result;
}

void MemoryTraffic::idle(std::uint64_t clocks) {
  for (std::uint64_t i = 0; i < clocks; ++i) clock();
}

std::uint64_t MemoryTraffic::counter(lpddr4::Counter which) {
  port("counter_select_i").set(static_cast<std::uint64_t>(which));
  idle(3);
  return port("counter_value_o").get();
}

}  // namespace s4::tests
