#include "sim/memory/memory_place.hpp"

#include <cstring>

#include "sim/memory/memory_code.hpp"

namespace s4::sim {
namespace {

constexpr unsigned kPageBytes = 2048;
constexpr unsigned kBlockBytes = 256;
constexpr unsigned kBlocks = 7;  // of a page, that hold data

/// Permutes the pages of one rank within their row, so that strides of 16 KiB meet all banks; its
/// own inverse.
std::uint64_t permuted(std::uint64_t page, unsigned ranks) {
  if (ranks == 2) return page;
  const std::uint64_t r0 = page >> 3 & 1, r1 = page >> 4 & 1, r2 = page >> 5 & 1;
  return page ^ (r0 ^ r2) ^ (r0 ^ r1 ^ r2) << 1 ^ (r1 ^ r2) << 2;
}

}  // namespace

MemoryPlace memory_place(std::uint64_t address, unsigned ranks) {
  MemoryPlace place;
  const std::uint64_t upper = address / kPageBytes / 8;
  place.row.rank = ranks == 2 ? static_cast<unsigned>(upper % 2) : 0;
  place.row.row = static_cast<unsigned>(upper / ranks);
  place.row.bank = static_cast<unsigned>(address / kPageBytes ^ place.row.row) & 7;
  place.byte = static_cast<unsigned>(address % kPageBytes);
  return place;
}

std::uint64_t memory_address(const MemoryPlace& place, unsigned ranks) {
  const std::uint64_t bank = (place.row.bank ^ place.row.row) & 7;
  const std::uint64_t upper =
      ranks == 2 ? std::uint64_t{place.row.row} * 2 + place.row.rank : place.row.row;
  return (upper * 8 + bank) * kPageBytes + place.byte;
}

std::uint64_t memory_ecc_data(std::uint64_t address, unsigned ranks) {
  const std::uint64_t block = address / kBlockBytes;
  return permuted(block / kBlocks, ranks) * kPageBytes + block % kBlocks * kBlockBytes +
         address % kBlockBytes;
}

std::uint64_t memory_ecc_check(std::uint64_t address, unsigned ranks) {
  const std::uint64_t block = address / kBlockBytes;
  return permuted(block / kBlocks, ranks) * kPageBytes + kBlocks * kBlockBytes +
         block % kBlocks * 32 + address % kBlockBytes / 8;
}

LpddrBurst memory_ecc_burst(std::uint64_t device_address, unsigned ranks,
                            const std::function<std::uint64_t(std::uint64_t)>& word) {
  const std::uint64_t page = permuted(device_address / kPageBytes, ranks);
  const auto byte = static_cast<unsigned>(device_address % kPageBytes);
  LpddrBurst burst{};
  if (byte < kBlocks * kBlockBytes) {
    for (unsigned i = 0; i < burst.size(); i += 8) {
      const std::uint64_t value = word(page * kBlocks * kBlockBytes + byte + i);
      std::memcpy(burst.data() + i, &value, 8);
    }
    return burst;
  }
  const unsigned block = (byte - kBlocks * kBlockBytes) / 32;
  for (unsigned i = 0; block < kBlocks && i < burst.size(); ++i) {
    burst[i] = memory_checks(word((page * kBlocks + block) * kBlockBytes + i * 8));
  }
  return burst;
}

}  // namespace s4::sim
