// Builds the shipped networks: the dense one, the pruned ones, and all of them quantised.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sw/quantize/quantize.hpp"
#include "sw/train/digits.hpp"
#include "sw/train/fit.hpp"

namespace s4::sw {

struct DigitsRecipe {
  std::uint64_t seed = 1;  ///< of the first weights, the order of images and their shifts
  FitSettings dense;
  FitSettings pruned;  ///< `prune->keep` is set for every sparsity
  QuantizeOptions quantize;
  std::vector<int> sparsities{std::begin(kDigitsSparsities), std::end(kDigitsSparsities)};
};
/// The recipe of the shipped files; every number in it was chosen on the validation images.
[[nodiscard]] DigitsRecipe shipped_recipe();

/// Fractions of images answered as labelled.
struct Accuracy {
  double train = 0.0;
  double validation = 0.0;
  double test = 0.0;
};
struct DigitsVariant {
  int sparsity = 1;
  std::size_t fullest_bank = 0;
  Accuracy real;   ///< float32
  Accuracy bytes;  ///< the quantised file, on the reference
};

/// Four layers: convolutions of 64, 128 and 128 channels, and 10 scores. No weights yet.
[[nodiscard]] TrainNetwork digits_network();

/// Trains, prunes, quantises and writes all files to `folder`, one line to `log` as it goes. The
/// training images train and calibrate; test images are only counted, at the very end.
std::vector<DigitsVariant> build_digits_models(const Digits& digits, const DigitsRecipe& recipe,
                                               const std::filesystem::path& folder,
                                               const std::function<void(const std::string&)>& log);

/// A table of the variants.
[[nodiscard]] std::string describe(const std::vector<DigitsVariant>& variants);

}  // namespace s4::sw
