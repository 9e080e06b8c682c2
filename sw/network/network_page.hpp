// Reports of networks as HTML: one file, no script, nothing loaded.
#pragma once

#include <string>
#include <vector>

#include "sw/network/chip_run.hpp"
#include "sw/network/network.hpp"
#include "sw/network/split_run.hpp"
#include "sw/report/layer_page.hpp"
#include "sw/report/svg.hpp"

namespace s4::sw {

/// The layers as a page shows them.
[[nodiscard]] std::vector<LayerRow> layer_rows(const NetworkReport& report);
/// The engines during the first program on the RTL, colored by layer.
[[nodiscard]] svg::Timeline engine_timeline(const NetworkReport& report, const std::string& title);

/// `title`: of the page, as the network's name.
[[nodiscard]] std::string to_html(const NetworkReport& report, const std::string& title);
[[nodiscard]] std::string to_html(const ChipRunReport& report, const std::string& title);
[[nodiscard]] std::string to_html(const SplitReport& report, const std::string& title);

}  // namespace s4::sw
