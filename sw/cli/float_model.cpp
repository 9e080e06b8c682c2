#include "sw/cli/float_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "sw/npy/npy.hpp"
#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"

namespace s4::cli {
namespace {

using sw::graph::Op;

bool computes_on_bytes(const sw::graph::Node& node) {
  switch (node.op) {
    case Op::kQuantize:
    case Op::kDequantize:
    case Op::kQConv:
    case Op::kQMatMul:
    case Op::kQMatMulDynamic:
    case Op::kQAdd:
    case Op::kQMul:
    case Op::kQSub:
    case Op::kQMax:
    case Op::kQClip:
    case Op::kQAveragePool:
    case Op::kQGlobalAveragePool:
    case Op::kQUnary:
    case Op::kQSoftmax:
    case Op::kQLayerNorm:
      return true;
    default:
      return false;
  }
}

}  // namespace

FloatModel open_float_model(const std::string& path) {
  FloatModel model;
  model.graph = sw::import_onnx(path).graph;
  const auto& nodes = model.graph.nodes;
  const auto quantised = std::find_if(nodes.begin(), nodes.end(), computes_on_bytes);
  if (quantised != nodes.end()) {
    throw std::invalid_argument(fmt::format(
        "{}: node '{}' computes on bytes; a network in float32 is needed (s4 run --sparsity prunes "
        "quantised ones)",
        path, quantised->name));
  }
  // The import does not say whether the file fixes the batch; another one shows it.
  try {
    sw::OnnxOptions two;
    two.batch = 2;
    const sw::graph::Graph other = sw::import_onnx(path, two).graph;
    model.open_batch =
        std::any_of(other.inputs.begin(), other.inputs.end(), [&](const sw::graph::TensorId id) {
          const sw::graph::Shape& shape = other.at(id).shape;
          return !shape.empty() && shape[0] == 2 &&
                 shape != model.graph
                              .at(model.graph.inputs[static_cast<std::size_t>(
                                  std::find(other.inputs.begin(), other.inputs.end(), id) -
                                  other.inputs.begin())])
                              .shape;
        });
  } catch (const sw::OnnxError&) {
    model.open_batch = false;  // the network works with one image only
  }
  return model;
}

sw::Calibration read_calibration(const std::vector<std::string>& paths, const FloatModel& model) {
  if (paths.size() != model.graph.inputs.size()) {
    throw std::invalid_argument(
        fmt::format("--calibration is given {} times, the network has {} inputs", paths.size(),
                    model.graph.inputs.size()));
  }
  std::vector<sw::graph::TensorData> inputs;
  std::int64_t batch = 1;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    inputs.push_back(sw::read_npy(paths[i]));
    const sw::graph::Tensor& wanted = model.graph.at(model.graph.inputs[i]);
    const sw::graph::TensorData& given = inputs.back();
    const bool fits =
        given.type == wanted.type && given.shape.size() == wanted.shape.size() &&
        !given.shape.empty() &&
        std::equal(given.shape.begin() + 1, given.shape.end(), wanted.shape.begin() + 1);
    if (!fits) {
      throw std::invalid_argument(fmt::format(
          "{}: {}{} does not fit input '{}', which is {}{}", paths[i],
          sw::graph::name_of(given.type), sw::graph::to_string(given.shape), wanted.name,
          sw::graph::name_of(wanted.type), sw::graph::to_string(wanted.shape)));
    }
    batch = wanted.shape[0];
  }
  return sw::split_calibration(inputs, batch);
}

void write_model(const std::string& path, const FloatModel& model, const std::string& description) {
  sw::OnnxExportOptions options;
  options.open_batch = model.open_batch;
  options.description = description;
  sw::export_onnx(path, model.graph, options);
}

}  // namespace s4::cli
