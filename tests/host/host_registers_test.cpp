// The host's registers: pages of the subsystems, the chip's own map, interrupts, errors, reset.
#include <catch2/catch.hpp>
#include <map>

#include "sim/config/configuration_loader.hpp"
#include "sim/host/gen/chip_registers.hpp"
#include "sim/memory/gen/lpddr4.hpp"
#include "sim/ring/gen/ring.hpp"
#include "tb/axil_host.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;
using tb::AxilError;
using tb::AxilHost;
namespace reg = chip_registers;

namespace {

constexpr unsigned kSubsystems = 3, kStations = 4, kChannels = 2;
constexpr unsigned kOkay = AxilHost::kOkay, kSlverr = AxilHost::kSlverr,
                   kDecerr = AxilHost::kDecerr;

/// host_registers with subsystems that answer late, and inputs that the test sets.
class Bench {
 public:
  explicit Bench(const tb::ModelOptions& options = {})
      : model(tb::Model::load("host_registers", "tiny", tb::Kind::kChecked, with_size(options))),
        host((quiet(*model), *model), [this] { tick(); }),
        random(tb::seed()) {
    model->reset();
    set("bridge_idle_i", 1);
    for (unsigned i = 0; i < 3; ++i) tick();  // the reset of the chip ends a clock later
  }

  void set(const char* port, std::uint64_t value) { model->port(port).set(value); }
  [[nodiscard]] std::uint64_t get(const char* port) const { return model->port(port).get(); }
  void steps(unsigned count) {
    for (unsigned i = 0; i < count; ++i) host.step();
  }
  std::uint32_t read(std::uint32_t offset) {
    const AxilHost::Answer answer = host.read(offset);
    if (answer.resp != kOkay) throw AxilError("a read of page 0 was refused");
    return answer.data;
  }

  std::unique_ptr<tb::Model> model;
  AxilHost host;
  std::mt19937_64 random;
  std::map<std::uint32_t, std::uint32_t> words[kSubsystems];  // what the subsystems hold
  unsigned delay = 50;                                        // percent of their channels
  std::uint64_t accesses = 0;

 private:
  static tb::ModelOptions with_size(tb::ModelOptions options) {
    options.parameters["NumSubsystems"] = std::to_string(kSubsystems);
    return options;
  }
  static void quiet(tb::Model& m) {
    for (const auto& name : m.port_names()) {
      if (m.port(name).is_input() && name != "clk_i" && name != "rst_ni") m.port(name).set(0);
    }
  }
  struct Slave {
    bool aw = false, w = false, ar = false, b = false, r = false;
    std::uint32_t write_at = 0, data = 0, read_at = 0;
    unsigned strobe = 0;
  };
  bool chance() { return random() % 100 >= delay; }

  /// Subsystems that answer words, and SLVERR in the upper half of their page.
  void tick() {
    for (unsigned n = 0; n < kSubsystems; ++n) {
      Slave& s = slaves_[n];
      put("m_axil_awready_i", n, 1, !s.aw && !s.b && chance());
      put("m_axil_wready_i", n, 1, !s.w && !s.b && chance());
      put("m_axil_arready_i", n, 1, !s.ar && !s.r && chance());
      if (s.aw && s.w && !s.b && chance()) s.b = true;
      if (s.ar && !s.r && chance()) s.r = true;
      put("m_axil_bvalid_i", n, 1, s.b);
      put("m_axil_bresp_i", 2 * n, 2, s.write_at >= 2048 ? kSlverr : kOkay);
      put("m_axil_rvalid_i", n, 1, s.r);
      put("m_axil_rresp_i", 2 * n, 2, s.read_at >= 2048 ? kSlverr : kOkay);
      put("m_axil_rdata_i", 32 * n, 32, words[n][s.read_at]);
    }
    model->eval();
    for (unsigned n = 0; n < kSubsystems; ++n) sample(n);
    model->tick();
  }
  void sample(unsigned n) {
    Slave& s = slaves_[n];
    if (bit("m_axil_awvalid_o", n) && bit("m_axil_awready_i", n)) {
      s.aw = true;
      s.write_at = static_cast<std::uint32_t>(get("m_axil_awaddr_o"));
    }
    if (bit("m_axil_wvalid_o", n) && bit("m_axil_wready_i", n)) {
      s.w = true;
      s.data = static_cast<std::uint32_t>(get("m_axil_wdata_o"));
      s.strobe = static_cast<unsigned>(get("m_axil_wstrb_o"));
    }
    if (bit("m_axil_arvalid_o", n) && bit("m_axil_arready_i", n)) {
      s.ar = true;
      s.read_at = static_cast<std::uint32_t>(get("m_axil_araddr_o"));
    }
    if (s.b && bit("m_axil_bready_o", n)) {
      std::uint32_t& word = words[n][s.write_at];
      word = (word & ~mask(s.strobe)) | (s.data & mask(s.strobe));
      s = Slave{false, false, s.ar, false, s.r, 0, 0, s.read_at, 0};
      ++accesses;
    }
    if (s.r && bit("m_axil_rready_o", n)) {
      s.ar = s.r = false;
      ++accesses;
    }
  }
  void put(const char* port, unsigned lsb, unsigned bits, std::uint64_t value) {
    model->port(port).set_bits(lsb, bits, value);
  }
  [[nodiscard]] bool bit(const char* port, unsigned n) const {
    return model->port(port).bits(n, 1) != 0;
  }

