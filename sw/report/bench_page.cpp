#include "sw/report/bench_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>

#include "sw/report/layer_page.hpp"
#include "sw/report/svg.hpp"

namespace s4::sw {
namespace {

using nlohmann::json;

// What others have published. MLPerf Inference, open division, offline scenario.
struct Published {
  const char* who;
  double resnet50;    // images per second
  double bert_large;  // sequences of 384 tokens per second
  const char* note;
};
constexpr Published kPublished[] = {
    {"S4 card, the product", 31679, 1219, "measured by its maker; networks pruned and retrained"},
    {"NVIDIA T4", 6121, 427, "dense, INT8"},
};

/// Multiply-accumulates of a sequence.
constexpr double bert_macs(double layers, double hidden, double tokens) {
  return layers * tokens * hidden * (12 * hidden + 2 * tokens);
}
constexpr double kLargeOverBase = bert_macs(24, 1024, 384) / bert_macs(12, 768, 384);

/// A key of `shares`, and what it says of the clocks.
struct Share {
  const char* key;
  const char* name;
  const char* text;
};
constexpr Share kShares[] = {
    {"array", "array", "the array works"},
    {"weights", "weights", "it waits for weights"},
    {"activations", "inputs", "it waits for activations of the local buffer"},
    {"results", "results", "it waits for results to leave"},
    {"rows", "rows", "the row engine works (softmax, LayerNorm)"},
    {"host", "host", "the host's part between programs"},
    {"other", "other", "no work: data not there yet, or another subsystem still busy"},
};

std::string number(double value) {
  const std::string digits = fmt::format("{:.0f}", value);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

using Key = std::tuple<std::string, std::int64_t, std::string, std::int64_t>;  // a curve

Key curve_of(const json& entry) {
  const json& sequence = entry.at("sequence");
  return {entry.at("network"), sequence.is_null() ? 0 : sequence.get<std::int64_t>(),
          entry.at("mode"), entry.at("batch")};
}

std::string network_name(const Key& key) {
  if (std::get<0>(key) == "resnet50") return "ResNet-50";
  if (std::get<0>(key) == "bert-base") return fmt::format("BERT-base {}", std::get<1>(key));
  return std::get<0>(key);
}

std::string full_name(const json& sum) {
  const Key key = curve_of(sum);
  const std::int64_t batch = std::get<3>(key);
  return fmt::format("{}, {:g}x, {} {}{}, {}", network_name(key), sum.at("sparsity").get<double>(),
                     batch, std::get<1>(key) != 0 ? "sequence" : "image", batch == 1 ? "" : "s",
                     std::get<2>(key));
}

/// Sums by curve, in the order of their first appearance, sorted by sparsity.
std::vector<std::pair<Key, std::vector<json>>> curves(const json& figures) {
  std::vector<std::pair<Key, std::vector<json>>> list;
  for (const json& sum : figures.at("sums")) {
    const Key key = curve_of(sum);
    auto found = std::find_if(list.begin(), list.end(), [&](auto& c) { return c.first == key; });
    if (found == list.end()) found = list.insert(list.end(), {key, {}});
    found->second.push_back(sum);
  }
  for (auto& [key, sums] : list) {
    std::stable_sort(sums.begin(), sums.end(), [](const json& a, const json& b) {
      return a.at("sparsity").get<double>() < b.at("sparsity").get<double>();
    });
  }
  return list;
}

std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<div class=\"wide\"><table><tr>";
  for (const std::string& cell : head) out += "<th>" + svg::escape(cell) + "</th>";
  out += "</tr>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (const std::string& cell : row) out += "<td>" + svg::escape(cell) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string sums_table(const json& figures) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, sums] : curves(figures)) {
    for (const json& s : sums) {
      const json& speedup = s.at("speedup");
      rows.push_back(
          {full_name(s), number(s.at("cycles")), number(s.at("images_per_s")),
           speedup.is_null() ? "" : fmt::format("{:.2f}x", speedup.get<double>()),
           number(s.at("weight_bytes")), number(s.at("parameter_bytes")),
           number(s.at("dram_bytes")), number(s.at("mismatches")),
           fmt::format("{:.1f}", s.at("cycles").get<double>() /
                                     std::max(s.at("wall_s").get<double>(), 1e-9) / 1e3)});
    }
  }
  return table({"measured", "clocks", "per second", "speed-up", "weight bytes", "parameter bytes",
                "DRAM bytes", "mismatches", "simulated kHz"},
               rows);
}

/// The largest share.
const Share& limit_of(const json& sum) {
  const json& shares = sum.at("shares");
  return *std::max_element(std::begin(kShares), std::end(kShares), [&](auto& a, auto& b) {
    return shares.at(a.key).template get<double>() < shares.at(b.key).template get<double>();
  });
}

std::string latency_table(const json& figures) {
  std::vector<std::vector<std::string>> rows;
  const double clock = figures.at("clock_hz");
  for (const auto& [key, sums] : curves(figures)) {
    for (const json& s : sums) {
      if (std::get<3>(key) != 1) continue;
      const Share& limit = limit_of(s);
      rows.push_back({full_name(s), number(s.at("cycles")),
                      fmt::format("{:.0f}", s.at("cycles").get<double>() / clock * 1e6),
                      fmt::format("{:.0f} %: {}", 100 * s.at("shares").at(limit.key).get<double>(),
                                  limit.text)});
    }
  }
  if (rows.empty()) return "";
  return "<h2>Latency of one</h2>\n" + table({"measured", "clocks", "microseconds", "limit"}, rows);
}

std::string shares_body(const json& figures) {
  svg::BarChart chart{"Clocks of the arrays", "%", {}, {}};
  for (const Share& share : kShares) chart.parts.emplace_back(share.name);
  for (const auto& [key, sums] : curves(figures)) {
    for (const json& s : sums) {
      if (s.at("shares").is_null()) continue;
      svg::BarRow row{
          fmt::format("{} {:g}x {}{}", network_name(key), s.at("sparsity").get<double>(),
                      std::get<2>(key), std::get<3>(key) == 1 ? " 1" : ""),
          {}};
      for (const Share& share : kShares) {
        row.parts.push_back(100 * s.at("shares").at(share.key).get<double>());
      }
      chart.rows.push_back(std::move(row));
    }
  }
  if (chart.rows.empty()) return "";
  std::string out =
      "<h2>Where the clocks go</h2>\n<p>By the counters of the RTL, over all subsystems: ";
  for (const Share& share : kShares) {
    out += fmt::format("{}{}: {}", &share == kShares ? "" : "; ", share.name, share.text);
  }
  return out + ".</p>\n<div class=\"charts\"><div>" + svg::bar_chart(chart) + "</div></div>\n";
}

/// Clocks of layers by the bound that the compiler expects of them, and by engine.
std::string bounds_table(const json& figures) {
  std::set<std::string> bounds;
  for (const json& row : figures.at("rows")) bounds.insert(row.at("bound").get<std::string>());
  std::vector<std::string> head{"clocks of layers bound by"};
  head.insert(head.end(), bounds.begin(), bounds.end());
  head.emplace_back("of these of the row engine");
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, sums] : curves(figures)) {
    for (const json& s : sums) {
      std::map<std::string, double> clocks;
      double all = 0, row_engine = 0;
      for (const json& row : figures.at("rows")) {
        if (curve_of(row) != key || row.at("sparsity") != s.at("sparsity")) continue;
        if (row.at("cycles").is_null()) continue;
        const double own = row.at("cycles");
        clocks[row.at("bound")] += own;
        all += own;
        if (row.at("engine") == "activation") row_engine += own;
      }
      if (all <= 0) continue;
      std::vector<std::string> cells{full_name(s)};
      for (const std::string& bound : bounds) {
        cells.push_back(fmt::format("{:.0f} %", 100 * clocks[bound] / all));
      }
      cells.push_back(fmt::format("{:.0f} %", 100 * row_engine / all));
      rows.push_back(std::move(cells));
    }
  }
  return table(head, rows);
}

