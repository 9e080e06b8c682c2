#include "sw/report/score_error.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace s4::sw {

ScoreError score_error(const std::vector<float>& given, const std::vector<float>& wanted,
                       std::size_t classes) {
  const std::size_t size = given.size();
  if (size != wanted.size() || size == 0 || classes == 0 || size % classes != 0) {
    throw std::invalid_argument("scores of two networks differ in number");
  }
  ScoreError error;
  for (std::size_t i = 0; i < size; ++i) {
    const double distance = std::fabs(static_cast<double>(given[i]) - wanted[i]);
    error.largest = std::max(error.largest, distance);
    error.mean += distance / static_cast<double>(size);
    error.range = std::max(error.range, std::fabs(static_cast<double>(wanted[i])));
  }
  std::size_t same = 0;
  for (std::size_t at = 0; at < size; at += classes) {
    const auto answer = [&](const std::vector<float>& scores) {
      const auto row = scores.begin() + static_cast<std::ptrdiff_t>(at);
      return std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row;
    };
    same += answer(given) == answer(wanted) ? 1 : 0;
  }
  error.same_answers = static_cast<double>(same * classes) / static_cast<double>(size);
  return error;
}

}  // namespace s4::sw