 public:
  static std::uint32_t mask(unsigned strobe) {
    std::uint32_t bits = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((strobe >> byte & 1) != 0) bits |= 0xffu << 8 * byte;
    }
    return bits;
  }

 private:
  Slave slaves_[kSubsystems];
};

/// Reads and writes of all pages, also together, against what the subsystems hold. Returns the
/// first difference.
std::string compare_pages(Bench& bench, unsigned count) {
  std::map<std::uint32_t, std::uint32_t> plain;
  for (unsigned i = 0; i < count; ++i) {
    bench.host.percent = std::array{100u, 30u, 60u}[i / 50 % 3];
    bench.delay = std::array{0u, 80u, 40u}[i / 20 % 3];
    // Page 0 by its identity only; few words, so that they are met again.
    const auto choose = [&] {
      const auto page = static_cast<std::uint32_t>(bench.random() % 16);
      const auto word = static_cast<std::uint32_t>(bench.random() % 8);
      return page == 0 ? 0u : page << 12 | (bench.random() % 4 == 0 ? 2048u : 0u) | word * 4;
    };
    const auto resp = [](std::uint32_t at) {
      return at >> 12 > kSubsystems ? kDecerr : (at & 4095) >= 2048 ? kSlverr : kOkay;
    };
    // Writes one behind the other, beside them a read of another word.
    const std::size_t writes = bench.random() % 4;
    const bool reads = writes == 0 || bench.random() % 2 != 0;
    const std::uint32_t read_at = choose();
    std::vector<unsigned> due;
    for (std::size_t w = 0; w < writes; ++w) {
      const std::uint32_t at = choose();
      const auto value = static_cast<std::uint32_t>(bench.random());
      const auto strobe = static_cast<unsigned>(bench.random() % 16);
      if (at == read_at) continue;
      bench.host.begin_write(at, value, strobe);
      due.push_back(resp(at));
      if (at >> 12 > kSubsystems || at == 0) continue;
      const std::uint32_t mask = Bench::mask(strobe);
      plain[at] = (plain[at] & ~mask) | (value & mask);
    }
    if (reads) bench.host.begin_read(read_at);
    bench.host.run([&] { return bench.host.writes_done() && (!reads || bench.host.read_answer); });
    if (!due.empty() && bench.host.write_answers != due) return "responses of writes";
    if (reads) {
      const auto [data, got] = *bench.host.read_answer;
      const std::uint32_t word = read_at == 0                  ? reg::kIdReset
                                 : read_at >> 12 > kSubsystems ? 0
                                                               : plain[read_at];
      if (got != resp(read_at) || data != word) return "read of " + std::to_string(read_at);
    }
  }
  for (const auto& [at, value] : plain) {
    if (bench.words[(at >> 12) - 1][at & 4095] != value) return "word of " + std::to_string(at);
  }
  return "";
}

