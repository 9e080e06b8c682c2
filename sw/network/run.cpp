// Runs a compiled network on the backends and compares them.
#include "sw/driver/rtl_device.hpp"
#include "sw/network/network.hpp"
#include "sw/network/network_judge.hpp"

namespace s4::sw {

NetworkReport run_network(const CompiledNetwork& compiled,
                          const std::vector<graph::TensorData>& inputs,
                          const config::Configuration& config, const NetworkRunSettings& settings) {
  NetworkJudge judge(compiled, inputs, config, settings);
  judge.prepare();
  if (judge.wants_rtl()) {
    RtlOptions options = settings.run.rtl;
    if (options.config_argument.empty()) options.config_argument = settings.run.config_argument;
    RtlDevice device(config, options);
    NetworkSession session(compiled, inputs, device, settings.run);
    session.run();
    judge.take_rtl(session, device.dram());
  }
  return judge.finish();
}

}  // namespace s4::sw
