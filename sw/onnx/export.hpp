// Writes graphs as ONNX files: float32 operators, and the QDQ form of quantised ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "sw/graph/graph.hpp"

namespace s4::sw {

/// A graph that has no form in ONNX, or a file that cannot be written. The text names the node.
struct OnnxExportError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct OnnxExportOptions {
  /// 13 to 21.
  std::int64_t opset = 13;
  /// The first dimension of inputs and outputs stays open ("N") instead of that of the graph. All
  /// inputs and outputs must agree in it, and Reshape must keep it or make [N,..,C] rows [N * ..,C]
  /// or the reverse.
  bool open_batch = false;
  std::string producer = "s4";
  /// Free text about the network (doc_string).
  std::string description;
  /// As torch.onnx.export writes networks: numbers and shapes of single nodes are nodes Constant, a
  /// Reshape that flattens all axes behind the batch is a Flatten, nodes that stand for one carry
  /// its name as their scope ("/encoder/act/Erf"), and attributes have torch's values.
  bool torch_form = false;
};

/// The bytes of the file; equal graphs give equal bytes. Clamps become Relu or Clip nodes behind
/// their node. Byte operators (graph::fuse_quantized makes them) are refused: the QDQ form is that
/// before fusion. Throws OnnxExportError.
[[nodiscard]] std::string export_onnx_bytes(const graph::Graph& graph,
                                            const OnnxExportOptions& options = {});
/// The same into a file, which is replaced only when all of it is written.
void export_onnx(const std::filesystem::path& path, const graph::Graph& graph,
                 const OnnxExportOptions& options = {});

}  // namespace s4::sw
