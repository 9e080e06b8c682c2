// A graph evaluated node by node, on all runs of some data at once.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "sw/quantize/calibrate.hpp"

namespace s4::sw {

/// So that a layer can be changed between those before it and those behind it. Tensors that nothing
/// reads any more are dropped.
class Walk {
 public:
  /// `graph` may get other constants on the way, but no other nodes. Throws std::invalid_argument
  /// without data, GraphError if they do not fit the graph.
  Walk(const graph::Graph& graph, const Calibration& calibration);

  [[nodiscard]] std::size_t runs() const { return values_.size(); }
  /// A tensor that was made and is still needed, or a constant.
  [[nodiscard]] const graph::TensorData& value(std::size_t run, graph::TensorId id) const;
  /// The same, to be changed: what the nodes behind read.
  [[nodiscard]] graph::TensorData& made(std::size_t run, graph::TensorId id);
  /// Evaluates node n, those before which are done.
  void evaluate(std::size_t n);
  /// The tensor is needed up to node n.
  void hold(graph::TensorId id, std::size_t n);

 private:
  const graph::Graph& graph_;
  std::vector<std::vector<std::optional<graph::TensorData>>> values_;
  std::map<graph::TensorId, std::size_t> last_reader_;
};

}  // namespace s4::sw
