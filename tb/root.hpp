// Where the repository is: compiled in, overridden by the environment variable S4_ROOT.
#pragma once
#include <string>

namespace s4::tb {

/// Absolute path of the repository root, without a trailing slash.
[[nodiscard]] std::string root();

}  // namespace s4::tb
