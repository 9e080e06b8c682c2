// s4 digits: a trained network classifies real handwritten digits on the RTL at four sparsities.
#include <memory>

#include "sw/cli/classify.hpp"
#include "sw/cli/commands.hpp"
#include "sw/train/digits.hpp"

namespace s4::cli {

void add_digits_command(CLI::App& app, Action& action) {
  const auto o = std::make_shared<ClassifyOptions>();
  CLI::App* command = app.add_subcommand(
      "digits", "Real handwritten digits, classified on the RTL at four sparsities");
  add_classify_options(*command, *o);
  command->callback([o, &action] {
    action = [o] {
      return classify({"digits",
                       "Handwritten digits on the S4",
                       "A convolutional network for 8x8 images of handwritten digits, INT8",
                       {std::begin(sw::kDigitsSparsities), std::end(sw::kDigitsSparsities)},
                       sw::digits_model_path,
                       [](const auto& images) { return images; }},
                      *o);
    };
  });
}

}  // namespace s4::cli
