// The UCI handwritten digits: 1,797 grey images of 8x8 pixels, and their split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/graph/tensor.hpp"

namespace s4::sw {

/// A file that is missing, damaged or holds something else; the text names file and line.
struct DigitsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Digits {
  static constexpr std::size_t kSide = 8;
  static constexpr std::size_t kPixels = kSide * kSide;
  static constexpr std::size_t kClasses = 10;

  std::vector<std::uint8_t> pixels;  ///< [images][8][8], 0 to 16
  std::vector<std::uint8_t> labels;  ///< 0 to 9

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

/// Reads a gzip file of lines "p0,...,p63,label". Throws DigitsError.
[[nodiscard]] Digits load_digits(const std::filesystem::path& path);
/// sw/models/digits/digits.csv.gz below the root of the repository; 1,797 images, or DigitsError.
[[nodiscard]] Digits load_digits();

/// Which images serve what; numbers of images, ascending. `train` and `validation` together are the
/// training data.
struct DigitsSplit {
  std::vector<std::size_t> train;
  std::vector<std::size_t> validation;
  std::vector<std::size_t> test;
};

/// The seed of the split that all shipped models use.
inline constexpr std::uint64_t kDigitsSplitSeed = 1;

/// Cuts into one fifth for tests (360 of 1,797; the rest are 1,437) and `validation` images of the
/// rest. Every class is spread evenly over the three; the seed chooses which of its images go
/// where.
[[nodiscard]] DigitsSplit split_digits(const Digits& digits, std::uint64_t seed = kDigitsSplitSeed,
                                       std::size_t validation = 200);

/// Images as the network wants them: float32 [n,1,8,8], 0 to 1.
[[nodiscard]] graph::TensorData digit_images(const Digits& digits,
                                             std::span<const std::size_t> which);
[[nodiscard]] std::vector<std::uint8_t> digit_labels(const Digits& digits,
                                                     std::span<const std::size_t> which);

/// The largest of the 10 values of every row, the first of equal ones. `scores`: float32 [n,10];
/// throws GraphError.
[[nodiscard]] std::vector<std::uint8_t> digit_answers(const graph::TensorData& scores);
/// How many answers are right. Throws std::invalid_argument if the counts differ.
[[nodiscard]] std::size_t count_right(const std::vector<std::uint8_t>& answers,
                                      const std::vector<std::uint8_t>& labels);

/// "split seed 1: 1437 train (200 of them validate), 360 test".
[[nodiscard]] std::string describe(const DigitsSplit& split, std::uint64_t seed = kDigitsSplitSeed);

/// The sparsities of the shipped models.
inline constexpr int kDigitsSparsities[] = {1, 8, 16, 32};
/// The shipped model: "digits_8x.onnx", "digits_8x_int8.onnx"; 1x in float32 is the dense network,
/// "digits_dense.onnx".
[[nodiscard]] std::filesystem::path digits_model_path(int sparsity, bool quantized);
/// sw/models/digits below the root of the repository (S4_ROOT if set).
[[nodiscard]] std::filesystem::path digits_folder();

}  // namespace s4::sw
