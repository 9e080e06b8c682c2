// s4 bench chip as a user runs it: figures, page, progress; BERT at every sparsity in every mode.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/support/command.hpp"
#include "tests/support/html.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using s4::tests::Outcome;
using s4::tests::run;

/// Of files of this test; removed at the end.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("s4-bench-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

/// Of one seed: networks as small as these have so few outputs that others fail the zoo's check.
std::string seeded(const std::string& arguments) { return "bench chip --seed 1 " + arguments; }

std::string on_pair() { return "--config " + s4::tb::root() + "/tests/chip/pair.json "; }

/// Runs it and returns its figures, all of which must be right.
json figures(const Folder& folder, const std::string& arguments) {
  const Outcome outcome = run(seeded(arguments + " --json " + folder.file("x.json")));
  INFO(arguments << "\n" << outcome.output);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.output, Catch::Contains("Every byte is equal"));
  const json all = json::parse(folder.text("x.json"), nullptr, false);
  REQUIRE(all.is_object());
  CHECK(all.at("ok") == true);
  for (const json& sum : all.at("sums")) {
    INFO(sum.dump());
    CHECK(sum.at("ok") == true);
    CHECK(sum.at("mismatches") == 0);
    CHECK(sum.at("cycles") == sum.at("batch_cycles").back());
    CHECK(sum.at("batch_cycles").size() == sum.at("batches").get<std::size_t>());
    double shares = 0;
    for (const auto& [name, share] : sum.at("shares").items()) shares += share.get<double>();
    CHECK(shares > 0.9);
    CHECK(shares < 1.1);
  }
  return all;
}

TEST_CASE("bench chip: ResNet-50 in small, figures and page") {
  const Folder folder;
  const std::string small = on_pair() + "--size 32 --thinner 16 ";
  const json all = figures(folder, small + "--batch 4 --sparsity 1,16 --batches 2");
  REQUIRE(all.at("sums").size() == 2);
  CHECK(all.at("sums")[1].at("speedup") > 1);
  CHECK(all.at("sums")[1].at("weight_bytes") < all.at("sums")[0].at("weight_bytes"));
  // Of parameters as many bytes as there are channels, but a plan of another shape pads them.
  for (const json& sum : all.at("sums")) {
    std::uint64_t bytes = 0;
    for (const json& row : all.at("rows")) {
      if (row.at("sparsity") == sum.at("sparsity")) {
        bytes += row.at("parameter_bytes").get<std::uint64_t>();
      }
    }
    CHECK(sum.at("parameter_bytes") >= bytes);  // some are read again
    CHECK(bytes > 0);
  }
  CHECK(all.at("sums")[0].at("full_size") == false);
  fs::copy_file(folder.file("x.json"), folder.file("a.json"));
  const json one = figures(folder, small + "--batch 1 --batches 1 --mode split --sparsity 16");
  CHECK(one.at("sums")[0].at("program_cycles") < one.at("sums")[0].at("cycles"));

  const std::string from =
      "bench chip --from " + folder.file("a.json") + "," + folder.file("x.json");
  const Outcome drawn =
      run(from + " --html " + folder.file("p.html") + " --svg " + folder.file("p.svg"));
  INFO(drawn.output);
  CHECK(drawn.code == 0);
  CHECK(s4::tests::first_unbalanced(folder.text("p.html")).empty());
  CHECK_THAT(folder.text("p.html"),
             Catch::Contains("Latency of one") && Catch::Contains("/layer4/layer4.2/conv3/Conv"));
  CHECK_THAT(folder.text("p.svg"), Catch::Contains("ResNet-50") && Catch::Contains("ideal"));
}

TEST_CASE("bench chip: what cannot be drawn is refused") {
  const Folder folder;
  const auto refused = [&](const std::string& arguments, const char* why) {
    const Outcome outcome = run("bench chip " + arguments);
    INFO(arguments << "\n" << outcome.output);
    CHECK(outcome.code != 0);
    CHECK_THAT(outcome.output, Catch::Contains(why));
  };
  std::ofstream(folder.file("bad.json")) << "{}";
  std::ofstream(folder.file("no.json")) << "no";
  refused("--from " + folder.file("bad.json"), "give --html or --svg");
  refused("--from " + folder.file("bad.json") + " --html " + folder.file("p"), "no figures of");
  refused("--from " + folder.file("no.json") + " --html " + folder.file("p"), "not a JSON object");
  refused("--from " + folder.file("gone.json") + " --html " + folder.file("p"), "cannot read");
  refused("--batches 0", "--batches");
}

TEST_CASE("bench chip: the line of progress has layer, clocks, kHz and the time left") {
  const Outcome outcome =
      run(seeded(on_pair() + "--size 96 --thinner 16 --batch 2 --sparsity 1 --batches 2"));
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.output,
             Catch::Matches("[^]*chip, 2 subsystems, batch 1 of 2, layer [0-9]+ of [0-9]+, "
                            "/[^:]*: cycle [0-9]+, [0-9.]+ kHz, about [0-9]+ s left[^]*"));
}

/// Every sparsity in every mode; with every layer's output stored and compared.
void sweep_bert(const std::string& sizes, const std::string& sparsities, std::size_t sums) {
  const Folder folder;
  const json all = figures(
      folder, "--network bert-base --mode single,broadcast,split,auto --store-all --batches 1 " +
                  sizes + " --sparsity " + sparsities);
  CHECK(all.at("sums").size() == sums);
  std::set<std::string> engines;
  for (const json& row : all.at("rows")) {
    CHECK(row.at("mismatches") == 0);
    engines.insert(row.at("engine").get<std::string>());
  }
  CHECK(engines == std::set<std::string>{"activation", "spu"});
}

TEST_CASE("bench chip: BERT in small, every sparsity and mode") {
  if (!s4::tb::full_run()) {
    return sweep_bert(on_pair() +
                          "--layers-of-bert 1 --hidden 64 --vocabulary 50 --batch 2 "
                          "--sequence 12",
                      "16", 4);
  }
  sweep_bert(
      "--config small --layers-of-bert 2 --hidden 192 --vocabulary 100 --batch 4 "
      "--sequence 128,40",
      "1,8,16,32", 32);
}

TEST_CASE("bench chip: BERT-base, 128 tokens, on s4") {
  if (!s4::tb::full_run()) return;  // half an hour
  const Folder folder;
  figures(folder, "--network bert-base --batch 4 --batches 1 --sparsity 1,8,16,32");
}

TEST_CASE("bench chip: BERT-base, 384 tokens, on s4") {
  if (!s4::tb::full_run()) return;  // an hour
  const Folder folder;
  figures(folder, "--network bert-base --sequence 384 --batch 4 --batches 1 --sparsity 16,32");
}

}  // namespace
