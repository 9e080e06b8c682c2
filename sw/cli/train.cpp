// s4 train: rebuilds the shipped networks from the shipped data.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/train/digits_models.hpp"
#include "sw/train/transformer_models.hpp"

namespace s4::cli {
namespace {

struct TrainOptions {
  std::string network, output;
  std::uint64_t seed = 1;
};

int run(TrainOptions o) {
  const bool digits = o.network == "digits";
  if (o.output.empty()) {
    o.output = (digits ? sw::digits_folder() : sw::transformer_folder()).string();
  }
  if (!std::filesystem::is_directory(o.output)) {
    throw std::invalid_argument("--output " + o.output + ": there is no such folder");
  }
  sw::DigitsRecipe recipe = digits ? sw::shipped_recipe() : sw::transformer_recipe();
  recipe.seed = o.seed;
  const auto build = digits ? sw::build_digits_models : sw::build_transformer_models;
  const auto variants = build(sw::load_digits(), recipe, o.output, [](const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  });
  fmt::print("{}", sw::describe(variants));
  return 0;
}

}  // namespace

void add_train_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<TrainOptions>();
  CLI::App* command =
      app.add_subcommand("train", "Train, prune and quantise the shipped networks anew");
  command->add_option("network", o->network, "digits or transformer")
      ->required()
      ->check(CLI::IsMember({"digits", "transformer"}));
  command->add_option("-o,--output", o->output,
                      "Folder for the ONNX files; that of the shipped ones if not given");
  command->add_option("--seed", o->seed, "First weights, order of the images, shifts")
      ->capture_default_str()
      ->check(whole(0));
  command->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace s4::cli
