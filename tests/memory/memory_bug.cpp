#include "tests/memory/memory_bug.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tb/root.hpp"

namespace s4::tests {

std::string memory_bug(const std::string& module, const std::string& find,
                       const std::string& replace) {
  const auto root = std::filesystem::path(tb::root());
  std::stringstream text;
  text << std::ifstream(root / "rtl" / "memory" / (module + ".sv")).rdbuf();
  std::string source = text.str();
  const auto place = source.find(find);
  if (place == std::string::npos || source.find(find, place + 1) != std::string::npos) {
    throw std::runtime_error(module + " does not have this text once: " + find);
  }
  source.replace(place, find.size(), replace);
  const auto folder = root / "build" / "tests" / ("bug_" + module);
  std::filesystem::create_directories(folder);
  const auto path = folder / (module + ".sv");
  std::ofstream(path) << source;
  return path.string();
}

}  // namespace s4::tests
