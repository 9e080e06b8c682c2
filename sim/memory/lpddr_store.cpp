#include "sim/memory/lpddr_store.hpp"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

namespace s4::sim {

LpddrStore::LpddrStore() : pages_(2 * 8 * 65536) {}

std::size_t LpddrStore::index(const LpddrRow& at) {
  if (at.rank > 1 || at.bank > 7 || at.row > 65535) {
    throw std::out_of_range(
        fmt::format("no rank {} bank {} row {} in a channel", at.rank, at.bank, at.row));
  }
  return (at.rank * 8 + at.bank) * std::size_t{65536} + at.row;
}

LpddrStore::Row& LpddrStore::made(const LpddrRow& at) {
  auto& page = pages_[index(at)];
  if (page == nullptr) {
    page = std::make_unique<Row>();
    ++rows_;
    page->fill(0);
    for (unsigned column = 0; fill_ && column < kRowBytes / 2; column += 16) {
      const LpddrBurst burst = fill_(at, column);
      std::memcpy(page->data() + 2 * column, burst.data(), burst.size());
    }
  }
  return *page;
}

LpddrBurst LpddrStore::read(const LpddrRow& at, unsigned column) const {
  LpddrBurst data{};
  if (column > 1008) throw std::out_of_range(fmt::format("no burst at column {}", column));
  const auto& page = pages_[index(at)];
  if (page == nullptr) return fill_ ? fill_(at, column) : data;
  std::memcpy(data.data(), page->data() + 2 * column, data.size());
  return data;
}

void LpddrStore::write(const LpddrRow& at, unsigned column, const LpddrBurst& data,
                       std::uint32_t mask) {
  if (column > 1008) throw std::out_of_range(fmt::format("no burst at column {}", column));
  Row& row = made(at);
  for (unsigned i = 0; i < data.size(); ++i) {
    if ((mask >> i & 1) == 0) row[2 * column + i] = data[i];
  }
}

void LpddrStore::flip(const LpddrRow& at, unsigned byte, unsigned bit) {
  if (byte >= kRowBytes || bit > 7) {
    throw std::out_of_range(fmt::format("no byte {} bit {} in a row", byte, bit));
  }
  made(at)[byte] ^= static_cast<std::uint8_t>(1u << bit);
}

}  // namespace s4::sim
