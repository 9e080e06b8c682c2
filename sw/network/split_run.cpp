#include "sw/network/split_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "sw/driver/progress.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/layer_traffic.hpp"
#include "sw/network/network_judge.hpp"
#include "sw/network/session.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;
using Clock = std::chrono::steady_clock;

/// What the compiler expects and how the layers are cut.
void describe(const SplitNetwork& split, SplitReport& report) {
  const Network& network = split.compiled.network;
  for (const SplitStep& step : split.steps) {
    const Layer& first = network.layers[step.layers.front()].layer;
    SplitStepReport r;
    r.name = first.name;
    if (step.layers.size() > 1) {
      r.name += " to " + network.layers[step.layers.back()].layer.name;
    } else {
      r.shape = first.describe();
    }
    r.layers = step.layers.size();
    r.cut = step.cut;
    r.weights_once = step.joint.size != 0;
    r.predicted = step.predicted;
    r.alone = step.alone;
    for (const SplitPart& part : step.parts) {
      r.parts.push_back({part.subsystem, part.begin, part.end, part.predicted, std::nullopt});
    }
    report.steps.push_back(std::move(r));
  }
  report.subsystems = split.subsystems;
  report.predicted = split.predicted();
  report.alone = split.alone();
}

/// Steps of a batch on the RTL.
class SplitSteps {
 public:
  SplitSteps(Chip& chip, NetworkSession& session, const SplitNetwork& split,
             const NetworkRunSettings& settings, const ChipClock& clock, SplitReport& report)
      : chip_(chip),
        session_(session),
        split_(split),
        settings_(settings),
        clock_(clock),
        report_(report) {}

  /// Until one has failed. Returns when the last one ended.
  std::uint64_t run(const BatchProgress& progress) {
    ProgressLine line(settings_.run.show_progress, progress.title("chip"),
                      progress.expected(split_.predicted()), settings_.run.timeout_s);
    line_ = &line;
    begin_ = chip_.cycle();
    ended_ = clock_.now();
    std::uint64_t sum = 0;
    for (auto& step : report_.steps) step.cycles.reset();
    for (std::size_t s = 0; s < split_.steps.size(); ++s) {
      if (!run_step(s)) return ended_;
      sum += report_.steps[s].cycles.value_or(0);
    }
    report_.cycles = sum;
    return ended_;
  }

 private:
  /// The parts of a step, side by side; false if one failed.
  bool run_step(std::size_t number) {
    const SplitStep& step = split_.steps[number];
    SplitStepReport& report = report_.steps[number];
    std::uint32_t running = 0;
    for (const SplitPart& part : step.parts) {
      Device& device = chip_.subsystem(part.subsystem);
      if (!session_.prepare_on(device, part.program, part.write_region)) return false;
      running |= 1U << part.subsystem;
    }
    if (step.joint.size != 0) chip_.begin_broadcast(running, step.joint);
    const std::uint64_t begin = chip_.cycle();
    for (const SplitPart& part : step.parts) chip_.subsystem(part.subsystem).start();
    while (running != 0) {
      const std::uint32_t ended = chip_.wait_ended([&](std::uint64_t) {
        return line_->update(chip_.cycle() - begin_, [&] { return place(number); });
      });
      if (ended == 0) break;
      running &= ~ended;
    }
    ended_ = clock_.now();
    report.cycles = chip_.cycle() - begin;
    for (std::size_t n = 0; n < step.parts.size(); ++n) {
      const SplitPart& part = step.parts[n];
      const bool gave_up = (running >> part.subsystem & 1U) != 0;
      session_.collect_from(chip_.subsystem(part.subsystem), part.program, gave_up);
      if (!gave_up) report.parts[n].cycles = session_.runs().back().result.cycles();
    }
    if (running == 0) chip_.end_broadcast();
    return !session_.failed();
  }

  [[nodiscard]] std::string place(std::size_t number) const {
    const SplitPart& part = split_.steps[number].parts.front();
    const std::string layer = session_.place_of(chip_.subsystem(part.subsystem), part.program);
    return fmt::format("step {} of {}, {}", number + 1, split_.steps.size(),
                       layer.empty() ? report_.steps[number].name : layer);
  }

  Chip& chip_;
  NetworkSession& session_;
  const SplitNetwork& split_;
  const NetworkRunSettings& settings_;
  const ChipClock& clock_;
  SplitReport& report_;
  ProgressLine* line_ = nullptr;
  std::uint64_t begin_ = 0, ended_ = 0;
};

using Inputs = std::vector<TensorData>;

