// Cycles that one s4 subsystem must reach on ideal memory of 64 B per clock.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/report/layer_json.hpp"

namespace {

using namespace s4::sw;
using s4::counters::Counter;

LayerReport run_gemm(std::uint32_t m, std::uint32_t n, std::uint32_t k, std::uint32_t keep,
                     bool resident) {
  LayerCase c;
  c.is_gemm = true;
  c.geometry = gemm_geometry(m, n, k);
  c.keep = keep;
  c.compile.resident = resident;
  RunSettings settings;
  LayerReport report = run_layer(c, find_configuration("s4"), settings);
  INFO(to_text(report));
  REQUIRE(report.ok());
  return report;
}

const RunResult& timed_run(const LayerReport& report) {
  for (const DeviceRun& run : report.runs) {
    if (run.timed && run.device == "rtl") return run.result;
  }
  throw std::runtime_error("no timed run on RTL");
}

/// Clocks that the memory port needs for what moved, the busier direction.
std::uint64_t port_clocks(const RunResult& run) {
  return std::max(run.counter(Counter::kLoadWords) + run.counter(Counter::kWeightsWords) +
                      run.counter(Counter::kFetchWords),
                  run.counter(Counter::kStoreWords));
}

}  // namespace

TEST_CASE("rate: gemm 1024 x 256 x 2304 resident, K 64: 90 % of ideal") {
  REQUIRE(run_gemm(1024, 256, 2304, 64, true).utilisation() >= 0.9);
}

TEST_CASE("rate: gemm 1024 x 256 x 2304 resident, K 8: 90 % of ideal") {
  REQUIRE(run_gemm(1024, 256, 2304, 8, true).utilisation() >= 0.9);
}

TEST_CASE("rate: gemm 1024 x 256 x 2304, K 64: 90 % of ideal") {
  REQUIRE(run_gemm(1024, 256, 2304, 64, false).utilisation() >= 0.9);
}

TEST_CASE("rate: gemm 1024 x 256 x 2304, K 8: 90 % of what the memory port allows") {
  const LayerReport report = run_gemm(1024, 256, 2304, 8, false);
  // Activations, compressed weights and biases once each way, nothing else.
  const std::uint64_t needed = 1024 * 36 + (report.weight_bytes + report.parameter_bytes) / 64;
  REQUIRE(report.bound == "memory");
  REQUIRE(static_cast<double>(*report.cycles) <= static_cast<double>(needed) / 0.9);
}

TEST_CASE("rate: load, compute and store of many tiles overlap") {
  for (const auto& [m, n, k, keep] :
       {std::array{16384U, 256U, 512U, 16U}, std::array{32768U, 256U, 256U, 32U},
        std::array{16384U, 64U, 576U, 16U}}) {
    CAPTURE(m, n, k, keep);
    const LayerReport report = run_gemm(m, n, k, keep, false);
    REQUIRE(report.plan.chunks >= 16);
    const RunResult& run = timed_run(report);
    const std::uint64_t longest = std::max(port_clocks(run), run.counter(Counter::kSpuMacClocks));
    REQUIRE(static_cast<double>(*report.cycles) < 1.15 * static_cast<double>(longest));
  }
}

TEST_CASE("rate: load, compute and store of a convolution overlap") {
  LayerCase c;
  c.geometry.batch = 1;
  c.geometry.channels = c.geometry.filters = 64;
  c.geometry.height = c.geometry.width = 112;
  c.geometry.kernel_h = c.geometry.kernel_w = 3;
  c.geometry.pad_top = c.geometry.pad_left = c.geometry.pad_bottom = c.geometry.pad_right = 1;
  c.keep = 8;
  const LayerReport report = run_layer(c, find_configuration("s4"), RunSettings());
  INFO(to_text(report));
  REQUIRE(report.ok());
  const RunResult& run = timed_run(report);
  const std::uint64_t longest = std::max(port_clocks(run), run.counter(Counter::kSpuMacClocks));
  REQUIRE(static_cast<double>(*report.cycles) < 1.15 * static_cast<double>(longest));
}

TEST_CASE("rate: the counters agree with the plan") {
  const LayerReport report = run_gemm(2048, 256, 1024, 8, false);
  const RunResult& run = timed_run(report);
  REQUIRE(run.counter(Counter::kSpuMacClocks) == report.estimate.mac);
  const unsigned groups = report.plan.shape > 0 ? 2 : 1;  // fetched at a time
  REQUIRE(run.counter(Counter::kFetchGroups) == groups * report.estimate.activation);
  REQUIRE(run.counter(Counter::kWeightsWords) == report.estimate.weights);
  REQUIRE(run.counter(Counter::kLoadWords) == report.estimate.loads);
  REQUIRE(run.counter(Counter::kStoreWords) == report.estimate.stores);
}
