// A module of rtl/memory with one text replaced.
#pragma once
#include <string>

namespace s4::tests {

/// Path of the changed file. Throws std::runtime_error if the text does not occur once.
[[nodiscard]] std::string memory_bug(const std::string& module, const std::string& find,
                                     const std::string& replace);

}  // namespace s4::tests
