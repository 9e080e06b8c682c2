#include "sw/activation/float_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace s4::sw {

std::array<std::uint8_t, 256> float_table(activation::Function function, const ByteQuantization& x,
                                          const ByteQuantization& y, int ulps) {
  std::array<std::uint8_t, 256> table{};
  const auto low = static_cast<float>((y.is_unsigned ? 0 : -128) - y.zero);
  const float high = low + 255;
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    const int byte = x.is_unsigned ? static_cast<int>(pattern) : static_cast<std::int8_t>(pattern);
    const float argument = x.scale * static_cast<float>(byte - x.zero);
    auto value = static_cast<float>(sim::activation_real(function, argument));
    for (int i = 0; i < std::abs(ulps); ++i) {
      value = std::nextafter(value, ulps < 0 ? -INFINITY : INFINITY);
    }
    float rounded = std::isnan(value) ? 0.0F : value / y.scale;
    rounded = std::nearbyint(std::clamp(rounded, low, high));
    table[pattern] = static_cast<std::uint8_t>(static_cast<int>(rounded) + y.zero);
  }
  return table;
}

TableDifferences count_differences(activation::Function function, const TableSet& set) {
  TableDifferences count;
  for (const float x_scale : set.x_scales) {
    for (const std::int32_t x_zero : set.x_zeros) {
      for (const float y_scale : set.y_scales) {
        for (const std::int32_t y_zero : set.y_zeros) {
          const ByteQuantization x{x_scale, x_zero, false}, y{y_scale, y_zero, false};
          const auto exact = int8_table(function, x, y).bytes;
          const auto built = float_table(function, x, y);
          std::array<bool, 256> may{};
          for (int ulps = -4; ulps <= 4; ++ulps) {
            const auto shifted = float_table(function, x, y, ulps);
            for (unsigned i = 0; i < 256; ++i) may[i] = may[i] || shifted[i] != exact[i];
          }
          unsigned differing = 0;
          for (unsigned i = 0; i < 256; ++i) {
            const int distance =
                static_cast<std::int8_t>(built[i]) - static_cast<std::int8_t>(exact[i]);
            differing += distance != 0 ? 1 : 0;
            count.far += std::abs(distance) > 1 ? 1 : 0;
            count.may_differ += may[i] ? 1 : 0;
          }
          ++count.tables;
          count.entries += 256;
          count.differing += differing;
          count.tables_differing += differing != 0 ? 1 : 0;
        }
      }
    }
  }
  return count;
}

}  // namespace s4::sw
