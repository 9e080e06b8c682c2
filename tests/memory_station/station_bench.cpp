#include "tests/memory_station/station_bench.hpp"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

namespace s4::tests {

using memory_port::ResponseError;

StationBench::StationBench(const std::string& config, tb::Kind kind, unsigned ranks,
                           const tb::ModelOptions& options, std::uint64_t seed, bool ecc)
    : ranks_(ranks), ecc_(ecc), random_(seed) {
  tb::ModelOptions all = options;
  // Short queues: the controllers' own tests use long ones.
  if (config == "tiny") all.parameters = {{"ReadDepth", "8"}, {"WriteDepth", "8"}};
  for (const auto& [name, value] : tb::LpddrChannels::short_start()) all.parameters[name] = value;
  model_ = tb::Model::load("memory_station", config, kind, all);
  req_valid_ = model_->port("req_valid_i");
  req_ready_ = model_->port("req_ready_o");
  req_ = model_->port("req_i");
  wdata_valid_ = model_->port("wdata_valid_i");
  wdata_ready_ = model_->port("wdata_ready_o");
  wdata_ = model_->port("wdata_i");
  rsp_valid_ = model_->port("rsp_valid_o");
  rsp_ready_ = model_->port("rsp_ready_i");
  rsp_ = model_->port("rsp_o");
  make_memory();
}

void StationBench::make_memory() {
  tb::StationOptions settings;
  settings.ranks = ranks_;
  settings.ecc = ecc_;
  settings.patience = 20000;
  memory_ = std::make_unique<tb::StationMemory>(*model_, settings);
  req_valid_.set(0);
  wdata_valid_.set(0);
  rsp_ready_.set(0);
  model_->reset();
  memory_->initialise();
  free_.clear();
  for (unsigned tag = 0; tag < 1u << memory_port::kTagWidth; ++tag) free_.push_back(tag);
  open_.clear();
  readers_.clear();
  writers_.clear();
  beats_.clear();
  offered_ = data_offered_ = false;
}

void StationBench::idle(std::uint64_t clocks) {
  rsp_ready_.set(1);
  for (std::uint64_t i = 0; i < clocks; ++i) tick();
}

void StationBench::reset() {
  make_memory();
  lines_.clear();
  spoilt_.clear();
}

bool StationBench::chance(double probability) {
  return probability > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
}

void StationBench::wrong(const std::string& what) const {
  throw std::runtime_error(fmt::format("{}, cycle {}", what, model_->cycle()));
}

void StationBench::preload(std::uint64_t address, unsigned lines) {
  for (unsigned i = 0; i < lines; ++i) {
    Line data;
    for (auto& byte : data) byte = static_cast<std::uint8_t>(random_());
    line(address + 64 * i) = data;
    memory_->write(address + 64 * i, data);
  }
}

void StationBench::check_devices() {
  rsp_ready_.set(1);
  for (const auto& [number, data] : lines_) {
    if (!memory_->contains(number * 64, 64)) continue;
    Line got;
    memory_->read(number * 64, got);
    if (got != data) wrong(fmt::format("the devices do not hold line {:#x}", number * 64));
  }
}

void StationBench::drive(const BenchStalls& stalls) {
  if (!offered_ && next_ < bursts_->size() && !free_.empty() && !chance(stalls.request)) {
    const Burst& burst = (*bursts_)[next_];
    bool busy = false;
    for (unsigned i = 0; i < burst.beats; ++i) {
      const std::uint64_t number = burst.address / 64 + i;
      busy = busy || writers_.count(number) != 0 || (burst.write && readers_.count(number) != 0);
    }
    if (!busy) {
      tag_ = free_.front();
      free_.pop_front();
      offered_ = true;
      req_valid_.set(1);
      req_.set(0);
      req_.set_bits(memory_port::kRequestWriteLsb, 1, burst.write ? 1 : 0);
      req_.set_bits(memory_port::kRequestAddrLsb, memory_port::kAddrWidth, burst.address);
      req_.set_bits(memory_port::kRequestLenLsb, 4, burst.beats - 1);
      req_.set_bits(memory_port::kRequestTagLsb, memory_port::kTagWidth, tag_);
    }
  }
  if (!data_offered_ && !beats_.empty() && !chance(stalls.write)) {
    const Beat& beat = beats_.front();
    data_offered_ = true;
    wdata_valid_.set(1);
    wdata_.set(0);
    for (unsigned w = 0; w < 8; ++w) {
      std::uint64_t word;
      std::memcpy(&word, beat.data.data() + 8 * w, 8);
      wdata_.set_bits(memory_port::kWriteDataDataLsb + 64 * w, 64, word);
    }
    wdata_.set_bits(memory_port::kWriteDataStrobeLsb, 64, beat.strobe);
    wdata_.set_bits(memory_port::kWriteDataLastLsb, 1, beat.last ? 1 : 0);
  }
  rsp_ready_.set(chance(stalls.response) ? 0 : 1);
}

void StationBench::answer() {
  const auto tag = static_cast<unsigned>(rsp_.bits(memory_port::kResponseTagLsb, 8));
  const bool write = rsp_.bits(memory_port::kResponseWriteLsb, 1) != 0;
  const bool last = rsp_.bits(memory_port::kResponseLastLsb, 1) != 0;
  const auto error = static_cast<ResponseError>(rsp_.bits(memory_port::kResponseErrorLsb, 2));
  const auto found = open_.find(tag);
  if (found == open_.end()) wrong(fmt::format("answer for tag {} that is not open", tag));
  Open& open = found->second;
  const Burst& burst = open.burst;
  if (write != burst.write) wrong(fmt::format("tag {}: wrong direction", tag));
  // The outcome of a write is the worst of its beats.
  const auto outside = [&](unsigned beat) {
    return !memory_->contains(burst.address + 64 * beat, 64);
  };
  bool beyond = write ? false : outside(open.next);
  for (unsigned i = 0; write && i < burst.beats; ++i) beyond = beyond || outside(i);
  const bool spoilt = !write && spoilt_.count(burst.address / 64 + open.next) != 0;
  const bool expected = beyond || spoilt;
  if (error != (beyond   ? ResponseError::kDecode
                : spoilt ? ResponseError::kData
                         : ResponseError::kOk)) {
    wrong(fmt::format("tag {}, address {:#x}: outcome {}", tag, burst.address + 64 * open.next,
                      static_cast<int>(error)));
  }
  if (beyond) ++decode_errors_;
  if (spoilt) ++data_errors_;
  if (!write) {
    ++beats_read_;
    const std::uint64_t at = burst.address + 64 * open.next;
    if (!expected) {
      Line got;
      for (unsigned w = 0; w < 8; ++w) {
        const std::uint64_t word = rsp_.bits(memory_port::kResponseDataLsb + 64 * w, 64);
        std::memcpy(got.data() + 8 * w, &word, 8);
      }
      const Line& wanted = line(at);
      for (unsigned i = 0; i < 64; ++i) {
        if (got[i] == wanted[i]) continue;
        wrong(fmt::format("byte {:#x}: got {}, expected {}", at + i, got[i], wanted[i]));
      }
    }
    ++open.next;
  }
  if (last != (write || open.next == burst.beats)) wrong(fmt::format("tag {}: last", tag));
  if (!last) return;
  auto& users = write ? writers_ : readers_;
  for (unsigned i = 0; i < burst.beats; ++i) {
    const auto user = users.find(burst.address / 64 + i);
    if (--user->second == 0) users.erase(user);
  }
  free_.push_back(tag);
  open_.erase(found);
}

void StationBench::sample() {
  if (offered_ && req_ready_.get() != 0) {
    const Burst& burst = (*bursts_)[next_++];
    offered_ = false;
    open_[tag_] = {burst, 0};
    for (unsigned i = 0; i < burst.beats; ++i) {
      const std::uint64_t number = burst.address / 64 + i;
      ++(burst.write ? writers_ : readers_)[number];
      if (!burst.write) continue;
      Beat beat;
      beat.last = i + 1 == burst.beats;
      beat.strobe = burst.sparse ? random_() & random_() : ~std::uint64_t{0};
      if (burst.sparse && chance(0.2)) beat.strobe &= 0xFFFFFFFFU;
      if (!burst.sparse) spoilt_.erase(number);
      Line& kept = line(number * 64);
      for (unsigned b = 0; b < 64; ++b) {
        beat.data[b] = static_cast<std::uint8_t>(random_());
        if ((beat.strobe >> b & 1) != 0) kept[b] = beat.data[b];
      }
      beats_.push_back(beat);
    }
  }
  if (data_offered_ && wdata_ready_.get() != 0) {
    data_offered_ = false;
    beats_.pop_front();
  }
  if (rsp_ready_.get() != 0 && rsp_valid_.get() != 0) answer();
}

void StationBench::tick() {
  memory_->tick_before_edge();
  sample();
  model_->tick();
  if (!offered_) req_valid_.set(0);
  if (!data_offered_) wdata_valid_.set(0);
}

std::uint64_t StationBench::run(const std::vector<Burst>& bursts, const BenchStalls& stalls) {
  bursts_ = &bursts;
  next_ = 0;
  const std::uint64_t begin = model_->cycle();
  while (next_ < bursts.size() || !open_.empty() || offered_) {
    drive(stalls);
    tick();
  }
  return model_->cycle() - begin;
}

}  // namespace s4::tests
