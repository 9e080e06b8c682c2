// The cases of Debian's package libonnx-testdata that use only supported operators.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "onnx.pb.h"
#include "sw/graph/evaluate.hpp"
#include "sw/onnx/import.hpp"
#include "sw/onnx/tensor_reader.hpp"

using namespace s4::sw;
namespace fs = std::filesystem;

namespace {

const fs::path kCases = "/usr/share/libonnx-testdata/data";

struct Counts {
  int cases = 0;      ///< folders with a model
  int supported = 0;  ///< use only supported operators, in opset 6 to 21
  int imported = 0;
  int passed = 0;
  std::map<std::string, std::vector<std::string>> refused;  ///< cases, by reason
  std::vector<std::string> wrong;
  std::vector<std::string> unusable;  ///< results that cannot be compared
};

/// Their double tensors are uninitialised memory (text among it), beyond the range of float32.
const std::set<std::string> kSpoiled = {
    "test_operator_add_broadcast", "test_operator_add_size1_right_broadcast",
    "test_operator_add_size1_singleton_broadcast", "test_operator_addconstant"};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<graph::TensorData> read_data(const fs::path& path) {
  ::onnx::TensorProto proto;
  if (!proto.ParseFromString(read(path)) || !onnx_data_type(proto.data_type())) return {};
  return read_tensor(proto, path.string(), path.parent_path());
}

/// The tolerance of ONNX's own backend tests; integers are equal.
bool agrees(const graph::TensorData& got, const graph::TensorData& wanted) {
  if (got.type != wanted.type || got.shape != wanted.shape) return false;
  if (got.type != graph::DataType::kFloat32) return got == wanted;
  for (std::size_t i = 0; i < got.floats().size(); ++i) {
    const float a = got.floats()[i];
    const float b = wanted.floats()[i];
    if (std::isnan(a) && std::isnan(b)) continue;
    if (!(std::fabs(a - b) <= 1e-7F + 1e-3F * std::fabs(b))) return false;
  }
  return true;
}

bool only_supported(const ::onnx::ModelProto& model) {
  std::int64_t opset = 0;
  for (const auto& entry : model.opset_import()) {
    if (entry.domain().empty()) opset = entry.version();
  }
  if (opset < 6 || opset > 21) return false;
  const auto names = onnx_operators();
  return std::all_of(
      model.graph().node().begin(), model.graph().node().end(), [&](const auto& node) {
        return std::binary_search(
            names.begin(), names.end(),
            node.domain().empty() ? node.op_type() : node.domain() + "." + node.op_type());
      });
}

/// Everything but the first input becomes a constant, as in a real network.
OnnxOptions bound(const ::onnx::ModelProto& model, const fs::path& data) {
  std::set<std::string> constants;
  for (const auto& tensor : model.graph().initializer()) constants.insert(tensor.name());
  OnnxOptions options;
  int number = 0;
  for (const auto& input : model.graph().input()) {
    if (constants.count(input.name()) != 0) continue;
    const auto value = read_data(data / ("input_" + std::to_string(number) + ".pb"));
    if (number++ > 0 && value) options.constants[input.name()] = *value;
  }
  return options;
}

void run_case(const fs::path& folder, Counts& counts) {
  const std::string bytes = read(folder / "model.onnx");
  ::onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  ++counts.cases;
  if (!only_supported(model)) return;
  ++counts.supported;
  const std::string name = folder.filename().string();
  const fs::path data = folder / "test_data_set_0";
  OnnxNetwork network;
  try {
    network = import_onnx_bytes(bytes, folder, bound(model, data));
  } catch (const UnsupportedOnnx& error) {
    counts.refused[error.nodes.front().reason].push_back(name);
    return;
  } catch (const OnnxError& error) {
    counts.refused[error.what()].push_back(name);
    return;
  }
  std::vector<graph::TensorData> inputs;
  for (std::size_t i = 0; i < network.graph.inputs.size(); ++i) {
    auto value = read_data(data / ("input_" + std::to_string(i) + ".pb"));
    if (!value) {
      counts.refused["its data is stored in a type that is not supported"].push_back(name);
      return;
    }
    inputs.push_back(std::move(*value));
  }
  ++counts.imported;
  graph::check_graph(network.graph);
  const auto results = graph::evaluate(network.graph, std::move(inputs));
  bool right = true;
  bool readable = kSpoiled.count(name) == 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto wanted = read_data(data / ("output_" + std::to_string(i) + ".pb"));
    readable = readable && wanted;
    right = right && readable && agrees(results[i], *wanted);
  }
  if (right) {
    ++counts.passed;
  } else if (readable) {
    counts.wrong.push_back(name);
  } else {
    counts.unusable.push_back(name);
  }
}

std::map<std::string, Counts> run_all() {
  std::map<std::string, Counts> all;
  for (const char* group : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(kCases / group)) {
      if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
    }
    std::sort(folders.begin(), folders.end());
    for (const auto& folder : folders) {
      try {
        run_case(folder, all[group]);
      } catch (const std::exception& error) {
        FAIL(folder << ": " << error.what());
      }
    }
  }
  return all;
}

bool is_installed() {
  if (fs::exists(kCases / "node")) return true;
  WARN("skipped: package libonnx-testdata is not installed");
  return false;
}

}  // namespace

TEST_CASE("ONNX's own cases of supported operators give the expected results") {
  if (!is_installed()) return;
  for (const auto& [group, counts] : run_all()) {
    INFO(group);
    CHECK(counts.wrong == std::vector<std::string>{});
    CHECK(counts.passed + static_cast<int>(counts.unusable.size()) == counts.imported);
    CHECK(counts.imported * 10 >= counts.supported * 7);
  }
}

TEST_CASE("table of ONNX's own cases, for docs/guide/onnx.md", "[.table]") {
  if (!is_installed()) return;
  const auto all = run_all();
  std::printf("| cases | in all | only supported operators | import | pass |\n");
  std::printf("| --- | --- | --- | --- | --- |\n");
  std::map<std::string, std::vector<std::string>> refused;
  for (const auto& [group, counts] : all) {
    std::printf("| %s | %d | %d | %d | %d |\n", group.c_str(), counts.cases, counts.supported,
                counts.imported, counts.passed);
    for (const auto& [reason, names] : counts.refused) {
      refused[reason].insert(refused[reason].end(), names.begin(), names.end());
    }
    auto& unusable =
        refused["(imported) results that float32 cannot hold, or that are stored as another type"];
    unusable.insert(unusable.end(), counts.unusable.begin(), counts.unusable.end());
  }
  std::printf("\n| not imported because of | cases |\n| --- | --- |\n");
  for (const auto& [reason, names] : refused) {
    std::printf("| %s | %zu:", reason.c_str(), names.size());
    for (const auto& name : names) std::printf(" %s", name.c_str());
    std::printf(" |\n");
  }
  std::fflush(stdout);
}
