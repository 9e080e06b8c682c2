// A run on the whole chip as JSON, as text, and as a trace.
#include <fmt/format.h>

#include <algorithm>

#include "sw/network/chip_run.hpp"
#include "sw/network/report_json.hpp"

namespace s4::sw {

using nlohmann::json;

namespace {

std::string weights_text(const ChipRunReport& report) {
  if (report.weight_bytes_read == report.weight_bytes_asked) {
    return std::to_string(report.weight_bytes_read);
  }
  return fmt::format("{}, once for all; {} if each read for itself", report.weight_bytes_read,
                     report.weight_bytes_asked);
}

}  // namespace

json to_json(const ChipRunReport& report) {
  json out{{"mode", mode_name(report.mode)},
           {"config", report.config},
           {"ok", report.ok()},
           {"preload", report.backdoor ? "backdoor" : "axi"},
           {"images", report.images},
           {"repeated_images", report.repeated},
           {"cycles", report.cycles},
           {"cycles_per_image", report.cycles_per_image()},
           {"load_cycles", report.load_cycles},
           {"macs_nonzero", report.macs_nonzero()},
           {"wall_s", report.wall_s},
           {"dram", to_json(report.dram)},
           {"dram_bytes_read", report.dram_bytes_read},
           {"weight_bytes_asked", report.weight_bytes_asked},
           {"weight_bytes_read", report.weight_bytes_read},
           {"faults", report.faults},
           {"subsystems", json::array()}};
  std::uint64_t mismatches = 0;
  for (const NetworkReport& subsystem : report.subsystems) {
    out["subsystems"].push_back(to_json(subsystem));
    mismatches += subsystem.mismatches();
  }
  out["mismatches"] = mismatches;
  return out;
}

std::string to_text(const ChipRunReport& report) {
  std::string text;
  for (std::size_t n = 0; n < report.subsystems.size(); ++n) {
    text += fmt::format("subsystem {}\n\n{}\n", n, to_text(report.subsystems[n]));
  }
  const double seconds = std::max(report.wall_s, 1e-9);
  text += fmt::format("chip: {} image{} on {} subsystem{}, mode {}\n", report.images,
                      report.images == 1 ? "" : "s", report.subsystems.size(),
                      report.subsystems.size() == 1 ? "" : "s", mode_name(report.mode));
  if (report.repeated != 0) {
    text += fmt::format("  images      the last one {} time{} more, to fill the last subsystem\n",
                        report.repeated, report.repeated == 1 ? "" : "s");
  }
  text += fmt::format(
      "  cycles      {} from the first doorbell to the last result, {:.1f} each image\n",
      report.cycles, report.cycles_per_image());
  text +=
      fmt::format("  preload     {}\n",
                  report.backdoor ? std::string("backdoor: weights and results outside of time")
                                  : fmt::format("{} clocks over AXI4 before", report.load_cycles));
  text += fmt::format("  memory      {}\n", to_text(report.dram));
  text += fmt::format("  read        {} bytes while programs ran, of weights {}\n",
                      report.dram_bytes_read, weights_text(report));
  text += fmt::format("  simulation  {:.2f} s, {:.1f} kHz, {:.1f} M non-zero MAC/s\n",
                      report.wall_s, static_cast<double>(report.cycles) / seconds / 1e3,
                      static_cast<double>(report.macs_nonzero()) / seconds / 1e6);
  for (const std::string& fault : report.faults) text += fmt::format("  FAULT       {}\n", fault);
  return text;
}

json to_trace(const ChipRunReport& report) {
  json events = json::array();
  for (std::size_t n = 0; n < report.subsystems.size(); ++n) {
    json one = to_trace(report.subsystems[n]);
    for (json& event : one["traceEvents"]) {
      event["pid"] = n + 1;
      if (event["name"] == "process_name") {
        event["args"]["name"] = fmt::format("subsystem {}, {}", n, report.config);
      }
      events.push_back(std::move(event));
    }
  }
  const std::size_t memory = report.subsystems.size() + 1;
  events.push_back({{"name", "process_name"},
                    {"ph", "M"},
                    {"pid", memory},
                    {"args", {{"name", "LPDDR4X, bytes per clock"}}}});
  for (std::size_t i = 1; i < report.traffic.size(); ++i) {
    const TrafficSample &before = report.traffic[i - 1], &now = report.traffic[i];
    for (std::size_t c = 0; c < now.bursts.size(); ++c) {
      const double bytes = 32.0 * static_cast<double>(now.bursts[c] - before.bursts[c]);
      const double rate = bytes / static_cast<double>(now.cycle - before.cycle);
      events.push_back({{"name", fmt::format("channel {}", c)},
                        {"ph", "C"},
                        {"pid", memory},
                        {"ts", before.cycle},
                        {"args", {{"bytes per clock", rate}}}});
    }
  }
  return {{"traceEvents", events},
          {"displayTimeUnit", "ns"},
          {"otherData", {{"unit", "1 us is one clock"}}}};
}

}  // namespace s4::sw
