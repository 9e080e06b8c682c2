#include "tests/memory/lpddr_pins.hpp"

#include "tests/memory/lpddr_cases.hpp"

namespace s4::memory_test {

using Kind = sim::LpddrKind;

sim::LpddrTimings LpddrPins::timings() {
  sim::LpddrTimings t;
  t.init1 = 100;
  t.init3 = 200;
  t.init5 = 50;
  return t;
}

std::uint64_t LpddrPins::start(unsigned ranks) {
  reset_n(0, false);
  reset_n(t_.init1, true);
  const std::uint64_t up = t_.init1 + t_.init3;
  cke(up, ranks == 2 ? 3 : 1);
  std::uint64_t last = up + t_.init5 + 3;
  for (unsigned rank = 0; rank < ranks; ++rank) {
    // RL 32, WL 16, nWR 34.
    for (const auto& [number, value] : {std::pair{1u, 0x64u}, {2u, 0x36u}}) {
      auto mode = at(Kind::kMrw, last, 0, rank);
      mode.row = static_cast<std::uint16_t>(number);
      mode.column = static_cast<std::uint16_t>(value);
      command(mode);
      last += 26;
    }
    command(at(Kind::kZq, last, 0, rank, 0));
    command(at(Kind::kZq, last += 1800, 0, rank, 1));
    last += 60;
  }
  return last + 1;
}

void LpddrPins::command(const sim::LpddrCommand& command) {
  const auto bits = sim::lpddr_encode(command);
  for (unsigned i = 0; i < bits.size(); ++i) {
    bus_[command.first + i] = {i % 2 == 0 ? 1u << command.rank : 0u, bits[i]};
  }
}

void LpddrPins::write(const sim::LpddrCommand& c, const sim::LpddrBurst& data, std::uint32_t mask,
                      int late) {
  command(c);
  const std::uint64_t first = c.last() + 17 + static_cast<std::uint64_t>(std::int64_t{late});
  for (unsigned i = 0; i < 8; ++i) {
    Word word;
    for (unsigned b = 0; b < 4; ++b) word.data |= std::uint32_t{data[4 * i + b]} << 8 * b;
    word.mask = mask >> 4 * i & 15;
    words_[first + i] = word;
  }
}

void LpddrPins::read(const sim::LpddrCommand& c, int late) {
  command(c);
  const std::uint64_t first = c.last() + 39 + static_cast<std::uint64_t>(std::int64_t{late});
  for (unsigned i = 0; i < 8; ++i) expected_[first + i] = true;
}

std::vector<sim::LpddrBurst> LpddrPins::run(sim::LpddrChannel& channel, std::uint64_t to) {
  std::vector<sim::LpddrBurst> bursts;
  unsigned got = 0;
  while (channel.ck() < to) {
    const std::uint64_t ck = channel.ck();
    if (const auto found = reset_n_.find(ck); found != reset_n_.end()) reset_n_now_ = found->second;
    if (const auto found = cke_.find(ck); found != cke_.end()) cke_now_ = found->second;
    sim::LpddrOutputs out;
    out.reset_n = reset_n_now_;
    out.cke = static_cast<std::uint8_t>(cke_now_);
    for (unsigned p = 0; p < 2; ++p) {
      if (const auto found = bus_.find(ck + p); found != bus_.end()) {
        out.cs |= static_cast<std::uint8_t>(found->second.cs << 2 * p);
        out.ca |= static_cast<std::uint16_t>(found->second.ca << 6 * p);
      }
      if (const auto found = words_.find(ck + p); found != words_.end()) {
        out.write_enable |= static_cast<std::uint8_t>(1u << p);
        out.write_data |= std::uint64_t{found->second.data} << 32 * p;
        out.write_mask |= static_cast<std::uint8_t>(found->second.mask << 4 * p);
      }
      if (expected_.count(ck + p) != 0) out.read_enable |= static_cast<std::uint8_t>(1u << p);
    }
    const sim::LpddrInputs in = channel.clock(out);
    for (unsigned p = 0; p < 2; ++p) {
      if ((in.read_valid >> p & 1) == 0) continue;
      if (got % 8 == 0) bursts.emplace_back();
      for (unsigned b = 0; b < 4; ++b) {
        bursts.back()[got % 8 * 4 + b] =
            static_cast<std::uint8_t>(in.read_data >> (32 * p + 8 * b));
      }
      ++got;
    }
  }
  return bursts;
}

}  // namespace s4::memory_test
