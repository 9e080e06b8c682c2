// A network from a file: ONNX, or a compiled program.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// Imports an ONNX file so that its inputs have the shapes of `inputs`: dimensions that the file
/// leaves open take theirs, and a fixed first dimension is replaced. Throws OnnxError,
/// NetworkError.
[[nodiscard]] graph::Graph open_graph(const std::filesystem::path& path,
                                      const std::vector<graph::TensorData>& inputs);
/// The same with a batch where the file leaves it open.
[[nodiscard]] graph::Graph open_graph(const std::filesystem::path& path, std::int64_t batch);

}  // namespace s4::sw
