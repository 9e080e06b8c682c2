#include "sw/network/chip_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>

#include "sw/driver/progress.hpp"
#include "sw/network/layer_traffic.hpp"
#include "sw/network/network_judge.hpp"
#include "sw/network/session.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;
using Clock = std::chrono::steady_clock;

constexpr double kStallChances = 256;  // ChipStalls counts in parts of this

std::uint64_t bytes_read(const DramReport& dram) {
  std::uint64_t bursts = 0;
  for (const DramReport::Channel& channel : dram.channels) bursts += channel.reads;
  return bursts * kBurstBytes;
}

/// Shares on their subsystems, until the last one ends.
class ChipSessions {
 public:
  ChipSessions(Chip& chip, const std::vector<ChipShare>& shares, const RunSettings& settings)
      : chip_(chip), settings_(settings) {
    for (std::size_t n = 0; n < shares.size(); ++n) {
      sessions_.push_back(std::make_unique<NetworkSession>(shares[n].compiled, shares[n].inputs,
                                                           chip.subsystem(static_cast<unsigned>(n)),
                                                           settings));
    }
  }

  [[nodiscard]] NetworkSession& at(std::size_t n) { return *sessions_[n]; }

  /// Weights are the same of all, at the same addresses.
  void load(bool same_weights) {
    for (std::size_t n = 0; n < sessions_.size(); ++n) sessions_[n]->load(n == 0 || !same_weights);
  }

  /// Every subsystem goes on with its next program as soon as one ends. With `joint`, a region
  /// whose weights are read once for all, every program starts on all at once: none shall wait for
  /// one that the host still writes inputs for.
  void run(const std::optional<Region>& joint) {
    ProgressLine line(
        settings_.show_progress,
        fmt::format("chip, {} subsystem{}", sessions_.size(), sessions_.size() == 1 ? "" : "s"),
        predicted(), settings_.timeout_s);
    const std::uint64_t begin = chip_.cycle();
    const std::uint32_t all = (1U << sessions_.size()) - 1;
    if (joint) chip_.begin_broadcast(all, *joint);
    std::uint32_t running = start(all, joint.has_value());
    bool gave_up = false;
    while (running != 0) {
      std::uint32_t ended =
          chip_.wait_ended([&](std::uint64_t) { return line.update(chip_.cycle() - begin); });
      gave_up = ended == 0;
      ended = gave_up ? running : ended & running;
      for (std::size_t n = 0; n < sessions_.size(); ++n) {
        if ((ended >> n & 1U) != 0) sessions_[n]->end_program(gave_up);
      }
      running &= ~ended;
      if (!joint) {
        running |= start(ended, false);
      } else if (running == 0) {
        // The others go on without one that failed: each reads for itself.
        if (failed() && !gave_up) chip_.end_broadcast();
        running = start(all, true);
      }
    }
    // What was given up still runs; this chip is of no more use.
    if (!gave_up) chip_.end_broadcast();
  }

 private:
  /// Starts the next programs of these; bit n: there was one of subsystem n.
  std::uint32_t start(std::uint32_t subsystems, bool at_once) {
    std::uint32_t ready = 0;
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
      if ((subsystems >> n & 1U) == 0 || !sessions_[n]->prepare_program()) continue;
      ready |= 1U << n;
      if (!at_once) sessions_[n]->start_program();
    }
    for (std::size_t n = 0; n < sessions_.size() && at_once; ++n) {
      if ((ready >> n & 1U) != 0) sessions_[n]->start_program();
    }
    return ready;
  }

  [[nodiscard]] bool failed() const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [](const auto& session) { return session->failed(); });
  }

  [[nodiscard]] std::uint64_t predicted() const {
    std::uint64_t most = 0;
    for (const auto& session : sessions_) most = std::max(most, session->predicted());
    return most;
  }

  Chip& chip_;
  const RunSettings& settings_;
  std::vector<std::unique_ptr<NetworkSession>> sessions_;
};

/// Where weights lie that are read once for all; nothing if each reads for itself.
std::optional<Region> joint_region(ChipMode mode, const std::vector<ChipShare>& shares) {
  if (mode != ChipMode::kBroadcast) return std::nullopt;
  require_same_weights(shares);
  const Region& weights = shares.front().compiled.weight_region;
  if (shares.size() == 1 || weights.size == 0) return std::nullopt;
  return weights;
}

}  // namespace

const char* mode_name(ChipMode mode) { return mode == ChipMode::kSingle ? "single" : "broadcast"; }

ChipMode mode_from_name(const std::string& name) {
  for (const ChipMode mode : {ChipMode::kSingle, ChipMode::kBroadcast}) {
    if (name == mode_name(mode)) return mode;
  }
  throw std::invalid_argument("no mode '" + name + "'");
}

