// Entry point of every test program: Catch2 with the seed of the run printed first.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  Catch::Session session;
  const int usage = session.applyCommandLine(argc, argv);
  if (usage != 0) return usage;
  const char* seed = std::getenv("S4_SEED");
  const auto& data = session.configData();
  if (!data.listTests && !data.listTestNamesOnly && !data.listTags && !data.showHelp &&
      data.reporterName == "console") {
    std::printf("seed %s (set S4_SEED to repeat another)\n", seed != nullptr ? seed : "1");
    std::fflush(stdout);
  }
  return session.run();
}
