// Copies of the controller's sources that are wrong on purpose, or have other times.
#pragma once
#include <map>
#include <string>

namespace s4::tests {

/// Path of a copy of rtl/memory/<module>.sv with a text replaced, for MemorySetup::replace. The
/// text must be there once. Throws std::runtime_error.
[[nodiscard]] std::string memory_bug(const std::string& module, const std::string& find,
                                     const std::string& replace);

/// MemorySetup::replace of a controller with other times between commands, CK by the name in
/// lpddr4_pkg. Throws std::runtime_error.
[[nodiscard]] std::map<std::string, std::string> memory_times(
    const std::map<std::string, unsigned>& times);

}  // namespace s4::tests
