#include "sw/network/chip_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "sw/driver/progress.hpp"
#include "sw/network/memory_map.hpp"
#include "sw/network/network_judge.hpp"
#include "sw/network/session.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;
using Clock = std::chrono::steady_clock;

std::int64_t batch_of(const std::vector<TensorData>& inputs) {
  if (inputs.empty() || inputs.front().shape.empty()) {
    throw NetworkError(
        "a run on several subsystems needs an input whose first dimension is the batch");
  }
  const std::int64_t batch = inputs.front().shape.front();
  for (const TensorData& input : inputs) {
    if (!input.shape.empty() && input.shape.front() == batch) continue;
    throw NetworkError(fmt::format(
        "a run on several subsystems splits the first dimension of every input: {} is not {}",
        graph::to_string(input.shape), batch));
  }
  return batch;
}

/// Outputs are joined along the batch.
void require_batch(const graph::Graph& graph, std::int64_t images) {
  for (const graph::TensorId id : graph.outputs) {
    const graph::Tensor& output = graph.at(id);
    if (!output.shape.empty() && output.shape.front() == images) continue;
    throw NetworkError(fmt::format(
        "a run on several subsystems splits images, but output '{}' {} of {} images does not "
        "start with the batch",
        output.name, graph::to_string(output.shape), images));
  }
}

/// All shares on their subsystems, until the last one ends.
void run_sessions(Chip& chip, std::vector<std::unique_ptr<NetworkSession>>& sessions,
                  const NetworkRunSettings& settings) {
  std::uint64_t expected = 0;
  std::uint32_t running = 0;
  for (std::size_t n = 0; n < sessions.size(); ++n) {
    if (sessions[n]->begin_program()) running |= 1U << n;
    expected = std::max(expected, sessions[n]->predicted());
  }
  const std::uint64_t begin = chip.cycle();
  ProgressLine line(
      settings.run.show_progress,
      fmt::format("chip, {} subsystem{}", sessions.size(), sessions.size() == 1 ? "" : "s"),
      expected, settings.run.timeout_s);
  while (running != 0) {
    const std::uint32_t ended =
        chip.wait_ended([&](std::uint64_t) { return line.update(chip.cycle() - begin); });
    const bool gave_up = ended == 0;
    for (std::size_t n = 0; n < sessions.size(); ++n) {
      const std::uint32_t bit = 1U << n;
      if ((running & bit) == 0 || ((ended & bit) == 0 && !gave_up)) continue;
      sessions[n]->end_program(gave_up);
      if (!sessions[n]->begin_program()) running &= ~bit;
    }
  }
}

}  // namespace

std::uint64_t chip_memory_bytes(const config::Configuration& config, bool ecc) {
  sim::StationLayout layout;
  layout.stations = config.num_subsystems + 1;
  layout.ecc = ecc;
  return layout.bytes();
}

std::vector<ChipShare> single_shares(const std::vector<TensorData>& inputs,
                                     const config::Configuration& config,
                                     std::uint64_t memory_bytes, const CompileShare& compile) {
  const std::int64_t batch = batch_of(inputs);
  const auto most = static_cast<std::int64_t>(config.num_subsystems);
  const std::int64_t count = std::min(batch, most);
  std::vector<ChipShare> shares;
  std::uint64_t base = kNetworkBase;
  std::int64_t first = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t images = batch / count + (n < batch % count ? 1 : 0);
    ChipShare share;
    share.first = first;
    for (const TensorData& input : inputs) {
      share.inputs.push_back(graph::slice_rows(input, first, images));
    }
    share.compiled = compile(share.inputs, base);
    require_batch(share.compiled.network.graph, images);
    base = memory_end(share.compiled);
    if (base > memory_bytes) {
      throw NetworkError(
          fmt::format("the network needs {} bytes for {} subsystems, the chip has {}", base, n + 1,
                      memory_bytes));
    }
    first += images;
    shares.push_back(std::move(share));
  }
  return shares;
}

ChipRunReport run_on_chip(const std::string& mode, const std::vector<ChipShare>& shares,
                          const config::Configuration& config, const NetworkRunSettings& settings,
                          bool backdoor) {
  ChipRunReport report;
  report.mode = mode;
  report.config = config.name;
  report.backdoor = backdoor;
  std::vector<std::unique_ptr<NetworkJudge>> judges;
  for (const ChipShare& share : shares) {
    judges.push_back(
        std::make_unique<NetworkJudge>(share.compiled, share.inputs, config, settings));
    judges.back()->prepare();
  }

  ChipOptions options;
  options.kind = settings.run.rtl.kind;
  options.ecc = settings.run.rtl.memory == MemoryKind::kLpddr4Ecc;
  options.backdoor = backdoor;
  options.sample_clocks = kTrafficClocks;
  options.wave = settings.run.rtl.wave;
  options.wave_from = settings.run.rtl.wave_from;
  options.wave_to = settings.run.rtl.wave_to;
  options.config_argument = settings.run.config_argument;
  options.model.seed = settings.run.rtl.seed;
  options.model.replace = settings.run.rtl.replace;
  Chip chip(config, options);

  std::vector<std::unique_ptr<NetworkSession>> sessions;
  const std::uint64_t load = chip.cycle();
  for (std::size_t n = 0; n < shares.size(); ++n) {
    sessions.push_back(std::make_unique<NetworkSession>(shares[n].compiled, shares[n].inputs,
                                                        chip.subsystem(static_cast<unsigned>(n)),
                                                        settings.run));
    sessions.back()->load();
  }
  report.load_cycles = chip.cycle() - load;
  const std::uint64_t begin = chip.cycle();
  const Clock::time_point start = Clock::now();
  run_sessions(chip, sessions, settings);
  report.cycles = chip.cycle() - begin;
  report.wall_s = std::chrono::duration<double>(Clock::now() - start).count();

  for (std::size_t n = 0; n < shares.size(); ++n) {
    judges[n]->take_rtl(*sessions[n], std::nullopt);
    report.subsystems.push_back(judges[n]->finish());
    report.images += report.subsystems.back().batch;
  }
  report.dram = chip.dram();
  report.traffic = chip.traffic();
  report.faults = chip.faults();
  return report;
}

bool ChipRunReport::ok() const {
  return !subsystems.empty() && faults.empty() &&
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
    outputs.push_back(graph::join_rows(parts));
  }
  return outputs;
}

}  // namespace s4::sw
