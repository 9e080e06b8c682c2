#include "sw/driver/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sw {

bool all_hold(const std::vector<Comparison>& comparisons) {
  return std::all_of(comparisons.begin(), comparisons.end(),
                     [](const Comparison& c) { return c.made && c.mismatches == 0; });
}

nlohmann::json to_json(const std::vector<Comparison>& comparisons) {
  nlohmann::json out = nlohmann::json::array();
  for (const Comparison& c : comparisons) {
    out.push_back(
        {{"what", c.what}, {"made", c.made}, {"mismatches", c.mismatches}, {"first", c.first}});
  }
  return out;
}

std::string to_text(const std::vector<Comparison>& comparisons) {
  std::string text;
  for (const Comparison& c : comparisons) {
    text += fmt::format("  {:<24} {}\n", c.what,
                        !c.made             ? "NOT COMPARED"
                        : c.mismatches == 0 ? "equal"
                                            : fmt::format("{} BYTES DIFFER", c.mismatches));
    if (!c.first.empty()) text += fmt::format("    {}\n", c.first);
  }
  return text;
}

}  // namespace s4::sw
