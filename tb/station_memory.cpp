#include "tb/station_memory.hpp"

#include <algorithm>
#include <cstring>

#include "sim/memory/gen/lpddr4.hpp"
#include "sim/memory/memory_code.hpp"

namespace s4::tb {
namespace {

constexpr unsigned kInitClocks = 50;        // of each part of the shortened initialisation
constexpr unsigned kInitPatience = 100000;  // clocks
constexpr unsigned kSettleClocks = 200;     // without entries in the write queues
constexpr unsigned kForgetClocks = 600;     // until the check caches are written out and empty
constexpr unsigned kSettlePatience = 100000;
constexpr std::uint64_t kFullStart =
    lpddr4::kInitResetClocks + lpddr4::kInitCkeClocks + lpddr4::kInitCommandClocks;
constexpr unsigned kBurst = 32;

}  // namespace

std::map<std::string, std::string> StationMemory::short_start() {
  std::map<std::string, std::string> parameters;
  for (const char* name : {"InitResetClocks", "InitCkeClocks", "InitCommandClocks"}) {
    parameters[name] = std::to_string(kInitClocks);
  }
  return parameters;
}

std::uint64_t StationMemory::full_start_clocks() { return kFullStart; }

StationMemory::StationMemory(Model& model, const StationOptions& options)
    : model_(model),
      options_(options),
      layout_(sim::one_station(options.channels, options.ranks, options.ecc)),
      init_done_(model.port("init_done_o")),
      counter_select_(model.port("counter_select_i")),
      counters_(model.port("counter_value_o")),
      open_beats_(model.port("open_read_beats_o")),
      open_bursts_(model.port("open_write_bursts_o")),
      open_reads_(model.port("open_reads_o")),
      open_writes_(model.port("open_writes_o")),
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
  sim::LpddrTimings timings = options.timings;
  timings.init1 = timings.init3 = timings.init5 = 2 * kInitClocks;
  for (unsigned c = 0; c < options.channels; ++c) {
    channels_.push_back(std::make_unique<sim::LpddrChannel>(timings, options.ranks));
  }
  if (reset_n_.width() != options.channels) {
    throw std::invalid_argument(model.name() + " has " + std::to_string(reset_n_.width()) +
                                " channels, not " + std::to_string(options.channels));
  }
  model.port("two_ranks_i").set(options.ranks == 2 ? 1 : 0);
  model.port("ecc_enable_i").set(options.ecc ? 1 : 0);
  counter_select_.set(static_cast<std::uint64_t>(lpddr4::Counter::kWriteOccupancy));
  rddata_valid_.set(0);
}

