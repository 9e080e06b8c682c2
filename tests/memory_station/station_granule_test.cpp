// How the granule that goes round the channels of a station decides its throughput. The table is in
// docs/adr/0014-granule-of-the-channels.md.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "tb/seed.hpp"
#include "tests/memory_station/station_bench.hpp"

using namespace s4;
using tests::Burst;
using tests::StationBench;

namespace {

constexpr std::uint64_t kRegion = std::uint64_t{1} << 31;

struct Traffic {
  const char* name;
  unsigned beats;
  std::function<Burst(std::uint64_t i, std::mt19937_64& random)> burst;
};

std::vector<Traffic> kinds() {
  const auto anywhere = [](unsigned beats, bool mixed) {
    return [=](std::uint64_t, std::mt19937_64& random) {
      return Burst{mixed && random() % 3 == 0, random() % (kRegion / 64 / beats) * 64 * beats,
                   beats};
    };
  };
  return {{"sequential 1 KiB read", 16,
           [](auto i, auto&) {
             return Burst{false, 1024 * i, 16};
           }},
          {"sequential 1 KiB write", 16,
           [](auto i, auto&) {
             return Burst{true, 1024 * i, 16};
           }},
          {"two streams of 1 KiB, 2:1", 16,
           [](auto i, auto&) {
             return i % 3 == 2 ? Burst{true, kRegion + 1024 * (i / 3), 16}
                               : Burst{false, 1024 * (i - i / 3), 16};
           }},
          {"random 1 KiB read", 16, anywhere(16, false)},
          {"random 256 B read", 4, anywhere(4, false)},
          {"random 64 B read", 1, anywhere(1, false)},
          {"random 64 B, 2:1", 1, anywhere(1, true)},
          {"64 B, 16 KiB stride", 1, [](auto i, auto&) {
             return Burst{false, 16384 * i % kRegion + 16384 * i / kRegion * 64, 1};
           }}};
}

double percent(StationBench& bench, const Traffic& traffic, std::uint64_t bytes) {
  std::mt19937_64 random(tb::seed());
  std::vector<Burst> bursts;
  const std::uint64_t count = bytes / 64 / traffic.beats;
  for (std::uint64_t i = 0; i < count; ++i) bursts.push_back(traffic.burst(i, random));
  return 100.0 * 64 * traffic.beats * static_cast<double>(count) /
         (16.0 * static_cast<double>(bench.run(bursts)));
}

}  // namespace

TEST_CASE("granule: throughput of a station by the granule of its channels") {
  if (!tb::full_run()) return;  // six models
  for (const bool ecc : {false, true}) {
    std::map<unsigned, std::vector<double>> all;
    for (const unsigned bits : {7u, 8u, 9u, 10u, 11u, 12u}) {
      tb::ModelOptions options;
      options.parameters = {{"ChannelGranuleBits", std::to_string(bits)}};
      for (const Traffic& traffic : kinds()) {
        StationBench bench("s4", tb::Kind::kFast, 2, options, tb::seed(), ecc);
        all[bits].push_back(percent(bench, traffic, std::uint64_t{1} << 20));
      }
    }
    std::printf("%-28s", ecc ? "error correction on" : "percent of 16 B per clock");
    for (const auto& [bits, row] : all) std::printf("%8u", 1u << bits);
    for (std::size_t k = 0; k < kinds().size(); ++k) {
      std::printf("\n%-28s", kinds()[k].name);
      for (const auto& [bits, row] : all) std::printf("%8.1f", row[k]);
    }
    std::printf("\n");
    // The default loses nowhere more than a few percent against the best.
    for (std::size_t k = 0; k < kinds().size(); ++k) {
      double best = 0;
      for (const auto& [bits, row] : all) best = std::max(best, row[k]);
      INFO(kinds()[k].name << ": " << all[9][k] << " of " << best);
      CHECK(all[9][k] >= 0.95 * best);
    }
  }
}
