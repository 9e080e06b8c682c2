#include "tests/chip/chip_bench.hpp"

#include <fmt/format.h>

#include "sim/memory/memory_place.hpp"
#include "sim/registers/gen/registers.hpp"
#include "sw/driver/configuration.hpp"
#include "tb/station_memory.hpp"

namespace s4::tests {
namespace {

constexpr unsigned kInitClocks = 50;  // as tb::StationMemory::short_start
constexpr unsigned kInitPatience = 100000;
constexpr std::uint64_t kPatience = 200000;
constexpr unsigned kBurst = 32;

}  // namespace

std::unique_ptr<tb::Model> ChipBench::load(const std::string& config, const ChipOptions& options) {
  tb::ModelOptions model = options.model;
  model.parameters.merge(tb::StationMemory::short_start());
  return tb::Model::load("chip", config, options.kind, model);
}

ChipBench::ChipBench(const std::string& config, const ChipOptions& options)
    : model(load(config, options)),
      config_(sw::find_configuration(config)),
      options_(options),
      model_(model.get()),
      axi(*model),
      registers(*model, [this] { clock(); }) {
  layout_.stations = stations();
  layout_.channels = kChannels;
  layout_.ranks = options.ranks;
  layout_.ecc = options.ecc;
  cke_ = model->port("dfi_cke_o"), cs_ = model->port("dfi_cs_o"), ca_ = model->port("dfi_ca_o");
  reset_n_ = model->port("dfi_reset_n_o"), wrdata_en_ = model->port("dfi_wrdata_en_o");
  wrdata_ = model->port("dfi_wrdata_o"), wrmask_ = model->port("dfi_wrmask_o");
  rddata_en_ = model->port("dfi_rddata_en_o"), rddata_ = model->port("dfi_rddata_i");
  rddata_valid_ = model->port("dfi_rddata_valid_i"), irq_ = model->port("irq_o");
  init_done_ = model->port("init_done_o");
  sim::LpddrTimings timings;
  timings.init1 = timings.init3 = timings.init5 = 2 * kInitClocks;
  for (unsigned c = 0; c < stations() * kChannels; ++c) {
    channels_.push_back(std::make_unique<sim::LpddrChannel>(timings, options.ranks));
  }
  model->port("two_ranks_i").set(options.ranks == 2 ? 1 : 0);
  model->port("ecc_enable_i").set(options.ecc ? 1 : 0);
  rddata_valid_.set(0);
  model->reset();
  wait_ready();
}

// ---- Clock --------------------------------------------------------------------------------------

sim::LpddrOutputs ChipBench::outputs(unsigned c) const {
  sim::LpddrOutputs out;
  out.reset_n = reset_n_.bits(c, 1) != 0;
  out.cke = static_cast<std::uint8_t>(cke_.bits(2 * c, 2));
  out.cs = static_cast<std::uint8_t>(cs_.bits(4 * c, 4));
  out.ca = static_cast<std::uint16_t>(ca_.bits(12 * c, 12));
  out.write_enable = static_cast<std::uint8_t>(wrdata_en_.bits(2 * c, 2));
  out.read_enable = static_cast<std::uint8_t>(rddata_en_.bits(2 * c, 2));
  if (out.write_enable != 0) {
    out.write_data = wrdata_.bits(64 * c, 64);
    out.write_mask = static_cast<std::uint8_t>(wrmask_.bits(8 * c, 8));
  }
  return out;
}

void ChipBench::clock() {
  for (unsigned c = 0; c < channels_.size(); ++c) {
    const sim::LpddrInputs in = channels_[c]->clock(outputs(c));
    rddata_valid_.set_bits(2 * c, 2, in.read_valid);
    if (in.read_valid != 0) rddata_.set_bits(64 * c, 64, in.read_data);
  }
  axi.drive();
  model_->eval();
  axi.sample();
  model_->tick();
}

void ChipBench::clocks(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) clock();
}

void ChipBench::wait_ready() {
  const std::uint64_t begin = cycle();
  while (init_done_.get() == 0) {
    if (cycle() - begin > kInitPatience) throw ChipError("the memories are not initialised");
    clock();
  }
}

// ---- Memory -------------------------------------------------------------------------------------

