// Where a controller keeps a byte address in the device, and the checks of its word.
#pragma once
#include <cstdint>
#include <functional>

#include "sim/memory/lpddr_store.hpp"

namespace s4::sim {

/// A place in a channel: rank, bank and row, and the byte within the row.
struct MemoryPlace {
  LpddrRow row;
  unsigned byte = 0;  ///< 0 to 2047
};
/// Of a byte address of `ranks` ranks, as the controller maps it.
[[nodiscard]] MemoryPlace memory_place(std::uint64_t address, unsigned ranks);
/// Backwards; `byte` even.
[[nodiscard]] std::uint64_t memory_address(const MemoryPlace& place, unsigned ranks);

// With error correction a page of 2 KiB holds seven blocks of 256 bytes, then 32 check bytes of
// each; with one rank the banks of the pages are permuted.
/// Address without it of the byte, and of the check byte of its word.
[[nodiscard]] std::uint64_t memory_ecc_data(std::uint64_t address, unsigned ranks);
[[nodiscard]] std::uint64_t memory_ecc_check(std::uint64_t address, unsigned ranks);
/// Burst of 32 bytes that the device holds at such an address (a multiple of 32), when `word` tells
/// the words of the memory by their address.
[[nodiscard]] LpddrBurst memory_ecc_burst(std::uint64_t device_address, unsigned ranks,
                                          const std::function<std::uint64_t(std::uint64_t)>& word);

}  // namespace s4::sim
