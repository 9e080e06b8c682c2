// The register file over AXI4-Lite, against the model's register map; counters and interrupt.
#include "sim/registers/registers.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using namespace s4;
namespace reg = registers;

constexpr unsigned kOkay = 0, kSlverr = 2;
constexpr unsigned kTooEarly = 99;  // no answer of the bus: the write was not complete yet

/// Host side of the bus with random delays on all five channels.
class Bus {
 public:
  explicit Bus(const std::string& config = "tiny", const tb::ModelOptions& options = {})
      : m_(tb::Model::load("registers", config, tb::Kind::kChecked, options)), random(tb::seed()) {
    for (const auto& name : m_->port_names()) {
      if (m_->port(name).is_input() && name != "clk_i" && name != "rst_ni") m_->port(name).set(0);
    }
    m_->reset();
  }

  struct Read {
    std::uint32_t data;
    unsigned resp;
  };

  unsigned write(std::uint32_t offset, std::uint32_t value, unsigned strobe = 15) {
    bool aw = false, w = false;
    set("s_axil_awaddr_i", offset);
    set("s_axil_wdata_i", value);
    set("s_axil_wstrb_i", strobe);
    bool aw_valid = false, w_valid = false;
    for (int clock = 0; clock < 200; ++clock) {
      aw_valid = aw_valid || (!aw && chance());
      w_valid = w_valid || (!w && chance());
      set("s_axil_awvalid_i", aw_valid);
      set("s_axil_wvalid_i", w_valid);
      set("s_axil_bready_i", chance());
      m_->eval();
      const bool aw_taken = aw_valid && get("s_axil_awready_o") != 0;
      const bool w_taken = w_valid && get("s_axil_wready_o") != 0;
      const bool answered = get("s_axil_bvalid_o") != 0 && get("s_axil_bready_i") != 0;
      const auto resp = static_cast<unsigned>(get("s_axil_bresp_o"));
      if (answered && !(aw && w)) return kTooEarly;
      tick();
      if (aw_taken) {
        aw = true;
        aw_valid = false;
      }
      if (w_taken) {
        w = true;
        w_valid = false;
      }
      if (answered) return resp;
    }
    FAIL("no answer to a write");
    return 0;
  }

  Read read(std::uint32_t offset) {
    set("s_axil_araddr_i", offset);
    bool sent = false, valid = false;
    for (int clock = 0; clock < 200; ++clock) {
      valid = valid || (!sent && chance());
      set("s_axil_arvalid_i", valid);
      set("s_axil_rready_i", chance());
      m_->eval();
      const bool taken = valid && get("s_axil_arready_o") != 0;
      const bool answered = get("s_axil_rvalid_o") != 0 && get("s_axil_rready_i") != 0;
      const Read answer{static_cast<std::uint32_t>(get("s_axil_rdata_o")),
                        static_cast<unsigned>(get("s_axil_rresp_o"))};
      if (answered) REQUIRE(sent);
      tick();
      if (taken) {
        sent = true;
        valid = false;
      }
      if (answered) return answer;
    }
    FAIL("no answer to a read");
    return {};
  }

  void tick() {
    m_->eval();
    starts += get("start_o");
    resets += get("soft_reset_o");
    m_->tick();
  }

  void set(const std::string& port, std::uint64_t value) { m_->port(port).set(value); }
  [[nodiscard]] std::uint64_t get(const std::string& port) const { return m_->port(port).get(); }
  [[nodiscard]] tb::Model& m() { return *m_; }

  std::uint64_t starts = 0, resets = 0;

 private:
  bool chance() { return random() % 100 < percent; }
  std::unique_ptr<tb::Model> m_;

 public:
  std::mt19937_64 random;
  unsigned percent = 50;  // chance of valid and ready per clock
};

