#include "sw/report/layer_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

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

double mac_per_s(const LayerReport& report) {
  return report.wall_s > 0 ? static_cast<double>(report.macs_nonzero) / report.wall_s : 0;
}

}  // namespace

json to_json(const LayerReport& report) {
  json out;
  out["ok"] = report.ok();
  out["mismatches"] = report.mismatches();
  out["cycles"] = report.cycles ? json(*report.cycles) : json(nullptr);
  out["ideal_cycles"] = report.ideal_cycles;
  out["utilisation"] = report.cycles ? json(report.utilisation()) : json(nullptr);
  out["bound"] = report.bound;
  out["macs_dense"] = report.macs_dense;
  out["macs_nonzero"] = report.macs_nonzero;
  out["weight_bytes"] = report.weight_bytes;
  out["dense_weight_bytes"] = report.dense_weight_bytes;
  out["parameter_bytes"] = report.parameter_bytes;
  out["wall_s"] = report.wall_s;
  out["mac_per_s"] = mac_per_s(report);
  out["khz"] = report.cycles ? json(report.kilohertz()) : json(nullptr);
  out["layer"] = report.layer;
  out["config"] = report.config;
  out["backend"] = backend_name(report.backend);
  out["keep"] = report.layer_case.keep;
  out["dtype"] = report.layer_case.bf16 ? "bf16" : "int8";
  out["out_dtype"] = report.layer_case.out_bf16 ? "bf16" : "int8";
  if (!report.layer_case.activation.empty()) out["activation"] = report.layer_case.activation;
  out["pattern"] = pattern_name(report.layer_case.pattern);
  out["seed"] = report.layer_case.seed;
  out["resident"] = report.resident;
  out["memory"] = memory_text(report.memory, report.stalls);
  if (report.dram) out["dram"] = to_json(*report.dram);
  out["plan"] = report.plan.describe();
  if (report.channel_order) {
    const ChannelOrder& order = *report.channel_order;
    out["channel_order"] = {{"permuted", !order.channels.empty()},
                            {"rows", order.rows},
                            {"rows_before", order.rows_before},
                            {"rows_even", order.rows_even},
                            {"excess", order.excess()}};
  }
  const Estimate& e = report.estimate;
  out["bounds"] = {{"mac", e.mac},           {"activation", e.activation}, {"weights", e.weights},
                   {"epilogue", e.epilogue}, {"memory", e.memory()},       {"estimate", e.cycles}};
  out["comparisons"] = to_json(report.comparisons);
  out["programs"] = json::array();
  for (const DeviceRun& run : report.runs) {
    out["programs"].push_back({{"device", run.device},
                               {"program", run.program},
                               {"timed", run.timed},
                               {"status", run.result.describe()},
                               {"wall_s", run.result.wall_s},
                               {"counters", counters_json(run.result)}});
  }
  if (!report.error.empty()) out["error"] = report.error;
  return out;
}

std::string to_text(const LayerReport& report) {
  const bool weights = !report.layer_case.max_pool;
  std::string text = report.layer;
  if (weights) {
    text += fmt::format(", keep {} of 64 ({})", report.layer_case.keep,
                        pattern_name(report.layer_case.pattern));
  }
  if (!report.layer_case.activation.empty()) text += ", then " + report.layer_case.activation;
  text += fmt::format(", configuration {}\n", report.config);
  text += fmt::format("  plan        {}\n", report.plan.describe());
  if (report.cycles) {
    const std::string ideal = fmt::format("ideal {:.0f}, utilisation {:.1f} %, ",
                                          report.ideal_cycles, 100 * report.utilisation());
    text +=
        fmt::format("  cycles      {} ({}bound: {}; {})\n", *report.cycles, weights ? ideal : "",
                    report.bound, memory_phrase(report.memory, report.stalls));
    if (report.dram) text += fmt::format("  memory      {}\n", to_text(*report.dram));
    const std::string rate = fmt::format(", {:.1f} M non-zero MAC/s", mac_per_s(report) / 1e6);
    text += fmt::format("  simulation  {:.2f} s, {:.1f} kHz{}\n", report.wall_s, report.kilohertz(),
                        weights ? rate : "");
  }
  if (weights) {
    text += fmt::format("  weights     {} bytes stored, {} dense ({:.1f} times smaller)\n",
                        report.weight_bytes, report.dense_weight_bytes,
                        static_cast<double>(report.dense_weight_bytes) /
                            static_cast<double>(std::max<std::uint64_t>(report.weight_bytes, 1)));
  }
  if (report.channel_order) {
    const ChannelOrder& order = *report.channel_order;
    text += fmt::format(
        "  channels    {}: {} value rows, {} in their own order, {:.0f} if all were even ({:.1f} % "
        "above)\n",
        order.channels.empty() ? "in their own order" : "permuted", order.rows, order.rows_before,
        order.rows_even, 100 * order.excess());
  }
  text += to_text(report.comparisons);
  if (!report.error.empty()) text += fmt::format("  {}\n", report.error);
  return text;
}

json to_trace(const LayerReport& report) {
  json events = json::array();
  events.push_back({{"name", "process_name"},
                    {"ph", "M"},
                    {"pid", kProcess},
                    {"args", {{"name", "subsystem, " + report.config}}}});
  std::set<int> named;
  for (const DeviceRun& run : report.runs) {
    const Program* program = nullptr;
    for (const Program& p : report.programs) {
      if (p.name == run.program) program = &p;
    }
    for (const TimelineEvent& event : run.result.timeline) {
      const int row = static_cast<int>(event.engine);
      if (named.insert(row).second) {
        events.push_back({{"name", "thread_name"},
                          {"ph", "M"},
                          {"pid", kProcess},
                          {"tid", row},
                          {"args", {{"name", commands::to_string(event.engine)}}}});
        events.push_back({{"name", "thread_sort_index"},
                          {"ph", "M"},
                          {"pid", kProcess},
                          {"tid", row},
                          {"args", {{"sort_index", row}}}});
      }
      std::string what = "command";
      json args = {{"command", event.command}, {"program", run.program}};
      if (program != nullptr && event.command < program->info.size()) {
        const CommandInfo& info = program->info[event.command];
        what = fmt::format("{} L{} #{}", info.what, info.layer, event.command);
        args["fields"] = disassemble(program->commands[event.command]);
      }
      events.push_back({{"name", what},
                        {"ph", "X"},
                        {"pid", kProcess},
                        {"tid", row},
                        {"ts", event.begin},
                        {"dur", event.end - event.begin},
                        {"args", args}});
    }
  }
  return {{"traceEvents", events},
          {"displayTimeUnit", "ns"},
          {"otherData", {{"layer", report.layer}, {"unit", "1 us is one clock"}}}};
}

void write_json(const std::string& path, const json& value, int indent) {
  std::ofstream file(path);
  file << value.dump(indent) << '\n';
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

}  // namespace s4::sw
