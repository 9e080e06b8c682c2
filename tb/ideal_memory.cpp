#include "tb/ideal_memory.hpp"

#include <algorithm>
#include <span>

#include "tb/seed.hpp"

namespace s4::tb {

using memory_port::Client;
using memory_port::kBeatBytes;
using memory_port::ResponseError;

namespace {
constexpr std::uint64_t kBoundaryBytes = std::uint64_t{memory_port::kMaxBurst} * kBeatBytes;
static_assert(memory_port::kRequestWriteLsb == 64 && memory_port::kWriteDataStrobeLsb == 1 &&
                  memory_port::kWriteDataDataLsb == 65 && memory_port::kResponseDataLsb == 12,
              "the word-wise packing below follows these positions");

std::uint64_t field(std::uint64_t bits, unsigned lsb, unsigned count) {
  return (bits >> lsb) & ((std::uint64_t{1} << count) - 1);
}
Client client_of(std::uint8_t tag) { return static_cast<Client>(tag >> memory_port::kSlotWidth); }
}  // namespace

IdealMemory::IdealMemory(Model& model, sim::Memory& contents, IdealMemoryOptions options)
    : model_(model),
      contents_(contents),
      options_(std::move(options)),
      random_(options_.seed != 0 ? options_.seed : tb::seed()) {
  if (options_.latency < 1) throw std::invalid_argument("ideal memory: latency is at least 1");
  const std::string& prefix = options_.prefix;
  req_valid_ = model.port(prefix + "req_valid_o");
  req_ready_ = model.port(prefix + "req_ready_i");
  req_ = model.port(prefix + "req_o");
  rsp_valid_ = model.port(prefix + "rsp_valid_i");
  rsp_ready_ = model.port(prefix + "rsp_ready_o");
  rsp_ = model.port(prefix + "rsp_i");
  has_writes_ = model.has_port(prefix + "wdata_valid_o");
  if (has_writes_) {
    wdata_valid_ = model.port(prefix + "wdata_valid_o");
    wdata_ready_ = model.port(prefix + "wdata_ready_i");
    wdata_ = model.port(prefix + "wdata_o");
  }
  reset();
}

void IdealMemory::reset() {
  reads_.clear();
  acknowledges_.clear();
  writes_.clear();
  tag_used_.reset();
  in_flight_ = 0;
  request_ready_ = write_ready_ = response_valid_ = false;
  request_taken_ = write_taken_ = response_taken_ = false;
  request_waits_ = write_waits_ = false;
  req_ready_.set(0);
  rsp_valid_.set(0);
  if (has_writes_) wdata_ready_.set(0);
}

void IdealMemory::inject_error(std::uint64_t addr, ResponseError error) {
  const std::uint64_t word = addr / kBeatBytes;
  if (error == ResponseError::kOk) {
    injected_.erase(word);
  } else {
    injected_[word] = error;
  }
}

bool IdealMemory::chance(double probability) {
  if (probability <= 0) return false;
  return static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
}

ResponseError IdealMemory::error_at(std::uint64_t addr) const {
  if (addr + kBeatBytes > options_.address_limit || !contents_.contains(addr, kBeatBytes)) {
    return ResponseError::kDecode;
  }
  if (injected_.empty()) return ResponseError::kOk;
  const auto it = injected_.find(addr / kBeatBytes);
  return it == injected_.end() ? ResponseError::kOk : it->second;
}

void IdealMemory::violation(const std::string& signal, int tag, const std::string& what) const {
  std::string text = "memory port: " + options_.prefix + signal + ": " + what;
  if (tag >= 0) {
    text += ", tag " + std::to_string(tag) + " (" +
            memory_port::to_string(client_of(static_cast<std::uint8_t>(tag))) + " slot " +
            std::to_string(tag & ((1 << memory_port::kSlotWidth) - 1)) + ")";
  }
  throw ProtocolError(text + ", cycle " + std::to_string(model_cycle_) + " of " + model_.name());
}

// ---- Before the edge: drive, evaluate, sample ---------------------------------------------------

void IdealMemory::tick_before_edge() {
  model_cycle_ = model_.cycle();
  const bool request_ready = !chance(options_.stall_request);
  if (request_ready != request_ready_) req_ready_.set(request_ready ? 1 : 0);
  request_ready_ = request_ready;
  if (has_writes_) {
    const bool write_ready = !writes_.empty() && !chance(options_.stall_write);
    if (write_ready != write_ready_) wdata_ready_.set(write_ready ? 1 : 0);
    write_ready_ = write_ready;
  }
  if (!response_valid_ && !(reads_.empty() && acknowledges_.empty())) choose_response();
  model_.eval();

  const bool request_valid = req_valid_.get() != 0;
  if (request_valid) {
    const Request now{req_.get(), req_.bits(memory_port::kRequestWriteLsb, 1) != 0};
    if (request_waits_ && now != request_) {
      violation("req_o", static_cast<int>(field(now.low, memory_port::kRequestTagLsb, 8)),
                "payload changed while waiting for ready");
    }
    request_ = now;
  } else if (request_waits_) {
    violation("req_valid_o", -1, "dropped before ready");
  }
  request_taken_ = request_valid && request_ready_;
  request_waits_ = request_valid && !request_ready_;

  if (has_writes_) {
    const bool write_valid = wdata_valid_.get() != 0;
    if (write_valid && (write_ready_ || !write_waits_)) {
      const WriteBits before = write_bits_;
      wdata_.get_bytes(write_bits_.data(), sizeof write_bits_);
      if (write_waits_ && before != write_bits_) {
        violation("wdata_o", writes_.front().tag, "payload changed while waiting for ready");
      }
    } else if (write_waits_ && !write_valid) {
      violation("wdata_valid_o", writes_.empty() ? -1 : writes_.front().tag,
                "dropped before ready");
    }
    write_taken_ = write_valid && write_ready_;
    write_waits_ = write_valid && !write_ready_;
  }
  response_taken_ = response_valid_ && rsp_ready_.get() != 0;
}

std::size_t IdealMemory::due_in(const std::deque<Burst>& queue) const {
  if (queue.empty() || queue.front().due > cycle_) return 0;
  if (!options_.reorder) return 1;
  const auto end = std::partition_point(queue.begin(), queue.end(),
                                        [&](const Burst& burst) { return burst.due <= cycle_; });
  return static_cast<std::size_t>(end - queue.begin());
}

void IdealMemory::choose_response() {
  const std::size_t reads = due_in(reads_), acknowledges = due_in(acknowledges_);
  if (reads + acknowledges == 0 || chance(options_.stall_response)) return;
  chosen_ = options_.reorder ? random_() % (reads + acknowledges) : 0;
  chosen_queue_ = &acknowledges_;
  if (chosen_ >= acknowledges) {
    chosen_ -= acknowledges;
    chosen_queue_ = &reads_;
  }
  drive_response((*chosen_queue_)[chosen_]);
  response_valid_ = true;
  rsp_valid_.set(1);
}

void IdealMemory::drive_response(const Burst& burst) {
  std::array<std::uint32_t, kWords> data{};
  ResponseError error = burst.error;
  bool last = true;
  if (!burst.write) {
    const std::uint64_t addr = burst.addr + std::uint64_t{burst.done} * kBeatBytes;
    last = burst.done + 1 == burst.beats;
    error = error_at(addr);
    if (error == ResponseError::kOk) {
      contents_.read(addr, {reinterpret_cast<std::uint8_t*>(data.data()), kBeatBytes});
    }
  }
  std::array<std::uint32_t, kWords + 1> bits{};
  bits[0] = std::uint32_t{burst.tag} << memory_port::kResponseTagLsb |
            std::uint32_t{burst.write} << memory_port::kResponseWriteLsb |
            static_cast<std::uint32_t>(error) << memory_port::kResponseErrorLsb |
            std::uint32_t{last} << memory_port::kResponseLastLsb | data[0] << 12;
  for (unsigned i = 1; i < kWords; ++i) bits[i] = data[i - 1] >> 20 | data[i] << 12;
  bits[kWords] = data[kWords - 1] >> 20;
  constexpr std::size_t kResponseBytes =
      (memory_port::kResponseDataLsb + memory_port::kResponseDataBits + 7) / 8;
  rsp_.set_bytes(bits.data(), kResponseBytes);
}

// ---- After the edge: commit ---------------------------------------------------------------------

void IdealMemory::tick_after_edge() {
  if (response_taken_) deliver_response();
  if (write_taken_) accept_write_data();
  if (request_taken_) accept_request();
  request_taken_ = write_taken_ = response_taken_ = false;
  ++cycle_;
}

void IdealMemory::deliver_response() {
  Burst& burst = (*chosen_queue_)[chosen_];
  burst.done += 1;
  if (burst.write) {
    statistics_.acknowledges += 1;
  } else {
    statistics_.read_beats += 1;
    auto& first = first_beats_[static_cast<std::size_t>(client_of(burst.tag))];
    if (!first) first = model_cycle_;
  }
  if (burst.write || burst.done == burst.beats) {
    tag_used_.reset(burst.tag);
    in_flight_ -= 1;
    chosen_queue_->erase(chosen_queue_->begin() + static_cast<std::ptrdiff_t>(chosen_));
  }
  response_valid_ = false;
  rsp_valid_.set(0);
}

void IdealMemory::accept_request() {
  Burst burst;
  burst.addr = field(request_.low, memory_port::kRequestAddrLsb, memory_port::kRequestAddrBits);
  burst.beats = static_cast<unsigned>(
      field(request_.low, memory_port::kRequestLenLsb, memory_port::kRequestLenBits) + 1);
  burst.tag = static_cast<std::uint8_t>(
      field(request_.low, memory_port::kRequestTagLsb, memory_port::kRequestTagBits));
  burst.write = request_.write;
  burst.due = cycle_ + options_.latency;
  const std::string at = "address " + std::to_string(burst.addr);
  if (burst.addr % kBeatBytes != 0) {
    violation("req_o.addr", burst.tag, at + " is not a multiple of 64");
  }
  const std::uint64_t bytes = std::uint64_t{burst.beats} * kBeatBytes;
  if (client_of(burst.tag) != Client::kFetch &&
      burst.addr / kBoundaryBytes != (burst.addr + bytes - 1) / kBoundaryBytes) {
    violation("req_o.len", burst.tag,
              at + ", " + std::to_string(burst.beats) + " beats cross a 1024 B boundary");
  }
  if (field(request_.low, memory_port::kRequestMaskLsb, memory_port::kRequestMaskBits) != 0) {
    violation("req_o.mask", burst.tag, "is not 0");
  }
  if (burst.write != (client_of(burst.tag) == Client::kStore)) {
    violation("req_o.write", burst.tag, burst.write ? "write of a reader" : "read of the store");
  }
  if (burst.write && !has_writes_) violation("req_o.write", burst.tag, "there is no write data");
  const auto holds = [&](const auto& window) {
    return burst.addr >= window.first && burst.addr + bytes <= window.second;
  };
  if (burst.write && !options_.write_windows.empty() &&
      std::none_of(options_.write_windows.begin(), options_.write_windows.end(), holds)) {
    violation("req_o.addr", burst.tag,
              at + ", " + std::to_string(burst.beats) + " beats: not in a write region");
  }
  if (tag_used_.test(burst.tag)) violation("req_o.tag", burst.tag, "is in use already");
  tag_used_.set(burst.tag);
  in_flight_ += 1;
  statistics_.requests += 1;
  statistics_.max_in_flight = std::max(statistics_.max_in_flight, in_flight_);
  (burst.write ? writes_ : reads_).push_back(burst);
}

void IdealMemory::accept_write_data() {
  Burst& burst = writes_.front();
  const bool last = (write_bits_[0] & 1) != 0;
  if (last != (burst.done + 1 == burst.beats)) {
    violation("wdata_o.last", burst.tag,
              "is " + std::to_string(last) + " on beat " + std::to_string(burst.done + 1) + " of " +
                  std::to_string(burst.beats));
  }
  std::array<std::uint32_t, kWords> data;
  for (unsigned i = 0; i < kWords; ++i) {
    data[i] = write_bits_[i + 2] >> 1 | write_bits_[i + 3] << 31;
  }
  const std::uint64_t strobe = std::uint64_t{write_bits_[0] >> 1} |
                               std::uint64_t{write_bits_[1]} << 31 |
                               std::uint64_t{write_bits_[2]} << 63;
  const std::uint64_t addr = burst.addr + std::uint64_t{burst.done} * kBeatBytes;
  const ResponseError error = error_at(addr);
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(data.data()),
                                            kBeatBytes);
  if (error != ResponseError::kOk) {
    burst.error = error;
  } else if (~strobe == 0) {
    contents_.write(addr, bytes);
  } else {
    for (unsigned i = 0; i < kBeatBytes; ++i) {
      if ((strobe >> i & 1) != 0) contents_.write(addr + i, bytes.subspan(i, 1));
    }
  }
  statistics_.write_beats += 1;
  burst.done += 1;
  if (burst.done == burst.beats) {
    burst.due = cycle_ + options_.latency;
    acknowledges_.push_back(burst);
    writes_.pop_front();
  }
}

}  // namespace s4::tb
