#include "sw/network/split_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "sw/driver/progress.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/layer_traffic.hpp"
#include "sw/network/network_judge.hpp"
#include "sw/network/session.hpp"

namespace s4::sw {
namespace {

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

/// The parts of a step, side by side; false if one failed.
bool run_step(Chip& chip, NetworkSession& session, const SplitStep& step, const std::string& name,
              SplitStepReport& report, const NetworkRunSettings& settings) {
  std::uint32_t running = 0;
  for (const SplitPart& part : step.parts) {
    Device& device = chip.subsystem(part.subsystem);
    if (!session.prepare_on(device, part.program, part.write_region)) return false;
    running |= 1U << part.subsystem;
  }
  if (step.joint.size != 0) chip.begin_broadcast(running, step.joint);
  const std::uint64_t begin = chip.cycle();
  for (const SplitPart& part : step.parts) chip.subsystem(part.subsystem).start();
  {
    ProgressLine line(settings.run.show_progress, name, step.predicted, settings.run.timeout_s);
    while (running != 0) {
      const std::uint32_t ended =
          chip.wait_ended([&](std::uint64_t) { return line.update(chip.cycle() - begin); });
      if (ended == 0) break;
      running &= ~ended;
    }
  }
  report.cycles = chip.cycle() - begin;
  for (std::size_t n = 0; n < step.parts.size(); ++n) {
    const SplitPart& part = step.parts[n];
    const bool gave_up = (running >> part.subsystem & 1U) != 0;
    session.collect_from(chip.subsystem(part.subsystem), part.program, gave_up);
    if (!gave_up) report.parts[n].cycles = session.runs().back().result.cycles();
  }
  if (running == 0) chip.end_broadcast();
  return !session.failed();
}

/// All steps on the RTL.
void run_on_rtl(const SplitNetwork& split, const std::vector<graph::TensorData>& inputs,
                const config::Configuration& config, const NetworkRunSettings& settings,
                NetworkJudge& judge, SplitReport& report) {
  Chip chip(config, chip_options(settings, report.backdoor));
  NetworkSession session(split.compiled, inputs, chip.subsystem(0), settings.run);
  const std::uint64_t load = chip.cycle();
  session.load();
  report.load_cycles = chip.cycle() - load;
  const std::uint64_t begin = chip.cycle();
  const Clock::time_point start = Clock::now();
  std::uint64_t sum = 0;
  bool all = true;
  for (std::size_t s = 0; s < split.steps.size() && all; ++s) {
    const std::string name =
        fmt::format("chip, step {} of {}, {}", s + 1, split.steps.size(), report.steps[s].name);
    all = run_step(chip, session, split.steps[s], name, report.steps[s], settings);
    sum += report.steps[s].cycles.value_or(0);
  }
  report.total_cycles = chip.cycle() - begin;
  report.wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  if (all) report.cycles = sum;
  report.moved = count_traffic(chip);
  judge.take_rtl(session);
  report.dram = chip.dram();
  report.traffic = chip.traffic();
  report.faults = chip.faults();
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
  report.moved.layers =
      count_layers(split.compiled, runners, map, config.local_words, report.network);
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

SplitReport run_split(const SplitNetwork& split, const std::vector<graph::TensorData>& inputs,
                      const config::Configuration& config, const NetworkRunSettings& settings,
                      bool backdoor) {
  SplitReport report;
  report.backdoor = backdoor;
  describe(split, report);
  NetworkJudge judge(split.compiled, inputs, config, settings);
  judge.prepare();
  if (judge.wants_rtl()) run_on_rtl(split, inputs, config, settings, judge, report);
  report.network = judge.finish();
  const bool ecc = settings.run.rtl.memory == MemoryKind::kLpddr4Ecc;
  count_parts(split, config, ecc, report);
  if (judge.wants_rtl()) {
    report.network.counts.push_back(check_counters(split.compiled, report.network.runs));
    report.moved.check(report.network.error.empty());
  }
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