/// Random reads and writes of the whole address space against the model; the first difference.
std::string compare(Bus& bus, const std::string& config, unsigned count) {
  const auto configuration = sim::load_configuration(tb::root(), config);
  sim::Registers model(configuration);
  for (unsigned i = 0; i < count; ++i) {
    // Mostly where registers are, sometimes anywhere.
    const std::uint32_t offset =
        static_cast<std::uint32_t>(bus.random() % (bus.random() % 4 == 0 ? 4096 : 160)) & ~3U;
    const bool mapped = [&] {
      try {
        (void)model.read(offset);
        return true;
      } catch (const std::out_of_range&) {
        return false;
      }
    }();
    std::string at = " at offset " + std::to_string(offset) + ", access " + std::to_string(i) +
                     ", seed " + std::to_string(tb::seed());
    if (bus.random() % 2 == 0) {
      const auto got = bus.read(offset);
      if (got.resp != (mapped ? kOkay : kSlverr)) return "read response" + at;
      if (got.data != (mapped ? model.read(offset) : 0)) return "read data" + at;
    } else if (offset != reg::kControlOffset) {
      const auto value = static_cast<std::uint32_t>(bus.random());
      const auto strobe = static_cast<unsigned>(bus.random() % 16);
      const auto resp = bus.write(offset, value, strobe);
      if (resp != (mapped ? kOkay : kSlverr)) return "write response" + at;
      if (!mapped) continue;
      std::uint32_t mask = 0;
      for (unsigned b = 0; b < 4; ++b) mask |= (strobe >> b & 1U) != 0 ? 0xffU << (8 * b) : 0;
      const bool w1c = offset == reg::kIrqStatusOffset;
      model.write(offset, (value & mask) | (w1c ? 0 : model.read(offset) & ~mask));
    }
  }
  return "";
}

}  // namespace

TEST_CASE("registers: random accesses under random stalls as the model says") {
  for (const char* config : {"tiny", "small", "s4"}) {
    Bus bus(config);
    INFO(config);
    for (const unsigned percent : {20u, 60u, 100u}) {
      bus.percent = percent;
      bus.m().reset();
      CHECK(compare(bus, config, tb::full_run() ? 100000 : 5000) == "");
    }
    CHECK(bus.starts == 0);
    CHECK(bus.resets == 0);
  }
}

TEST_CASE("registers: writable registers reach the sequencer") {
  Bus bus;
  bus.write(reg::kProgramLoOffset, 0x89abcdef);
  bus.write(reg::kProgramHiOffset, 0xfffffff5);
  CHECK(bus.get("program_addr_o") == 0x589abcdefULL);
  bus.write(reg::kProgramCountOffset, 0xff123456);
  CHECK(bus.get("program_count_o") == 0x123456);
  CHECK(bus.get("watchdog_o") == reg::kWatchdogReset);
  bus.write(reg::kWatchdogOffset, 7);
  CHECK(bus.get("watchdog_o") == 7);
  for (unsigned n = 0; n < 4; ++n) {
    bus.write(reg::kReadBaseOffset + n * reg::kReadBaseStride, 0x1000 + n);
    bus.write(reg::kReadLimitOffset + n * reg::kReadLimitStride, 0x1000010 + n);
    bus.write(reg::kWriteBaseOffset + n * reg::kWriteBaseStride, 0x2000 + n);
    bus.write(reg::kWriteLimitOffset + n * reg::kWriteLimitStride, 0x1000020 + n);
  }
  for (unsigned n = 0; n < 4; ++n) {
    CHECK(bus.m().port("read_base_o").bits(24 * n, 24) == 0x1000 + n);
    CHECK(bus.m().port("read_limit_o").bits(25 * n, 25) == 0x1000010 + n);
    CHECK(bus.m().port("write_base_o").bits(24 * n, 24) == 0x2000 + n);
    CHECK(bus.m().port("write_limit_o").bits(25 * n, 25) == 0x1000020 + n);
  }
}

