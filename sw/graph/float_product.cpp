#include "sw/graph/float_product.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace s4::sw::graph {
namespace {

// Sums of a tile stay in registers while the reduction passes: 4 rows of two vectors of four, which
// every x86-64 has. Vectors of the compiler, since it does not find this form in plain loops.
using Vector [[gnu::vector_size(16)]] = float;
constexpr std::size_t kLanes = sizeof(Vector) / sizeof(float);
constexpr std::size_t kRows = 4;
constexpr std::size_t kColumns = 2 * kLanes;
using Tile = std::array<std::array<float, kColumns>, kRows>;

/// `panel`: columns of b, [k][kColumns]. `a`: kRows rows.
void add_tile(const std::array<const float*, kRows>& a, const float* panel, std::size_t k,
              Tile& sums) {
  std::array<Vector, kRows> left;
  std::array<Vector, kRows> right;
  for (std::size_t row = 0; row < kRows; ++row) {
    std::memcpy(&left[row], sums[row].data(), sizeof(Vector));
    std::memcpy(&right[row], sums[row].data() + kLanes, sizeof(Vector));
  }
  for (std::size_t i = 0; i < k; ++i) {
    Vector from_left;
    Vector from_right;
    std::memcpy(&from_left, panel + i * kColumns, sizeof(Vector));
    std::memcpy(&from_right, panel + i * kColumns + kLanes, sizeof(Vector));
    for (std::size_t row = 0; row < kRows; ++row) {
      left[row] += a[row][i] * from_left;
      right[row] += a[row][i] * from_right;
    }
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    std::memcpy(sums[row].data(), &left[row], sizeof(Vector));
    std::memcpy(sums[row].data() + kLanes, &right[row], sizeof(Vector));
  }
}

}  // namespace

void add_product(const float* a, const float* b, float* c, std::size_t m, std::size_t n,
                 std::size_t k) {
  std::vector<float> panel(k * kColumns);
  for (std::size_t first = 0; first < n; first += kColumns) {
    const std::size_t width = std::min(kColumns, n - first);
    for (std::size_t i = 0; i < k; ++i) {
      std::copy_n(b + i * n + first, width, panel.data() + i * kColumns);
    }
    for (std::size_t top = 0; top < m; top += kRows) {
      const std::size_t height = std::min(kRows, m - top);
      std::array<const float*, kRows> rows{};
      Tile sums{};
      for (std::size_t row = 0; row < kRows; ++row) {
        // Rows that are missing repeat the last; their sums go nowhere.
        const std::size_t at = top + std::min(row, height - 1);
        rows[row] = a + at * k;
        std::copy_n(c + at * n + first, width, sums[row].data());
      }
      add_tile(rows, panel.data(), k, sums);
      for (std::size_t row = 0; row < height; ++row) {
        std::copy_n(sums[row].data(), width, c + (top + row) * n + first);
      }
    }
  }
}

}  // namespace s4::sw::graph
