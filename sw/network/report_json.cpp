#include "sw/network/report_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace s4::sw {
namespace {

using nlohmann::json;

constexpr int kProcess = 1;

json counters_json(const RunResult& result) {
  json values = json::object();
  for (std::size_t i = 0; i < counters::kNumCounters; ++i) {
    values[counters::kCounterNames[i]] = result.counters[i];
  }
  return values;
}

json estimate_json(const Estimate& e) {
  return {{"mac", e.mac},         {"activation", e.activation},
          {"weights", e.weights}, {"epilogue", e.epilogue},
          {"rows", e.rows},       {"memory", e.memory()}};
}

json layer_json(const NetworkLayerReport& layer, const NetworkReport& report) {
  // Host seconds of a layer: its share of the clocks.
  const double share =
      layer.cycles && report.cycles && *report.cycles > 0
          ? static_cast<double>(*layer.cycles) / static_cast<double>(*report.cycles)
          : 0;
  const double wall = share * report.rtl_s;
  return {{"name", layer.name},
          {"engine", layer.engine},
          {"shape", layer.shape},
          {"plan", layer.plan},
          {"mismatches", layer.mismatches},
          {"worst_error", layer.worst_error ? json(*layer.worst_error) : json(nullptr)},
          {"cycles", layer.cycles ? json(*layer.cycles) : json(nullptr)},
          {"predicted_cycles", layer.predicted_cycles},
          {"ideal_cycles", layer.ideal_cycles},
          {"utilisation", layer.cycles ? json(layer.utilisation()) : json(nullptr)},
          {"bound", layer.bound},
          {"bounds", estimate_json(layer.estimate)},
          {"macs_dense", layer.macs_dense},
          {"macs_nonzero", layer.macs_nonzero},
          {"sparsity", layer.sparsity},
          {"weight_bytes", layer.weight_bytes},
          {"parameter_bytes", layer.parameter_bytes},
          {"dense_weight_bytes", layer.dense_weight_bytes},
          {"dram_bytes_read", layer.bytes.dram_read},
          {"dram_bytes_written", layer.bytes.dram_written},
          {"dram_bytes", layer.bytes.dram_read + layer.bytes.dram_written},
          {"ring_bytes", report.on_ring ? json(layer.bytes.ring) : json(nullptr)},
          {"local_peak_bytes", layer.bytes.local_peak},
          {"spilled_bytes", layer.bytes.spilled},
          {"wall_s", wall},
          {"mac_per_s", wall > 0 ? static_cast<double>(layer.macs_nonzero) / wall : 0}};
}

/// "12.3 k": for columns.
std::string short_count(std::uint64_t value) {
  const auto real = static_cast<double>(value);
  if (value < 10000) return std::to_string(value);
  if (value < 10000000) return fmt::format("{:.1f} k", real / 1e3);
  return fmt::format("{:.1f} M", real / 1e6);
}

}  // namespace

std::string cut_text(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : fmt::format("{:.{}}..", text, most - 2);
}

json to_json(const NetworkReport& report) {
  json out;
  out["ok"] = report.ok();
  out["mismatches"] = report.mismatches();
  out["cycles"] = report.cycles ? json(*report.cycles) : json(nullptr);
  out["cycles_per_image"] = report.cycles ? json(report.cycles_per_image()) : json(nullptr);
  out["predicted_cycles"] = report.predicted_cycles;
  out["ideal_cycles"] = report.ideal_cycles();
  out["utilisation"] = report.cycles ? json(report.utilisation()) : json(nullptr);
  out["bound"] = report.bound();
  out["macs_dense"] = report.macs_dense();
  out["macs_nonzero"] = report.macs_nonzero();
  out["weight_bytes"] = report.weight_bytes();
  out["parameter_bytes"] = report.parameter_bytes();
  out["dense_weight_bytes"] = report.dense_weight_bytes();
  out["wall_s"] = report.wall_s;
  out["rtl_s"] = report.rtl_s;
  out["functional_s"] = report.functional_s;
  out["reference_s"] = report.reference_s;
  out["mac_per_s"] = report.mac_per_s();
  out["khz"] = report.cycles ? json(report.kilohertz()) : json(nullptr);
  out["config"] = report.config;
  out["backend"] = backend_name(report.backend);
  out["batch"] = report.batch;
  out["memory"] = memory_text(report.memory, report.stalls);
  if (report.dram) out["dram"] = to_json(*report.dram);
  out["layers"] = json::array();
  for (const NetworkLayerReport& layer : report.layers) {
    out["layers"].push_back(layer_json(layer, report));
  }
  out["host_steps"] = json::array();
  for (const HostStepReport& step : report.host_steps) {
    out["host_steps"].push_back({{"name", step.name}, {"op", step.op}, {"wall_s", step.wall_s}});
  }
  out["comparisons"] = to_json(report.comparisons);
  out["counts"] = to_json(report.counts);
  out["programs"] = json::array();
  for (const DeviceRun& run : report.runs) {
    out["programs"].push_back({{"device", run.device},
                               {"program", run.program},
                               {"status", run.result.describe()},
                               {"wall_s", run.result.wall_s},
                               {"counters", counters_json(run.result)}});
  }
  if (!report.error.empty()) out["error"] = report.error;
  return out;
}

