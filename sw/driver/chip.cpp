#include "sw/driver/chip.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "sim/host/gen/chip_registers.hpp"
#include "sim/registers/gen/registers.hpp"
#include "sw/driver/engine_timeline.hpp"

namespace s4::sw {
namespace {

namespace reg = chip_registers;

constexpr unsigned kInitPatience = 100000;   // clocks
constexpr std::uint64_t kPatience = 200000;  // clocks without an answer on AXI4
constexpr std::uint64_t kProgressClocks = 2048;
constexpr std::uint64_t kPollClocks = 65536;  // between looks for a lost interrupt
constexpr unsigned kResetPolls = 1000;
constexpr std::uint64_t kKib = 1024;  // unit of the broadcast region

std::unique_ptr<tb::Model> load(const config::Configuration& config, const ChipOptions& options) {
  tb::ModelOptions model = options.model;
  model.parameters.merge(tb::LpddrChannels::short_start());
  return tb::Model::load("chip",
                         options.config_argument.empty() ? config.name : options.config_argument,
                         options.wave.empty() ? options.kind : tb::Kind::kWave, model);
}

}  // namespace

sim::StationLayout chip_layout(const config::Configuration& config, bool ecc, unsigned ranks) {
  sim::StationLayout layout;
  layout.stations = config.num_subsystems + 1;
  layout.ranks = ranks;
  layout.ecc = ecc;
  return layout;
}

// ---- A subsystem --------------------------------------------------------------------------------

class Chip::Subsystem final : public Device {
 public:
  Subsystem(Chip& chip, unsigned number)
      : chip_(chip), number_(number), timeline_(*chip.model, number) {}

  [[nodiscard]] const char* name() const override { return "rtl"; }
  [[nodiscard]] const config::Configuration& configuration() const override {
    return chip_.config_;
  }
  void reset() override {
    write_register(registers::kControlOffset, 1U << registers::kControlResetLsb);
    for (unsigned i = 0; i < kResetPolls; ++i) {
      const std::uint32_t status = read_register(registers::kStatusOffset);
      if ((status >> registers::kStatusResettingLsb & 1U) == 0) return;
    }
    throw DeviceError(fmt::format("chip: the reset of subsystem {} does not complete", number_));
  }
  void write_register(std::uint32_t offset, std::uint32_t value) override {
    chip_.set(number_ + 1, offset, value);
    if (offset == registers::kControlOffset) {
      running_ = (value >> registers::kControlStartLsb & 1U) != 0;
      chip_.unsettled_ = true;
    }
  }
  [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) override {
    return chip_.get(number_ + 1, offset);
  }
  void write_memory(std::uint64_t address, std::span<const std::uint8_t> bytes) override {
    if (!chip_.options_.backdoor) return chip_.write(address, bytes);
    chip_.settle_writes();
    chip_.channels_->write(address, bytes);
  }
  void read_memory(std::uint64_t address, std::span<std::uint8_t> bytes) override {
    if (!chip_.options_.backdoor) return chip_.read(address, bytes);
    chip_.settle_writes();
    chip_.channels_->read(address, bytes);
  }
  bool wait(const Progress& progress) override {
    const std::uint32_t own = 1U << number_;
    std::uint32_t others = 0;
    while ((chip_.ended_ & own) == 0) {
      const std::uint32_t ended = chip_.wait_ended(progress);
      if (ended == 0) return false;
      others |= ended & ~own;
      if ((ended & own) != 0) break;
    }
    chip_.ended_ = (chip_.ended_ & ~own) | others;
    return true;
  }
  [[nodiscard]] std::optional<std::uint32_t> computing() const override {
    return timeline_.computing();
  }
  void sample() { timeline_.sample(); }
  /// Its program was started and its end not seen.
  [[nodiscard]] bool running() const { return running_; }
  void end() { running_ = false; }

