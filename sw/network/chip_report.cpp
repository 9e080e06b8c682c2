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

/// A process with a counter for each place that the samples count units at, by its name.
template <typename Name>
void add_counters(json& events, std::size_t process, const char* title,
                  const std::vector<TrafficSample>& samples,
                  std::vector<std::uint64_t> TrafficSample::*counts, std::uint64_t unit,
                  Name name) {
  events.push_back(
      {{"name", "process_name"}, {"ph", "M"}, {"pid", process}, {"args", {{"name", title}}}});
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const TrafficSample &before = samples[i - 1], &now = samples[i];
    const auto clocks = static_cast<double>(now.cycle - before.cycle);
    for (std::size_t c = 0; c < (now.*counts).size(); ++c) {
      const auto bytes = static_cast<double>(unit * ((now.*counts)[c] - (before.*counts)[c]));
      events.push_back({{"name", name(c)},
                        {"ph", "C"},
                        {"pid", process},
                        {"ts", before.cycle},
                        {"args", {{"bytes per clock", bytes / clocks}}}});
    }
  }
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
           {"moved", to_json(report.moved)},
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
  text += to_text(report.moved);
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
  add_counters(events, memory, "LPDDR4X, bytes per clock", report.traffic, &TrafficSample::bursts,
               kBurstBytes, [](std::size_t c) { return fmt::format("channel {}", c); });
  const std::size_t stations = report.moved.measured.links.size() / 2;
  add_counters(events, memory + 1, "ring, bytes of data per clock", report.traffic,
               &TrafficSample::beats, kBeatBytes, [&](std::size_t link) {
                 const std::size_t from = link / 2, lane = link % 2;
                 return fmt::format("lane {}, station {} to {}", lane, from,
                                    (from + (lane == 0 ? 1 : stations - 1)) % stations);
               });
  return {{"traceEvents", events},
          {"displayTimeUnit", "ns"},
          {"otherData", {{"unit", "1 us is one clock"}}}};
}

}  // namespace s4::sw
