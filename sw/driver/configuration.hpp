// A configuration by its name or from a user's file.
#pragma once

#include <string>

#include "sim/config/gen/configuration.hpp"

namespace s4::sw {

/// `argument`: tiny, small, s4, or the path of a configuration file {name, base, parameters}, which
/// tools/generate.py checks and completes. Throws std::runtime_error.
[[nodiscard]] config::Configuration find_configuration(const std::string& argument);

}  // namespace s4::sw
