// Charts and the report page: well-formed, self-contained, and refusing what cannot be drawn.
#include <catch2/catch.hpp>
#include <cmath>
#include <regex>
#include <string>
#include <vector>

#include "sw/report/run_report.hpp"
#include "tests/support/html.hpp"

namespace {

using namespace s4::sw;
using s4::tests::first_unbalanced;

RunReport some_report() {
  RunReport report;
  report.title = "Digits <&\"> test";
  report.network = "a network";
  report.config = "tiny";
  report.images = 3;
  report.macs_per_clock = 64;
  report.accuracy_dense_float = 0.99;
  for (const double sparsity : {1.0, 8.0, 32.0}) {
    Variant v;
    v.sparsity = sparsity;
    v.accuracy_float = v.accuracy_int8 = v.accuracy_rtl = 0.97;
    v.cycles_per_image = 1000 / sparsity;
    v.ideal_cycles_per_image = 900 / sparsity;
    v.speedup = sparsity;
    v.weight_bytes = 4096;
    v.ok = true;
    v.layers.push_back(
        {"conv <1>", "SPU", 100, 50, 10, 9, "mac", 64, 2, 11, 640, 320, std::nullopt, 4096, 128});
    v.timeline = {"engines", "clocks", {"load", "array"}, {"conv"}, {{1, 5, 9, 0, "conv #1"}}};
    v.answers = {7};
    report.variants.push_back(v);
  }
  report.samples.push_back({12, 7, 2, 2, {0.0F, 1.0F, 0.5F, 2.0F}});
  return report;
}

}  // namespace

TEST_CASE("svg: text is escaped") {
  CHECK(svg::escape("a<b>&\"c\"") == "a&lt;b&gt;&amp;&quot;c&quot;");
}

TEST_CASE("svg: a line chart places its points") {
  svg::LineChart chart{"t", {"x", 1, 32, true, {1, 32}, "x"}, {"y", 0, 100, false, {}, ""}, {}};
  chart.series.push_back({"s", {1, 32}, {0, 100}, 0, false});
  const std::string text = svg::line_chart(chart);
  CHECK(text.find("points=\"52.0,252.0 442.0,46.0 \"") != std::string::npos);
  CHECK(first_unbalanced(text).empty());
}

TEST_CASE("svg: what cannot be drawn is refused by name") {
  svg::LineChart chart{"t", {"sparsity", 4, 4, false, {}, ""}, {"y", 0, 1, false, {}, ""}, {}};
  CHECK_THROWS_WITH(svg::line_chart(chart), Catch::Contains("axis 'sparsity'"));
  chart.x.high = 8;
  chart.series.push_back({"speed", {4, 5}, {1}, 0, false});
  CHECK_THROWS_WITH(svg::line_chart(chart), Catch::Contains("series 'speed'"));
  chart.series[0].y = {0, NAN};
  CHECK_THROWS_WITH(svg::line_chart(chart), Catch::Contains("series 'speed'"));
  chart.series[0] = {"speed", {0}, {1}, 0, false};
  chart.x.log2 = true;
  CHECK_THROWS_WITH(svg::line_chart(chart), Catch::Contains("series 'speed'"));
  CHECK_THROWS_WITH(svg::timeline({"t", "clocks", {"a"}, {}, {{1, 0, 1, 0, "late"}}}),
                    Catch::Contains("'late'"));
  CHECK_THROWS(svg::image({1.0F}, 2, 2, 1));
  CHECK_THROWS(svg::bar_chart({"t", "u", {"a", "b"}, {{"r", {1}}}}));
}

TEST_CASE("report: the page is balanced, escaped, and loads nothing") {
  const RunReport report = some_report();
  const std::string page = to_html(report);
  CHECK(first_unbalanced(page) == "");
  CHECK(page.find("Digits &lt;&amp;") != std::string::npos);
  CHECK(page.find("conv &lt;1&gt;") != std::string::npos);
  const std::regex reference("(src|href)\\s*=|@import|url\\(|<script");
  CHECK_FALSE(std::regex_search(page, reference));
  CHECK(page.find("Every byte is equal") != std::string::npos);
}

