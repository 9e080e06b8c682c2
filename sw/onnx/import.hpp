// Reads ONNX files, opset 6 to 21, into the graph of sw/graph.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw {

/// A file that is damaged, or is no ONNX file. The text names the tensor or node.
struct OnnxError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One reason why a correct network cannot be taken.
struct UnsupportedNode {
  std::string node;     ///< "Conv 'conv1'"
  std::string reason;   ///< what is not supported
  std::string nearest;  ///< the nearest supported form, or empty
};

/// A correct file with parts that are not supported; all of them are listed.
struct UnsupportedOnnx : OnnxError {
  explicit UnsupportedOnnx(std::vector<UnsupportedNode> list);
  std::vector<UnsupportedNode> nodes;
};

struct OnnxOptions {
  /// Size of the first dimension of an input where the file leaves it open.
  std::int64_t batch = 1;
  /// Shapes of inputs, by name, in place of those of the file.
  std::map<std::string, graph::Shape> shapes;
  /// Inputs, by name, that become constants.
  std::map<std::string, graph::TensorData> constants;
  /// Folds and fuses (graph::optimize); otherwise one node per node of the file, constants folded.
  bool optimize = true;
};

struct OnnxNetwork {
  graph::Graph graph;
  std::int64_t opset = 0;
  std::string producer;            ///< the program that wrote the file
  std::vector<std::string> notes;  ///< nodes between (de)quantisations that stay in float32
};

/// Throws OnnxError. Weights in other files are looked for in the folder of `path`.
[[nodiscard]] OnnxNetwork import_onnx(const std::filesystem::path& path,
                                      const OnnxOptions& options = {});
/// The same from memory; `folder` holds the files that the model names.
[[nodiscard]] OnnxNetwork import_onnx_bytes(std::string_view bytes,
                                            const std::filesystem::path& folder,
                                            const OnnxOptions& options = {});

/// The operators that can be imported, by ONNX name, sorted.
[[nodiscard]] std::vector<std::string> onnx_operators();

}  // namespace s4::sw
