#include "sw/train/digits_models.hpp"

#include <limits>
#include <utility>

#include "sw/train/graph_network.hpp"
#include "sw/train/model_builder.hpp"

namespace s4::sw {
namespace {

TrainLayer layer(const std::string& name, int channels, int size, int filters, int kernel,
                 int stride, int pad) {
  TrainLayer out;
  out.name = name;
  TrainGeometry& g = out.geometry;
  g.channels = channels;
  g.height = g.width = size;
  g.filters = filters;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = pad;
  out.low = 0.0F;
  out.weights = Matrix::Zero(filters, g.reduction());
  out.bias = Vector::Zero(filters);
  return out;
}

}  // namespace

TrainNetwork digits_network() {
  TrainNetwork network;
  network.layers = {layer("conv1", 1, 8, 64, 3, 1, 1), layer("conv2", 64, 8, 128, 3, 2, 1),
                    layer("conv3", 128, 4, 128, 3, 1, 1), layer("fc", 128, 4, 10, 4, 1, 0)};
  network.layers.back().low = -std::numeric_limits<float>::infinity();
  return network;
}

DigitsRecipe shipped_recipe() {
  DigitsRecipe recipe;
  recipe.dense.epochs = 30;
  recipe.dense.rate = 2e-3F;
  recipe.dense.shift = 0.5F;
  recipe.pruned = recipe.dense;
  recipe.pruned.epochs = 40;
  recipe.pruned.rate = 1e-2F;
  recipe.pruned.teacher = Teacher{nullptr, 0.7F, 4.0F};
  recipe.pruned.prune = PruneSchedule{64, 0.7};
  return recipe;
}

std::vector<DigitsVariant> build_digits_models(const Digits& digits, const DigitsRecipe& recipe,
                                               const std::filesystem::path& folder,
                                               const std::function<void(const std::string&)>& log) {
  const ModelFamily family{
      "digits", "Handwritten digits", "image: 8x8, 0 to 1; scores of 0 to 9",
      13,       digits_model_path,    [](const graph::TensorData& images) { return images; }};
  TrainNetwork network = digits_network();
  Random random(recipe.seed);
  network.initialize(random);
  return ModelBuilder<TrainNetwork>(family, digits, recipe, folder, log).run(std::move(network));
}

}  // namespace s4::sw
