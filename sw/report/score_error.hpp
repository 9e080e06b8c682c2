// How far the scores of a network are from those of another.
#pragma once

#include <cstddef>
#include <vector>

namespace s4::sw {

struct ScoreError {
  double largest = 0;       ///< absolute difference
  double mean = 0;          ///< of the absolute differences
  double range = 0;         ///< largest absolute value of the wanted scores
  double same_answers = 0;  ///< fraction of the images with the largest score at the same place
};

/// Both [images][classes]. Throws std::invalid_argument if they differ in size, are empty or no
/// whole images.
[[nodiscard]] ScoreError score_error(const std::vector<float>& given,
                                     const std::vector<float>& wanted, std::size_t classes);

}  // namespace s4::sw
