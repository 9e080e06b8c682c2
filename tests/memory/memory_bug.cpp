#include "tests/memory/memory_bug.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

#include "tb/root.hpp"

namespace s4::tests {

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void replace_once(std::string& source, const std::string& find, const std::string& replace) {
  const auto place = source.find(find);
  if (place == std::string::npos || source.find(find, place + 1) != std::string::npos) {
    throw std::runtime_error("not there once: " + find);
  }
  source.replace(place, find.size(), replace);
}

/// A copy with this content, in a folder of its own: models of it need not be built again.
std::string stored(const std::string& name, const std::string& source) {
  const auto folder = std::filesystem::path(tb::root()) / "build" / "tests" /
                      (name + "_" + std::to_string(std::hash<std::string>{}(source)));
  std::filesystem::create_directories(folder);
  const auto path = folder / (name + ".sv");
  if (!std::filesystem::exists(path) || text_of(path) != source) std::ofstream(path) << source;
  return path.string();
}

}  // namespace

std::string memory_bug(const std::string& module, const std::string& find,
                       const std::string& replace) {
  std::string source =
      text_of(std::filesystem::path(tb::root()) / "rtl" / "memory" / (module + ".sv"));
  replace_once(source, find, replace);
  return stored(module, source);
}

std::map<std::string, std::string> memory_times(const std::map<std::string, unsigned>& times) {
  const std::string package = "lpddr4_pkg";
  std::string source =
      text_of(std::filesystem::path(tb::root()) / "rtl" / "memory" / "gen" / (package + ".sv"));
  for (const auto& [name, value] : times) {
    const std::string begin = "localparam int unsigned " + name + " = ";
    const auto place = source.find(begin);
    if (place == std::string::npos) throw std::runtime_error("no time " + name);
    const auto end = source.find(';', place);
    source.replace(place, end - place, begin + std::to_string(value));
  }
  return {{package, stored(package, source)}};
}

}  // namespace s4::tests
