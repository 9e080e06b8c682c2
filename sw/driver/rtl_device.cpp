#include "sw/driver/rtl_device.hpp"

#include <fmt/format.h>

#include "sim/registers/gen/registers.hpp"
#include "tb/station_memory.hpp"

namespace s4::sw {
namespace {

constexpr unsigned kBusClocks = 1000;  // an AXI4-Lite access that takes longer is an error
constexpr std::uint64_t kProgressClocks = 2048;

}  // namespace

RtlDevice::RtlDevice(const config::Configuration& config, const RtlOptions& options)
    : config_(config) {
  tb::ModelOptions model_options;
  model_options.seed = options.seed;
  model_options.replace = options.replace;
  const bool real = options.memory != MemoryKind::kIdeal;
  if (real && options.stalls > 0) {
    throw std::invalid_argument("random stalls are for the ideal memory");
  }
  if (real) model_options.parameters = tb::LpddrChannels::short_start();
  model_ = tb::Model::load(real ? "subsystem_memory" : "subsystem",
                           options.config_argument.empty() ? config.name : options.config_argument,
                           options.wave.empty() ? options.kind : tb::Kind::kWave, model_options);
  make_memory(options);
  awvalid_ = model_->port("s_axil_awvalid_i");
  awready_ = model_->port("s_axil_awready_o");
  awaddr_ = model_->port("s_axil_awaddr_i");
  wvalid_ = model_->port("s_axil_wvalid_i");
  wready_ = model_->port("s_axil_wready_o");
  wdata_ = model_->port("s_axil_wdata_i");
  wstrb_ = model_->port("s_axil_wstrb_i");
  bvalid_ = model_->port("s_axil_bvalid_o");
  bready_ = model_->port("s_axil_bready_i");
  bresp_ = model_->port("s_axil_bresp_o");
  arvalid_ = model_->port("s_axil_arvalid_i");
  arready_ = model_->port("s_axil_arready_o");
  araddr_ = model_->port("s_axil_araddr_i");
  rvalid_ = model_->port("s_axil_rvalid_o");
  rready_ = model_->port("s_axil_rready_i");
  rdata_ = model_->port("s_axil_rdata_o");
  rresp_ = model_->port("s_axil_rresp_o");
  irq_ = model_->port("irq_o");
  timeline_.emplace(*model_);
  if (!options.wave.empty()) model_->open_wave(options.wave, options.wave_from, options.wave_to);
  model_->reset();
  if (station_) start_clocks_ = station_->initialise();
}

RtlDevice::~RtlDevice() = default;

void RtlDevice::make_memory(const RtlOptions& options) {
  if (options.memory != MemoryKind::kIdeal) {
    tb::StationOptions station;
    station.ecc = options.memory == MemoryKind::kLpddr4Ecc;
    station_ = std::make_unique<tb::StationMemory>(*model_, station);
    contents_ = station_.get();
    return;
  }
  tb::IdealMemoryOptions memory_options;
  memory_options.latency = options.latency;
  memory_options.stall_request = options.stalls;
  memory_options.stall_write = options.stalls;
  memory_options.stall_response = options.stalls;
  memory_options.reorder = options.stalls > 0;
  memory_options.seed = options.seed;
  port_ = std::make_unique<tb::IdealMemory>(*model_, memory_, memory_options);
}

std::optional<DramReport> RtlDevice::dram() const {
  if (!station_) return std::nullopt;
  DramReport report;
  report.start_clocks = start_clocks_;
  report.full_start_clocks = tb::LpddrChannels::full_start_clocks();
  for (const auto& c : station_->counts()) {
    report.channels.push_back({c.reads, c.writes, c.row_hits, c.activates, c.refreshes});
  }
  return report;
}

void RtlDevice::tick() {
  if (station_) {
    station_->tick_before_edge();
  } else {
    port_->tick_before_edge();
  }
  timeline_->sample();
  model_->tick();
  if (port_) port_->tick_after_edge();
}

std::vector<TimelineEvent> RtlDevice::take_timeline() { return timeline_->take(); }

std::optional<std::uint64_t> RtlDevice::take_first_weight() {
  return port_ ? port_->take_first_beat(memory_port::Client::kWeights) : std::nullopt;
}

void RtlDevice::reset() {
  write_register(registers::kControlOffset, 1U << registers::kControlResetLsb);
  for (unsigned i = 0; i < kBusClocks; ++i) {
    const std::uint32_t status = read_register(registers::kStatusOffset);
    if (((status >> registers::kStatusResettingLsb) & 1U) == 0) return;
  }
  throw DeviceError("rtl: the reset does not complete");
}

// The memory sees the regions as the host sets them, so that a write outside them is found whatever
// the chip believes.
void RtlDevice::observe_region(std::uint32_t offset, std::uint32_t value) {
  if (!port_) return;
  constexpr std::uint64_t kPage = 4096;
  auto& windows = port_->options().write_windows;
  windows.resize(commands::kNumContexts);
  for (std::uint32_t n = 0; n < commands::kNumContexts; ++n) {
    if (offset == registers::kWriteBaseOffset + n * registers::kWriteBaseStride) {
      windows[n].first = value * kPage;
    } else if (offset == registers::kWriteLimitOffset + n * registers::kWriteLimitStride) {
      windows[n].second = value * kPage;
    }
  }
}

void RtlDevice::write_register(std::uint32_t offset, std::uint32_t value) {
  observe_region(offset, value);
  awaddr_.set(offset);
  wdata_.set(value);
  wstrb_.set(0xF);
  bready_.set(1);
  bool address = true;
  bool data = true;
  for (unsigned clock = 0; clock < kBusClocks; ++clock) {
    awvalid_.set(address ? 1 : 0);
    wvalid_.set(data ? 1 : 0);
    model_->eval();
    const bool address_taken = address && awready_.get() != 0;
    const bool data_taken = data && wready_.get() != 0;
    const bool answered = bvalid_.get() != 0;
    const std::uint64_t response = bresp_.get();
    tick();
    if (address_taken) address = false;
    if (data_taken) data = false;
    if (answered) {
      awvalid_.set(0);
      wvalid_.set(0);
      bready_.set(0);
      if (response != 0) {
        throw DeviceError(fmt::format("rtl: write of register 0x{:03x} refused", offset));
      }
      return;
    }
  }
  throw DeviceError(fmt::format("rtl: write of register 0x{:03x} is not answered", offset));
}

std::uint32_t RtlDevice::read_register(std::uint32_t offset) {
  araddr_.set(offset);
  rready_.set(1);
  bool address = true;
  for (unsigned clock = 0; clock < kBusClocks; ++clock) {
    arvalid_.set(address ? 1 : 0);
    model_->eval();
    const bool address_taken = address && arready_.get() != 0;
    const bool answered = rvalid_.get() != 0;
    const auto data = static_cast<std::uint32_t>(rdata_.get());
    const std::uint64_t response = rresp_.get();
    tick();
    if (address_taken) address = false;
    if (answered) {
      arvalid_.set(0);
      rready_.set(0);
      if (response != 0) {
        throw DeviceError(fmt::format("rtl: read of register 0x{:03x} refused", offset));
      }
      return data;
    }
  }
  throw DeviceError(fmt::format("rtl: read of register 0x{:03x} is not answered", offset));
}

bool RtlDevice::wait(const Progress& progress) {
  const std::uint64_t begin = model_->cycle();
  model_->eval();
  while (irq_.get() == 0) {
    tick();
    const std::uint64_t clocks = model_->cycle() - begin;
    if (clocks % kProgressClocks == 0 && progress && !progress(clocks)) return false;
  }
  return true;
}

}  // namespace s4::sw
