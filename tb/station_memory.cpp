#include "tb/station_memory.hpp"

#include "sim/memory/gen/lpddr4.hpp"

namespace s4::tb {
namespace {

constexpr unsigned kInitPatience = 100000;  // clocks
constexpr unsigned kSettleClocks = 200;     // without entries in the write queues
constexpr unsigned kForgetClocks = 600;     // until the check caches are written out and empty
constexpr unsigned kSettlePatience = 100000;

}  // namespace

StationMemory::StationMemory(Model& model, const StationOptions& options)
    : model_(model),
      options_(options),
      channels_(model, sim::one_station(options.channels, options.ranks, options.ecc),
                options.timings),
      init_done_(model.port("init_done_o")),
      counter_select_(model.port("counter_select_i")),
      counters_(model.port("counter_value_o")),
      open_beats_(model.port("open_read_beats_o")),
      open_bursts_(model.port("open_write_bursts_o")),
      open_reads_(model.port("open_reads_o")),
      open_writes_(model.port("open_writes_o")) {
  counter_select_.set(static_cast<std::uint64_t>(lpddr4::Counter::kWriteOccupancy));
}

void StationMemory::tick_before_edge() {
  channels_.drive();
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
      same = same && sum == sums[c] && channels_.channel(c).is_quiet();
      sums[c] = sum;
    }
    quiet = same ? quiet + 1 : 0;
  }
  used_ = false;
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
  settle();
  channels_.read(addr, bytes);
}

void StationMemory::write(std::uint64_t addr, std::span<const std::uint8_t> bytes) {
  settle();
  channels_.write(addr, bytes);
}

std::uint64_t StationMemory::wrong_words(std::uint64_t addr, std::uint64_t bytes) {
  settle();
  return channels_.wrong_words(addr, bytes);
}

}  // namespace s4::tb
