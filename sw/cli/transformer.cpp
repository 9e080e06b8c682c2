// s4 transformer: a trained transformer classifies the handwritten digits on the RTL.
#include <memory>

#include "sw/cli/classify.hpp"
#include "sw/cli/commands.hpp"
#include "sw/train/transformer_models.hpp"

namespace s4::cli {

void add_transformer_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<ClassifyOptions>();
  o->out = tb::root() + "/build/transformer";
  CLI::App* command = app.add_subcommand(
      "transformer", "The same digits, read as eight tokens by a transformer on the RTL");
  add_classify_options(*command, *o);
  command->callback([o, &action] {
    action = [o] {
      return classify(
          {"transformer",
           "A transformer on the S4",
           "A transformer block (attention, LayerNormalization, GELU) that reads 8x8 images of "
           "handwritten digits as eight tokens, INT8",
           {std::begin(sw::kTransformerSparsities), std::end(sw::kTransformerSparsities)},
           sw::transformer_model_path,
           sw::token_tensor,
           true},
          *o);
    };
  });
}

}  // namespace s4::cli
