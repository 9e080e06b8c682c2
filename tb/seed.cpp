#include "tb/seed.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace s4::tb {

std::uint64_t seed() {
  const char* text = std::getenv("S4_SEED");
  if (text == nullptr || *text == '\0') return 1;
  std::size_t used = 0;
  std::uint64_t value = 0;
  try {
    value = std::stoull(text, &used, 0);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != std::string(text).size()) {
    throw std::invalid_argument(std::string("S4_SEED is not a number: ") + text);
  }
  return value;
}

bool full_run() {
  const char* text = std::getenv("S4_FULL");
  return text != nullptr && std::string(text) == "1";
}

}  // namespace s4::tb