std::string comparison(const json& figures) {
  std::vector<std::vector<std::string>> rows;
  const auto ratio = [](double own, double other) { return fmt::format("{:.2f}", own / other); };
  for (const Published& p : kPublished) {
    rows.push_back({p.who, number(p.resnet50), number(p.bert_large), "", "", p.note});
  }
  for (const auto& [key, sums] : curves(figures)) {
    if (std::get<3>(key) == 1) continue;
    const bool resnet = std::get<0>(key) == "resnet50";
    if (!resnet && std::get<1>(key) != 384) continue;
    for (const json& s : sums) {
      if (!s.at("full_size").get<bool>()) continue;
      const double own = s.at("images_per_s").get<double>() / (resnet ? 1 : kLargeOverBase);
      const auto of = [&](const Published& p) {
        return ratio(own, resnet ? p.resnet50 : p.bert_large);
      };
      rows.push_back({"this RTL, " + full_name(s), resnet ? number(own) : "",
                      resnet ? "" : number(own), of(kPublished[0]), of(kPublished[1]),
                      resnet ? "simulated clocks at the assumed frequency"
                             : fmt::format("computed: BERT-base measured, divided by the {:.2f} "
                                           "times more multiply-accumulates of BERT-large",
                                           kLargeOverBase)});
    }
  }
  return "<h2>Beside published figures</h2>\n" +
         table({"what", "ResNet-50, images/s", "BERT-large, 384 tokens, sequences/s",
                "of the S4 card", "of the T4", "how"},
               rows) +
         fmt::format(
             "<p>Measured: clocks of the verilated RTL of the whole chip, memory controllers "
             "included, with timing models of the LPDDR4X devices at its pins; results compared "
             "byte by byte. Assumed: {:g} MHz, which no layout has shown; inputs are in DRAM and "
             "results stay there, so PCIe is no part of it, as it is of the published figures; "
             "weights are random, pruned evenly in all layers, so nothing is said about accuracy. "
             "At which sparsity the product was measured is not "
             "known.</p>\n",
             figures.at("clock_hz").get<double>() / 1e6);
}

