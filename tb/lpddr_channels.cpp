#include "tb/lpddr_channels.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "sim/memory/gen/lpddr4.hpp"
#include "sim/memory/memory_code.hpp"

namespace s4::tb {
namespace {

constexpr unsigned kInitClocks = 50;  // of each part of the shortened initialisation
constexpr std::uint64_t kFullStart =
    lpddr4::kInitResetClocks + lpddr4::kInitCkeClocks + lpddr4::kInitCommandClocks;
constexpr unsigned kBurst = 32;

}  // namespace

std::map<std::string, std::string> LpddrChannels::short_start() {
  std::map<std::string, std::string> parameters;
  for (const char* name : {"InitResetClocks", "InitCkeClocks", "InitCommandClocks"}) {
    parameters[name] = std::to_string(kInitClocks);
  }
  return parameters;
}

std::uint64_t LpddrChannels::full_start_clocks() { return kFullStart; }

LpddrChannels::LpddrChannels(Model& model, const sim::StationLayout& layout,
                             sim::LpddrTimings timings)
    : layout_(layout),
      cke_(model.port("dfi_cke_o")),
      cs_(model.port("dfi_cs_o")),
      ca_(model.port("dfi_ca_o")),
      reset_n_(model.port("dfi_reset_n_o")),
      wrdata_en_(model.port("dfi_wrdata_en_o")),
      wrdata_(model.port("dfi_wrdata_o")),
      wrmask_(model.port("dfi_wrmask_o")),
      rddata_en_(model.port("dfi_rddata_en_o")),
      rddata_(model.port("dfi_rddata_i")),
      rddata_valid_(model.port("dfi_rddata_valid_i")) {
  timings.init1 = timings.init3 = timings.init5 = 2 * kInitClocks;
  const unsigned channels = layout.stations * layout.channels;
  for (unsigned c = 0; c < channels; ++c) {
    channels_.push_back(std::make_unique<sim::LpddrChannel>(timings, layout.ranks));
  }
  if (reset_n_.width() != channels) {
    throw std::invalid_argument(model.name() + " has " + std::to_string(reset_n_.width()) +
                                " channels, not " + std::to_string(channels));
  }
  model.port("two_ranks_i").set(layout.ranks == 2 ? 1 : 0);
  model.port("ecc_enable_i").set(layout.ecc ? 1 : 0);
  rddata_valid_.set(0);
}

sim::LpddrOutputs LpddrChannels::outputs(std::size_t channel) const {
  sim::LpddrOutputs out;
  out.reset_n = reset_n_.bits(channel, 1) != 0;
  out.cke = static_cast<std::uint8_t>(cke_.bits(2 * channel, 2));
  out.cs = static_cast<std::uint8_t>(cs_.bits(4 * channel, 4));
  out.ca = static_cast<std::uint16_t>(ca_.bits(12 * channel, 12));
  out.write_enable = static_cast<std::uint8_t>(wrdata_en_.bits(2 * channel, 2));
  out.read_enable = static_cast<std::uint8_t>(rddata_en_.bits(2 * channel, 2));
  if (out.write_enable != 0) {
    out.write_data = wrdata_.bits(64 * channel, 64);
    out.write_mask = static_cast<std::uint8_t>(wrmask_.bits(8 * channel, 8));
  }
  return out;
}

void LpddrChannels::drive() {
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const sim::LpddrInputs in = channels_[c]->clock(outputs(c));
    rddata_valid_.set_bits(2 * c, 2, in.read_valid);
    if (in.read_valid != 0) rddata_.set_bits(64 * c, 64, in.read_data);
  }
}

LpddrChannels::Place LpddrChannels::place(std::uint64_t addr) {
  const sim::StationPlace in = sim::place_of(layout_, addr);
  Place result;
  result.store = &channels_[in.station * layout_.channels + in.channel]->store();
  const unsigned ranks = layout_.ranks;
  if (!layout_.ecc) {
    result.data = sim::memory_place(in.address, ranks);
    return result;
  }
  result.data = sim::memory_place(sim::memory_ecc_data(in.address, ranks), ranks);
  result.checks = sim::memory_place(sim::memory_ecc_check(in.address, ranks), ranks);
  return result;
}

