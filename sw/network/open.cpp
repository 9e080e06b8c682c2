#include "sw/network/open.hpp"

#include <fmt/format.h>

#include "sw/onnx/import.hpp"

namespace s4::sw {

graph::Graph open_graph(const std::filesystem::path& path, std::int64_t batch) {
  OnnxOptions options;
  options.batch = batch;
  return import_onnx(path, options).graph;
}

graph::Graph open_graph(const std::filesystem::path& path,
                        const std::vector<graph::TensorData>& inputs) {
  OnnxOptions options;
  if (!inputs.empty() && !inputs[0].shape.empty()) options.batch = inputs[0].shape[0];
  graph::Graph graph = import_onnx(path, options).graph;
  if (inputs.size() != graph.inputs.size()) {
    throw NetworkError(fmt::format("{}: the network has {} inputs, given are {}", path.string(),
                                   graph.inputs.size(), inputs.size()));
  }
  bool other_batch = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const graph::Tensor& wanted = graph.at(graph.inputs[i]);
    const graph::Shape& given = inputs[i].shape;
    const auto fail = [&] {
      throw NetworkError(fmt::format("{}: input '{}' is {}{}, given is {}{}", path.string(),
                                     wanted.name, graph::name_of(wanted.type),
                                     graph::to_string(wanted.shape), graph::name_of(inputs[i].type),
                                     graph::to_string(given)));
    };
    if (inputs[i].type != wanted.type || given.size() != wanted.shape.size()) fail();
    for (std::size_t axis = 0; axis < given.size(); ++axis) {
      if (given[axis] == wanted.shape[axis]) continue;
      if (axis > 0) fail();
      other_batch = true;
      options.shapes[wanted.name] = given;
    }
  }
  if (!other_batch) return graph;
  try {
    return import_onnx(path, options).graph;
  } catch (const OnnxError& error) {
    throw NetworkError(
        fmt::format("{}: the file fixes its batch, and does not work with the {} images given: {}",
                    path.string(), options.batch, error.what()));
  }
}

}  // namespace s4::sw
