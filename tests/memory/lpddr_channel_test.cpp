// The device model at its pins: coding, initialisation, data both ways, bit flips.
#include <catch2/catch.hpp>
#include <functional>
#include <random>

#include "sim/memory/lpddr_channel.hpp"
#include "tb/seed.hpp"
#include "tests/memory/lpddr_cases.hpp"
#include "tests/memory/lpddr_pins.hpp"

using namespace s4;
using memory_test::at;
using memory_test::LpddrPins;
using sim::LpddrBurst;
using sim::LpddrChannel;
using sim::LpddrKind;

namespace {

LpddrBurst pattern(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  LpddrBurst burst;
  for (auto& byte : burst) byte = static_cast<std::uint8_t>(random());
  return burst;
}

/// The rule that is broken when these pins are played, "" if none is.
std::string broken(LpddrPins& pins, std::uint64_t to, unsigned ranks = 1,
                   const sim::LpddrTimings& timings = LpddrPins::timings()) {
  LpddrChannel channel(timings, ranks);
  try {
    (void)pins.run(channel, to);
  } catch (const sim::LpddrViolation& violation) {
    UNSCOPED_INFO(violation.what());
    return violation.rule;
  }
  return "";
}

std::string after_start(const std::function<void(LpddrPins&, std::uint64_t)>& play,
                        unsigned ranks = 1) {
  LpddrPins pins;
  const std::uint64_t ck = pins.start(ranks) + 100;
  play(pins, ck);
  return broken(pins, ck + 1000, ranks);
}

sim::LpddrCommand mode(std::uint64_t last, unsigned number, unsigned value, unsigned rank = 0) {
  auto command = at(LpddrKind::kMrw, last, 0, rank);
  command.row = static_cast<std::uint16_t>(number);
  command.column = static_cast<std::uint16_t>(value);
  return command;
}

}  // namespace

TEST_CASE("lpddr: every command survives its coding") {
  std::mt19937_64 random(tb::seed());
  for (unsigned i = 0; i < 5000; ++i) {
    const auto kind = static_cast<LpddrKind>(random() % sim::kLpddrKinds);
    auto command = at(kind, 3, random() % 8);
    if (sim::has_row(kind)) command.row = static_cast<std::uint16_t>(random());
    if (sim::has_column(kind)) command.column = static_cast<std::uint16_t>(random() % 64 * 16);
    if (kind == LpddrKind::kMrw || kind == LpddrKind::kMrr) command.row = random() % 64;
    if (kind == LpddrKind::kMrw) command.column = random() % 256;
    if (kind == LpddrKind::kZq) command.column = random() % 2;
    if (kind == LpddrKind::kPde || kind == LpddrKind::kPdx) {
      CHECK_THROWS_AS(sim::lpddr_encode(command), std::invalid_argument);
      continue;
    }
    const auto bits = sim::lpddr_encode(command);
    REQUIRE(bits.size() == sim::lpddr_length(kind));
    REQUIRE(sim::lpddr_part_length(bits[0]) == bits.size());
    const sim::LpddrPart one{bits[0], bits[1]};
    const sim::LpddrPart two =
        bits.size() == 4 ? sim::LpddrPart{bits[2], bits[3]} : sim::LpddrPart{};
    std::string why;
    auto back = sim::lpddr_decode(one, bits.size() == 4 ? &two : nullptr, why);
    INFO(sim::describe(command) << " " << why);
    REQUIRE(back.has_value());
    back->first = command.first;
    CHECK(*back == command);
  }
}