sim::LpddrOutputs StationMemory::outputs(unsigned channel) const {
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

void StationMemory::tick_before_edge() {
  for (unsigned c = 0; c < channels_.size(); ++c) {
    const sim::LpddrInputs in = channels_[c]->clock(outputs(c));
    rddata_valid_.set_bits(2 * c, 2, in.read_valid);
    if (in.read_valid != 0) rddata_.set_bits(64 * c, 64, in.read_data);
  }
  model_.eval();
  watch_progress();
}

void StationMemory::watch_progress() {
  const std::uint64_t beats = open_beats_.get(), bursts = open_bursts_.get();
  if (bursts != 0 || (options_.ecc && beats != 0)) used_ = true;
  if (beats == 0 && bursts == 0) {
    still_ = 0;
    return;
  }
  std::vector<std::uint32_t> now{static_cast<std::uint32_t>(beats),
                                 static_cast<std::uint32_t>(bursts)};
  for (unsigned c = 0; c < channels_.size(); ++c) {
    now.push_back(static_cast<std::uint32_t>(open_reads_.bits(16 * c, 16)));
    now.push_back(static_cast<std::uint32_t>(open_writes_.bits(16 * c, 16)));
  }
  still_ = now == open_ ? still_ + 1 : 0;
  open_.swap(now);
  if (still_ >= options_.patience) stalled();
}

void StationMemory::stalled() const {
  std::string text = "memory station: nothing moved for " + std::to_string(still_) +
                     " clocks, cycle " + std::to_string(model_.cycle()) + " of " + model_.name() +
                     ":";
  bool channel = false;
  for (unsigned c = 0; c < channels_.size(); ++c) {
    const std::uint32_t reads = open_[2 + 2 * c], writes = open_[3 + 2 * c];
    if (reads == 0 && writes == 0) continue;
    channel = true;
    text += " channel " + std::to_string(c) + " does not answer " + std::to_string(reads) +
            " reads and " + std::to_string(writes) + " writes;";
  }
  if (!channel && open_[0] != 0) {
    text += " " + std::to_string(open_[0]) +
            " beats that the channels answered are not taken at the memory port;";
  }
  if (!channel && open_[1] != 0) {
    text += " " + std::to_string(open_[1]) +
            " write bursts wait for their data or for a channel's acknowledge;";
  }
  text.back() = '.';
  throw StationStall(text);
}

std::uint64_t StationMemory::initialise() {
  const std::uint64_t begin = model_.cycle();
  while (init_done_.get() == 0) {
    if (model_.cycle() - begin > kInitPatience) {
      throw StationStall("memory station: the controllers do not end their initialisation in " +
                         std::to_string(kInitPatience) + " clocks");
    }
    tick_before_edge();
    model_.tick();
  }
  return model_.cycle() - begin;
}

// An acknowledge means order, not that the data are in the devices: that is when no write queue
// holds an entry (its occupancy, which is summed over the clocks, stays) and no data are on pins.
// With error correction the check caches are empty only then, so that the devices hold everything.
void StationMemory::settle() {
  if (!used_) return;
  const unsigned wanted = options_.ecc ? kForgetClocks : kSettleClocks;
  const std::uint64_t begin = model_.cycle();
  std::uint64_t quiet = 0;
  std::vector<std::uint64_t> sums(channels_.size());
  while (quiet < wanted) {
    if (model_.cycle() - begin > kSettlePatience) {
      throw StationStall("memory station: writes do not reach the devices in " +
                         std::to_string(kSettlePatience) + " clocks");
    }
    tick_before_edge();
    model_.tick();
    bool same = open_bursts_.get() == 0;
    for (unsigned c = 0; c < channels_.size(); ++c) {
      const std::uint64_t sum = counters_.bits(lpddr4::kCounterWidth * c, lpddr4::kCounterWidth);
      same = same && sum == sums[c] && channels_[c]->is_quiet();
      sums[c] = sum;
    }
    quiet = same ? quiet + 1 : 0;
  }
  used_ = false;
}

StationMemory::Place StationMemory::place(std::uint64_t addr) {
  const sim::StationPlace in = sim::place_of(layout_, addr);
  Place result;
  result.store = &channels_[in.channel]->store();
  const unsigned ranks = options_.ranks;
  if (!options_.ecc) {
    result.data = sim::memory_place(in.address, ranks);
    return result;
  }
  result.data = sim::memory_place(sim::memory_ecc_data(in.address, ranks), ranks);
  result.checks = sim::memory_place(sim::memory_ecc_check(in.address, ranks), ranks);
  return result;
}

sim::LpddrBurst StationMemory::corrected(std::uint64_t addr, unsigned& wrong) {
  const Place at = place(addr);
  sim::LpddrBurst burst = at.store->read(at.data.row, at.data.byte / 2);
  wrong = 0;
  if (!options_.ecc) return burst;
  const unsigned first = at.checks.byte % kBurst;
  const sim::LpddrBurst checks = at.store->read(at.checks.row, (at.checks.byte - first) / 2);
  for (unsigned i = 0; i < kBurst; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, burst.data() + i, 8);
    const sim::MemoryCodeWord code = sim::memory_correct(word, checks[first + i / 8]);
    if (code.state == sim::MemoryCodeState::kWrong) {
      throw std::runtime_error("memory station: two wrong bits in the word at " +
                               std::to_string(addr + i));
    }
    if (code.state == sim::MemoryCodeState::kCorrected) ++wrong;
    std::memcpy(burst.data() + i, &code.word, 8);
  }
  return burst;
}

void StationMemory::flip(std::uint64_t addr, unsigned bit) {
  const Place at = place(addr);
  const bool check = bit >= 64;
  const sim::MemoryPlace& in = check ? at.checks : at.data;
  at.store->flip(in.row, in.byte + (check ? 0 : bit / 8), bit % 8);
}

std::uint64_t StationMemory::wrong_words(std::uint64_t addr, std::uint64_t bytes) {
  settle();
  std::uint64_t sum = 0;
  unsigned wrong = 0;
  for (std::uint64_t done = 0; done < bytes; done += kBurst) {
    (void)corrected(addr + done, wrong);
    sum += wrong;
  }
  return sum;
}

std::uint64_t StationMemory::counter(unsigned channel, lpddr4::Counter which) {
  counter_select_.set(static_cast<std::uint64_t>(which));
  tick_before_edge();
  model_.tick();
  const std::uint64_t value =
      counters_.bits(lpddr4::kCounterWidth * channel, lpddr4::kCounterWidth);
  counter_select_.set(static_cast<std::uint64_t>(lpddr4::Counter::kWriteOccupancy));
  return value;
}

void StationMemory::read(std::uint64_t addr, std::span<std::uint8_t> bytes) {
  if (!contains(addr, bytes.size())) {
    throw std::out_of_range("memory station: no memory at address " + std::to_string(addr));
  }
  settle();
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

void StationMemory::write(std::uint64_t addr, std::span<const std::uint8_t> bytes) {
  if (!contains(addr, bytes.size())) {
    throw std::out_of_range("memory station: no memory at address " + std::to_string(addr));
  }
  settle();
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
    if (options_.ecc) {
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

std::vector<StationMemory::ChannelCounts> StationMemory::counts() const {
  std::vector<ChannelCounts> result;
  for (const auto& channel : channels_) {
    const sim::LpddrCounts& counts = channel->counts();
    using Kind = sim::LpddrKind;
    ChannelCounts c;
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