std::string layers_text(const NetworkReport& report) {
  std::string text = fmt::format(
      "{:<20} {:<8} {:>9} {:>9} {:>9} {:>10} {:>9} {:>10} {:>10} {:>8} {:>9} {:>9} {:>9} {:>9} "
      "{}\n",
      "layer", "engine", "dense MAC", "non-zero", "sparsity", "weights B", "ideal", "expected",
      "cycles", "of ideal", "DRAM B", "ring B", "buffer B", "spilled B", "bound");
  for (const NetworkLayerReport& l : report.layers) {
    text += fmt::format(
        "{:<20} {:<8} {:>9} {:>9} {:>8.1f}x {:>10} {:>9.0f} {:>10} {:>10} {:>8} {:>9} {:>9} {:>9} "
        "{:>9} {}\n",
        cut_text(l.name, 20), l.engine, short_count(l.macs_dense), short_count(l.macs_nonzero),
        l.sparsity, l.weight_bytes, l.ideal_cycles, l.predicted_cycles,
        l.cycles ? std::to_string(*l.cycles) : "-",
        l.cycles ? fmt::format("{:.1f} %", 100 * l.utilisation()) : "-",
        short_count(l.bytes.dram_read + l.bytes.dram_written),
        report.on_ring ? short_count(l.bytes.ring) : "-", short_count(l.bytes.local_peak),
        short_count(l.bytes.spilled), l.bound);
  }
  return text;
}

std::string to_text(const NetworkReport& report) {
  std::string text = layers_text(report) + '\n';
  if (report.cycles) {
    text += fmt::format(
        "  cycles      {} for {} image{}, {:.1f} each (ideal {:.0f}, utilisation {:.1f} %, bound: "
        "{}; {})\n",
        *report.cycles, report.batch, report.batch == 1 ? "" : "s", report.cycles_per_image(),
        report.ideal_cycles(), 100 * report.utilisation(), report.bound(),
        memory_phrase(report.memory, report.stalls));
    if (report.dram) text += fmt::format("  memory      {}\n", to_text(*report.dram));
    text += fmt::format("  simulation  {:.2f} s, {:.1f} kHz, {:.1f} M non-zero MAC/s\n",
                        report.rtl_s, report.kilohertz(), report.mac_per_s() / 1e6);
  }
  text += fmt::format("  weights     {} bytes stored, {} dense ({:.1f} times smaller)\n",
                      report.weight_bytes(), report.dense_weight_bytes(),
                      static_cast<double>(report.dense_weight_bytes()) /
                          static_cast<double>(std::max<std::uint64_t>(report.weight_bytes(), 1)));
  text += to_text(report.comparisons) + to_text(report.counts);
  if (!report.error.empty()) text += fmt::format("  {}\n", report.error);
  return text;
}

json to_trace(const NetworkReport& report) {
  json events = json::array();
  events.push_back({{"name", "process_name"},
                    {"ph", "M"},
                    {"pid", kProcess},
                    {"args", {{"name", "subsystem, " + report.config}}}});
  std::set<int> named;
  const auto row_of = [&](commands::Engine engine) {
    const int row = static_cast<int>(engine);
    if (!named.insert(row).second) return row;
    events.push_back({{"name", "thread_name"},
                      {"ph", "M"},
                      {"pid", kProcess},
                      {"tid", row},
                      {"args", {{"name", commands::to_string(engine)}}}});
    events.push_back({{"name", "thread_sort_index"},
                      {"ph", "M"},
                      {"pid", kProcess},
                      {"tid", row},
                      {"args", {{"sort_index", row}}}});
    return row;
  };
  for (const DeviceRun& run : report.runs) {
    if (run.device != "rtl") continue;
    const auto program = std::find_if(report.programs.begin(), report.programs.end(),
                                      [&](const Program& p) { return p.name == run.program; });
    // The sequencer's slice is the program, from doorbell to completion.
    events.push_back({{"name", run.program},
                      {"ph", "X"},
                      {"pid", kProcess},
                      {"tid", row_of(commands::Engine::kSequencer)},
                      {"ts", run.result.begin_cycle},
                      {"dur", run.result.cycles()},
                      {"args", {{"commands", run.result.commands_done}}}});
    for (const TimelineEvent& event : run.result.timeline) {
      std::string what = "command";
      json args = {{"command", event.command}, {"program", run.program}};
      if (program != report.programs.end() && event.command < program->info.size()) {
        const CommandInfo& info = program->info[event.command];
        const std::string layer =
            info.layer < report.layers.size() ? report.layers[info.layer].name : "";
        what = fmt::format("{}: {}", layer, info.what);
        args["images"] = fmt::format("{} to {}", info.box.image_begin, info.box.image_end);
        args["fields"] = disassemble(program->commands[event.command]);
      }
      events.push_back({{"name", what},
                        {"ph", "X"},
                        {"pid", kProcess},
                        {"tid", row_of(event.engine)},
                        {"ts", event.begin},
                        {"dur", event.end - event.begin},
                        {"args", args}});
    }
  }
  return {{"traceEvents", events},
          {"displayTimeUnit", "ns"},
          {"otherData", {{"unit", "1 us is one clock"}}}};
}

}  // namespace s4::sw
