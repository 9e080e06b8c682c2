#include "sw/memory/memory_trace.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace s4::sw {
namespace {

constexpr std::array<const char*, 7> kNames{"sequential-read", "sequential-write", "two-streams",
                                            "random-read",     "random-mixed",     "random-256",
                                            "stride"};

}  // namespace

const char* to_string(MemoryPattern pattern) { return kNames[static_cast<std::size_t>(pattern)]; }

MemoryPattern memory_pattern(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<MemoryPattern>(i);
  }
  throw std::invalid_argument(
      fmt::format("unknown pattern '{}' (known: {})", name, fmt::join(kNames, ", ")));
}

std::vector<MemoryRequest> read_memory_trace(const std::string& path, std::uint64_t capacity) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("{}: cannot be read", path));
  std::vector<MemoryRequest> requests;
  std::string line;
  for (std::uint64_t number = 1; std::getline(file, line); ++number) {
    const auto refuse = [&](const std::string& why) {
      throw std::runtime_error(fmt::format("{}:{}: {}", path, number, why));
    };
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream words(line);
    std::string clock, kind, address, bytes, rest;
    words >> clock >> kind >> address >> bytes;
    const auto only = [](const std::string& text, const char* digits, std::size_t most) {
      return !text.empty() && text.size() <= most &&
             text.find_first_not_of(digits) == std::string::npos;
    };
    const bool prefixed = address.rfind("0x", 0) == 0 || address.rfind("0X", 0) == 0;
    const std::string hex = prefixed ? address.substr(2) : address;
    if (words >> rest || !only(clock, "0123456789", 18) || (kind != "R" && kind != "W") ||
        !only(hex, "0123456789abcdefABCDEF", 16) || !only(bytes, "0123456789", 9)) {
      refuse("expected '<clock> R|W <hex byte address> <bytes>'");
    }
    MemoryRequest request;
    request.clock = std::stoull(clock);
    request.write = kind == "W";
    request.address = std::stoull(hex, nullptr, 16);
    request.bytes = static_cast<std::uint32_t>(std::stoul(bytes));
    if (request.bytes == 0 || request.bytes > kMaxRequestBytes) {
      refuse(fmt::format("{} bytes; a request has 1 to {}", request.bytes, kMaxRequestBytes));
    }
    if (request.address >= capacity || request.bytes > capacity - request.address) {
      refuse(fmt::format("{} bytes at {:#x} reach beyond the memory of {:#x} bytes", request.bytes,
                         request.address, capacity));
    }
    requests.push_back(request);
  }
  if (requests.empty()) throw std::runtime_error(fmt::format("{}: no requests", path));
  return requests;
}

std::vector<MemoryRequest> make_memory_requests(MemoryPattern pattern, std::uint64_t count,
                                                std::uint64_t capacity, std::uint64_t seed) {
  if (capacity < 1u << 20 || capacity % 16384 != 0) {
    throw std::invalid_argument("a pattern needs a multiple of 16 KiB of at least 1 MiB");
  }
  std::mt19937_64 random(seed);
  std::vector<MemoryRequest> requests;
  requests.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    MemoryRequest request;
    switch (pattern) {
      case MemoryPattern::kSequentialRead:
      case MemoryPattern::kSequentialWrite:
        request.write = pattern == MemoryPattern::kSequentialWrite;
        request.address = 64 * i;
        break;
      case MemoryPattern::kTwoStreams:
        request.write = i % 3 == 2;
        request.address = request.write ? capacity / 2 + 64 * (i / 3) : 64 * (i - i / 3);
        break;
      case MemoryPattern::kRandomRead:
      case MemoryPattern::kRandomMixed:
        request.write = pattern == MemoryPattern::kRandomMixed && random() % 3 == 0;
        request.address = random() / 64 * 64;
        break;
      case MemoryPattern::kRandom256:
        request.bytes = 256;
        request.address = random() / 256 * 256;
        break;
      case MemoryPattern::kStride:
        // Every pass through the memory takes the next 64 bytes.
        request.address = 16384 * i + 16384 * i / capacity * 64;
        break;
    }
    request.address %= capacity;
    requests.push_back(request);
  }
  return requests;
}

}  // namespace s4::sw
