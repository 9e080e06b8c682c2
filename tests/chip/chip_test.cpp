// The chip as its host sees it: memory, registers, programs of subsystems over ring and LPDDR4X.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <span>

#include "sim/host/gen/chip_registers.hpp"
#include "sim/memory/gen/lpddr4.hpp"
#include "sim/registers/gen/registers.hpp"
#include "sim/ring/ring_address.hpp"
#include "tests/chip/chip_job.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;
namespace reg = chip_registers;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

/// The smallest chip; with assertions where time does not matter.
ChipOptions tiny() {
  ChipOptions options;
  options.kind = tb::full_run() ? tb::Kind::kChecked : tb::Kind::kFast;
  return options;
}

/// Random pieces all over the memory, written and read back with many bursts in flight. Returns the
/// first difference.
std::string compare_memory(ChipBench& bench, unsigned pieces) {
  std::mt19937_64 random(tb::seed());
  bench.axi.worst = AxiHost::kOkay;
  std::map<std::uint64_t, std::vector<std::uint8_t>> written;
  for (unsigned i = 0; i < pieces; ++i) {
    // Also at both ends and across the borders of the slices.
    const std::uint64_t size = random() % 4 == 0 ? 1 + random() % 100 : 1 + random() % 6000;
    std::uint64_t address = random() % (bench.bytes() - size);
    if (i % 8 == 0) address = i / 8 % bench.stations() * 4 * kGiB;
    if (i % 8 == 1) address = (i / 8 % bench.stations() + 1) * 4 * kGiB - size;
    if (i == 2) address = 3000;
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const auto next = written.lower_bound(address);
    if (next != written.end() && next->first < address + size + 64) continue;
    if (next != written.begin() &&
        std::prev(next)->first + std::prev(next)->second.size() + 64 > address) {
      continue;
    }
    bench.axi.begin_write(address, written[address] = std::move(bytes));
    if (i % 16 == 15) bench.finish();
  }
  // The map's vectors stay where they are until here.
  bench.finish();
  if (bench.axi.worst != AxiHost::kOkay) return "a write was refused";
  std::map<std::uint64_t, std::vector<std::uint8_t>> got;
  for (const auto& [address, bytes] : written) {
    auto& place = got[address];
    place.resize(bytes.size() + 1);  // and a byte behind, which nobody wrote
    if (address + place.size() > bench.bytes()) place.pop_back();
    bench.axi.begin_read(address, place);
  }
  bench.finish();
  if (bench.axi.worst != AxiHost::kOkay) return "a read was refused";
  bench.settle();
  for (const auto& [address, bytes] : written) {
    auto due = bytes;
    if (got[address].size() > due.size()) due.push_back(0);
    if (got[address] != due) return "bytes at " + std::to_string(address);
    const std::size_t part = std::min<std::size_t>(due.size(), 300);
    if (bench.device_bytes(address, part) != std::vector(due.begin(), due.begin() + part)) {
      return "bytes in the devices for " + std::to_string(address);
    }
  }
  return written.size() > pieces / 2 ? "" : "too few pieces";
}

/// Runs one job on a subsystem until its interrupt; the first thing that is wrong.
std::string run(ChipBench& bench, const ChipJob& job, unsigned subsystem) {
  job.place(bench);
  bench.set(0, reg::kIrqEnableOffset, 1U << subsystem);
  job.start(bench, subsystem);
  bench.wait_interrupt();
  const std::uint32_t status = bench.get(subsystem + 1, registers::kStatusOffset);
  if ((status >> registers::kStatusDoneLsb & 1) == 0) return "status " + std::to_string(status);
  if (bench.get(0, reg::kIrqStatusOffset) != 1U << subsystem) return "another interrupt";
  bench.set(subsystem + 1, registers::kIrqStatusOffset, 3);
  bench.set(0, reg::kIrqStatusOffset, 1U << subsystem);
  if (bench.interrupt()) return "the interrupt stands";
  return job.compare(bench);
}

