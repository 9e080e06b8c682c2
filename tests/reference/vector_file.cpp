#include "tests/reference/vector_file.hpp"

#include <fstream>
#include <stdexcept>

#include "tb/root.hpp"

namespace s4::ref::test {

std::vector<uint8_t> decode_base64(const std::string& text) {
  static const std::string kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<uint8_t> bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char digit : text) {
    if (digit == '=') break;
    const size_t value = kDigits.find(digit);
    if (value == std::string::npos) throw std::runtime_error("not base64");
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xFFFFU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<uint8_t>(bits >> held));
    }
  }
  return bytes;
}

std::vector<VectorCase> load_vectors(const std::string& op) {
  const std::string path = tb::root() + "/tests/reference/vectors/" + op + ".json";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<VectorCase> cases;
  for (const nlohmann::json& fields : json.at("cases")) cases.emplace_back(fields);
  return cases;
}

}  // namespace s4::ref::test
