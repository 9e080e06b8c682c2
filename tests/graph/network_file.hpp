// Reads tests/graph/vectors/networks.bin.gz: random networks, their inputs, and ONNX Runtime's
// results.
//
// The file is one gzip stream of fields, each a 32-bit little-endian size and as many bytes. The
// first is JSON that names the runtime and the number of networks. Every network follows as JSON
// (name, layers, inputs and outputs with name, type, shape), the ONNX file, the inputs' values, the
// outputs' values.
#pragma once

#include <string>
#include <vector>

#include "sw/graph/tensor.hpp"

namespace s4::sw::graph::test {

struct NetworkVector {
  std::string name;
  std::vector<std::string> layers;  ///< operators in the order in which they were drawn
  std::string onnx;                 ///< the file
  std::vector<TensorData> inputs;
  std::vector<std::string> output_names;
  std::vector<TensorData> outputs;  ///< with all graph optimisations
  std::size_t unoptimized = 0;      ///< how many results ONNX Runtime changes without them
};

struct NetworkFile {
  std::string runtime;
  std::vector<NetworkVector> networks;
};

/// Throws std::runtime_error that says where the file is damaged.
[[nodiscard]] NetworkFile load_networks(const std::string& path);
/// The committed file.
[[nodiscard]] const NetworkFile& committed_networks();

}  // namespace s4::sw::graph::test