 protected:
  [[nodiscard]] std::uint64_t now() const override { return chip_.cycle(); }
  [[nodiscard]] std::vector<TimelineEvent> take_timeline() override { return timeline_.take(); }

 private:
  Chip& chip_;
  unsigned number_;
  EngineTimeline timeline_;
  bool running_ = false;
};

// ---- The chip -----------------------------------------------------------------------------------

Chip::Chip(const config::Configuration& config, const ChipOptions& options)
    : model(load(config, options)),
      config_(config),
      options_(options),
      channels_(std::make_unique<tb::LpddrChannels>(
          *model, chip_layout(config, options.ecc, options.ranks))),
      irq_(model->port("irq_o")),
      init_done_(model->port("init_done_o")),
      links_(model->port("obs_link_o")),
      stall_(model->port("stall_i")),
      fault_(model->port("fault_i")),
      stall_random_(options.stalls.seed),
      link_beats_(links_.width(), 0),
      host_traffic_(TrafficMap(channels_->layout()).none()),
      axi(*model),
      registers(*model, [this] { clock(); }) {
  if (!options.wave.empty()) model->open_wave(options.wave, options.wave_from, options.wave_to);
  stall_.set(0);
  fault_.set(0);
  model->reset();
  wait_ready();
  start_clocks_ = cycle();
}

Chip::~Chip() = default;

void Chip::drive_stalls() {
  for (unsigned s = 0; s < stations(); ++s) {
    const std::uint64_t draw = stall_random_();
    const bool ring = (draw & 255) < options_.stalls.ring;
    const bool memory = (draw >> 8 & 255) < options_.stalls.memory;
    stall_.set_bits(2 * s, 2, (ring ? 1U : 0U) | (memory ? 2U : 0U));
  }
}

void Chip::clock() {
  if (options_.stalls.ring != 0 || options_.stalls.memory != 0) drive_stalls();
  channels_->drive();
  axi.drive();
  model->eval();
  axi.sample();
  for (const auto& subsystem : subsystems_) {
    if (subsystem) subsystem->sample();
  }
  if (options_.sample_clocks != 0) sample_traffic();
  model->tick();
}

void Chip::sample_traffic() {
  for (std::uint64_t busy = links_.get(); busy != 0; busy &= busy - 1) {
    ++link_beats_[static_cast<std::size_t>(std::countr_zero(busy))];
  }
  if (cycle() % options_.sample_clocks != 0) return;
  TrafficSample sample{cycle(), {}, link_beats_};
  for (const auto& c : channels_->counts()) sample.bursts.push_back(c.reads + c.writes);
  traffic_.push_back(std::move(sample));
}

void Chip::clocks(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) clock();
}

void Chip::wait_ready() {
  const std::uint64_t begin = cycle();
  while (init_done_.get() == 0) {
    if (cycle() - begin > kInitPatience) throw DeviceError("chip: the memories do not initialise");
    clock();
  }
}

// ---- Memory -------------------------------------------------------------------------------------

void Chip::finish() {
  std::uint64_t still = 0;
  for (std::size_t open = axi.open(); axi.open() != 0;) {
    clock();
    still = axi.open() == open ? still + 1 : 0;
    open = axi.open();
    if (still > kPatience) {
      throw DeviceError(fmt::format("chip: {} AXI4 bursts are not answered", open));
    }
  }
}

unsigned Chip::try_read(std::uint64_t address, std::span<std::uint8_t> bytes) {
  axi.worst = tb::AxiHost::kOkay;
  const TrafficMap map(channels_->layout());
  map.read(1U << subsystems(), address, bytes.size(), host_traffic_);
  axi.begin_read(address, bytes);
  finish();
  return axi.worst;
}

unsigned Chip::try_write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  unsettled_ = true;
  axi.worst = tb::AxiHost::kOkay;
  const TrafficMap map(channels_->layout());
  map.write(subsystems(), address, bytes.size(), host_traffic_);
  axi.begin_write(address, bytes);
  finish();
  return axi.worst;
}

