// s4 ring: measures the verilated ring under a traffic pattern.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/ring/ring_run.hpp"

namespace s4::cli {
namespace {

struct RingOptions {
  sw::RingSettings settings;
  std::string pattern = "uniform", trace, json, fault;
  std::vector<unsigned> dead;
  std::vector<std::string> parameters;
};

ring::Fault fault_kind(const std::string& name) {
  if (name == "header") return ring::Fault::kHeader;
  if (name == "payload") return ring::Fault::kPayload;
  if (name == "pair") return ring::Fault::kPayloadPair;
  throw std::invalid_argument("no fault '" + name + "'; known: header, payload, pair");
}

int run(RingOptions& options) {
  options.settings.pattern = sw::ring_pattern(options.pattern);
  const bool is_trace = options.settings.pattern == sw::RingPattern::kTrace;
  if (is_trace == options.trace.empty()) {
    throw std::invalid_argument(is_trace ? "--pattern trace needs --trace FILE"
                                         : "--trace goes with --pattern trace");
  }
  if (is_trace && options.settings.rate >= 0) {
    throw std::invalid_argument("a trace has its own rate: --rate does not go with it");
  }
  for (const unsigned station : options.dead) {
    if (station >= options.settings.stations) {
      throw std::invalid_argument(fmt::format("--dead {}: a ring of {} has stations 0 to {}",
                                              station, options.settings.stations,
                                              options.settings.stations - 1));
    }
    options.settings.dead |= 1u << station;
  }
  if (options.fault.empty()) {
    if (options.settings.fault_rate > 0) {
      throw std::invalid_argument("--fault-rate goes with --fault header, payload or pair");
    }
  } else {
    options.settings.fault = fault_kind(options.fault);
    if (options.settings.fault_rate == 0) options.settings.fault_rate = 0.001;
  }
  if (!options.json.empty()) {
    require_writable({{"--json", options.json}}, is_trace ? std::vector<std::string>{options.trace}
                                                          : std::vector<std::string>{});
  }
  for (const std::string& parameter : options.parameters) {
    const std::size_t equals = parameter.find('=');
    if (equals == std::string::npos || parameter.substr(0, equals) == "NumStations") {
      throw std::invalid_argument("--param takes NAME=VALUE of the module ring, not '" + parameter +
                                  "' (stations: --stations)");
    }
    options.settings.parameters[parameter.substr(0, equals)] = parameter.substr(equals + 1);
  }
  if (is_trace) {
    options.settings.trace = sw::read_ring_trace(options.trace, options.settings.stations);
  }
  const sw::RingResult result = sw::run_ring(options.settings);
  fmt::print("{}", sw::to_text(options.settings, result));
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << sw::to_json(options.settings, result).dump(2) << '\n';
    if (!file.flush()) throw std::runtime_error(options.json + ": cannot be written");
  }
  return 0;
}

}  // namespace

void add_ring_command(CLI::App& app, Action& action) {
  auto options = std::make_shared<RingOptions>();
  CLI::App* command =
      app.add_subcommand("ring", "Measures the ring on the RTL: throughput, latency, fairness");
  sw::RingSettings& settings = options->settings;
  command->add_option("--stations", settings.stations, "Stations, 2 to 16 (default 5)")
      ->check(CLI::Range(2, 16));
  command->add_option("--pattern", options->pattern,
                      "uniform, neighbour, hotspot, tornado, broadcast or trace");
  command
      ->add_option("--rate", settings.rate,
                   "Messages per clock and source, 0 to 2 (default: what theory allows)")
      ->check(CLI::Range(0.0, 2.0));
  command->add_option("--seed", settings.seed, "Seed of the traffic (default 1)")->check(whole(0));
  command->add_option("--clocks", settings.clocks, "Clocks measured (default 20000)")
      ->check(whole(1));
  command->add_option("--dead", options->dead, "Stations that never accept a packet");
  command->add_option("--fault", options->fault,
                      "Errors on links: header, payload (one bit) or pair (two bits)");
  command
      ->add_option("--fault-rate", settings.fault_rate,
                   "Chance per clock of an error on some link (default 0.001)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--trace", options->trace, "Lines '<clock> <source> <hex destination mask>'");
  command->add_option("--param", options->parameters,
                      "NAME=VALUE: another parameter of the module ring, e.g. Credits=4");
  command->add_option("--json", options->json, "Also write the result here");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace s4::cli
