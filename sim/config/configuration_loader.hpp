// Reads configurations that the generator has written.
#pragma once

#include <string>

#include "sim/config/gen/configuration.hpp"

namespace s4::sim {

/// Reads the named configuration below the repository root `root`: rtl/config/gen/NAME/config.json,
/// or build/gen/NAME/config.json for one made from a user's file.
/// Throws std::runtime_error that says what is missing.
[[nodiscard]] config::Configuration load_configuration(const std::string& root,
                                                       const std::string& name);

/// Reads one config.json.
[[nodiscard]] config::Configuration load_configuration_file(const std::string& path);

}  // namespace s4::sim
