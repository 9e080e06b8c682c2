// s4 digits as a user runs it: on one subsystem, on the chip, on both; report and figures.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tb/root.hpp"
#include "tests/support/command.hpp"
#include "tests/support/html.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using s4::tests::Outcome;
using s4::tests::run;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("s4-classify-" + std::to_string(getpid()));
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_CASE("digits: the chip alone, and beside one subsystem") {
  const Folder folder;
  const std::string common = "digits --images 4 --config " + s4::tb::root() +
                             "/tests/chip/pair.json --out " + folder.path.string();
  std::vector<json> reports;
  for (const std::string on : {"chip", "both"}) {
    std::string arguments = common;
    arguments += " --on " + on + (on == "both" ? " --memory ideal" : "");
    const Outcome outcome = run(arguments + " --trace " + (folder.path / "t.json").string());
    INFO(outcome.output);
    REQUIRE(outcome.code == 0);
    CHECK_THAT(outcome.output, Catch::Contains("Every byte is equal in RTL"));
    CHECK(json::accept(folder.text("t.json")));
    CHECK(s4::tests::first_unbalanced(folder.text("report.html")).empty());
    reports.push_back(json::parse(folder.text("report.json")));
    for (const json& v : reports.back().at("variants")) {
      CHECK(v.at("mismatches") == 0);
      CHECK(v.at("accuracy_rtl") == v.at("accuracy_int8"));
      CHECK(v.at("lpddr4_cycles_per_image").is_null());
    }
  }
  // The chip's programs are a part of all its clocks, which both runs count alike.
  for (std::size_t i = 0; i < reports[0].at("variants").size(); ++i) {
    const json& chip = reports[0].at("variants")[i];
    const json& both = reports[1].at("variants")[i];
    CHECK(chip.at("cycles_per_image") < chip.at("chip_cycles_per_image"));
    CHECK(chip.at("chip_cycles_per_image") == both.at("chip_cycles_per_image"));
    CHECK(chip.at("accuracy_rtl") == both.at("accuracy_rtl"));
    CHECK(chip.at("weight_bytes") == both.at("weight_bytes"));
  }
}

TEST_CASE("digits: a place that there is not is refused") {
  const auto refused = [](const std::string& arguments, const std::string& why) {
    const Outcome outcome = run("digits " + arguments);
    INFO(arguments << ": " << outcome.output);
    CHECK(outcome.code != 0);
    CHECK_THAT(outcome.output, Catch::Contains(why));
  };
  refused("--on moon", "--on");
  refused("--on chip --memory ideal", "the chip's memory is LPDDR4X");
}

}  // namespace