TEST_CASE("registers: CONTROL gives pulses, only with its byte strobe") {
  Bus bus;
  CHECK(bus.write(reg::kControlOffset, 1) == kOkay);
  CHECK(bus.starts == 1);
  CHECK(bus.resets == 0);
  bus.write(reg::kControlOffset, 2);
  CHECK(bus.starts == 1);
  CHECK(bus.resets == 1);
  bus.write(reg::kControlOffset, 3, 0xe);
  bus.write(reg::kControlOffset, 0xfffffffc);
  CHECK(bus.starts == 1);
  CHECK(bus.resets == 1);
  bus.write(reg::kControlOffset, 3);
  CHECK(bus.starts == 2);
  CHECK(bus.resets == 2);
  CHECK(bus.read(reg::kControlOffset).data == 0);
}

TEST_CASE("registers: status shows the sequencer, the interrupt follows done and error") {
  Bus bus;
  bus.set("busy_i", 1);
  bus.set("error_code_i", 0xa5);
  bus.set("error_engine_i", 0x9);
  bus.set("error_command_i", 0x12345678);
  bus.set("error_info_i", 0x9abcdef0);
  bus.set("commands_done_i", 77);
  CHECK(bus.read(reg::kStatusOffset).data == 0x0009a501);
  CHECK(bus.read(reg::kErrorCommandOffset).data == 0x12345678);
  CHECK(bus.read(reg::kErrorInfoOffset).data == 0x9abcdef0);
  CHECK(bus.read(reg::kCommandsDoneOffset).data == 77);
  bus.set("busy_i", 0);
  bus.set("resetting_i", 1);
  CHECK((bus.read(reg::kStatusOffset).data & 15) == 8);
  bus.set("resetting_i", 0);

  bus.write(reg::kIrqEnableOffset, 1);
  bus.set("error_i", 1);
  bus.tick();
  CHECK(bus.get("irq_o") == 0);  // not enabled
  CHECK(bus.read(reg::kIrqStatusOffset).data == 2);
  CHECK((bus.read(reg::kStatusOffset).data & 15) == 4);
  bus.set("done_i", 1);
  bus.m().eval();
  CHECK(bus.get("irq_o") == 0);
  bus.tick();
  CHECK(bus.get("irq_o") == 1);  // one clock after done rose
  CHECK((bus.read(reg::kStatusOffset).data & 15) == 6);
  bus.write(reg::kIrqStatusOffset, 1, 0);
  CHECK(bus.get("irq_o") == 1);  // no strobe, no clear
  bus.write(reg::kIrqStatusOffset, 1);
  CHECK(bus.get("irq_o") == 0);  // done still stands: only its rise counts
  CHECK(bus.read(reg::kIrqStatusOffset).data == 2);
  bus.set("done_i", 0);
  bus.tick();
  bus.set("done_i", 1);
  bus.tick();
  CHECK(bus.get("irq_o") == 1);

  // Set and clear in the same clock: set wins.
  Bus race;
  race.percent = 100;
  race.write(reg::kIrqEnableOffset, 1);
  race.set("s_axil_awaddr_i", reg::kIrqStatusOffset);
  race.set("s_axil_wdata_i", 1);
  race.set("s_axil_wstrb_i", 15);
  race.set("s_axil_awvalid_i", 1);
  race.set("s_axil_wvalid_i", 1);
  race.tick();
  race.set("s_axil_awvalid_i", 0);
  race.set("s_axil_wvalid_i", 0);
  race.set("done_i", 1);
  race.tick();
  CHECK(race.get("irq_o") == 1);
}

