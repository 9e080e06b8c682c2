#include "sw/network/chip_batch.hpp"

#include <fmt/format.h>

#include <utility>

namespace s4::sw {
namespace {

void add_comparisons(std::vector<Comparison>& later, const std::vector<Comparison>& earlier) {
  for (std::size_t i = 0; i < std::max(later.size(), earlier.size()); ++i) {
    // What only one of them has was not compared in all.
    if (i >= later.size()) later.push_back({earlier[i].what, false, 0, ""});
    if (i >= earlier.size() || !earlier[i].made) later[i].made = false;
    if (i >= earlier.size()) continue;
    later[i].mismatches += earlier[i].mismatches;
    if (!earlier[i].first.empty()) later[i].first = earlier[i].first;
  }
}

}  // namespace

std::string BatchProgress::title(const std::string& what) const {
  return count == 1 ? what : fmt::format("{}, batch {} of {}", what, number + 1, count);
}

std::uint64_t bytes_moved(const DramReport& dram) {
  std::uint64_t bursts = 0;
  for (const DramReport::Channel& channel : dram.channels) bursts += channel.reads + channel.writes;
  return bursts * kBurstBytes;
}

void name_batch(NetworkReport& report, const BatchProgress& progress) {
  const auto name = [&](std::string& text) {
    if (!text.empty()) text = fmt::format("batch {}: {}", progress.number + 1, text);
  };
  if (progress.count == 1) return;
  name(report.error);
  for (Comparison& comparison : report.comparisons) name(comparison.first);
  for (Comparison& comparison : report.counts) name(comparison.first);
}

void add_batches(NetworkReport& later, const NetworkReport& earlier) {
  add_comparisons(later.comparisons, earlier.comparisons);
  add_comparisons(later.counts, earlier.counts);
  for (std::size_t l = 0; l < later.layers.size() && l < earlier.layers.size(); ++l) {
    NetworkLayerReport& layer = later.layers[l];
    layer.mismatches += earlier.layers[l].mismatches;
    if (layer.worst_error && earlier.layers[l].worst_error) {
      layer.worst_error = std::max(*layer.worst_error, *earlier.layers[l].worst_error);
    }
  }
  if (earlier.error.empty()) return;
  later.error = earlier.error + (later.error.empty() ? "" : "\n") + later.error;
}

}  // namespace s4::sw
