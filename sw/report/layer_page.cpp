#include "sw/report/layer_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sw/report/svg.hpp"

namespace s4::sw {
namespace {

using nlohmann::json;

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.sub { margin-top: .2rem; opacity: .75; }
table { border-collapse: collapse; width: 100%; font-size: 14px;
  font-variant-numeric: tabular-nums; }
th, td { white-space: nowrap; padding: .3rem .5rem; text-align: right;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1.5rem; }
div.wide { overflow-x: auto; }
.digits { display: flex; flex-wrap: wrap; gap: 1rem; }
.digit { border: 1px solid var(--line); border-radius: 6px; padding: .6rem; font-size: 13px; }
.digit svg { display: block; margin-bottom: .4rem; }
.wrong { color: #d55e00; font-weight: 700; }
.bad { color: #d55e00; font-weight: 700; }
svg { max-width: 100%; height: auto; }
)";

std::string cell(const std::string& text) { return "<td>" + text + "</td>"; }

std::string short_name(const std::string& name) {
  constexpr std::size_t kMost = 18;
  return name.size() <= kMost ? name : name.substr(0, kMost - 2) + "..";
}

std::string bars(const std::vector<LayerRow>& rows, const char* title,
                 const std::vector<std::string>& parts,
                 std::vector<double> (*get)(const LayerRow&)) {
  svg::BarChart chart{title, "bytes", parts, {}};
  for (const LayerRow& row : rows) chart.rows.push_back({short_name(row.name), get(row)});
  return "<div>" + svg::bar_chart(chart) + "</div>\n";
}

/// Two bars of a layer, one below the other.
std::string cycles_bars(const std::vector<LayerRow>& rows) {
  svg::BarChart chart{"Clocks of each layer", "", {"expected", "measured"}, {}};
  for (const LayerRow& row : rows) {
    chart.rows.push_back({short_name(row.name), {static_cast<double>(row.predicted_cycles), 0}});
    if (row.cycles != 0) chart.rows.push_back({"", {0, static_cast<double>(row.cycles)}});
  }
  return "<div>" + svg::bar_chart(chart) + "</div>\n";
}

}  // namespace

json to_json(const LayerRow& row) {
  return {{"name", row.name},
          {"runs_on", row.runs_on},
          {"macs_dense", row.macs_dense},
          {"macs_nonzero", row.macs_nonzero},
          {"sparsity", row.sparsity},
          {"cycles", row.cycles},
          {"predicted_cycles", row.predicted_cycles},
          {"ideal_cycles", row.ideal_cycles},
          {"bound", row.bound},
          {"weight_bytes", row.weight_bytes},
          {"dram_bytes_read", row.dram_read},
          {"dram_bytes_written", row.dram_written},
          {"dram_bytes", row.dram_read + row.dram_written},
          {"ring_bytes", row.ring ? json(*row.ring) : json(nullptr)},
          {"local_peak_bytes", row.local_peak},
          {"spilled_bytes", row.spilled}};
}

std::string page_head(const std::string& title, const std::string& sub) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n"
      "<style>{1}</style></head>\n<body>\n<h1>{0}</h1>\n<p class=\"sub\">{2}</p>\n",
      svg::escape(title), kStyle, sub);
}

std::string page_end() { return "</body></html>\n"; }

std::string layer_table(const std::vector<LayerRow>& rows) {
  std::string out = "<div class=\"wide\"><table><tr>";
  for (const char* head : {"layer", "runs on", "dense MACs", "non-zero MACs", "sparsity", "cycles",
                           "expected", "ideal", "utilisation", "bound", "weight bytes", "DRAM read",
                           "DRAM written", "over ring", "local buffer", "spilled"}) {
    out += fmt::format("<th>{}</th>", head);
  }
  out += "</tr>\n";
  for (const LayerRow& l : rows) {
    const bool ran = l.cycles > 0;
    const double used = ran ? 100 * l.ideal_cycles / static_cast<double>(l.cycles) : 0;
    out += "<tr>" + cell(svg::escape(l.name)) + cell(svg::escape(l.runs_on));
    out += cell(std::to_string(l.macs_dense)) + cell(std::to_string(l.macs_nonzero));
    out += cell(fmt::format("{:.1f}x", l.sparsity));
    out += cell(ran ? std::to_string(l.cycles) : "") + cell(std::to_string(l.predicted_cycles));
    out += cell(fmt::format("{:.0f}", l.ideal_cycles));
    out += cell(ran ? fmt::format("{:.1f} %", used) : "") + cell(svg::escape(l.bound));
    for (const std::uint64_t bytes : {l.weight_bytes, l.dram_read, l.dram_written}) {
      out += cell(std::to_string(bytes));
    }
    out += cell(l.ring ? std::to_string(*l.ring) : "") + cell(std::to_string(l.local_peak));
    out += cell(std::to_string(l.spilled)) + "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string layer_charts(const std::vector<LayerRow>& rows) {
  std::string out = "<div class=\"charts\">\n" + cycles_bars(rows);
  out += bars(rows, "Bytes from and to DRAM", {"read", "written"}, [](const LayerRow& row) {
    return std::vector<double>{static_cast<double>(row.dram_read),
                               static_cast<double>(row.dram_written)};
  });
  out += bars(rows, "Most bytes in the local buffer", {"in use"}, [](const LayerRow& row) {
    return std::vector<double>{static_cast<double>(row.local_peak)};
  });
  return out + "</div>\n";
}

}  // namespace s4::sw