/// All subsystems at the same time, each with data of its own in another part of the memory.
void run_together(ChipBench& bench) {
  std::vector<ChipJob> jobs;
  for (unsigned n = 0; n < bench.subsystems(); ++n) {
    jobs.emplace_back(bench.config(), small_case(n), n * 5 * kGiB + 0x100000);
    jobs.back().place(bench);
  }
  const std::uint32_t all = (1U << bench.subsystems()) - 1;
  bench.set(0, reg::kIrqEnableOffset, all);
  for (unsigned n = 0; n < bench.subsystems(); ++n) jobs[n].start(bench, n);
  std::uint32_t ended = 0;
  while (ended != all) {
    bench.wait_interrupt();
    const std::uint32_t now = bench.get(0, reg::kIrqStatusOffset);
    for (unsigned n = 0; n < bench.subsystems(); ++n) {
      if ((now >> n & 1) == 0) continue;
      bench.set(n + 1, registers::kIrqStatusOffset, 3);
      bench.set(0, reg::kIrqStatusOffset, 1U << n);
    }
    ended |= now;
  }
  for (unsigned n = 0; n < bench.subsystems(); ++n) {
    INFO("subsystem " << n);
    CHECK((bench.get(n + 1, registers::kStatusOffset) & 7) == 1U << registers::kStatusDoneLsb);
    CHECK(jobs[n].compare(bench) == "");
  }
}

/// A program whose load reads where no memory is: it ends in an error, and the next one runs.
void run_bad_program(ChipBench& bench) {
  const ChipJob job(bench.config(), small_case(0), 0x200000);
  sw::Program bad = job.program();
  unsigned changed = 0;
  for (commands::CommandBytes& bytes : bad.commands) {
    if (static_cast<commands::Opcode>(bytes[0]) != commands::Opcode::kLoad) continue;
    commands::DmaCommand load = commands::DmaCommand::decode(bytes);
    load.mem_addr = 15 * 4 * kGiB;
    bytes = load.encode();
    ++changed;
  }
  REQUIRE(changed > 0);
  job.place(bench);
  bench.set(0, reg::kIrqEnableOffset, 1);
  bench.start(0, bad, {0, 64 * kGiB}, job.compiled().write_region);
  bench.wait_interrupt();
  const std::uint32_t status = bench.get(1, registers::kStatusOffset);
  CHECK((status >> registers::kStatusErrorLsb & 1) == 1);
  CHECK((status >> registers::kStatusErrorCodeLsb & 0xff) ==
        static_cast<unsigned>(commands::Error::kMemoryResponse));
  bench.set(1, registers::kControlOffset, 1U << registers::kControlResetLsb);
  while ((bench.get(1, registers::kStatusOffset) >> registers::kStatusResettingLsb & 1) != 0) {
  }
  bench.set(1, registers::kIrqStatusOffset, 3);
  bench.set(0, reg::kIrqStatusOffset, 1);
  CHECK(run(bench, job, 0) == "");
}

}  // namespace

TEST_CASE("chip: identity, pages and addresses that do not exist") {
  ChipBench bench("tiny", tiny());
  CHECK(bench.get(0, reg::kIdOffset) == reg::kIdReset);
  CHECK(bench.get(0, reg::kTopologyOffset) ==
        (2U << 16 | bench.stations() << 8 | bench.subsystems()));
  CHECK((bench.get(0, reg::kStatusOffset) & 0xf) == 0b0110);
  CHECK(bench.get(0, reg::kMemoryReadyOffset) == (1U << bench.stations()) - 1);
  const std::uint64_t hash = bench.get(1, registers::kConfigHashLoOffset) |
                             std::uint64_t{bench.get(1, registers::kConfigHashHiOffset)} << 32;
  CHECK(hash == bench.config().hash);
  CHECK(bench.registers.read(1 << 12 | 0xffc).resp == AxilHost::kSlverr);
  CHECK(bench.registers.read((bench.stations() << 12)).resp == AxilHost::kDecerr);

  std::vector<std::uint8_t> bytes(3 * 64, 0x5A);
  CHECK(bench.try_read(bench.bytes(), bytes) == AxiHost::kDecerr);
  CHECK(bench.try_write(bench.bytes(), bytes) == AxiHost::kDecerr);
  CHECK(bench.try_read((std::uint64_t{1} << 36) - bytes.size(), bytes) == AxiHost::kDecerr);
  std::fill(bytes.begin(), bytes.end(), 0x5A);
  CHECK(bench.try_write(bench.bytes() - bytes.size(), bytes) == AxiHost::kOkay);
  std::fill(bytes.begin(), bytes.end(), 0);
  CHECK(bench.try_read(bench.bytes() - bytes.size(), bytes) == AxiHost::kOkay);
  CHECK(bytes == std::vector<std::uint8_t>(bytes.size(), 0x5A));
}