void ChipBench::finish() {
  std::uint64_t still = 0;
  for (std::size_t open = axi.open(); axi.open() != 0;) {
    clock();
    still = axi.open() == open ? still + 1 : 0;
    open = axi.open();
    if (still > kPatience) throw ChipError(fmt::format("AXI: {} bursts are not answered", open));
  }
}

unsigned ChipBench::try_read(std::uint64_t address, std::span<std::uint8_t> bytes) {
  axi.worst = AxiHost::kOkay;
  axi.begin_read(address, bytes);
  finish();
  return axi.worst;
}

unsigned ChipBench::try_write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  axi.worst = AxiHost::kOkay;
  axi.begin_write(address, bytes);
  finish();
  return axi.worst;
}

void ChipBench::read(std::uint64_t address, std::span<std::uint8_t> bytes) {
  const unsigned response = try_read(address, bytes);
  if (response == AxiHost::kOkay) return;
  throw ChipError(fmt::format("AXI: read of {:#x} answered with {}", address, response));
}

void ChipBench::write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  const unsigned response = try_write(address, bytes);
  if (response == AxiHost::kOkay) return;
  throw ChipError(fmt::format("AXI: write of {:#x} answered with {}", address, response));
}

std::vector<std::uint8_t> ChipBench::device_bytes(std::uint64_t address, std::size_t size) {
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t at = address; at < address + size; ++at) {
    const sim::StationPlace in = sim::place_of(layout_, at);
    const sim::MemoryPlace place = sim::memory_place(in.address, options_.ranks);
    const unsigned first = place.byte - place.byte % kBurst;
    const sim::LpddrBurst burst =
        channel(in.station, in.channel).store().read(place.row, first / 2);
    bytes.push_back(burst[place.byte % kBurst]);
  }
  return bytes;
}

void ChipBench::flip(std::uint64_t address, unsigned bit) {
  const sim::StationPlace in = sim::place_of(layout_, address);
  const std::uint64_t local =
      options_.ecc ? sim::memory_ecc_data(in.address, options_.ranks) : in.address;
  const sim::MemoryPlace place = sim::memory_place(local, options_.ranks);
  channel(in.station, in.channel).store().flip(place.row, place.byte, bit);
}

// ---- Registers and programs ---------------------------------------------------------------------

void ChipBench::set(unsigned page, std::uint32_t offset, std::uint32_t value) {
  const unsigned response = registers.write(page << 12 | offset, value);
  if (response == AxilHost::kOkay) return;
  throw ChipError(fmt::format("page {}: write of {:#x} answered with {}", page, offset, response));
}

std::uint32_t ChipBench::get(unsigned page, std::uint32_t offset) {
  const AxilHost::Answer answer = registers.read(page << 12 | offset);
  if (answer.resp == AxilHost::kOkay) return answer.data;
  throw ChipError(
      fmt::format("page {}: read of {:#x} answered with {}", page, offset, answer.resp));
}

void ChipBench::start(unsigned subsystem, const sw::Program& program, sw::Region read_region,
                      sw::Region write_region) {
  std::vector<std::uint8_t> image;
  for (const auto& command : program.commands) {
    image.insert(image.end(), command.begin(), command.end());
  }
  write(program.address, image);
  const auto page = [](std::uint64_t address) {
    return static_cast<std::uint32_t>(address / 4096);
  };
  const unsigned own = subsystem + 1;
  set(own, registers::kReadBaseOffset, page(read_region.address));
  set(own, registers::kReadLimitOffset, page(read_region.address + read_region.size));
  set(own, registers::kWriteBaseOffset, page(write_region.address));
  set(own, registers::kWriteLimitOffset, page(write_region.address + write_region.size));
  set(own, registers::kProgramLoOffset, static_cast<std::uint32_t>(program.address));
  set(own, registers::kProgramHiOffset, static_cast<std::uint32_t>(program.address >> 32));
  set(own, registers::kProgramCountOffset, static_cast<std::uint32_t>(program.commands.size()));
  set(own, registers::kIrqStatusOffset, 3);
  set(own, registers::kIrqEnableOffset, 3);
  set(own, registers::kControlOffset, 1U << registers::kControlStartLsb);
}

void ChipBench::wait_interrupt(std::uint64_t patience) {
  for (const std::uint64_t begin = cycle(); irq_.get() == 0;) {
    if (cycle() - begin > patience) throw ChipError("no interrupt");
    clock();
  }
}

}  // namespace s4::tests