TEST_CASE("report: layers have a table and charts of clocks and bytes") {
  LayerRow row;
  row.name = "a layer of a long name";
  row.cycles = 120;
  row.ideal_cycles = 100;
  row.sparsity = 8;
  row.predicted_cycles = 110;
  row.dram_read = 7000;
  row.dram_written = 300;
  row.local_peak = 4096;
  row.spilled = 256;
  const std::string alone = layer_table({row});
  row.ring = 5000;
  const std::string page =
      page_head("t", "s") + layer_table({row}) + layer_charts({row}) + page_end();
  CHECK(first_unbalanced(page) == "");
  for (const char* part : {"<td>8.0x</td>", "<td>110</td>", "<td>83.3 %</td>", "<td>7000</td>",
                           "<td>300</td>", "<td>5000</td>", "<td>4096</td>", "<td>256</td>",
                           "expected: 110", "measured: 120", "read: 7000"}) {
    INFO(part);
    CHECK(page.find(part) != std::string::npos);
  }
  CHECK(alone.find("5000") == std::string::npos);
  CHECK(to_json(row)["dram_bytes"] == 7300);
  CHECK(to_json(row)["ring_bytes"] == 5000);
  row.ring.reset();
  CHECK(to_json(row)["ring_bytes"].is_null());
  row.cycles = 0;
  CHECK(layer_charts({row}).find("measured: 0") != std::string::npos);
}

TEST_CASE("report: a failed comparison shows") {
  RunReport report = some_report();
  report.variants[1].ok = false;
  report.variants[1].mismatches = 5;
  CHECK_FALSE(report.ok());
  CHECK(to_html(report).find("5 FAILED") != std::string::npos);
  CHECK(to_html(report).find("Every byte is equal") == std::string::npos);
  const nlohmann::json json = to_json(report);
  CHECK(json["ok"] == false);
  CHECK(json["variants"][1]["mismatches"] == 5);
  report.variants.clear();
  CHECK_FALSE(report.ok());
  CHECK(first_unbalanced(to_html(report)) == "");
}

TEST_CASE("report: rows are said to be within their bounds, not equal") {
  RunReport report = some_report();
  CHECK(verdict(report) == "Every byte is equal in RTL, functional model and reference.");
  report.variants[2].worst_row_error = 0.5;
  CHECK(verdict(report).find("within their bounds of double precision") != std::string::npos);
  CHECK(to_html(report).find(verdict(report)) != std::string::npos);
  report.variants[0].ok = false;
  CHECK(verdict(report) == "A comparison failed or could not be made.");
}

TEST_CASE("report: errors of scores") {
  const ScoreError error = score_error({1, 2, 5, 4, 0, 0.5F}, {1, 3, -2, 4, 0, 1}, 3);
  CHECK(error.largest == 7);
  CHECK(error.mean == Approx(8.5 / 6));
  CHECK(error.range == 4);
  CHECK(error.same_answers == 0.5);
  CHECK_THROWS_AS(score_error({1, 2}, {1, 2, 3}, 1), std::invalid_argument);
  CHECK_THROWS_AS(score_error({1, 2, 3}, {1, 2, 3}, 2), std::invalid_argument);
  CHECK_THROWS_AS(score_error({}, {}, 2), std::invalid_argument);
}

TEST_CASE("report: every variant has the keys that scripts rely on") {
  for (const auto& v : to_json(some_report())["variants"]) {
    for (const char* key :
         {"sparsity", "accuracy_float", "accuracy_int8", "accuracy_rtl", "cycles_per_image",
          "speedup", "utilisation", "weight_bytes", "mismatches"}) {
      INFO(key);
      CHECK(v[key].is_number());
    }
  }
}
