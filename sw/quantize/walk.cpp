#include "sw/quantize/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "sw/graph/evaluate.hpp"

namespace s4::sw {

using graph::kNoTensor;
using graph::Node;
using graph::TensorData;
using graph::TensorId;

Walk::Walk(const graph::Graph& graph, const Calibration& calibration) : graph_(graph) {
  if (calibration.empty()) throw std::invalid_argument("there are no calibration data");
  for (const auto& inputs : calibration) {
    if (inputs.size() != graph.inputs.size()) {
      throw graph::GraphError(fmt::format("the network has {} inputs, the calibration data {}",
                                          graph.inputs.size(), inputs.size()));
    }
    auto& run = values_.emplace_back(graph.tensors.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const graph::Tensor& wanted = graph.at(graph.inputs[i]);
      if (inputs[i].type != wanted.type || inputs[i].shape != wanted.shape) {
        throw graph::GraphError(fmt::format("input '{}' is {}{}, the calibration data are {}{}",
                                            wanted.name, name_of(wanted.type),
                                            graph::to_string(wanted.shape), name_of(inputs[i].type),
                                            graph::to_string(inputs[i].shape)));
      }
      run[graph.inputs[i]] = inputs[i];
    }
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const TensorId id : graph.nodes[n].inputs) {
      if (id != kNoTensor) last_reader_[id] = n;
    }
  }
}

const TensorData& Walk::value(std::size_t run, TensorId id) const {
  if (graph_.is_constant(id)) return graph_.constant(id);
  if (!values_[run][id]) throw graph::GraphError("a tensor is read before it is made");
  return *values_[run][id];
}

TensorData& Walk::made(std::size_t run, TensorId id) {
  if (!values_[run][id]) throw graph::GraphError("a tensor is changed before it is made");
  return *values_[run][id];
}

void Walk::evaluate(std::size_t n) {
  const Node& node = graph_.nodes[n];
  for (std::size_t run = 0; run < runs(); ++run) {
    std::vector<const TensorData*> operands;
    for (const TensorId id : node.inputs) {
      operands.push_back(id == kNoTensor ? nullptr : &value(run, id));
    }
    values_[run][node.output] = graph::evaluate_node(node, operands);
  }
  for (auto& run : values_) {
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor && last_reader_[id] <= n && id < run.size()) run[id].reset();
    }
  }
}

void Walk::hold(TensorId id, std::size_t n) { last_reader_[id] = std::max(last_reader_[id], n); }

}  // namespace s4::sw
