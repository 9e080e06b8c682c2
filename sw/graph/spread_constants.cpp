// Constants that an operator repeats, such as one number per channel, as whole tensors, which the
// chip takes as it takes a second activation.
#include <algorithm>
#include <vector>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"

namespace s4::sw::graph {
namespace {

/// The elements of `from`, repeated by the rules of numpy.
TensorData repeated(const TensorData& from, const Shape& shape) {
  TensorData data(from.type, shape);
  const std::size_t rank = shape.size();
  std::vector<std::size_t> step(rank, 0);  // elements of `from` per position of an axis
  std::size_t size = 1;
  for (std::size_t i = 0; i < from.shape.size(); ++i) {
    const std::size_t axis = from.shape.size() - 1 - i;
    if (from.shape[axis] != 1) step[rank - 1 - i] = size;
    size *= static_cast<std::size_t>(from.shape[axis]);
  }
  std::visit(
      [&](auto& to) {
        const auto& list = std::get<std::decay_t<decltype(to)>>(from.values);
        std::vector<std::int64_t> place(rank, 0);
        std::size_t at = 0;
        for (auto& value : to) {
          value = list[at];
          for (std::size_t axis = rank; axis-- > 0;) {
            at += step[axis];
            if (++place[axis] < shape[axis]) break;
            at -= step[axis] * static_cast<std::size_t>(shape[axis]);
            place[axis] = 0;
          }
        }
      },
      data.values);
  return data;
}

TensorData bytes_of(DataType type, Shape shape, const std::vector<std::int64_t>& values) {
  TensorData data(type, std::move(shape));
  std::visit(
      [&](auto& list) {
        for (std::size_t i = 0; i < list.size(); ++i) {
          list[i] = static_cast<std::decay_t<decltype(list[i])>>(values[i % values.size()]);
        }
      },
      data.values);
  return data;
}

/// Of a repeated operand the last axis that is not 1 in both shapes may be the repeated one, which
/// decides the order of QLinearAdd's roundings.
bool repeats_last(const Shape& constant, const Shape& shape) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t own = i < constant.size() ? constant[constant.size() - 1 - i] : 1;
    if (own != 1 || shape[shape.size() - 1 - i] != 1) return own == 1;
  }
  return false;
}

/// QLinearAdd rounds a repeated operand in another order than two whole tensors. Whether both give
/// one byte for every byte of the activation and each of the constant.
bool sums_alike(const Node& add, std::size_t side, const TensorData& constant, const Shape& shape) {
  std::vector<std::int64_t> own = constant.integers();
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  if (own.size() == 1) own.push_back(own[0]);  // one alone would count as repeated
  const auto distinct = static_cast<std::int64_t>(own.size());
  std::vector<std::int64_t> all(256);
  for (std::int64_t i = 0; i < 256; ++i) all[i] = i - (constant.type == DataType::kInt8 ? 128 : 0);
  // A line per byte of the side that is not repeated along the last axis.
  const bool last = repeats_last(constant.shape, shape);
  const Shape grid = last ? Shape{distinct, 256} : Shape{256, distinct};
  const Shape line = last ? Shape{distinct, 1} : Shape{distinct};
  const auto across = [&](const std::vector<std::int64_t>& values) {
    return repeated(bytes_of(constant.type, {static_cast<std::int64_t>(values.size()), 1}, values),
                    grid);
  };
  const auto along = [&](const std::vector<std::int64_t>& values) {
    return bytes_of(constant.type, grid, values);
  };
  const TensorData activation = last ? along(all) : across(all);
  const TensorData whole = last ? across(own) : along(own);
  const TensorData small = bytes_of(constant.type, line, own);
  const auto sums = [&](const TensorData& second) {
    return side == 0 ? evaluate_node(add, {&second, &activation})
                     : evaluate_node(add, {&activation, &second});
  };
  return sums(whole).values == sums(small).values;
}

}  // namespace

void spread_constants(Graph& graph) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.op != Op::kQAdd && node.op != Op::kQSub && node.op != Op::kQMax) continue;
    const Shape shape = graph.at(node.output).shape;
    for (const std::size_t side : {0U, 1U}) {
      const TensorId id = node.inputs[side];
      const TensorId other = node.inputs[1 - side];
      if (!graph.is_constant(id) || graph.is_constant(other) || graph.at(id).shape == shape ||
          graph.at(other).shape != shape) {
        continue;
      }
      if (node.op == Op::kQAdd && !sums_alike(node, side, graph.constant(id), shape)) continue;
      const TensorId whole =
          graph.add_constant(graph.at(id).name + "_all", repeated(graph.constant(id), shape));
      graph.nodes[n].inputs[side] = whole;
      break;
    }
  }
}

}  // namespace s4::sw::graph
