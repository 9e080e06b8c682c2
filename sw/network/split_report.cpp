// A network split over the subsystems of a chip: as JSON, as text, and as a trace.
#include <fmt/format.h>

#include <algorithm>

#include "sw/network/chip_run.hpp"
#include "sw/network/report_json.hpp"
#include "sw/network/split_run.hpp"

namespace s4::sw {
namespace {

using nlohmann::json;

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json step_json(const SplitStepReport& step) {
  json out{{"name", step.name},
           {"layers", step.layers},
           {"shape", step.shape},
           {"cut", cut_name(step.cut)},
           {"weights_once", step.weights_once},
           {"predicted_cycles", step.predicted},
           {"one_subsystem_predicted", step.alone != 0 ? json(step.alone) : json(nullptr)},
           {"cycles", or_null(step.cycles)},
           {"speed_up", or_null(step.speed_up())},
           {"mismatches", step.mismatches},
           {"parts", json::array()}};
  for (const SplitPartReport& part : step.parts) {
    out["parts"].push_back({{"subsystem", part.subsystem},
                            {"begin", part.begin},
                            {"end", part.end},
                            {"predicted_cycles", part.predicted},
                            {"cycles", or_null(part.cycles)}});
  }
  return out;
}

std::string count_text(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "-";
}

std::string ratio_text(std::uint64_t before, const std::optional<std::uint64_t>& now) {
  if (before == 0 || now.value_or(0) == 0) return "-";
  return fmt::format("{:.2f}", static_cast<double>(before) / static_cast<double>(*now));
}

/// "33280 33301": what the subsystems took.
std::string parts_text(const SplitStepReport& step) {
  std::string text;
  for (const SplitPartReport& part : step.parts) {
    if (!text.empty()) text += ' ';
    text += count_text(part.cycles);
  }
  if (step.weights_once) text += " (weights once)";
  return text;
}

}  // namespace

json to_json(const SplitReport& report) {
  json out{{"mode", report.mode},
           {"config", report.network.config},
           {"ok", report.ok()},
           {"mismatches", report.network.mismatches()},
           {"subsystems", report.subsystems},
           {"preload", report.backdoor ? "backdoor" : "axi"},
           {"images", report.images},
           {"cycles", or_null(report.cycles)},
           {"predicted_cycles", report.predicted},
           {"one_subsystem_predicted", report.alone != 0 ? json(report.alone) : json(nullptr)},
           {"total_cycles", report.total_cycles},
           {"load_cycles", report.load_cycles},
           {"wall_s", report.wall_s},
           {"dram", to_json(report.dram)},
           {"moved", to_json(report.moved)},
           {"faults", report.faults},
           {"steps", json::array()},
           {"network", to_json(report.network)}};
  for (const SplitStepReport& step : report.steps) out["steps"].push_back(step_json(step));
  return out;
}

std::string to_text(const SplitReport& report) {
  std::string text = layers_text(report.network) + '\n';
  text += fmt::format("{:<28} {:<9} {:>5} {:>10} {:>10} {:>10} {:>8}  {}\n", "step", "cut", "parts",
                      "one alone", "expected", "cycles", "speed-up", "cycles of each");
  for (const SplitStepReport& step : report.steps) {
    text += fmt::format(
        "{:<28} {:<9} {:>5} {:>10} {:>10} {:>10} {:>8}  {}\n", cut_text(step.name, 28),
        cut_name(step.cut), step.parts.size(), step.alone != 0 ? std::to_string(step.alone) : "-",
        step.predicted, count_text(step.cycles),
        step.speed_up() ? fmt::format("{:.2f}", *step.speed_up()) : "-", parts_text(step));
  }
  text += fmt::format("\nchip: {} image{} on {} subsystem{} together, mode {}\n", report.images,
                      report.images == 1 ? "" : "s", report.subsystems,
                      report.subsystems == 1 ? "" : "s", report.mode);
  text += fmt::format("  expected    {} clocks", report.predicted);
  if (report.alone != 0) {
    text += fmt::format(", of one subsystem {} ({}x)", report.alone,
                        ratio_text(report.alone, report.predicted));
  }
  text += '\n';
  if (report.cycles) {
    text += fmt::format("  cycles      {} of all steps, {} with the host's work in between\n",
                        *report.cycles, report.total_cycles);
    if (report.alone != 0) {
      text += fmt::format("  speed-up    {} against {} clocks expected of one subsystem\n",
                          ratio_text(report.alone, report.cycles), report.alone);
    }
    text += fmt::format("  preload     {}\n",
                        report.backdoor
                            ? std::string("backdoor: weights and results outside of time")
                            : fmt::format("{} clocks over AXI4 before", report.load_cycles));
    text += fmt::format("  memory      {}\n", to_text(report.dram));
    text += to_text(report.moved);
    text +=
        fmt::format("  simulation  {:.2f} s, {:.1f} kHz\n", report.wall_s,
                    static_cast<double>(report.total_cycles) / std::max(report.wall_s, 1e-9) / 1e3);
  }
  text += to_text(report.network.comparisons) + to_text(report.network.counts);
  if (!report.network.error.empty()) text += fmt::format("  {}\n", report.network.error);
  for (const std::string& fault : report.faults) text += fmt::format("  FAULT       {}\n", fault);
  return text;
}

json to_trace(const SplitReport& report) {
  // The programs of each subsystem as a run of its own.
  ChipRunReport chip;
  chip.traffic = report.traffic;
  chip.moved = report.moved;
  chip.subsystems.resize(report.subsystems);
  for (NetworkReport& one : chip.subsystems) {
    one.config = report.network.config;
    one.layers = report.network.layers;
    one.programs = report.network.programs;
  }
  std::size_t next = 0;
  std::vector<unsigned> owner;  // of the programs in order
  for (const SplitStepReport& step : report.steps) {
    for (const SplitPartReport& part : step.parts) owner.push_back(part.subsystem);
  }
  for (const DeviceRun& run : report.network.runs) {
    if (run.device != "rtl" || next == owner.size()) continue;
    chip.subsystems.at(owner[next++]).runs.push_back(run);
  }
  return to_trace(chip);
}

}  // namespace s4::sw