ChipOptions chip_options(const NetworkRunSettings& settings, bool backdoor) {
  ChipOptions options;
  options.kind = settings.run.rtl.kind;
  options.ecc = settings.run.rtl.memory == MemoryKind::kLpddr4Ecc;
  options.backdoor = backdoor;
  options.stalls.ring = options.stalls.memory =
      static_cast<unsigned>(std::lround(kStallChances * settings.run.rtl.stalls));
  options.stalls.seed = settings.run.rtl.seed;
  options.sample_clocks = kTrafficClocks;
  options.wave = settings.run.rtl.wave;
  options.wave_from = settings.run.rtl.wave_from;
  options.wave_to = settings.run.rtl.wave_to;
  options.config_argument = settings.run.config_argument;
  options.model.seed = settings.run.rtl.seed;
  options.model.replace = settings.run.rtl.replace;
  return options;
}

TrafficReport count_traffic(Chip& chip) {
  chip.settle();
  TrafficReport report;
  report.ecc = chip.channels().layout().ecc;
  report.host = chip.host_traffic();
  report.measured = chip.measured();
  for (unsigned c = 0; c < report.measured.channels.size(); ++c) {
    report.merged.push_back(chip.memory_counter(c, lpddr4::Counter::kMerged));
  }
  return report;
}

ChipRunReport run_on_chip(ChipMode mode, const std::vector<ChipShare>& shares,
                          const config::Configuration& config, const NetworkRunSettings& settings,
                          bool backdoor) {
  ChipRunReport report;
  report.mode = mode;
  report.config = config.name;
  report.backdoor = backdoor;
  const std::optional<Region> joint = joint_region(mode, shares);
  std::vector<std::unique_ptr<NetworkJudge>> judges;
  for (const ChipShare& share : shares) {
    judges.push_back(
        std::make_unique<NetworkJudge>(share.compiled, share.inputs, config, settings));
    judges.back()->prepare();
  }

  Chip chip(config, chip_options(settings, backdoor));

  ChipSessions sessions(chip, shares, settings.run);
  const std::uint64_t load = chip.cycle();
  sessions.load(mode == ChipMode::kBroadcast);
  report.load_cycles = chip.cycle() - load;
  const std::uint64_t begin = chip.cycle();
  const std::uint64_t read_before = bytes_read(chip.dram());
  const Clock::time_point start = Clock::now();
  sessions.run(joint);
  report.cycles = chip.cycle() - begin;
  report.dram_bytes_read = bytes_read(chip.dram()) - read_before;
  report.wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  report.moved = count_traffic(chip);

  const TrafficMap map(chip.channels().layout());
  bool complete = true;
  for (std::size_t n = 0; n < shares.size(); ++n) {
    judges[n]->take_rtl(sessions.at(n));
    report.subsystems.push_back(judges[n]->finish());
    NetworkReport& own = report.subsystems.back();
    Runner runner{static_cast<unsigned>(n), {}, 0};
    if (joint) {
      runner.joint = *joint;
      runner.joined = (1U << shares.size()) - 1;
    }
    const CompiledNetwork& compiled = shares[n].compiled;
    report.moved.layers +=
        count_layers(compiled, std::vector<Runner>(compiled.programs.size(), runner), map,
                     config.local_words, own);
    own.counts.push_back(check_counters(compiled, own.runs));
    complete = complete && own.error.empty();
    const auto repeated = static_cast<std::uint64_t>(shares[n].repeated);
    report.images += report.subsystems.back().batch - repeated;
    report.repeated += repeated;
    const std::uint64_t asked = weight_read_bytes(shares[n].compiled);
    report.weight_bytes_asked += asked;
    if (n == 0 || !joint) report.weight_bytes_read += asked;
  }
  report.moved.check(complete);
  report.dram = chip.dram();
  report.traffic = chip.traffic();
  report.faults = chip.faults();
  return report;
}

bool ChipRunReport::ok() const {
  return !subsystems.empty() && faults.empty() && all_hold(moved.checks) &&
         std::all_of(subsystems.begin(), subsystems.end(),
                     [](const NetworkReport& r) { return r.ok(); });
}

double ChipRunReport::cycles_per_image() const {
  return static_cast<double>(cycles) / static_cast<double>(std::max<std::uint64_t>(images, 1));
}

std::uint64_t ChipRunReport::macs_nonzero() const {
  std::uint64_t sum = 0;
  for (const NetworkReport& r : subsystems) sum += r.macs_nonzero();
  return sum;
}

std::vector<TensorData> joined_outputs(const ChipRunReport& report) {
  const std::vector<NetworkReport>& reports = report.subsystems;
  std::vector<TensorData> outputs;
  for (std::size_t o = 0; o < reports.front().outputs.size(); ++o) {
    std::vector<TensorData> parts;
    for (const NetworkReport& share : reports) {
      if (!share.error.empty()) return {};
      parts.push_back(share.outputs.at(o));
    }
    // Those that only fill the last share.
    const TensorData all = graph::join_rows(parts);
    outputs.push_back(
        graph::slice_rows(all, 0, all.shape.front() - static_cast<std::int64_t>(report.repeated)));
  }
  return outputs;
}

}  // namespace s4::sw
