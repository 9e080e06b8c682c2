// s4 mem: measures one memory channel, controller and device, under a trace or a pattern.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/memory/memory_run.hpp"

namespace s4::cli {
namespace {

struct MemOptions {
  sw::MemorySettings settings;
  std::string trace, pattern, json, ecc = "off";
  std::uint64_t requests = 10000;
  unsigned channels = 1;
  std::vector<std::string> parameters, flips;
};

/// CLOCK:ADDRESS:BIT, the address in hex.
sw::MemoryFlip read_flip(const std::string& text) {
  const std::size_t one = text.find(':'), two = text.find(':', one + 1);
  const auto field = [&](std::size_t from, std::size_t to, const char* digits, int base) {
    const std::string part =
        to == std::string::npos ? text.substr(from) : text.substr(from, to - from);
    const bool good =
        !part.empty() && part.size() < 16 && part.find_first_not_of(digits) == std::string::npos;
    if (!good) throw std::invalid_argument("--flip takes CLOCK:HEXADDRESS:BIT, not '" + text + "'");
    return std::stoull(part, nullptr, base);
  };
  if (one == std::string::npos || two == std::string::npos) field(0, 0, "", 10);
  sw::MemoryFlip flip;
  flip.clock = field(0, one, "0123456789", 10);
  const std::size_t prefix = text.compare(one + 1, 2, "0x") == 0 ? 2 : 0;
  flip.address = field(one + 1 + prefix, two, "0123456789abcdefABCDEF", 16);
  flip.bit = static_cast<unsigned>(field(two + 1, std::string::npos, "0123456789", 10));
  return flip;
}

int run(MemOptions& options) {
  sw::MemorySettings& settings = options.settings;
  if (options.trace.empty() == options.pattern.empty()) {
    throw std::invalid_argument("one of --trace FILE and --pattern NAME is needed");
  }
  settings.ecc = options.ecc == "on";
  for (const std::string& parameter : options.parameters) {
    const std::size_t equals = parameter.find('=');
    if (equals == std::string::npos) {
      throw std::invalid_argument(
          "--param takes NAME=VALUE of the module memory_controller, not '" + parameter + "'");
    }
    settings.parameters[parameter.substr(0, equals)] = parameter.substr(equals + 1);
  }
  for (const std::string& flip : options.flips) settings.flips.push_back(read_flip(flip));
  require_writable(
      {{"--json", options.json}, {"--commands", settings.commands_path}},
      options.trace.empty() ? std::vector<std::string>{} : std::vector<std::string>{options.trace});
  const std::uint64_t capacity = sw::memory_capacity(settings.ranks, settings.ecc);
  if (options.trace.empty()) {
    settings.name = options.pattern;
    settings.requests = sw::make_memory_requests(sw::memory_pattern(options.pattern),
                                                 options.requests, capacity, settings.seed);
  } else {
    settings.name = options.trace;
    settings.requests = sw::read_memory_trace(options.trace, capacity);
  }
  const sw::MemoryResult result = sw::run_memory(settings);
  fmt::print("{}", sw::to_text(settings, result));
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << sw::to_json(settings, result).dump(2) << '\n';
    if (!file.flush()) throw std::runtime_error(options.json + ": cannot be written");
  }
  return result.violation.empty() ? 0 : 1;
}

}  // namespace

void add_mem_command(CLI::App& app, Action& action) {
  auto options = std::make_shared<MemOptions>();
  CLI::App* command = app.add_subcommand(
      "mem", "Measures a memory channel on the RTL: throughput, latency, legality of each command");
  sw::MemorySettings& settings = options->settings;
  command->add_option("--trace", options->trace, "Lines '<clock> R|W <hex byte address> <bytes>'");
  command->add_option("--pattern", options->pattern,
                      "sequential-read, sequential-write, two-streams, random-read, random-mixed, "
                      "random-256 or stride");
  command->add_option("--requests", options->requests, "Requests of the pattern (default 10000)")
      ->check(whole(1));
  command->add_option("--seed", settings.seed, "Seed of pattern and data (default 1)")
      ->check(whole(0));
  command->add_option("--channels", options->channels, "Channels of the trace: 1")
      ->check(CLI::Range(1, 1));
  command->add_option("--ranks", settings.ranks, "Ranks, 1 GiB each (default 1)")
      ->check(CLI::Range(1, 2));
  command->add_option("--ecc", options->ecc, "Error correction: on or off (default off)")
      ->check(CLI::IsMember({"on", "off"}));
  command->add_option("--config", settings.config, "tiny, small, s4 (default) or a file");
  command->add_option("--param", options->parameters,
                      "NAME=VALUE: another parameter of the module memory_controller");
  command->add_option("--flip", options->flips,
                      "CLOCK:HEXADDRESS:BIT: inverts a stored bit before this clock");
  command->add_option("--json", options->json, "Also write the result here");
  command->add_option("--commands", settings.commands_path,
                      "Write every DRAM command here: '<first CK> <command> <rank> <bank> <row> "
                      "<column>'");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace s4::cli