/// The map of page 0: identity, reset values, which bits can be written, and that nothing else is.
std::string compare_map(Bench& bench) {
  const auto config = sim::load_configuration(tb::root(), "tiny");
  std::map<std::uint32_t, std::uint32_t> plain{
      {reg::kIdOffset, reg::kIdReset},
      {reg::kVersionOffset, reg::kVersionReset},
      {reg::kConfigHashLoOffset, static_cast<std::uint32_t>(config.hash)},
      {reg::kConfigHashHiOffset, static_cast<std::uint32_t>(config.hash >> 32)},
      {reg::kTopologyOffset, kChannels << 16 | kStations << 8 | kSubsystems},
      {reg::kPatienceOffset, reg::kPatienceReset}};
  const std::map<std::uint32_t, std::uint32_t> writable{
      {reg::kIrqEnableOffset, 0x3ffff},        {reg::kPatienceOffset, 0xffff},
      {reg::kCounterSelectOffset, 0xf071f},    {reg::kRingSelectOffset, 0xf0007},
      {reg::kBroadcastStationsOffset, 0xffff}, {reg::kBroadcastFirstOffset, 0x3ffffff},
      {reg::kBroadcastLastOffset, 0x3ffffff}};
  for (unsigned i = 0; i < 2000; ++i) {
    const auto at = static_cast<std::uint32_t>(bench.random() % 26 * 4 + (i % 100 == 0 ? 2048 : 0));
    const bool mapped = at <= reg::kBroadcastLastOffset;
    if (at == reg::kControlOffset && bench.random() % 2 == 0) continue;
    if (bench.random() % 2 == 0) {
      auto value = static_cast<std::uint32_t>(bench.random());
      if (at == reg::kControlOffset) value &= ~1u;
      const auto strobe = static_cast<unsigned>(bench.random() % 16);
      if (bench.host.write(at, value, strobe) != (mapped ? kOkay : kSlverr)) {
        return "response of the write of " + std::to_string(at);
      }
      const auto found = writable.find(at);
      if (found != writable.end()) {
        const std::uint32_t mask = Bench::mask(strobe) & found->second;
        plain[at] = (plain[at] & ~mask) | (value & mask);
      }
    } else {
      const auto [data, resp] = bench.host.read(at);
      if (resp != (mapped ? kOkay : kSlverr))
        return "response of the read of " + std::to_string(at);
      const auto found = plain.find(at);
      if (data != (mapped && found != plain.end() ? found->second : 0)) {
        return "value of " + std::to_string(at);
      }
    }
  }
  for (const auto& [port, at] : {std::pair{"patience_o", reg::kPatienceOffset},
                                 std::pair{"broadcast_stations_o", reg::kBroadcastStationsOffset},
                                 std::pair{"broadcast_first_o", reg::kBroadcastFirstOffset},
                                 std::pair{"broadcast_last_o", reg::kBroadcastLastOffset}}) {
    if (bench.get(port) != plain[at]) return port;
  }
  return "";
}

}  // namespace

TEST_CASE("host_registers: pages of the subsystems") {
  Bench bench;
  CHECK(compare_pages(bench, tb::full_run() ? 50000 : 3000) == "");
  CHECK(bench.accesses > 500);
}

TEST_CASE("host_registers: map of the chip") {
  Bench bench;
  // Valid in the fifth clock after the one in which the access was taken.
  std::uint64_t begin = bench.model->cycle();
  (void)bench.host.read(reg::kIdOffset);
  CHECK(bench.model->cycle() - begin == 6);
  begin = bench.model->cycle();
  bench.host.write(reg::kIrqEnableOffset, 0);
  CHECK(bench.model->cycle() - begin == 6);
  bench.host.percent = 60;
  CHECK(compare_map(bench) == "");
}