TEST_CASE("lpddr: coding of the commands as the standard has it") {
  // CA0 is bit 0. Row 0xa5c3 of bank 5: R15..R12 1010, R11 R10 01, R9..R6 0111, R5..R0 000011.
  CHECK(sim::lpddr_encode(at(LpddrKind::kAct, 3, 5, 0, 0xa5c3)) ==
        std::vector<std::uint8_t>{0b101001, 0b010101, 0b011111, 0b000011});
  // Column 0x2f0 (C9 1, C8 0, C7..C2 111100), bank 3, auto-precharge.
  CHECK(sim::lpddr_encode(at(LpddrKind::kRda, 3, 3, 0, 0x2f0)) ==
        std::vector<std::uint8_t>{0b000010, 0b110011, 0b010010, 0b111100});
  CHECK(sim::lpddr_encode(at(LpddrKind::kMwr, 3, 3, 0, 0x100)) ==
        std::vector<std::uint8_t>{0b001100, 0b000011, 0b110010, 0b000000});
  CHECK(sim::lpddr_encode(mode(3, 2, 0xb6)) ==
        std::vector<std::uint8_t>{0b100110, 0b000010, 0b010110, 0b110110});
  CHECK(sim::lpddr_encode(at(LpddrKind::kRefPb, 1, 6)) == std::vector<std::uint8_t>{0b001000, 6});
  CHECK(sim::lpddr_encode(at(LpddrKind::kPreAb, 1)) == std::vector<std::uint8_t>{0b110000, 0});
  CHECK(sim::lpddr_encode(at(LpddrKind::kZq, 1, 0, 0, 1)) ==
        std::vector<std::uint8_t>{0b100000, 0b010001});
}

TEST_CASE("lpddr: CA bits that are no command") {
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) { pins.raw(ck, 0b001010); }) == "coding");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.raw(ck, 0b000001);  // ACT without its second half
        }) == "coding");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.raw(ck, 0b000001);
          pins.raw(ck + 2, 0b010010);  // the second half of a column command
        }) == "coding");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.command(at(LpddrKind::kAct, ck + 3));
          pins.raw(ck + 1, 0b010000);
        }) == "ca_bus");
  CHECK(after_start(
            [](LpddrPins& pins, std::uint64_t ck) {
              pins.command(at(LpddrKind::kAct, ck + 3));
              pins.raw(ck + 2, 0b010000, 2);
            },
            2) == "ca_bus");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) { pins.raw(ck, 0b010000, 3); }, 2) ==
        "ca_bus");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) { pins.raw(ck, 0b010000, 2); }) ==
        "rank");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.raw(ck, 0b000000);  // a multi-purpose command that does nothing
        }) == "");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.raw(ck, 0b100000);  // another one: read FIFO
          pins.raw(ck + 1, 0b000001, 0);
        }) == "coding");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.command(at(LpddrKind::kAct, ck + 3));
          pins.read(at(LpddrKind::kRd, ck + 103, 0, 0, 8));  // within a burst
        }) == "coding");
}

TEST_CASE("lpddr: initialisation, one CK too early and on time") {
  struct Times {
    std::uint64_t reset = 100, up = 300, mode = 350;
    unsigned cke_before = 0;
  };
  const auto play = [](const Times& times, const sim::LpddrTimings& t = LpddrPins::timings()) {
    LpddrPins pins;
    pins.reset_n(0, false);
    pins.cke(0, times.cke_before);
    pins.cke(times.reset - 20, 0);
    pins.reset_n(times.reset, true);
    pins.cke(times.up, 1);
    pins.command(mode(times.mode + 3, 1, 0x64));
    return broken(pins, times.mode + 100, 1, t);
  };
  CHECK(play({}) == "");
  CHECK(play({98, 300, 350}) == "tINIT1");
  CHECK(play({100, 298, 350}) == "tINIT3");
  CHECK(play({100, 300, 349}) == "tINIT5");
  CHECK(play({100, 300, 350, 1}) == "");
  sim::LpddrTimings longer = LpddrPins::timings();
  longer.init2 = 22;
  CHECK(play({100, 300, 350, 1}, longer) == "tINIT2");
  // The times of the data sheet.
  const sim::LpddrTimings real;
  CHECK(play({360000, 3960000, 3963600}, real) == "");
  CHECK(play({360000, 3960000, 3963599}, real) == "tINIT5");
  CHECK(play({360000, 3959998, 3963600}, real) == "tINIT3");
  CHECK(play({359998, 3960000, 3963600}, real) == "tINIT1");
}

