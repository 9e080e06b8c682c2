#include "sw/network/chip_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

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

using Inputs = std::vector<std::vector<TensorData>>;  // of every share

/// A batch: shares on their subsystems, until the last one ends.
class ChipSessions {
 public:
  ChipSessions(Chip& chip, const std::vector<ChipShare>& shares, const Inputs& inputs,
               const RunSettings& settings)
      : chip_(chip), settings_(settings) {
    for (std::size_t n = 0; n < shares.size(); ++n) {
      sessions_.push_back(std::make_unique<NetworkSession>(
          shares[n].compiled, inputs[n], chip.subsystem(static_cast<unsigned>(n)), settings));
    }
  }

  [[nodiscard]] NetworkSession& at(std::size_t n) { return *sessions_[n]; }

  /// Those of the batch behind this one, which runs on the same subsystems.
  void set_next(ChipSessions& next) {
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
      sessions_[n]->set_next_batch(next.sessions_[n].get());
      next.sessions_[n]->follow_batch();
    }
  }

  /// `weights`: those of the first subsystems so many are not there yet.
  void load(std::size_t weights) {
    for (std::size_t n = 0; n < sessions_.size(); ++n) sessions_[n]->load(n < weights);
  }

  /// Every subsystem goes on with its next program as soon as one ends. With `joint`, a region
  /// whose weights are read once for all, every program starts on all at once: none shall wait for
  /// one that the host still writes inputs for. Returns when the last program ended.
  std::uint64_t run(const std::optional<Region>& joint, const ChipClock& clock,
                    const BatchProgress& progress) {
    const std::string what =
        fmt::format("chip, {} subsystem{}", sessions_.size(), sessions_.size() == 1 ? "" : "s");
    ProgressLine line(settings_.show_progress, progress.title(what), progress.expected(predicted()),
                      settings_.timeout_s);
    const std::uint64_t begin = chip_.cycle();
    std::uint64_t end = clock.now();
    const std::uint32_t all = (1U << sessions_.size()) - 1;
    if (joint) chip_.begin_broadcast(all, *joint);
    std::uint32_t running = start(all, joint.has_value());
    bool gave_up = false;
    while (running != 0) {
      std::uint32_t ended = chip_.wait_ended([&](std::uint64_t) {
        return line.update(chip_.cycle() - begin, [&] { return sessions_.front()->place(); });
      });
      end = clock.now();
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
    return end;
  }

  [[nodiscard]] bool failed() const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [](const auto& session) { return session->failed(); });
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

using Judges = std::vector<std::unique_ptr<NetworkJudge>>;

/// With the results of functional model and reference.
Judges judges_of(const std::vector<ChipShare>& shares, const Inputs& inputs,
                 const config::Configuration& config, const NetworkRunSettings& settings) {
  Judges judges;
  for (std::size_t n = 0; n < shares.size(); ++n) {
    judges.push_back(
        std::make_unique<NetworkJudge>(shares[n].compiled, inputs.at(n), config, settings));
    judges.back()->prepare();
  }
  return judges;
}

/// What the shares move and read, and whether it is what was counted.
void count_shares(const std::vector<ChipShare>& shares, const std::optional<Region>& joint,
                  const config::Configuration& config, const TrafficMap& map,
                  ChipRunReport& report) {
  bool complete = true;
  for (std::size_t n = 0; n < shares.size(); ++n) {
    const CompiledNetwork& compiled = shares[n].compiled;
    NetworkReport& own = report.subsystems[n];
    Runner runner{static_cast<unsigned>(n), {}, 0};
    if (joint) {
      runner.joint = *joint;
      runner.joined = (1U << shares.size()) - 1;
    }
    const std::vector<Runner> runners(compiled.programs.size(), runner);
    for (std::size_t b = 0; b < report.batches.size(); ++b) {
      report.moved.layers += count_layers(compiled, runners, map, config.local_words, own,
                                          b == 0 ? 0 : compiled.first_of_later());
    }
    complete = complete && own.error.empty();
    const auto repeated = static_cast<std::uint64_t>(shares[n].repeated);
    report.images += own.batch - repeated;
    report.repeated += repeated;
    const std::uint64_t asked = weight_read_bytes(compiled);
    report.weight_bytes_asked += asked;
    if (n != 0 && joint) continue;
    report.weight_bytes_read += asked;
    const auto first = report.batches.size() > 1 ? compiled.first_of_later() : 0;
    report.sections +=
        section_bytes(std::span(compiled.programs).subspan(first), compiled.weight_region);
  }
  report.moved.check(complete);
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

std::vector<std::vector<TensorData>> share_inputs(const std::vector<ChipShare>& shares,
                                                  const std::vector<TensorData>& inputs) {
  std::vector<std::vector<TensorData>> of_shares;
  for (const ChipShare& share : shares) {
    std::vector<TensorData> own;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::int64_t images = share.inputs.at(i).shape.front() - share.repeated;
      std::vector<TensorData> parts{graph::slice_rows(inputs[i], share.first, images)};
      parts.resize(1 + static_cast<std::size_t>(share.repeated),
                   graph::slice_rows(inputs[i], share.first + images - 1, 1));
      own.push_back(graph::join_rows(parts));
    }
    of_shares.push_back(std::move(own));
  }
  return of_shares;
}

