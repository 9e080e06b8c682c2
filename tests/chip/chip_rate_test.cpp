// How fast the host moves bytes, and what the chip costs to simulate.
#include <catch2/catch.hpp>
#include <ctime>
#include <iostream>

#include "sim/registers/gen/registers.hpp"
#include "tests/chip/chip_job.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

struct Rate {
  double write = 0, read = 0;  // bytes per clock
};

/// A run of addresses written and read with everything in flight that the bridge takes.
Rate rate(ChipBench& bench, std::size_t size) {
  std::vector<std::uint8_t> bytes(size), got(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 2654435761u >> 24);
  Rate result;
  std::uint64_t begin = bench.cycle();
  bench.write(0x1000000, bytes);
  result.write = static_cast<double>(size) / static_cast<double>(bench.cycle() - begin);
  begin = bench.cycle();
  bench.read(0x1000000, got);
  result.read = static_cast<double>(size) / static_cast<double>(bench.cycle() - begin);
  CHECK(got == bytes);
  return result;
}

/// Clocks of a read of one beat, the row of the memory open.
std::uint64_t latency(ChipBench& bench, std::uint64_t address) {
  std::uint8_t line[64];
  bench.read(address, line);
  const std::uint64_t begin = bench.cycle();
  bench.read(address, line);
  return bench.cycle() - begin;
}

/// Of processor time: other work of the machine does not count.
double kilohertz(ChipBench& bench, std::uint64_t clocks) {
  const std::clock_t begin = std::clock();
  bench.clocks(clocks);
  return static_cast<double>(clocks) * CLOCKS_PER_SEC / static_cast<double>(std::clock() - begin) /
         1000;
}

/// Starts job n on subsystem n, or the first job on all, and prints what each took.
void run_all(ChipBench& bench, const std::vector<ChipJob>& jobs, unsigned subsystems) {
  const auto job = [&](unsigned n) -> const ChipJob& { return jobs[n < jobs.size() ? n : 0]; };
  for (unsigned n = 0; n < subsystems; ++n) job(n).start(bench, n);
  std::cout << " (" << kilohertz(bench, 10000) << " kHz)";
  for (unsigned n = 0; n < subsystems; ++n) {
    while ((bench.get(n + 1, registers::kStatusOffset) & 1) != 0) bench.clocks(100);
    std::cout << " " << bench.get(n + 1, registers::kCounterOffset);
    CHECK(job(n).compare(bench) == "");
  }
}

/// What the host and the subsystems reach, and kHz of simulation.
void measure(const char* config) {
  ChipBench bench(config);
  const Rate found = rate(bench, 1 << 20);
  std::cout << config << ": host write " << found.write << ", read " << found.read
            << " bytes per clock; idle " << kilohertz(bench, 100000) << " kHz";
  std::cout << ", latency of a read of station";
  for (unsigned s = 0; s < bench.stations(); ++s) {
    std::cout << " " << s << ": " << latency(bench, s << 10);
  }
  std::vector<std::uint8_t> got(4 << 20);
  bench.axi.begin_read(0, got);
  std::cout << ", host reading " << kilohertz(bench, 20000) << " kHz";
  bench.finish();
  sw::LayerCase layer;
  layer.is_gemm = true;
  layer.geometry = sw::gemm_geometry(512, 256, 512);
  layer.keep = 16;
  std::vector<ChipJob> jobs;
  for (unsigned n = 0; n < bench.subsystems(); ++n) {
    jobs.emplace_back(bench.config(), layer, (n + 1) << 24);
    jobs.back().place(bench);
  }
  std::cout << ", clocks of a program alone";
  run_all(bench, jobs, 1);
  std::cout << ", on all";
  run_all(bench, jobs, bench.subsystems());
  // One program for all: the same weights, read once.
  jobs.erase(jobs.begin() + 1, jobs.end());
  sw::Region weights = jobs[0].compiled().weight_region;
  weights.size = (weights.size + 1023) / 1024 * 1024;
  bench.begin_broadcast((1u << bench.subsystems()) - 1, weights);
  std::cout << ", weights read once";
  run_all(bench, jobs, bench.subsystems());
  bench.end_broadcast();
  std::cout << std::endl;
}

}  // namespace

TEST_CASE("chip: bytes per clock of the host") {
  ChipBench bench("tiny");  // two stations of 16 bytes per clock
  const Rate found = rate(bench, tb::full_run() ? 1 << 20 : 1 << 18);
  INFO("write " << found.write << ", read " << found.read);
  CHECK(found.write > 28);
  CHECK(found.write < 32.5);
  CHECK(found.read > 28);
  CHECK(found.read < 32.5);
  if (!tb::full_run()) return;
  ChipBench small("small");  // five stations: 128 beats of reads in flight limit
  const Rate wide = rate(small, 1 << 20);
  INFO("small: write " << wide.write << ", read " << wide.read);
  CHECK(wide.write > 38);
  CHECK(wide.read > 38);
}

// Not tests: test_chip "[.measure]".
TEST_CASE("chip: cost of simulating tiny", "[.measure]") { measure("tiny"); }
TEST_CASE("chip: cost of simulating small", "[.measure]") { measure("small"); }
TEST_CASE("chip: cost of simulating s4", "[.measure]") { measure("s4"); }