TEST_CASE("lpddr: no access before calibration and mode registers") {
  const auto play = [](bool calibrate, bool mr1, bool mr2) {
    LpddrPins pins;
    pins.reset_n(100, true);
    pins.cke(300, 1);
    if (mr1) pins.command(mode(400, 1, 0x64));
    if (mr2) pins.command(mode(500, 2, 0x36));
    pins.command(at(LpddrKind::kZq, 600));
    if (calibrate) pins.command(at(LpddrKind::kZq, 2400, 0, 0, 1));
    pins.command(at(LpddrKind::kAct, 2500));
    return broken(pins, 2600);
  };
  CHECK(play(true, true, true) == "");
  CHECK(play(false, true, true) == "startup");
  CHECK(play(true, false, true) == "startup");
  CHECK(play(true, true, false) == "startup");
  CHECK(after_start([](LpddrPins& pins, std::uint64_t ck) {
          pins.command(at(LpddrKind::kZq, ck, 0, 0, 1));  // latch without a start
        }) == "startup");
}

TEST_CASE("lpddr: mode registers that do not fit the controller") {
  const auto write = [](unsigned number, unsigned value) {
    return after_start(
        [&](LpddrPins& pins, std::uint64_t ck) { pins.command(mode(ck, number, value)); });
  };
  CHECK(write(1, 0x64) == "");
  CHECK(write(1, 0x74) == "mode_register");  // nWR 40
  CHECK(write(1, 0x65) == "mode_register");  // bursts of 32
  CHECK(write(2, 0x36) == "");
  CHECK(write(2, 0x35) == "mode_register");  // RL 28
  CHECK(write(2, 0x2e) == "mode_register");  // WL 14
  CHECK(write(2, 0x76) == "mode_register");  // set B
  CHECK(write(3, 0x31) == "");
  CHECK(write(3, 0xb1) == "mode_register");
  const auto masked = [](unsigned mr13) {
    return after_start([&](LpddrPins& pins, std::uint64_t ck) {
      pins.command(mode(ck, 13, mr13));
      pins.command(at(LpddrKind::kAct, ck + 50));
      pins.write(at(LpddrKind::kMwr, ck + 100), {}, 1);
    });
  };
  CHECK(masked(0) == "");
  CHECK(masked(0x20) == "mode_register");
}

TEST_CASE("lpddr: data are stored and come back, masks and flips too") {
  LpddrPins pins;
  LpddrChannel channel(LpddrPins::timings(), 2);
  std::vector<std::string> lines;
  channel.watch([&](const sim::LpddrCommand& command) { lines.push_back(to_text(command)); });
  std::uint64_t ck = pins.start(2) + 100;
  const LpddrBurst a = pattern(1), b = pattern(2), c = pattern(3);
  pins.command(at(LpddrKind::kAct, ck + 3, 2, 0, 60000));
  pins.command(at(LpddrKind::kAct, ck + 8, 2, 1, 60000));
  pins.write(at(LpddrKind::kWr, ck + 51, 2, 0, 32), a);
  pins.write(at(LpddrKind::kWr, ck + 59, 2, 0, 1008), b);
  pins.write(at(LpddrKind::kMwr, ck + 91, 2, 0, 32), c, 0x0ff0f00f);
  pins.write(at(LpddrKind::kWr, ck + 120, 2, 1, 32), c);
  pins.read(at(LpddrKind::kRd, ck + 151, 2, 0, 32));
  pins.read(at(LpddrKind::kRd, ck + 159, 2, 0, 1008));
  pins.read(at(LpddrKind::kRd, ck + 173, 2, 1, 32));
  pins.read(at(LpddrKind::kRd, ck + 181, 2, 1, 48));  // never written
  CHECK(pins.run(channel, ck + 146).empty());
  CHECK(channel.is_quiet());
  channel.store().flip({0, 2, 60000}, 2016 + 5, 3);
  const auto bursts = pins.run(channel, ck + 300);
  REQUIRE(bursts.size() == 4);
  LpddrBurst merged = a;
  for (unsigned i = 0; i < 32; ++i) {
    if ((0x0ff0f00fu >> i & 1) == 0) merged[i] = c[i];
  }
  CHECK(bursts[0] == merged);
  LpddrBurst flipped = b;
  flipped[5] ^= 8;
  CHECK(bursts[1] == flipped);
  CHECK(bursts[2] == c);
  CHECK(bursts[3] == LpddrBurst{});
  CHECK(channel.store().rows() == 2);
  CHECK(channel.counts().row_hits == 6);
  CHECK(channel.counts().of(LpddrKind::kWr) == 3);
  REQUIRE(lines.size() == 8 + 10);
  CHECK(lines[8] == std::to_string(ck) + " ACT 0 2 60000 -");
  CHECK(lines[12] == std::to_string(ck + 88) + " MWR 0 2 - 32");
  CHECK_THROWS_AS(channel.store().flip({0, 8, 0}, 0, 0), std::out_of_range);
  CHECK_THROWS_AS(channel.store().flip({0, 0, 0}, 2048, 0), std::out_of_range);
  CHECK_THROWS_AS((void)channel.store().read({0, 0, 0}, 1024), std::out_of_range);
}

