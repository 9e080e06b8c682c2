#include "sw/cli/bench_attention.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "sw/driver/layer_runner.hpp"

namespace s4::cli {
namespace {

constexpr std::uint32_t kHeads = 12;
constexpr std::uint32_t kHeadSize = 64;
constexpr std::uint32_t kTokens = 384;

}  // namespace

AttentionFigures bench_attention(const config::Configuration& config, bool bf16,
                                 std::uint64_t seed) {
  AttentionFigures out;
  for (const bool scores : {true, false}) {
    const char* name = scores ? "attention Q x K^T" : "attention P x V";
    sw::LayerCase c;
    c.is_gemm = true;
    c.dense = true;
    c.transposed = scores;
    c.geometry =
        sw::gemm_geometry(kTokens, scores ? kTokens : kHeadSize, scores ? kHeadSize : kTokens);
    c.geometry.batch = kHeads;
    c.seed = seed;
    c.bf16 = c.out_bf16 = bf16;
    c.random_zero_points = false;
    c.compile.resident = true;
    sw::RunSettings settings;
    settings.config_argument = config.name;
    settings.show_progress = true;
    const sw::LayerReport report = sw::run_layer(c, config, settings);
    out.ok = out.ok && report.ok();
    if (!report.error.empty()) fmt::print("{}\n", report.error);
    for (const sw::Comparison& comparison : report.comparisons) {
      if (!comparison.first.empty()) fmt::print("{}\n", comparison.first);
    }
    fmt::print("{:<18} {:>3} heads {:>8} {:>11.0f} {:>10.1f} %  {}\n", name, kHeads,
               report.cycles.value_or(0), report.ideal_cycles, 100 * report.utilisation(),
               report.bound);
    std::fflush(stdout);
    out.rows.push_back({{"network", "bert-base"},
                        {"layer", name},
                        {"shape", report.layer},
                        {"keep", 64},
                        {"dtype", bf16 ? "bf16" : "int8"},
                        {"cycles", report.cycles.value_or(0)},
                        {"ideal_cycles", report.ideal_cycles},
                        {"utilisation", report.utilisation()},
                        {"bound", report.bound},
                        {"plan", report.plan.describe()},
                        {"mismatches", report.mismatches()}});
  }
  return out;
}

}  // namespace s4::cli
