// The command-line program, run as a user does. S4_CLI names another one, such as one with
// sanitizers.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tb/root.hpp"

namespace s4::tests {

struct Outcome {
  int code = -1;
  std::string output;
};

inline Outcome run(const std::string& arguments) {
  const char* const chosen = std::getenv("S4_CLI");
  const std::string program = chosen != nullptr ? chosen : tb::root() + "/build/bin/s4";
  Outcome outcome;
  FILE* pipe = popen(("'" + program + "' " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  while (std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
    outcome.output.append(buffer, count);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

}  // namespace s4::tests
