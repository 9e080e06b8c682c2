#include "sw/cli/checks.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

namespace s4::cli {
namespace {

/// One name per file, whether or not it exists.
std::string identity(const std::string& path) {
  std::error_code error;
  const auto name = std::filesystem::weakly_canonical(path, error);
  return error ? path : name.string();
}

/// /dev/stdout and the like take any number of writers.
bool is_device(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return !error && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

void require_one_writable(const OutputFile& file) {
  if (is_device(file.path)) return;
  const bool existed = std::filesystem::exists(file.path);
  const bool good = std::ofstream(file.path, std::ios::app).is_open();
  if (!good) throw std::invalid_argument("cannot write " + file.path);
  if (!existed) std::filesystem::remove(file.path);
}

}  // namespace

CLI::Validator whole(std::uint64_t least) {
  return CLI::Validator(
      [least](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc() && stop == end && value >= least) return {};
        return fmt::format("{} is not a whole number of at least {}", text, least);
      },
      "WHOLE");
}

CLI::Validator finite() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (*end == '\0' && std::isfinite(value) && value >= 0) return {};
        return fmt::format("{} is not a finite number of at least 0", text);
      },
      "NUMBER");
}

void require_writable(const std::vector<OutputFile>& outputs,
                      const std::vector<std::string>& inputs) {
  std::map<std::string, std::string> seen;
  for (const std::string& input : inputs) seen.emplace(identity(input), "an input");
  for (const OutputFile& file : outputs) {
    if (file.path.empty() || is_device(file.path)) continue;
    const auto [other, fresh] = seen.emplace(identity(file.path), file.option);
    if (!fresh) {
      throw std::invalid_argument(
          fmt::format("{} and {} are the same file: {}", other->second, file.option, file.path));
    }
  }
  for (const OutputFile& file : outputs) {
    if (!file.path.empty()) require_one_writable(file);
  }
}

}  // namespace s4::cli