void Chip::read(std::uint64_t address, std::span<std::uint8_t> bytes) {
  const unsigned response = try_read(address, bytes);
  if (response == tb::AxiHost::kOkay) return;
  throw DeviceError(fmt::format("chip: AXI4 read of {} bytes at {:#x} answered with {}",
                                bytes.size(), address, tb::AxiHost::response_name(response)));
}

void Chip::write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  const unsigned response = try_write(address, bytes);
  if (response == tb::AxiHost::kOkay) return;
  throw DeviceError(fmt::format("chip: AXI4 write of {} bytes at {:#x} answered with {}",
                                bytes.size(), address, tb::AxiHost::response_name(response)));
}

DramReport Chip::dram() const {
  DramReport report;
  report.start_clocks = start_clocks_;
  report.full_start_clocks = tb::LpddrChannels::full_start_clocks();
  for (const auto& c : channels_->counts()) {
    report.channels.push_back({c.reads, c.writes, c.row_hits, c.activates, c.refreshes});
  }
  return report;
}

Traffic Chip::measured() const {
  Traffic traffic;
  for (const auto& c : channels_->counts()) traffic.channels.push_back({c.reads, c.writes});
  traffic.links = link_beats_;
  return traffic;
}

std::uint64_t Chip::memory_counter(unsigned channel, lpddr4::Counter which) {
  const unsigned of_station = channels_->layout().channels;
  set(0, reg::kCounterSelectOffset,
      channel / of_station << reg::kCounterSelectStationLsb |
          channel % of_station << reg::kCounterSelectChannelLsb | static_cast<unsigned>(which));
  const std::uint64_t high = get(0, reg::kCounterHiOffset);
  return high << 32 | get(0, reg::kCounterLoOffset);
}

// ---- Registers and interrupts -------------------------------------------------------------------

void Chip::set(unsigned page, std::uint32_t offset, std::uint32_t value) {
  const unsigned response = registers.write(page << 12 | offset, value);
  if (response == tb::AxilHost::kOkay) return;
  throw DeviceError(fmt::format("chip: write of register {:#05x} on page {} answered with {}",
                                offset, page, tb::AxiHost::response_name(response)));
}

std::uint32_t Chip::get(unsigned page, std::uint32_t offset) {
  const tb::AxilHost::Answer answer = registers.read(page << 12 | offset);
  if (answer.resp == tb::AxilHost::kOkay) return answer.data;
  throw DeviceError(fmt::format("chip: read of register {:#05x} on page {} answered with {}",
                                offset, page, tb::AxiHost::response_name(answer.resp)));
}

Device& Chip::subsystem(unsigned n) {
  if (n >= subsystems()) {
    throw DeviceError(fmt::format("chip: no subsystem {}, it has {}", n, subsystems()));
  }
  subsystems_.resize(subsystems());
  if (!subsystems_[n]) {
    subsystems_[n] = std::make_unique<Subsystem>(*this, n);
    enabled_ |= 1U << n | 1U << reg::kIrqEnableRingLsb | 1U << reg::kIrqEnableMemoryLsb;
    set(0, reg::kIrqEnableOffset, enabled_);
  }
  return *subsystems_[n];
}

void Chip::begin_broadcast(std::uint32_t subsystems, const Region& region) {
  if (region.size == 0 || region.address % kKib != 0 || region.size % kKib != 0) {
    throw DeviceError(fmt::format("chip: the broadcast region, {} bytes at {:#x}, is not of KiB",
                                  region.size, region.address));
  }
  if ((subsystems >> this->subsystems()) != 0) {
    throw DeviceError(fmt::format("chip: a broadcast to subsystems {:#x}, there are {}", subsystems,
                                  this->subsystems()));
  }
  end_broadcast();
  for (unsigned n = 0; n < subsystems_.size(); ++n) {
    if ((subsystems >> n & 1U) != 0) require_idle(n);
  }
  set_checked(reg::kBroadcastFirstOffset, static_cast<std::uint32_t>(region.address / kKib));
  set_checked(reg::kBroadcastLastOffset,
              static_cast<std::uint32_t>((region.address + region.size) / kKib - 1));
  set_checked(reg::kBroadcastStationsOffset, subsystems);
  joined_ = subsystems;
}

