// Compiled networks as files: all that a run needs, the comparison with the reference included.
//
// Sections: "network" (JSON: graph, options, programs without their commands), "constants" (of the
// graph), "commands" (128 bytes each), "command info" (what each is for), "weights" (as in memory).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sw/network/network.hpp"
#include "sw/program_file/sections.hpp"

namespace s4::sw {

/// The same network gives the same bytes. Throws ProgramFileError if its weights have a place of
/// their own.
[[nodiscard]] std::vector<std::uint8_t> encode_program(const CompiledNetwork& compiled);
/// Throws ProgramFileError on any damage, and if the file was made by a version that would compile
/// the network in another way. `name` stands for the file in errors.
[[nodiscard]] CompiledNetwork decode_program(std::span<const std::uint8_t> bytes,
                                             const std::string& name);

/// Throws ProgramFileError if the file cannot be written.
void write_program(const std::filesystem::path& path, const CompiledNetwork& compiled);
/// Refuses programs for another configuration. Throws ProgramFileError.
[[nodiscard]] CompiledNetwork read_program(const std::filesystem::path& path,
                                           const config::Configuration& config);
/// The same for any configuration.
[[nodiscard]] CompiledNetwork read_program(const std::filesystem::path& path);

/// True if the file starts like a program; false too if it cannot be read.
[[nodiscard]] bool is_program(const std::filesystem::path& path);

}  // namespace s4::sw
