// Random layers alone on the RTL, beside the bound that their sizes set or beside the ideal.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/config/gen/configuration.hpp"

namespace s4::cli {

struct RandomLayers {
  std::uint32_t count = 30;
  std::uint64_t seed = 1;
  std::vector<std::uint32_t> keeps;
  bool large = false;  ///< such that the array is the bound: they are measured by the ideal
  bool bf16 = false;   ///< operands and results
  bool print = false;  ///< every layer
};

struct RandomFigures {
  nlohmann::json rows = nlohmann::json::array();
  nlohmann::json sums = nlohmann::json::array();
  bool ok = true;
};

/// Large ones have a reduction of 256 or more, 256 outputs or more and 1,024 pixels or more, the
/// first of them just that, in whole blocks of 64 channels: the bound is the ideal, to be reached
/// to 95 % at K >= 8 and to 90 % at K = 4. Others: convolutions 1x1 and 3x3 with reduction 64 to
/// 4,608, outputs 64 to 2,048 and pixels 196 to 12,544 whose input and output fit the local buffer.
/// Clocks count from the arrival of the first weight to the last result. The bound is the largest
/// of multiply-accumulates in whole tiles, activation words by PixelsPerQuadrant, results by
/// EpiloguePixels * LanesPerQuadrant and weight bytes by 64, in the array shape where that is
/// least; 85 % of it is to be reached. In BF16 a multiply-accumulate, a result and 32 channels of a
/// word count as two, two and 64 do in INT8. Prints a line per sparsity.
[[nodiscard]] RandomFigures bench_random_layers(const config::Configuration& config,
                                                const RandomLayers& layers);

}  // namespace s4::cli