TEST_CASE("lpddr: data at the wrong time") {
  const auto write = [](int late, std::uint32_t mask = 0) {
    return after_start([&](LpddrPins& pins, std::uint64_t ck) {
      pins.command(at(LpddrKind::kAct, ck));
      pins.write(at(LpddrKind::kWr, ck + 50), pattern(1), mask, late);
    });
  };
  CHECK(write(0) == "");
  CHECK(write(-1) == "write_data");
  CHECK(write(1) == "write_data");
  CHECK(write(0, 0x100) == "write_mask");
  const auto read = [](int late) {
    return after_start([&](LpddrPins& pins, std::uint64_t ck) {
      pins.command(at(LpddrKind::kAct, ck));
      pins.read(at(LpddrKind::kRd, ck + 50), late);
    });
  };
  CHECK(read(0) == "");
  CHECK(read(-1) == "read_data");
  CHECK(read(1) == "read_data");
}

TEST_CASE("lpddr: a mode register is read") {
  LpddrPins pins;
  LpddrChannel channel(LpddrPins::timings(), 1);
  const std::uint64_t ck = pins.start() + 100;
  auto command = at(LpddrKind::kMrr, ck);
  command.row = 2;
  pins.read(command);
  const auto bursts = pins.run(channel, ck + 100);
  REQUIRE(bursts.size() == 1);
  CHECK(bursts[0][0] == 0x36);
}

TEST_CASE("lpddr: power-down at the pins") {
  const auto play = [](std::uint64_t up, std::uint64_t act) {
    return after_start([&](LpddrPins& pins, std::uint64_t ck) {
      const std::uint64_t even = ck + ck % 2;
      pins.cke(even, 0);
      pins.cke(even + up, 1);
      pins.command(at(LpddrKind::kAct, even + act + 3));
    });
  };
  CHECK(play(14, 28) == "");
  CHECK(play(12, 40) == "tCKE");
  CHECK(play(14, 27) == "tXP");
  CHECK(play(40, 20) == "power_down");
  // CKE falls while the command is on the bus.
  CHECK(after_start([&](LpddrPins& pins, std::uint64_t ck) {
          const std::uint64_t even = ck + ck % 2;
          pins.command(at(LpddrKind::kAct, even + 3));
          pins.cke(even + 2, 0);
        }) == "tCMDCKE");
}

TEST_CASE("lpddr: a reset in the middle starts all over") {
  LpddrPins pins;
  LpddrChannel channel(LpddrPins::timings(), 1);
  std::uint64_t ck = pins.start() + 100;
  ck += ck % 2;
  pins.command(at(LpddrKind::kAct, ck));
  (void)pins.run(channel, ck + 40);
  LpddrPins again;
  again.reset_n(ck + 40, false);
  again.reset_n(ck + 140, true);
  again.cke(ck + 140 + 200, 1);
  again.command(at(LpddrKind::kRd, ck + 500));
  CHECK_THROWS_WITH(again.run(channel, ck + 600), Catch::Contains("startup broken by RD"));
}
