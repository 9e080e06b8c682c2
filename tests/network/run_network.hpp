// Runs a network of the builder and checks what was compared.
#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "random_network.hpp"
#include "sim/config/configuration_loader.hpp"
#include "sw/network/network.hpp"
#include "tb/root.hpp"

namespace s4::sw::test {

inline config::Configuration configuration(const std::string& name) {
  return sim::load_configuration(tb::root(), name);
}

inline NetworkReport run(const NetworkBuilder& b, const std::vector<graph::TensorData>& data,
                         const std::string& config, Backend backend,
                         const NetworkOptions& options = {}, double stalls = 0) {
  NetworkRunSettings settings;
  settings.run.backend = backend;
  settings.run.rtl.stalls = stalls;
  const config::Configuration configured = configuration(config);
  return run_network(compile_network(prepare(b.graph, options), configured), data, configured,
                     settings);
}

/// Every comparison was made and held.
inline void check(const NetworkReport& report, const std::string& what) {
  INFO(what);
  for (const Comparison& comparison : report.comparisons) {
    INFO(comparison.what << ": " << comparison.first);
    CHECK(comparison.made);
    CHECK(comparison.mismatches == 0);
  }
  INFO(report.error);
  CHECK(report.ok());
}

}  // namespace s4::sw::test
