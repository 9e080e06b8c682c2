// Copies of RTL files with one text replaced: the bugs that show a test failing when it should.
#pragma once
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

namespace s4::tests {

/// Options that load `file` (relative to the repository root) with `find`, which must occur once,
/// replaced; the copy lies under build/seeded_bugs/<name>/.
inline tb::ModelOptions seeded_bug(const std::string& file, const std::string& name,
                                   const std::string& find, const std::string& replace) {
  namespace fs = std::filesystem;
  const fs::path root = tb::root();
  std::stringstream buffer;
  buffer << std::ifstream(root / file).rdbuf();
  std::string text = buffer.str();
  const auto at = text.find(find);
  if (at == std::string::npos || text.find(find, at + 1) != std::string::npos) {
    throw std::runtime_error("seeded bug " + name + ": text not found exactly once in " + file);
  }
  text.replace(at, find.size(), replace);
  const fs::path folder = fs::path("build") / "seeded_bugs" / name;
  const fs::path target = folder / fs::path(file).filename();
  fs::create_directories(root / folder);
  std::stringstream present;
  present << std::ifstream(root / target).rdbuf();
  if (present.str() != text) std::ofstream(root / target) << text;
  tb::ModelOptions options;
  options.replace[fs::path(file).stem().string()] = target.string();
  return options;
}

/// A list of seeded bugs, each a model to build: the first `quick` are looked for in every run, the
/// others with S4_FULL=1 only.
class BugList {
 public:
  explicit BugList(unsigned quick) : quick_(quick) {}
  /// Whether this run leaves out the next bug of the list.
  [[nodiscard]] bool leaves_out() { return position_++ >= quick_ && !tb::full_run(); }

 private:
  unsigned quick_, position_ = 0;
};

}  // namespace s4::tests