/// All batches on the RTL, each judged by itself.
void run_on_rtl(const SplitNetwork& split, const Inputs& first, const std::vector<Inputs>& more,
                const config::Configuration& config, const NetworkRunSettings& settings,
                SplitReport& report) {
  // What does not fit is found before the model is made.
  std::optional<NetworkJudge> judge;
  judge.emplace(split.compiled, first, config, settings);
  judge->prepare();
  Chip chip(config, chip_options(settings, report.backdoor));
  ChipClock clock(chip);
  BatchProgress progress{0, 1 + more.size(), 0};
  std::uint64_t completed = 0;
  for (bool failed = false; progress.number < progress.count && !failed; ++progress.number) {
    const Inputs& inputs = progress.number == 0 ? first : more.at(progress.number - 1);
    if (progress.number != 0) {
      judge.emplace(split.compiled, inputs, config, settings);
      judge->prepare();
    }
    NetworkSession session(split.compiled, inputs, chip.subsystem(0), settings.run);
    const std::uint64_t load = chip.cycle();
    clock.pause();
    session.load(progress.number == 0);
    clock.resume();
    if (progress.number == 0) {
      report.load_cycles = chip.cycle() - load;
      completed = clock.now();
    }
    ChipBatch batch;
    const std::uint64_t moved = bytes_moved(chip.dram());
    const Clock::time_point start = Clock::now();
    report.cycles.reset();
    const std::uint64_t end =
        SplitSteps(chip, session, split, settings, clock, report).run(progress);
    batch.wall_s = std::chrono::duration<double>(Clock::now() - start).count();
    batch.cycles = end - std::exchange(completed, end);
    failed = session.failed();

    clock.pause();
    chip.settle();
    batch.dram_bytes = bytes_moved(chip.dram()) - moved;
    judge->take_rtl(session);
    NetworkReport network = judge->finish();
    clock.resume();
    network.counts.push_back(check_counters(split.compiled, network.runs));
    name_batch(network, progress);
    batch.mismatches = network.mismatches();
    if (progress.number != 0) add_batches(network, report.network);
    report.network = std::move(network);
    report.total_cycles = progress.before = batch.cycles;
    report.wall_s = batch.wall_s;
    report.batches.push_back(batch);
  }
  report.moved = count_traffic(chip);
  report.dram = chip.dram();
  report.traffic = chip.traffic();
  report.faults = chip.faults();
}

/// What is read as weights and parameters; once what all parts of a step read as one.
SectionBytes section_bytes(const SplitNetwork& split) {
  SectionBytes sum;
  for (const SplitStep& step : split.steps) {
    for (std::size_t n = 0; n < step.parts.size(); ++n) {
      const ChipProgram& chip = split.compiled.programs.at(step.parts[n].program);
      if (n == 0 || step.joint.size == 0) {
        sum += sw::section_bytes({&chip, 1}, split.compiled.weight_region);
      }
    }
  }
  return sum;
}

/// What layers move, the parts of each together.
void count_parts(const SplitNetwork& split, const config::Configuration& config, bool ecc,
                 SplitReport& report) {
  std::vector<Runner> runners(split.compiled.programs.size());
  for (const SplitStep& step : split.steps) {
    std::uint32_t all = 0;
    for (const SplitPart& part : step.parts) all |= 1U << part.subsystem;
    for (const SplitPart& part : step.parts) {
      runners.at(part.program) = {part.subsystem, step.joint, step.joint.size != 0 ? all : 0};
    }
  }
  // Without RTL a network may be split over more subsystems than the configuration has.
  sim::StationLayout layout = chip_layout(config, ecc);
  layout.stations = std::max(layout.stations, split.subsystems + 1);
  const TrafficMap map(layout);
  const Traffic layers =
      count_layers(split.compiled, runners, map, config.local_words, report.network);
  report.moved.layers = layers;
  for (std::size_t b = 1; b < report.batches.size(); ++b) report.moved.layers += layers;
  report.sections = section_bytes(split);
}

/// The report of the network, as if one program had computed each layer that is cut.
void join_parts(const SplitNetwork& split, SplitReport& report) {
  NetworkReport& network = report.network;
  for (std::size_t s = 0; s < split.steps.size(); ++s) {
    const SplitStep& step = split.steps[s];
    for (const std::size_t l : step.layers) {
      report.steps[s].mismatches += network.layers.at(l).mismatches;
    }
    if (step.cut == Cut::kNone) continue;
    if (step.layers.size() > 1) {
      // Each part has a program of all layers: theirs are the clocks of a part on the average.
      for (const std::size_t l : step.layers) {
        NetworkLayerReport& layer = network.layers.at(l);
        if (layer.cycles) *layer.cycles /= step.parts.size();
        layer.plan = fmt::format("{} in {}; {}", cut_name(step.cut), step.parts.size(), layer.plan);
      }
      continue;
    }
    NetworkLayerReport& layer = network.layers.at(step.layers.front());
    layer.predicted_cycles = step.predicted;
    layer.cycles = report.steps[s].cycles;
    layer.plan = fmt::format("{} in {}; {}", cut_name(step.cut), step.parts.size(), layer.plan);
    if (step.cut != Cut::kChannels) continue;
    layer.weight_bytes = layer.parameter_bytes = 0;
    for (const SplitPart& part : step.parts) {
      const LayerPlacement& placed = split.compiled.programs.at(part.program).layers.front();
      layer.weight_bytes += placed.weight_bytes;
      layer.parameter_bytes += placed.parameter_bytes;
    }
  }
  network.predicted_cycles = report.predicted;
  network.cycles = report.cycles;
}

}  // namespace

SplitReport run_split(const SplitNetwork& split, const Inputs& inputs,
                      const config::Configuration& config, const NetworkRunSettings& settings,
                      bool backdoor, const std::vector<Inputs>& more) {
  SplitReport report;
  report.backdoor = backdoor;
  describe(split, report);
  const Backend backend = settings.run.backend;
  const bool rtl = backend == Backend::kRtl || backend == Backend::kAll;
  if (rtl) {
    run_on_rtl(split, inputs, more, config, settings, report);
  } else {
    NetworkJudge judge(split.compiled, inputs, config, settings);
    judge.prepare();
    report.network = judge.finish();
  }
  const bool ecc = settings.run.rtl.memory == MemoryKind::kLpddr4Ecc;
  count_parts(split, config, ecc, report);
  if (rtl) report.moved.check(report.network.error.empty());
  report.images = report.network.batch;
  join_parts(split, report);
  return report;
}

std::optional<double> SplitStepReport::speed_up() const {
  const std::uint64_t clocks = cycles.value_or(predicted);
  if (alone == 0 || clocks == 0) return std::nullopt;
  return static_cast<double>(alone) / static_cast<double>(clocks);
}

}  // namespace s4::sw