std::string layers(const json& figures) {
  std::string out = "<h2>Layers</h2>\n";
  for (const auto& [key, sums] : curves(figures)) {
    for (const json& s : sums) {
      std::vector<std::vector<std::string>> rows;
      for (const json& r : figures.at("rows")) {
        if (curve_of(r) != key || r.at("sparsity") != s.at("sparsity")) continue;
        const double cycles = r.at("cycles").is_null() ? 0 : r.at("cycles").get<double>();
        rows.push_back({r.at("layer"), r.at("engine"), r.at("shape"), number(r.at("macs_nonzero")),
                        fmt::format("{:.1f}x", r.at("weight_sparsity").get<double>()),
                        number(cycles),
                        fmt::format("{:.1f} %", 100 * cycles / s.at("cycles").get<double>()),
                        number(r.at("predicted_cycles")), r.at("bound"),
                        number(r.at("weight_bytes")), number(r.at("dram_bytes_read")),
                        number(r.at("dram_bytes_written")), number(r.at("mismatches"))});
      }
      if (rows.empty()) continue;
      out += "<details><summary>" + svg::escape(full_name(s)) + "</summary>\n" +
             table({"layer", "engine", "shape", "non-zero MACs", "sparsity", "cycles", "of all",
                    "expected", "bound", "weight bytes", "DRAM read", "DRAM written", "mismatches"},
                   rows) +
             "</details>\n";
    }
  }
  return out;
}

void require_figures(const BenchFile& file) {
  try {
    for (const char* key : {"config", "clock_hz", "subsystems", "seed", "store_all", "ok"}) {
      (void)file.figures.at(key);
    }
    for (const json& sum : file.figures.at("sums")) {
      (void)curve_of(sum);
      for (const char* key : {"sparsity", "cycles", "images_per_s", "weight_bytes", "dram_bytes",
                              "parameter_bytes", "mismatches", "wall_s"}) {
        (void)sum.at(key).get<double>();
      }
      (void)sum.at("full_size").get<bool>();
      if (sum.at("shares").is_null()) continue;
      for (const Share& share : kShares) (void)sum.at("shares").at(share.key).get<double>();
    }
    for (const json& row : file.figures.at("rows")) {
      (void)curve_of(row);
      for (const char* key : {"layer", "engine", "shape", "bound"}) {
        (void)row.at(key).get<std::string>();
      }
      for (const char* key :
           {"sparsity", "predicted_cycles", "macs_nonzero", "weight_sparsity", "weight_bytes",
            "dram_bytes_read", "dram_bytes_written", "mismatches"}) {
        (void)row.at(key).get<double>();
      }
      (void)row.at("cycles");
    }
  } catch (const json::exception& problem) {
    throw std::invalid_argument(
        fmt::format("{}: no figures of s4 bench chip: {}", file.path, problem.what()));
  }
}

