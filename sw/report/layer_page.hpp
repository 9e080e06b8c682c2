// The layers of a network on a page: a table, charts. What every page of reports begins with.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace s4::sw {

/// A layer as a page shows it. Cycles are those in which the layer had the array or, for a layer
/// without it, its engine.
struct LayerRow {
  std::string name;
  std::string runs_on;  ///< "SPU", "host"
  std::uint64_t macs_dense = 0;
  std::uint64_t macs_nonzero = 0;
  std::uint64_t cycles = 0;  ///< 0: the RTL did not run
  double ideal_cycles = 0;
  std::string bound;
  std::uint64_t weight_bytes = 0;
  double sparsity = 1;  ///< dense weights per non-zero weight
  std::uint64_t predicted_cycles = 0;
  std::uint64_t dram_read = 0, dram_written = 0;  ///< bytes, as all below
  std::optional<std::uint64_t> ring;              ///< nothing without a ring
  std::uint64_t local_peak = 0;
  std::uint64_t spilled = 0;
};

[[nodiscard]] nlohmann::json to_json(const LayerRow& row);

/// A page up to its first heading, which is the title; `sub` is HTML below it.
[[nodiscard]] std::string page_head(const std::string& title, const std::string& sub);
[[nodiscard]] std::string page_end();

[[nodiscard]] std::string layer_table(const std::vector<LayerRow>& rows);
/// Expected and measured cycles, bytes from and to DRAM, bytes in the local buffer.
[[nodiscard]] std::string layer_charts(const std::vector<LayerRow>& rows);

}  // namespace s4::sw
