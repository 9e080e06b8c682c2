// The mutant runner (tools/mutate.py): one bug, all of them with S4_FULL=1; one of each engine is a
// step of the gate.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

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

}  // namespace

TEST_CASE("mutants: killed, and reported as it should be") {
  if (!std::filesystem::exists(s4::tb::root() + "/build/bin/s4")) {
    const Outcome built = run("tools/build.sh s4_cli");
    INFO(built.output);
    REQUIRE(built.code == 0);
  }
  const std::string which = s4::tb::full_run() ? "" : " --name epilogue_zero_before_rounding";
  const Outcome outcome = run("python3 tools/mutate.py" + which);
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  CHECK(outcome.output.find(" killed, 0 survived") != std::string::npos);
}

TEST_CASE("mutants: a bug whose text is not in the RTL and an unknown name are refused") {
  CHECK(run("python3 tools/mutate.py --name no_such_mutant").code != 0);
  CHECK(run("python3 tools/mutate.py --list").code == 0);
}
