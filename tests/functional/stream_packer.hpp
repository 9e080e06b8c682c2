// Packs weight streams from plain lists of entries, for the tests of the functional model.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/config/gen/configuration.hpp"

namespace s4::test {

/// One kept weight.
struct Entry {
  std::uint8_t index = 0;
  std::int8_t value = 0;  ///< of a BF16 the low byte
  std::uint8_t high = 0;  ///< its high byte
};

/// How the indices of a bank are written.
enum class Form { kPairs, kBitmap };

/// One bank of a group: K and the entries of every lane, each K long.
struct PackedBank {
  std::uint32_t count = 0;
  Form form = Form::kPairs;
  std::vector<std::vector<Entry>> lanes;
  bool bf16 = false;  ///< each value takes two rows, low and high bytes

  [[nodiscard]] std::uint32_t value_rows() const { return bf16 ? 2 * count : count; }
};

/// Index and value section of one pass.
struct Sections {
  std::vector<std::uint8_t> indices;
  std::vector<std::uint8_t> values;
};

[[nodiscard]] inline Sections pack_pass(const std::vector<PackedBank>& banks, std::uint32_t lanes) {
  Sections out;
  const std::size_t chunk_bytes = lanes * 6 / 8;
  const auto push_chunk = [&](auto&& field_of_lane) {
    std::vector<std::uint8_t> chunk(chunk_bytes, 0);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::uint32_t field = field_of_lane(lane);
      for (std::uint32_t bit = 0; bit < 6; ++bit) {
        if (((field >> bit) & 1U) == 0) continue;
        const std::uint32_t at = lane * 6 + bit;
        chunk[at / 8] = static_cast<std::uint8_t>(chunk[at / 8] | 1U << (at % 8));
      }
    }
    out.indices.insert(out.indices.end(), chunk.begin(), chunk.end());
  };
  for (std::size_t bank = 0; bank < banks.size(); ++bank) {
    if (bank % chunk_bytes == 0) {
      const std::size_t at = out.indices.size();
      out.indices.resize(at + chunk_bytes, 0);
      for (std::size_t i = 0; i < chunk_bytes && bank + i < banks.size(); ++i) {
        const PackedBank& b = banks[bank + i];
        out.indices[at + i] =
            static_cast<std::uint8_t>(b.count | (b.form == Form::kBitmap ? 0x80U : 0U));
      }
    }
    const PackedBank& b = banks[bank];
    if (b.count != 0 && b.count < 64) {
      if (b.form == Form::kPairs) {
        for (std::uint32_t j = 0; j < b.count; ++j) {
          push_chunk([&](std::uint32_t lane) { return b.lanes[lane][j].index; });
        }
      } else {
        for (std::uint32_t row = 0; row < 11; ++row) {
          push_chunk([&](std::uint32_t lane) {
            std::uint32_t field = 0;
            for (const Entry& entry : b.lanes[lane]) {
              if (entry.index / 6U == row) field |= 1U << (entry.index % 6U);
            }
            return field;
          });
        }
      }
    }
    for (std::uint32_t j = 0; j < b.count; ++j) {
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        out.values.push_back(static_cast<std::uint8_t>(b.lanes[lane][j].value));
      }
      for (std::uint32_t lane = 0; b.bf16 && lane < lanes; ++lane) {
        out.values.push_back(b.lanes[lane][j].high);
      }
    }
  }
  out.indices.resize((out.indices.size() + 191) / 192 * 192, 0);
  out.values.resize((out.values.size() + 255) / 256 * 256, 0);
  return out;
}

/// The bank whose lanes hold `weights[lane][64]`: K of the fullest lane, the smaller form.
[[nodiscard]] inline PackedBank make_bank(const std::vector<std::vector<std::int8_t>>& weights) {
  PackedBank bank;
  for (const auto& lane : weights) {
    std::uint32_t kept = 0;
    for (const std::int8_t w : lane) kept += w != 0 ? 1U : 0U;
    bank.count = std::max(bank.count, kept);
  }
  bank.form = bank.count >= 11 && bank.count < 64 ? Form::kBitmap : Form::kPairs;
  for (const auto& lane : weights) {
    std::vector<Entry> entries;
    std::uint32_t spare = bank.count;
    for (const std::int8_t w : lane) spare -= w != 0 ? 1U : 0U;
    for (std::uint32_t i = 0; i < 64; ++i) {
      if (lane[i] != 0) {
        entries.push_back({static_cast<std::uint8_t>(i), lane[i]});
      } else if ((bank.form == Form::kBitmap || bank.count == 64) && spare != 0) {
        entries.push_back({static_cast<std::uint8_t>(i), 0});
        --spare;
      }
    }
    entries.resize(bank.count);  // pairs: (0, 0) at the end
    bank.lanes.push_back(std::move(entries));
  }
  return bank;
}

/// Parameter rows of a group: per channel part a row of biases, then scales.
[[nodiscard]] inline std::vector<std::uint8_t> pack_params(const std::vector<std::int32_t>& biases,
                                                           const std::vector<std::uint32_t>& scales,
                                                           std::uint32_t lanes_per_quadrant) {
  std::vector<std::uint8_t> out;
  const auto push = [&out](std::uint32_t word) {
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  };
  for (std::size_t part = 0; part < biases.size(); part += lanes_per_quadrant) {
    for (std::uint32_t i = 0; i < lanes_per_quadrant; ++i) {
      push(static_cast<std::uint32_t>(biases[part + i]));
    }
    for (std::uint32_t i = 0; i < lanes_per_quadrant; ++i) push(scales[part + i]);
  }
  return out;
}

}  // namespace s4::test
