#include "sw/cli/classify_runs.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sw/network/open.hpp"
#include "sw/network/report_json.hpp"

namespace s4::cli {
namespace {

using sw::graph::TensorData;

sw::CompiledNetwork compiled(const std::filesystem::path& model,
                             const std::vector<TensorData>& inputs, const Place& place,
                             bool store_all, const sw::NetworkPlace& where = {}) {
  sw::NetworkOptions options;
  options.store_all = store_all;
  options.pixel_group = place.config.pixels_per_quadrant;
  return sw::compile_network(sw::prepare(sw::open_graph(model, inputs), options), place.config,
                             where);
}

Measured on_subsystem(const std::filesystem::path& model, const std::vector<TensorData>& inputs,
                      const Place& place, const sw::NetworkRunSettings& settings, bool store_all) {
  Measured m;
  m.layers =
      sw::run_network(compiled(model, inputs, place, store_all), inputs, place.config, settings);
  const sw::NetworkReport& r = m.layers;
  m.ok = r.ok();
  if (!m.ok) m.text = sw::to_text(r);
  if (!r.outputs.empty()) m.scores = r.outputs.front();
  if (!r.reference_outputs.empty()) m.reference_scores = r.reference_outputs.front();
  m.cycles = static_cast<double>(r.cycles.value_or(0));
  m.with_host = m.cycles;
  m.ideal_cycles = r.ideal_cycles();
  m.utilisation = r.utilisation();
  m.wall_s = r.rtl_s;
  m.macs_nonzero = r.macs_nonzero();
  m.mismatches = r.mismatches();
  m.dram = r.dram;
  m.trace = sw::to_trace(r);
  return m;
}

/// Weights and inputs over AXI4, images shared by the subsystems.
Measured on_chip(const std::filesystem::path& model, const std::vector<TensorData>& inputs,
                 const Place& place, const sw::NetworkRunSettings& settings, bool store_all) {
  const auto compile = [&](const std::vector<TensorData>& part, const sw::NetworkPlace& where) {
    return compiled(model, part, place, store_all, where);
  };
  const auto shares = sw::broadcast_shares(inputs, place.config,
                                           sw::chip_memory_bytes(place.config, false), compile);
  const sw::ChipRunReport r =
      sw::run_on_chip(sw::ChipMode::kBroadcast, shares, place.config, settings, false);
  Measured m;
  m.ok = r.ok();
  if (!m.ok) m.text = sw::to_text(r);
  const std::vector<TensorData> outputs = sw::joined_outputs(r);
  if (outputs.empty()) throw std::runtime_error("the chip has no results:\n" + m.text);
  m.scores = outputs.front();
  m.reference_scores = sw::joined_outputs(r, &sw::NetworkReport::reference_outputs).at(0);
  m.with_host = static_cast<double>(r.cycles);
  for (const sw::NetworkReport& subsystem : r.subsystems) {
    m.cycles = std::max(m.cycles, static_cast<double>(subsystem.cycles.value_or(0)));
    m.ideal_cycles = std::max(m.ideal_cycles, subsystem.ideal_cycles());
    m.mismatches += subsystem.mismatches();
  }
  m.utilisation = m.cycles > 0 ? m.ideal_cycles / m.cycles : 0;
  m.wall_s = r.wall_s;
  m.macs_nonzero = r.macs_nonzero();
  m.dram = r.dram;
  m.layers = r.subsystems.front();
  m.trace = sw::to_trace(r);
  return m;
}

}  // namespace

Measured measure(const std::filesystem::path& model, const std::vector<TensorData>& inputs,
                 const Place& place, bool store_all) {
  sw::NetworkRunSettings settings;
  settings.run.backend = sw::Backend::kAll;
  settings.run.config_argument = place.config_argument;
  settings.run.show_progress = true;
  settings.run.rtl.memory = place.memory;
  settings.arguments = place.arguments;
  return (place.chip ? on_chip : on_subsystem)(model, inputs, place, settings, store_all);
}

}  // namespace s4::cli
