// One thing against another, as reports tell it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace s4::sw {

/// Two things that had to be equal.
struct Comparison {
  std::string what;  ///< "rtl = functional", "rtl = reference", ...
  bool made = false;
  std::uint64_t mismatches = 0;  ///< bytes
  std::string first;             ///< the first mismatch in full, empty if there is none
};

/// Every one was made and held.
[[nodiscard]] bool all_hold(const std::vector<Comparison>& comparisons);
[[nodiscard]] nlohmann::json to_json(const std::vector<Comparison>& comparisons);
/// For people: a line each, and below it the first mismatch.
[[nodiscard]] std::string to_text(const std::vector<Comparison>& comparisons);

}  // namespace s4::sw
