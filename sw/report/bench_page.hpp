// Figures of s4 bench chip, of one or several runs: a page and its charts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace s4::sw {

/// A JSON file of s4 bench chip and what it says.
struct BenchFile {
  std::string path;
  nlohmann::json figures;
};

/// One set of figures of all: what several files measured is taken from the last one, and `speedup`
/// is over 1x of the same network, mode and batch, null without. Throws std::invalid_argument if a
/// file has no such figures, or they are not of one chip.
[[nodiscard]] nlohmann::json join_benches(const std::vector<BenchFile>& files);

/// Speed-up against sparsity, a line for each network; in the shape of the paper's Figure 2.
/// Batches of one image are not in it. Empty: there is no line.
[[nodiscard]] std::string speedup_chart(const nlohmann::json& figures);

/// `figures`: of join_benches(). One file without references to others.
[[nodiscard]] std::string bench_page(const nlohmann::json& figures);

/// A chart as a file of its own, on white.
[[nodiscard]] std::string chart_file(const std::string& chart);

}  // namespace s4::sw
