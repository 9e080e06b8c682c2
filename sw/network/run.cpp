// Runs a compiled network on the backends and compares them.
#include "sw/driver/rtl_device.hpp"
#include "sw/network/layer_traffic.hpp"
#include "sw/network/network.hpp"
#include "sw/network/network_judge.hpp"
#include "sw/network/traffic_check.hpp"
#include "tb/station_memory.hpp"

namespace s4::sw {

NetworkReport run_network(const CompiledNetwork& compiled,
                          const std::vector<graph::TensorData>& inputs,
                          const config::Configuration& config, const NetworkRunSettings& settings) {
  NetworkJudge judge(compiled, inputs, config, settings);
  judge.prepare();
  std::optional<DramReport> dram;
  if (judge.wants_rtl()) {
    RtlOptions options = settings.run.rtl;
    if (options.config_argument.empty()) options.config_argument = settings.run.config_argument;
    RtlDevice device(config, options);
    NetworkSession session(compiled, inputs, device, settings.run);
    session.run();
    judge.take_rtl(session);  // all is in the devices once results have been read
    dram = device.dram();
  }
  NetworkReport report = judge.finish();
  report.dram = dram;
  TrafficReport moved;
  moved.ecc = settings.run.rtl.memory == MemoryKind::kLpddr4Ecc;
  const tb::StationOptions station;
  const TrafficMap map(sim::one_station(station.channels, station.ranks, moved.ecc));
  moved.layers = count_layers(compiled, std::vector<Runner>(compiled.programs.size()), map,
                              config.local_words, report);
  if (!judge.wants_rtl()) return report;
  report.counts.push_back(check_counters(compiled, report.runs));
  if (!dram) return report;
  for (const DramReport::Channel& channel : dram->channels) {
    moved.measured.channels.push_back({channel.reads, channel.writes});
  }
  moved.check(report.error.empty());
  report.counts.insert(report.counts.end(), moved.checks.begin(), moved.checks.end());
  return report;
}

}  // namespace s4::sw
