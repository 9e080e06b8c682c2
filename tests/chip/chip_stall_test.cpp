// Stations that are held on the ring, and memories that take no access, now and then or for long.
#include <array>
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/ring/ring_address.hpp"
#include "tests/chip/chip_job.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr unsigned kAll = 256;  // of ChipStalls
constexpr std::uint64_t kBase = 0x200000;

/// An address from `at` on whose byte lies at this station.
std::uint64_t address_at(const ChipBench& bench, unsigned station, std::uint64_t at) {
  while (sim::ring_home(bench.stations(), at).station != station) at += 1024;
  return at;
}

ChipOptions stalled(unsigned ring, unsigned memory) {
  ChipOptions options;
  options.stalls = {ring, memory, tb::seed()};
  return options;
}

/// The job on subsystem 0, in clocks. Throws ChipError if it does not end well.
std::uint64_t clocks_of(ChipBench& bench, unsigned number) {
  const ChipJob job(bench.config(), small_case(number), kBase);
  job.place(bench);
  sw::RunRequest request;
  request.read_region = job.compiled().read_region;
  request.write_region = job.compiled().write_region;
  request.progress = [](std::uint64_t clocks) { return clocks < 500000; };
  const sw::RunResult result =
      bench.subsystem(0).run(job.program(), job.compiled().config_hash, request);
  if (!result.done || result.error) throw ChipError(result.describe());
  if (const std::string wrong = job.compare(bench); !wrong.empty()) throw ChipError(wrong);
  return result.cycles();
}

/// What goes wrong with a bug; empty: nothing.
std::string trouble(const char* file, const char* name, const char* find, const char* replace,
                    const ChipOptions& stalls) {
  ChipOptions options = stalls;
  options.model = seeded_bug(file, name, find, replace);
  try {
    ChipBench bench("tiny", options);
    for (unsigned i = 0; i < 4; ++i) (void)clocks_of(bench, i);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("chip: a held station sends nothing, a held memory takes nothing, the others go on") {
  ChipBench bench("tiny");
  const unsigned host = bench.stations() - 1;
  const std::uint64_t far = address_at(bench, 0, 0x10000), own = address_at(bench, host, 0x10000);
  std::vector<std::uint8_t> bytes(512);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  bench.write(far, bytes);
  bench.write(own, bytes);
  tb::Port stall = bench.model->port("stall_i");
  std::vector<std::uint8_t> got(bytes.size());
  const auto reads = [&](unsigned bits, std::uint64_t address) {
    stall.set(bits);
    std::fill(got.begin(), got.end(), std::uint8_t{0});
    bench.axi.begin_read(address, got);
    bench.clocks(3000);
    const bool answered = bench.axi.open() == 0;
    stall.set(0);
    bench.finish();
    CHECK(bench.axi.worst == AxiHost::kOkay);
    CHECK(got == bytes);
    return answered;
  };
  CHECK(reads(0, far));
  CHECK(reads(0, own));
  CHECK(!reads(1u << (2 * host), far));  // the request stays
  CHECK(reads(1u << (2 * host), own));
  CHECK(!reads(1u, far));  // the answer stays
  CHECK(reads(1u, own));
  CHECK(!reads(2u, far));
  CHECK(reads(2u, own));
  CHECK(reads(2u << (2 * host), far));
  CHECK(!reads(2u << (2 * host), own));
  CHECK(bench.faults().empty());
}

TEST_CASE("chip: programs under random stalls of the ring, of the memories, and of both") {
  ChipBench quick("tiny");
  const std::uint64_t alone = clocks_of(quick, 0) + clocks_of(quick, 1);
  for (const auto& [ring, memory] : {std::pair{kAll * 15 / 16, 0U}, std::pair{0U, kAll * 7 / 8},
                                     std::pair{kAll * 7 / 8, kAll / 2}}) {
    INFO("of 256: ring " << ring << ", memory " << memory << ", seed " << tb::seed());
    ChipBench bench("tiny", stalled(ring, memory));
    const std::uint64_t first = clocks_of(bench, 0), clocks = first + clocks_of(bench, 1);
    INFO(clocks << " clocks, " << alone << " without");
    CHECK(clocks > alone);
    CHECK(bench.faults().empty());
    // The same seed, the same clocks.
    ChipBench again("tiny", stalled(ring, memory));
    CHECK(clocks_of(again, 0) == first);
  }
}

TEST_CASE("chip: a bug that only stalls show is noticed") {
  if (!tb::full_run()) return;  // a model of minutes
  // An access that the memory does not take is lost.
  const char* const file = "rtl/chip/chip_station.sv";
  const char* const name = "chip_stall_lost";
  CHECK(trouble(file, name, "= ready && go;", "= ready;", {}) == "");
  CHECK(trouble(file, name, "= ready && go;", "= ready;", stalled(kAll / 2, kAll * 3 / 4)) != "");
}