sim::LpddrBurst LpddrChannels::corrected(std::uint64_t addr, unsigned& wrong) {
  const Place at = place(addr);
  sim::LpddrBurst burst = at.store->read(at.data.row, at.data.byte / 2);
  wrong = 0;
  if (!layout_.ecc) return burst;
  const unsigned first = at.checks.byte % kBurst;
  const sim::LpddrBurst checks = at.store->read(at.checks.row, (at.checks.byte - first) / 2);
  for (unsigned i = 0; i < kBurst; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, burst.data() + i, 8);
    const sim::MemoryCodeWord code = sim::memory_correct(word, checks[first + i / 8]);
    if (code.state == sim::MemoryCodeState::kWrong) {
      throw std::runtime_error("two wrong bits in the word at " + std::to_string(addr + i));
    }
    if (code.state == sim::MemoryCodeState::kCorrected) ++wrong;
    std::memcpy(burst.data() + i, &code.word, 8);
  }
  return burst;
}

void LpddrChannels::flip(std::uint64_t addr, unsigned bit) {
  const Place at = place(addr);
  const bool check = bit >= 64;
  const sim::MemoryPlace& in = check ? at.checks : at.data;
  at.store->flip(in.row, in.byte + (check ? 0 : bit / 8), bit % 8);
}

std::uint64_t LpddrChannels::wrong_words(std::uint64_t addr, std::uint64_t bytes) {
  std::uint64_t sum = 0;
  unsigned wrong = 0;
  for (std::uint64_t done = 0; done < bytes; done += kBurst) {
    (void)corrected(addr + done, wrong);
    sum += wrong;
  }
  return sum;
}

void LpddrChannels::require(std::uint64_t addr, std::uint64_t bytes) const {
  if (contains(addr, bytes)) return;
  throw std::out_of_range("no memory at address " + std::to_string(addr));
}

void LpddrChannels::read(std::uint64_t addr, std::span<std::uint8_t> bytes) {
  require(addr, bytes.size());
  unsigned wrong = 0;
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t at = addr + done;
    const std::size_t offset = at % kBurst;
    const std::size_t part = std::min<std::size_t>(kBurst - offset, bytes.size() - done);
    const sim::LpddrBurst burst = corrected(at - offset, wrong);
    std::memcpy(bytes.data() + done, burst.data() + offset, part);
    done += part;
  }
}

void LpddrChannels::write(std::uint64_t addr, std::span<const std::uint8_t> bytes) {
  require(addr, bytes.size());
  unsigned wrong = 0;
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t at = addr + done;
    const std::size_t offset = at % kBurst;
    const std::size_t part = std::min<std::size_t>(kBurst - offset, bytes.size() - done);
    const Place in = place(at - offset);
    sim::LpddrBurst burst{};
    if (part < kBurst) burst = corrected(at - offset, wrong);
    std::memcpy(burst.data() + offset, bytes.data() + done, part);
    in.store->write(in.data.row, in.data.byte / 2, burst);
    if (layout_.ecc) {
      const unsigned first = in.checks.byte % kBurst;
      sim::LpddrBurst checks{};
      for (unsigned i = 0; i < kBurst; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, burst.data() + i, 8);
        checks[first + i / 8] = sim::memory_checks(word);
      }
      const std::uint32_t mask = ~(std::uint32_t{0xf} << first);
      in.store->write(in.checks.row, (in.checks.byte - first) / 2, checks, mask);
    }
    done += part;
  }
}

std::vector<LpddrChannels::Counts> LpddrChannels::counts() const {
  std::vector<Counts> result;
  for (const auto& channel : channels_) {
    const sim::LpddrCounts& counts = channel->counts();
    using Kind = sim::LpddrKind;
    Counts c;
    c.reads = counts.of(Kind::kRd) + counts.of(Kind::kRda);
    c.writes = counts.of(Kind::kWr) + counts.of(Kind::kWra) + counts.of(Kind::kMwr);
    c.row_hits = counts.row_hits;
    c.activates = counts.of(Kind::kAct);
    c.refreshes = counts.of(Kind::kRefPb) + counts.of(Kind::kRefAb);
    result.push_back(c);
  }
  return result;
}

}  // namespace s4::tb
