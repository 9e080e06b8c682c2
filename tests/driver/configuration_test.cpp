#include "sw/driver/configuration.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using s4::sw::find_configuration;

namespace {

/// A configuration file in a folder of its own, removed at the end.
class File {
 public:
  explicit File(const std::string& text)
      : folder_(std::filesystem::temp_directory_path() /
                ("s4-configuration-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    std::ofstream(path()) << text;
  }
  ~File() { std::filesystem::remove_all(folder_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] std::string path() const { return (folder_ / "custom.json").string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("a configuration file changes what it names and nothing else") {
  const File file(R"({"name": "narrow", "base": "tiny", "parameters": {"NumQuadrants": 1}})");
  const auto config = find_configuration(file.path());
  const auto tiny = find_configuration("tiny");
  REQUIRE(config.name == "narrow");
  REQUIRE(config.num_quadrants == 1);
  REQUIRE(config.lanes_per_quadrant == tiny.lanes_per_quadrant);
  REQUIRE(config.hash != tiny.hash);
}

TEST_CASE("a configuration file that is not quite right is refused") {
  const std::string text = GENERATE(
      R"({"name": "x", "base": "tiny", "parameters": {"NumQuadrants": true}})",
      R"({"name": "x", "base": "tiny", "parameters": {"NumQuadrants": 1.0}})",
      R"({"name": "x", "base": "tiny", "parameters": {"NumQuadrants": "1"}})",
      R"({"name": "x", "base": "tiny", "parameters": {"NumQuadrants": 3}})",
      R"({"name": "x", "base": "tiny", "parameters": {"NumQuadrants": 1, "NumQuadrants": 2}})",
      R"({"name": "x", "base": "tiny", "parameters": {"Quadrants": 1}})",
      R"({"name": "x", "base": "tiny", "paramters": {"NumQuadrants": 1}})",
      R"({"name": "x", "base": ["tiny"]})", R"({"name": "x", "base": "large"})",
      R"({"name": "tiny", "base": "tiny"})", R"({"name": "x", )", "[]", "", "\xff\xfe");
  CAPTURE(text);
  const File file(text);
  REQUIRE_THROWS(find_configuration(file.path()));
}

TEST_CASE("a configuration that does not exist is refused") {
  REQUIRE_THROWS(find_configuration("nonexistent.json"));
  REQUIRE_THROWS(find_configuration(""));
  REQUIRE_THROWS(find_configuration("."));
}
