#include "sw/driver/configuration.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "sim/config/configuration_loader.hpp"
#include "tb/root.hpp"

namespace s4::sw {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

config::Configuration find_configuration(const std::string& argument) {
  const std::string root = tb::root();
  namespace fs = std::filesystem;
  if (fs::exists(root + "/rtl/config/gen/" + argument + "/config.json")) {
    return sim::load_configuration(root, argument);
  }
  if (!fs::is_regular_file(argument)) {
    throw std::runtime_error("configuration '" + argument +
                             "' is neither tiny, small, s4 nor a file");
  }
  // Files of the same name in different folders, read at the same time, must not meet.
  const std::size_t place = std::hash<std::string>{}(fs::absolute(argument).string());
  const std::string out =
      fmt::format("{}/build/gen/host-{}-{:016x}", root, fs::path(argument).stem().string(), place);
  const std::string command = "python3 " + quoted(root + "/tools/generate.py") + " --config " +
                              quoted(argument) + " --out " + quoted(out) + " >/dev/null";
  if (std::system(command.c_str()) != 0) {
    throw std::runtime_error("configuration file " + argument + " was refused");
  }
  return sim::load_configuration_file(out + "/config.json");
}

}  // namespace s4::sw
