// Builds the shipped transformers, dense and pruned, in float32 and quantised.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sw/train/digits_models.hpp"
#include "sw/train/transformer.hpp"

namespace s4::sw {

/// The sparsities of the shipped transformers.
inline constexpr int kTransformerSparsities[] = {1, 8, 16, 32};
/// sw/models/transformer below the root of the repository (S4_ROOT if set).
[[nodiscard]] std::filesystem::path transformer_folder();
/// The shipped model: "transformer_8x.onnx", "transformer_8x_int8.onnx".
[[nodiscard]] std::filesystem::path transformer_model_path(int sparsity, bool quantized);

/// The recipe of the shipped files; every number in it was chosen on the validation images.
[[nodiscard]] DigitsRecipe transformer_recipe();

/// As build_digits_models().
std::vector<DigitsVariant> build_transformer_models(
    const Digits& digits, const DigitsRecipe& recipe, const std::filesystem::path& folder,
    const std::function<void(const std::string&)>& log);

}  // namespace s4::sw
