// The page of s4 bench chip: joined from files, well-formed, and refusing what are no figures.
#include <catch2/catch.hpp>
#include <regex>
#include <string>

#include "sw/report/bench_page.hpp"
#include "tests/support/html.hpp"

namespace {

using namespace s4::sw;
using nlohmann::json;
using s4::tests::first_unbalanced;

json sum(const char* network, const json& sequence, double sparsity, double cycles,
         const char* mode = "broadcast", int batch = 16) {
  return {{"network", network},
          {"sequence", sequence},
          {"full_size", true},
          {"sparsity", sparsity},
          {"batch", batch},
          {"mode", mode},
          {"cycles", cycles},
          {"images_per_s", 900e6 * batch / cycles},
          {"speedup", 1},
          {"dram_bytes", 1234567},
          {"weight_bytes", 1000},
          {"parameter_bytes", 10},
          {"shares",
           {{"array", 0.5},
            {"weights", 0.1},
            {"activations", 0.1},
            {"results", 0.1},
            {"rows", 0.1},
            {"host", 0.05},
            {"other", 0.05}}},
          {"mismatches", 0},
          {"wall_s", 2.0}};
}

json row(const json& of, const char* layer, double cycles) {
  json r = of;
  r["layer"] = layer;
  r["engine"] = "spu";
  r["shape"] = "conv 1x3x4x4";
  r["cycles"] = cycles;
  r["bound"] = "mac";
  for (const char* key : {"predicted_cycles", "macs_nonzero", "weight_sparsity", "dram_bytes_read",
                          "dram_bytes_written"}) {
    r[key] = 7;
  }
  return r;
}

BenchFile file(const char* path, const std::vector<json>& sums) {
  BenchFile f{path,
              {{"config", "s4"},
               {"subsystems", 4},
               {"clock_hz", 900e6},
               {"seed", 1},
               {"store_all", false},
               {"sums", sums},
               {"rows", json::array()},
               {"ok", true}}};
  for (const json& s : sums) f.figures["rows"].push_back(row(s, "conv <1>", s.at("cycles")));
  return f;
}

TEST_CASE("bench page: files are joined, the later one counts, speed-ups are over 1x") {
  const BenchFile a =
      file("a", {sum("resnet50", nullptr, 16, 400), sum("resnet50", nullptr, 32, 9)});
  const BenchFile b = file("b", {sum("resnet50", nullptr, 1, 3200), sum("bert-base", 128, 1, 500),
                                 sum("resnet50", nullptr, 32, 200), sum("bert-base", 384, 16, 80)});
  const json all = join_benches({a, b});
  REQUIRE(all.at("sums").size() == 5);
  CHECK(all.at("rows").size() == 5);
  std::map<std::pair<std::string, double>, json> speedup;
  for (const json& s : all.at("sums")) {
    speedup[{s.at("network").get<std::string>() + s.at("sequence").dump(), s.at("sparsity")}] =
        s.at("speedup");
  }
  CHECK(speedup.at({"resnet50null", 1}) == 1);
  CHECK(speedup.at({"resnet50null", 16}) == 8);
  CHECK(speedup.at({"resnet50null", 32}) == 16);  // of b
  CHECK(speedup.at({"bert-base384", 16}).is_null());
}

TEST_CASE("bench page: well-formed, self-contained, with everything on it") {
  const json all =
      join_benches({file("a", {sum("resnet50", nullptr, 1, 3200), sum("resnet50", nullptr, 32, 100),
                               sum("bert-base", 384, 1, 900, "broadcast", 4),
                               sum("bert-base", 384, 32, 90, "broadcast", 4),
                               sum("resnet50", nullptr, 16, 4500, "split", 1)})});
  const std::string page = bench_page(all);
  CHECK(first_unbalanced(page).empty());
  for (const char* text : {"ResNet-50, 32x, 16 images, broadcast", "BERT-base 384", "31,679",
                           "6,121", "1,219", "427", "Latency of one", "50 %: the array works",
                           "conv &lt;1&gt;", "Assumed: 900 MHz", "32.00x", "ideal"}) {
    INFO(text);
    CHECK(page.find(text) != std::string::npos);
  }
  CHECK(page.find("FAILED") == std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("src=") == std::string::npos);
  CHECK(page.find("href=") == std::string::npos);
  const std::string chart = chart_file(speedup_chart(all));
  CHECK(first_unbalanced(chart).empty());
  CHECK_THAT(chart, Catch::StartsWith("<svg") && Catch::Contains("fill=\"white\""));
  // A network that is not the real one stands beside no published figure.
  json small = all;
  for (json& s : small["sums"]) s["full_size"] = false;
  CHECK(page.find("this RTL") != std::string::npos);
  CHECK(bench_page(small).find("this RTL") == std::string::npos);
  json failed = all;
  failed["ok"] = false;
  CHECK(bench_page(failed).find("class=\"bad\"") != std::string::npos);
}

TEST_CASE("bench page: what is no set of figures of one chip is refused") {
  const BenchFile good = file("good", {sum("resnet50", nullptr, 1, 10)});
  CHECK_THROWS_WITH(join_benches({}), Catch::Contains("no figures"));
  CHECK_THROWS_WITH(join_benches({{"x", json::object()}}), Catch::StartsWith("x: no figures"));
  BenchFile bad = good;
  bad.path = "bad";
  bad.figures["sums"][0].erase("shares");
  CHECK_THROWS_WITH(join_benches({good, bad}), Catch::Contains("bad: no figures"));
  bad = good;
  bad.figures["rows"][0]["bound"] = 3;
  CHECK_THROWS_WITH(join_benches({bad}), Catch::Contains("no figures"));
  bad = good;
  bad.path = "bad";
  bad.figures["config"] = "tiny";
  CHECK_THROWS_WITH(join_benches({good, bad}),
                    Catch::Contains("bad: 'config' is \"tiny\", in good"));
  CHECK(speedup_chart(join_benches({good})).empty());
  CHECK_THROWS_WITH(chart_file(""), Catch::Contains("no chart"));
}

}  // namespace
