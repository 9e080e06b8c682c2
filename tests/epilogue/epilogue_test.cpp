// Handshakes, latency, lanes and reset of the epilogue.
#include <bit>
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/epilogue/epilogue_bench.hpp"

namespace {

using s4::commands::SpuCommand;
using s4::tests::EpilogueBeat;
using s4::tests::EpilogueBench;
using s4::tests::Stalls;

constexpr unsigned kLatency = 11;  // epilogue_pkg::Latency

SpuCommand random_command(std::mt19937_64& random) {
  SpuCommand c;
  c.requant_zero = static_cast<std::int16_t>(static_cast<int>(random() % 256) - 128);
  c.requant_min = static_cast<std::int16_t>(-128 - c.requant_zero);
  c.requant_max = static_cast<std::int16_t>(127 - c.requant_zero);
  c.add_enable = static_cast<std::uint8_t>(random() & 1U);
  c.add_unsigned = static_cast<std::uint8_t>(random() & 1U);
  c.add_swap = static_cast<std::uint8_t>(random() & 1U);
  c.add_min = -128;
  c.add_max = 127;
  c.add_c0 = std::bit_cast<std::uint32_t>(static_cast<float>(random() % 1000) / 9.0F - 50.0F);
  c.add_ra = std::bit_cast<std::uint32_t>(static_cast<float>(random() % 1000) / 700.0F);
  c.add_rb = std::bit_cast<std::uint32_t>(static_cast<float>(random() % 1000) / 700.0F);
  c.second_use = static_cast<std::uint8_t>(random() % 4);
  c.second_zero = static_cast<std::int16_t>(static_cast<int>(random() % 512) - 256);
  if (c.second_use == 2) {
    c.add_ra = c.add_rb = std::bit_cast<std::uint32_t>(static_cast<float>(random() % 1000) / 9e4F);
  }
  return c;
}

std::vector<EpilogueBeat> random_beats(EpilogueBench& bench, std::mt19937_64& random,
                                       std::size_t count) {
  std::vector<EpilogueBeat> beats(count, bench.beat());
  for (EpilogueBeat& beat : beats) {
    for (auto& acc : beat.acc) acc = static_cast<std::int32_t>(random()) >> 14;
    for (auto& byte : beat.second) byte = static_cast<std::uint8_t>(random());
    for (auto& bias : beat.bias) bias = static_cast<std::int32_t>(random()) >> 18;
    for (auto& scale : beat.scale) scale = static_cast<float>(random() % 10000) / 4.0e6F;
    if (random() % 4 == 0) beat.lane_valid = random();
  }
  return beats;
}

}  // namespace

TEST_CASE("epilogue keeps order and data under random stalls, lanes valid or not", "[epilogue]") {
  for (const char* config : {"tiny", "small"}) {
    EpilogueBench bench(config);
    std::mt19937_64 random(s4::tb::seed());
    for (const Stalls stalls : {Stalls{100, 100}, Stalls{50, 50}, Stalls{20, 90}, Stalls{90, 20},
                                Stalls{100, 50}, Stalls{50, 100}}) {
      for (int command = 0; command < 4; ++command) {
        const auto beats = random_beats(bench, random, s4::tb::full_run() ? 2000 : 200);
        const std::uint64_t wrong = bench.mismatches(random_command(random), beats, stalls);
        INFO(config << ", " << bench.report());
        REQUIRE(wrong == 0);
      }
    }
  }
}

TEST_CASE("epilogue takes and gives one beat per clock", "[epilogue]") {
  EpilogueBench bench("tiny");
  std::mt19937_64 random(s4::tb::seed());
  for (const std::uint8_t add : {0, 1}) {
    SpuCommand command = random_command(random);
    command.add_enable = add;
    REQUIRE(bench.mismatches(command, random_beats(bench, random, 300)) == 0);
    CHECK(bench.clocks() == 300 + kLatency);
  }
}

TEST_CASE("epilogue gives a beat exactly its latency after it came", "[epilogue]") {
  EpilogueBench bench("tiny");
  std::mt19937_64 random(s4::tb::seed());
  for (const std::uint8_t add : {0, 1}) {
    SpuCommand command = random_command(random);
    command.add_enable = add;
    bench.set_command(command);
    bench.out_ready.set(0);
    bench.offer(bench.beat(), 77);
    bench.model().eval();
    CHECK(bench.in_ready.get() == 1);
    CHECK(bench.busy.get() == 0);
    bench.model().tick();
    bench.in_valid.set(0);
    for (unsigned clock = 1; clock < kLatency; ++clock) {
      INFO("clock " << clock);
      REQUIRE(bench.out_valid.get() == 0);
      REQUIRE(bench.busy.get() == 1);
      bench.model().tick();
    }
    REQUIRE(bench.out_valid.get() == 1);
    REQUIRE(bench.out_meta.get() == 77);
    // Held while not taken, and the full output closes the input.
    bench.model().tick(5);
    REQUIRE(bench.out_valid.get() == 1);
    REQUIRE(bench.out_meta.get() == 77);
    REQUIRE(bench.in_ready.get() == 0);
    bench.out_ready.set(1);
    bench.model().eval();
    REQUIRE(bench.in_ready.get() == 1);
    bench.model().tick();
    REQUIRE(bench.out_valid.get() == 0);
    REQUIRE(bench.busy.get() == 0);
  }
}

TEST_CASE("epilogue forgets its beats at reset and works after it", "[epilogue]") {
  EpilogueBench bench("tiny");
  std::mt19937_64 random(s4::tb::seed());
  for (const unsigned beats_before : {1U, 4U, 11U, 15U}) {
    bench.set_command(random_command(random));
    bench.out_ready.set(0);
    for (unsigned n = 0; n < beats_before; ++n) {
      bench.offer(random_beats(bench, random, 1).front(), 1000 + n);
      bench.model().tick();
    }
    bench.in_valid.set(0);
    bench.model().eval();
    CHECK(bench.busy.get() == 1);
    bench.model().reset();
    bench.model().eval();
    REQUIRE(bench.busy.get() == 0);
    REQUIRE(bench.out_valid.get() == 0);
    REQUIRE(bench.in_ready.get() == 1);
    const std::uint64_t wrong =
        bench.mismatches(random_command(random), random_beats(bench, random, 50), {60, 60});
    INFO(bench.report());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("where the limits cross, the maximum wins", "[epilogue]") {
  EpilogueBench bench("tiny");
  SpuCommand command;
  command.requant_zero = 3;
  command.requant_min = 50;
  command.requant_max = 20;
  command.add_min = 90;
  command.add_max = 70;
  for (const std::uint8_t add : {0, 1}) {
    command.add_enable = add;
    for (const std::int32_t acc : {-1000, 0, 30, 1000}) {
      EpilogueBeat beat = bench.beat();
      beat.acc.assign(bench.results(), acc);
      bench.set_command(command);
      bench.offer(beat, 0);
      bench.model().tick();
      bench.in_valid.set(0);
      bench.model().tick(kLatency - 1);
      REQUIRE(bench.bytes() == std::vector<std::uint8_t>(bench.results(), add != 0 ? 70 : 23));
      bench.out_ready.set(1);
      bench.model().tick();
      bench.out_ready.set(0);
    }
  }
}
