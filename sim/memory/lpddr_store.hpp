// Contents of a channel: 2 ranks x 8 banks x 65,536 rows of 2 KiB, made when first written.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/memory/lpddr_command.hpp"

namespace s4::sim {

/// Burst of 16 transfers, in order of transfer; transfer i holds bytes 2i and 2i + 1.
using LpddrBurst = std::array<std::uint8_t, 32>;

/// A bank and its row.
struct LpddrRow {
  unsigned rank = 0;  ///< 0 or 1
  unsigned bank = 0;  ///< 0 to 7
  unsigned row = 0;   ///< 0 to 65535
};

class LpddrStore {
 public:
  static constexpr unsigned kRowBytes = 2048;

  /// What a burst holds before it is written.
  using Fill = std::function<LpddrBurst(const LpddrRow& at, unsigned column)>;

  LpddrStore();
  /// Zeros without it; set before anything is written.
  void fill_with(Fill fill) { fill_ = std::move(fill); }
  /// Column counts 16-bit words and is a multiple of 16.
  [[nodiscard]] LpddrBurst read(const LpddrRow& at, unsigned column) const;
  /// Bit i of `mask` set: byte i stays.
  void write(const LpddrRow& at, unsigned column, const LpddrBurst& data, std::uint32_t mask = 0);
  /// Inverts one stored bit; `byte` 0 to 2047 within the row, `bit` 0 to 7. It stays inverted until
  /// it is written.
  void flip(const LpddrRow& at, unsigned byte, unsigned bit);
  /// Rows that hold anything.
  [[nodiscard]] std::size_t rows() const { return rows_; }

 private:
  using Row = std::array<std::uint8_t, kRowBytes>;
  static std::size_t index(const LpddrRow& at);
  Row& made(const LpddrRow& at);

  Fill fill_;
  std::vector<std::unique_ptr<Row>> pages_;
  std::size_t rows_ = 0;
};

}  // namespace s4::sim
