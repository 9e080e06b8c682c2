#include "sw/activation/exhaustive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sw/activation/judge.hpp"

namespace s4::sw {
namespace {

using activation::Function;

bool is_nan(std::uint16_t x) { return (x & 0x7FFF) > 0x7F80; }

/// Position of a BF16 number in the order of the reals; both zeros at 0.
int position(std::uint16_t x) { return (x & 0x8000) != 0 ? -(x & 0x7FFF) : x; }

void note_mismatch(ActivationReport& report, unsigned x, std::uint16_t expected) {
  if (report.mismatches++ != 0) return;
  report.first_mismatch = x;
  report.first_expected = expected;
}

void judge_bf16(ActivationReport& report, Function function) {
  const auto& expected = judged(function);
  const auto& residuals = judged_residuals(function);
  for (unsigned x = 0; x < expected.size(); ++x) {
    const std::uint16_t got = report.results.at(x), want = expected[x].value;
    if (got != want) note_mismatch(report, x, want);
    if (is_nan(got) || is_nan(want)) {
      report.nan_mismatches += got != want ? 1U : 0U;
    } else {
      const double error = std::abs(position(got) - position(want) + double{residuals[x]});
      report.worst_ulp = std::max(report.worst_ulp, error);
    }
  }
}

void judge_int8(ActivationReport& report, const ActivationSweep& sweep) {
  const long low = sweep.y.is_unsigned ? 0 : -128;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const int q = sweep.x.is_unsigned ? static_cast<int>(byte) : static_cast<std::int8_t>(byte);
    const double x = double{sweep.x.scale} * (q - sweep.x.zero);
    const JudgedInteger judged = judged_quotient(sweep.function, x, sweep.y.scale);
    const long quotient = judged.undefined ? 0 : std::clamp(judged.value, -1000L, 1000L);
    const long want = std::clamp(quotient + sweep.y.zero, low, low + 255);
    const std::uint16_t result = report.results.at(byte);
    const long got = sweep.y.is_unsigned ? result : static_cast<std::int8_t>(result & 0xFF);
    if (got == want && result < 256) continue;
    note_mismatch(report, byte, static_cast<std::uint16_t>(want & 0xFF));
    report.worst_ulp = std::max(report.worst_ulp, static_cast<double>(std::labs(got - want)));
  }
}

ActivationReport begin(const ActivationSweep& sweep, const char* backend) {
  ActivationReport report;
  report.function = activation::kFunctionNames.at(static_cast<unsigned>(sweep.function));
  report.backend = backend;
  report.int8 = sweep.int8;
  return report;
}

std::vector<ActivationBeat> table_beats(unsigned lanes) {
  std::vector<ActivationBeat> beats;
  for (unsigned first = 0; first < 256; first += lanes) {
    ActivationBeat beat;
    beat.table = true;
    for (unsigned i = 0; i < lanes; ++i) {
      beat.data.push_back(static_cast<std::uint16_t>((first + i) & 0xFF));
    }
    beats.push_back(beat);
  }
  return beats;
}

std::uint64_t measured_latency(ActivationBench& bench, bool table) {
  ActivationBeat beat;
  beat.table = table;
  beat.data.assign(bench.lanes(), 0);
  (void)bench.run({beat});
  return bench.clocks() - 1;  // accepted in the first clock, taken in the last
}

}  // namespace

ActivationSweep default_sweep(Function function, bool int8) {
  ActivationSweep sweep{function, int8, {1.0F / 16, 0, false}, {1.0F / 16, 0, false}};
  if (function == Function::kTanh || function == Function::kErf) sweep.y.scale = 1.0F / 128;
  if (function == Function::kSigmoid) sweep.y = {1.0F / 256, -128, false};
  return sweep;
}

ActivationReport sweep_rtl(ActivationBench& bench, const ActivationSweep& sweep) {
  ActivationReport report = begin(sweep, "rtl");
  report.lanes = bench.lanes();
  if (sweep.int8) {
    const Int8Table table = int8_table(sweep.function, sweep.x, sweep.y);
    bench.load_table({table.bytes.begin(), table.bytes.end()});
  }
  report.latency = measured_latency(bench, sweep.int8);
  bench.clear_invalid();
  if (sweep.int8) {
    for (const auto& beat : bench.run(table_beats(bench.lanes()))) {
      report.results.insert(report.results.end(), beat.begin(), beat.end());
    }
    report.results.resize(256);
  } else {
    report.results = bench.all_inputs(sweep.function);
  }
  report.clocks = bench.clocks();
  report.results_per_clock = static_cast<double>(report.results.size()) /
                             static_cast<double>(report.clocks - report.latency);
  bool invalid = false;  // tables raise no flag
  if (sweep.int8) {
    judge_int8(report, sweep);
  } else {
    judge_bf16(report, sweep.function);
    for (const auto& expected : judged(sweep.function)) invalid = invalid || expected.invalid;
  }
  report.flag_mismatches = bench.invalid() != invalid ? 1 : 0;
  return report;
}

ActivationReport sweep_functional(const ActivationSweep& sweep) {
  ActivationReport report = begin(sweep, "functional");
  if (sweep.int8) {
    const Int8Table table = int8_table(sweep.function, sweep.x, sweep.y);
    report.results.assign(table.bytes.begin(), table.bytes.end());
    judge_int8(report, sweep);
    return report;
  }
  const auto& expected = judged(sweep.function);
  for (unsigned x = 0; x < expected.size(); ++x) {
    const auto got = sim::activation_function(sweep.function, static_cast<std::uint16_t>(x));
    report.results.push_back(got.value);
    report.flag_mismatches += got.invalid != expected[x].invalid ? 1U : 0U;
  }
  judge_bf16(report, sweep.function);
  return report;
}

std::string to_text(const ActivationReport& report) {
  std::string text = fmt::format(
      "{:<10} {:<10} {:<4} inputs {:>5}, mismatches {}, worst error {:.6f} {}", report.function,
      report.backend, report.int8 ? "int8" : "bf16", report.results.size(), report.mismatches,
      report.worst_ulp, report.int8 ? "steps" : "ulp");
  if (report.lanes != 0) {
    text += fmt::format(", {} lanes, {:.2f} results per clock, latency {}", report.lanes,
                        report.results_per_clock, report.latency);
  }
  if (report.nan_mismatches != 0) text += fmt::format(", NaN wrong {}", report.nan_mismatches);
  if (report.flag_mismatches != 0) text += fmt::format(", flag wrong {}", report.flag_mismatches);
  if (report.mismatches != 0) {
    text += fmt::format("\n  first: input {:#06x} gives {:#06x}, expected {:#06x}",
                        report.first_mismatch, report.results.at(report.first_mismatch),
                        report.first_expected);
  }
  return text + '\n';
}

nlohmann::json to_json(const ActivationReport& report) {
  nlohmann::json json = {{"function", report.function},
                         {"backend", report.backend},
                         {"dtype", report.int8 ? "int8" : "bf16"},
                         {"inputs", report.results.size()},
                         {"mismatches", report.mismatches},
                         {"nan_mismatches", report.nan_mismatches},
                         {"flag_mismatches", report.flag_mismatches},
                         {report.int8 ? "worst_error_steps" : "worst_error_ulp", report.worst_ulp}};
  if (report.lanes != 0) {
    json["lanes"] = report.lanes;
    json["clocks"] = report.clocks;
    json["latency"] = report.latency;
    json["results_per_clock"] = report.results_per_clock;
  }
  return json;
}

}  // namespace s4::sw
