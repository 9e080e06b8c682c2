// s4 zoo: benchmark networks as ONNX files.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/npy/npy.hpp"
#include "sw/onnx/export.hpp"
#include "sw/zoo/zoo.hpp"

namespace s4::cli {
namespace {

struct ZooOptions {
  std::string output, inputs, form = "float";
  std::int64_t opset = 17;
  bool check = false;
  sw::ZooOptions zoo;
  sw::Resnet50Options resnet50;
  sw::BertOptions bert;
};

std::string title(const ZooOptions& o, const std::string& network) {
  return fmt::format("{}, {}, {}x sparse, seed {}, opset {}", network, o.form, o.zoo.sparsity,
                     o.zoo.seed, o.opset);
}

/// The files for --inputs, by the names of the network's inputs.
void write_sample(const std::string& folder, const sw::ZooNetwork& network) {
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < network.sample.size(); ++i) {
    const std::string& name = network.graph.at(network.graph.inputs[i]).name;
    const auto path = std::filesystem::path(folder) / (name + ".npy");
    sw::write_npy(path, network.sample[i]);
    fmt::print("wrote {}\n", path.string());
  }
}

/// `make`: the network of prepared options.
template <typename Make>
int run(ZooOptions o, const std::string& network, Make make) {
  if (o.output.empty() && !o.check) {
    throw std::invalid_argument("-o FILE.onnx is missing; --check alone writes nothing");
  }
  require_writable({{"--output", o.output}});
  o.zoo.form = o.form == "qdq" ? sw::ZooForm::kQdq : sw::ZooForm::kFloat;
  o.zoo.progress = [](const std::string& step) { fmt::print(stderr, "{} ...\n", step); };
  const sw::ZooNetwork made = make(o);
  if (!made.pruned.empty()) fmt::print("{}", sw::describe(made.pruned));
  if (o.check) fmt::print("{}", sw::describe(made.health));
  sw::require_health(made.health);
  fmt::print("{}: {} layers checked, all compute\n", title(o, network), made.health.size());
  if (o.output.empty()) return 0;
  sw::OnnxExportOptions to;
  to.opset = o.opset;
  to.torch_form = true;
  to.description = title(o, network) + "; random weights, trained on nothing";
  sw::export_onnx(o.output, made.graph, to);
  fmt::print("wrote {}\n", o.output);
  if (!o.inputs.empty()) write_sample(o.inputs, made);
  return 0;
}

void add_common_options(CLI::App& command, ZooOptions& o) {
  command.add_option("-o,--output", o.output, "ONNX file to write");
  command
      .add_option("--form", o.form,
                  "float: BatchNormalization in place; qdq: quantised, as s4 quantize does it")
      ->capture_default_str()
      ->check(CLI::IsMember({"float", "qdq"}));
  command.add_option("--opset", o.opset, "Of ONNX; LayerNormalization is one node from 17 on")
      ->capture_default_str()
      ->check(CLI::IsMember({13, 17}));
  command
      .add_option("--sparsity", o.zoo.sparsity,
                  "64 / sparsity weights are kept of every bank of 64, first convolution included")
      ->capture_default_str()
      ->check(CLI::IsMember({1.0, 8.0, 16.0, 32.0}));
  command.add_option("--seed", o.zoo.seed, "Of weights, statistics and inputs")
      ->capture_default_str()
      ->check(whole(0));
  command.add_option("--inputs", o.inputs, "Folder for seeded inputs of one run, .npy by name");
  command.add_flag("--check", o.check, "Also print what the check saw of every layer");
}

void add_resnet50(CLI::App& zoo, Action& action) {
  const auto o = std::make_shared<ZooOptions>();
  CLI::App* command = zoo.add_subcommand(
      "resnet50", "ResNet-50 v1.5 (stride in the 3x3 convolutions), input [B,3,224,224]");
  add_common_options(*command, *o);
  command->add_option("--batch", o->resnet50.batch, "Images of a run; the file fixes it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--size", o->resnet50.size, "Height and width of the images, for tests")
      ->capture_default_str()
      ->check(CLI::Range(32, 1024));
  command->add_option("--thinner", o->resnet50.thinner, "Divides all channels, for tests")
      ->capture_default_str()
      ->check(CLI::IsMember({1, 2, 4, 8, 16, 32, 64}));
  command->callback([o, &action] {
    action = [o] {
      return run(*o, "ResNet-50 v1.5", [](ZooOptions& options) {
        options.resnet50.seed = options.zoo.seed;
        return sw::zoo_resnet50(options.resnet50, options.zoo);
      });
    };
  });
}

void add_bert(CLI::App& zoo, Action& action) {
  const auto o = std::make_shared<ZooOptions>();
  CLI::App* command = zoo.add_subcommand(
      "bert-base", "The BERT encoder, inputs input_ids and token_type_ids [B,S]");
  add_common_options(*command, *o);
  command->add_option("--batch", o->bert.batch, "Sequences of a run; the file fixes it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--sequence", o->bert.sequence, "Tokens of a sequence: 128, 384, up to 512")
      ->capture_default_str()
      ->check(CLI::Range(2, 512));
  command->add_option("--layers", o->bert.layers, "Encoder layers")
      ->capture_default_str()
      ->check(CLI::Range(1, 96));
  command->add_option("--hidden", o->bert.hidden, "Channels, a multiple of 64, for tests")
      ->capture_default_str()
      ->check(CLI::Range(64, 4096));
  command->add_option("--vocabulary", o->bert.vocabulary, "Words, for tests")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000000));
  command->callback([o, &action] {
    action = [o] {
      return run(*o, "BERT-base", [](ZooOptions& options) {
        options.bert.seed = options.zoo.seed;
        return sw::zoo_bert(options.bert, options.zoo);
      });
    };
  });
}

}  // namespace

void add_zoo_command(CLI::App& app, Action& action) {
  CLI::App* zoo = app.add_subcommand(
      "zoo", "Benchmark networks as ONNX files: seeded weights, pruned, quantised, checked");
  zoo->require_subcommand(1);
  add_resnet50(*zoo, action);
  add_bert(*zoo, action);
}

}  // namespace s4::cli
