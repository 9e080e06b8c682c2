// What lies behind the memory port: bytes with an address.
// Everything that reads or writes memory, model or test harness, does it through this interface.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/memory_port/gen/memory_port.hpp"

namespace s4::sim {

/// Bytes that the port can address.
inline constexpr std::uint64_t kAddressSpace = std::uint64_t{1} << memory_port::kAddrWidth;

/// A byte-addressed memory.
class Memory {
 public:
  virtual ~Memory() = default;

  virtual void read(std::uint64_t addr, std::span<std::uint8_t> bytes) = 0;
  virtual void write(std::uint64_t addr, std::span<const std::uint8_t> bytes) = 0;

  /// Whether there is memory at [addr, addr + bytes); an access elsewhere is answered by an error.
  [[nodiscard]] virtual bool contains(std::uint64_t addr, std::uint64_t bytes) const {
    return addr <= kAddressSpace && bytes <= kAddressSpace - addr;
  }
};

/// Memory whose 4 KiB pages exist once they are written; all others read as zero.
/// Remembers which pages were written. A copy is independent of the original.
class SparseMemory final : public Memory {
 public:
  static constexpr std::uint64_t kPageBytes = 4096;
  using PageBytes = std::array<std::uint8_t, kPageBytes>;

  /// Memory of `limit` bytes from address 0.
  explicit SparseMemory(std::uint64_t limit = kAddressSpace) : limit_(limit) {}
  SparseMemory(const SparseMemory& other) : limit_(other.limit_), pages_(other.pages_) {}
  SparseMemory& operator=(const SparseMemory& other) {
    limit_ = other.limit_;
    pages_ = other.pages_;
    last_ = nullptr;
    return *this;
  }

  void read(std::uint64_t addr, std::span<std::uint8_t> bytes) override {
    check(addr, bytes.size());
    for_each_part(
        addr, bytes.size(),
        [&](std::uint64_t number, std::size_t offset, std::size_t done, std::size_t part) {
          const Page* page = find(number);
          if (page == nullptr) {
            std::memset(bytes.data() + done, 0, part);
          } else {
            std::memcpy(bytes.data() + done, page->bytes.data() + offset, part);
          }
        });
  }

  void write(std::uint64_t addr, std::span<const std::uint8_t> bytes) override {
    check(addr, bytes.size());
    for_each_part(
        addr, bytes.size(),
        [&](std::uint64_t number, std::size_t offset, std::size_t done, std::size_t part) {
          Page* page = find(number);
          if (page == nullptr) {
            page = &pages_[number];
            last_ = page;
            last_number_ = number;
          }
          page->written = true;
          std::memcpy(page->bytes.data() + offset, bytes.data() + done, part);
        });
  }

  [[nodiscard]] bool contains(std::uint64_t addr, std::uint64_t bytes) const override {
    return addr <= limit_ && bytes <= limit_ - addr;
  }

  /// Numbers (address / 4096) of the pages written since the last clear_written(), ascending.
  [[nodiscard]] std::vector<std::uint64_t> written_pages() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, page] : pages_) {
      if (page.written) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  /// Forgets which pages were written; their contents stay.
  void clear_written() {
    for (auto& [number, page] : pages_) page.written = false;
  }

  /// Contents of a page, nullptr if nothing was ever written to it (it reads as zero).
  [[nodiscard]] const PageBytes* page(std::uint64_t number) const {
    const auto it = pages_.find(number);
    return it == pages_.end() ? nullptr : &it->second.bytes;
  }

  /// Lowest address in [addr, addr + bytes) at which two memories differ.
  [[nodiscard]] static std::optional<std::uint64_t> first_difference(const SparseMemory& a,
                                                                     const SparseMemory& b,
                                                                     std::uint64_t addr,
                                                                     std::uint64_t bytes) {
    static constexpr PageBytes kZeros{};
    for (std::uint64_t done = 0; done < bytes;) {
      const std::uint64_t number = (addr + done) / kPageBytes;
      const std::uint64_t offset = (addr + done) % kPageBytes;
      const std::uint64_t part = std::min(kPageBytes - offset, bytes - done);
      const PageBytes* left = a.page(number);
      const PageBytes* right = b.page(number);
      if (left != nullptr || right != nullptr) {
        const std::uint8_t* l = (left != nullptr ? *left : kZeros).data() + offset;
        const std::uint8_t* r = (right != nullptr ? *right : kZeros).data() + offset;
        const auto [at, unused] = std::mismatch(l, l + part, r);
        if (at != l + part) return addr + done + static_cast<std::uint64_t>(at - l);
      }
      done += part;
    }
    return std::nullopt;
  }

 private:
  struct Page {
    PageBytes bytes{};
    bool written = false;
  };

  void check(std::uint64_t addr, std::uint64_t bytes) const {
    if (!contains(addr, bytes)) {
      throw std::out_of_range("memory: no memory at address " + std::to_string(addr) + ", " +
                              std::to_string(bytes) + " bytes");
    }
  }

  Page* find(std::uint64_t number) {
    if (last_ != nullptr && number == last_number_) return last_;
    const auto it = pages_.find(number);
    if (it == pages_.end()) return nullptr;
    last_ = &it->second;
    last_number_ = number;
    return last_;
  }

  template <typename Function>
  static void for_each_part(std::uint64_t addr, std::size_t bytes, Function&& function) {
    for (std::size_t done = 0; done < bytes;) {
      const std::uint64_t number = (addr + done) / kPageBytes;
      const auto offset = static_cast<std::size_t>((addr + done) % kPageBytes);
      const std::size_t part = std::min<std::size_t>(kPageBytes - offset, bytes - done);
      function(number, offset, done, part);
      done += part;
    }
  }

  std::uint64_t limit_;
  std::unordered_map<std::uint64_t, Page> pages_;
  Page* last_ = nullptr;
  std::uint64_t last_number_ = 0;
};

}  // namespace s4::sim