TEST_CASE("chip: the host's bytes all over the memory") {
  ChipBench bench("tiny", tiny());
  bench.axi.stalls = 20;
  CHECK(compare_memory(bench, tb::full_run() ? 600 : 100) == "");
}

TEST_CASE("chip: a window shows the memory of one station") {
  ChipBench bench("tiny", tiny());
  std::mt19937_64 random(tb::seed());
  std::vector<std::uint8_t> bytes(9000), got(9000);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  const auto window = [](std::uint64_t station, std::uint64_t local) {
    return sim::kWindows + (station << 32) + local;
  };
  // What is written over all stations, granule by granule at the station that holds it.
  const std::uint64_t base = 4 * kGiB + 0x54321;
  bench.write(base, bytes);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto home = sim::ring_home(bench.stations(), base + at);
    const auto size = std::min<std::uint64_t>(1024 - home.local % 1024, bytes.size() - at);
    bench.read(window(home.station, home.local), std::span(got).subspan(at, size));
    at += size;
  }
  CHECK(got == bytes);
  // What is written to one station, where addresses of all stations find it.
  const std::uint64_t local = 0x20000;
  bench.write(window(1, local), bytes);
  bool equal = true;
  for (std::uint64_t at = 0; at < 8192; at += 1024) {
    // The slice whose granule at this offset lies at station 1.
    std::uint64_t slice = 0;
    while (sim::ring_home(bench.stations(), (slice << 32) + local + at).station != 1) ++slice;
    bench.read((slice << 32) + local + at, std::span(got).subspan(at, 1024));
    equal = equal && std::equal(got.begin() + at, got.begin() + at + 1024, bytes.begin() + at);
  }
  CHECK(equal);
  bench.settle();
  CHECK(bench.device_bytes(window(1, local), 300) ==
        std::vector(bytes.begin(), bytes.begin() + 300));
  CHECK(bench.try_read(window(bench.stations(), 0), got) == AxiHost::kDecerr);
}

TEST_CASE("chip: programs by AXI, doorbell, interrupt, results") {
  ChipBench bench("tiny", tiny());
  CHECK(run(bench, ChipJob(bench.config(), small_case(0), 0x100000), 0) == "");
  CHECK(run(bench, ChipJob(bench.config(), small_case(1), 5 * kGiB), 0) == "");
  SECTION("a bad program ends in its error, the next one runs") { run_bad_program(bench); }
  SECTION("the host reads and writes meanwhile") {
    const ChipJob job(bench.config(), small_case(2), 0x300000);
    job.place(bench);
    bench.set(0, reg::kIrqEnableOffset, 1);
    job.start(bench, 0);
    CHECK(compare_memory(bench, 24) == "");
    bench.wait_interrupt();
    CHECK(job.compare(bench) == "");
  }
  SECTION("counters of the channels are those of the devices") {
    bench.settle();
    for (unsigned s = 0; s < bench.stations(); ++s) {
      for (unsigned c = 0; c < 2; ++c) {
        const auto counter = [&](lpddr4::Counter which) {
          bench.set(0, reg::kCounterSelectOffset, s << 16 | c << 8 | static_cast<unsigned>(which));
          return bench.get(0, reg::kCounterLoOffset);
        };
        const auto& counts = bench.channel(s, c).counts();
        using Kind = sim::LpddrKind;
        CHECK(counts.of(Kind::kRd) > 0);
        CHECK(counter(lpddr4::Counter::kReadBursts) ==
              counts.of(Kind::kRd) + counts.of(Kind::kRda));
      }
    }
  }
}

