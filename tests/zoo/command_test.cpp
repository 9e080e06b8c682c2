// s4 zoo on the command line. S4_CLI names another program.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "sw/npy/npy.hpp"
#include "sw/onnx/import.hpp"
#include "tb/root.hpp"
#include "tests/support/command.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

using s4::tests::Outcome;
using s4::tests::run;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("s4-zoo-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("s4 zoo: a file, and inputs that fit it") {
  const Folder folder;
  const std::string model = (folder.path / "bert.onnx").string();
  const Outcome made =
      run("zoo bert-base --layers 1 --hidden 64 --vocabulary 100 --sequence 16 "
          "--batch 2 --form qdq --sparsity 8 --opset 13 -o " +
          model + " --inputs " + folder.path.string());
  INFO(made.output);
  REQUIRE(made.code == 0);
  CHECK_THAT(made.output, Contains("all compute"));
  const auto network = s4::sw::import_onnx(model);
  CHECK(network.opset == 13);
  for (const auto id : network.graph.inputs) {
    const auto& input = network.graph.at(id);
    CHECK(s4::sw::read_npy(folder.path / (input.name + ".npy")).shape == input.shape);
  }
  const Outcome checked = run("zoo resnet50 --size 64 --thinner 8 --check");
  INFO(checked.output);
  CHECK(checked.code == 0);
  CHECK_THAT(checked.output, Contains("/layer4/layer4.2/conv3/Conv"));
}

TEST_CASE("s4 zoo: what is wrong with options is said") {
  const auto refused = [](const std::string& arguments, const std::string& text) {
    const Outcome outcome = run("zoo " + arguments);
    CAPTURE(arguments, outcome.output);
    CHECK(outcome.code > 1);
    CHECK_THAT(outcome.output, Contains(text));
  };
  refused("", "subcommand");
  refused("vgg16 -o /tmp/x.onnx", "subcommand");
  refused("resnet50", "-o FILE.onnx is missing");
  refused("resnet50 -o /tmp/x.onnx --opset 14", "--opset");
  refused("resnet50 -o /tmp/x.onnx --sparsity 7", "--sparsity");
  refused("resnet50 -o /tmp/x.onnx --form qoperator", "--form");
  refused("resnet50 -o /tmp/x.onnx --sequence 128", "--sequence");
  refused("resnet50 -o /tmp/x.onnx --size 100", "multiple of 32");
  refused("resnet50 -o /tmp/x.onnx --batch 0", "--batch");
  refused("resnet50 --size 32 --thinner 64 -o /nowhere/at/all.onnx", "/nowhere/at/all.onnx");
  refused("bert-base -o /tmp/x.onnx --hidden 100", "multiple of 64");
  refused("bert-base -o /tmp/x.onnx --sequence 513", "--sequence");
  refused("bert-base -o /tmp/x.onnx --seed -1", "--seed");
}
