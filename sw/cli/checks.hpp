// Checks of command-line arguments that several subcommands share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace s4::cli {

/// A number of digits only (a sign would wrap around), from `least` to 2^64 - 1.
[[nodiscard]] CLI::Validator whole(std::uint64_t least);

/// A number that is not negative, infinite or NaN.
[[nodiscard]] CLI::Validator finite();

/// An option that names a file to be written; `path` is empty if it was not given.
struct OutputFile {
  std::string option;
  std::string path;
};

/// Before anything is run: throws std::invalid_argument if one of the files cannot be written, if
/// two options name the same file, or if one is a file that is to be read. Existing files stay as
/// they are.
void require_writable(const std::vector<OutputFile>& outputs,
                      const std::vector<std::string>& inputs = {});

}  // namespace s4::cli