TEST_CASE("host_registers: interrupts stand as long as their cause") {
  Bench bench;
  CHECK(bench.get("irq_o") == 0);
  bench.set("irq_i", 0b010);
  bench.steps(3);
  CHECK(bench.read(reg::kIrqStatusOffset) == 0b010);
  CHECK(bench.get("irq_o") == 0);  // not enabled
  bench.host.write(reg::kIrqEnableOffset, 0b110);
  CHECK(bench.get("irq_o") == 1);
  bench.host.write(reg::kIrqStatusOffset, 0b111);  // in vain, the cause stands
  CHECK(bench.read(reg::kIrqStatusOffset) == 0b010);
  bench.set("irq_i", 0);
  bench.steps(3);
  CHECK(bench.get("irq_o") == 1);  // kept
  bench.host.write(reg::kIrqStatusOffset, 0b101);
  CHECK(bench.get("irq_o") == 1);
  bench.host.write(reg::kIrqStatusOffset, 0b010);
  CHECK(bench.get("irq_o") == 0);
  bench.set("irq_i", 0b001);  // not enabled
  bench.steps(3);
  CHECK(bench.get("irq_o") == 0);
  bench.set("irq_i", 0b100);
  bench.steps(3);
  CHECK(bench.get("irq_o") == 1);
  CHECK(bench.read(reg::kIrqStatusOffset) == 0b101);
}

TEST_CASE("host_registers: errors of ring and memory") {
  Bench bench;
  bench.host.write(reg::kIrqEnableOffset, 1u << reg::kIrqStatusMemoryLsb);
  bench.set("memory_error_i", 0b1000);
  bench.host.step();
  bench.set("memory_error_i", 0);
  bench.steps(3);
  CHECK(bench.get("irq_o") == 1);
  CHECK(bench.read(reg::kMemoryErrorsOffset) == 0b1000);
  bench.host.write(reg::kMemoryErrorsOffset, 0b1000);
  bench.host.write(reg::kIrqStatusOffset, ~0u);
  CHECK(bench.read(reg::kMemoryErrorsOffset) == 0);
  CHECK(bench.get("irq_o") == 0);

  // Every counter of every station by its number: 0 header, ... 7 stray.
  auto errors = bench.model->port("ring_errors_i"), ports = bench.model->port("port_errors_i");
  const auto width = ring::kCounterWidth;
  for (unsigned s = 0; s < kStations; ++s) {
    for (unsigned c = 0; c < 5; ++c) errors.set_bits((5 * s + 4 - c) * width, width, 100 * s + c);
    for (unsigned c = 5; c < 8; ++c) {
      ports.set_bits((3 * s + 7 - c) * width, width, 100 * s + c);
    }
  }
  bench.model->port("dead_i").set(0x8421);
  bench.steps(3);
  CHECK(bench.read(reg::kRingErrorsOffset) == 0b1111);
  CHECK(bench.read(reg::kIrqStatusOffset) == 1u << reg::kIrqStatusRingLsb);
  for (unsigned s = 0; s < 16; ++s) {
    for (unsigned c = 0; c < 8; ++c) {
      bench.host.write(reg::kRingSelectOffset, s << reg::kRingSelectStationLsb | c);
      CHECK(bench.read(reg::kRingCountOffset) == (s < kStations ? 100 * s + c : 0));
    }
    CHECK(bench.read(reg::kRingDeadOffset) == (s < kStations ? 1u << s : 0));
  }
  bench.host.write(reg::kRingErrorsOffset, 0b0101);  // counters stay, the bits do not come back
  CHECK(bench.read(reg::kRingErrorsOffset) == 0b1010);
  bench.host.write(reg::kRingErrorsOffset, ~0u);
  errors.set_bits(5 * width, width, 9);  // one of station 1 moves
  bench.steps(3);
  CHECK(bench.read(reg::kRingErrorsOffset) == 0b0010);
}

TEST_CASE("host_registers: counters of the memory channels") {
  Bench bench;
  auto counters = bench.model->port("counter_value_i");
  for (unsigned i = 0; i < kStations * kChannels; ++i) {
    counters.set_bits(lpddr4::kCounterWidth * i, lpddr4::kCounterWidth, 0x123400000000 * i + i);
  }
  for (unsigned s = 0; s < 6; ++s) {
    for (unsigned c = 0; c < 3; ++c) {
      bench.host.write(reg::kCounterSelectOffset, s << 16 | c << 8 | (s + c));
      const bool exists = s < kStations && c < kChannels;
      const std::uint64_t i = exists ? s * kChannels + c : 0;
      CHECK(bench.get("counter_select_o") == s + c);
      CHECK(bench.read(reg::kCounterLoOffset) == i);
      CHECK(bench.read(reg::kCounterHiOffset) == (0x1234 * i & 0xffff));
    }
  }
}