ChipRunReport run_on_chip(ChipMode mode, const std::vector<ChipShare>& shares,
                          const config::Configuration& config, const NetworkRunSettings& settings,
                          bool backdoor, const std::vector<Inputs>& more) {
  ChipRunReport report;
  report.mode = mode;
  report.config = config.name;
  report.backdoor = backdoor;
  const std::optional<Region> joint = joint_region(mode, shares);
  Inputs first;
  for (const ChipShare& share : shares) first.push_back(share.inputs);

  // What does not fit is found before the model is made.
  Judges judges = judges_of(shares, first, config, settings);
  Chip chip(config, chip_options(settings, backdoor));
  ChipClock clock(chip);
  BatchProgress progress{0, 1 + more.size(), 0};
  std::uint64_t completed = 0;
  auto current = std::make_unique<ChipSessions>(chip, shares, first, settings.run);
  for (bool failed = false; progress.number < progress.count && !failed; ++progress.number) {
    if (progress.number != 0) {
      judges = judges_of(shares, more.at(progress.number - 1), config, settings);
    }
    std::unique_ptr<ChipSessions> next;
    if (progress.number < more.size()) {
      next = std::make_unique<ChipSessions>(chip, shares, more[progress.number], settings.run);
      current->set_next(*next);
    }
    ChipSessions& sessions = *current;
    const std::uint64_t load = chip.cycle();
    const std::size_t own_weights = mode == ChipMode::kBroadcast ? 1 : shares.size();
    clock.pause();
    sessions.load(progress.number == 0 ? own_weights : 0);
    clock.resume();
    if (progress.number == 0) {
      report.load_cycles = chip.cycle() - load;
      completed = clock.now();
    }
    ChipBatch batch;
    const DramReport before = chip.dram();
    const Clock::time_point start = Clock::now();
    const std::uint64_t end = sessions.run(joint, clock, progress);
    batch.wall_s = std::chrono::duration<double>(Clock::now() - start).count();
    batch.cycles = end - std::exchange(completed, end);
    failed = sessions.failed();

    clock.pause();
    chip.settle();
    batch.dram_bytes = bytes_moved(chip.dram()) - bytes_moved(before);
    report.dram_bytes_read += bytes_read(chip.dram()) - bytes_read(before);
    std::vector<NetworkReport> reports;
    for (std::size_t n = 0; n < shares.size(); ++n) {
      judges[n]->take_rtl(sessions.at(n));
      reports.push_back(judges[n]->finish());
      reports.back().counts.push_back(
          check_counters(shares[n].compiled, reports.back().runs, sessions.at(n).first()));
      name_batch(reports.back(), progress);
      batch.mismatches += reports.back().mismatches();
    }
    clock.resume();
    for (std::size_t n = 0; n < report.subsystems.size(); ++n) {
      add_batches(reports[n], report.subsystems[n]);
    }
    report.subsystems = std::move(reports);
    report.cycles = progress.before = batch.cycles;
    report.wall_s = batch.wall_s;
    report.batches.push_back(batch);
    current = std::move(next);
  }
  report.moved = count_traffic(chip);
  count_shares(shares, joint, config, TrafficMap(chip.channels().layout()), report);
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

std::vector<TensorData> joined_outputs(const ChipRunReport& report,
                                       std::vector<TensorData> NetworkReport::*which) {
  const std::vector<NetworkReport>& reports = report.subsystems;
  std::vector<TensorData> outputs;
  for (std::size_t o = 0; o < (reports.front().*which).size(); ++o) {
    std::vector<TensorData> parts;
    for (const NetworkReport& share : reports) {
      if (!share.error.empty()) return {};
      parts.push_back((share.*which).at(o));
    }
    // Those that only fill the last share.
    const TensorData all = graph::join_rows(parts);
    outputs.push_back(
        graph::slice_rows(all, 0, all.shape.front() - static_cast<std::int64_t>(report.repeated)));
  }
  return outputs;
}

}  // namespace s4::sw