TEST_CASE("chip: reset by the host") {
  if (!tb::full_run()) return;
  ChipBench bench("tiny", tiny());
  const ChipJob job(bench.config(), small_case(0), 0x100000);
  job.place(bench);
  job.start(bench, 0);
  bench.clocks(300);  // the program runs
  std::vector<std::uint8_t> bytes(20000);
  bench.axi.worst = AxiHost::kOkay;
  bench.axi.begin_read(0, bytes);
  bench.clocks(40);
  bench.set(0, reg::kControlOffset, 1);
  CHECK((bench.get(0, reg::kStatusOffset) >> reg::kStatusResettingLsb & 1) == 1);
  while ((bench.get(0, reg::kStatusOffset) >> reg::kStatusResettingLsb & 1) != 0) {
  }
  unsigned early = 0, waited = 0;
  for (; bench.get(0, reg::kMemoryReadyOffset) != 0b11; ++waited) {
    if (bench.model->port("s_axi_arready_o").get() != 0) ++early;
  }
  CHECK(waited > 10);
  CHECK(early == 0);
  bench.finish();  // what waited in front of the bridge
  CHECK(bench.axi.worst == AxiHost::kOkay);
  CHECK((bench.get(1, registers::kStatusOffset) & 7) == 0);
  CHECK(bench.get(0, reg::kRingErrorsOffset) == 0);
  CHECK(run(bench, job, 0) == "");
}

TEST_CASE("chip: uncorrectable data are reported") {
  if (!tb::full_run()) return;
  ChipOptions options = tiny();
  options.ecc = true;
  ChipBench bench("tiny", options);
  bench.set(0, reg::kIrqEnableOffset, 1U << reg::kIrqStatusMemoryLsb);
  std::vector<std::uint8_t> bytes(512);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(7 * i);
  bench.write(1024, bytes);  // at station 1
  bench.settle();
  bench.flip(1024 + 64, 3);
  std::vector<std::uint8_t> got(bytes.size());
  CHECK(bench.try_read(1024, got) == AxiHost::kOkay);
  CHECK(got == bytes);
  bench.settle();
  CHECK(bench.get(0, reg::kMemoryErrorsOffset) == 0);
  bench.flip(1024 + 128, 3);
  bench.flip(1024 + 129, 3);
  CHECK(bench.try_read(1024, got) == AxiHost::kSlverr);
  CHECK(bench.axi.responses[AxiHost::kSlverr] == 1);
  bench.clocks(5);
  CHECK(bench.interrupt());
  CHECK(bench.get(0, reg::kMemoryErrorsOffset) == 0b10);
}

TEST_CASE("chip: small, four subsystems at the same time") {
  if (!tb::full_run()) return;  // a model of minutes
  ChipBench bench("small");
  CHECK(compare_memory(bench, 200) == "");
  run_together(bench);
  run_bad_program(bench);
  CHECK(bench.get(0, reg::kRingErrorsOffset) == 0);
}

TEST_CASE("chip: seeded bugs are noticed") {
  if (!tb::full_run()) return;  // models of minutes
  ChipOptions strobe;
  strobe.model = seeded_bug("rtl/chip/chip.sv", "chip_strobe", "(mem_strobe[64*s+:64])", "('1)");
  ChipBench bench("tiny", strobe);
  CHECK(compare_memory(bench, 100) != "");

  ChipOptions mixed;
  mixed.model = seeded_bug("rtl/chip/chip_station.sv", "chip_tag", "      .mem_tag_i,",
                           "      .mem_tag_i(mem_tag_i & ~PlaceWidth'(1)),");
  bool noticed = false;
  try {
    ChipBench wrong("tiny", mixed);
    noticed = compare_memory(wrong, 100) != "";
  } catch (const ChipError&) {
    noticed = true;
  }
  CHECK(noticed);
}