/// Takes out what another file has measured again.
void remove_same(json& list, const json& more) {
  const auto same = [](const json& a, const json& b) {
    return curve_of(a) == curve_of(b) && a.at("sparsity") == b.at("sparsity");
  };
  json kept = json::array();
  for (const json& entry : list) {
    if (std::none_of(more.begin(), more.end(), [&](const json& m) { return same(entry, m); })) {
      kept.push_back(entry);
    }
  }
  list = std::move(kept);
}

}  // namespace

json join_benches(const std::vector<BenchFile>& files) {
  if (files.empty()) throw std::invalid_argument("no figures of s4 bench chip");
  json all;
  for (const BenchFile& file : files) {
    require_figures(file);
    if (all.is_null()) {
      all = file.figures;
      continue;
    }
    for (const char* key : {"config", "clock_hz", "subsystems", "store_all"}) {
      if (all.at(key) == file.figures.at(key)) continue;
      throw std::invalid_argument(fmt::format("{}: '{}' is {}, in {} it is {}", file.path, key,
                                              file.figures.at(key).dump(), files.front().path,
                                              all.at(key).dump()));
    }
    remove_same(all["rows"], file.figures.at("sums"));
    remove_same(all["sums"], file.figures.at("sums"));
    for (const char* key : {"rows", "sums"}) {
      for (const json& entry : file.figures.at(key)) all[key].push_back(entry);
    }
    all["ok"] = all.at("ok").get<bool>() && file.figures.at("ok").get<bool>();
  }
  for (json& sum : all["sums"]) {
    sum["speedup"] = nullptr;
    for (const json& dense : all["sums"]) {
      if (curve_of(dense) != curve_of(sum) || dense.at("sparsity") != 1.0) continue;
      sum["speedup"] = dense.at("cycles").get<double>() / sum.at("cycles").get<double>();
    }
  }
  return all;
}

std::string speedup_chart(const json& figures) {
  std::vector<double> ticks{1, 8, 16, 32};
  svg::LineChart chart{"Speed-up against sparsity",
                       {"sparsity of the weights", 0, 32, false, ticks, "x"},
                       {"", 0, 32, false, ticks, "x"},
                       {}};
  std::map<std::string, int> modes;
  for (const auto& [key, sums] : curves(figures)) {
    if (std::get<3>(key) > 1 && sums.size() > 1) ++modes[network_name(key)];
  }
  for (const auto& [key, sums] : curves(figures)) {
    if (std::get<3>(key) == 1) continue;
    const std::string name = network_name(key);
    svg::Series line{modes[name] > 1 ? name + " " + std::get<2>(key) : name,
                     {},
                     {},
                     static_cast<int>(chart.series.size()),
                     false};
    for (const json& s : sums) {
      if (s.at("speedup").is_null()) continue;
      line.x.push_back(s.at("sparsity"));
      line.y.push_back(s.at("speedup"));
    }
    if (line.x.size() > 1) chart.series.push_back(std::move(line));
  }
  if (chart.series.empty()) return "";
  chart.series.push_back({"ideal", {1, 32}, {1, 32}, 7, true});
  return svg::line_chart(chart);
}

std::string bench_page(const json& figures) {
  const bool ok = figures.at("ok");
  std::string out = page_head(
      "Whole networks on the chip",
      fmt::format("Configuration {}, {} subsystem{}, LPDDR4X, {:g} MHz assumed, seed {}{}.",
                  svg::escape(figures.at("config")), figures.at("subsystems").get<int>(),
                  figures.at("subsystems") == 1 ? "" : "s",
                  figures.at("clock_hz").get<double>() / 1e6, figures.at("seed").get<int>(),
                  figures.at("store_all").get<bool>() ? ", every layer's output stored" : ""));
  out += fmt::format("<p{}>{}</p>\n", ok ? "" : " class=\"bad\"",
                     ok ? "Every byte is equal in RTL, functional model and reference."
                        : "A comparison failed or could not be made.");
  const std::string chart = speedup_chart(figures);
  if (!chart.empty()) out += "<div class=\"charts\"><div>" + chart + "</div></div>\n";
  return out + sums_table(figures) + latency_table(figures) + shares_body(figures) +
         bounds_table(figures) + comparison(figures) + layers(figures) + page_end();
}

std::string chart_file(const std::string& chart) {
  std::string out = chart;
  const std::size_t end = out.find('>');
  if (out.rfind("<svg", 0) != 0 || end == std::string::npos) {
    throw std::invalid_argument("there is no chart");
  }
  out.insert(end + 1, "\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
  return out;
}

}  // namespace s4::sw
