// Whether a page is well-formed.
#pragma once
#include <regex>
#include <string>
#include <vector>

namespace s4::tests {

/// The first tag that is not closed in order, nothing if all are; void elements of HTML and
/// declarations left out.
inline std::string first_unbalanced(const std::string& text) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-zA-Z0-9!]+)[^<>]*?(/?)>");
  for (std::sregex_iterator it(text.begin(), text.end(), tag), end; it != end; ++it) {
    const std::string name = (*it)[2];
    if (name == "meta" || name == "br" || name == "!DOCTYPE" || (*it)[3] == "/") continue;
    if ((*it)[1] == "/") {
      if (open.empty() || open.back() != name) return "</" + name + ">";
      open.pop_back();
    } else {
      open.push_back(name);
    }
  }
  return open.empty() ? std::string() : "<" + open.back() + ">";
}

}  // namespace s4::tests