TEST_CASE("registers: counters add their events while busy, clear at the start, and freeze") {
  Bus bus;
  // Width of each counter's field in the event vector, from its largest increment.
  std::vector<unsigned> widths;
  for (std::size_t n = 0; n < counters::kNumCounters; ++n) widths.push_back(1);
  widths[static_cast<std::size_t>(counters::Counter::kSpuMacs)] = 16;
  widths[static_cast<std::size_t>(counters::Counter::kEpilogueWords)] = 6;
  widths[static_cast<std::size_t>(counters::Counter::kFetchGroups)] = 2;
  std::vector<std::uint64_t> sums(counters::kNumCounters, 0);
  auto events = bus.m().port("events_i");
  auto clock = [&](bool busy) {
    unsigned lsb = 0;
    for (std::size_t n = 0; n < sums.size(); ++n) {
      const std::uint64_t value = bus.random() & ((1U << widths[n]) - 1);
      events.set_bits(lsb, widths[n], value);
      if (busy) sums[n] += value;
      lsb += widths[n];
    }
    REQUIRE(lsb == events.width());
    bus.set("busy_i", busy);
    bus.tick();
  };
  auto check = [&] {
    bus.set("busy_i", 0);
    for (std::uint32_t n = 0; n < sums.size(); ++n) {
      const std::uint64_t low = bus.read(reg::kCounterOffset + 8 * n).data;
      const std::uint64_t high = bus.read(reg::kCounterOffset + 8 * n + 4).data;
      INFO("counter " << n);
      CHECK((high << 32 | low) == sums[n]);
    }
  };
  for (int i = 0; i < 100000; ++i) clock(true);  // spu_macs passes 32 bits
  CHECK(sums[static_cast<std::size_t>(counters::Counter::kSpuMacs)] > 0xc0000000U);
  for (int i = 0; i < 100000; ++i) clock(true);
  CHECK(sums[static_cast<std::size_t>(counters::Counter::kSpuMacs)] >> 32 != 0);
  check();
  for (int i = 0; i < 100; ++i) clock(false);
  check();
  bus.set("counters_clear_i", 1);
  clock(false);
  bus.set("counters_clear_i", 0);
  std::fill(sums.begin(), sums.end(), 0);
  check();
  for (int i = 0; i < 1000; ++i) clock(i % 3 != 0);
  check();
}

TEST_CASE("registers: latency of a read and a write is two clocks, no less") {
  Bus bus;
  bus.set("s_axil_arvalid_i", 1);
  bus.tick();
  bus.set("s_axil_arvalid_i", 0);
  CHECK(bus.get("s_axil_rvalid_o") == 0);
  bus.tick();
  CHECK(bus.get("s_axil_rvalid_o") == 1);
  CHECK(bus.get("s_axil_rdata_o") == reg::kIdReset);
  bus.set("s_axil_awvalid_i", 1);
  bus.set("s_axil_wvalid_i", 1);
  bus.tick();
  bus.set("s_axil_awvalid_i", 0);
  bus.set("s_axil_wvalid_i", 0);
  CHECK(bus.get("s_axil_bvalid_o") == 0);
  bus.tick();
  CHECK(bus.get("s_axil_bvalid_o") == 1);
}

TEST_CASE("registers: seeded bugs are seen") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  tests::BugList list(2);
  for (const Bug& bug : {
           Bug{"rtl/registers/registers.sv", "reg_strobe",
               "(watchdog_q & ~write_mask) | (write_data & write_mask)", "write_data"},
           Bug{"rtl/registers/registers.sv", "reg_w1c", "(irq_status_q & ~irq_clear) | irq_set",
               "irq_clear != '0 ? irq_clear : irq_status_q | irq_set"},
           Bug{"rtl/registers/registers.sv", "reg_map", "offset < AddrWidth'(CounterEnd)",
               "offset <= AddrWidth'(CounterEnd)"},
           Bug{"rtl/registers/axil_slave.sv", "reg_order", "aw_full_q && w_full_q && !bvalid_o",
               "aw_full_q && !bvalid_o"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    Bus bus("tiny", tests::seeded_bug(bug.file, bug.name, bug.find, bug.replace));
    // A single wrong offset is met once in 4,096 accesses.
    CHECK(compare(bus, "tiny", 50000) != "");
  }
}
