#include "sim/memory/lpddr_channel.hpp"

#include <fmt/format.h>

namespace s4::sim {

LpddrChannel::LpddrChannel(const LpddrTimings& timings, unsigned ranks)
    : t_(timings), rank_count_(ranks), rules_(timings, ranks), startup_(timings) {
  if (t_.burst != 8) throw std::invalid_argument("a burst of 16 transfers takes 8 CK");
}

LpddrInputs LpddrChannel::clock(const LpddrOutputs& outputs) {
  LpddrInputs inputs;
  if (outputs.cke != cke_ || !outputs.reset_n || !reset_n_) pins(outputs);
  if (outputs.cs != 0 || decoder_.is_busy() || !edges_.empty()) {
    for (unsigned phase = 0; phase < 2; ++phase) {
      const auto command =
          decoder_.clock(ck_ + phase, outputs.cs >> 2 * phase & 3, outputs.ca >> 6 * phase & 63);
      if (command) take(*command);
      while (!edges_.empty() && !decoder_.is_busy()) {
        const LpddrCommand edge = edges_.front();
        edges_.pop_front();
        take(edge);
      }
    }
  }
  if (!writes_.empty() || outputs.write_enable != 0) {
    for (unsigned phase = 0; phase < 2; ++phase) write_phase(phase, outputs);
  }
  if (!reads_.empty() || outputs.read_enable != 0) {
    for (unsigned phase = 0; phase < 2; ++phase) read_phase(phase, outputs, inputs);
  }
  rules_.advance(ck_ + 1);
  ck_ += 2;
  return inputs;
}

void LpddrChannel::pins(const LpddrOutputs& outputs) {
  if (reset_n_ && !outputs.reset_n) {
    // Whatever was under way is lost, contents are as they were.
    rules_ = LpddrRules(t_, rank_count_);
    decoder_.reset();
    writes_.clear();
    reads_.clear();
    edges_.clear();
    cke_ = 0;
  }
  reset_n_ = outputs.reset_n;
  const unsigned there = rank_count_ == 2 ? 3 : 1;
  if ((outputs.cke & ~there) != 0) {
    throw LpddrViolation("rank",
                         fmt::format("rank broken at CK {}: CKE of a rank that is not there", ck_),
                         std::nullopt, std::nullopt);
  }
  const unsigned rose = startup_.pins(ck_, outputs.reset_n, outputs.cke);
  for (unsigned r = 0; reset_n_ && r < rank_count_; ++r) {
    const bool high = (outputs.cke >> r & 1) != 0;
    if (high == ((cke_ >> r & 1) != 0) || (rose >> r & 1) != 0) continue;
    LpddrCommand edge;
    edge.first = ck_;
    edge.kind = high ? LpddrKind::kPdx : LpddrKind::kPde;
    edge.rank = static_cast<std::uint8_t>(r);
    edges_.push_back(edge);
  }
  cke_ = outputs.cke;
}

void LpddrChannel::take(const LpddrCommand& command) {
  if (watcher_) watcher_(command);
  if (command.rank < rank_count_) startup_.command(command);
  rules_.command(command);
  ++counts_.commands[static_cast<std::size_t>(command.kind)];
  const bool reads = is_read(command.kind) || command.kind == LpddrKind::kMrr;
  if (command.kind == LpddrKind::kAct) used_[command.rank][command.bank] = false;
  if (!reads && !is_write(command.kind)) return;
  Burst burst;
  burst.command = command;
  burst.row = rules_.row(command.rank, command.bank);
  if (command.kind != LpddrKind::kMrr) {
    bool& used = used_[command.rank][command.bank];
    counts_.row_hits += used ? 1 : 0;
    used = true;
  }
  burst.start = command.last() + (reads ? t_.rl + t_.dqsck : t_.wl + t_.dqss);
  (reads ? reads_ : writes_).push_back(burst);
}

void LpddrChannel::write_phase(unsigned phase, const LpddrOutputs& outputs) {
  const std::uint64_t ck = ck_ + phase;
  const bool enabled = (outputs.write_enable >> phase & 1) != 0;
  const bool due = !writes_.empty() && ck >= writes_.front().start;
  if (enabled != due) {
    const auto command = writes_.empty() ? std::nullopt : std::optional(writes_.front().command);
    throw LpddrViolation(
        "write_data",
        fmt::format("write_data broken at CK {}: {} write data on the pins; {}", ck,
                    due ? "no" : "unexpected",
                    command ? fmt::format("due at CK {} to {} for {}", writes_.front().start,
                                          writes_.front().start + t_.burst - 1, describe(*command))
                            : "no write is due"),
        command, std::nullopt);
  }
  if (!due) return;
  Burst& burst = writes_.front();
  const auto index = static_cast<unsigned>(ck - burst.start);
  for (unsigned i = 0; i < 4; ++i) {
    burst.data[4 * index + i] =
        static_cast<std::uint8_t>(outputs.write_data >> (32 * phase + 8 * i));
  }
  const std::uint32_t mask = outputs.write_mask >> 4 * phase & 15;
  burst.mask |= mask << 4 * index;
  if (mask != 0 && burst.command.kind != LpddrKind::kMwr) {
    throw LpddrViolation("write_mask",
                         fmt::format("write_mask broken at CK {}: bytes are left out of {}", ck,
                                     describe(burst.command)),
                         burst.command, std::nullopt);
  }
  if (index + 1 < t_.burst) return;
  store_.write({burst.command.rank, burst.command.bank, burst.row}, burst.command.column,
               burst.data, burst.mask);
  writes_.pop_front();
}

void LpddrChannel::read_phase(unsigned phase, const LpddrOutputs& outputs, LpddrInputs& inputs) {
  const std::uint64_t ck = ck_ + phase;
  const bool enabled = (outputs.read_enable >> phase & 1) != 0;
  const bool due = !reads_.empty() && ck >= reads_.front().start;
  if (enabled != due) {
    const auto command = reads_.empty() ? std::nullopt : std::optional(reads_.front().command);
    throw LpddrViolation(
        "read_data",
        fmt::format("read_data broken at CK {}: {} data are expected; {}", ck,
                    due ? "no" : "unexpected",
                    command ? fmt::format("due at CK {} to {} for {}", reads_.front().start,
                                          reads_.front().start + t_.burst - 1, describe(*command))
                            : "no read is due"),
        command, std::nullopt);
  }
  if (!due) return;
  Burst& burst = reads_.front();
  const auto index = static_cast<unsigned>(ck - burst.start);
  if (index == 0) {
    if (burst.command.kind == LpddrKind::kMrr) {
      burst.data[0] =
          static_cast<std::uint8_t>(startup_.mode(burst.command.rank, burst.command.row % 64));
    } else {
      burst.data =
          store_.read({burst.command.rank, burst.command.bank, burst.row}, burst.command.column);
    }
  }
  std::uint64_t word = 0;
  for (unsigned i = 0; i < 4; ++i) word |= std::uint64_t{burst.data[4 * index + i]} << 8 * i;
  inputs.read_valid |= static_cast<std::uint8_t>(1u << phase);
  inputs.read_data |= word << 32 * phase;
  if (index + 1 == t_.burst) reads_.pop_front();
}

}  // namespace s4::sim
