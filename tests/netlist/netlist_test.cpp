// The yosys netlist of the SPU in the place of its RTL, in whole programs: 20 conformance shapes of
// `tiny`, by the words netlist and by the gates netlist, and a netlist with one operator changed,
// which must fail. All with S4_FULL=1: their models take minutes to compile. See
// docs/guide/synthesis.md.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tb/root.hpp"
#include "tb/seed.hpp"

namespace {

struct Outcome {
  int code = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen(("cd '" + s4::tb::root() + "' && " + command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  while (std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
    outcome.output.append(buffer, count);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

/// The first `count` conformance cases of `tiny`, of BF16 or of bytes alone, as Catch2 argument.
std::string cases(std::size_t count, bool bf16) {
  const Outcome listed = run("build/bin/test_conformance --list-test-names-only 'tiny: *'");
  std::string argument;
  std::size_t begin = 0;
  while (count > 0 && begin < listed.output.size()) {
    const std::size_t end = listed.output.find('\n', begin);
    const std::string line = listed.output.substr(begin, end - begin);
    begin = end == std::string::npos ? listed.output.size() : end + 1;
    if (line.rfind("tiny: ", 0) != 0) continue;
    if ((line.find("bf16") != std::string::npos) != bf16) continue;
    if (!argument.empty()) argument += ',';
    for (const char c : line) {
      if (c == ',' || c == '[' || c == '\\') argument += '\\';
      argument += c;
    }
    --count;
  }
  REQUIRE(count == 0);
  return argument;
}

std::string make_netlist(const std::string& level) {
  const Outcome made = run("python3 tools/netlist.py --top spu --level " + level);
  INFO(made.output);
  REQUIRE(made.code == 0);
  return level == "words" ? "build/synth/tiny/spu_words_netlist.v"
                          : "build/synth/tiny/spu_netlist.v";
}

/// So many cases of bytes and of BF16.
Outcome conformance_with(const std::string& netlist, std::size_t bytes = 14,
                         std::size_t floats = 6) {
  if (run("test -x build/bin/test_conformance").code != 0) {
    REQUIRE(run("tools/build.sh test_conformance").code == 0);
  }
  return run("S4_MODEL_KIND=fast S4_MODEL_REPLACE=spu=" + netlist +
             " build/bin/test_conformance '" + cases(bytes, false) + "," + cases(floats, true) +
             "'");
}

}  // namespace

TEST_CASE("netlist: the SPU as words passes 20 conformance cases") {
  if (!s4::tb::full_run()) {
    WARN("its model takes six minutes to compile: make regress, or S4_FULL=1");
    return;
  }
  const Outcome outcome = conformance_with(make_netlist("words"));
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  CHECK(outcome.output.find("in 20 test cases") != std::string::npos);
}

TEST_CASE("netlist: the SPU as gates passes 20 conformance cases") {
  if (!s4::tb::full_run()) {
    WARN("its model takes ten minutes to compile: make regress, or S4_FULL=1");
    return;
  }
  const Outcome outcome = conformance_with(make_netlist("gates"));
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  CHECK(outcome.output.find("in 20 test cases") != std::string::npos);
}

TEST_CASE("netlist: one changed multiplier of the SPU fails the cases") {
  if (!s4::tb::full_run()) return;
  const std::string path = s4::tb::root() + "/" + make_netlist("words");
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t module = text.find("module spu_netlist_mac_quadrant(");
  REQUIRE(module != std::string::npos);
  const std::size_t product = text.find(" * ", module);
  REQUIRE(product != std::string::npos);
  text.replace(product, 3, " + ");
  const std::string changed = "build/synth/tiny/spu_changed_netlist.v";
  std::ofstream(s4::tb::root() + "/" + changed) << text;
  const Outcome outcome = conformance_with(changed, 2, 1);
  INFO(outcome.output);
  CHECK(outcome.code != 0);
  CHECK(outcome.output.find("failed") != std::string::npos);
}
