#include "sw/train/transformer_models.hpp"

#include <fmt/format.h>

#include <utility>

#include "sw/train/model_builder.hpp"
#include "tb/root.hpp"

namespace s4::sw {

std::filesystem::path transformer_folder() {
  return std::filesystem::path(tb::root()) / "sw" / "models" / "transformer";
}

std::filesystem::path transformer_model_path(int sparsity, bool quantized) {
  return transformer_folder() /
         fmt::format("transformer_{}x{}.onnx", sparsity, quantized ? "_int8" : "");
}

DigitsRecipe transformer_recipe() {
  DigitsRecipe recipe;
  recipe.dense.epochs = 60;
  recipe.dense.rate = 2e-3F;
  recipe.dense.shift = 0.3F;
  recipe.dense.weight_decay = 0.1F;
  recipe.pruned = recipe.dense;
  recipe.pruned.rate = 4e-3F;
  recipe.pruned.teacher = Teacher{nullptr, 0.7F, 4.0F};
  recipe.pruned.prune = PruneSchedule{64, 0.7};
  recipe.quantize.type = graph::DataType::kInt8;
  recipe.sparsities.assign(std::begin(kTransformerSparsities), std::end(kTransformerSparsities));
  return recipe;
}

std::vector<DigitsVariant> build_transformer_models(
    const Digits& digits, const DigitsRecipe& recipe, const std::filesystem::path& folder,
    const std::function<void(const std::string&)>& log) {
  // Opset 20 has LayerNormalization and Gelu as one node each.
  const ModelFamily family{"transformer",
                           "Handwritten digits, a transformer",
                           "eight tokens: row r, column r, r in one-hot form; scores of 0 to 9",
                           20,
                           transformer_model_path,
                           token_tensor};
  Random random(recipe.seed);
  return ModelBuilder<Transformer>(family, digits, recipe, folder, log)
      .run(Transformer::untrained({}, random));
}

}  // namespace s4::sw
