#include "sw/memory/plain_memory.hpp"

#include <cstring>

namespace s4::sw {

MemoryLine initial_line(std::uint64_t address) {
  MemoryLine line;
  for (unsigned i = 0; i < 8; ++i) {
    std::uint64_t z = (address / 8 + i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    std::memcpy(line.data() + 8 * i, &z, 8);
  }
  return line;
}

MemoryLine PlainMemory::read(std::uint64_t address) const {
  const auto found = lines_.find(address);
  if (found != lines_.end()) return found->second;
  return initial_line(address);
}

void PlainMemory::write(std::uint64_t address, const MemoryLine& data, std::uint64_t strobes) {
  auto found = lines_.find(address);
  if (found == lines_.end()) found = lines_.emplace(address, read(address)).first;
  for (unsigned i = 0; i < 64; ++i) {
    if ((strobes >> i & 1) != 0) found->second[i] = data[i];
  }
}

}  // namespace s4::sw
