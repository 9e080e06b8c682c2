// The memory behind the bridge's port: it judges every request, answers in any order, and keeps
// what was written.
#include <fmt/format.h>

#include <algorithm>

#include "sim/memory_port/gen/memory_port.hpp"
#include "tests/host/bridge_bench.hpp"

namespace s4::tests {
namespace {

namespace mp = memory_port;
constexpr std::uint64_t kLines = std::uint64_t{1} << (mp::kAddrWidth - 6);
constexpr unsigned kPartLines = 16;  // of a granule of the ring
constexpr unsigned kOkay = 0, kSlverr = 2, kDecerr = 3;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

}  // namespace

void merge(Line& into, const Line& from, std::uint64_t strobe) {
  for (unsigned byte = 0; byte < 64; ++byte) {
    if ((strobe >> byte & 1) == 0) continue;
    const std::uint32_t mask = 0xffu << 8 * (byte % 4);
    into[byte / 4] = (into[byte / 4] & ~mask) | (from[byte / 4] & mask);
  }
}

Line line_of(const tb::Port& port, unsigned lsb) {
  Line line;
  for (unsigned w = 0; w < 16; ++w) {
    line[w] = static_cast<std::uint32_t>(port.bits(lsb + 32 * w, 32));
  }
  return line;
}

void set_line(tb::Port& port, unsigned lsb, const Line& line) {
  for (unsigned w = 0; w < 16; ++w) port.set_bits(lsb + 32 * w, 32, line[w]);
}

Line BridgeBench::initial(std::uint64_t line) {
  Line words;
  for (unsigned w = 0; w < 16; ++w) {
    words[w] = static_cast<std::uint32_t>(mix(line + (std::uint64_t{w} << 56)));
  }
  return words;
}

BridgeBench::Outcome BridgeBench::outcome(std::uint64_t line) const {
  if (!memory_.failures) return Outcome::kOk;
  if (line >= kLines / 4 * 3) return Outcome::kDecode;
  const std::uint64_t hash = mix(line) % 50;
  return hash == 0 ? Outcome::kData : hash == 1 ? Outcome::kDecode : Outcome::kOk;
}

unsigned BridgeBench::response(Outcome outcome) {
  return outcome == Outcome::kOk ? kOkay : outcome == Outcome::kDecode ? kDecerr : kSlverr;
}

/// Whether the next response of a part may leave: reads any time, the acknowledge of a write after
/// its data and after writes of the same lines that came before.
bool BridgeBench::may_end(std::size_t part) const {
  const Part& own = parts_[part];
  if (!own.write) return true;
  if (own.data.size() != own.len + 1) return false;
  for (std::size_t i = 0; i < part; ++i) {
    const Part& other = parts_[i];
    if (other.write && other.line <= own.line + own.len && own.line <= other.line + other.len) {
      return false;
    }
  }
  return true;
}

void BridgeBench::drive_memory(const HostTraffic& traffic) {
  request_ready_ = !chance(traffic.stall_request);
  req_ready_.set(request_ready_ ? 1 : 0);
  // Write data are taken only behind their request.
  data_ready_ = !data_order_.empty() && !chance(traffic.stall_port_data);
  data_ready_port_.set(data_ready_ ? 1 : 0);
  shown_ = -1;
  if (!parts_.empty() && !chance(traffic.stall_response)) {
    const std::size_t first = memory_.spread == 0 ? 0 : random_() % parts_.size();
    for (std::size_t i = 0; i < parts_.size() && shown_ < 0; ++i) {
      const std::size_t at = (first + i) % parts_.size();
      if (parts_[at].due <= clock && may_end(at)) shown_ = static_cast<int>(at);
    }
  }
  rsp_valid_.set(shown_ >= 0 ? 1 : 0);
  if (shown_ < 0) return;
  const Part& part = parts_[static_cast<std::size_t>(shown_)];
  Outcome result = Outcome::kOk;
  if (part.write) {
    for (unsigned b = 0; b <= part.len && result == Outcome::kOk; ++b) {
      result = outcome(part.line + b);
    }
  } else {
    const std::uint64_t line = part.line + part.done;
    result = outcome(line);
    set_line(rsp_, mp::kResponseDataLsb, words_.try_emplace(line, initial(line)).first->second);
  }
  rsp_.set_bits(mp::kResponseLastLsb, 1, part.write || part.done == part.len ? 1 : 0);
  rsp_.set_bits(mp::kResponseErrorLsb, 2, static_cast<unsigned>(result));
  rsp_.set_bits(mp::kResponseWriteLsb, 1, part.write ? 1 : 0);
  rsp_.set_bits(mp::kResponseTagLsb, mp::kResponseTagBits, part.tag);
}

void BridgeBench::take_request() {
  Part part;
  part.write = req_.bits(mp::kRequestWriteLsb, 1) != 0;
  const std::uint64_t address = req_.bits(mp::kRequestAddrLsb, mp::kRequestAddrBits);
  part.line = address >> 6;
  part.len = static_cast<unsigned>(req_.bits(mp::kRequestLenLsb, mp::kRequestLenBits));
  part.tag = static_cast<unsigned>(req_.bits(mp::kRequestTagLsb, mp::kRequestTagBits));
  part.due = clock + memory_.latency + (memory_.spread != 0 ? random_() % memory_.spread : 0);
  if (address % 64 != 0) fail("port: a request that is not aligned");
  if (part.line % kPartLines + part.len >= kPartLines)
    fail("port: a burst that leaves its granule");
  if (req_.bits(mp::kRequestMaskLsb, mp::kRequestMaskBits) != 0) fail("port: a mask");
  if (!tags_.insert(part.tag).second) fail(fmt::format("port: tag {:#x} is in use", part.tag));
  if (part.write) data_order_.push_back(part.tag);
  parts_.push_back(part);
}

void BridgeBench::take_data() {
  const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) {
    return p.write && p.tag == data_order_.front();
  });
  Beat beat{line_of(data_, mp::kWriteDataDataLsb), data_.bits(mp::kWriteDataStrobeLsb, 64),
            data_.bits(mp::kWriteDataLastLsb, 1) != 0, false};
  part->data.push_back(beat);
  if (beat.last != (part->data.size() == part->len + 1)) fail("port: last of write data");
  if (beat.last) data_order_.pop_front();
}

void BridgeBench::finish_write(const Part& part) {
  for (unsigned b = 0; b <= part.len; ++b) {
    const std::uint64_t line = part.line + b;
    ++applied_[line];
    if (outcome(line) != Outcome::kOk) continue;
    merge(words_.try_emplace(line, initial(line)).first->second, part.data[b].data,
          part.data[b].strobe);
  }
}

void BridgeBench::sample_memory() {
  if (shown_ >= 0) {
    if (rsp_ready_.get() == 0) fail("port: a response is not taken at once");
    Part& part = parts_[static_cast<std::size_t>(shown_)];
    if (part.write) finish_write(part);
    if (part.write || part.done++ == part.len) {
      tags_.erase(part.tag);
      parts_.erase(parts_.begin() + shown_);
    }
    last_event_ = clock;
  }
  // Before a request of this clock: its data come later.
  if (data_valid_.get() != 0 && data_ready_) take_data();
  if (req_valid_.get() != 0 && request_ready_) take_request();
}

}  // namespace s4::tests
