#include "sw/activation/act_page.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/activation/gen/activation_errors.hpp"
#include "sw/report/svg.hpp"

namespace s4::sw {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Activation functions</title>
<style>
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px;
  margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1.5rem; }
svg { max-width: 100%; height: auto; }
</style>
<h1>Activation functions</h1>
)";

std::string table(const std::vector<ActivationReport>& reports) {
  std::string out =
      "<table><tr><th>function</th><th>on</th><th>inputs</th><th>mismatches</th>"
      "<th>worst error</th><th>lanes</th><th>results per clock</th></tr>\n";
  for (const ActivationReport& r : reports) {
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.6f} {}</td><td>{}</td><td>{}</td>"
        "</tr>\n",
        svg::escape(r.function), svg::escape(r.backend), r.results.size(), r.mismatches,
        r.worst_ulp, r.int8 ? "steps" : "ulp", r.lanes == 0 ? "" : std::to_string(r.lanes),
        r.lanes == 0 ? "" : fmt::format("{:.2f}", r.results_per_clock));
  }
  return out + "</table>\n";
}

std::string chart(const std::string& name) {
  svg::LineChart chart;
  chart.title = name;
  svg::Series line{"before rounding", {}, {}, 0, false};
  const auto code = static_cast<std::size_t>(sim::activation_from_name(name));
  for (const activation::ErrorPoint& point : activation::kErrorBeforeRounding.at(code)) {
    line.x.push_back(point.exponent);
    line.y.push_back(point.error);
  }
  chart.x = {"exponent of the input", line.x.front(), line.x.back(), false, {}, ""};
  chart.y = {"units in the last place", 0, 1, false, {0, 0.25, 0.5, 0.75, 1}, ""};
  chart.series = {line};
  return "<div>" + svg::line_chart(chart) + "</div>\n";
}

}  // namespace

std::string activation_page(const std::vector<ActivationReport>& reports) {
  std::string page = kHead + table(reports);
  page +=
      "<h2>Error before the last rounding</h2>\n<p>Largest distance between what a lane rounds and "
      "the function, over all inputs of an exponent. A coefficient may be anything that rounds to "
      "the right BF16: the result is correctly rounded although the number before it is up to one "
      "unit away.</p>\n<div class=\"charts\">\n";
  std::set<std::string> drawn;
  for (const ActivationReport& report : reports) {
    if (!report.int8 && drawn.insert(report.function).second) page += chart(report.function);
  }
  return page + "</div>\n</html>\n";
}

}  // namespace s4::sw