TEST_CASE("host_registers: reset of the chip waits for the host, and keeps the registers") {
  Bench bench;
  bench.host.write(reg::kIrqEnableOffset, 5);
  CHECK(bench.get("rst_no") == 1);
  bench.set("bridge_idle_i", 0);
  bench.host.write(reg::kControlOffset, 1);
  bench.steps(50);
  CHECK(bench.get("stop_o") == 1);
  CHECK(bench.get("rst_no") == 1);
  CHECK((bench.read(reg::kStatusOffset) >> reg::kStatusResettingLsb & 1) == 1);
  CHECK(bench.host.read(1 << 12).resp == kSlverr);
  CHECK(bench.host.write(2 << 12, 1) == kSlverr);
  CHECK(bench.host.read(5 << 12).resp == kDecerr);
  CHECK(bench.accesses == 0);
  bench.set("bridge_idle_i", 1);
  unsigned low = 0;
  for (unsigned i = 0; i < 60; ++i) {
    if (bench.get("rst_no") == 0) ++low;
    bench.host.step();
  }
  CHECK(low == 16);
  CHECK(bench.get("stop_o") == 0);
  CHECK(bench.read(reg::kStatusOffset) == 0);
  CHECK(bench.read(reg::kIrqEnableOffset) == 5);
  CHECK(bench.host.read(1 << 12).resp == kOkay);

  // An access of a subsystem that is under way ends before.
  bench.delay = 100;
  bench.host.begin_read(1 << 12);
  bench.steps(20);
  bench.host.write(reg::kControlOffset, 1);
  bench.steps(50);
  CHECK(bench.get("rst_no") == 1);
  bench.delay = 0;
  bench.host.run([&] { return bench.host.read_answer.has_value(); });
  CHECK(bench.host.read_answer->resp == kOkay);
  bench.steps(5);
  CHECK(bench.get("rst_no") == 0);
}

TEST_CASE("host_registers: seeded bugs are noticed") {
  struct Bug {
    const char *name, *file, *find, *replace;
    bool map;
  };
  const Bug kBugs[] = {
      {"pages_decode", "rtl/host/register_pages.sv",
       "s_axil_rresp_o <= (read_page == '0) ? host_pkg::RespDecerr : host_pkg::RespSlverr;",
       "s_axil_rresp_o <= host_pkg::RespSlverr;", false},
      {"registers_clear", "rtl/host/chip_registers.sv",
       "irq_enable_q <= CausesWidth'((32'(irq_enable_q) & ~mask) | cleared);",
       "irq_enable_q <= CausesWidth'(cleared);", true},
      {"pages_sent", "rtl/host/register_pages.sv",
       "if ((m_axil_awvalid_o & m_axil_awready_i) != '0) aw_sent_q <= 1'b1;",
       "if (m_axil_awvalid_o != '0) aw_sent_q <= 1'b1;", false},
      {"pages_data", "rtl/host/register_pages.sv", "if (s_axil_wvalid_i && s_axil_wready_o) begin",
       "if (s_axil_wvalid_i) begin", false},
      {"registers_map", "rtl/host/chip_registers.sv",
       "read_error   = read_offset > chip_registers_pkg::BroadcastLastOffset",
       "read_error   = read_offset > chip_registers_pkg::RingCountOffset", true},
      {"registers_mask", "rtl/host/chip_registers.sv", "& 20'hf071f", "& 20'hf0fff", true},
  };
  BugList list(1);
  for (const Bug& bug : kBugs) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    const auto first = [&]() -> std::string {
      Bench bench(seeded_bug(bug.file, bug.name, bug.find, bug.replace));
      try {
        return bug.map ? compare_map(bench) : compare_pages(bench, 3000);
      } catch (const AxilError& error) {
        return error.what();
      } catch (const tb::ModelError& error) {
        return error.what();
      }
    };
    CHECK(first() != "");
  }
}