void Chip::end_broadcast() {
  if (joined_ == 0) return;
  for (unsigned n = 0; n < subsystems_.size(); ++n) {
    if ((joined_ >> n & 1U) != 0) require_idle(n);
  }
  set_checked(reg::kBroadcastStationsOffset, 0);
  joined_ = 0;
}

void Chip::require_idle(unsigned n) const {
  if (!subsystems_[n] || !subsystems_[n]->running()) return;
  throw DeviceError(fmt::format("chip: a broadcast changes while subsystem {} runs", n));
}

void Chip::set_checked(std::uint32_t offset, std::uint32_t value) {
  set(0, offset, value);
  const std::uint32_t kept = get(0, offset);
  if (kept == value) return;
  throw DeviceError(
      fmt::format("chip: register {:#05x} holds {:#x}, not {:#x}", offset, kept, value));
}

std::uint32_t Chip::wait_ended(const Progress& progress) {
  const std::uint64_t begin = cycle();
  while (ended_ == 0) {
    if (interrupt()) {
      serve();
      continue;
    }
    clock();
    const std::uint64_t clocks = cycle() - begin;
    if (clocks % kPollClocks == 0) poll();
    if (clocks % kProgressClocks == 0 && progress && !progress(clocks)) return 0;
  }
  return std::exchange(ended_, 0);
}

void Chip::serve() {
  const std::uint32_t causes = get(0, reg::kIrqStatusOffset) & enabled_;
  for (unsigned n = 0; n < subsystems(); ++n) {
    if ((causes >> n & 1U) == 0) continue;
    set(n + 1, registers::kIrqStatusOffset, 3);
    set(0, reg::kIrqStatusOffset, 1U << n);
    end(n);
  }
  serve_faults(causes);
}

void Chip::end(unsigned n) {
  ended_ |= 1U << n;
  unsettled_ = true;
  subsystems_[n]->end();
}

void Chip::poll() {
  constexpr std::uint32_t kOver =
      1U << registers::kStatusDoneLsb | 1U << registers::kStatusErrorLsb;
  for (unsigned n = 0; n < subsystems_.size(); ++n) {
    if (!subsystems_[n] || !subsystems_[n]->running()) continue;
    if ((get(n + 1, registers::kStatusOffset) & kOver) == 0 || interrupt()) continue;
    faults_.push_back(fmt::format("the interrupt of subsystem {} was lost, its end was polled", n));
    set(n + 1, registers::kIrqStatusOffset, 3);
    set(0, reg::kIrqStatusOffset, 1U << n);
    set(0, reg::kIrqEnableOffset, enabled_);
    end(n);
  }
}

void Chip::serve_faults(std::uint32_t causes) {
  const auto serve_one = [&](unsigned lsb, std::uint32_t errors, const char* what) {
    if ((causes >> lsb & 1U) == 0) return;
    const std::uint32_t stations = get(0, errors);
    for (unsigned s = 0; s < this->stations(); ++s) {
      if ((stations >> s & 1U) != 0) faults_.push_back(fmt::format("{} of station {}", what, s));
    }
    set(0, errors, stations);
    set(0, reg::kIrqStatusOffset, 1U << lsb);
  };
  serve_one(reg::kIrqStatusMemoryLsb, reg::kMemoryErrorsOffset, "uncorrectable data in the memory");
  serve_one(reg::kIrqStatusRingLsb, reg::kRingErrorsOffset,
            "an error on the ring at the interface");
}

}  // namespace s4::sw
