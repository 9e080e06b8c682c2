// s4 bench mem: traffic of the memory table on the RTL, beside what others reach.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/memory/memory_run.hpp"
#include "sw/memory/memory_table.hpp"
#include "sw/report/layer_json.hpp"

namespace s4::cli {
namespace {

struct BenchMemOptions {
  std::uint64_t bursts = 100000, seed = 1;
  std::string config = "s4", json;
};

sw::MemorySettings settings_of(const BenchMemOptions& options, const sw::MemoryTraffic& traffic,
                               bool ecc) {
  sw::MemorySettings settings;
  settings.name = traffic.name;
  settings.ranks = traffic.ranks;
  settings.ecc = ecc;
  settings.config = options.config;
  settings.seed = options.seed;
  settings.requests = sw::make_memory_requests(
      traffic.pattern, (options.bursts * 32 + traffic.bytes - 1) / traffic.bytes,
      sw::memory_capacity(traffic.ranks, ecc), options.seed);
  return settings;
}

int run(const BenchMemOptions& options) {
  require_writable({{"--json", options.json}});
  fmt::print(
      "one LPDDR4X-3600 channel, x16: percent of 7.2 GB/s, refresh on, {} bursts each, every\n"
      "command checked by the device model, all data compared; latency without ECC, in clocks of\n"
      "900 MHz\n\n",
      options.bursts);
  fmt::print("{:<28} {:>8} {:>8} {:>5} {:>5} {:>8} {:>9} {:>9} {:>7} {:>7} {:>9}\n", "traffic",
             "percent", "ECC on", "must", "aim", "DRAMSys", "DRAMsim3", "latency", "p99", "max",
             "row hits");
  bool ok = true;
  nlohmann::json rows = nlohmann::json::array();
  for (const sw::MemoryTraffic& traffic : sw::memory_table()) {
    nlohmann::json row;
    double with_ecc = 0;
    for (const bool ecc : {true, false}) {
      const sw::MemorySettings settings = settings_of(options, traffic, ecc);
      const sw::MemoryResult result = sw::run_memory(settings);
      if (!result.violation.empty()) {
        fmt::print("{}: {}\n", traffic.name, result.violation);
        return 1;
      }
      if (ecc) {
        with_ecc = result.percent_of_peak;
        row["with_ecc"] = sw::to_json(settings, result);
        continue;
      }
      const sw::MemoryLatency& latency =
          result.read_latency.count != 0 ? result.read_latency : result.write_latency;
      const bool reached = result.percent_of_peak >= traffic.must;
      ok = ok && reached;
      fmt::print(
          "{:<28} {:>8.2f} {:>8.2f} {:>5} {:>5} {:>8.1f} {:>9} {:>9.1f} {:>7} {:>7} {:>8.1f}%{}\n",
          traffic.name, result.percent_of_peak, with_ecc, traffic.must, traffic.aim,
          traffic.dramsys, traffic.dramsim3 == 0 ? "-" : fmt::format("{:.1f}", traffic.dramsim3),
          latency.mean, latency.p99, latency.max,
          100.0 * static_cast<double>(result.row_hits) / static_cast<double>(result.accesses),
          reached ? "" : "  BELOW");
      std::fflush(stdout);
      row.update(sw::to_json(settings, result));
    }
    row["must"] = traffic.must;
    row["aim"] = traffic.aim;
    row["dramsys"] = traffic.dramsys;
    if (traffic.dramsim3 != 0) row["dramsim3"] = traffic.dramsim3;
    rows.push_back(row);
  }
  if (!options.json.empty()) sw::write_json(options.json, {{"rows", rows}, {"ok", ok}});
  return ok ? 0 : 1;
}

}  // namespace

void add_bench_mem_command(CLI::App& bench, Action& action) {
  const auto o = std::make_shared<BenchMemOptions>();
  CLI::App* mem = bench.add_subcommand("mem", "Memory channel: percent of peak, latency");
  mem->add_option("--bursts", o->bursts, "Bursts of 32 bytes of each traffic")
      ->capture_default_str()
      ->check(whole(1));
  mem->add_option("--config", o->config, "Configuration")->capture_default_str();
  mem->add_option("--seed", o->seed, "Seed of the traffic")->capture_default_str()->check(whole(0));
  mem->add_option("--json", o->json, "Write the figures to this file");
  mem->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
